"""How a session begins and ends.

Whatever ends it, everything that was on its way gets its end record, the client hears why if it can still hear, the server is
told to stop, and the record of the session's close is the last.
"""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from gateway.audit.encoding import fragment
from gateway.model.decision import Outcome
from gateway.model.errors import AuditUnavailable
from gateway.proxy.outlet import WRITE_LIMIT
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.refuse import Refusal

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

log = logging.getLogger(__name__)

TERMINATE: Final = b"X\0\0\0\x04"
_IDLE: Final = 0x49
_GRACE_SECONDS: Final = 2.0  # a client that closed its sending half may still read results for so long
_LINGER_SECONDS: Final = 5.0  # for the last bytes to reach a peer that still reads
_CLIENT_GONE: Final = Refusal(refuse.CONNECTION_FAILURE, "the client closed the connection")
_SERVER_GONE: Final = Refusal(refuse.CONNECTION_FAILURE, "gateway: the server closed the connection unexpectedly")
_SHUTDOWN: Final = Refusal(refuse.ADMIN_SHUTDOWN, "terminating connection due to administrator command")
_IDLE_TOO_LONG: Final = Refusal(refuse.IDLE_TIMEOUT, "terminating connection due to idle-session timeout")


class Lifetime:
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
        "closed",
    )

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = time.perf_counter()
        self._goodbye: tuple[str, str] | None = None  # what the server said before it hung up
        self._client_lost = self._server_lost = False
        self._both_lost = asyncio.Event()
        self._grace: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._seen = -1  # statements counted when idleness was last looked at

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
            detail = f"{decision.reason.text} (policy version {decision.policy_version})"
            message = f"gateway: permission to connect to {c.who.target.address} was revoked"
            self.end(Refusal(refuse.ADMIN_SHUTDOWN, message, detail))
            return
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        left = decision.valid_until - time.time()
        if left < 86_400 * 30:  # a longer timer than that would outlive any session
            self._expiry = asyncio.get_running_loop().call_later(max(left, 0.0) + 0.01, self.policy_changed)

    # Peers leave

    def client_said_all(self) -> None:
        """The client closed its sending half. After Terminate the server finishes by itself; else results get some time."""
        c = self._c
        if c.ended or c.client_side.finished:
            return
        if not c.ledger.entries and not c.decider.waiting:
            self._end(_CLIENT_GONE, tell_client=False)
            return
        c.draining = True
        self._grace = asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._end, _CLIENT_GONE, False)

    def client_gone(self) -> None:
        c = self._c
        self._lost(client=True)
        if c.ended:
            return
        if c.client_side.finished and c.ledger.entries:
            c.server_valve.resume(0xFF)  # the server finishes what it was sent before Terminate; nobody reads the results
        else:
            self._end(_CLIENT_GONE, False)

    def _lost(self, *, client: bool) -> None:
        self._client_lost = self._client_lost or client
        self._server_lost = self._server_lost or not client
        if self._client_lost and self._server_lost:
            self._both_lost.set()

    def server_ends(self, error: tuple[str, str]) -> None:
        """A FATAL error: the client has been sent it, the connection follows."""
        self._goodbye = error

    def server_gone(self) -> None:
        c = self._c
        self._lost(client=False)
        if c.ended:
            return
        if self._goodbye is not None:
            self._end(Refusal(*self._goodbye), False)
        elif c.client_side.finished and not c.ledger.entries:
            self._end(_CLIENT_GONE, False)
        else:
            self._end(_SERVER_GONE, True)

    def lost_track(self, what: str) -> None:
        """The server's answers are not those that the gateway waits for: nothing more may pass in either direction."""
        c = self._c
        log.error("session %s: protocol lost with the server: %s", c.who.session_id, what)
        self.end(Refusal(refuse.PROTOCOL_VIOLATION, "gateway: lost track of the server's answers, connection closed"))

    def audit_failed(self, error: AuditUnavailable) -> None:
        """A record that had to be durable is not: what waits for it must never leave."""
        log.error("session %s: %s", self._c.who.session_id, error)
        self.end(Refusal(refuse.IO_ERROR, "gateway: audit log unavailable, connection closed"))

    # The gateway ends it

    def drain(self) -> None:
        self._c.draining = True
        self.leave_if_idle()

    def leave_if_idle(self) -> None:
        """While draining: end between two transactions."""
        c = self._c
        if c.ended or c.ledger.entries or c.status != _IDLE or c.decider.waiting:
            return
        if self._grace is not None:
            self._end(_CLIENT_GONE, False)
        else:
            self.end(_SHUTDOWN)

    def abort(self) -> None:
        self.end(_SHUTDOWN)

    def end(self, refusal: Refusal) -> None:
        self._end(refusal, True)

    def _end(self, refusal: Refusal, tell_client: bool) -> None:
        c = self._c
        if c.ended:
            return
        c.ended = True
        c.judge.unsubscribe(self.policy_changed)
        for timer in (self._grace, self._idle, self._expiry):
            if timer is not None:
                timer.cancel()
        c.decider.cancel()
        c.obliged.close()
        running = bool(c.ledger.entries)
        c.progress.lost((refusal.code, refusal.message))
        for prepared in c.names.everything():
            if prepared.release is not None:
                c.claims.give_back(prepared.release)
        c.client_side.hot = False
        self._close_server(running=running)
        self._close_client(refusal if tell_client else None)
        self._closing = asyncio.get_running_loop().create_task(self._close(refusal, running=running))

    def _close_server(self, *, running: bool) -> None:
        server = self._c.session.server
        if server.is_closing():
            return
        if running:
            server.abort()
        else:
            server.write(TERMINATE)
            server.close()

    def _close_client(self, refusal: Refusal | None) -> None:
        c = self._c
        client = c.session.client
        if client.is_closing():
            return
        if refusal is not None and c.server_side.between_frames:
            c.outlet.last(refusal.encode("FATAL"), client.close)
        else:
            c.outlet.last(b"", client.close)
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, client.abort)

    async def _close(self, refusal: Refusal, *, running: bool) -> None:
        """What takes time at the end: the server's statement is cancelled, claims are told, the last record is written."""
        c = self._c
        if running and c.session.cancel is not None:
            await c.session.cancel()
        await c.claims.told()
        seconds = time.perf_counter() - self._began
        orderly = refusal is _CLIENT_GONE and not running
        error = None if orderly else {"code": refusal.code, "message": refusal.message}
        body = fragment({"statements": c.records.last, "duration_ms": round(seconds * 1000, 3), "error": error})
        try:
            c.records.closed(body)
        except AuditUnavailable:
            log.exception("session %s: its close could not be recorded", c.who.session_id)
        try:
            async with asyncio.timeout(_LINGER_SECONDS + 1):
                await self._both_lost.wait()
        except TimeoutError:
            log.warning("session %s: a socket does not close", c.who.session_id)
        self.closed.set_result(None)

    # Idleness

    def _watch_idleness(self) -> None:
        """Looked at once in a while instead of with every statement: a session ends after one to two periods."""
        c = self._c
        seconds = c.rooms.limits.idle_seconds
        if not seconds or c.ended:
            return
        if self._seen == c.records.last and not c.ledger.entries and not c.decider.waiting:
            self.end(_IDLE_TOO_LONG)
            return
        self._seen = c.records.last
        self._idle = asyncio.get_running_loop().call_later(seconds, self._watch_idleness)
