"""The decision on a footprint: every access must pass, every function, every use of a masked column.

What passes
    access      a rule allows its action on its path and none denies it; a view also where everything beneath it passes
    child       a partition passes with its parent unless a rule denies it by name
    EXPLAIN     `explain` or `select` on what is planned, where neither is denied by name; ANALYZE needs the real actions
    COPY TO     `select` and `export` on every relation
    function    harmless ones; user-defined ones with `call`; others with `admin` on the function or the database
    opaque      only with `admin` on the database, and `unmask` where the bundle masks anything
What becomes a change issue
    a refused `ddl` where `propose` holds on the database and is not denied on the object, if nothing else is refused; what the
    change itself does with masked columns (moves them, judges rows by them, defines programs with them) is then for whoever
    approves it, but a query in it (CREATE TABLE … AS) never is;
    an opaque statement only where a rule names `propose` on `gateway/opaque/<instance>/<database>`.
"""

from collections.abc import Iterator
from dataclasses import replace

from gateway.model.decision import Decision, Obligation, Outcome, Reason, ReasonCode
from gateway.model.footprint import (
    DATABASE,
    INSTANCE,
    Access,
    AccessOrigin,
    Action,
    Category,
    EffectKind,
    Footprint,
    FunctionClass,
    FunctionUse,
    ObjectKind,
)
from gateway.model.identity import Engine, Target
from gateway.model.paths import object_path
from gateway.policy import refusals
from gateway.policy.asking import Answer, Asker
from gateway.policy.columns import ColumnCheck, MaskIndex, walk
from gateway.policy.limits import LimitCheck
from gateway.policy.patterns import OWN_SEGMENT
from gateway.policy.query_rules import QueryRules
from gateway.policy.refusals import Refusal

# Whoever may no longer connect must still be able to end what was begun.
_FREE = frozenset({Category.TRANSACTION, Category.EMPTY})
_TEMPORARY = frozenset({EffectKind.TEMP_CREATE, EffectKind.TEMP_DROP})
_CHANGING = frozenset({Action.INSERT, Action.UPDATE, Action.DELETE, Action.TRUNCATE, Action.DDL, Action.ADMIN})
_NAMED_RULES = 8


