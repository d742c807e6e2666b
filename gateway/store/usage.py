"""Rows read per person, relation and UTC day. Every worker adds to the same counts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.schema import row_usage

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class RowUsage:
    """`rows` more rows of the relation at `path` were read by `user` on `day` (days since 1970, UTC)."""

    user: str
    path: str
    day: int
    rows: int


def day_of(now: float) -> int:
    return int(now // DAY_SECONDS)


async def add_usage(connection: AsyncConnection, entries: Sequence[RowUsage]) -> list[int]:
    """Add to the counts: the totals then, in the order of `entries`. Rows are taken in one order, so that workers cannot
    deadlock."""
    for entry in sorted(entries, key=lambda entry: (entry.user, entry.path, entry.day)):
        values = {
            "user_name": entry.user,
            "path_digest": _digest(entry.path),
            "day": entry.day,
            "path": entry.path[:700],
            "row_count": entry.rows,
        }
        await connection.execute(_upsert(connection.dialect.name, values))
    return [await rows_read(connection, entry.user, entry.path, entry.day) for entry in entries]


async def rows_read(connection: AsyncConnection, user: str, path: str, day: int) -> int:
    table = row_usage.c
    where = (table.user_name == user, table.path_digest == _digest(path), table.day == day)
    return int((await connection.execute(select(table.row_count).where(*where))).scalar() or 0)


async def usage_of(connection: AsyncConnection, user: str, day: int) -> list[RowUsage]:
    """What the user read that day, by path."""
    table = row_usage.c
    rows = await connection.execute(select(row_usage).where(table.user_name == user, table.day == day).order_by(table.path))
    return [RowUsage(row.user_name, row.path, row.day, row.row_count) for row in rows]


async def prune_usage(connection: AsyncConnection, before_day: int) -> int:
    return (await connection.execute(delete(row_usage).where(row_usage.c.day < before_day))).rowcount


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def _upsert(dialect: str, values: dict[str, Any]) -> Any:
    total = row_usage.c.row_count + values["row_count"]
    if dialect == "mysql":
        return mysql.insert(row_usage).values(**values).on_duplicate_key_update(row_count=total)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    keys = [row_usage.c.user_name, row_usage.c.path_digest, row_usage.c.day]
    return insert(row_usage).values(**values).on_conflict_do_update(index_elements=keys, set_={"row_count": total})
