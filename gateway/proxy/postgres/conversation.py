"""One session after both logins, from the first statement to the last record.

    client ──► ClientSide ──► Decider ──► server        what is judged, recorded, forwarded or replaced
    client ◄── Outlet ◄── ServerSide ◄── server         what is counted, followed, held until its record is durable
                              │
                           Ledger, Progress             what the server still owes, and what follows from its answers

This class holds what both directions share; `lifetime` has how a session begins and ends.
"""

import time
from typing import Final

from gateway.audit.encoding import session_fragment
from gateway.model.decision import Mode, Notice, Outcome
from gateway.model.errors import AuditUnavailable
from gateway.model.footprint import Effect, EffectKind
from gateway.proxy.claims import Claims
from gateway.proxy.outlet import SLOW_CLIENT, Outlet
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.backend import application_name, application_prefix
from gateway.proxy.postgres.client_side import SLOW_SERVER, ClientSide
from gateway.proxy.postgres.decide import Answer, Decider
from gateway.proxy.postgres.known import Known
from gateway.proxy.postgres.ledger import Execution, Ledger, Prepared
from gateway.proxy.postgres.lifetime import Lifetime
from gateway.proxy.postgres.names import Names
from gateway.proxy.postgres.obliged import Obliged
from gateway.proxy.postgres.probe import Answer as ServerState
from gateway.proxy.postgres.progress import Progress
from gateway.proxy.postgres.refuse import Refusal
from gateway.proxy.postgres.server_side import ServerSide
from gateway.proxy.postgres.session import Session
from gateway.proxy.records import Records
from gateway.proxy.rooms import Release, Rooms
from gateway.proxy.valve import Valve
from gateway.verdict import SessionIdentity, SessionState, Verdict
from gateway.verdict.search_path import expand_user, split_search_path
from gateway.verdict.session_rules import codec_of

_IDLE: Final = 0x49
_NEVER: Final = Verdict((), Outcome.DENY, 0.0, 0)  # what was not judged yet
_TEXT_KEPT: Final = 4096  # bytes of a text that was not even read, for its record