class Assessment:
    """One footprint before one asker."""

    def __init__(self, asker: Asker, target: Target, masks: MaskIndex, queries: QueryRules, footprint: Footprint) -> None:
        self.asker = asker
        self._target = target
        self._masks = bool(masks)
        self._footprint = footprint
        self._columns = ColumnCheck(masks, asker, target) if masks else None
        self._limits = LimitCheck(queries, asker, target) if queries.rules else None
        self._database = object_path(target, DATABASE)
        # What EXPLAIN ANALYZE runs; a plan of it tells nothing that its own permission does not.
        self._run = frozenset(access.object for access in footprint.accesses if access.action is not Action.EXPLAIN)

    def decide(self, version: str) -> Decision:
        """The first refusal that no issue can mend decides; else the first that one can; else it passes."""
        reviewable: Refusal | None = None
        for refusal in self._refusals():
            approvers = reviewable is not None and self._defines and refusal.reason.code is ReasonCode.MASKED_COLUMN
            if not refusal.reviewable and not approvers:
                return Decision(Outcome.DENY, refusal.reason, version, (), self.asker.until)
            reviewable = reviewable or refusal
        if reviewable is not None:
            reason = refusals.needs_issue(self._footprint.kind, self._target.address, reviewable.reason)
            return Decision(Outcome.REVIEW, reason, version, (), self.asker.until)
        obligations = self._obligations()  # first: what lifts a mask or a limit is a rule that was used
        return Decision(Outcome.ALLOW, self._granted(), version, obligations, self.asker.until)

    def _refusals(self) -> Iterator[Refusal]:
        footprint = self._footprint
        if not self._free:
            yield from self._require(Action.CONNECT, self._database, named=False)
        if footprint.opaque is not None:
            yield from self._opaque(footprint.opaque)
        for access in footprint.accesses:
            yield from self._access(access)
        yield from self._category()
        for function in footprint.functions:
            yield from self._function(function)
        if self._columns is not None:
            yield from self._columns.refusals(footprint)
        if self._limits is not None:
            yield from self._limits.refusals(footprint, self._exportable)

    @property
    def _defines(self) -> bool:
        """A schema change that runs no query."""
        footprint = self._footprint
        return footprint.category is Category.DDL and all(item.action is not Action.SELECT for item in walk(footprint.accesses))

    @property
    def _free(self) -> bool:
        footprint = self._footprint
        asks_nothing = not footprint.accesses and not footprint.functions and footprint.opaque is None
        return footprint.category in _FREE and asks_nothing

    def _ask(self, action: Action, path: str, *, named: bool = True) -> Answer:
        return self.asker.passes(action, path) if named else self.asker.ask(action, path)

    def _require(self, action: Action, path: str, *, named: bool = True) -> Iterator[Refusal]:
        answer = self._ask(action, path, named=named)
        if not answer.allowed:
            yield Refusal(refusals.not_permitted(action, path, answer, self._target.project))

    def _opaque(self, why: str) -> Iterator[Refusal]:
        """Nothing is known of what it touches, so it needs a permission for everything it might."""
        answer = self._ask(Action.ADMIN, self._database)
        if answer.allowed and self._target.engine is Engine.MYSQL:  # it may reach every database of the instance
            answer = self._ask(Action.ADMIN, object_path(self._target, INSTANCE))
        if answer.allowed and self._masks:
            answer = self._ask(Action.UNMASK, self._database)
        if not answer.allowed:
            rule = answer.deny.source if answer.deny is not None else ""
            issue = self._ask(Action.PROPOSE, f"{OWN_SEGMENT}/opaque/{self._database}").allowed
            yield Refusal(refusals.opaque(why, rule), reviewable=issue)

    def _access(self, access: Access) -> Iterator[Refusal]:
        refused = self._refused(access)
        if refused is not None:
            yield refused
        elif self._footprint.category is Category.COPY_OUT and access.action is Action.SELECT:
            exported = self._refused(as_export(access))
            if exported is not None:
                yield exported

    def _refused(self, access: Access) -> Refusal | None:
        """None where the access passes."""
        path = object_path(self._target, access.object)
        answer = self._permission(access, path)
        decided_elsewhere = access.action is Action.EXPLAIN and access.object in self._run and not answer.denied
        if not answer.allowed and not decided_elsewhere:
            body = [item for item in access.beneath if item.origin is not AccessOrigin.CHILD]
            if answer.denied or not body or not _stands_for(access, body):
                return self._refusal(access.action, path, answer)
            for item in body:
                inner = self._refused(item)
                if inner is not None:
                    # The view's own path is named, not what its definition reads: that may be nobody's business here.
                    reason = refusals.not_permitted(access.action, path, answer, self._target.project)
                    return Refusal(replace(reason, code=inner.reason.code, rule=inner.reason.rule))
        return self._denied_child(access)

    def _denied_child(self, access: Access) -> Refusal | None:
        for child in access.beneath:
            if child.origin is AccessOrigin.CHILD:
                path = object_path(self._target, child.object)
                answer = self.asker.ask(child.action, path)
                if answer.denied:
                    return self._refusal(child.action, path, answer)
                deeper = self._denied_child(child)
                if deeper is not None:
                    return deeper
        return None

    def _permission(self, access: Access, path: str) -> Answer:
        if access.action is not Action.EXPLAIN:
            return self._ask(access.action, path)
        planned = self._ask(Action.EXPLAIN, path)
        if planned.denied:
            return planned
        # A plan tells of the data, so a denial of reading is one of the plan, and leave to read is leave to plan.
        reading = self._ask(Action.SELECT, path)
        return planned if planned.allowed and not reading.denied else reading

    def _refusal(self, action: Action, path: str, answer: Answer) -> Refusal:
        reason = refusals.not_permitted(action, path, answer, self._target.project)
        if action is not Action.DDL:
            return Refusal(reason)
        proposable = self.asker.ask(Action.PROPOSE, self._database).allowed
        return Refusal(reason, reviewable=proposable and not self.asker.ask(Action.PROPOSE, path).denied)

    def _category(self) -> Iterator[Refusal]:
        """Commands that changed or administered something without an access that says so would slip through: they do not."""
        footprint = self._footprint
        actions = {access.action for access in walk(footprint.accesses)}
        if footprint.category is Category.ADMIN and Action.ADMIN not in actions:
            yield from self._require(Action.ADMIN, self._database)
        temporary = any(effect.kind in _TEMPORARY for effect in footprint.effects)
        if footprint.category is Category.DDL and not footprint.accesses and not temporary:
            answer = self._ask(Action.DDL, self._database)
            if not answer.allowed:
                yield self._refusal(Action.DDL, self._database, answer)

    def _function(self, function: FunctionUse) -> Iterator[Refusal]:
        if function.function_class is FunctionClass.HARMLESS:
            return
        path = object_path(self._target, function.name)
        if function.function_class is FunctionClass.USER:
            yield from self._require(Action.CALL, path)
            return
        own = self._ask(Action.ADMIN, path)
        if own.allowed:
            return
        whole = self._ask(Action.ADMIN, self._database)
        if own.denied or not whole.allowed:
            answer = own if own.denied else whole
            reason = refusals.of_function(Action.ADMIN, path, answer, self._target.project, function.function_class.value)
            yield Refusal(reason)

    def _granted(self) -> Reason:
        if not self.asker.allowing:
            return Reason(ReasonCode.ALWAYS, "needs no permission beyond connect")
        rules = list(self.asker.allowing)
        if len(rules) > _NAMED_RULES:
            rules.sort(key=_grants_first)
        named = ", ".join(rules[:_NAMED_RULES]) + (", …" if len(rules) > _NAMED_RULES else "")
        return Reason(ReasonCode.GRANTED, "granted", named)

    def _obligations(self) -> tuple[Obligation, ...]:
        found: list[Obligation] = []
        if self._columns is not None:
            mask = self._columns.obligation(self._footprint)
            if mask is not None:
                found.append(mask)
        if self._limits is not None:
            found.extend(self._limits.obligations(self._footprint, self._exportable))
        return tuple(found)

    def _exportable(self) -> bool:
        """May every relation that is read also be taken away?"""
        reads = [
            access
            for access in self._footprint.accesses
            if access.object.kind is ObjectKind.RELATION and access.action is Action.SELECT
        ]
        return bool(reads) and all(self._refused(as_export(access)) is None for access in reads)


def _grants_first(rule: str) -> bool:
    """Whose first use is remembered."""
    return not rule.startswith("grant ")


def _stands_for(access: Access, body: list[Access]) -> bool:
    """Whether what a view's body does is what is asked for: leave to read all of it is no leave to rewrite what is stored."""
    return access.action not in _CHANGING or any(item.action is access.action for item in body)


def as_export(access: Access) -> Access:
    """The same reading, asked for as taking away."""
    beneath = tuple(as_export(item) for item in access.beneath)
    action = Action.EXPORT if access.action is Action.SELECT else access.action
    return replace(access, action=action, beneath=beneath)
