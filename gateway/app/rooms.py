"""Every room opened and wired: the only place where implementations meet the protocols that others declare."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from gateway.analysis import analyse_postgres, normalise_postgres
from gateway.analysis.mysql import analyse_mysql, normalise_mysql
from gateway.app.connections import ServerConnections, ServerUnreachable
from gateway.app.day_table import DayTable
from gateway.app.followers import Background, StoreCancelForwarder, StoreFollower
from gateway.app.obligations import PolicyObligations
from gateway.app.own import OwnAnswers
from gateway.app.peers import run_dir
from gateway.app.people import LivePrincipals, StoreDirectory
from gateway.app.recorders import StepRecorder
from gateway.app.road import Road
from gateway.app.usage import DailyUsage, GrantUse
from gateway.audit import Anchor, AuditKeys, AuditLog, chain_name, fragment
from gateway.catalog import CatalogService
from gateway.changes import Authority, ChangeDesk, Claims, Rollouts, schema_reader
from gateway.changes.access import AccessDesk
from gateway.changes.executor import ConnectionLost, Executor
from gateway.changes.mysql_executor import MysqlExecutor
from gateway.changes.postgres_executor import PostgresExecutor
from gateway.changes.unused import UnusedAccess
from gateway.config import Settings
from gateway.metrics import Metrics
from gateway.model.decision import Decision
from gateway.model.errors import AuditUnavailable, StoreUnavailable
from gateway.model.footprint import Action, Footprint
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.policy.service import PolicyEvent, PolicyService
from gateway.proxy.cancel import CancelRegistry
from gateway.proxy.sessions import Sessions
from gateway.proxy.throttle import LoginThrottle
from gateway.store import SecretKey, Store
from gateway.store.anchors import Anchor as StoredAnchor
from gateway.store.issues import IssueRepository
from gateway.verdict import Judge

_log = logging.getLogger("gateway")
_ADOPT_SECONDS = 5.0


@dataclass(slots=True)
class Rooms:
    """Everything that is open in this process."""

    settings: Settings
    worker: int
    key: SecretKey
    store: Store
    audit: AuditLog
    policy: PolicyService
    catalogs: CatalogService
    principals: LivePrincipals
    directory: StoreDirectory
    judge: Judge
    road: Road
    obligations: PolicyObligations
    own: OwnAnswers
    desk: ChangeDesk
    access: AccessDesk
    rollouts: Rollouts
    sessions: Sessions
    cancels: CancelRegistry
    throttle: LoginThrottle
    follower: StoreFollower
    unused: UnusedAccess
    background: Background
    steps: StepRecorder
    metrics: Metrics

    def permits(  # noqa: PLR0917 - the shape that changes and the API declare
        self,
        principal: Principal,
        project: str,
        path: str,
        action: Action,
        now: float,
        client: ClientInfo | None = None,
        environment: str = "",
    ) -> Decision:
        """By the policy of this moment."""
        return self.policy.current.permits(principal, project, path, action, now, client, environment)


async def open_rooms(settings: Settings, worker: int, stack: AsyncExitStack) -> Rooms:
    """Open in the order of need; `stack` closes in the other. Raises GatewayError for what cannot be opened."""
    key = await asyncio.to_thread(SecretKey.load_or_create, settings.secrets.key_file)
    store = await Store.open(settings.store.url, key)
    stack.push_async_callback(store.close)
    await store.require_key()  # before the log is signed with the wrong one
    background = Background()
    audit = await _open_audit(settings, worker, key, store, background)
    stack.push_async_callback(_close_audit, audit)
    stack.push_async_callback(background.close)
    news = _News(audit)
    policy = PolicyService(settings.policy.dir, on_event=news.policy)
    principals = LivePrincipals(store)
    directory = StoreDirectory(store, principals)
    connections = ServerConnections(store, settings.limits.connect_seconds)
    catalogs = CatalogService(connections.open)
    stack.push_async_callback(catalogs.close)
    judge = _open_judge(policy, catalogs, principals, directory)
    news.changed = judge.changed
    counted = await asyncio.to_thread(DayTable.open, run_dir(settings) / "rows-of-the-day")
    stack.callback(counted.close)
    usage, grant_use = DailyUsage(store, counted), GrantUse(store)
    judge.grants_used = grant_use.used
    unused = UnusedAccess(store, StepRecorder(audit), clock=time.time)
    stack.push_async_callback(_close_usage, usage)
    obligations = PolicyObligations(policy, catalogs.current, principals, usage, key.derive("masking"))
    road = Road(judge, catalogs)
    steps = StepRecorder(audit)
    cancels = CancelRegistry(StoreCancelForwarder(store))
    follower = StoreFollower(store, _Refresh(store, policy, principals, directory, judge).follow, cancels.cancel_by_digest)
    desk, access, rollouts, authority = _open_changes(
        settings, store, steps=steps, policy=policy, directory=directory, road=road, connections=connections
    )
    stack.push_async_callback(rollouts.close)
    own = OwnAnswers(
        store=store,
        usage=usage,
        policies=policy,
        principals=principals,
        catalogs=catalogs,
        road=road,
        desk=desk,
        access=access,
        authority=authority,
        audit_dir=settings.audit.dir,
    )
    await follower.start()
    for name, work in {
        "store follower": follower.run(),
        "policy watcher": policy.watch(),
        "rows of the day": usage.run(),
        "grants used": grant_use.run(),
        "unused access": unused.run(),
        "rollout adoption": _adopt(rollouts, store),
    }.items():
        background.keep(work, name)
    rooms = Rooms(
        settings=settings,
        worker=worker,
        key=key,
        store=store,
        audit=audit,
        policy=policy,
        catalogs=catalogs,
        principals=principals,
        directory=directory,
        judge=judge,
        road=road,
        obligations=obligations,
        own=own,
        desk=desk,
        access=access,
        rollouts=rollouts,
        sessions=Sessions(settings.limits.connections_per_user),
        cancels=cancels,
        throttle=LoginThrottle(settings.limits.login_failures),
        follower=follower,
        unused=unused,
        background=background,
        steps=steps,
        metrics=Metrics(worker),
    )
    _watch(rooms)
    return rooms


def _open_judge(
    policy: PolicyService, catalogs: CatalogService, principals: LivePrincipals, directory: StoreDirectory
) -> Judge:
    judge = Judge(
        policy,
        catalogs,
        principals,
        {Engine.POSTGRES: analyse_postgres, Engine.MYSQL: analyse_mysql},
        {Engine.POSTGRES: normalise_postgres, Engine.MYSQL: normalise_mysql},
        masks=True,
        limits=True,
        siblings=directory.siblings,
    )
    catalogs.subscribe(lambda _target, _snapshot: judge.changed())
    return judge


def _watch(rooms: Rooms) -> None:
    """What is read when somebody scrapes the metrics."""
    metrics = rooms.metrics
    metrics.watch("gateway_sessions", "Sessions open now.", lambda: len(rooms.sessions))
    metrics.watch("gateway_audit_lag_records", "Audit records not yet on disk.", lambda: rooms.audit.lag)
    metrics.watch("gateway_audit_failing", "1 while no record can be written.", lambda: rooms.audit.failure is not None)
    metrics.watch("gateway_store_away", "1 while the store does not answer.", lambda: rooms.follower.failure is not None)
    metrics.watch("gateway_access_unused", "Grants that count now and were never used.", lambda: rooms.unused.running)
    metrics.watch_total(
        "gateway_verdict_cache",
        "Statements found among kept verdicts, and not.",
        lambda: {"hit": rooms.judge.cache_hits, "miss": rooms.judge.cache_misses},
        label="result",
    )
    metrics.watch_total("gateway_audit_commits", "Groups of records made durable.", lambda: rooms.audit.commits)
    metrics.watch_info("gateway_policy", "The policy in force.", lambda: {"version": rooms.policy.version})


def public_url(settings: Settings) -> str:
    """What refusals and issues point at."""
    if settings.changes.base_url is not None:
        return settings.changes.base_url
    return f"http://{settings.listen.http}" if settings.listen.http is not None else "gateway:"


def _open_changes(
    settings: Settings,
    store: Store,
    *,
    steps: StepRecorder,
    policy: PolicyService,
    directory: StoreDirectory,
    road: Road,
    connections: ServerConnections,
) -> tuple[ChangeDesk, AccessDesk, Rollouts, Authority]:
    async def connect(target: Target) -> Executor:
        mysql = target.engine is Engine.MYSQL
        try:
            connection = await (connections.open_mysql if mysql else connections.open_postgres)(target)
        except ServerUnreachable as error:
            raise ConnectionLost(str(error)) from error
        if mysql:
            return MysqlExecutor(connection, target.database, settings.changes.lock_timeout_ms, tell)
        return PostgresExecutor(connection, settings.changes.lock_timeout_ms)

    async def tell(number: int, text: str) -> None:
        async with repository.change(number) as change:
            await change.add_event(number, time.time(), "gateway", "progress", text)

    repository = IssueRepository(store)

    def permits(  # noqa: PLR0917 - the shape that changes declares
        principal: Principal,
        project: str,
        path: str,
        action: Action,
        now: float,
        client: ClientInfo | None = None,
        environment: str = "",
    ) -> Decision:
        return policy.current.permits(principal, project, path, action, now, client, environment)

    def uncovered(target: Target, footprint: Footprint) -> Sequence[tuple[str, str]]:
        return policy.current.uncovered(target, footprint)

    authority = Authority(permits, time.time)
    claims = Claims(repository, steps, time.time, schema_reader(connect))
    desk = ChangeDesk(
        repository=repository,
        recorder=steps,
        authority=authority,
        targets=directory.target,
        rules=road.rulings,
        base_url=public_url(settings),
        clock=time.time,
        claims=claims,
        uncovered=uncovered,
    )
    rollouts = Rollouts(
        repository,
        steps,
        authority,
        targets=directory.target,
        connect=connect,
        settings=settings.changes,
        clock=time.time,
    )
    access = AccessDesk(store, steps, authority, targets=directory.target, clock=time.time)
    return desk, access, rollouts, authority


class _News:
    """Policy's events: into the audit log, and to whoever keeps verdicts."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self.changed: Callable[[], None] = lambda: None

    def policy(self, event: PolicyEvent) -> None:
        self.changed()
        try:
            self._audit.append(event.kind, b"", fragment({"policy_version": event.version, "detail": event.detail}))
        except AuditUnavailable as error:
            # Nothing runs while no record can be written; the log records the gap itself when it is back.
            _log.error("policy event not recorded: %s", error)


