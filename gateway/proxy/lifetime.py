"""How a session begins and ends; each engine adds its own words and last messages.

Whatever ends it, everything that was on its way gets its end record, the client hears why if it can still hear, the server is
told to stop, and the record of the session's close is the last.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from gateway.audit.encoding import fragment
from gateway.model.decision import Outcome
from gateway.model.errors import AuditUnavailable
from gateway.proxy.claims import Claims
from gateway.proxy.outlet import WRITE_LIMIT, Outlet
from gateway.proxy.records import Records
from gateway.proxy.rooms import Rooms
from gateway.proxy.valve import Valve
from gateway.verdict import Judge, SessionIdentity

log = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 2.0  # a client that closed its sending half may still read results for so long
_LINGER_SECONDS: Final = 5.0  # for the last bytes to reach a peer that still reads
_LONG_SECONDS: Final = 86_400 * 30.0  # a longer timer than that would outlive any session


class Refusal(Protocol):
    """An error of the gateway's own, in either engine's form."""

    @property
    def error(self) -> tuple[str, str]:
        """Code and message, for the audit record."""


class Session(Protocol):
    """What the logins handed over."""

    @property
    def client(self) -> asyncio.Transport: ...

    @property
    def server(self) -> asyncio.Transport: ...

    @property
    def client_surplus(self) -> bytes:
        """What the client sent behind its login."""

    @property
    def server_surplus(self) -> bytes: ...

    @property
    def cancel(self) -> Callable[[], Awaitable[None]] | None:
        """Stops the statement that runs at the server."""


class Decider(Protocol):
    @property
    def waiting(self) -> bool:
        """Whether something of the client's waits for its decision."""

    def cancel(self) -> None: ...


class Conversation(Protocol):
    """What both engines' conversations have."""

    ended: bool
    draining: bool

    @property
    def rooms(self) -> Rooms: ...

    @property
    def session(self) -> Session: ...

    @property
    def judge(self) -> Judge: ...

    @property
    def who(self) -> SessionIdentity: ...

    @property
    def client_side(self) -> asyncio.Protocol: ...

    @property
    def server_side(self) -> asyncio.Protocol: ...

    @property
    def client_valve(self) -> Valve: ...

    @property
    def server_valve(self) -> Valve: ...

    @property
    def outlet(self) -> Outlet: ...

    @property
    def records(self) -> Records: ...

    @property
    def claims(self) -> Claims: ...

    @property
    def decider(self) -> Decider: ...


Talk = TypeVar("Talk", bound=Conversation)
Says = TypeVar("Says", bound=Refusal)


@dataclass(frozen=True, slots=True)
class Words(Generic[Says]):
    """Why sessions end, as the engine says it. `revoked` is told what was lost, and by which rule."""

    client_gone: Says
    server_gone: Says
    shutdown: Says
    idle_too_long: Says
    lost_track: Says
    audit_failed: Says
    revoked: Callable[[str, str], Says]


