"""What passes, what is refused, what becomes an issue: the decision on footprints."""

import math
from dataclasses import replace

import pytest

from gateway.model.decision import Outcome, ReasonCode
from gateway.model.footprint import (
    DATABASE,
    Access,
    AccessOrigin,
    Action,
    Category,
    Effect,
    EffectKind,
    Footprint,
    FunctionClass,
    ObjectKind,
    ObjectName,
)
from gateway.model.identity import Engine, Principal, RoleBinding, Target
from tests.policy.worlds import (
    ALICE,
    CLIENT,
    NOW,
    StoredGrant,
    access,
    command,
    decide,
    function,
    query,
    world,
)

READS = "p, developer, *, */*/public/**, select, , allow\n"


def test_a_granted_relation_passes_and_names_the_rule() -> None:
    decision = decide(world(READS), query(access("orders")))
    assert decision.outcome is Outcome.ALLOW
    assert decision.reason.code is ReasonCode.GRANTED
    assert decision.reason.rule == "policy.csv:2"
    assert decision.policy_version == "version"
    assert decision.valid_until == math.inf


def test_without_a_rule_the_refusal_names_action_path_and_what_to_do() -> None:
    reason = decide(world(READS), query(access("orders"), access("hr.salaries"))).reason
    assert reason.code is ReasonCode.NO_RULE
    assert reason.text == "permission denied: select on pg1/shop/hr/salaries"
    assert (reason.action, reason.path, reason.rule) == (Action.SELECT, "pg1/shop/hr/salaries", "")
    assert "gateway access request --on pg1/shop/hr/salaries --actions select" in reason.hint


def test_a_deny_beats_an_allow_whichever_comes_first() -> None:
    snapshot = world("p, developer, *, **, *, , allow\np, developer, *, */*/hr/**, select, , deny\n")
    reason = decide(snapshot, query(access("hr.salaries"))).reason
    assert reason.code is ReasonCode.DENIED_BY_RULE
    assert reason.rule == "policy.csv:3"
    assert "policy.csv:3 forbids this" in reason.hint


def test_every_access_must_pass() -> None:
    snapshot = world(READS)
    assert decide(snapshot, query(access("a"), access("b"))).outcome is Outcome.ALLOW
    assert decide(snapshot, query(access("a"), access("b", Action.UPDATE))).outcome is Outcome.DENY


@pytest.mark.parametrize("category", [Category.TRANSACTION, Category.EMPTY])
def test_ending_a_transaction_needs_nothing_even_without_connect(category: Category) -> None:
    stranger = Principal("eve")
    assert decide(world(READS), command("COMMIT", category), stranger).reason.code is ReasonCode.ALWAYS


def test_everything_else_needs_connect() -> None:
    reason = decide(world(READS), query(), Principal("eve")).reason
    assert reason.text == "permission denied: connect on pg1/shop"
    assert decide(world(READS), query()).reason.code is ReasonCode.ALWAYS


def test_a_role_in_another_project_counts_for_nothing() -> None:
    elsewhere = Principal("alice", (RoleBinding("developer", "bank"),))
    assert decide(world(READS), query(access("orders")), elsewhere).outcome is Outcome.DENY


def test_a_login_named_like_a_role_holds_nothing_by_its_name() -> None:
    assert decide(world("p, dba, *, **, *, , allow\n"), query(access("orders")), Principal("dba")).outcome is Outcome.DENY


def test_an_instance_named_gateway_is_refused_whatever_the_rules() -> None:
    target = Target(Engine.POSTGRES, "gateway", "audit", "prod", "shop")
    snapshot = world("p, developer, *, gateway/**, *, , allow\n")
    decision = snapshot.decide(ALICE, target, CLIENT, query(access("orders")), NOW)
    assert decision.outcome is Outcome.DENY
    assert "reserved" in decision.reason.text


