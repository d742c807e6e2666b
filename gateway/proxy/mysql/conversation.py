"""One session after both logins, from the first command to the last record.

    client ──► ClientSide ──► Decider ──► server        what is judged, recorded, forwarded or refused
    client ◄── Outlet ◄── ServerSide ◄── server         what is counted, followed, held until its record is durable
                              │
                           Progress                     what follows from the server's answers

MySQL's protocol has one command at a time: `execution` is the one on its way, `busy` says that the server owes an answer. What
a client sends ahead waits. This class holds what both directions share; `lifetime` has how a session begins and ends.
"""

import time
from dataclasses import replace
from typing import Final

from gateway.audit.encoding import session_fragment
from gateway.model.decision import Outcome
from gateway.model.errors import AuditUnavailable
from gateway.model.identity import Target
from gateway.proxy.claims import Claims
from gateway.proxy.mysql import refuse
from gateway.proxy.mysql.backend import STATE_COLUMNS, STATE_QUERY, TRACK_QUERY
from gateway.proxy.mysql.client_side import SLOW_SERVER, ClientSide
from gateway.proxy.mysql.decide import Answer, Decider
from gateway.proxy.mysql.execution import Execution, Prepared
from gateway.proxy.mysql.known import Known
from gateway.proxy.mysql.lifetime import Lifetime
from gateway.proxy.mysql.obliged import Obliged
from gateway.proxy.mysql.progress import Progress
from gateway.proxy.mysql.refuse import Refusal
from gateway.proxy.mysql.server_side import ServerSide
from gateway.proxy.mysql.session import Session
from gateway.proxy.outlet import SLOW_CLIENT, Outlet
from gateway.proxy.records import Records
from gateway.proxy.rooms import Release, Rooms
from gateway.proxy.valve import Valve
from gateway.verdict import SessionIdentity, Verdict
from gateway.verdict.mysql_rules import charset_codec
from gateway.verdict.mysql_state import CHARSET, SERVER, SQL_MODE, MySqlState, keeps_state
from gateway.wire.mysql.commands import encode_query
from gateway.wire.mysql.constants import Capability, Status
from gateway.wire.mysql.packets import encode_packet
from gateway.wire.mysql.results import Ok

_TEXT_KEPT: Final = 4096  # bytes of a text that was not even read, for its record


