"""Cancel requests that landed on a process which does not hold the session. Every worker reads what is new."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.control import bump_signals
from gateway.store.schema import cancel_requests


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """`key_digest` is the SHA-256 of the cancel key in hex: the store alone cannot cancel anybody."""

    id: int
    key_digest: str
    created_at: float


async def post_cancel(connection: AsyncConnection, key_digest: str, now: float) -> None:
    """The signal first: it is the lock that makes identifiers visible in their order."""
    await bump_signals(connection)
    await connection.execute(insert(cancel_requests).values(key_digest=key_digest, created_at=now))


async def cancels_after(connection: AsyncConnection, last: int) -> list[CancelRequest]:
    """Requests with a greater identifier than `last`, oldest first."""
    rows = await connection.execute(
        select(cancel_requests).where(cancel_requests.c.id > last).order_by(cancel_requests.c.id).limit(10_000)
    )
    return [CancelRequest(row.id, row.key_digest, row.created_at) for row in rows]


async def last_cancel(connection: AsyncConnection) -> int:
    """Where a worker that starts now begins to read."""
    return int((await connection.execute(select(func.coalesce(func.max(cancel_requests.c.id), 0)))).scalar_one())


async def prune_cancels(connection: AsyncConnection, before: float) -> int:
    """Forget requests made before `before`; how many. The newest stays, so that identifiers are not given out again."""
    newest = await last_cancel(connection)
    where = (cancel_requests.c.created_at < before, cancel_requests.c.id < newest)
    return (await connection.execute(delete(cancel_requests).where(*where))).rowcount