class TestViews:
    BODY = (access("hr.employees", origin=AccessOrigin.VIEW_BODY), access("orders", origin=AccessOrigin.VIEW_BODY))
    VIEW = access("reports.staff", beneath=BODY)

    def test_a_view_passes_if_it_is_granted_itself(self) -> None:
        assert decide(world("p, developer, *, */*/reports/*, select, , allow\n"), query(self.VIEW)).outcome is Outcome.ALLOW

    def test_even_if_what_it_reads_is_denied(self) -> None:
        snapshot = world("p, developer, *, */*/reports/*, select, , allow\np, developer, *, */*/hr/*, *, , deny\n")
        assert decide(snapshot, query(self.VIEW)).outcome is Outcome.ALLOW

    def test_or_if_everything_beneath_passes(self) -> None:
        snapshot = world(READS + "p, developer, *, */*/hr/employees, select, , allow\n")
        assert decide(snapshot, query(self.VIEW)).reason.rule == "policy.csv:3, policy.csv:2"

    def test_not_if_one_thing_beneath_does_not(self) -> None:
        reason = decide(world(READS), query(self.VIEW)).reason
        assert reason.text == "permission denied: select on pg1/shop/reports/staff"

    def test_a_denial_beneath_is_named_by_its_rule_but_not_by_its_path(self) -> None:
        reason = decide(world(READS + "p, developer, *, */*/hr/*, *, , deny\n"), query(self.VIEW)).reason
        assert (reason.code, reason.rule) == (ReasonCode.DENIED_BY_RULE, "policy.csv:3")
        assert "hr" not in reason.text

    def test_a_denial_of_the_view_counts_though_everything_beneath_passes(self) -> None:
        snapshot = world("p, developer, *, **, select, , allow\np, developer, *, */*/reports/staff, select, , deny\n")
        assert decide(snapshot, query(self.VIEW)).outcome is Outcome.DENY

    def test_views_over_views_are_followed(self) -> None:
        outer = access("reports.outer", beneath=[replace(self.VIEW, origin=AccessOrigin.VIEW_BODY)])
        snapshot = world("p, developer, *, */*/reports/staff, select, , allow\n")
        assert decide(snapshot, query(outer)).outcome is Outcome.ALLOW


class TestPartitions:
    CHILD = access("parts.orders_2026", origin=AccessOrigin.CHILD, beneath=[access("parts.deep", origin=AccessOrigin.CHILD)])
    PARENT = access("orders", beneath=[CHILD])

    def test_a_child_passes_with_its_parent(self) -> None:
        assert decide(world(READS), query(self.PARENT)).outcome is Outcome.ALLOW

    @pytest.mark.parametrize("name", ["orders_2026", "deep"])
    def test_unless_a_rule_denies_it_by_name(self, name: str) -> None:
        reason = decide(world(READS + f"p, developer, *, */*/parts/{name}, *, , deny\n"), query(self.PARENT)).reason
        assert reason.text == f"permission denied: select on pg1/shop/parts/{name}"
        assert reason.rule == "policy.csv:3"

    def test_a_parent_does_not_pass_by_its_children(self) -> None:
        snapshot = world("p, developer, *, */*/parts/*, select, , allow\n")
        assert decide(snapshot, query(self.PARENT)).outcome is Outcome.DENY


