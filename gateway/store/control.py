"""Two counters in one row. Workers poll them, so that a change anywhere is followed everywhere within a second.

version   grows with every change that decisions depend on, in the same transaction as the change.
signals   grows when another process should look at once (a cancel request).

Counting first makes the row a lock: writers of one kind queue behind each other instead of deadlocking, and rows they insert
become visible in the order of their identifiers.
"""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.schema import control

ROW = 1


async def version(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(control.c.version).where(control.c.id == ROW))).scalar_one())


async def signals(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(control.c.signals).where(control.c.id == ROW))).scalar_one())


async def counters(connection: AsyncConnection) -> tuple[int, int]:
    """(version, signals), for those who look several times a second."""
    row = (await connection.execute(select(control.c.version, control.c.signals).where(control.c.id == ROW))).one()
    return int(row[0]), int(row[1])


async def bump_version(connection: AsyncConnection) -> None:
    """Say that decisions may fall differently from now on; takes effect with the transaction's commit."""
    await connection.execute(update(control).where(control.c.id == ROW).values(version=control.c.version + 1))


async def bump_signals(connection: AsyncConnection) -> None:
    await connection.execute(update(control).where(control.c.id == ROW).values(signals=control.c.signals + 1))
