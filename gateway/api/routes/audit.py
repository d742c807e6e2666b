"""What happened: search in the audit log."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from gateway.api.callers import Authenticated, Caller, gateway_path
from gateway.api.models.operation import AuditOut
from gateway.api.pages import Limit
from gateway.api.problems import NotHere
from gateway.api.services import AuditQuery
from gateway.model.errors import ConfigurationError
from gateway.model.event import EventKind
from gateway.model.footprint import Action

router = APIRouter(tags=["audit"])
_PATH = gateway_path("audit")
Word = Annotated[str | None, Query(max_length=1000)]
Moment = Annotated[float | None, Query(ge=0, le=253_402_300_799, allow_inf_nan=False, description="Unix seconds")]


@router.get("/audit")
async def search_audit(
    caller: Authenticated,
    *,
    user: Word = None,
    relation: Word = None,
    outcome: Annotated[Literal["allow", "deny", "review"] | None, Query()] = None,
    kind: Annotated[EventKind | None, Query()] = None,
    issue: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    session: Word = None,
    instance: Word = None,
    database: Word = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 100,
    cursor: Word = None,
) -> AuditOut:
    """Records newest first, with `select` on gateway/audit: workspace-wide, or in the project of the database asked for."""
    search = caller.services.search_audit
    if search is None:
        raise NotHere("this process has no audit index")
    await _require_reader(caller, instance, database)
    query = AuditQuery(
        user=user,
        relation=relation,
        outcome=outcome,
        kind=kind.value if kind else None,
        issue=issue,
        session=session,
        instance=instance,
        database=database,
        since=since,
        until=until,
    )
    try:
        found = await search(query, cursor, limit)
    except ValueError:
        raise ConfigurationError("cursor: not one that this search gave out; leave it away for the first page") from None
    return AuditOut(records=[dict(record) for record in found.records], next=found.next)


async def _require_reader(caller: Caller, instance: str | None, database: str | None) -> None:
    if instance and database and not caller.may(Action.SELECT, _PATH):
        for target in await caller.services.store.targets():
            if (target.instance, target.database) == (instance, database) and target.project:
                await caller.require(Action.SELECT, _PATH, target.project)
                return
    await caller.require(Action.SELECT, _PATH)
