"""The real road from socket to server, with small rooms in memory around it: door, judge, analysis, catalog, policy, audit."""

import asyncio
import contextlib
import hashlib
import json
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import asyncpg
import uvloop

from gateway.analysis import analyse_postgres, normalise_postgres
from gateway.app.obligations import PolicyObligations
from gateway.audit.keys import AuditKeys
from gateway.audit.log import AuditLog
from gateway.catalog.service import CatalogService
from gateway.config import Limits
from gateway.model.change import IssueRef
from gateway.model.identity import Engine, Principal, Target
from gateway.policy import PolicyService
from gateway.proxy.cancel import CancelRegistry
from gateway.proxy.listener import Listener
from gateway.proxy.postgres.converse import Converse
from gateway.proxy.postgres.door import PostgresDoor
from gateway.proxy.postgres.login import LoginDesk
from gateway.proxy.rooms import Rooms
from gateway.proxy.sessions import Sessions
from gateway.proxy.throttle import LoginThrottle
from gateway.verdict import Judge, Ruling, SessionIdentity
from gateway.wire.postgres.scram import Verifier
from tests.proxy.postgres.gatehouse import Access, MemoryAudit, MemoryDirectory, MemoryPolicy, Record
from tests.support.usage import MemoryUsage

Result = TypeVar("Result")
PASSWORD = "pass word"
MODEL = Path(__file__).parents[2] / "policies" / "model.conf"
OPEN_POLICY = """p, user:alice, *, **, *, , allow
p, user:bob, *, */*, connect, , allow
p, user:bob, *, */*/public/allowed, *, , allow
"""


@dataclass(slots=True)
class Reviews:
    """A change desk that numbers what it is shown and releases what it is told to."""

    seen: list[str] = field(default_factory=list)
    approved: set[str] = field(default_factory=set)
    outcomes: list[tuple[int, str | None]] = field(default_factory=list)

    async def refused(
        self,
        who: SessionIdentity,
        ruling: Ruling,
        text: str,
        search_path: Sequence[str],
        flags: Sequence[tuple[str, str]] = (),
    ) -> IssueRef:
        if text not in self.seen:
            self.seen.append(text)
        number = self.seen.index(text) + 1
        return IssueRef(number, f"http://gateway.test/api/v1/issues/{number}")

    async def release(
        self,
        who: SessionIdentity,
        text: str,
        search_path: Sequence[str],
        flags: Sequence[tuple[str, str]] = (),
        rulings: Sequence[Ruling] = (),
    ) -> "ReleasedOnce | None":
        if text not in self.approved:
            return None
        self.approved.discard(text)
        return ReleasedOnce(self, self.seen.index(text) + 1 if text in self.seen else 0)


@dataclass(slots=True)
class ReleasedOnce:
    reviews: Reviews
    number: int

    async def finished(self, error: str | None) -> None:
        self.reviews.outcomes.append((self.number, error))

    async def lost(self, reason: str) -> None:
        self.reviews.outcomes.append((self.number, f"lost: {reason}"))


class Same:
    """Principals as they logged in; `gone` names those who are not there any more."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def current(self, principal: Principal) -> Principal | None:
        return None if principal.name in self.gone else principal


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
    catalogs: CatalogService
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
    databases: Sequence[str] = ("postgres",),
    durability: Literal["strict", "relaxed"] = "strict",
    limits: Limits | None = None,
    port: int = 0,
    files: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """A gateway on a free port of 127.0.0.1 in front of one server, `pg1`."""
    policy_dir = write_bundle(home / "policies", policy, files)
    policies = PolicyService(policy_dir)
    keys = AuditKeys.derive(lambda purpose: hashlib.sha512(purpose.encode()).digest())
    audit_dir = home / "audit"
    audit = await AuditLog.open(audit_dir, "test-0", keys, durability=durability)

    @contextlib.asynccontextmanager
    async def connect(target: Target, /) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(
            host=access.host, port=access.port, user=access.username, password=access.password, database=target.database
        )
        try:
            yield connection
        finally:
            await connection.close()

    catalogs = CatalogService(connect)
    principals, reviews, limits = Same(), Reviews(), limits or Limits()
    judge = Judge(
        policies,
        catalogs,
        principals,
        {Engine.POSTGRES: analyse_postgres},
        {Engine.POSTGRES: normalise_postgres},
        masks=True,
        limits=True,
    )
    usage = MemoryUsage()
    obligations = PolicyObligations(policies, catalogs.current, principals, usage, b"key of the hashes")
    catalogs.subscribe(lambda target, snapshot: judge.changed())
    verifier = str(Verifier.build(PASSWORD))
    directory = MemoryDirectory({"pg1": access}, tuple(f"pg1/{name}" for name in databases))
    directory.users.update({user: Record(verifier) for user in users})
    rules, sessions = MemoryPolicy(), Sessions(limits.connections_per_user)
    desk = LoginDesk(directory, LoginThrottle(1_000_000), b"mock secret", None)
    converse = Converse(Rooms(judge, audit, reviews, limits, obligations=obligations))
    door = PostgresDoor(desk, rules, rules, MemoryAudit(), CancelRegistry(), sessions, converse)
    listener = Listener("127.0.0.1", port, door.serve, connections=limits.connections)
    await listener.start()
    try:
        yield Running(
            listener.port, judge, audit, policies, principals, reviews, sessions, catalogs, policy_dir, audit_dir, usage
        )
    finally:
        await listener.close()
        await catalogs.close()
        await audit.close()


def write_bundle(folder: Path, policy: str, files: Mapping[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(MODEL, folder / "model.conf")
    (folder / "policy.csv").write_text(policy, encoding="utf-8")
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


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

    def url(self, user: str = "alice", database: str = "pg1/postgres") -> str:
        return f"host=127.0.0.1 port={self.port} user={user} password='{PASSWORD}' dbname={database} sslmode=disable"

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
        self.run(self._flush())
        return list(read_records(self.running.audit_dir))

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


def read_records(audit_dir: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(audit_dir.rglob("*.jsonl")):
        # Room is set aside behind the last record: line ends, or zeros.
        for line in filter(None, path.read_text(encoding="utf-8").rstrip("\0\n").splitlines()):
            record = json.loads(line)
            if "kind" in record:  # checkpoints have none
                yield record
