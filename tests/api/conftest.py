"""The API over a real store, the shipped policy and a real desk; only audit, throttle and database sessions are stand-ins."""

import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway.api import ApiServices, AuditPage, AuditQuery, LiveSession, PolicyState, create_api
from gateway.changes import ChangeDesk
from gateway.changes.access import AccessDesk
from gateway.changes.authority import Authority
from gateway.changes.ports import Ruled
from gateway.changes.release import Claims
from gateway.model.change import ChangeNamespace, Issue
from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind
from gateway.model.footprint import Category, Footprint
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.policy import compile_policy, load_bundle
from gateway.policy.snapshot import PolicySnapshot
from gateway.store import SecretKey, Store, StoredBinding, StoredInstance, directory, servers, tokens
from gateway.store.issues import IssueRepository
from gateway.store.passwords import make_verifier

ROOT = Path(__file__).parents[2]
PEOPLE = {
    "dana": ("dba", ""),
    "alice": ("developer", "shop"),
    "olga": ("owner", "shop"),
    "audra": ("auditor", ""),
    "nobody": None,
}
PASSWORD = "correct horse"


@dataclass
class MemoryRecorder:
    """`Recorder`; with `full` every record fails, as on a full disk."""

    records: list[tuple[EventKind, str, dict[str, object]]] = field(default_factory=list)
    full: bool = False

    async def record(self, kind: EventKind, actor: Principal, target: Target | None, details: Mapping[str, object]) -> None:
        if self.full:
            raise AuditUnavailable("audit log unavailable: no space left on device")
        self.records.append((kind, actor.name, dict(details)))

    @property
    def kinds(self) -> list[EventKind]:
        return [kind for kind, _, _ in self.records]


@dataclass
class MemoryThrottle:
    """`Throttle`: after three failures none gets an answer."""

    failures: list[tuple[str, str]] = field(default_factory=list)

    def answer_wait(self, user: str, address: str) -> float | None:
        return None if len(self.failures) > 3 else 0.0

    def failed(self, user: str, address: str) -> None:
        self.failures.append((user, address))

    def succeeded(self, user: str) -> None:
        self.failures.clear()


@dataclass
class MemorySessions:
    live: list[LiveSession] = field(default_factory=list)

    def listing(self) -> Sequence[LiveSession]:
        return self.live

    async def end(self, session_id: str) -> bool:
        before = len(self.live)
        self.live = [session for session in self.live if session.id != session_id]
        return len(self.live) < before


@dataclass
class _Ruled:
    footprint: Footprint
    decision: Decision


async def review_everything(
    principal: Principal, target: Target, client: ClientInfo, text: str, namespace: ChangeNamespace
) -> Sequence[Ruled]:
    """Each statement of a script is a change to review, but SELECT, which anyone may run."""
    found: list[Ruled] = []
    start = 0
    for piece in text.split(";"):
        end = start + len(piece)
        if piece.strip():
            select = piece.strip().upper().startswith("SELECT")
            outcome = Outcome.ALLOW if select else Outcome.REVIEW
            kind = "SELECT" if select else "ALTER TABLE"
            footprint = Footprint(kind, Category.QUERY if select else Category.DDL, start, end)
            found.append(_Ruled(footprint, Decision(outcome, Reason(ReasonCode.NEEDS_ISSUE, "review"), "v1")))
        start = end + 1
    return found


@dataclass
class House:
    """Everything behind one API under test."""

    store: Store
    policy: PolicySnapshot
    recorder: MemoryRecorder
    throttle: MemoryThrottle
    sessions: MemorySessions
    services: ApiServices
    searched: list[AuditQuery]
    api: FastAPI

    def client(self, token: str | None = None, **changes: object) -> httpx.AsyncClient:
        services = dataclasses.replace(self.services, **changes)  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        api = self.api
        if services.limits != self.services.limits:
            api = create_api(services)
        api.state.services = services
        transport = httpx.ASGITransport(api, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)

    async def token(self, user: str) -> str:
        async with self.store.write() as connection:
            return await tokens.create_token(connection, user, f"test {time.monotonic_ns()}", now=time.time())


