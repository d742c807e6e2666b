"""Rows read per person, relation and UTC day, as each gateway counted them.

A gateway tells what it has counted that day in all. Telling it twice, or from two workers, changes nothing, and what is written
late never undoes what was written before.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.schema import row_counts

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class RowUsage:
    """`rows` of the relation at `path` were read by `user` on `day` (days since 1970, UTC)."""

    user: str
    path: str
    day: int
    rows: int


def day_of(now: float) -> int:
    return int(now // DAY_SECONDS)


async def tell_usage(connection: AsyncConnection, counter: str, entries: Sequence[RowUsage]) -> None:
    """What `counter` has counted. Rows are taken in one order, so that workers cannot deadlock."""
    for entry in sorted(entries, key=lambda entry: (entry.user, entry.path, entry.day)):
        values = {
            "user_name": entry.user,
            "path_digest": _digest(entry.path),
            "day": entry.day,
            "counter": counter,
            "path": entry.path[:700],
            "row_count": entry.rows,
        }
        await connection.execute(_upsert(connection.dialect.name, values))


async def rows_elsewhere(connection: AsyncConnection, user: str, path: str, day: int, counter: str) -> int:
    """What all other counters have counted."""
    table = row_counts.c
    where = (table.user_name == user, table.path_digest == _digest(path), table.day == day, table.counter != counter)
    return int((await connection.execute(select(func.sum(table.row_count)).where(*where))).scalar() or 0)


async def usage_of(connection: AsyncConnection, user: str, day: int) -> list[RowUsage]:
    """What the user read that day, by path."""
    table = row_counts.c
    total = func.sum(table.row_count).label("total")
    query = select(table.path, total).where(table.user_name == user, table.day == day)
    rows = await connection.execute(query.group_by(table.path_digest, table.path).order_by(table.path))
    return [RowUsage(user, row.path, day, int(row.total)) for row in rows]


async def prune_usage(connection: AsyncConnection, before_day: int) -> int:
    return (await connection.execute(delete(row_counts).where(row_counts.c.day < before_day))).rowcount


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def _upsert(dialect: str, values: dict[str, Any]) -> Any:
    told = values["row_count"]
    highest = case((row_counts.c.row_count < told, told), else_=row_counts.c.row_count)
    if dialect == "mysql":
        return mysql.insert(row_counts).values(**values).on_duplicate_key_update(row_count=highest)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    keys = list(row_counts.primary_key.columns)
    return insert(row_counts).values(**values).on_conflict_do_update(index_elements=keys, set_={"row_count": highest})