class TestFunctions:
    def test_harmless_ones_pass(self) -> None:
        assert decide(world(""), query(functions=[function("pg_catalog.now", FunctionClass.HARMLESS)])).outcome is Outcome.ALLOW

    def test_user_defined_ones_need_call(self) -> None:
        used = query(functions=[function("order_total")])
        assert decide(world(READS), used).reason.text == "permission denied: call on pg1/shop/public/order_total"
        assert decide(world("p, developer, *, */*/public/order_*, call, , allow\n"), used).outcome is Outcome.ALLOW

    @pytest.mark.parametrize("function_class", [FunctionClass.READS, FunctionClass.WRITES, FunctionClass.ADMIN])
    def test_others_need_admin_on_the_function_or_the_database(self, function_class: FunctionClass) -> None:
        used = query(functions=[function("pg_catalog.pg_read_file", function_class)])
        reason = decide(world("p, developer, *, **, call|select, , allow\n"), used).reason
        assert reason.code is ReasonCode.FUNCTION_CLASS
        assert reason.text == "permission denied: admin on pg1/shop/pg_catalog/pg_read_file"
        assert decide(world("p, developer, *, */*, admin, , allow\n"), used).outcome is Outcome.ALLOW
        assert decide(world("p, developer, *, */*/*/pg_read_file, admin, , allow\n"), used).outcome is Outcome.ALLOW

    def test_one_function_can_be_denied_to_an_administrator(self) -> None:
        used = query(functions=[function("pg_catalog.pg_read_file", FunctionClass.ADMIN)])
        snapshot = world("p, developer, *, **, *, , allow\np, developer, *, */*/*/pg_read_file, *, , deny\n")
        assert decide(snapshot, used).reason.code is ReasonCode.DENIED_BY_RULE


class TestOpaque:
    def test_is_refused_with_the_reason(self) -> None:
        reason = decide(world("p, developer, *, **, select|ddl|propose, , allow\n"), query(opaque="a DO block")).reason
        assert reason.code is ReasonCode.OPAQUE
        assert reason.text == "statement not understood: a DO block"

    def test_passes_with_admin_on_the_database(self) -> None:
        assert decide(world("p, developer, *, */*, admin, , allow\n"), query(opaque="x")).outcome is Outcome.ALLOW

    def test_what_is_known_of_it_must_pass_all_the_same(self) -> None:
        snapshot = world("p, developer, *, */*, admin, , allow\n")
        assert decide(snapshot, query(access("orders"), opaque="x")).outcome is Outcome.DENY

    def test_where_something_is_masked_it_needs_unmask_besides(self) -> None:
        masking = '[[columns]]\npath = "*/*/public/customers/email"\nmasker = "email"\n'
        admin = "p, developer, *, */*, admin, , allow\n"
        assert decide(world(admin, masking=masking), query(opaque="x")).outcome is Outcome.DENY
        unmask = admin + "p, developer, *, */*, unmask, , allow\n"
        assert decide(world(unmask, masking=masking), query(opaque="x")).outcome is Outcome.ALLOW

    def test_becomes_an_issue_only_where_a_rule_says_so_by_name(self) -> None:
        assert decide(world("p, developer, *, **, propose, , allow\n"), query(opaque="x")).outcome is Outcome.DENY
        named = "p, developer, *, gateway/opaque/*/*, propose, , allow\n"
        assert decide(world(named), query(opaque="x")).outcome is Outcome.REVIEW


