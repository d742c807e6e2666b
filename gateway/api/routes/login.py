"""A password for a token that lives for hours, and the tokens that people make for their machines."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from gateway.api.callers import Authenticated, Caller, Services, client_of, gateway_path
from gateway.api.models.tokens import LoginRequest, NewToken, TokenOut, TokenRequest
from gateway.api.pages import Cursor, Limit, Page, page
from gateway.api.passwords import prove, record_login
from gateway.model.footprint import Action
from gateway.store import StoredToken, tokens

router = APIRouter(tags=["login"])
TokenName = Annotated[str, Path(max_length=190, pattern=r"^[^\x00]+$")]


@router.post("/login", status_code=201)
async def login(body: LoginRequest, request: Request, services: Services) -> NewToken:
    """A token for a user name and password. Unknown user and wrong password get the same answer, after the same work."""
    client = client_of(request)
    principal = await prove(services, body.user, body.password, client)
    now = services.clock()
    ends = now + services.limits.login_token_seconds
    name = f"login {int(now)} {secrets.token_hex(4)}"
    async with services.store.write() as connection:
        token = await tokens.create_token(connection, principal.name, name, now=now, expires_at=ends)
        await record_login(services, principal, client, token=name)
    return NewToken(token=token, name=name, user=principal.name, expires_at=ends)


@router.get("/tokens")
async def list_tokens(
    caller: Authenticated, user: str | None = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[TokenOut]:
    """One's own tokens; `user=*` or another's with `select` on gateway/tokens. The tokens themselves are not kept anywhere."""
    if user not in (None, caller.name):
        await caller.require(Action.SELECT, gateway_path("tokens"))
    async with caller.services.store.read() as connection:
        found = await tokens.list_tokens(connection, None if user == "*" else user or caller.name)
    return page(found, _key, TokenOut.of, cursor, limit)


@router.post("/tokens", status_code=201)
async def create_token(body: TokenRequest, caller: Authenticated) -> NewToken:
    """Shown once. For oneself, with an end; for others or without an end, `admin` on gateway/tokens."""
    owner = body.user or caller.name
    if owner != caller.name or body.expires_in is None:
        await caller.require(Action.ADMIN, gateway_path("tokens", owner))
    now = caller.services.clock()
    ends = None if body.expires_in is None else now + body.expires_in
    async with caller.change("token.create", body.name, user=owner, expires_at=ends) as connection:
        token = await tokens.create_token(connection, owner, body.name, now=now, expires_at=ends)
    return NewToken(token=token, name=body.name, user=owner, expires_at=ends)


@router.delete("/tokens/{user}/{name}", status_code=204)
async def revoke_token(user: TokenName, name: TokenName, caller: Authenticated) -> Response:
    """The token counts no more, at once. One's own, or with `admin` on gateway/tokens."""
    await _require_own(caller, user)
    async with caller.change("token.revoke", name, user=user) as connection:
        await tokens.revoke_token(connection, user, name, caller.services.clock())
    return Response(status_code=204)


async def _require_own(caller: Caller, user: str) -> None:
    if user != caller.name:
        await caller.require(Action.ADMIN, gateway_path("tokens", user))


def _key(token: StoredToken) -> str:
    return f"{token.user}/{token.name}"
