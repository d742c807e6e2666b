"""The judge: text -> footprints -> decisions -> one verdict, remembered in two levels.

First level: the very text, for the very person, client, database and namespace. Second level: the literal-free form, where the
footprint does not depend on literals; it is the same parser that says what a literal is. Both fall as a whole with the epoch,
which changes with every new policy, catalog or principal: an old verdict is never mistaken for a new one.
"""

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.audit.encoding import json_string, statement_body
from gateway.audit.redact import hints_at_secret
from gateway.catalog import CatalogSnapshot
from gateway.model.decision import Decision, MaskColumns, Outcome, Reason, ReasonCode
from gateway.model.footprint import (
    DATABASE,
    INSTANCE,
    Access,
    Action,
    Category,
    Effect,
    EffectKind,
    Footprint,
    ObjectName,
)
from gateway.model.identity import Engine, Principal, Target
from gateway.model.own import OwnRequest, Row
from gateway.model.paths import object_path, segment
from gateway.model.replacing import replacer
from gateway.model.statement import Statement
from gateway.verdict.cache import BoundedCache
from gateway.verdict.mysql_rules import decide_everywhere, forbidden_mysql_state
from gateway.verdict.ports import Analyse, Catalogs, Normalise, Policies, Principals, Siblings, State
from gateway.verdict.reading import Reader, unpredictable
from gateway.verdict.session_rules import forbidden_state, unmet_obligation
from gateway.verdict.state import changes_meaning
from gateway.verdict.verdict import OwnResult, Ruling, SessionIdentity, Verdict

# Words without which no statement can refer to a prepared statement or a cursor.
_NAMED: Final = re.compile(r"\b(?:execute|fetch|move|close|deallocate|current|handler)\b", re.IGNORECASE)
# looked for first, being quicker
_NAMED_WORDS: Final = ("execute", "fetch", "move", "close", "deallocate", "current", "handler")
# How policy names a grant in its reasons (policy/grants.py).
_GRANT: Final = re.compile(r"grant #(\d+)")
_OVERHEAD: Final = 1_500  # bytes of a verdict beside its texts, measured
_GONE: Final = Reason(ReasonCode.NO_RULE, "this login does not exist any more or is disabled")
_ENDS: Final = frozenset({EffectKind.COMMIT, EffectKind.ROLLBACK})
_TEXT_KEY: Final = b'"text":'
_in_namespace: Final = replacer(Statement, "namespace")
_at: Final = replacer(Footprint, "start", "end")
_with_rulings: Final = replacer(Verdict, "rulings")