class _Refresh:
    """What a new version of the store brings: people, registered databases, grants."""

    def __init__(
        self, store: Store, policy: PolicyService, principals: LivePrincipals, directory: StoreDirectory, judge: Judge
    ) -> None:
        self._store = store
        self._policy = policy
        self._principals = principals
        self._directory = directory
        self._judge = judge

    async def follow(self) -> None:
        """Raises StoreUnavailable; asked again at the next look."""
        grants = await self._store.active_grants()
        await self._principals.refresh()
        self._directory.stale()
        await self._directory.targets()
        self._policy.set_grants(grants)
        self._judge.changed()


async def _adopt(rollouts: Rollouts, store: Store) -> None:
    """Rollouts that a process left behind go on in whichever process looks first."""
    while True:
        try:
            adopted = await rollouts.adopt(store.principal)
        except (StoreUnavailable, AuditUnavailable) as error:
            _log.warning("cannot look for rollouts that were left behind: %s", error)
        else:
            for number in adopted:
                _log.warning("resumed the rollout of issue #%s, which another process left behind", number)
        await asyncio.sleep(_ADOPT_SECONDS)


async def _open_audit(settings: Settings, worker: int, key: SecretKey, store: Store, background: Background) -> AuditLog:
    async def keep(anchor: Anchor) -> None:
        try:
            await store.put_anchor(StoredAnchor(anchor.chain, anchor.seq, anchor.hash, anchor.time, anchor.signature))
        except StoreUnavailable as error:
            _log.warning("an audit anchor could not be stored, the next one will be: %s", error)

    return await AuditLog.open(
        settings.audit.dir,
        chain_name(socket.gethostname(), worker),
        AuditKeys.derive(key.derive),
        durability=settings.audit.durability,
        segment_bytes=settings.audit.segment_bytes,
        checkpoint_seconds=settings.audit.checkpoint_seconds,
        on_anchor=lambda anchor: background.once(keep(anchor), "audit anchor"),
    )


async def _close_usage(usage: DailyUsage) -> None:
    try:
        await usage.flush()
    except StoreUnavailable as error:
        _log.error("rows read in the last second could not be stored: %s", error)


async def _close_audit(audit: AuditLog) -> None:
    try:
        await audit.close()
    except AuditUnavailable as error:
        _log.error("the audit log could not be closed in order: %s", error)