@pytest.fixture(scope="session")
def shipped_policy() -> PolicySnapshot:
    return compile_policy(load_bundle(ROOT / "policies"))


_made: list[FastAPI] = []


def _api(services: ApiServices) -> FastAPI:
    """One application for the whole run: making its routes takes longer than most tests."""
    if not _made:
        _made.append(create_api(services))
    return _made[0]


@pytest.fixture
async def house(tmp_path: Path, shipped_policy: PolicySnapshot) -> AsyncIterator[House]:
    store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", SecretKey.load_or_create(tmp_path / "master.key"))
    await _furnish(store)
    policy = shipped_policy
    recorder, throttle, sessions, searched = MemoryRecorder(), MemoryThrottle(), MemorySessions(), list[AuditQuery]()

    async def search(query: AuditQuery, cursor: str | None, limit: int) -> AuditPage:
        if cursor not in (None, "2"):
            raise ValueError(cursor)
        searched.append(query)
        return AuditPage([{"seq": 1, "user": "alice"}], None if cursor else "2")

    desk = _desk(store, policy, recorder)

    async def rollout(principal: Principal, number: int, assume: str | None = None) -> Issue:
        return await desk.show(principal, number)

    services = ApiServices(
        store=store,
        permits=policy.permits,
        recorder=recorder,
        throttle=throttle,
        policy=lambda: PolicyState(policy.version, 1.0, ["developer", "dba"], "line 3: no such action"),
        metrics=lambda: b"gateway_sessions 3\n",
        explain=review_everything,
        desk=desk,
        access=AccessDesk(store, recorder, Authority(policy.permits, time.time), targets=_targets(store), clock=time.time),
        rollout=rollout,
        search_audit=search,
        sessions=sessions,
    )
    yield House(store, policy, recorder, throttle, sessions, services, searched, _api(services))
    await store.close()


async def _furnish(store: Store) -> None:
    verifier = make_verifier(PASSWORD)
    async with store.change() as connection:
        await servers.add_environment(connection, "prod")
        await servers.add_project(connection, "shop")
        await servers.add_project(connection, "factory")
        instance = StoredInstance("pg1", Engine.POSTGRES, "db.internal", 5432, "prod", "gateway", has_password=False)
        await servers.put_instance(connection, instance)
        await servers.set_server_password(connection, store.key, "pg1", "server-sesame")
        await servers.put_database(connection, "pg1", "shop", "shop")
        await servers.put_database(connection, "pg1", "plant", "factory")
        for name, role in PEOPLE.items():
            await directory.add_user(connection, name)
            await directory.set_verifier(connection, name, verifier)
            if role is not None:
                await directory.put_binding(connection, StoredBinding("user", name, *role, None))


def _targets(store: Store) -> Callable[[str, str], Awaitable[Target | None]]:
    async def target(instance: str, database: str) -> Target | None:
        found = {(item.instance, item.database): item for item in await store.targets()}
        return found.get((instance, database))

    return target


def _desk(store: Store, policy: PolicySnapshot, recorder: MemoryRecorder) -> ChangeDesk:
    async def no_schema(_target: Target) -> None:
        return None

    repository = IssueRepository(store)
    return ChangeDesk(
        repository=repository,
        recorder=recorder,
        authority=Authority(policy.permits, time.time),
        targets=_targets(store),
        rules=review_everything,
        base_url="http://gateway",
        clock=time.time,
        claims=Claims(repository, recorder, time.time, no_schema),  # type: ignore[arg-type]
        uncovered=policy.uncovered,
    )


Call = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def call(house: House) -> Call:
    """`await call("dana", "GET", "/users")`: one request as that person, below /api/v1."""
    known: dict[str, str] = {}

    async def ask(who: str | None, method: str, path: str, **options: object) -> httpx.Response:
        if who is not None and who not in known:
            known[who] = await house.token(who)
        async with house.client(known[who] if who else None) as client:
            return await client.request(method, f"/api/v1{path}", **options)  # type: ignore[arg-type]

    return ask


def assert_problem(response: httpx.Response, status: int, words: str = "") -> None:
    """RFC 9457: media type, status in the document as in the line, a detail for people."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert words in document["detail"]
