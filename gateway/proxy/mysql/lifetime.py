"""How a session begins and ends.

Whatever ends it, everything that was on its way gets its end record, the client hears why if it can still hear, the server is
told to stop, and the record of the session's close is the last. COM_CHANGE_USER ends a session too: the client's connection
then goes back to the door, for a new login.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final

from gateway.audit.encoding import fragment
from gateway.model.decision import Outcome
from gateway.model.errors import AuditUnavailable
from gateway.proxy.mysql import refuse
from gateway.proxy.mysql.refuse import Refusal
from gateway.proxy.outlet import WRITE_LIMIT
from gateway.wire.mysql.packets import encode_packet

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

log = logging.getLogger(__name__)

QUIT: Final = b"\x01\0\0\0\x01"
_GRACE_SECONDS: Final = 2.0  # a client that closed its sending half may still read results for so long
_LINGER_SECONDS: Final = 5.0  # for the last bytes to reach a peer that still reads
_CHANGED: Final = Refusal(1158, "08S01", "the client changed its user")


class Lifetime:
    __slots__ = (
        "_began",
        "_beside",
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
        self._beside: set[asyncio.Task[None]] = set()

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

    def beside(self, work: Coroutine[None, None, None]) -> None:
        """Work that takes its time while the session goes on."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    # Rules change

    def policy_changed(self) -> None:
        """Whether this person may still be connected at all; also when the clock says that this may have changed."""
        c = self._c
        if c.ended:
            return
        decision = c.judge.connect(c.who)
        if decision.outcome is not Outcome.ALLOW:
            reason = f"{decision.reason.text} (policy version {decision.policy_version})"
            message = f"gateway: permission to connect to {c.who.target.address} was revoked: {reason}"
            self.end(Refusal(1053, "08S01", message))
            return
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        left = decision.valid_until - time.time()
        if left < 86_400 * 30:  # a longer timer than that would outlive any session
            self._expiry = asyncio.get_running_loop().call_later(max(left, 0.0) + 0.01, self.policy_changed)

    # Peers leave

    def client_quits(self) -> None:
        """COM_QUIT comes when nothing is on its way."""
        self._end(refuse.CLIENT_GONE, None)

    def client_said_all(self) -> None:
        """The client closed its sending half: what is on its way gets some time."""
        c = self._c
        if c.ended:
            return
        if not c.busy:
            self._end(refuse.CLIENT_GONE, None)
            return
        c.draining = True
        self._grace = asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._end, refuse.CLIENT_GONE, None)

    def client_gone(self) -> None:
        self._lost(client=True)
        self._end(refuse.CLIENT_GONE, None)

    def _lost(self, *, client: bool) -> None:
        self._client_lost = self._client_lost or client
        self._server_lost = self._server_lost or not client
        if self._client_lost and self._server_lost:
            self._both_lost.set()

    def server_ends(self, error: tuple[str, str]) -> None:
        """An error between two commands: the connection follows."""
        self._goodbye = error

    def server_gone(self) -> None:
        self._lost(client=False)
        if self._c.ended:
            return
        refusal = refuse.SERVER_GONE
        if self._goodbye is not None:
            refusal = Refusal(refusal.number, refusal.state, f"{refusal.message}: {' '.join(self._goodbye)}")
        self.end(refusal)

    def change_user(self, command: bytes) -> None:
        """The client wants to be somebody else: this session is over, its connection is not."""
        self._c.change = command
        self._end(_CHANGED, None)

    def lost_track(self, what: str) -> None:
        """The server's answers are not those that the gateway waits for: nothing more may pass in either direction."""
        c = self._c
        log.error("session %s: protocol lost with the server: %s", c.who.session_id, what)
        self.end(Refusal(1105, "HY000", "gateway: lost track of the server's answers, connection closed"))

    def audit_failed(self, error: AuditUnavailable) -> None:
        """A record that had to be durable is not: what waits for it must never leave."""
        log.error("session %s: %s", self._c.who.session_id, error)
        self.end(Refusal(1105, "HY000", "gateway: audit log unavailable, connection closed"))

    # The gateway ends it

    def drain(self) -> None:
        self._c.draining = True
        self.leave_if_idle()

    def leave_if_idle(self) -> None:
        """While draining: end between two transactions."""
        c = self._c
        if c.ended or c.busy or c.progress.in_transaction or c.decider.waiting:
            return
        if self._grace is not None:
            self._end(refuse.CLIENT_GONE, None)
        else:
            self.end(refuse.SHUTDOWN)

    def abort(self) -> None:
        self.end(refuse.SHUTDOWN)

    def kill(self) -> None:
        self.end(refuse.KILLED)

    def end(self, refusal: Refusal, *, sequence: int | None = None) -> None:
        """`sequence` is the id of the client's last packet, where the refusal answers it."""
        if sequence is None:
            # In the middle of an answer an error takes the next id; out of the blue it has 0, as the servers' own have.
            sequence = self._c.server_side.sequence if self._c.busy else -1
        self._end(refusal, encode_packet(refusal.encode(), (sequence + 1) & 0xFF))

    def _end(self, refusal: Refusal, last_words: bytes | None) -> None:
        c = self._c
        if c.ended:
            return
        c.ended = True
        c.judge.unsubscribe(self.policy_changed)
        for timer in (self._grace, self._idle, self._expiry):
            if timer is not None:
                timer.cancel()
        c.decider.cancel()
        running = c.busy
        c.progress.lost(refusal.error)
        for prepared in c.prepared.values():
            if prepared.release is not None:
                c.claims.give_back(prepared.release)
        c.client_side.hot = False
        self._close_server(running=running)
        flushed = None
        if c.change is None:
            self._close_client(last_words)
        else:
            flushed = self._keep_client()
        cancel = running and not self._server_lost
        self._closing = asyncio.get_running_loop().create_task(self._close(refusal, flushed, cancel=cancel))

    def _close_server(self, *, running: bool) -> None:
        server = self._c.session.server
        if server.is_closing():
            return
        if running:
            server.abort()
        else:
            server.write(QUIT)
            server.close()

    def _keep_client(self) -> "asyncio.Future[None]":
        """Stop reading; done when everything that was held for the log is written."""
        c = self._c
        flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not c.session.client.is_closing():
            c.session.client.pause_reading()
        c.outlet.last(b"", lambda: _settle(flushed))
        return flushed

    def _close_client(self, last_words: bytes | None) -> None:
        c = self._c
        client = c.session.client
        if client.is_closing():
            return
        said = last_words if last_words is not None and c.server_side.between_packets else b""
        c.outlet.last(said, client.close)
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, client.abort)

    async def _close(self, refusal: Refusal, flushed: "asyncio.Future[None] | None", *, cancel: bool) -> None:
        """What takes time at the end: the server's statement is cancelled, claims are told, the last record is written."""
        c = self._c
        if flushed is not None:
            await flushed
        if cancel:
            await c.session.cancel()
        if self._beside:
            await asyncio.wait(self._beside, timeout=_LINGER_SECONDS)
        await c.claims.told()
        seconds = time.perf_counter() - self._began
        orderly = refusal in {refuse.CLIENT_GONE, _CHANGED} and not cancel
        error = None if orderly else {"code": str(refusal.number), "message": refusal.message}
        body = fragment({"statements": c.records.last, "duration_ms": round(seconds * 1000, 3), "error": error})
        try:
            c.records.closed(body)
        except AuditUnavailable:
            log.exception("session %s: its close could not be recorded", c.who.session_id)
        if c.change is None:
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
        if self._seen == c.records.last and not c.busy and not c.decider.waiting:
            self.end(refuse.IDLE_TOO_LONG)
            return
        self._seen = c.records.last
        self._idle = asyncio.get_running_loop().call_later(seconds, self._watch_idleness)


def _settle(flushed: "asyncio.Future[None]") -> None:
    if not flushed.done():
        flushed.set_result(None)
