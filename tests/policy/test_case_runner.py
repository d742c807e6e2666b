"""Cases: run through an injected analysis, judged by the strictest answer."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.footprint import Footprint
from gateway.model.statement import Statement
from gateway.policy.bundle import Bundle
from gateway.policy.case_files import parse_cases
from gateway.policy.case_runner import CaseResult, run_cases
from tests.policy.worlds import access, bundle, query

POLICY = "p, developer, *, */*/public/*, select, environment != 'night' and hour < 21, allow\n"
HEAD = 'catalog = "schemas/s.toml"\n[target]\nproject = "shop"\n'


def with_cases(text: str) -> Bundle:
    file, problems = parse_cases(HEAD + text, "cases/x.toml")
    assert problems == []
    assert file is not None
    return replace(bundle(POLICY), cases=(file,))


def names(statement: Statement, schema: Path | None) -> tuple[Footprint, ...]:
    """Each word of the text is one relation read by one statement."""
    assert schema == Path("test/cases/schemas/s.toml")
    return tuple(query(access(word)) for word in statement.text.split())


def run(text: str) -> CaseResult:
    (result,) = run_cases(with_cases(text), names)
    return result


CASE = '[[cases]]\nname = "n"\nroles = ["developer@shop"]\nat = 2026-05-28T20:00:00Z\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('sql = "orders"\nexpect = "allow"\n', ""),
        ('sql = "orders hr.x"\nexpect = "deny"\ncode = "no_rule"\ntext = "on pg1/shop/hr/x"\n', ""),
        ('sql = "orders"\nexpect = "deny"\n', "expected deny, got allow (granted): granted [policy.csv:2]"),
        ('sql = "hr.x"\nexpect = "deny"\ncode = "opaque"\n', "expected the code opaque, got deny (no_rule)"),
        ('sql = "hr.x"\nexpect = "deny"\ntext = "on pg2"\n', "expected 'on pg2' in the reason, got deny"),
        ('sql = ""\nexpect = "allow"\n', "the text holds no statement"),
        ('action = "connect"\nobject = "pg1/shop"\nexpect = "allow"\n', ""),
        ('action = "approve"\nobject = "pg1/shop"\nexpect = "allow"\n', "expected allow, got deny (no_rule)"),
        ('sql = "orders"\nexpect = "deny"\ntarget = { environment = "night" }\n', ""),
        ('sql = "orders"\nexpect = "deny"\ntarget = { project = "bank" }\n', ""),
    ],
)
def test_cases(text: str, problem: str) -> None:
    result = run(CASE + text)
    assert result.problem.startswith(problem)
    assert result.passed is (problem == "")


def test_the_moment_of_a_case_is_its_own() -> None:
    assert run(CASE.replace("20:00", "22:00") + 'sql = "orders"\nexpect = "deny"\n').passed


def test_results_explain_themselves() -> None:
    result = run(CASE + 'sql = "orders"\nexpect = "deny"\n')
    assert "policy.csv:2" in result.explanations[0].to_text()
