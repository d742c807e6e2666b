"""One worker process: rooms opened, ports opened, served until told to stop, drained, closed in the other order."""

import asyncio
import gc
import logging
import signal
from contextlib import AsyncExitStack

from gateway.app.http import HttpServer
from gateway.app.login_news import LoginGossip
from gateway.app.mysql import mysql_listener
from gateway.app.peers import Workers, WorkerSocket, socket_path
from gateway.app.postgres import postgres_listener
from gateway.app.rooms import Rooms, open_rooms
from gateway.audit.indexer import IndexProcess
from gateway.config import Settings
from gateway.model.errors import ConfigurationError
from gateway.proxy.listener import Listener
from gateway.proxy.tls import client_context

_log = logging.getLogger("gateway")
_REJECT_SECONDS = 5.0


class _Stop:
    """`asked` by the first SIGTERM or SIGINT; `now` by the second."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.now = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signal)

    def _signal(self) -> None:
        if self.asked.is_set():
            self.now.set()
        self.asked.set()


async def run_worker(settings: Settings, worker: int = 0, workers: int = 1) -> None:
    """Serve until SIGTERM or SIGINT; a second signal ends without waiting. SIGHUP reloads the policy bundle.

    Raises GatewayError where something cannot be opened; nothing listens then.
    """
    stop = _Stop()
    async with AsyncExitStack() as stack:
        rooms = await open_rooms(settings, worker, stack)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, rooms)
        listeners = await _listen(rooms, workers, stack)
        gossip = LoginGossip(rooms.throttle, [socket_path(settings, number) for number in range(workers) if number != worker])
        await WorkerSocket(settings, worker, rooms.sessions, rooms.metrics, gossip.take).open(stack)
        rooms.background.once(gossip.follow(), "logins of other workers")
        http = None
        if worker == 0:
            await _index(rooms, stack)
            http = _serve_http(rooms, workers) if settings.listen.http is not None else None
        # What is here now stays: keep the collector from walking it again and again.
        gc.collect()
        gc.freeze()
        _log.info("serving", extra={"listen": settings.listen.model_dump(exclude_none=True)})
        await _until(stop.asked, rooms.background.broken)
        _log.info("draining", extra={"sessions": len(rooms.sessions)})
        await _drain(rooms, listeners, stop)
        if http is not None:
            await http.stop()
        if rooms.background.broken.done():
            rooms.background.broken.result()


class _RunningHttp:
    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self.task = asyncio.get_running_loop().create_task(server.run(), name="http")

    async def stop(self) -> None:
        self._server.stop()
        await asyncio.wait((self.task,), timeout=_REJECT_SECONDS)
        self.task.cancel()


def _serve_http(rooms: Rooms, workers: int) -> _RunningHttp:
    everyone = Workers(rooms.settings, rooms.worker, workers, rooms.sessions, rooms.metrics)
    rooms.background.once(everyone.follow(), "other workers")
    return _RunningHttp(HttpServer(rooms, everyone))


def _reload(rooms: Rooms) -> None:
    """SIGHUP: the bundle and the certificate files of servers are read again."""
    client_context.cache_clear()
    rooms.policy.reload()


async def _index(rooms: Rooms, stack: AsyncExitStack) -> None:
    """The search index of all chains is kept by a process of its own: reading them would hold the loop's interpreter."""
    indexer = IndexProcess(rooms.settings.audit.dir)
    indexer.start()
    stack.push_async_callback(indexer.stop)


async def _listen(rooms: Rooms, workers: int, stack: AsyncExitStack) -> list[Listener]:
    listen = rooms.settings.listen
    if listen.postgres is None and listen.mysql is None and listen.http is None:
        raise ConfigurationError("[listen] names no address: set postgres, mysql or http")
    listeners = []
    if listen.postgres is not None:
        listeners.append(postgres_listener(rooms, reuse_port=workers > 1))
    if listen.mysql is not None:
        listeners.append(await mysql_listener(rooms, reuse_port=workers > 1))
    for listener in listeners:
        await listener.start()
        stack.push_async_callback(listener.close)
    return listeners


async def _until(asked: asyncio.Event, broken: "asyncio.Future[None]") -> None:
    waiting = asyncio.ensure_future(asked.wait())
    await asyncio.wait((waiting, broken), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _drain(rooms: Rooms, listeners: list[Listener], stop: _Stop) -> None:
    """No new connections; each session ends at its next quiet moment, after `drain_seconds` or a second signal at once."""
    for listener in listeners:
        listener.stop_accepting()
    drained = asyncio.ensure_future(rooms.sessions.drain(rooms.settings.limits.drain_seconds))
    hurry = asyncio.ensure_future(stop.now.wait())
    await asyncio.wait((drained, hurry), return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not drained.done():
        drained.cancel()
        await rooms.sessions.drain(0)
    for listener in listeners:
        await listener.wait_idle(_REJECT_SECONDS)
