"""Query rules in a footprint: limits on rows and time, and relations that must not be read whole."""

from collections.abc import Callable, Iterator

from gateway.model.decision import Mode, Notice, Obligation, RowLimit, TimeLimit
from gateway.model.footprint import Access, AccessOrigin, Action, Category, Clause, Footprint
from gateway.model.identity import Target
from gateway.model.paths import object_path
from gateway.policy.asking import Asker
from gateway.policy.columns import walk
from gateway.policy.conditions import parse_condition
from gateway.policy.patterns import path_matches
from gateway.policy.query_rules import QueryRule, QueryRules
from gateway.policy.refusals import Refusal, where_required
from gateway.policy.rules import ANY

_CONCERNED = frozenset({Action.SELECT, Action.UPDATE, Action.DELETE, Action.EXPORT})
_READING = frozenset({Action.SELECT, Action.EXPORT})
_MINUTE = 60.0


class LimitCheck:
    """The query rules that concern one asker. `exportable`: does `export` hold for every relation of the footprint?"""

    def __init__(self, queries: QueryRules, asker: Asker, target: Target) -> None:
        self._asker = asker
        self._target = target
        self.rules = [rule for rule in queries.rules if self._concerns(rule)]

    def _concerns(self, rule: QueryRule) -> bool:
        if rule.projects and self._asker.view.project not in rule.projects and ANY not in rule.projects:
            return False
        if ANY not in rule.roles and not any(subject in rule.roles for subject in self._asker.membership.subjects):
            return False
        condition = parse_condition(rule.when)
        facts = self._asker.circumstances
        if condition.clock_bound:
            self._asker.until = min(self._asker.until, (facts.now // _MINUTE + 1) * _MINUTE)
        return condition.holds(facts)

    def refusals(self, footprint: Footprint, exportable: Callable[[], bool]) -> Iterator[Refusal]:
        """Relations under `require_where` in force that no WHERE narrows."""
        for rule, access in self._unnarrowed(footprint):
            if rule.mode is Mode.ENFORCE and not (access.action in _READING and exportable()):
                yield Refusal(where_required(self._path(access), rule.source, access.action))

    def _path(self, access: Access) -> str:
        return object_path(self._target, access.object)

    def obligations(self, footprint: Footprint, exportable: Callable[[], bool]) -> list[Obligation]:
        found: list[Obligation] = [
            Notice(rule.mode, where_required(self._path(access), rule.source, access.action).text, rule.source)
            for rule, access in self._unnarrowed(footprint)
            if rule.mode is not Mode.ENFORCE and not (access.action in _READING and exportable())
        ]
        touched = [rule for rule in self.rules if any(self._matches(rule, access) for access in walk(footprint.accesses))]
        lifted = bool(touched) and exportable()
        if not lifted:
            found.extend(_row_limit(rule, self._met(rule, footprint)) for rule in touched if rule.limits_rows)
        if not lifted or footprint.category is Category.WRITE:
            found.extend(
                TimeLimit(rule.statement_timeout, rule.source)
                for rule in touched
                if rule.statement_timeout is not None and rule.mode is Mode.ENFORCE
            )
        return found

    def _met(self, rule: QueryRule, footprint: Footprint) -> tuple[str, ...]:
        """What the rule meets: relations named in the statement, or else those beneath them."""
        named = [access for access in footprint.accesses if self._matches(rule, access)]
        met = named or [access for access in walk(footprint.accesses) if self._matches(rule, access)]
        return tuple(dict.fromkeys(object_path(self._target, access.object) for access in met))

    def _matches(self, rule: QueryRule, access: Access) -> bool:
        path = object_path(self._target, access.object)
        return access.action in _CONCERNED and any(path_matches(path, pattern) for pattern in rule.objects)

    def _unnarrowed(self, footprint: Footprint) -> Iterator[tuple[QueryRule, Access]]:
        rules = [rule for rule in self.rules if rule.require_where]
        if not rules:
            return
        direct = [access for access in footprint.accesses if access.origin is AccessOrigin.DIRECT]
        filtered = any(access.narrowed_by is Clause.WHERE for access in direct)
        for access in direct:
            for whole in _whole(access, filtered=filtered):
                yield from ((rule, whole) for rule in rules if self._matches(rule, whole))


def _whole(access: Access, *, filtered: bool) -> Iterator[Access]:
    """What is read or changed whole, beneath views too; what is joined is told apart by what it is joined with."""
    narrowed = access.narrowed_by is Clause.WHERE or (filtered and access.narrowed_by is Clause.JOIN)
    if not narrowed:
        yield access
    for under in access.beneath:
        if under.origin is not AccessOrigin.CHILD:
            yield from _whole(under, filtered=filtered)
        elif not narrowed:  # partitions are narrowed with their parent
            yield under


def _row_limit(rule: QueryRule, paths: tuple[str, ...]) -> RowLimit:
    truncate = rule.on_limit == "truncate"
    return RowLimit(rule.max_rows, rule.max_bytes, rule.max_rows_per_day, rule.source, rule.mode, truncate, paths)
