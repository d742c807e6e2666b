"""A PostgreSQL database's schema as text that is the same whenever the schema is the same.

One JSON object a line: `of` (the schema, or the relation that a column, constraint, index, trigger or policy belongs to),
`kind`, `name`, and what describes it. Lines are sorted; nothing in them depends on OIDs, statistics or data. Read in one
read-only REPEATABLE READ transaction with an empty search path, so that every name comes out qualified.
"""

import json
import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

import asyncpg

_MAX_BYTES = 256 * 1024 * 1024
_MACROS = {
    r":user\((\w+)\)": r"(\1.nspname <> 'information_schema' AND \1.nspname !~ '^pg_(catalog$|toast|temp_)')",
    r":own\((\w+), (\w+)\)": (
        r"NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '\2'::regclass AND d.objid = \1.oid AND d.deptype = 'e')"
    ),
    r":table": "quote_ident(n.nspname) || '.' || quote_ident(c.relname)",
    r":grants\(([\w.]+)\)": r"(SELECT array_agg(a::text ORDER BY a::text) FROM unnest(\1) a)",
}


def _queries() -> tuple[str, ...]:
    text = resources.files(__package__).joinpath("snapshot_postgres.sql").read_text(encoding="utf-8")
    text = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    for macro, expansion in _MACROS.items():
        text = re.sub(macro, expansion, text)
    return tuple(filter(None, map(str.strip, text.split("\n\n"))))


QUERIES = _queries()


class SnapshotTooLarge(Exception):
    """The schema's text would pass the limit."""


async def read_snapshot(connection: asyncpg.Connection) -> str:
    """The schema as sorted JSON lines. Raises asyncpg's errors, and SnapshotTooLarge."""
    lines: list[str] = []
    size = 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SET LOCAL search_path = ''")
        for query in QUERIES:
            for row in await connection.fetch(query):
                line = _line(row)
                size += len(line)
                if size > _MAX_BYTES:
                    raise SnapshotTooLarge
                lines.append(line)
    lines.sort()
    return "\n".join(lines) + "\n"


def _line(row: Sequence[Any]) -> str:
    details = {name: value for name, value in json.loads(row[3]).items() if value not in (None, "", False)}
    return json.dumps({"of": row[0], "kind": row[1], "name": row[2], **details}, ensure_ascii=False)
