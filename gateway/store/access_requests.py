"""Requests for temporary access, in the metadata store. An approved one has its rows in `grants`, one an action."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.errors import StoreUnavailable
from gateway.model.footprint import Action
from gateway.store.schema import access_requests


class RequestState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """`object` is a path pattern below instance/database; the time asked for, `seconds`, begins with the approval."""

    id: int
    requester: str
    project: str
    object: str
    actions: tuple[Action, ...]
    seconds: int
    reason: str
    state: RequestState
    decided_by: str | None
    comment: str
    created_at: float
    decided_at: float | None


@dataclass(frozen=True, slots=True)
class NewRequest:
    requester: str
    project: str
    object: str
    actions: tuple[Action, ...]
    seconds: int
    reason: str


async def add_request(connection: AsyncConnection, new: NewRequest, now: float) -> int:
    """An open request; its number."""
    row = {
        "requester": new.requester,
        "project": new.project,
        "object": new.object,
        "actions": json.dumps([action.value for action in new.actions]),
        "seconds": new.seconds,
        "reason": new.reason,
        "state": RequestState.OPEN.value,
        "comment": "",
        "created_at": now,
    }
    key = (await connection.execute(access_requests.insert().values(row))).inserted_primary_key
    if key is None:
        raise StoreUnavailable("the store gave the new request no number")
    return int(key[0])


async def decide_request(
    connection: AsyncConnection, number: int, state: RequestState, *, decided_by: str, comment: str, now: float
) -> bool:
    """Move an open request to its end; False where it is not open (any more), so that one decision wins."""
    decided = (
        update(access_requests)
        .where(access_requests.c.id == number, access_requests.c.state == RequestState.OPEN.value)
        .values(state=state.value, decided_by=decided_by, comment=comment, decided_at=now)
    )
    return (await connection.execute(decided)).rowcount == 1


async def close_request(
    connection: AsyncConnection, number: int, state: RequestState, *, by: str, comment: str, now: float
) -> None:
    """An approved request ends before its time. Who approved it, and when, stays in the audit."""
    ended = update(access_requests).where(
        access_requests.c.id == number, access_requests.c.state == RequestState.APPROVED.value
    )
    await connection.execute(ended.values(state=state.value, decided_by=by, comment=comment, decided_at=now))


async def find_request(connection: AsyncConnection, number: int) -> AccessRequest | None:
    row = (await connection.execute(select(access_requests).where(access_requests.c.id == number))).mappings().one_or_none()
    return None if row is None else _request(row)


async def count_open(connection: AsyncConnection, requester: str) -> int:
    query = select(func.count()).select_from(access_requests)
    query = query.where(access_requests.c.requester == requester, access_requests.c.state == RequestState.OPEN.value)
    return int((await connection.execute(query)).scalar_one())


async def list_requests(
    connection: AsyncConnection,
    *,
    states: Sequence[RequestState] = (),
    requester: str | None = None,
    below: int | None = None,
    limit: int = 100,
) -> list[AccessRequest]:
    """Newest first. `below` continues after the last number seen."""
    query = select(access_requests).order_by(access_requests.c.id.desc()).limit(limit)
    if states:
        query = query.where(access_requests.c.state.in_([state.value for state in states]))
    if requester is not None:
        query = query.where(access_requests.c.requester == requester)
    if below is not None:
        query = query.where(access_requests.c.id < below)
    return [_request(row) for row in (await connection.execute(query)).mappings()]


def _request(row: RowMapping) -> AccessRequest:
    return AccessRequest(
        id=row["id"],
        requester=row["requester"],
        project=row["project"],
        object=row["object"],
        actions=tuple(Action(value) for value in json.loads(row["actions"])),
        seconds=row["seconds"],
        reason=row["reason"],
        state=RequestState(row["state"]),
        decided_by=row["decided_by"],
        comment=row["comment"],
        created_at=row["created_at"],
        decided_at=row["decided_at"],
    )