class TestReview:
    PROPOSE = READS + "p, developer, *, */*, propose, , allow\n"
    ALTER = command("ALTER TABLE", Category.DDL, access("orders", Action.DDL))

    def test_a_refused_ddl_becomes_an_issue(self) -> None:
        decision = decide(world(self.PROPOSE), self.ALTER)
        assert decision.outcome is Outcome.REVIEW
        assert decision.reason.code is ReasonCode.NEEDS_ISSUE
        assert decision.reason.text == "ALTER TABLE on pg1/shop needs an approved change issue"
        assert decision.reason.path == "pg1/shop/public/orders"

    def test_without_propose_it_is_refused(self) -> None:
        assert decide(world(READS), self.ALTER).reason.text == "permission denied: ddl on pg1/shop/public/orders"

    def test_with_ddl_it_passes(self) -> None:
        assert decide(world(self.PROPOSE + "p, developer, *, **, ddl, , allow\n"), self.ALTER).outcome is Outcome.ALLOW

    def test_a_denied_ddl_becomes_an_issue_too(self) -> None:
        snapshot = world(self.PROPOSE + "p, developer, *, **, ddl, environment == 'prod', deny\n")
        decision = decide(snapshot, self.ALTER)
        assert (decision.outcome, decision.reason.rule) == (Outcome.REVIEW, "policy.csv:4")

    def test_not_where_propose_is_denied_on_the_object(self) -> None:
        snapshot = world(self.PROPOSE + "p, developer, *, */*/public/orders, propose, , deny\n")
        assert decide(snapshot, self.ALTER).outcome is Outcome.DENY

    def test_not_if_anything_else_is_refused(self) -> None:
        create = command("CREATE TABLE AS", Category.DDL, access("copy", Action.DDL), access("hr.salaries"))
        assert decide(world(self.PROPOSE), create).reason.text == "permission denied: select on pg1/shop/hr/salaries"
        calls = Footprint("CREATE TABLE AS", Category.DDL, accesses=(access("copy", Action.DDL),), functions=(function("f"),))
        assert decide(world(self.PROPOSE), calls).reason.text == "permission denied: call on pg1/shop/public/f"

    def test_what_it_reads_may_be_permitted(self) -> None:
        create = command("CREATE TABLE AS", Category.DDL, access("copy", Action.DDL), access("orders"))
        assert decide(world(self.PROPOSE), create).outcome is Outcome.REVIEW

    def test_other_refusals_never_become_issues(self) -> None:
        assert (
            decide(world(self.PROPOSE), command("DELETE", Category.WRITE, access("orders", Action.DELETE))).outcome
            is Outcome.DENY
        )

    def test_ddl_that_names_no_object_asks_for_the_database(self) -> None:
        bare = command("CREATE LANGUAGE", Category.DDL)
        assert decide(world(READS), bare).reason.text == "permission denied: ddl on pg1/shop"
        assert decide(world(self.PROPOSE), bare).outcome is Outcome.REVIEW

    def test_dropping_ones_own_temporary_table_does_not(self) -> None:
        drop = Footprint("DROP TABLE", Category.DDL, effects=(Effect(EffectKind.TEMP_DROP, "mine"),))
        assert decide(world(READS), drop).outcome is Outcome.ALLOW


class TestExplainAndCopy:
    def test_a_plan_needs_explain_or_select(self) -> None:
        plan = command("EXPLAIN", Category.QUERY, access("orders", Action.EXPLAIN))
        assert decide(world(""), plan).reason.text == "permission denied: explain on pg1/shop/public/orders"
        assert decide(world("p, developer, *, */*/public/*, explain, , allow\n"), plan).outcome is Outcome.ALLOW
        assert decide(world(READS), plan).outcome is Outcome.ALLOW

    def test_a_denial_of_reading_is_one_of_its_plan(self) -> None:
        plan = command("EXPLAIN", Category.QUERY, access("orders", Action.EXPLAIN))
        snapshot = world("p, developer, *, **, explain, , allow\np, developer, *, */*/public/orders, select, , deny\n")
        assert decide(snapshot, plan).reason.rule == "policy.csv:3"

    def test_running_it_needs_the_real_actions(self) -> None:
        analyze = command("EXPLAIN", Category.WRITE, access("orders", Action.DELETE), access("orders", Action.EXPLAIN))
        explains = "p, developer, *, **, explain|select, , allow\n"
        assert decide(world(explains), analyze).reason.text == "permission denied: delete on pg1/shop/public/orders"
        assert decide(world("p, developer, *, **, delete, , allow\n"), analyze).outcome is Outcome.ALLOW

    def test_copy_to_needs_export_besides_select(self) -> None:
        copy = command("COPY", Category.COPY_OUT, access("orders"))
        assert decide(world(READS), copy).reason.text == "permission denied: export on pg1/shop/public/orders"
        assert decide(world(READS + "p, developer, *, **, export, , allow\n"), copy).outcome is Outcome.ALLOW
        assert decide(world("p, developer, *, **, export, , allow\n"), copy).reason.action is Action.SELECT

    def test_copy_of_a_view_exports_the_view_or_all_beneath(self) -> None:
        copy = command("COPY", Category.COPY_OUT, TestViews.VIEW)
        everything = "p, developer, *, **, select, , allow\n"
        assert decide(world(everything), copy).outcome is Outcome.DENY
        assert (
            decide(world(everything + "p, developer, *, */*/reports/staff, export, , allow\n"), copy).outcome is Outcome.ALLOW
        )
        beneath = everything + "p, developer, *, */*/public/*, export, , allow\n"
        assert decide(world(beneath), copy).outcome is Outcome.DENY


