"""Accepts connections for one port, bounds how many there are, and drains them.

Who has not logged in yet has no claim to a place: where all are taken, the connection that has been logging in for the longest
makes room for the next. So thousands of half-open logins cost those who hold them, and others still get in.

Each accepted socket gets one task running the handler that the engine provides; the task lives as long as the connection.
Several processes may listen on one port (SO_REUSEPORT); the kernel spreads connections over them.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from gateway.model.errors import ConfigurationError

log = logging.getLogger(__name__)

_BACKLOG = 1024
_RESERVE = 64  # connections over the limit that are still told so in their own protocol
_KEEPALIVE_SECONDS = 60
_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BREATH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Incoming:
    """A connection before its first byte. `overloaded`: there are too many; it is to be told so and closed.

    `address` has no port; it is "" for a Unix socket. `settled` is called once the client has proved who it is.
    """

    socket: socket.socket
    address: str
    overloaded: bool = False
    settled: Callable[[], None] = lambda: None


Handler = Callable[[Incoming], Coroutine[Any, Any, None]]
"""Owns the socket from here on. Returns when the connection is closed."""


class Listener:
    """One address. `connections` bounds how many are served by this process at once."""

    def __init__(self, host: str, port: int, handler: Handler, *, connections: int, reuse_port: bool = False) -> None:
        self._host = host
        self._port = port
        self._handler = handler
        self._limit = connections
        self._reuse_port = reuse_port
        self._sockets: list[socket.socket] = []
        self._acceptors: list[asyncio.Task[None]] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._entering: dict[asyncio.Task[None], None] = {}  # those that have not logged in, oldest first
        self._evicted: set[asyncio.Task[None]] = set()
        self.evictions = 0

    @property
    def port(self) -> int:
        """The port bound, which matters where port 0 was asked for."""
        return int(self._sockets[0].getsockname()[1]) if self._sockets else self._port

    @property
    def connections(self) -> int:
        return len(self._connections)

    async def start(self) -> None:
        """Bind and accept. Raises ConfigurationError where the address cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host or None, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, _, _, _, address in dict.fromkeys(found):
                self._sockets.append(self._bind(family, address))
        except OSError as error:
            for listening in self._sockets:
                listening.close()
            self._sockets.clear()
            raise ConfigurationError(f"cannot listen on {self._host}:{self._port}: {error.strerror or error}") from error
        for listening in self._sockets:
            task = loop.create_task(self._accept(listening))
            task.add_done_callback(lambda _, listening=listening: listening.close())  # type: ignore[misc]
            self._acceptors.append(task)

    def stop_accepting(self) -> None:
        """Close the port. Connections go on."""
        for task in self._acceptors:
            task.cancel()
        self._acceptors.clear()
        self._sockets.clear()

    async def wait_idle(self, seconds: float) -> bool:
        """Whether all connections ended within `seconds`."""
        if self._connections:
            await asyncio.wait(self._connections, timeout=seconds)
        return not self._connections

    async def close(self) -> None:
        """Stop accepting and end every connection now."""
        self.stop_accepting()
        for task in self._connections:
            task.cancel()
        if waiting := self._connections | self._evicted:
            await asyncio.wait(waiting)

    def _bind(self, family: int, address: Any) -> socket.socket:
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._reuse_port:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
        return listening

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError as error:
                if error.errno in _OUT_OF_RESOURCES:
                    # The kernel keeps the connection in its queue; asking again at once would spin.
                    log.error("cannot accept a connection: %s", error.strerror)  # noqa: TRY400
                    await asyncio.sleep(_BREATH_SECONDS)
                continue  # a peer that went away before it was accepted (accept(2), "Error handling")
            self._serve(accepted, address[0] if isinstance(address, tuple) else "")

    def _serve(self, accepted: socket.socket, address: str) -> None:
        if len(self._connections) >= self._limit:
            self._make_room()
        if len(self._connections) >= self._limit + _RESERVE or len(self._evicted) > self._limit:
            accepted.close()
            return
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(accepted)
        overloaded = len(self._connections) >= self._limit
        task: asyncio.Task[None]
        incoming = Incoming(accepted, address, overloaded, settled=lambda: self._entering.pop(task, None))
        task = asyncio.get_running_loop().create_task(self._handler(incoming))
        self._connections.add(task)
        if not overloaded:  # else it is told so, which takes no time
            self._entering[task] = None
        task.add_done_callback(self._ended)

    def _make_room(self) -> None:
        """End the connection that has been logging in for the longest; with none, there is no room."""
        oldest = next(iter(self._entering), None)
        if oldest is not None:
            del self._entering[oldest]
            self._connections.discard(oldest)
            self._evicted.add(oldest)
            self.evictions += 1
            oldest.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        self._entering.pop(task, None)
        self._evicted.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a connection ended with a defect of the gateway", exc_info=error)


def keep_alive(connected: socket.socket) -> None:
    """Let the kernel notice within minutes a peer that vanished without a word."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):  # not on every platform
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _KEEPALIVE_SECONDS)


async def peek(accepted: socket.socket) -> int | None:
    """The first byte a client sends, left where it is; None where the client closes first."""
    loop = asyncio.get_running_loop()
    while True:
        readable = loop.create_future()
        loop.add_reader(accepted, _set_once, readable)
        try:
            await readable
        finally:
            loop.remove_reader(accepted)
        try:
            first = accepted.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            continue  # woken for nothing (select(2), "BUGS")
        except OSError:
            return None
        return first[0] if first else None


def _set_once(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
