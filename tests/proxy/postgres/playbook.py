"""A conversation on a stage: scripted rooms, transports that only remember, frames as short strings.

stage.client(Q("SELECT 1"))        the client sends
assert stage.sent() == [...]       what reached the server since the last look
stage.server(T(), D(), C("SELECT 1"), Z())
assert stage.heard() == [...]      what reached the client
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from gateway.config import Limits
from gateway.model.decision import Decision, Mode, Notice, Obligation, Outcome, Reason, ReasonCode
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind
from gateway.model.footprint import Action, Category, Effect, EffectKind, Footprint, ObjectName
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.statement import Statement
from gateway.proxy.obligations import Obligations
from gateway.proxy.own import OwnAnswers
from gateway.proxy.postgres.conversation import Conversation
from gateway.proxy.postgres.session import Session
from gateway.proxy.rooms import Changes, Rooms
from gateway.verdict import Judge

TARGET = Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")


def frame(kind: str, body: bytes = b"") -> bytes:
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def query(text: str) -> bytes:
    return frame("Q", text.encode() + b"\0")


def parse(text: str, name: str = "") -> bytes:
    return frame("P", name.encode() + b"\0" + text.encode() + b"\0\0\0")


def bind(portal: str = "", name: str = "", value: bytes = b"") -> bytes:
    return frame("B", portal.encode() + b"\0" + name.encode() + b"\0\0\0\0\1" + struct.pack("!I", len(value)) + value + b"\0\0")


def describe(name: str = "", which: str = "P") -> bytes:
    return frame("D", which.encode() + name.encode() + b"\0")


def execute(portal: str = "", rows: int = 0) -> bytes:
    return frame("E", portal.encode() + b"\0" + struct.pack("!I", rows))


def close(name: str, which: str = "S") -> bytes:
    return frame("C", which.encode() + name.encode() + b"\0")


REFUSED = "E 42501 gateway: permission denied: select on pg1/shop/public/secret"
SYNC, FLUSH, TERMINATE = frame("S"), frame("H"), frame("X")
PARSED, BOUND, CLOSED, NO_DATA, EMPTY, SUSPENDED = (frame(kind) for kind in "123nIs")
COLUMNS = frame("T", b"\0\1a\0" + b"\0" * 18)
COPY_IN = frame("G", b"\0\0\0")
BATCH = (bind(), describe(), execute(), SYNC)  # what drivers send for a prepared statement


def row(value: str = "1") -> bytes:
    return frame("D", b"\0\1" + struct.pack("!I", len(value)) + value.encode())


def done(tag: str = "SELECT 1") -> bytes:
    return frame("C", tag.encode() + b"\0")


def ready(status: str = "I") -> bytes:
    return frame("Z", status.encode())


def error(code: str = "42601", message: str = "no", severity: str = "ERROR") -> bytes:
    return frame("E", f"S{severity}\0V{severity}\0C{code}\0M{message}\0\0".encode())


def parameter(name: str, value: str) -> bytes:
    return frame("S", f"{name}\0{value}\0".encode())


def probe_answer(path: str = "public", *, sync: bool = True, encoding: str = "UTF8", strings: str = "on") -> bytes:
    """What a server answers to the gateway's own question."""
    values = [path, "app", strings, "origin", encoding]
    body = struct.pack("!H", 5) + b"".join(struct.pack("!I", len(value)) + value.encode() for value in values)
    answers = PARSED + BOUND + frame("D", body) + done() + CLOSED + CLOSED
    return answers + ready() if sync else answers


class Pipe:
    """A transport that remembers."""

    def __init__(self) -> None:
        self.written = b""
        self.paused = False
        self.closed = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        assert not self.closed, "written behind the end"
        self.written += data

    def take(self) -> bytes:
        written, self.written = self.written, b""
        return written

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def reads_nothing(self) -> bool:
        return self.paused

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True


