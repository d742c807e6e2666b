"""Every error is a problem document (RFC 9457): validation, unknown addresses and methods, and our own failures."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gateway.model.errors import (
    AuditUnavailable,
    ConfigurationError,
    Conflict,
    Forbidden,
    GatewayError,
    NotFound,
    StoreUnavailable,
)
from gateway.store import SecretUnreadable

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


class Problem(BaseModel):
    """RFC 9457 section 3.1. `type` is about:blank, so `title` is the status's own phrase; `errors` is an extension."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None


class Unauthenticated(GatewayError):
    """No token, or none that counts; or a wrong user name or password."""


class TooManyAttempts(GatewayError):
    """Logins that failed too often: wait."""


class NotHere(GatewayError):
    """This process does not offer that part."""


# The first that fits counts: the special before the general.
_STATUS: tuple[tuple[type[GatewayError], HTTPStatus], ...] = (
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (TooManyAttempts, HTTPStatus.TOO_MANY_REQUESTS),
    (NotHere, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (AuditUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (SecretUnreadable, HTTPStatus.INTERNAL_SERVER_ERROR),
    (ConfigurationError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (GatewayError, HTTPStatus.UNPROCESSABLE_ENTITY),
)
# Failures whose message says more about the inside than a client should read.
_INTERNAL = (StoreUnavailable, SecretUnreadable)


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[dict[str, str]] | None = None
) -> JSONResponse:
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    document = Problem(title=title, status=status, detail=detail, errors=list(errors) if errors is not None else None)
    return JSONResponse(document.model_dump(exclude_none=True), status, dict(headers or {}), MEDIA_TYPE)


def install(api: FastAPI) -> None:
    """Answer every exception with a problem document."""
    api.add_exception_handler(GatewayError, _own)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Exception, _unexpected)


async def _own(request: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="gateway"'
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = "5"
    detail = str(error)
    if isinstance(error, _INTERNAL):
        log.error("%s %s: %s", request.method, request.url.path, error)
        detail = (
            "the metadata store does not answer" if isinstance(error, StoreUnavailable) else "a stored secret is unreadable"
        )
    return problem(status, detail, headers)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "there is nothing at this address; /openapi.json lists what there is"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = "this address does not take this method"
    return problem(error.status_code, detail, error.headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Which field and why; never the value, which may be a password."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [{"field": ".".join(map(str, mistake["loc"])), "message": _message(mistake)} for mistake in error.errors()]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in errors[:5])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail or "the request is not valid", errors=errors[:100])


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; the gateway's log says what")


def _message(mistake: Any) -> str:
    return str(mistake["msg"]).removeprefix("Value error, ")
