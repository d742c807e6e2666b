"""Runs a bundle's cases: what it must answer against what it does."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.model.decision import Decision, Outcome
from gateway.model.footprint import Footprint
from gateway.model.statement import Namespace, Origin, Statement
from gateway.policy.bundle import CASES, Bundle
from gateway.policy.case_files import Case, CaseFile
from gateway.policy.explain import Explanation, explain_action, explain_statement
from gateway.policy.snapshot import PolicySnapshot, compile_policy

# The footprints of every statement in a text; the path is the schema that the case file names, or None.
Footprints = Callable[[Statement, Path | None], tuple[Footprint, ...]]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """`problem` says what was expected and what came instead; "" where the case passed."""

    file: str
    name: str
    problem: str
    explanations: tuple[Explanation, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problem


def run_cases(bundle: Bundle, footprints: Footprints) -> Iterator[CaseResult]:
    """Every case of the bundle, in order. Raises ConfigurationError where a named schema cannot be read."""
    snapshot = compile_policy(bundle)
    for file in bundle.cases:
        for case in file.cases:
            explanations = explain_case(bundle, snapshot, file, case, footprints)
            problem = _problem(case, [item.decision for item in explanations])
            yield CaseResult(file.name, case.name, problem, explanations)


def explain_case(
    bundle: Bundle, snapshot: PolicySnapshot, file: CaseFile, case: Case, footprints: Footprints
) -> tuple[Explanation, ...]:
    """The case's decisions: one for each statement of its text, or one for its action."""
    now = case.at.timestamp() if case.at is not None else time.time()
    target = file.target_of(case)
    client = case.client.client()
    principal = case.principal()
    if case.sql is None:
        if case.action is None or case.object is None:
            raise ValueError(f"{file.name}: {case.name}: neither sql nor action and object")
        # Project "" is the gateway's own: a case on `gateway/…` asks for it by `project = ""` in its target.
        explanation = explain_action(
            snapshot,
            principal,
            target.project,
            case.object,
            case.action,
            now=now,
            client=client,
            environment=target.environment,
        )
        return (explanation,)
    statement = Statement(target.engine, case.sql, Namespace(search_path=case.search_path), Origin.EXPLAIN)
    catalog = bundle.directory / CASES / file.catalog if file.catalog is not None else None
    return tuple(
        explain_statement(snapshot, principal, target, footprint, client=client, now=now)
        for footprint in footprints(statement, catalog)
    )


def _problem(case: Case, decisions: list[Decision]) -> str:
    """A text of several statements is decided as the gateway does: the strictest answer counts for all."""
    if not decisions:
        return "the text holds no statement"
    decision = _strictest(decisions)
    reason = decision.reason
    came = f"{decision.outcome.value} ({reason.code.value}): {reason.text}" + (f" [{reason.rule}]" if reason.rule else "")
    if decision.outcome is not case.expect:
        return f"expected {case.expect.value}, got {came}"
    if case.code is not None and reason.code is not case.code:
        return f"expected the code {case.code.value}, got {came}"
    if case.text is not None and case.text not in reason.text:
        return f"expected {case.text!r} in the reason, got {came}"
    return ""


def _strictest(decisions: list[Decision]) -> Decision:
    for outcome in (Outcome.DENY, Outcome.REVIEW):
        for decision in decisions:
            if decision.outcome is outcome:
                return decision
    return decisions[0]
