"""A proposed bundle over the audited past: what was asked, decided anew by the bundle in force and by the proposed one.

Texts are read with today's catalogs, with the search path `public` or in the record's database; people have today's roles and
grants; clock and client are the record's. So the difference is the bundles' own. What redaction changed, or what names a
session's own objects, is judged as it stands.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.analysis import analyse_mysql, analyse_postgres
from gateway.app.connections import ServerConnections
from gateway.audit import Query
from gateway.audit.search import search
from gateway.catalog import CatalogService, CatalogSnapshot
from gateway.config import Settings
from gateway.model.decision import Decision, Outcome
from gateway.model.errors import GatewayError
from gateway.model.footprint import Footprint
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.paths import object_path, segment
from gateway.model.statement import Namespace, Origin, Statement
from gateway.policy import PolicySnapshot, compile_policy, load_bundle
from gateway.policy.patterns import OWN_SEGMENT
from gateway.store import SecretKey, Store
from gateway.verdict import SessionIdentity
from gateway.verdict.mysql_rules import decide_everywhere

_MOST_TEXTS = 20_000
_ANALYSE = {Engine.POSTGRES: analyse_postgres, Engine.MYSQL: analyse_mysql}


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of difference: `before` and `after` are outcomes, `rule` is what decides after."""

    user: str
    relation: str
    rule: str
    before: str
    after: str
    reason: str


@dataclass(slots=True)
class Backtest:
    """`changes` with how many statements of the past each concerns, and one of their texts."""

    statements: int = 0
    skipped: int = 0
    changes: Counter[Change] = field(default_factory=Counter)
    examples: dict[Change, str] = field(default_factory=dict)


async def run_backtest(settings: Settings, proposed: Path, since: float) -> Backtest:
    """Raises GatewayError where store, bundles or the log cannot be read; a server that is away skips its statements."""
    new = load_bundle(proposed)
    store = await Store.open(settings.store.url, SecretKey.load_or_create(settings.secrets.key_file), migrate=False)
    catalogs = CatalogService(ServerConnections(store, settings.limits.connect_seconds).open)
    try:
        grants = await store.active_grants(time.time())
        targets = await store.targets()
        past = _Past(store, catalogs, {target.address: target for target in targets})
        before = compile_policy(load_bundle(settings.policy.dir), grants)
        after = compile_policy(new, grants)
        done = Backtest()
        for record in _records(settings.audit.dir, since):
            asked = await past.read(record)
            if asked is None:
                done.skipped += 1
                continue
            done.statements += 1
            principal, target, client, footprints, moment = asked
            siblings = {segment(item.database): item for item in targets if item.instance == target.instance}
            who = SessionIdentity(principal, target, client, "")
            for footprint in footprints:
                old = _decided(before, who, footprint, moment, siblings)
                found = _decided(after, who, footprint, moment, siblings)
                if old.outcome is not found.outcome or old.obligations != found.obligations:
                    change = _change(principal, target, footprint, old, found)
                    done.changes[change] += 1
                    done.examples.setdefault(change, str(record.get("text", ""))[:300])
        return done
    finally:
        await catalogs.close()
        await store.close()


def _records(folder: Path, since: float) -> Iterable[dict[str, Any]]:
    yield from search(folder, Query(kind="statement", since=since))


_Asked = tuple[Principal, Target, ClientInfo, tuple[Footprint, ...], float]


class _Past:
    """Records read back into what was asked. Texts are analysed once for each database."""

    def __init__(self, store: Store, catalogs: CatalogService, targets: dict[str, Target]) -> None:
        self._store = store
        self._catalogs = catalogs
        self._targets = targets
        self._people: dict[str, Principal | None] = {}
        self._snapshots: dict[Target, CatalogSnapshot | None] = {}
        self._footprints: dict[tuple[Target, str], tuple[Footprint, ...]] = {}

    async def read(self, record: dict[str, Any]) -> _Asked | None:
        target = self._targets.get(f"{record.get('instance')}/{record.get('database')}")
        user, text = str(record.get("user", "")), record.get("text")
        if target is None or not isinstance(text, str) or _asked_gateway(record):
            return None
        if user not in self._people:
            self._people[user] = await self._store.principal(user)
        principal, catalog = self._people[user], await self._snapshot(target)
        if principal is None or catalog is None:
            return None
        client = ClientInfo(str(record.get("client", "")), str(record.get("application", "")))
        return principal, target, client, self._analysed(target, text, catalog), _seconds(record.get("time"))

    async def _snapshot(self, target: Target) -> CatalogSnapshot | None:
        if target not in self._snapshots:
            try:
                self._snapshots[target] = await self._catalogs.load(target)
            except GatewayError:
                self._snapshots[target] = None  # counted as skipped, and said so
        return self._snapshots[target]

    def _analysed(self, target: Target, text: str, catalog: CatalogSnapshot) -> tuple[Footprint, ...]:
        known = self._footprints.get((target, text))
        if known is None:
            if len(self._footprints) >= _MOST_TEXTS:
                self._footprints.clear()
            path = ("public",) if target.engine is Engine.POSTGRES else (target.database,)
            statement = Statement(target.engine, text, Namespace(search_path=path), Origin.EXPLAIN)
            known = self._footprints[target, text] = _ANALYSE[target.engine](statement, catalog)
        return known


def _decided(
    policy: PolicySnapshot, who: SessionIdentity, footprint: Footprint, moment: float, siblings: dict[str, Target]
) -> Decision:
    """As the judge does: a statement of MySQL's is decided in every database that it names."""
    if who.target.engine is Engine.MYSQL:
        return decide_everywhere(policy, who.principal, who, footprint, moment, siblings)
    return policy.decide(who.principal, who.target, who.client, footprint, moment)


def _change(principal: Principal, target: Target, footprint: Footprint, old: Decision, new: Decision) -> Change:
    relation = new.reason.path or old.reason.path
    if not relation:
        relation = next((object_path(target, access.object) for access in footprint.accesses), target.address)
    rules = [getattr(item, "rule", "masking.toml") for item in new.obligations if item not in old.obligations]
    rule = (", ".join(rules) if new.outcome is Outcome.ALLOW and rules else "") or new.reason.rule or "no rule permits it"
    return Change(principal.name, relation, rule, _words(old), _words(new), new.reason.text)


def _asked_gateway(record: dict[str, Any]) -> bool:
    """What the gateway answered itself: no bundle decides on it."""
    return any(str(item.get("path", "")).split("/")[0] == OWN_SEGMENT for item in record.get("relations") or ())


def _words(decision: Decision) -> str:
    if decision.outcome is not Outcome.ALLOW or not decision.obligations:
        return decision.outcome.value
    names = sorted({type(item).__name__ for item in decision.obligations})
    return f"allow with {', '.join(names)}"


def _seconds(moment: object) -> float:
    try:
        return datetime.fromisoformat(str(moment)).timestamp()
    except ValueError:
        return time.time()
