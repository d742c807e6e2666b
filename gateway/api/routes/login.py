"""A password for a token that lives for hours, and the tokens that people make for their machines."""

import asyncio
import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from gateway.api.callers import Authenticated, Caller, Services, client_of, gateway_path
from gateway.api.models import LoginRequest, NewToken, TokenOut, TokenRequest
from gateway.api.pages import Cursor, Limit, Page, page
from gateway.api.problems import TooManyAttempts, Unauthenticated
from gateway.api.services import ApiServices
from gateway.model.event import EventKind
from gateway.model.footprint import Action
from gateway.model.identity import ClientInfo, Principal
from gateway.store import StoredToken, tokens
from gateway.store.passwords import check_password

router = APIRouter(tags=["login"])
TokenName = Annotated[str, Path(max_length=190, pattern=r"^[^\x00]+$")]


@router.post("/login", status_code=201)
async def login(body: LoginRequest, request: Request, services: Services) -> NewToken:
    """A token for a user name and password. Unknown user and wrong password get the same answer, after the same work."""
    client = client_of(request)
    user = await services.store.user(body.user)
    right = await asyncio.to_thread(check_password, body.password, user.verifier if user else None)
    accepted = right and user is not None and not user.disabled
    if not accepted:
        services.throttle.failed(body.user, client.address)
    wait = services.throttle.answer_wait(body.user, client.address)
    if wait is None:
        await _record_refusal(services, body.user, client, "too many failed logins")
        raise TooManyAttempts("too many failed logins; wait a little")
    await asyncio.sleep(wait)
    if not accepted:
        await _record_refusal(services, body.user, client, "wrong user name or password")
        raise Unauthenticated("wrong user name or password")
    services.throttle.succeeded(body.user)
    return await _issue_login_token(services, body.user, client)


async def _issue_login_token(services: ApiServices, user: str, client: ClientInfo) -> NewToken:
    now = services.clock()
    ends = now + services.limits.login_token_seconds
    name = f"login {int(now)} {secrets.token_hex(4)}"
    async with services.store.write() as connection:
        token = await tokens.create_token(connection, user, name, now=now, expires_at=ends)
        body = {"token": name, "address": client.address, "application": client.application}
        await services.recorder.record(EventKind.ADMIN_LOGIN, Principal(user), None, body)
    return NewToken(token=token, name=name, user=user, expires_at=ends)


async def _record_refusal(services: ApiServices, user: str, client: ClientInfo, reason: str) -> None:
    body = {"reason": reason, "address": client.address, "application": client.application}
    await services.recorder.record(EventKind.ADMIN_LOGIN_REFUSED, Principal(user), None, body)


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