class Lifetime(ABC, Generic[Talk, Says]):
    """`start` it once; `closed` is done when both sides are closed and the last record is written."""

    __slots__ = (
        "_began",
        "_both_lost",
        "_c",
        "_client_lost",
        "_closing",
        "_expiry",
        "_goodbye",
        "_grace",
        "_idle",
        "_seen",
        "_server_lost",
        "_words",
        "closed",
    )

    def __init__(self, conversation: Talk, words: Words[Says]) -> None:
        self._c = conversation
        self._words = words
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = time.perf_counter()
        self._goodbye: tuple[str, str] | None = None  # what the server said before it hung up
        self._client_lost = self._server_lost = False
        self._both_lost = asyncio.Event()
        self._grace: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._seen = -1  # statements counted when idleness was last looked at

    # What each engine knows

    @abstractmethod
    def _running(self) -> bool:
        """Whether the server owes an answer."""

    @abstractmethod
    def _in_transaction(self) -> bool:
        """Whether the session would lose one."""

    @abstractmethod
    def _last_words(self, refusal: Says) -> bytes:
        """The message that ends a connection; empty where the client cannot hear one now."""

    @abstractmethod
    def _between_messages(self) -> bool:
        """Whether the client has been sent whole messages only."""

    @abstractmethod
    def _lose(self, refusal: Says) -> None:
        """Whatever is on its way ends here: its records, its masks and limits, its claims."""

    @abstractmethod
    def _farewell(self) -> bytes:
        """What a server is told by a client that goes."""

    # Beginning

    def start(self) -> None:
        """Take both transports over. Reading was paused by the logins; it begins here."""
        c = self._c
        client, server = c.session.client, c.session.server
        client.set_write_buffer_limits(high=WRITE_LIMIT)
        client.set_protocol(c.client_side)
        server.set_protocol(c.server_side)
        c.judge.subscribe(self.policy_changed)
        self.policy_changed()
        if c.session.server_surplus:
            c.server_side.data_received(c.session.server_surplus)
        if c.session.client_surplus:
            c.client_side.data_received(c.session.client_surplus)
        if c.ended:
            return
        if not c.server_valve.closed and not server.is_closing():
            server.resume_reading()
        if not c.client_valve.closed and not client.is_closing():
            client.resume_reading()
        self._watch_idleness()

    # Rules change

    def policy_changed(self) -> None:
        """Whether this person may still be connected at all; also when the clock says that this may have changed."""
        c = self._c
        if c.ended:
            return
        decision = c.judge.connect(c.who)
        if decision.outcome is not Outcome.ALLOW:
            why = f"{decision.reason.text} (policy version {decision.policy_version})"
            what = f"gateway: permission to connect to {c.who.target.address} was revoked"
            self.end(self._words.revoked(what, why))
            return
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        left = decision.valid_until - time.time()
        if left < _LONG_SECONDS:
            self._expiry = asyncio.get_running_loop().call_later(max(left, 0.0) + 0.01, self.policy_changed)

    # Peers leave

    def client_said_all(self) -> None:
        """The client closed its sending half: what is on its way gets some time."""
        c = self._c
        if c.ended:
            return
        if not self._running() and not c.decider.waiting:
            self._end(self._words.client_gone, b"")
            return
        c.draining = True
        self._grace = asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._end, self._words.client_gone, b"")

    def client_gone(self) -> None:
        self._lost(client=True)
        self._end(self._words.client_gone, b"")

    def server_ends(self, error: tuple[str, str]) -> None:
        """The server's last error, which the client has been sent: the end of the connection follows."""
        self._goodbye = error

    @abstractmethod
    def server_gone(self) -> None:
        """The server's connection is lost."""

    def _lost(self, *, client: bool) -> None:
        self._client_lost = self._client_lost or client
        self._server_lost = self._server_lost or not client
        if self._client_lost and self._server_lost:
            self._both_lost.set()

    def lost_track(self, what: str) -> None:
        """The server's answers are not those that the gateway waits for: nothing more may pass in either direction."""
        log.error("session %s: protocol lost with the server: %s", self._c.who.session_id, what)
        self.end(self._words.lost_track)

    def audit_failed(self, error: AuditUnavailable) -> None:
        """A record that had to be durable is not: what waits for it must never leave."""
        log.error("session %s: %s", self._c.who.session_id, error)
        self.end(self._words.audit_failed)

    # The gateway ends it

    def drain(self) -> None:
        self._c.draining = True
        self.leave_if_idle()

    def leave_if_idle(self) -> None:
        """While draining: end between two transactions."""
        c = self._c
        if c.ended or self._running() or self._in_transaction() or c.decider.waiting:
            return
        if self._grace is not None:
            self._end(self._words.client_gone, b"")
        else:
            self.end(self._words.shutdown)

    def abort(self) -> None:
        self.end(self._words.shutdown)

    def end(self, refusal: Says) -> None:
        self._end(refusal, self._last_words(refusal))

    def _end(self, refusal: Says, last_words: bytes) -> None:
        c = self._c
        if c.ended:
            return
        c.ended = True
        c.judge.unsubscribe(self.policy_changed)
        for timer in (self._grace, self._idle, self._expiry):
            if timer is not None:
                timer.cancel()
        c.decider.cancel()
        running = self._running()
        self._lose(refusal)
        self._close_server(running=running)
        self._close_client(last_words)
        cancel = running and not self._server_lost
        self._closing = asyncio.get_running_loop().create_task(self._close(refusal, cancel=cancel))

    def _close_server(self, *, running: bool) -> None:
        server = self._c.session.server
        if server.is_closing():
            return
        if running:
            server.abort()
        else:
            server.write(self._farewell())
            server.close()

    def _close_client(self, last_words: bytes) -> None:
        c = self._c
        client = c.session.client
        if client.is_closing():
            return
        c.outlet.last(last_words if self._between_messages() else b"", client.close)
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, client.abort)

    async def _close(self, refusal: Says, *, cancel: bool) -> None:
        """What takes time at the end: the server's statement is cancelled, claims are told, the last record is written."""
        c = self._c
        if cancel and c.session.cancel is not None:
            await c.session.cancel()
        await self._finish()
        await c.claims.told()
        seconds = time.perf_counter() - self._began
        code, message = refusal.error
        error = None if self._orderly(refusal) and not cancel else {"code": code, "message": message}
        body = fragment({"statements": c.records.last, "duration_ms": round(seconds * 1000, 3), "error": error})
        try:
            c.records.closed(body)
        except AuditUnavailable:
            log.exception("session %s: its close could not be recorded", c.who.session_id)
        await self._await_sockets()
        self.closed.set_result(None)

    def _orderly(self, refusal: Says) -> bool:
        """Whether this is how sessions should end."""
        return refusal is self._words.client_gone

    async def _finish(self) -> None:
        """What an engine still has under way for the session."""

    async def _await_sockets(self) -> None:
        try:
            async with asyncio.timeout(_LINGER_SECONDS + 1):
                await self._both_lost.wait()
        except TimeoutError:
            log.warning("session %s: a socket does not close", self._c.who.session_id)

    # Idleness

    def _watch_idleness(self) -> None:
        """Looked at once in a while instead of with every statement: a session ends after one to two periods."""
        c = self._c
        seconds = c.rooms.limits.idle_seconds
        if not seconds or c.ended:
            return
        if self._seen == c.records.last and not self._running() and not c.decider.waiting:
            self.end(self._words.idle_too_long)
            return
        self._seen = c.records.last
        self._idle = asyncio.get_running_loop().call_later(seconds, self._watch_idleness)