def test_administration_without_a_named_object_needs_admin_on_the_database() -> None:
    assert decide(world(READS), command("CHECKPOINT", Category.ADMIN)).reason.text == "permission denied: admin on pg1/shop"
    instance = Access(ObjectName(ObjectKind.INSTANCE), Action.ADMIN)
    snapshot = world("p, developer, *, pg1, admin, , allow\n")
    assert decide(snapshot, command("ALTER SYSTEM", Category.ADMIN, instance)).outcome is Outcome.ALLOW


def test_temporary_tables_need_temp_on_the_database() -> None:
    create = command("CREATE TABLE", Category.DDL, Access(DATABASE, Action.TEMP))
    assert decide(world(READS), create).reason.text == "permission denied: temp on pg1/shop"
    assert decide(world("p, developer, *, */*, temp, , allow\n"), create).outcome is Outcome.ALLOW


class TestTime:
    def test_an_answer_by_the_clock_holds_until_the_minute_ends(self) -> None:
        snapshot = world("p, developer, *, **, select, hour == 20, allow\n")
        decision = decide(snapshot, query(access("orders")))
        assert decision.outcome is Outcome.ALLOW
        assert decision.valid_until == 1_780_000_020.0
        assert decide(snapshot, query(access("orders")), now=NOW + 3600).outcome is Outcome.DENY

    def test_a_refusal_by_the_clock_holds_no_longer_either(self) -> None:
        decision = decide(world("p, developer, *, **, select, hour == 3, allow\n"), query(access("orders")))
        assert (decision.outcome, decision.valid_until) == (Outcome.DENY, 1_780_000_020.0)

    def test_a_grant_holds_until_it_ends(self) -> None:
        snapshot = world(READS, grants=[StoredGrant(expires_at=NOW + 10)])
        decision = decide(snapshot, query(access("hr.salaries")))
        assert (decision.outcome, decision.reason.rule, decision.valid_until) == (Outcome.ALLOW, "grant #7", NOW + 10)
        assert decide(snapshot, query(access("hr.salaries")), now=NOW + 10).outcome is Outcome.DENY

    def test_a_role_holds_until_its_binding_ends(self) -> None:
        alice = Principal("alice", (RoleBinding("developer", "shop", NOW + 5),))
        snapshot = world(READS)
        assert decide(snapshot, query(access("orders")), alice).valid_until == NOW + 5
        assert decide(snapshot, query(access("orders")), alice, NOW + 5).outcome is Outcome.DENY
        assert decide(snapshot, query(access("orders")), alice, NOW).outcome is Outcome.ALLOW


class TestGrants:
    def test_a_grant_does_not_beat_a_deny_of_the_bundle(self) -> None:
        snapshot = world(READS + "p, developer, *, */*/hr/*, *, , deny\n", grants=[StoredGrant()])
        assert decide(snapshot, query(access("hr.salaries"))).reason.rule == "policy.csv:3"

    def test_a_grant_to_a_person_named_like_a_role_needs_the_prefix(self) -> None:
        person = Principal("developer", (RoleBinding("developer", "shop"),))
        assert decide(
            world(READS, grants=[StoredGrant(subject="user:developer")]), query(access("hr.x")), person
        ).reason.rule == ("grant #7")

    def test_grants_come_and_go_without_another_bundle(self) -> None:
        before = world(READS)
        after = before.with_grants([StoredGrant()])
        assert decide(before, query(access("hr.x"))).outcome is Outcome.DENY
        assert decide(after, query(access("hr.x"))).outcome is Outcome.ALLOW
        assert decide(after.with_grants([]), query(access("hr.x"))).outcome is Outcome.DENY

    def test_an_unreadable_allow_gives_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        snapshot = world(READS, grants=[StoredGrant(object="a//b")])
        assert decide(snapshot, query(access("hr.x"))).outcome is Outcome.DENY
        assert "grant #7 cannot be read" in caplog.text

    def test_an_unreadable_deny_takes_everything(self) -> None:
        snapshot = world(READS, grants=[StoredGrant(condition="hour =", effect="deny")])
        assert decide(snapshot, query(access("orders"))).reason.rule == "grant #7 (unreadable)"


