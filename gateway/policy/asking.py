"""Asking the compiled rules: one action on one path, for one principal in one project at one moment."""

import math
from dataclasses import dataclass

from gateway.policy.index import RuleIndex
from gateway.policy.roles import Membership
from gateway.policy.rules import Effect, Rule
from gateway.policy.variables import Circumstances

_MINUTE = 60.0
_KEPT_PATHS = 1_024


@dataclass(frozen=True, slots=True)
class Answer:
    """The first rule that denies and the first that allows, in the order they were written. Deny wins."""

    allow: Rule | None
    deny: Rule | None

    @property
    def allowed(self) -> bool:
        return self.allow is not None and self.deny is None

    @property
    def denied(self) -> bool:
        """Denied by name, not merely without a rule that allows."""
        return self.deny is not None


class View:
    """The rules of one set of subjects in one project; remembers which rules match a path, whoever of them asks."""

    def __init__(self, indexes: tuple[RuleIndex, ...], subjects: tuple[str, ...], project: str) -> None:
        self._indexes = indexes
        self.subjects = subjects
        self.project = project
        self._matched: dict[tuple[str, str], tuple[Rule, ...]] = {}

    def matching(self, action: str, path: str) -> tuple[Rule, ...]:
        """Rules that match, by source order, bundle before grants; conditions and expiry not yet looked at."""
        matched = self._matched.get((action, path))
        if matched is None:
            if len(self._matched) >= _KEPT_PATHS:
                self._matched.clear()
            found = [sorted(index.matching(self.subjects, self.project, path, action), key=_order) for index in self._indexes]
            matched = self._matched[action, path] = tuple(rule for rules in found for rule in rules)
        return matched

    def anybodys(self, action: str, path: str) -> frozenset[Rule]:
        """Rules that match, whoever they are for and in whatever project."""
        return frozenset(rule for index in self._indexes for rule in index.anybodys(path, action))


def _order(rule: Rule) -> int:
    return rule.order


class Asker:
    """Answers in fixed circumstances, and keeps until when all its answers hold and which rules allowed."""

    def __init__(self, view: View, membership: Membership, circumstances: Circumstances) -> None:
        self.view = view
        self.membership = membership
        self.circumstances = circumstances
        self.until = math.inf if membership.until is None else membership.until
        self.allowing: dict[str, None] = {}

    def ask(self, action: str, path: str) -> Answer:
        allow: Rule | None = None
        deny: Rule | None = None
        facts = self.circumstances
        for rule in self.view.matching(action, path):
            if rule.expires_at is not None:
                if facts.now >= rule.expires_at:
                    continue
                self.until = min(self.until, rule.expires_at)
            if rule.condition.clock_bound:
                self.until = min(self.until, (facts.now // _MINUTE + 1) * _MINUTE)
            if not rule.condition.holds(facts):
                continue
            if rule.effect is Effect.DENY:
                deny = deny or rule
            else:
                allow = allow or rule
        return Answer(allow, deny)

    def passes(self, action: str, path: str) -> Answer:
        """As `ask`, and the allowing rule counts as one that the decision rests on."""
        return self.counted(self.ask(action, path))

    def counted(self, answer: Answer) -> Answer:
        """The answer; what allows is one of the rules that the decision rests on."""
        if answer.allowed and answer.allow is not None:
            self.allowing[answer.allow.source] = None
        return answer
