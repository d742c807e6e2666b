"""A MySQL or MariaDB database's schema as text that is the same whenever the schema is the same; form as in `snapshot`.

From information_schema, which both servers (and TiDB) have: one JSON object a line with `of`, `kind`, `name` and what
describes it; sorted, without anything that depends on data (AUTO_INCREMENT's next value, row counts).
"""

import json
from typing import Any

_MAX_BYTES = 256 * 1024 * 1024

# (kind, query): the first two columns are `of` and `name`, the others describe.
QUERIES: tuple[tuple[str, str], ...] = (
    (
        "table",
        """SELECT TABLE_NAME AS of_, TABLE_NAME AS name, ENGINE AS engine, TABLE_COLLATION AS collation_, ROW_FORMAT AS
        row_format, CREATE_OPTIONS AS options_, TABLE_COMMENT AS comment_ FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = %s AND TABLE_TYPE <> 'VIEW'""",
    ),
    (
        "column",
        """SELECT TABLE_NAME AS of_, CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name, ORDINAL_POSITION AS position,
        COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS default_, EXTRA AS extra,
        GENERATION_EXPRESSION AS generated_, COLLATION_NAME AS collation_, COLUMN_COMMENT AS comment_
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s""",
    ),
    (
        "index",
        """SELECT TABLE_NAME AS of_, CONCAT(TABLE_NAME, '.', INDEX_NAME) AS name, NON_UNIQUE AS non_unique,
        INDEX_TYPE AS type, GROUP_CONCAT(CONCAT(COALESCE(COLUMN_NAME, '(expression)'),
        COALESCE(CONCAT('(', SUB_PART, ')'), ''), IF(COLLATION = 'D', ' DESC', '')) ORDER BY SEQ_IN_INDEX) AS columns_
        FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s
        GROUP BY TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE""",
    ),
    (
        "foreign key",
        """SELECT k.TABLE_NAME AS of_, CONCAT(k.TABLE_NAME, '.', k.CONSTRAINT_NAME) AS name,
        GROUP_CONCAT(k.COLUMN_NAME ORDER BY k.ORDINAL_POSITION) AS columns_,
        MAX(CONCAT(k.REFERENCED_TABLE_SCHEMA, '.', k.REFERENCED_TABLE_NAME)) AS refers_to,
        GROUP_CONCAT(k.REFERENCED_COLUMN_NAME ORDER BY k.ORDINAL_POSITION) AS referred_columns,
        MAX(r.UPDATE_RULE) AS on_update, MAX(r.DELETE_RULE) AS on_delete
        FROM information_schema.KEY_COLUMN_USAGE AS k JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
        ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
        WHERE k.TABLE_SCHEMA = %s AND k.REFERENCED_TABLE_NAME IS NOT NULL GROUP BY k.TABLE_NAME, k.CONSTRAINT_NAME""",
    ),
    (
        "view",
        """SELECT TABLE_NAME AS of_, TABLE_NAME AS name, VIEW_DEFINITION AS definition, CHECK_OPTION AS check_option,
        SECURITY_TYPE AS security FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s""",
    ),
    (
        "routine",
        """SELECT ROUTINE_NAME AS of_, CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME) AS name, DTD_IDENTIFIER AS returns_,
        ROUTINE_DEFINITION AS definition, SQL_DATA_ACCESS AS access, SECURITY_TYPE AS security, SQL_MODE AS sql_mode
        FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s""",
    ),
    (
        "trigger",
        """SELECT EVENT_OBJECT_TABLE AS of_, TRIGGER_NAME AS name, EVENT_MANIPULATION AS event, ACTION_TIMING AS timing,
        ACTION_STATEMENT AS definition, SQL_MODE AS sql_mode FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s""",
    ),
    (
        "event",
        """SELECT EVENT_NAME AS of_, EVENT_NAME AS name, EVENT_DEFINITION AS definition, STATUS AS status,
        INTERVAL_VALUE AS interval_value, INTERVAL_FIELD AS interval_field FROM information_schema.EVENTS
        WHERE EVENT_SCHEMA = %s""",
    ),
    (
        "check",
        """SELECT TABLE_NAME AS of_, CONCAT(TABLE_NAME, '.', c.CONSTRAINT_NAME) AS name, CHECK_CLAUSE AS definition
        FROM information_schema.CHECK_CONSTRAINTS AS c WHERE c.CONSTRAINT_SCHEMA = %s""",
    ),
)
# MySQL 8 has no TABLE_NAME in CHECK_CONSTRAINTS; it stands in TABLE_CONSTRAINTS.
CHECKS_MYSQL = """SELECT t.TABLE_NAME AS of_, CONCAT(t.TABLE_NAME, '.', c.CONSTRAINT_NAME) AS name, c.CHECK_CLAUSE AS definition
    FROM information_schema.CHECK_CONSTRAINTS AS c JOIN information_schema.TABLE_CONSTRAINTS AS t
    ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
    WHERE c.CONSTRAINT_SCHEMA = %s"""


class SnapshotTooLarge(Exception):
    """The schema's text would pass the limit."""


async def read_mysql_snapshot(connection: Any, database: str) -> str:
    """The schema as sorted JSON lines. Raises aiomysql's errors, and SnapshotTooLarge."""
    lines: list[str] = []
    size = 0
    mariadb = "mariadb" in connection.get_server_info().lower()
    async with connection.cursor() as cursor:
        await cursor.execute("SET SESSION group_concat_max_len = 1048576")
        for kind, query in QUERIES:
            text = CHECKS_MYSQL if kind == "check" and not mariadb else query
            await cursor.execute(text, (database,))
            names = [column[0].rstrip("_") for column in cursor.description]
            for row in await cursor.fetchall():
                line = _line(kind, dict(zip(names, row, strict=True)))
                size += len(line)
                if size > _MAX_BYTES:
                    raise SnapshotTooLarge
                lines.append(line)
    lines.sort()
    return "".join(f"{line}\n" for line in lines)


def lines_of(snapshot: str, relation: str) -> str:
    """What the snapshot says of one object, any case of its name: the part that a statement about it changes."""
    wanted = relation.lower()
    return "\n".join(line for line in snapshot.splitlines() if str(json.loads(line)["of"]).lower() == wanted)


def _line(kind: str, row: dict[str, Any]) -> str:
    entry: dict[str, object] = {"of": row.pop("of"), "kind": kind, "name": row.pop("name")}
    details = {key: value for key, value in row.items() if value not in (None, "")}
    return json.dumps(entry | dict(sorted(details.items())), ensure_ascii=False, default=str)