class Judge:
    """One for the process. Not thread-safe: it lives on the event loop."""

    def __init__(
        self,
        policies: Policies,
        catalogs: Catalogs,
        principals: Principals,
        analyse: Mapping[Engine, Analyse],
        normalise: Mapping[Engine, Normalise],
        *,
        clock: Callable[[], float] = time.time,
        cache_bytes: int = 64 * 1024 * 1024,
        masks: bool = False,
        limits: bool = False,
        siblings: Siblings | None = None,
    ) -> None:
        """`siblings`: the databases beside a target, for MySQL. `masks` and `limits`: whether those who carry verdicts out can
        mask columns and hold row and time limits."""
        self._policies = policies
        self._catalogs = catalogs
        self._principals = principals
        self._reader = Reader(catalogs, analyse)
        self._normalise = normalise
        self._clock = clock
        self._masks, self._limits = masks, limits
        self._siblings: Siblings = siblings if siblings is not None else lambda _: {}
        self._texts: BoundedCache[tuple[object, ...], Verdict] = BoundedCache(cache_bytes // 2)
        self._shapes: BoundedCache[tuple[object, ...], Verdict] = BoundedCache(cache_bytes // 4)
        self._listeners: set[Callable[[], None]] = set()
        # Told the grants that a fresh verdict stands on.
        self.grants_used: Callable[[list[int]], None] | None = None
        self.epoch = 1

    # Change

    def changed(self) -> None:
        """Policy, a catalog or a principal is new: every verdict falls, live sessions look again."""
        self.epoch += 1
        self._texts.clear()
        self._shapes.clear()
        for listener in tuple(self._listeners):
            listener()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """`listener` is called after every change, on the event loop; it must be quick and must not raise."""
        self._listeners.add(listener)

    def unsubscribe(self, listener: Callable[[], None]) -> None:
        self._listeners.discard(listener)

    @property
    def cache_hits(self) -> int:
        return self._texts.hits + self._shapes.hits

    @property
    def cache_misses(self) -> int:
        return self._shapes.misses

    # Judging

    def connect(self, who: SessionIdentity) -> Decision:
        """Whether this person may use this database at this moment."""
        policy, now = self._policies.current, self._clock()
        principal = self._principals.current(who.principal)
        if principal is None:
            return Decision(Outcome.DENY, _GONE, policy.version)
        target = who.target
        path = object_path(target, DATABASE)
        return policy.permits(principal, target.project, path, Action.CONNECT, now, who.client, target.environment)

    def judge(self, who: SessionIdentity, statement: Statement, state: State | None = None) -> Verdict:
        """The verdict on a text that may hold several statements. Total: what is not understood is refused by policy.

        `state`, where the session is known, lets the later statements of one text be read as the earlier ones leave it.
        """
        named = self.names_things(statement.text)
        statement, key = self._located(who, statement, named=named)
        verdict = self._texts.get(key)
        if verdict is not None and verdict.valid_until > self._clock():
            return verdict
        verdict, reusable = self._shape(who, statement, state, named=named)
        if reusable:
            self._texts.put(key, verdict, 4 * len(statement.text) + _OVERHEAD * len(verdict.rulings))
        return verdict

    async def judge_after_refresh(self, who: SessionIdentity, statement: Statement, state: State | None = None) -> Verdict:
        """As `judge`, once the catalog was looked at anew because of relations that it did not know.

        Raises GatewayError where the catalog cannot be read."""
        names = self.unknown(self.judge(who, statement, state))
        if names:
            await self.look_up(who, names)
        return self.judge(who, statement, state)

    async def look_up(self, who: SessionIdentity, names: frozenset[ObjectName]) -> None:
        """Look at the catalog anew because of names that it does not know. Raises GatewayError."""
        before, epoch = self._catalogs.current(who.target), self.epoch
        self._renewed(before, await self._catalogs.refresh_unknown(who.target, names), epoch)

    def recall(self, who: SessionIdentity, statement: Statement) -> Verdict | None:
        """The verdict that is known for this very text; for whoever makes and keeps it elsewhere (`aside`)."""
        _, key = self._located(who, statement, named=self.names_things(statement.text))
        verdict = self._texts.get(key)
        return verdict if verdict is not None and verdict.valid_until > self._clock() else None

    def make(self, who: SessionIdentity, statement: Statement, state: State | None = None) -> Verdict:
        """As `judge`, without looking at what is kept or keeping it: the only thing here that another thread may do."""
        named = self.names_things(statement.text)
        located, _ = self._located(who, statement, named=named)
        return self._make(who, located, state, named=named)[0]

    def keep(self, who: SessionIdentity, statement: Statement, verdict: Verdict) -> None:
        if len(verdict.rulings) == 1:  # several may have been read as the session stood
            _, key = self._located(who, statement, named=verdict.named)
            self._texts.put(key, verdict, 4 * len(statement.text) + _OVERHEAD)

    def _located(self, who: SessionIdentity, statement: Statement, *, named: bool) -> tuple[Statement, tuple[object, ...]]:
        """The statement in the namespace it can depend on, and what its verdict is kept by."""
        namespace = self._reader.namespace(who, statement.namespace, named=named)
        return _in_namespace(statement, namespace), (who.scope, statement.text, namespace)

    async def refresh(self, who: SessionIdentity) -> None:
        """Read the catalog anew: a statement changed it, or the session has just begun. Raises GatewayError."""
        before, epoch = await self._catalogs.load(who.target), self.epoch
        self._renewed(before, await self._catalogs.refresh(who.target), epoch)

    async def load(self, who: SessionIdentity) -> None:
        """Make sure that the target's catalog is there. Raises GatewayError where it cannot be read."""
        await self._catalogs.load(who.target)

    def _renewed(self, before: CatalogSnapshot, after: CatalogSnapshot, epoch: int) -> None:
        """Unless whoever watches catalogs has said so already."""
        if after is not before and epoch == self.epoch:
            self.changed()

    @staticmethod
    def unknown(verdict: Verdict) -> frozenset[ObjectName]:
        """Relations that were not in the catalog: they may have been created a moment ago."""
        return frozenset().union(*(ruling.footprint.unknown for ruling in verdict.rulings))

    @staticmethod
    def names_things(text: str) -> bool:
        """Whether the text may refer to prepared statements or cursors by name."""
        lower = text.lower()
        for word in _NAMED_WORDS:
            if word in lower:
                return _NAMED.search(text) is not None
        return False

    def administers(self, who: SessionIdentity) -> Decision:
        """Whether this person may `admin` the target's instance as a whole."""
        policy, target = self._policies.current, who.target
        principal = self._principals.current(who.principal)
        if principal is None:
            return Decision(Outcome.DENY, _GONE, policy.version)
        path, now = object_path(target, INSTANCE), self._clock()
        return policy.permits(principal, "", path, Action.ADMIN, now, who.client, target.environment)

    def own(self, text: str, kind: str, decision: Decision) -> bytes:
        """The record of what the gateway answers or passes by itself, for which no analysis is needed."""
        return statement_body(text=text, fingerprint="", statement_kind=kind, relations=(), decision=decision)

    def beside(self, target: Target, database: str) -> Target:
        """Another database of the target's instance; one that nobody registered belongs to no project."""
        found = self._siblings(target.instance).get(segment(database))
        return found or replace(target, database=database, project="")

    @property
    def policy_version(self) -> str:
        return self._policies.current.version

    def unread(self, text: str, reason: str) -> bytes:
        """The record of a message that was refused before anybody could judge it."""
        decision = Decision(Outcome.DENY, Reason(ReasonCode.OPAQUE, reason), self._policies.current.version)
        return statement_body(text=text, fingerprint="", statement_kind="UNKNOWN", relations=(), decision=decision)

    def answered_here(
        self, text: str, request: OwnRequest | None, rows: Sequence[Row], refusal: Reason | None = None
    ) -> Verdict:
        """The verdict on what the gateway answers itself, or will not answer."""
        version = self._policies.current.version
        names = [f"gateway/{name}" for name in request.name.split(", ") if name] if request is not None else []
        reason = refusal or Reason(ReasonCode.ALWAYS, "answered by the gateway")
        outcome = Outcome.ALLOW if refusal is None else Outcome.DENY
        decision = Decision(outcome, reason, version)
        call = request is not None and request.call
        kind, action = ("CALL", Action.CALL) if call else ("SELECT", Action.SELECT)
        relations = [(name, action) for name in names or ["gateway"]]
        body = statement_body(text=text, fingerprint="", statement_kind=kind, relations=relations, decision=decision)
        footprint = Footprint(kind, Category.UTILITY, 0, len(text), literals_matter=True)
        result = None if request is None else OwnResult(request, tuple(rows))
        rulings = (Ruling(footprint, decision, body),)
        return Verdict(rulings, outcome, math.inf, self.epoch, named=True, bound=refusal is None, own=result)

    def still(self, who: SessionIdentity, verdict: Verdict) -> Decision | None:
        """The refusal of what was allowed before; None where it still is. By the footprints: names are settled by now."""
        principal = self._principals.current(who.principal)
        for ruling in verdict.rulings:
            if ruling.decision.reason.code is not ReasonCode.APPROVED_ISSUE:
                decision = self._decide(who, principal, ruling.footprint)
                if decision.outcome is not Outcome.ALLOW:
                    return decision
        return None

    # Change issues

    def released(self, who: SessionIdentity, verdict: Verdict, text: str, issue: int) -> Verdict:
        """The verdict of a text whose statements under review were approved in this issue: it passes, for this once."""
        whole = len(verdict.rulings) == 1
        rulings = tuple(self._approved(who, ruling, text, issue, whole=whole) for ruling in verdict.rulings)
        return replace(verdict, rulings=rulings, outcome=Outcome.ALLOW, head=None)

    @staticmethod
    def with_issue(verdict: Verdict, issue: int) -> Verdict:
        """The same verdict with the issue's number in the records of what it refused."""
        number = b',"issue":%d' % issue
        rulings = tuple(
            replace(ruling, audit_body=ruling.audit_body + number) if ruling.decision.outcome is Outcome.REVIEW else ruling
            for ruling in verdict.rulings
        )
        return replace(verdict, rulings=rulings)

    def _approved(self, who: SessionIdentity, ruling: Ruling, text: str, issue: int, *, whole: bool) -> Ruling:
        if ruling.decision.outcome is not Outcome.REVIEW:
            return ruling
        reason = Reason(ReasonCode.APPROVED_ISSUE, f"approved in change issue #{issue}", ruling.decision.reason.rule)
        decision = Decision(Outcome.ALLOW, reason, ruling.decision.policy_version)
        body = self._body(who, text, ruling.footprint, decision, whole=whole)
        return Ruling(ruling.footprint, decision, body + b',"issue":%d' % issue)

    # Levels

    def _shape(self, who: SessionIdentity, statement: Statement, state: State | None, *, named: bool) -> tuple[Verdict, bool]:
        """From the second level, or made; and whether the first level may keep it."""
        normal = None if named else self._normal(statement)
        if normal is None:
            return self._make(who, statement, state, named=named)
        key = (who.scope, normal, statement.namespace)
        known = self._shapes.get(key)
        if known is not None and known.head is not None and known.valid_until > self._clock():
            return _with_text(known, statement.text), True
        verdict, reusable = self._make(who, statement, state, named=named)
        if verdict.head is not None:
            self._shapes.put(key, verdict, 4 * len(normal) + _OVERHEAD)
        return verdict, reusable

    def _normal(self, statement: Statement) -> str | None:
        if hints_at_secret(statement.text):  # such texts are encoded one by one
            return None
        return self._normalise[statement.engine](statement.text)

    def _make(self, who: SessionIdentity, statement: Statement, state: State | None, *, named: bool) -> tuple[Verdict, bool]:
        footprints, reusable = self._reader.footprints(who, statement, state)
        principal = self._principals.current(who.principal)
        rulings = tuple(
            self._rule(who, principal, statement.text, footprint, whole=len(footprints) == 1) for footprint in footprints
        )
        return self._compose(rulings, statement.text, named=named), reusable

    def _compose(self, rulings: tuple[Ruling, ...], text: str, *, named: bool) -> Verdict:
        outcomes = {ruling.decision.outcome for ruling in rulings}
        outcome = next((item for item in (Outcome.DENY, Outcome.REVIEW) if item in outcomes), Outcome.ALLOW)
        unread = any(unpredictable(ruling.footprint) for ruling in rulings)
        effects = [effect for ruling in rulings for effect in ruling.footprint.effects]
        head, tail = None, b""
        only = rulings[0]
        if len(rulings) == 1 and not _hangs_on_literals(only) and not effects and only.footprint.opaque is None:
            shareable = not named and not hints_at_secret(text) and outcome is Outcome.ALLOW
            head, tail = (_TEXT_KEY, _tail(only, text)) if shareable else (None, b"")
        return Verdict(
            rulings=rulings,
            outcome=outcome,
            valid_until=min(ruling.decision.valid_until for ruling in rulings),
            epoch=self.epoch,
            effects=bool(effects),
            barrier=unread or any(map(changes_meaning, effects)),
            ends_only=not unread and all(map(_only_ends, effects)),
            head=head,
            tail=tail,
            named=named,
            bound=any(ruling.decision.obligations for ruling in rulings),
        )

    # One statement

    def _rule(
        self, who: SessionIdentity, principal: Principal | None, text: str, footprint: Footprint, *, whole: bool
    ) -> Ruling:
        decision = self._decide(who, principal, footprint)
        if self.grants_used is not None and decision.outcome is Outcome.ALLOW:
            used = _GRANT.findall(decision.reason.rule)
            if used:
                self.grants_used(list(map(int, used)))
        own = text[footprint.start : footprint.end or len(text)] if footprint.category is Category.COPY_OUT else ""
        return Ruling(footprint, decision, self._body(who, text, footprint, decision, whole=whole), own)

    @staticmethod
    def _body(who: SessionIdentity, text: str, footprint: Footprint, decision: Decision, *, whole: bool) -> bytes:
        return statement_body(
            text=text if whole else text[footprint.start : footprint.end or len(text)],
            fingerprint=footprint.fingerprint,
            statement_kind=footprint.kind,
            relations=_relations(who, footprint.accesses),
            decision=decision,
        )

    def _decide(self, who: SessionIdentity, principal: Principal | None, footprint: Footprint) -> Decision:
        policy = self._policies.current
        if principal is None:
            return Decision(Outcome.DENY, _GONE, policy.version)
        now = self._clock()
        if who.target.engine is Engine.MYSQL:
            decision = decide_everywhere(policy, principal, who, footprint, now, self._siblings(who.target.instance))
            reason = forbidden_mysql_state(footprint)
        else:
            decision = policy.decide(principal, who.target, who.client, footprint, now)
            reason = forbidden_state(footprint)
        reason = reason or unmet_obligation(decision, masks=self._masks, limits=self._limits)
        if reason is not None and decision.outcome is not Outcome.DENY:
            return Decision(Outcome.DENY, reason, policy.version, valid_until=decision.valid_until)
        return decision


def _hangs_on_literals(ruling: Ruling) -> bool:
    """Whether other literals may have another verdict; those that outputs compute with, where a masked column is about."""
    if ruling.footprint.literals_matter:
        return True
    return ruling.footprint.literals_weigh and any(isinstance(item, MaskColumns) for item in ruling.decision.obligations)


def _only_ends(effect: Effect) -> bool:
    return effect.kind in _ENDS or not changes_meaning(effect)


def _relations(who: SessionIdentity, accesses: tuple[Access, ...]) -> list[tuple[str, str]]:
    """(path, action) of everything touched, what stands beneath views and parents included, each once."""
    seen: dict[tuple[str, str], None] = {}
    waiting = list(reversed(accesses))
    while waiting:
        access = waiting.pop()
        seen[object_path(who.target, access.object), access.action.value] = None
        waiting.extend(reversed(access.beneath))
    return list(seen)


def _tail(ruling: Ruling, text: str) -> bytes:
    """What stands behind the text in the fragment of a text without secrets."""
    return ruling.audit_body[len(_TEXT_KEY) + len(json_string(text)) :]


def _with_text(shape: Verdict, text: str) -> Verdict:
    """The verdict of a shape for another text of it."""
    ruling = shape.rulings[0]
    footprint = _at(ruling.footprint, 0, len(text))
    body = b"".join((_TEXT_KEY, json_string(text), shape.tail))
    return _with_rulings(shape, (Ruling(footprint, ruling.decision, body),))
