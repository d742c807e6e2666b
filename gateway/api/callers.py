"""Who calls, and whether policy lets them.

The same engine that decides statements decides here. An API object's path is `gateway/<kind>` or `gateway/<kind>/<name>`;
`select` reads it and `admin` changes it, in the project's domain, or in "" for what belongs to the whole workspace.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.api.passwords import origin, prove, record_login
from gateway.api.problems import Unauthenticated
from gateway.api.services import ApiServices
from gateway.model.decision import Decision, Outcome
from gateway.model.errors import Forbidden
from gateway.model.event import EventKind
from gateway.model.footprint import DATABASE, Action
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.model.paths import object_path, segment

_bearer = HTTPBearer(auto_error=False, description="A token from POST /api/v1/login or POST /api/v1/tokens")
_AGENT_LENGTH = 200
_BASIC_LENGTH = 2048


async def services_of(request: Request) -> ApiServices:
    services = request.app.state.services
    if not isinstance(services, ApiServices):
        raise TypeError("the API was made without services")
    return services


Services = Annotated[ApiServices, Depends(services_of)]


def client_of(request: Request) -> ClientInfo:
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")[:_AGENT_LENGTH]
    return ClientInfo(address, agent, request.url.scheme == "https")


def gateway_path(*names: str) -> str:
    """`gateway/users/alice`: the path that policy rules are matched against."""
    return "/".join(["gateway", *map(segment, names)])


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated person or machine, with the questions that routes ask about them."""

    principal: Principal
    client: ClientInfo
    services: ApiServices

    @property
    def name(self) -> str:
        return self.principal.name

    def may(self, action: Action, path: str, project: str = "", environment: str = "") -> bool:
        return self._decide(action, path, project, environment).outcome is Outcome.ALLOW

    async def require(self, action: Action, path: str, project: str = "") -> None:
        """Raises Forbidden with the reason, the rule and what to do, once the refusal is on record."""
        decision = self._decide(action, path, project, "")
        if decision.outcome is Outcome.ALLOW:
            return
        reason = decision.reason
        where = f" in project {project}" if project else ""
        rule = f" (rule {reason.rule})" if reason.rule else ""
        hint = f"; {reason.hint}" if reason.hint else ""
        async with self.recorded_refusals():
            raise Forbidden(f"{reason.text}{where}{rule}{hint}")

    @asynccontextmanager
    async def recorded_refusals(self) -> AsyncIterator[None]:
        """What ends in Forbidden is written down before the caller hears of it."""
        try:
            yield
        except Forbidden as error:
            body = {**origin(self.client), "error": {"code": "403", "message": str(error)}}
            await self.services.recorder.record(EventKind.ADMIN_REFUSED, self.principal, None, body)
            raise

    def may_see(self, target: Target) -> bool:
        """Whoever may connect to a database, or reads the register, knows of it."""
        connects = self.may(Action.CONNECT, object_path(target, DATABASE), target.project, target.environment)
        return connects or self.may(Action.SELECT, gateway_path("databases"), target.project)

    @asynccontextmanager
    async def change(self, what: str, name: str, **details: object) -> AsyncIterator[AsyncConnection]:
        """A change and its record. The record is durable before the change commits: no record, no change."""
        async with self.services.store.change() as connection:
            yield connection
            await self.record_change(what, name, details)

    async def record_change(self, what: str, name: str, details: Mapping[str, object]) -> None:
        """One `admin.change`. What belongs to the change stands apart, so that no field of the record itself is hidden."""
        body = {**origin(self.client), "change": what, "object": name, "details": dict(details) or None}
        await self.services.recorder.record(EventKind.ADMIN_CHANGE, self.principal, None, body)

    def _decide(self, action: Action, path: str, project: str, environment: str) -> Decision:
        services = self.services
        return services.permits(
            self.principal, project, path, action, services.clock(), client=self.client, environment=environment
        )


async def _authenticate(
    request: Request,
    services: Services,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    client = client_of(request)
    if bearer is not None:
        principal = await services.store.token_owner(bearer.credentials)
        if principal is None:
            raise Unauthenticated("this token does not count: unknown, ended, revoked, or its owner is disabled")
        return Caller(principal, client, services)
    pair = _basic(request.headers.get("authorization", ""))
    if pair is None:
        raise Unauthenticated("a token is needed: Authorization: Bearer …; POST /api/v1/login gives one")
    principal = await prove(services, *pair, client)
    await record_login(services, principal, client, request=f"{request.method} {request.url.path}")
    return Caller(principal, client, services)


def _basic(header: str) -> tuple[str, str] | None:
    """User and password of HTTP Basic (RFC 7617), or None where the header is something else."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic" or len(value) > _BASIC_LENGTH:
        return None
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon and user and "\0" not in user + password else None


Authenticated = Annotated[Caller, Depends(_authenticate)]
