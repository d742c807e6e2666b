"""The HTTP API inside the worker's loop, over the rooms that are open."""

import asyncio
import contextlib
import dataclasses
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import uvicorn

from gateway.api import ApiServices, AuditPage, AuditQuery, PolicyState, create_api
from gateway.app.http_protocol import TimedProtocol
from gateway.app.peers import Workers
from gateway.app.rooms import Rooms
from gateway.audit import Query
from gateway.audit.search import search_page
from gateway.changes import Assume
from gateway.config import split_endpoint
from gateway.model.change import Issue
from gateway.model.errors import ConfigurationError
from gateway.model.identity import Principal


class _Server(uvicorn.Server):
    """Signals are the worker's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Bound at construction, so that a taken port is an error before anything is served."""

    def __init__(self, rooms: Rooms, workers: Workers) -> None:
        if rooms.settings.listen.http is None:
            raise ConfigurationError("listen.http is not set")
        host, port = split_endpoint(rooms.settings.listen.http)
        self._socket = _bind(host, port)
        config = uvicorn.Config(
            create_api(api_services(rooms, workers)),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            http=TimedProtocol,
            ws="none",
            timeout_keep_alive=30,
            limit_concurrency=1000,
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = _Server(config)

    async def run(self) -> None:
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Finish what is being answered, then end."""
        self._server.should_exit = True


def api_services(rooms: Rooms, workers: Workers) -> ApiServices:
    """What the API asks of the other rooms, in the shapes it declares."""

    async def audit_writable() -> str | None:
        return None if rooms.audit.failure is None else "cannot be written"

    async def search_audit(query: AuditQuery, cursor: str | None, limit: int) -> AuditPage:
        wanted = Query(**dataclasses.asdict(replace(query, relation=_relation(query.relation))))
        page = await asyncio.to_thread(search_page, rooms.settings.audit.dir, wanted, cursor, limit)
        return AuditPage(page.records, page.next)

    async def rollout(principal: Principal, number: int, assume: str | None = None) -> Issue:
        await rooms.rollouts.start(principal, number, Assume(assume) if assume else None)
        return await rooms.desk.show(principal, number)

    return ApiServices(
        store=rooms.store,
        permits=rooms.permits,
        recorder=rooms.steps,
        throttle=rooms.throttle,
        policy=lambda: PolicyState(
            version=rooms.policy.version,
            loaded_at=rooms.policy.loaded_at,
            roles=sorted(rooms.policy.current.bundle.roles),
            problem=rooms.policy.problem,
        ),
        metrics=workers.render,
        sessions=workers,
        access=rooms.access,
        explain=rooms.road.rulings,
        desk=rooms.desk,
        rollout=rollout,
        search_audit=search_audit,
        probes={"audit": audit_writable},
        clock=time.time,
        native_passwords=rooms.settings.mysql_native_password,
    )


def _relation(asked: str | None) -> str | None:
    """`hr.salaries`, as people write it in SQL, is looked for in every database."""
    if asked is None or "/" in asked or "." not in asked:
        return asked
    return "**/" + asked.replace(".", "/")


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise ConfigurationError(f"listen.http: cannot listen on {host}:{port}: {error.strerror or error}") from error
    return bound
