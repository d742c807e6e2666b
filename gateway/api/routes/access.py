"""Access for a time: asked for, decided by another person, ended by the clock."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.api.callers import Authenticated, Caller
from gateway.api.models.access import AccessIn, AccessOut
from gateway.api.models.issues import CommentIn, OptionalCommentIn
from gateway.api.pages import Cursor, Limit, Page, encode_cursor, number_cursor
from gateway.api.problems import NotHere
from gateway.api.routes.issues import Number
from gateway.api.services import AccessRequests
from gateway.store.access_requests import RequestState

router = APIRouter(tags=["access"])


@router.post("/access-requests", status_code=201)
async def request_access(body: AccessIn, caller: Authenticated) -> AccessOut:
    """Ask for actions on an object, for a time and with a reason."""
    async with caller.recorded_refusals():
        made = await _desk(caller).request(caller.principal, body.object, tuple(body.actions), body.seconds, body.reason)
    return AccessOut.of(made)


@router.get("/access-requests")
async def list_access_requests(
    caller: Authenticated,
    *,
    state: Annotated[list[RequestState] | None, Query()] = None,
    requester: Annotated[str | None, Query(max_length=190)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AccessOut]:
    """One's own and those one may decide, newest first."""
    found = await _desk(caller).listing(
        caller.principal, states=tuple(state or ()), requester=requester, below=number_cursor(cursor), limit=limit
    )
    following = encode_cursor(str(found[-1].id)) if len(found) == limit else None
    return Page(items=[AccessOut.of(request) for request in found], next=following)


@router.get("/access-requests/{number}")
async def show_access_request(number: Number, caller: Authenticated) -> AccessOut:
    return AccessOut.of(await _desk(caller).show(caller.principal, number))


@router.post("/access-requests/{number}/approve")
async def approve_access(number: Number, body: OptionalCommentIn, caller: Authenticated) -> AccessOut:
    """The access counts at once, in live sessions too, and ends by itself. 403 for one's own request."""
    async with caller.recorded_refusals():
        return AccessOut.of(await _desk(caller).approve(caller.principal, number, body.comment))


@router.post("/access-requests/{number}/reject")
async def reject_access(number: Number, body: CommentIn, caller: Authenticated) -> AccessOut:
    """The comment says why."""
    async with caller.recorded_refusals():
        return AccessOut.of(await _desk(caller).reject(caller.principal, number, body.comment))


@router.post("/access-requests/{number}/cancel")
async def cancel_access(number: Number, body: OptionalCommentIn, caller: Authenticated) -> AccessOut:
    async with caller.recorded_refusals():
        return AccessOut.of(await _desk(caller).cancel(caller.principal, number, body.comment))


@router.post("/access-requests/{number}/revoke")
async def revoke_access(number: Number, body: OptionalCommentIn, caller: Authenticated) -> AccessOut:
    """The access ends now, in live sessions too; for who may approve it, and for whoever has it."""
    async with caller.recorded_refusals():
        return AccessOut.of(await _desk(caller).revoke(caller.principal, number, body.comment))


def _desk(caller: Caller) -> AccessRequests:
    if caller.services.access is None:
        raise NotHere("this process takes no access requests")
    return caller.services.access