class Conversation:
    """Made by `converse`. `stamp` changes with everything that makes verdicts of this session old."""

    __slots__ = (
        "busy",
        "capabilities",
        "catalog_changed",
        "change",
        "claims",
        "client_side",
        "client_valve",
        "codec",
        "decider",
        "draining",
        "ended",
        "epoch",
        "execution",
        "judge",
        "known",
        "last_prepared",
        "life",
        "obliged",
        "outlet",
        "prepared",
        "progress",
        "records",
        "rooms",
        "server_side",
        "server_valve",
        "server_write",
        "session",
        "stamp",
        "state",
        "state_version",
        "status",
        "who",
    )

    def __init__(self, rooms: Rooms, session: Session) -> None:
        self.rooms = rooms
        self.session = session
        self.judge = rooms.judge
        self.capabilities = session.capabilities
        self.who = SessionIdentity(session.principal, session.target, session.client_info, session.id)
        self.client_valve, self.server_valve = Valve(session.client), Valve(session.server)
        self.server_write = session.server.write
        self.change: bytes | None = None
        self.life = Lifetime(self)
        self.outlet = Outlet(rooms.audit, session.client.write, self.server_valve, self.life.audit_failed, rooms.waits)
        self.records = Records(rooms.audit, _session_fragment(session, session.target), session.id)
        self.prepared: dict[int, Prepared] = {}
        self.last_prepared: int | None = None
        self.known = Known()
        self.claims = Claims()
        self.state = MySqlState(session.database, ((SERVER, session.server_version),))
        self.codec: str | None = None
        self.stamp = object()
        self.epoch = self.judge.epoch
        self.status = session.status
        self.busy = False
        self.execution: Execution | None = None
        self.obliged = Obliged(self, rooms.obligations)
        self.catalog_changed = True  # the first statement makes sure that the catalog is there and fresh
        self.draining = False
        self.ended = False
        self.progress = Progress(self)
        self.decider = Decider(self)
        self.client_side = ClientSide(self)
        self.server_side = ServerSide(self)
        self.learned(session.state)
        self.state_version = self.state.version

    # State

    def renew(self) -> None:
        """Policy, catalog or principal is new: what this session knew is old."""
        self.epoch = self.judge.epoch
        self._forget_verdicts()

    def follow_state(self) -> None:
        """Session state may have moved: verdicts made before are old then."""
        if self.state.version != self.state_version:
            self.state_version = self.state.version
            self._forget_verdicts()
            self._follow_database()

    def learned(self, values: tuple[str, ...]) -> None:
        """What the server says about the session (`STATE_QUERY`)."""
        state = dict(zip(STATE_COLUMNS, values, strict=False))
        self.state.has(SQL_MODE, state["sql_mode"])
        self.charset_is(state["character_set_client"])
        self.state.is_in(values[-1])
        self.state.stale = False

    def charset_is(self, name: str) -> None:
        self.state.has(CHARSET, name)
        self.codec = charset_codec(name)

    @property
    def tracked(self) -> bool:
        """Whether the server tells changes of its own accord."""
        return bool(self.session.server_capabilities & Capability.SESSION_TRACK)

    def ask_state(self) -> None:
        """Ask the server how things stand; `decider.state_learned` follows."""
        questions = [TRACK_QUERY] if self.tracked else []
        self.server_side.questions.ask([*questions, STATE_QUERY])

    def question(self, text: bytes) -> None:
        self.server_write(encode_packet(encode_query(text, self.session.server_capabilities)))

    def _forget_verdicts(self) -> None:
        self.stamp = object()
        self.known.clear()

    def _follow_database(self) -> None:
        """The current database is what the session is judged as, and what its records name."""
        database = self.state.database
        target = self.who.target
        if database and database != target.database:
            target = self.judge.beside(target, database)
            self.who = replace(self.who, target=target)
            self.records.session = _session_fragment(self.session, target)
            self.catalog_changed = True

    # Texts

    def text(self, body: bytes) -> str | Refusal:
        """A text as the server will read it. Bytes that are no characters stand for themselves inside of strings only."""
        if body.isascii():
            return body.decode("ascii")
        if self.codec is None:
            return refuse.charset(self.state.flag(CHARSET))
        return body.decode(self.codec, "replace")

    def worth_knowing(self, verdict: Verdict) -> bool:
        """Whether the short way may take this verdict: it passes and nothing follows from it."""
        return (
            verdict.outcome is Outcome.ALLOW
            and len(verdict.rulings) == 1
            and not verdict.named
            and (not (verdict.effects or verdict.barrier) or keeps_state(verdict.rulings[0].footprint))
            and not verdict.rulings[0].decision.obligations
            and not verdict.rulings[0].footprint.kind.startswith("LOAD ")
            and verdict.epoch == self.epoch
        )

    # Executions

    def begin(self, verdict: Verdict, release: Release | None = None) -> Execution | None:
        """Record what was decided. None where no record can be written: then nothing runs."""
        execution = Execution(self.records.last + 1, verdict, time.perf_counter())
        try:
            for ruling in verdict.rulings:
                self.outlet.gate = self.records.statement(ruling.audit_body)
        except AuditUnavailable:
            if release is not None:
                self.claims.give_back(release)
            return None
        execution.release = release
        return execution

    def oblige(self, execution: Execution, prepared: Prepared | None = None) -> Refusal | None:
        """See to the obligations of what starts now: a refusal, already recorded, where they leave nothing to do."""
        if not self.obliged.concerns(execution.verdict):
            return None
        refusal = self.obliged.begin(execution, prepared)
        if refusal is not None:
            self.progress.failed(execution, refusal.error)
        return refusal

    def run(self, execution: Execution | None, data: bytes) -> None:
        """Send a command whose answer is awaited. `execution` is None for commands without a record."""
        self.execution = execution
        self.busy = True
        self.server_write(data)

    def refuse(self, answer: Answer, sequence: int) -> None:
        """Record and answer a refused command; `sequence` is the id of its last packet."""
        refusal = answer.refusal or refuse.AUDIT_UNAVAILABLE
        if answer.verdict is None:
            self.say_error(refusal, sequence)
            return
        execution = self.begin(answer.verdict)
        if execution is None:
            self.say_error(refuse.AUDIT_UNAVAILABLE, sequence)
            return
        self.progress.failed(execution, refusal.error, refused=True)
        self.say_error(refusal, sequence)

    def refuse_unread(self, refusal: Refusal, body: bytes, sequence: int) -> None:
        """A command that is refused before anybody judged it."""
        self.say_error(self.record_unread(refusal, body), sequence)

    def record_unread(self, refusal: Refusal, body: bytes) -> Refusal:
        """What to answer to a command that nobody judged: the refusal once it is recorded."""
        text = body[:_TEXT_KEPT].decode("utf-8", "replace")
        began = time.perf_counter()
        try:
            self.outlet.gate = self.records.statement(self.judge.unread(text, refusal.message))
            self.records.failed(self.records.last, 0, 0, time.perf_counter() - began, refusal.error)
        except AuditUnavailable:
            return refuse.AUDIT_UNAVAILABLE
        return refusal

    def say_error(self, refusal: Refusal, sequence: int) -> None:
        self.outlet.send(encode_packet(refusal.encode(), sequence + 1))

    def say_ok(self, sequence: int) -> None:
        """An OK of the gateway's own, in the present state."""
        status = self.status & ~Status.SESSION_STATE_CHANGED & ~Status.MORE_RESULTS_EXISTS
        self.outlet.send(encode_packet(Ok(status=status).encode(self.capabilities), sequence + 1))

    def answered(self) -> None:
        """The server's answer is complete and on its way to the client."""
        self.busy = False
        if self.execution is not None and self.execution.watch is not None:
            self.obliged.ended(self.execution)
        self.execution = None
        self.server_side.sequence = 0  # the next command's own: an answer to it begins with 1
        if self.draining:
            self.life.leave_if_idle()
        if not self.ended:
            self.client_side.go_on()

    # Pressure

    def client_is_slow(self, *, slow: bool) -> None:
        (self.server_valve.pause if slow else self.server_valve.resume)(SLOW_CLIENT)

    def server_is_slow(self, *, slow: bool) -> None:
        (self.client_valve.pause if slow else self.client_valve.resume)(SLOW_SERVER)


def _session_fragment(session: Session, target: Target) -> bytes:
    info = session.client_info
    return session_fragment(
        session.id,
        user=session.principal.name,
        client=info.address,
        application=info.application,
        instance=target.instance,
        database=target.database,
    )
