"""Query rules: limits as obligations, a required WHERE as a refusal, modes that only tell."""

import dataclasses

import pytest

from gateway.model.decision import Mode, Notice, Outcome, ReasonCode, RowLimit, TimeLimit
from gateway.model.footprint import Access, AccessOrigin, Action, Category, Clause
from gateway.model.identity import Principal, RoleBinding
from tests.policy.worlds import ALICE, NOW, access, command, decide, named, query, world

READS = "p, developer, *, **, select|update|delete, , allow\n"
ROWS = """
[[rules]]
name = "prod"
roles = ["developer"]
objects = ["*/*/public/*"]
when = "environment == 'prod'"
max_rows = 1000
max_bytes = "10MB"
statement_timeout = "30s"
"""
WHERE = """
[[rules]]
name = "narrow"
roles = ["*"]
objects = ["*/*/public/*"]
require_where = true
"""


def test_limits_come_with_the_permission() -> None:
    decision = decide(world(READS, queries=ROWS), query(access("orders")))
    source = "query_rules.toml:prod"
    assert decision.obligations == (RowLimit(1000, 10_000_000, None, source), TimeLimit(30_000, source))


def test_limits_concern_their_objects_roles_projects_and_conditions() -> None:
    assert decide(world(READS, queries=ROWS), query(access("hr.staff"))).obligations == ()
    assert decide(world(READS, queries=ROWS.replace("developer", "analyst")), query(access("orders"))).obligations == ()
    assert decide(world(READS, queries=ROWS.replace("'prod'", "'dev'")), query(access("orders"))).obligations == ()
    assert decide(world(READS, queries=ROWS + 'projects = ["bank"]\n'), query(access("orders"))).obligations == ()
    assert decide(world(READS, queries=ROWS + 'projects = ["shop"]\n'), query(access("orders"))).obligations != ()


def test_a_rule_may_name_a_person() -> None:
    queries = ROWS.replace('"developer"', '"user:alice"')
    bob = Principal("bob", (RoleBinding("developer"),))
    assert decide(world(READS, queries=queries), query(access("orders"))).obligations != ()
    assert decide(world(READS, queries=queries), query(access("orders")), bob).obligations == ()


def test_what_stands_beneath_a_view_is_limited_too() -> None:
    view = access("reports.v", beneath=[access("orders")])
    assert decide(world(READS, queries=ROWS), query(view)).obligations != ()


def test_export_on_every_relation_lifts_all_limits_of_reading() -> None:
    snapshot = world(READS + "p, developer, *, */*/public/orders, export, , allow\n", queries=ROWS)
    assert decide(snapshot, query(access("orders"))).obligations == ()
    both = decide(snapshot, query(access("orders"), access("customers"))).obligations
    assert isinstance(both[0], RowLimit)


def test_a_clock_in_the_rule_bounds_the_decision() -> None:
    queries = ROWS.replace("environment == 'prod'", "hour >= 8")
    assert decide(world(READS, queries=queries), query(access("orders"))).valid_until == NOW - NOW % 60 + 60


@pytest.mark.parametrize(("mode", "limit"), [("warn", Mode.WARN), ("shadow", Mode.SHADOW)])
def test_softer_modes_mark_their_limits(mode: str, limit: Mode) -> None:
    obligations = decide(world(READS, queries=ROWS + f'mode = "{mode}"\n'), query(access("orders"))).obligations
    assert obligations == (RowLimit(1000, 10_000_000, None, "query_rules.toml:prod", limit),)


def test_on_limit_truncate() -> None:
    (limit, _) = decide(world(READS, queries=ROWS + 'on_limit = "truncate"\n'), query(access("orders"))).obligations
    assert isinstance(limit, RowLimit)
    assert limit.truncate


class TestWhere:
    def test_reading_a_relation_whole_is_refused(self) -> None:
        reason = decide(world(READS, queries=WHERE), query(access("orders"))).reason
        assert reason.code is ReasonCode.WHERE_REQUIRED
        assert reason.text == "a WHERE clause is required on pg1/shop/public/orders"
        assert reason.rule == "query_rules.toml:narrow"

    def test_a_where_that_names_a_column_passes(self) -> None:
        narrowed = access("orders", Action.SELECT, (Clause.WHERE, "id"))
        assert decide(world(READS, queries=WHERE), query(narrowed)).outcome is Outcome.ALLOW

    def test_so_does_what_is_joined_to_it(self) -> None:
        joined = access("customers", Action.SELECT, (Clause.JOIN, "id"))
        narrowed = access("orders", Action.SELECT, (Clause.WHERE, "id"))
        snapshot = world(READS, queries=WHERE)
        assert decide(snapshot, query(narrowed, joined)).outcome is Outcome.ALLOW
        assert decide(snapshot, query(joined)).outcome is Outcome.DENY

    def test_writes_too(self) -> None:
        snapshot = world(READS, queries=WHERE)
        assert decide(snapshot, command("DELETE", Category.WRITE, access("orders", Action.DELETE))).outcome is Outcome.DENY
        narrowed = access("orders", Action.DELETE, (Clause.WHERE, "id"))
        assert decide(snapshot, command("DELETE", Category.WRITE, narrowed)).outcome is Outcome.ALLOW

    def test_export_lifts_it_for_reading_alone(self) -> None:
        snapshot = world(READS + "p, developer, *, */*/public/orders, export, , allow\n", queries=WHERE)
        assert decide(snapshot, query(access("orders"))).outcome is Outcome.ALLOW
        reason = decide(snapshot, command("DELETE", Category.WRITE, access("orders"), access("orders", Action.DELETE))).reason
        assert (reason.code, reason.action) == (ReasonCode.WHERE_REQUIRED, Action.DELETE)
        assert "export" not in reason.hint

    def test_beneath_views_and_on_partitions_too(self) -> None:
        snapshot = world(READS, queries=WHERE)
        beneath = Access(named("orders"), Action.SELECT, origin=AccessOrigin.VIEW_BODY)
        assert decide(snapshot, query(access("hr.v", beneath=[beneath]))).outcome is Outcome.DENY
        narrowed = dataclasses.replace(beneath, narrowed_by=Clause.WHERE)
        assert decide(snapshot, query(access("hr.v", beneath=[narrowed]))).outcome is Outcome.ALLOW
        part = Access(named("orders"), Action.SELECT, origin=AccessOrigin.CHILD)
        assert decide(snapshot, query(access("hr.all", beneath=[part]))).outcome is Outcome.DENY
        chosen = access("hr.all", Action.SELECT, (Clause.WHERE, "id"), beneath=[part])
        assert decide(snapshot, query(chosen)).outcome is Outcome.ALLOW

    @pytest.mark.parametrize("mode", [Mode.WARN, Mode.SHADOW])
    def test_softer_modes_only_tell(self, mode: Mode) -> None:
        decision = decide(world(READS, queries=WHERE + f'mode = "{mode}"\n'), query(access("orders")), ALICE)
        text = "a WHERE clause is required on pg1/shop/public/orders"
        assert decision.obligations == (Notice(mode, text, "query_rules.toml:narrow"),)
        assert decision.outcome is Outcome.ALLOW