@dataclass
class Log:
    """An audit log whose disk waits to be told. `held` off: every record is durable at once."""

    durable_position: int = 0
    held: bool = False
    failed: bool = False
    records: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[int, Callable[[AuditUnavailable | None], None]]] = field(default_factory=list)

    def append(self, kind: EventKind, session: bytes, body: bytes) -> int:
        if self.failed and kind is EventKind.STATEMENT:
            raise AuditUnavailable("the disk is full")
        self.records.append((kind.value, body.decode()))
        if not self.held:
            self.durable_position = len(self.records)
        return len(self.records)

    def call_when_durable(self, position: int, callback: Callable[[AuditUnavailable | None], None]) -> None:
        if position <= self.durable_position:
            callback(None)
        else:
            self.waiting.append((position, callback))

    def sync(self, position: int | None = None) -> None:
        self.durable_position = len(self.records) if position is None else position
        due = [item for item in self.waiting if item[0] <= self.durable_position]
        self.waiting = [item for item in self.waiting if item[0] > self.durable_position]
        for _, callback in due:
            callback(None)

    def fail(self) -> None:
        self.failed = True
        for _, callback in self.waiting:
            callback(AuditUnavailable("the disk is full"))
        self.waiting.clear()

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.records]

    def ends(self) -> list[str]:
        return [body.partition(",")[2] for kind, body in self.records if kind == "statement.end"]


@dataclass
class Script:
    """Analysis, catalog, policy and principals: what a text means is told by its words.

    forbidden …   DENY       propose …     REVIEW      warned …   ALLOW with a notice     bound …   ALLOW with `obligations`
    SET / BEGIN / COMMIT / ROLLBACK / PREPARE name AS … / DDL / opaque   their effects
    """

    connect: Outcome = Outcome.ALLOW
    everything: Outcome = Outcome.ALLOW
    obligations: tuple[Obligation, ...] = ()
    unknown: set[str] = field(default_factory=set)
    refreshes: int = 0

    @property
    def current(self) -> "Script":
        return self

    version = "v1"

    def decide(self, principal: Principal, target: Target, client: ClientInfo, footprint: Footprint, now: float) -> Decision:
        outcome = {"forbidden": Outcome.DENY, "opaque": Outcome.DENY, "propose": Outcome.REVIEW}.get(
            footprint.kind, self.everything
        )
        code = ReasonCode.OPAQUE if footprint.kind == "opaque" else ReasonCode.NO_RULE
        path = "pg1/shop/public/secret" if footprint.kind == "forbidden" else ""
        reason = Reason(code, "because", "policy.csv:1", "ask", Action.SELECT if path else None, path)
        found = {"warned": (Notice(Mode.WARN, "careful", "rules:1"),), "bound": self.obligations}.get(footprint.kind, ())
        return Decision(outcome, reason, self.version, found)

    def permits(self, *_: object, **__: object) -> Decision:
        return Decision(self.connect, Reason(ReasonCode.NO_RULE, "because"), self.version)

    def analyse(self, statement: Statement, catalog: object) -> tuple[Footprint, ...]:
        parts = [part for part in statement.text.split(";") if part.strip()]
        return tuple(self._footprint(part, statement) for part in parts)

    def _footprint(self, part: str, statement: Statement) -> Footprint:
        words = part.split()
        kind, effects = words[0], tuple[Effect, ...]()
        match kind:
            case "SET":
                effects = (Effect(EffectKind.SET, words[1], words[2] if len(words) > 2 else ""),)
            case "BEGIN" | "COMMIT" | "ROLLBACK":
                effects = (Effect(EffectKind(kind.lower())),)
            case "PREPARE":
                effects = (Effect(EffectKind.PREPARE, words[1], " ".join(words[3:])),)
            case "DEALLOCATE":
                effects = (Effect(EffectKind.DEALLOCATE, words[1] if words[1] != "ALL" else ""),)
            case "DDL":
                effects = (Effect(EffectKind.CATALOG),)
        if kind == "SELECT" and statement.namespace.search_path == ("hidden",):
            kind = "forbidden"
        if kind == "EXECUTE":
            kind = dict(statement.namespace.prepared).get(words[1], "opaque").split()[0]
        unknown = frozenset(cast("ObjectName", name) for name in self.unknown if name in part)
        opaque = "riddle" if kind == "opaque" else None
        return Footprint(kind, Category.QUERY, end=len(part), effects=effects, unknown=unknown, opaque=opaque)

    def is_usable(self, schema: str) -> bool:
        return True

    def resolve(self, *_: object) -> None:
        return None


