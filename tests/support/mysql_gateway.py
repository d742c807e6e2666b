"""The real road from socket to MariaDB, with small rooms in memory around it: door, judge, analysis, catalog, policy, audit."""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import aiomysql
import pymysql
import uvloop

from gateway.analysis.mysql import analyse_mysql, normalise_mysql
from gateway.app.obligations import PolicyObligations
from gateway.audit.keys import AuditKeys
from gateway.audit.log import AuditLog
from gateway.catalog.mysql import probe_mysql, read_mysql
from gateway.catalog.service import CatalogService, Reader
from gateway.config import Limits
from gateway.model.errors import NotFound
from gateway.model.identity import Engine, Principal, PrincipalKind, RoleBinding, Target
from gateway.model.paths import segment
from gateway.policy import PolicyService
from gateway.proxy.cancel import CancelRegistry
from gateway.proxy.listener import Listener
from gateway.proxy.mysql.converse import Converse
from gateway.proxy.mysql.door import MySqlDoor
from gateway.proxy.mysql.face import Faces
from gateway.proxy.mysql.fast import FastLogins
from gateway.proxy.mysql.kill import Killer
from gateway.proxy.mysql.login import LoginDesk
from gateway.proxy.rooms import Rooms
from gateway.proxy.sessions import Sessions
from gateway.proxy.throttle import LoginThrottle
from gateway.proxy.tls import ServerSideTls, context_for
from gateway.store.passwords import check_password, make_verifier, native_verifier
from gateway.verdict import Judge
from gateway.wire.mysql.auth import RsaKey
from tests.proxy.postgres.gatehouse import Access, MemoryAudit, MemoryPolicy, Record
from tests.support.gateway import Reviews, Same, read_records, write_bundle
from tests.support.usage import MemoryUsage

Result = TypeVar("Result")
PASSWORD = "pass word"
TOKEN = "gwt_0123456789abcdef"
OPEN_POLICY = """p, user:alice, *, **, *, , allow
p, user:bob, *, */*, connect, , allow
p, user:bob, *, */*/allowed, *, , allow
"""
_RSA = RsaKey()


@dataclass(slots=True)
class MySqlDirectory:
    """`projects` maps a database to its project; those not named belong to `shop`."""

    servers: dict[str, Access]
    databases: tuple[str, ...]
    users: dict[str, Record] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=lambda: {TOKEN: "alice"})
    projects: Mapping[str, str] = field(default_factory=dict)
    bindings: Mapping[str, tuple[RoleBinding, ...]] = field(default_factory=dict)
    environment: str = "test"

    async def user(self, name: str) -> Record | None:
        return self.users.get(name)

    async def principal(self, name: str) -> Principal | None:
        record = self.users.get(name)
        return Principal(name, self.bindings.get(name, ())) if record is not None and not record.disabled else None

    async def token_owner(self, token: str) -> Principal | None:
        owner = self.tokens.get(token)
        return Principal(owner, kind=PrincipalKind.TOKEN) if owner is not None else None

    async def targets(self) -> Sequence[Target]:
        pairs = [address.split("/") for address in self.databases]
        return [
            Target(Engine.MYSQL, instance, database, self.environment, self.projects.get(database, "shop"))
            for instance, database in pairs
        ]

    async def server(self, instance: str) -> Access:
        if instance not in self.servers:
            raise NotFound(f"no instance {instance}")
        return self.servers[instance]


@dataclass(slots=True)
class Running:
    """What runs on the gateway's loop."""

    port: int
    judge: Judge
    audit: AuditLog
    policies: PolicyService
    principals: Same
    reviews: Reviews
    sessions: Sessions
    logins: MemoryAudit
    directory: MySqlDirectory
    policy_dir: Path
    audit_dir: Path
    usage: MemoryUsage


