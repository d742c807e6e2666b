"""A gateway's way in, for tests: small in-memory rooms around the real door, and a conversation that only pumps bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.errors import NotFound
from gateway.model.identity import ClientInfo, Engine, Principal, PrincipalKind, Target
from gateway.proxy.cancel import CancelRegistry
from gateway.proxy.listener import Listener
from gateway.proxy.outcome import Refused
from gateway.proxy.ports import CancelForwarder
from gateway.proxy.postgres.door import PostgresDoor
from gateway.proxy.postgres.login import CertificateUse, LoginDesk
from gateway.proxy.postgres.session import Session
from gateway.proxy.sessions import About, Sessions
from gateway.proxy.throttle import LoginThrottle
from gateway.proxy.tls import ServerSideTls
from gateway.wire.postgres.scram import Verifier

PASSWORD = "alice's pass wörd"
_ALICE = str(Verifier.build(PASSWORD))
TOKEN = "gwt_0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Record:
    verifier: str | None
    disabled: bool = False
    native_verifier: bytes | None = None


@dataclass(frozen=True, slots=True)
class Tls:
    mode: str = "disable"
    ca: str = ""
    cert: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    host: str
    port: int
    username: str
    password: str | None = field(repr=False)
    tls: Tls = Tls()
    engine: Engine = Engine.POSTGRES


@dataclass(slots=True)
class MemoryDirectory:
    servers: dict[str, Access] = field(default_factory=dict)
    databases: tuple[str, ...] = ("pg1/postgres",)
    users: dict[str, Record] = field(default_factory=lambda: {"alice": Record(_ALICE), "gone": Record(_ALICE, disabled=True)})
    tokens: dict[str, str] = field(default_factory=lambda: {TOKEN: "alice"})

    async def user(self, name: str) -> Record | None:
        return self.users.get(name)

    async def principal(self, name: str) -> Principal | None:
        record = self.users.get(name)
        return Principal(name) if record is not None and not record.disabled else None

    async def token_owner(self, token: str) -> Principal | None:
        owner = self.tokens.get(token)
        return Principal(owner, kind=PrincipalKind.TOKEN) if owner is not None else None

    async def targets(self) -> Sequence[Target]:
        pairs = [address.split("/") for address in self.databases]
        return [Target(Engine.POSTGRES, instance, database, "test", "shop") for instance, database in pairs]

    async def server(self, instance: str) -> Access:
        if instance not in self.servers:
            raise NotFound(f"no instance {instance}")
        return self.servers[instance]


@dataclass(slots=True)
class MemoryPolicy:
    """Forbids the databases and settings named."""

    forbidden: frozenset[str] = frozenset()

    def may_connect(self, principal: Principal, target: Target, client: ClientInfo) -> Decision:
        return self._decision(target.address)

    async def may_set(self, principal: Principal, target: Target, client: ClientInfo, name: str, value: str) -> Decision:
        return self._decision(name.lower())

    def _decision(self, asked: str) -> Decision:
        if asked in self.forbidden:
            return Decision(Outcome.DENY, Reason(ReasonCode.DENIED_BY_RULE, f"{asked} is denied", rule="policy.csv:7"), "v1")
        return Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, "granted"), "v1")


@dataclass(slots=True)
class MemoryAudit:
    events: list[tuple[str, ...]] = field(default_factory=list)
    failure: Exception | None = None

    async def opened(self, session: str, principal: Principal, target: Target, client: ClientInfo) -> None:
        if self.failure is not None:
            raise self.failure
        self.events.append(("opened", principal.name, target.address, client.application))

    async def vanished(self, session: str) -> None:
        self.events.append(("vanished",))

    async def refused(self, session: str, client: ClientInfo, refusal: Refused) -> None:
        self.events.append(("refused", refusal.user, refusal.database, str(refusal.code), refusal.reason))

    def refusals(self) -> list[tuple[str, ...]]:
        return [event for event in self.events if event[0] == "refused"]


class _Pump(asyncio.Protocol):
    def __init__(self, pumping: "Pumping", other: asyncio.Transport) -> None:
        self._pumping = pumping
        self._other = other

    def data_received(self, data: bytes) -> None:
        self._other.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._other.close()
        self._pumping.lost()


class Pumping:
    """A conversation without rules: what one side sends reaches the other."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = 2
        session.client.set_protocol(_Pump(self, session.server))
        session.server.set_protocol(_Pump(self, session.client))
        session.server.write(session.client_surplus)
        session.client.write(session.server_surplus)
        session.client.resume_reading()
        session.server.resume_reading()

    @property
    def about(self) -> About:
        session = self.session
        return About(session.id, session.principal, session.target, session.client_info, 0.0, 0)

    def lost(self) -> None:
        self._open -= 1
        if not self._open and not self.closed.done():
            self.closed.set_result(None)

    def drain(self) -> None:
        self.session.client.close()

    def abort(self) -> None:
        self.session.client.abort()


@dataclass(slots=True)
class Gatehouse:
    port: int
    directory: MemoryDirectory
    audit: MemoryAudit
    cancels: CancelRegistry
    sessions: Sessions
    listener: Listener
    throttle: LoginThrottle
    opened: list[Session]

    def url(self, user: str = "alice", database: str = "pg1/postgres") -> str:
        return f"host=127.0.0.1 port={self.port} user='{user}' dbname='{database}'"


@contextlib.asynccontextmanager
async def gatehouse(
    *servers: tuple[str, Access],
    tls: ServerSideTls | None = None,
    policy: MemoryPolicy | None = None,
    databases: tuple[str, ...] = ("pg1/postgres",),
    seconds: float = 5.0,
    connections: int = 100,
    per_user: int = 50,
    failures: int = 1_000,
    certificate_use: CertificateUse = CertificateUse.SECOND_FACTOR,
    forwarder: CancelForwarder | None = None,
) -> AsyncIterator[Gatehouse]:
    """A door that listens on a free port of 127.0.0.1."""
    directory = MemoryDirectory(dict(servers), databases)
    rules = policy or MemoryPolicy()
    audit, cancels, sessions, opened = MemoryAudit(), CancelRegistry(forwarder), Sessions(per_user), list[Session]()

    def converse(session: Session) -> Pumping:
        opened.append(session)
        return Pumping(session)

    throttle = LoginThrottle(failures)
    desk = LoginDesk(directory, throttle, b"mock secret", tls, certificate_use, seconds=seconds)
    door = PostgresDoor(desk, rules, rules, audit, cancels, sessions, converse, connect_seconds=5.0)
    listener = Listener("127.0.0.1", 0, door.serve, connections=connections)
    await listener.start()
    try:
        yield Gatehouse(listener.port, directory, audit, cancels, sessions, listener, throttle, opened)
    finally:
        await listener.close()
