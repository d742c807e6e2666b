"""How differences between two bundles are told. Whole runs over an audited past: tests/live/test_backtest.py."""

import pytest

from gateway.app.backtest import _asked_gateway, _change, _words
from gateway.model.decision import Decision, MaskColumns, Outcome, Reason, ReasonCode, RowLimit, TimeLimit
from gateway.model.footprint import ColumnRef, relation
from tests.policy.worlds import ALICE, SHOP, access, query

LIMIT = RowLimit(10, None, None, "query_rules.toml:few")
MASK = MaskColumns(((ColumnRef(relation("public", "orders"), "note"), "email"),))


def decision(outcome: Outcome, *obligations: RowLimit | TimeLimit | MaskColumns, rule: str = "", path: str = "") -> Decision:
    code = ReasonCode.GRANTED if outcome is Outcome.ALLOW else ReasonCode.NO_RULE
    return Decision(outcome, Reason(code, "why", rule, path=path), "1", obligations)


ALLOW = decision(Outcome.ALLOW, rule="policy.csv:1")


def test_a_new_refusal_names_its_path_and_that_no_rule_permits_it() -> None:
    change = _change(ALICE, SHOP, query(access("orders")), ALLOW, decision(Outcome.DENY, path="pg1/shop/public/orders"))
    assert (change.user, change.relation, change.before, change.after) == ("alice", "pg1/shop/public/orders", "allow", "deny")
    assert change.rule == "no rule permits it"
    newly = _change(ALICE, SHOP, query(access("orders")), decision(Outcome.DENY, path="pg1/shop/x"), ALLOW)
    assert (newly.before, newly.after, newly.rule) == ("deny", "allow", "policy.csv:1")


@pytest.mark.parametrize(
    ("obligation", "after", "rule"),
    [
        (LIMIT, "allow with RowLimit", "query_rules.toml:few"),
        (TimeLimit(5, "query_rules.toml:quick"), "allow with TimeLimit", "query_rules.toml:quick"),
        (MASK, "allow with MaskColumns", "masking.toml"),
    ],
)
def test_what_a_new_bundle_asks_beside_is_told_with_its_rule(
    obligation: RowLimit | TimeLimit | MaskColumns, after: str, rule: str
) -> None:
    new = decision(Outcome.ALLOW, obligation, rule="policy.csv:1")
    change = _change(ALICE, SHOP, query(access("orders")), ALLOW, new)
    assert (change.relation, change.after, change.rule) == ("pg1/shop/public/orders", after, rule)
    gone = _change(ALICE, SHOP, query(access("orders")), new, ALLOW)
    assert (gone.before, gone.after) == (after, "allow")


def test_obligations_of_a_refusal_are_not_told() -> None:
    assert _words(decision(Outcome.DENY)) == "deny"
    assert _words(decision(Outcome.ALLOW, LIMIT, MASK)) == "allow with MaskColumns, RowLimit"


def test_what_the_gateway_answered_is_passed_over() -> None:
    assert _asked_gateway({"relations": [{"path": "gateway/grants", "action": "select"}]})
    assert _asked_gateway({"relations": [{"path": "gateway", "action": "select"}]})
    assert not _asked_gateway({"relations": [{"path": "gateways/x/y", "action": "select"}]})
    assert not _asked_gateway({})
