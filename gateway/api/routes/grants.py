"""Permissions beside the bundle, with a reason and often an end."""

from fastapi import APIRouter, Response

from gateway.api.callers import Authenticated, gateway_path
from gateway.api.models.grants import GrantIn, GrantOut
from gateway.api.pages import Cursor, Limit, Page, encode_cursor, number_cursor
from gateway.api.routes.issues import Number
from gateway.model.errors import NotFound
from gateway.model.footprint import Action
from gateway.store import StoredGrant, grants

router = APIRouter(tags=["grants"])
_PATH = gateway_path("grants")


@router.get("/grants")
async def list_grants(caller: Authenticated, limit: Limit = 100, cursor: Cursor = None) -> Page[GrantOut]:
    """All grants there ever were; without `select` on gateway/grants, those for oneself, one's roles, and readable projects."""
    async with caller.services.store.read() as connection:
        found = await grants.list_grants(connection, after=number_cursor(cursor) or 0, limit=limit + 1)
    shown = found[:limit]
    following = encode_cursor(str(shown[-1].id)) if len(found) > limit else None
    if not caller.may(Action.SELECT, _PATH):
        own = {caller.name, *(binding.role for binding in caller.principal.bindings)}
        readable = {project for project in {grant.project for grant in shown} if caller.may(Action.SELECT, _PATH, project)}
        shown = [grant for grant in shown if grant.subject in own or grant.project in readable]
    return Page(items=[GrantOut.of(grant) for grant in shown], next=following)


@router.post("/grants", status_code=201)
async def add_grant(body: GrantIn, caller: Authenticated) -> GrantOut:
    """`admin` on gateway/grants in the grant's project; for every project ("*"), workspace-wide."""
    await caller.require(Action.ADMIN, _PATH, _domain(body.project))
    details = body.model_dump()
    grant = StoredGrant(**details, granted_by=caller.name, created_at=caller.services.clock())
    async with caller.change("grant.add", body.subject, **details) as connection:
        identifier = await grants.add_grant(connection, grant)
        stored = await grants.find_grant(connection, identifier)
    if stored is None:
        raise NotFound(f"no grant {identifier}")
    return GrantOut.of(stored)


@router.delete("/grants/{identifier}", status_code=204)
async def revoke_grant(identifier: Number, caller: Authenticated) -> Response:
    """It counts no more from the next statement on."""
    async with caller.services.store.read() as connection:
        grant = await grants.find_grant(connection, identifier)
    await caller.require(Action.ADMIN, _PATH, _domain(grant.project) if grant else "")
    async with caller.change("grant.revoke", str(identifier)) as connection:
        await grants.revoke_grant(connection, identifier, caller.services.clock())
    return Response(status_code=204)


def _domain(project: str) -> str:
    return "" if project == "*" else project
