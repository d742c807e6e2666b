"""The routes put together."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI

from gateway.api import problems
from gateway.api.guard import Guard
from gateway.api.routes import access, audit, grants, issues, login, operation, people, policies, servers, sessions
from gateway.api.services import ApiServices

PREFIX = "/api/v1"
_STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 503)
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": problems.Problem, "content": {problems.MEDIA_TYPE: {}}} for status in _STATUSES
}


def create_api(services: ApiServices) -> FastAPI:
    """The ASGI application. Served by uvicorn inside the gateway's process; holds no state but `services`."""
    api = FastAPI(
        title="Gateway",
        version=version("gateway"),
        description="Access-control gateway for databases: administration, change issues, audit.",
        # The documentation pages load scripts from elsewhere; the document itself is enough.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.services = services
    api.add_middleware(Guard, body_bytes=services.limits.body_bytes)
    problems.install(api)
    routes = APIRouter(prefix=PREFIX, responses=_PROBLEMS)
    for part in (login, people, servers, grants, policies, issues, access, audit, sessions):
        routes.include_router(part.router)
    api.include_router(routes)
    api.include_router(operation.router)
    return api
