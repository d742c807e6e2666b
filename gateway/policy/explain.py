"""Why a decision falls as it does: roles and how they are held, every question asked, every rule that matched."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from gateway.model.decision import Decision
from gateway.model.footprint import Action, Footprint
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.policy.asking import Answer, Asker
from gateway.policy.rules import Effect, Rule
from gateway.policy.snapshot import PolicySnapshot, path_circumstances
from gateway.policy.variables import Circumstances


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """A rule whose role, project, object and action match. `counts` is "allows", "denies", or why it does not count."""

    source: str
    text: str
    counts: str


@dataclass(frozen=True, slots=True)
class Question:
    """One action on one path, as the decision asked it."""

    action: str
    path: str
    answer: str
    rules: tuple[MatchedRule, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision as a chain that a person can follow. `roles` are (role, where it comes from)."""

    principal: str
    project: str
    subject: str
    roles: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]
    decision: Decision

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the same fields, the decision's reason flattened."""
        reason = self.decision.reason
        return {
            "principal": self.principal,
            "project": self.project,
            "subject": self.subject,
            "roles": [{"role": role, "via": via} for role, via in self.roles],
            "questions": [asdict(question) for question in self.questions],
            "outcome": self.decision.outcome.value,
            "code": reason.code.value,
            "text": reason.text,
            "rule": reason.rule,
            "hint": reason.hint,
            "policy_version": self.decision.policy_version,
            "obligations": [repr(obligation) for obligation in self.decision.obligations],
        }

    def to_text(self) -> str:
        return "\n".join(_lines(self))


@dataclass(slots=True)
class _Heard:
    questions: dict[tuple[str, str], Question] = field(default_factory=dict)


class _ListeningAsker(Asker):
    """Answers as any asker, and keeps each question with the rules that matched."""

    def __init__(self, asker: Asker) -> None:
        super().__init__(asker.view, asker.membership, asker.circumstances)
        self.heard = _Heard()

    def ask(self, action: str, path: str) -> Answer:
        answer = super().ask(action, path)
        rules = tuple(_matched(rule, self.circumstances) for rule in self.view.matching(action, path))
        found = "denied" if answer.denied else "allowed" if answer.allowed else "no rule allows it"
        self.heard.questions.setdefault((str(action), path), Question(str(action), path, found, rules))
        return answer


def explain_statement(
    snapshot: PolicySnapshot, principal: Principal, target: Target, footprint: Footprint, *, client: ClientInfo, now: float
) -> Explanation:
    """The decision that `snapshot.decide` gives, with everything it asked on the way."""
    assessment = snapshot.assess(principal, target, client, footprint, now, listener=_ListeningAsker)
    decision = assessment.decide(snapshot.version)
    return _explanation(assessment.asker, principal, f"{footprint.kind} on {target.address} ({target.environment})", decision)


def explain_action(
    snapshot: PolicySnapshot,
    principal: Principal,
    project: str,
    path: str,
    action: Action,
    *,
    now: float,
    client: ClientInfo | None = None,
    environment: str = "",
) -> Explanation:
    """The same for one action on one object path, as `snapshot.permits` decides it."""
    facts = path_circumstances(principal, project, path, now, client=client, environment=environment)
    asker = _ListeningAsker(snapshot.asker(principal, facts))
    asker.ask(action, path)
    decision = snapshot.permits(principal, project, path, action, now, client, environment)
    return _explanation(asker, principal, f"{action} on {path}", decision)


def _explanation(asker: Asker, principal: Principal, subject: str, decision: Decision) -> Explanation:
    heard = asker.heard.questions.values() if isinstance(asker, _ListeningAsker) else ()
    return Explanation(principal.name, asker.view.project, subject, asker.membership.via, tuple(heard), decision)


def _matched(rule: Rule, facts: Circumstances) -> MatchedRule:
    if rule.expired(facts.now):
        counts = "has expired"
    elif not rule.condition.holds(facts):
        counts = "its condition does not hold"
    else:
        counts = "denies" if rule.effect is Effect.DENY else "allows"
    return MatchedRule(rule.source, rule_text(rule), counts)


def rule_text(rule: Rule) -> str:
    """A rule on one line, as people talk of it."""
    when = f" when {rule.condition.text}" if rule.condition.text else ""
    where = "" if rule.domain == "*" else f" in project {rule.domain}"
    return f"{rule.effect.value} {rule.subject} {rule.actions} on {rule.pattern.text}{where}{when}"


def _lines(explanation: Explanation) -> Iterator[str]:
    decision = explanation.decision
    where = f" in project {explanation.project}" if explanation.project else ""
    yield f"{explanation.subject}, asked by {explanation.principal}{where} under policy {decision.policy_version}"
    yield "roles held:" if explanation.roles else "roles held: none"
    for role, via in explanation.roles:
        yield f"  {role:<16} {via}"
    for question in explanation.questions:
        yield f"{question.action} on {question.path}: {question.answer}"
        for rule in question.rules:
            yield f"  {rule.source:<16} {rule.counts}: {rule.text}"
    yield f"=> {decision.outcome.value} ({decision.reason.code.value}): {decision.reason.text}"
    if decision.reason.rule:
        yield f"   rule: {decision.reason.rule}"
    for obligation in decision.obligations:
        yield f"   with: {obligation!r}"
    if decision.reason.hint:
        yield f"   hint: {decision.reason.hint}"