class TestPermits:
    def test_approve_own_is_never_meant_by_everything(self) -> None:
        snapshot = world("p, dba, *, **, *, , allow\n")
        dba = Principal("dora", (RoleBinding("dba"),))
        assert snapshot.permits(dba, "shop", "pg1/shop", Action.APPROVE, NOW).outcome is Outcome.ALLOW
        assert snapshot.permits(dba, "shop", "pg1/shop", Action.APPROVE_OWN, NOW).outcome is Outcome.DENY
        named = world("p, dba, *, */*, approve_own, , allow\n")
        assert named.permits(dba, "shop", "pg1/shop", Action.APPROVE_OWN, NOW).outcome is Outcome.ALLOW

    def test_a_rule_over_all_data_is_not_administration_of_the_gateway(self) -> None:
        dba = Principal("dora", (RoleBinding("dba"),))
        for pattern in ("**", "*/**", "gate*/**", "**/users"):
            snapshot = world(f"p, dba, *, {pattern}, *, , allow\n")
            assert snapshot.permits(dba, "", "gateway/users", Action.ADMIN, NOW).outcome is Outcome.DENY
        snapshot = world("p, dba, *, gateway/**, *, , allow\n")
        assert snapshot.permits(dba, "", "gateway/users", Action.ADMIN, NOW).outcome is Outcome.ALLOW

    def test_conditions_see_the_environment_and_the_database(self) -> None:
        snapshot = world("p, dba, *, */*, approve, environment == 'dev' and database == 'shop', allow\n")
        dba = Principal("dora", (RoleBinding("dba"),))
        assert snapshot.permits(dba, "shop", "pg1/shop", Action.APPROVE, NOW, None, "dev").outcome is Outcome.ALLOW
        assert snapshot.permits(dba, "shop", "pg1/shop", Action.APPROVE, NOW, None, "prod").outcome is Outcome.DENY
        assert snapshot.permits(dba, "shop", "pg1/bank", Action.APPROVE, NOW, None, "dev").outcome is Outcome.DENY


def test_names_with_separators_and_wildcards_stay_in_their_segment() -> None:
    snapshot = world("p, developer, *, pg1/shop/public/*, select, , allow\n")
    assert decide(snapshot, query(access("a/b"))).outcome is Outcome.ALLOW
    sneaky = query(Access(ObjectName(ObjectKind.RELATION, "hr/public", "x"), Action.SELECT))
    assert decide(snapshot, sneaky).outcome is Outcome.DENY
    star = world("p, developer, *, pg1/shop/public/%2A, select, , allow\n")
    assert decide(star, query(access("*"))).outcome is Outcome.ALLOW
    assert decide(star, query(access("orders"))).outcome is Outcome.DENY


def test_approving_a_pattern_takes_leave_for_all_of_it() -> None:
    snapshot = world("p, developer, *, */**, approve, , allow\np, developer, *, */*/hr/salaries, approve, , deny\n")

    def may(who: Principal, path: str) -> bool:
        return snapshot.permits(who, "shop", path, Action.APPROVE, NOW).outcome is Outcome.ALLOW

    assert may(ALICE, "pg1/shop/hr/emp*")
    assert not may(ALICE, "pg1/shop/hr/*")
    assert not may(ALICE, "pg1/shop/**")
    assert may(ALICE, "pg1/shop/public/**")
