"""Explanations say what the decision said, and show every rule that had a part in it."""

from gateway.model.decision import Outcome
from gateway.model.footprint import Action
from gateway.model.identity import Principal, RoleBinding
from gateway.policy.explain import explain_action, explain_statement
from tests.policy.worlds import ALICE, CLIENT, NOW, SHOP, StoredGrant, access, decide, query, world

POLICY = """\
g, developer, member, *
p, member, *, */*/public/*, select, , allow
p, developer, *, */*/hr/*, *, environment == 'prod', deny
p, developer, shop, */*/hr/*, select, environment == 'dev', allow
"""
SNAPSHOT = world(POLICY, grants=[StoredGrant(expires_at=NOW - 1)])


def test_the_chain_of_a_refusal() -> None:
    footprint = query(access("orders"), access("hr.salaries"))
    explanation = explain_statement(SNAPSHOT, ALICE, SHOP, footprint, client=CLIENT, now=NOW)
    assert explanation.decision == decide(SNAPSHOT, footprint)
    assert explanation.roles == (("developer", "binding developer@shop"), ("member", "policy.csv:2"))
    assert [(item.action, item.path, item.answer) for item in explanation.questions] == [
        ("connect", "pg1/shop", "allowed"),
        ("select", "pg1/shop/public/orders", "allowed"),
        ("select", "pg1/shop/hr/salaries", "denied"),
    ]
    assert [(rule.source, rule.counts) for rule in explanation.questions[2].rules] == [
        ("policy.csv:4", "denies"),
        ("policy.csv:5", "its condition does not hold"),
        ("grant #7", "has expired"),
    ]


def test_as_text_and_as_json() -> None:
    explanation = explain_statement(SNAPSHOT, ALICE, SHOP, query(access("hr.salaries")), client=CLIENT, now=NOW)
    lines = explanation.to_text().splitlines()
    assert lines[0] == "SELECT on pg1/shop (prod), asked by alice in project shop under policy version"
    assert "  policy.csv:4     denies: deny developer * on */*/hr/* when environment == 'prod'" in lines
    assert "=> deny (denied_by_rule): permission denied: select on pg1/shop/hr/salaries" in lines
    found = explanation.to_dict()
    assert (found["outcome"], found["rule"]) == ("deny", "policy.csv:4")
    assert found["roles"][1] == {"role": "member", "via": "policy.csv:2"}
    assert found["questions"][1]["rules"][0]["counts"] == "denies"


def test_an_action_on_a_path() -> None:
    explanation = explain_action(SNAPSHOT, ALICE, "shop", "pg1/shop", Action.APPROVE, now=NOW, environment="prod")
    assert explanation.decision.outcome is Outcome.DENY
    assert [item.answer for item in explanation.questions] == ["no rule allows it"]
    assert "roles held:" in explanation.to_text()


def test_somebody_without_roles() -> None:
    nobody = Principal("eve", (RoleBinding("developer", "bank"),))
    explanation = explain_action(SNAPSHOT, nobody, "shop", "pg1/shop", Action.CONNECT, now=NOW)
    assert "roles held: none" in explanation.to_text()