class Conversation:
    """Made by `converse`. `stamp` changes with everything that makes verdicts of this session old."""

    __slots__ = (
        "_learned_once",
        "catalog_changed",
        "claims",
        "client_side",
        "client_valve",
        "codec",
        "decider",
        "draining",
        "ended",
        "epoch",
        "judge",
        "known",
        "ledger",
        "life",
        "moved",
        "names",
        "notices",
        "obliged",
        "outlet",
        "progress",
        "records",
        "rename",
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
        self.who = SessionIdentity(session.principal, session.target, session.client_info, session.id)
        self.client_valve, self.server_valve = Valve(session.client), Valve(session.server)
        self.server_write = session.server.write
        self.life = Lifetime(self)
        self.outlet = Outlet(rooms.audit, session.client.write, self.server_valve, self.life.audit_failed, rooms.waits)
        self.records = Records(rooms.audit, _session_fragment(session), session.id)
        self.ledger = Ledger()
        self.names = Names()
        self.known = Known()
        self.claims = Claims()
        self.state = SessionState()
        self.state.stale = True  # nobody has asked the server yet
        self.state_version = self.state.version
        self.stamp = object()
        self.epoch = self.judge.epoch
        self.status = session.state[0]
        self.codec = codec_of(session.parameters.get("client_encoding", "UTF8"))
        self.moved = False
        self.catalog_changed = True  # the first statement makes sure that the catalog is there and fresh
        self.draining = False
        self.ended = False
        self.notices: list[bytes] = []
        self.rename: bytes | None = None  # the application_name to go back to, with the user's name before it
        self._learned_once = False
        self.obliged = Obliged(self, rooms.obligations)
        self.progress = Progress(self)
        self.decider = Decider(self)
        self.client_side = ClientSide(self)
        self.server_side = ServerSide(self)

    # Both directions

    def to_server(self, data: bytes) -> None:
        self.server_write(data)

    def renew(self) -> None:
        """Policy, catalog or principal is new: what this session knew is old."""
        self.epoch = self.judge.epoch
        self._forget_verdicts()

    def follow_state(self) -> None:
        """Session state may have moved: verdicts made before are old then."""
        if self.state.version != self.state_version:
            self.state_version = self.state.version
            self._forget_verdicts()
        self.client_side.reheat()

    def _forget_verdicts(self) -> None:
        self.stamp = object()
        self.known.clear()

    def worth_knowing(self, verdict: Verdict) -> bool:
        """Whether the short way may take this verdict: it passes and nothing follows from it."""
        return (
            verdict.outcome is Outcome.ALLOW
            and len(verdict.rulings) == 1
            and not (verdict.effects or verdict.barrier or verdict.named)
            and not verdict.bound
            and verdict.epoch == self.epoch
        )

    def text(self, body: bytes) -> str | Refusal:
        """A text with its terminating NUL, as the server will read it."""
        if not body or body[-1] or 0 in body[:-1]:
            return Refusal(refuse.PROTOCOL_VIOLATION, "gateway: invalid string in message")
        plain = body[:-1]
        if plain.isascii():
            return plain.decode("ascii")
        if self.codec is None:
            return Refusal("0A000", "gateway: this client_encoding is not supported", hint="SET client_encoding TO 'UTF8'")
        try:
            return plain.decode(self.codec)
        except UnicodeDecodeError as error:
            sequence = " ".join(f"0x{byte:02x}" for byte in plain[error.start : error.start + 4])
            return Refusal(
                refuse.CHARACTER_NOT_IN_REPERTOIRE, f"gateway: invalid byte sequence for client_encoding: {sequence}"
            )

    def readable(self, name: bytes) -> bool:
        """Whether the server takes these bytes for the very name that SQL would mean by them: it converts them, too."""
        if name.isascii():
            return True
        try:
            return self.codec == "utf-8" and bool(name.decode("utf-8"))
        except UnicodeDecodeError:
            return False

    # Executions

    def begin(self, kind: int, answer: Answer) -> Execution:
        """Record what was decided on a message; the execution for the ledger."""
        verdict = answer.verdict
        if verdict is None:
            return self.refused_unread(kind, answer.refusal or refuse.AUDIT_UNAVAILABLE, b"")
        execution = self.start_execution(kind, verdict, answer.release)
        if execution.refusal is None:
            execution.refusal = answer.refusal
        return execution

    def start_execution(self, kind: int, verdict: Verdict, release: Release | None, portal: bytes | None = None) -> Execution:
        began = time.perf_counter()
        execution = Execution(kind, self.records.last + 1, verdict, began)
        try:
            for ruling in verdict.rulings:
                self.outlet.gate = self.records.statement(ruling.audit_body)
        except AuditUnavailable:
            execution.number = -1
            execution.refusal = refuse.AUDIT_UNAVAILABLE
            if release is not None:
                self.claims.give_back(release)
            return execution
        if verdict.effects and not self.state.holds(effect for item in verdict.rulings for effect in item.footprint.effects):
            execution.refusal = refuse.CROWDED
        execution.release = release
        execution.barrier = verdict.barrier and not (verdict.ends_only and self.state.unchanged)
        if verdict.bound:
            if verdict.outcome is Outcome.ALLOW:
                self.obliged.begin(execution, portal)
            self._notify(verdict)
        return execution

    def refused_unread(self, kind: int, refusal: Refusal, body: bytes) -> Execution:
        """A message that is refused before anybody judged it. Without a record where none can be written: nothing runs."""
        execution = Execution(kind, self.records.last + 1, None, time.perf_counter())
        execution.refusal = refusal
        text = body[:_TEXT_KEPT].rstrip(b"\0").decode("utf-8", "replace")
        try:
            self.outlet.gate = self.records.statement(self.judge.unread(text, refusal.message))
        except AuditUnavailable:
            execution.number = -1
            execution.refusal = refuse.AUDIT_UNAVAILABLE
        return execution

    def _notify(self, verdict: Verdict) -> None:
        """Rules in mode `warn` would have refused: the client is told, between two frames of the server."""
        for ruling in verdict.rulings:
            for obligation in ruling.decision.obligations:
                if isinstance(obligation, Notice) and obligation.mode is Mode.WARN:
                    self.notices.append(refuse.notice(f"gateway: {obligation.text}", f"rule {obligation.rule}"))
        self.send_notices()

    def send_notices(self) -> None:
        if self.notices and self.server_side.between_frames:
            notices, self.notices = self.notices, []
            self.outlet.send(b"".join(notices))

    # Names

    def prepared(self, name: bytes) -> Prepared | None:
        """The prepared statement of this name, made by Parse or by SQL's PREPARE."""
        if not name:
            return self.names.unnamed
        found = self.names.statements.get(name)
        return found if found is not None else self._sql_prepared(name, self.state.prepared(_text(name)))

    def portal(self, name: bytes) -> Prepared | None:
        """The statement behind this portal, opened by Bind or by SQL's DECLARE."""
        if not name:
            return self.names.portal
        found = self.names.portals.get(name)
        return found if found is not None else self._sql_prepared(name, self.state.cursor(_text(name)))

    def _sql_prepared(self, name: bytes, text: str | None) -> Prepared | None:
        """Judged when it is used: without a stamp."""
        return None if text is None else Prepared(name, text, _NEVER, None)

    def closed_statement(self, name: bytes) -> None:
        """Close drops what SQL's PREPARE made, too."""
        if self.state.prepared(_text(name)) is not None:
            self.state.apply(Effect(EffectKind.DEALLOCATE, _text(name)))

    # What the server says about itself

    def learned(self, answer: ServerState) -> None:
        """The answer to the gateway's own question."""
        if answer.standard_conforming_strings != "on":
            self.life.end(Refusal(refuse.CANNOT_DECIDE, "gateway: standard_conforming_strings is off in this session"))
            return
        if answer.session_replication_role != "origin":
            self.life.end(Refusal(refuse.CANNOT_DECIDE, "gateway: session_replication_role is not origin in this session"))
            return
        self._path_is(answer.search_path, answer.user)
        self.codec = codec_of(answer.client_encoding)
        self.follow_state()

    def probe_failed(self) -> None:
        """The transaction had failed: ask again when it is over. Anything else must not go on."""
        if self.status == _IDLE:
            self.life.end(Refusal(refuse.CANNOT_DECIDE, "gateway: the server does not tell the session's state"))

    def parameter(self, payload: bytes) -> None:
        """ParameterStatus, any time. Servers from PostgreSQL 18 on tell search_path too."""
        name, _, rest = payload.partition(b"\0")
        value = rest.rstrip(b"\0").decode("utf-8", "replace")
        if name == b"client_encoding":
            if self.codec != codec_of(value):
                self.codec = codec_of(value)
                self._forget_verdicts()  # the same bytes are another text
        elif name == b"standard_conforming_strings" and value != "on":
            self.life.end(Refusal(refuse.CANNOT_DECIDE, "gateway: standard_conforming_strings was turned off"))
        elif name == b"session_authorization":
            self.state.stale = True
            self.client_side.reheat()
        elif name == b"application_name":
            self._named(value)

    def _named(self, chosen: str) -> None:
        """The client chose another application_name. Before its next statement the user's name stands in it again, so that
        whoever looks into pg_stat_activity sees whose statement runs. Servers keep ASCII alone (check_application_name)."""
        user = self.who.principal.name.encode("ascii", "replace").decode("ascii")
        if chosen.startswith(application_prefix(user)):
            return
        self.rename = application_name(user, chosen).encode("ascii", "replace")
        self.state.stale = True
        self.client_side.reheat()

    def _path_is(self, value: str, user: str) -> None:
        names = split_search_path(value)
        if names is None:
            self.life.end(Refusal(refuse.CANNOT_DECIDE, "gateway: the server's search_path cannot be read"))
            return
        self.state.learned(expand_user(names, user), user, initial=not self._learned_once)
        self._learned_once = True

    # Pressure

    def client_is_slow(self, *, slow: bool) -> None:
        (self.server_valve.pause if slow else self.server_valve.resume)(SLOW_CLIENT)

    def server_is_slow(self, *, slow: bool) -> None:
        (self.client_valve.pause if slow else self.client_valve.resume)(SLOW_SERVER)


def _session_fragment(session: Session) -> bytes:
    info = session.client_info
    return session_fragment(
        session.id,
        user=session.principal.name,
        client=info.address,
        application=info.application,
        instance=session.target.instance,
        database=session.target.database,
    )


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