@contextlib.asynccontextmanager
async def running_gateway(
    access: Access,
    home: Path,
    policy: str = OPEN_POLICY,
    *,
    users: Sequence[str] = ("alice", "bob"),
    databases: Sequence[str] = ("shop", "other"),
    projects: Mapping[str, str] | None = None,
    bindings: Mapping[str, tuple[RoleBinding, ...]] | None = None,
    environment: str = "test",
    durability: Literal["strict", "relaxed"] = "strict",
    limits: Limits | None = None,
    tls: ServerSideTls | None = None,
    native: bool = False,
    failures: int = 1_000_000,
    port: int = 0,
    files: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """A gateway on a free port of 127.0.0.1 in front of one server, `my1`."""
    policy_dir = write_bundle(home / "policies", policy, files)
    policies = PolicyService(policy_dir)
    keys = AuditKeys.derive(lambda purpose: hashlib.sha512(purpose.encode()).digest())
    audit_dir = home / "audit"
    audit = await AuditLog.open(audit_dir, "test-0", keys, durability=durability)

    @contextlib.asynccontextmanager
    async def connect(target: Target, /) -> AsyncIterator[Any]:
        tls = None if access.tls.mode == "disable" else context_for(access.tls)
        connection = await aiomysql.connect(
            host=access.host,
            port=access.port,
            user=access.username,
            password=access.password or "",
            db=target.database,
            ssl=tls,
        )
        try:
            yield connection
        finally:
            connection.close()

    catalogs = CatalogService(connect, readers={Engine.MYSQL: Reader(probe_mysql, read_mysql)})
    principals, reviews, limits = Same(), Reviews(), limits or Limits()
    directory = MySqlDirectory({"my1": access}, tuple(f"my1/{name}" for name in databases))
    directory.projects, directory.bindings, directory.environment = projects or {}, bindings or {}, environment
    record = Record(make_verifier(PASSWORD), native_verifier=native_verifier(PASSWORD) if native else None)
    directory.users.update(dict.fromkeys(users, record))
    siblings = {segment(target.database): target for target in await directory.targets()}
    judge = Judge(
        policies,
        catalogs,
        principals,
        {Engine.MYSQL: analyse_mysql},
        {Engine.MYSQL: normalise_mysql},
        masks=True,
        limits=True,
        siblings=lambda _: siblings,
    )
    usage = MemoryUsage()
    obligations = PolicyObligations(policies, catalogs.current, principals, usage, b"masking key")
    catalogs.subscribe(lambda target, snapshot: judge.changed())
    faces = Faces(directory.targets, directory.server)
    await faces.refresh()
    sessions, logins = Sessions(limits.connections_per_user), MemoryAudit()
    desk = LoginDesk(
        directory, LoginThrottle(failures), check_password, _RSA, FastLogins(), lambda: faces.current, tls, native=native
    )
    killer = Killer(CancelRegistry(), b"secret")
    door = MySqlDoor(
        desk, MemoryPolicy(), logins, killer, sessions, Converse(Rooms(judge, audit, reviews, limits, obligations=obligations))
    )
    listener = Listener("127.0.0.1", port, door.serve, connections=limits.connections)
    await listener.start()
    try:
        yield Running(
            listener.port,
            judge,
            audit,
            policies,
            principals,
            reviews,
            sessions,
            logins,
            directory,
            policy_dir,
            audit_dir,
            usage,
        )
    finally:
        await listener.close()
        await catalogs.close()
        await audit.close()


class LiveGateway:
    """A gateway on a thread with its own uvloop, for clients that block."""

    def __init__(self, access: Access, home: Path, policy: str = OPEN_POLICY, **options: Any) -> None:
        self._make: Callable[[], Any] = lambda: running_gateway(access, home, policy, **options)
        self._ready: Future[Running] = Future()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.running: Running

    def __enter__(self) -> Self:
        self._thread.start()
        self.running = self._ready.result(timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=30)

    @property
    def port(self) -> int:
        return self.running.port

    def connect(self, user: str = "alice", database: str | None = "my1/shop", **options: Any) -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=options.pop("password", PASSWORD),
            database=database,
            **options,
        )

    def call(self, work: Callable[[], Result]) -> Result:
        """Run on the gateway's loop."""

        async def run() -> Result:
            return work()

        return self.run(run())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            raise RuntimeError("the gateway does not run")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def set_policy(self, policy: str) -> None:
        """A new bundle decides, at once."""

        def swap() -> None:
            write_bundle(self.running.policy_dir, policy)
            self.running.policies.reload()
            self.running.judge.changed()

        self.call(swap)

    def records(self) -> list[dict[str, Any]]:
        """Every record so far, durable."""
        self.settle()
        return list(read_records(self.running.audit_dir))

    def settle(self) -> None:
        """Until every record so far is durable."""
        self.run(self._flush())

    async def _flush(self) -> None:
        await self.running.audit.durable(self.running.audit.position)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            async with self._make() as running:
                self._ready.set_result(running)
                await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise
