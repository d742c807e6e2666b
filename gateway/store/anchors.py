"""Where each audit chain stood: an anchor outside the log's own folder, against truncation of both."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.schema import audit_anchors


@dataclass(frozen=True, slots=True)
class Anchor:
    """Record `seq` of `chain` had `hash` (hex) at `time` (Unix seconds); `signature` as the audit room makes it."""

    chain: str
    seq: int
    hash: str
    time: float
    signature: str


async def put_anchor(connection: AsyncConnection, anchor: Anchor) -> bool:
    """Move the chain's anchor forward; False, and nothing changed, where it already stands further on."""
    table = audit_anchors.c
    values = {"seq": anchor.seq, "hash": anchor.hash, "time": anchor.time, "signature": anchor.signature}
    present = (await connection.execute(select(table.seq).where(table.chain == anchor.chain))).scalar()
    if present is None:
        await connection.execute(insert(audit_anchors).values(chain=anchor.chain, **values))
        return True
    where = (table.chain == anchor.chain, table.seq < anchor.seq)
    return (await connection.execute(update(audit_anchors).where(*where).values(**values))).rowcount > 0


async def list_anchors(connection: AsyncConnection) -> list[Anchor]:
    rows = await connection.execute(select(audit_anchors).order_by(audit_anchors.c.chain))
    return [Anchor(row.chain, row.seq, row.hash, row.time, row.signature) for row in rows]
