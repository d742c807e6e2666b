"""Change issues: open, read, decide, roll out. The changes room asks policy; what it refuses is recorded here."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from gateway.api.callers import Authenticated, Caller
from gateway.api.models.issues import (
    ApproveIn,
    CommentIn,
    IssueCreated,
    IssueIn,
    IssueOut,
    IssueSummary,
    OptionalCommentIn,
    RolloutIn,
    SchemaOut,
)
from gateway.api.pages import Cursor, Limit, Page, encode_cursor, number_cursor
from gateway.api.problems import NotHere
from gateway.api.services import Desk
from gateway.model.change import ChangeNamespace, Issue, IssueState
from gateway.model.errors import ConfigurationError, NotFound
from gateway.model.identity import Target

router = APIRouter(tags=["issues"])
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.post("/issues", status_code=201)
async def create_issue(body: IssueIn, caller: Authenticated, response: Response) -> IssueCreated:
    """A whole script as one issue. 422 names the first statement that may not be in one, and why."""
    target = await visible_target(caller, body.database)
    namespace = ChangeNamespace(tuple(body.search_path))
    async with caller.recorded_refusals():
        ref = await _desk(caller).create(
            caller.principal, target, body.sql, client=caller.client, namespace=namespace, title=body.title
        )
    response.headers["Location"] = ref.url
    return IssueCreated(number=ref.number, url=ref.url)


@router.get("/issues")
async def list_issues(
    caller: Authenticated,
    *,
    state: Annotated[list[IssueState] | None, Query()] = None,
    requester: Annotated[str | None, Query(max_length=190)] = None,
    database: Annotated[str | None, Query(max_length=400)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[IssueSummary]:
    """What the caller may see, newest first."""
    found = await _desk(caller).listing(
        caller.principal,
        states=tuple(state or ()),
        requester=requester,
        database=split_database(database) if database is not None else None,
        below=number_cursor(cursor),
        limit=limit,
    )
    following = encode_cursor(str(found[-1].number)) if found else None
    return Page(items=[IssueSummary.of(issue) for issue in found], next=following)


@router.get("/issues/{number}")
async def show_issue(number: Number, caller: Authenticated) -> IssueOut:
    """With statements, the automatic review and history; `version` is what an approval names."""
    return await _shown(caller, await _desk(caller).show(caller.principal, number))


@router.get("/issues/{number}/schema")
async def show_schema_change(number: Number, caller: Authenticated) -> SchemaOut:
    """The schema before and after the rollout, and their difference."""
    change = await _desk(caller).schema_change(caller.principal, number)
    return SchemaOut(before=change.before, after=change.after, difference=change.difference)


@router.post("/issues/{number}/approve")
async def approve_issue(number: Number, body: ApproveIn, caller: Authenticated) -> IssueOut:
    """409 where the issue changed since the version that was read; 403 for one's own issue."""
    async with caller.recorded_refusals():
        return await _shown(caller, await _desk(caller).approve(caller.principal, number, body.version, body.comment))


@router.post("/issues/{number}/reject")
async def reject_issue(number: Number, body: CommentIn, caller: Authenticated) -> IssueOut:
    """The comment says why."""
    async with caller.recorded_refusals():
        return await _shown(caller, await _desk(caller).reject(caller.principal, number, body.comment))


@router.post("/issues/{number}/comment")
async def comment_issue(number: Number, body: CommentIn, caller: Authenticated) -> IssueOut:
    async with caller.recorded_refusals():
        return await _shown(caller, await _desk(caller).comment(caller.principal, number, body.comment))


@router.post("/issues/{number}/cancel")
async def cancel_issue(number: Number, body: OptionalCommentIn, caller: Authenticated) -> IssueOut:
    """Nothing more of it will run."""
    async with caller.recorded_refusals():
        return await _shown(caller, await _desk(caller).cancel(caller.principal, number, body.comment))


@router.post("/issues/{number}/rollout", status_code=202)
async def roll_out_issue(number: Number, caller: Authenticated, body: RolloutIn | None = None) -> IssueOut:
    """Run an approved issue, or resume one that stopped. It goes on in the background; read the issue to follow it."""
    rollout = caller.services.rollout
    if rollout is None:
        raise NotHere("this process rolls out no changes")
    async with caller.recorded_refusals():
        return await _shown(caller, await rollout(caller.principal, number, body.assume if body else None))


def split_database(address: str) -> tuple[str, str]:
    """`instance/database` in two. Raises ConfigurationError."""
    instance, slash, database = address.partition("/")
    if not instance or not slash or not database:
        raise ConfigurationError('database: write "instance/database", for example "pg1/shop"')
    return instance, database


async def visible_target(caller: Caller, address: str) -> Target:
    """The registered database; the same NotFound where there is none and where the caller may not know of it."""
    split_database(address)
    for target in await caller.services.store.targets():
        if target.address == address and caller.may_see(target):
            return target
    raise NotFound(f"no database {address}")


def _desk(caller: Caller) -> Desk:
    if caller.services.desk is None:
        raise NotHere("this process keeps no change issues")
    return caller.services.desk


async def _shown(caller: Caller, issue: Issue) -> IssueOut:
    desk = _desk(caller)
    return IssueOut.shown(issue, desk.ref(issue.number).url, await desk.review(issue))
