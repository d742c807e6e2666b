"""Proof of a password over HTTP: for `POST /login`, and for HTTP Basic (RFC 7617) from commands and scripts.

Unknown user, wrong password and disabled user get the same answer, after the same work and the same wait.
"""

import asyncio

from gateway.api.problems import TooManyAttempts, Unauthenticated
from gateway.api.services import ApiServices
from gateway.model.event import EventKind
from gateway.model.identity import ClientInfo, Principal
from gateway.store.passwords import check_password


async def prove(services: ApiServices, name: str, password: str, client: ClientInfo) -> Principal:
    """The user, if this is their password. Raises Unauthenticated or TooManyAttempts once the refusal is on record."""
    user = await services.store.user(name)
    right = await asyncio.to_thread(check_password, password, user.verifier if user else None)
    principal = await services.store.principal(name)
    if not right:
        principal = None
    if principal is None:
        services.throttle.failed(name, client.address)
    wait = services.throttle.answer_wait(name, client.address)
    if wait is None:
        await _record_refusal(services, name, client, "too many failed logins")
        raise TooManyAttempts("too many failed logins; wait a little")
    await asyncio.sleep(wait)
    if principal is None:
        await _record_refusal(services, name, client, "wrong user name or password")
        raise Unauthenticated("wrong user name or password")
    services.throttle.succeeded(name)
    return principal


async def record_login(services: ApiServices, principal: Principal, client: ClientInfo, **details: object) -> None:
    body = {**origin(client), "details": details}
    await services.recorder.record(EventKind.ADMIN_LOGIN, principal, None, body)


def origin(client: ClientInfo) -> dict[str, object]:
    """Where a request came from, by the audit record's own field names."""
    return {"client": client.address, "application": client.application or None}


async def _record_refusal(services: ApiServices, name: str, client: ClientInfo, reason: str) -> None:
    body = {**origin(client), "error": {"code": "401", "message": reason}}
    await services.recorder.record(EventKind.ADMIN_LOGIN_REFUSED, Principal(name), None, body)
