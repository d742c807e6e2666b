"""What a new bundle changes: rules that came and went, and who may newly do, or no longer do, what to which object.

Decisions are compared by sample: every role, every object that rules and cases name (a pattern stands for one example of
itself), every action, every project and environment that rules speak of. A sample cannot prove that nothing else changes.
"""

import itertools
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.model.decision import Decision
from gateway.model.footprint import Action
from gateway.model.identity import ClientInfo, Principal, RoleBinding
from gateway.policy.bundle import Bundle
from gateway.policy.explain import rule_text
from gateway.policy.patterns import DEEP, OWN_SEGMENT, STAR
from gateway.policy.rules import ANY, USER_PREFIX, Rule
from gateway.policy.snapshot import PolicySnapshot, compile_policy

_ENVIRONMENT = re.compile(r"environment\s*(?:==|!=|(?:not\s+)?in)\s*\(?([^)]*?)(?:\)|$|\band\b|\bor\b)")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_CLIENT = ClientInfo("127.0.0.1")
MAX_SAMPLES = 500_000


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that differs. `subject` is a role or `user:NAME`; rules are the deciding ones, before and after."""

    subject: str
    project: str
    environment: str
    path: str
    action: str
    before: str
    after: str
    rule_before: str
    rule_after: str


@dataclass(frozen=True, slots=True)
class BundleDiff:
    """`complete` is False where the samples were more than MAX_SAMPLES and the rest was left out."""

    old_version: str
    new_version: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changes: tuple[Change, ...]
    samples: int
    complete: bool

    @property
    def empty(self) -> bool:
        return not (self.added or self.removed or self.changes)


def diff_bundles(old: Bundle, new: Bundle, now: float | None = None) -> BundleDiff:
    """Compare two bundles, at this moment (Unix seconds; None: now)."""
    moment = time.time() if now is None else now
    before, after = compile_policy(old), compile_policy(new)
    changes: list[Change] = []
    count = 0
    complete = True
    for sample in _samples(old, new):
        if count >= MAX_SAMPLES:
            complete = False
            break
        count += 1
        first, second = sample.ask(before, moment), sample.ask(after, moment)
        if first.outcome is not second.outcome:
            changes.append(_change(sample, first, second))
    old_rules, new_rules = _texts(old), _texts(new)
    return BundleDiff(
        old.version,
        new.version,
        tuple(text for text in new_rules if text not in old_rules),
        tuple(text for text in old_rules if text not in new_rules),
        tuple(changes),
        count,
        complete,
    )


def _change(sample: "_Sample", first: Decision, second: Decision) -> Change:
    return Change(
        *(sample.subject, sample.project, sample.environment, sample.path, sample.action.value),
        before=first.outcome.value,
        after=second.outcome.value,
        rule_before=first.reason.rule,
        rule_after=second.reason.rule,
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    subject: str
    project: str
    environment: str
    path: str
    action: Action

    @property
    def principal(self) -> Principal:
        if self.subject.startswith(USER_PREFIX):
            return Principal(self.subject.removeprefix(USER_PREFIX))
        return Principal("somebody", (RoleBinding(self.subject),))

    def ask(self, snapshot: PolicySnapshot, now: float) -> Decision:
        return snapshot.permits(self.principal, self.project, self.path, self.action, now, _CLIENT, self.environment)


def _samples(old: Bundle, new: Bundle) -> Iterator[_Sample]:
    rules = (*old.rules, *new.rules)
    subjects = sorted({rule.subject for rule in rules} | old.roles | new.roles)
    objects = sorted(set(_objects(rules)) | set(_case_objects(old)) | set(_case_objects(new)))
    projects = sorted({rule.domain for rule in rules if rule.domain != ANY}) or ["example"]
    environments = sorted(_environments(rules))
    for subject, path in itertools.product(subjects, objects):
        own = path.split("/")[0] == OWN_SEGMENT
        for project, environment in itertools.product(["", *projects] if own else projects, [""] if own else environments):
            for action in Action:
                yield _Sample(subject, project, environment, path, action)


def _objects(rules: Iterable[Rule]) -> Iterator[str]:
    """One example of each pattern; `**` once as nothing and once as something."""
    for rule in rules:
        shallow = [part.replace(STAR, "x") for part in rule.pattern.segments if part != DEEP]
        if shallow:
            yield "/".join(shallow)
        if DEEP in rule.pattern.segments:
            deep = ["x/x" if part == DEEP else part.replace(STAR, "x") for part in rule.pattern.segments]
            yield "/".join(deep)


def _case_objects(bundle: Bundle) -> Iterator[str]:
    for file in bundle.cases:
        for case in file.cases:
            yield file.target_of(case).address
            if case.object is not None:
                yield case.object


def _environments(rules: Iterable[Rule]) -> set[str]:
    """The environments that conditions name, and one that none does."""
    found = {"other"}
    for rule in rules:
        for part in _ENVIRONMENT.findall(rule.condition.text):
            found.update(first or second for first, second in _QUOTED.findall(part))
    return found


def _texts(bundle: Bundle) -> dict[str, None]:
    lines = [rule_text(rule) for rule in bundle.rules]
    lines += [f"{link.member} holds {link.role} in {link.domain}" for link in bundle.links]
    lines += [f"query rule {rule.name}: {rule.model_dump(mode='json', exclude_defaults=True)}" for rule in bundle.queries.rules]
    lines += [f"mask {entry.path}: {bundle.masking.masker_of(entry)}" for entry in bundle.masking.columns]
    return dict.fromkeys(lines)