class Catalogs:
    def __init__(self, script: Script) -> None:
        self.script = script

    def current(self, target: Target) -> Any:
        return self.script

    async def load(self, target: Target) -> Any:
        return self.script

    async def refresh(self, target: Target) -> Any:
        self.script.refreshes += 1
        return self.script

    async def refresh_unknown(self, target: Target, names: object) -> Any:
        self.script.unknown.clear()
        return await self.refresh(target)


class People:
    def current(self, principal: Principal) -> Principal | None:
        return principal


class Stage:
    """A session that has asked the server for its state, unless `fresh`."""

    def __init__(
        self,
        *,
        fresh: bool = False,
        limits: Limits | None = None,
        changes: Changes | None = None,
        obligations: Obligations | None = None,
        own: OwnAnswers | None = None,
    ) -> None:
        self.script = Script()
        self.log = Log()
        self.judge = Judge(
            cast("Any", self.script),
            Catalogs(self.script),
            People(),
            {Engine.POSTGRES: cast("Any", self.script.analyse)},
            {Engine.POSTGRES: lambda text: None},
            masks=True,
            limits=True,
        )
        self.client_pipe, self.server_pipe = Pipe(), Pipe()
        self.cancelled = 0
        rooms = Rooms(self.judge, self.log, changes, limits or Limits(), obligations=obligations, own=own)
        self.conversation = Conversation(
            rooms,
            Session(
                "5e55",
                Principal("alice"),
                TARGET,
                ClientInfo("10.0.0.1"),
                0x30000,
                cast("asyncio.Transport", self.client_pipe),
                cast("asyncio.Transport", self.server_pipe),
                {"client_encoding": "UTF8"},
                cancel=self._cancel,
            ),
        )
        if not fresh:
            self.conversation.catalog_changed = False
            self.conversation.state.learned(("public",), "app", initial=True)
        self.conversation.life.start()
        self.conversation.follow_state()

    async def _cancel(self) -> None:
        self.cancelled += 1

    def client(self, *frames: bytes) -> None:
        self.conversation.client_side.data_received(b"".join(frames))

    def server(self, *frames: bytes) -> None:
        self.conversation.server_side.data_received(b"".join(frames))

    def sent(self) -> list[str]:
        return readable(self.server_pipe.take(), _sent)

    def heard(self) -> list[str]:
        return readable(self.client_pipe.take(), _heard)

    async def settle(self) -> None:
        """Let what was started beside the conversation finish."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Both sockets are gone; returns behind the last record."""
        self.conversation.client_side.connection_lost(None)
        self.conversation.server_side.connection_lost(None)
        await asyncio.wait_for(self.conversation.life.closed, 5)


def readable(data: bytes, show: Callable[[str, bytes], str]) -> list[str]:
    """Frames as their type and the text in them."""
    found: list[str] = []
    while data:
        size = int.from_bytes(data[1:5], "big") + 1
        found.append(show(data[:1].decode(), data[5:size]))
        data = data[size:]
    return found


def _sent(kind: str, body: bytes) -> str:
    """The gateway's own question shows as `probe`, what stands in for a refused message as `fail`."""
    if b"gateway refused" in body:
        return f"fail {kind}"
    if b"pg_catalog.current_setting" in body:
        return "probe"
    if b"gateway_" in body:
        return f"probe {kind}"
    if kind == "Q":
        return f"Q {body[:-1].decode()}"
    return f"P {body.split(bytes(1))[1].decode()}" if kind == "P" else kind


def _heard(kind: str, body: bytes) -> str:
    match kind:
        case "E" | "N":
            fields = {part[:1]: part[1:].decode() for part in body.split(b"\0") if part}
            return f"E {fields[b'C']} {fields[b'M']}" if kind == "E" else f"N {fields[b'M']}"
        case "C":
            return f"C {body[:-1].decode()}"
        case "Z":
            return f"Z {body.decode()}"
    return kind
