"""Masked columns that a schema change puts under another path."""

from dataclasses import replace

import pytest

from gateway.model.decision import Outcome, ReasonCode
from gateway.model.footprint import Access, Action, Category, Clause, ColumnRef, Footprint, Move
from gateway.model.identity import ClientInfo, Engine, Target
from tests.policy.worlds import ALICE, NOW, SHOP, access, decide, named, world

MAY = "p, developer, *, **, select|ddl, , allow\n"
MASKING = """
[[columns]]
path = "*/shop/public/customers/email"
masker = "email"
[[columns]]
path = "*/shop/public/customers/*_mail"
masker = "email"
[[columns]]
path = "*/shop/public/archive_*/email"
masker = "email"
[[columns]]
path = "*/shop/public/hashed/email"
masker = "hash"
"""


def change(source: str, column: str, target: str, other: str) -> Footprint:
    moved = Move(ColumnRef(named(source), column), ColumnRef(named(target), other))
    accesses = (access(source, Action.DDL), access(target, Action.DDL))
    return Footprint("ALTER TABLE", Category.DDL, accesses=accesses, moves=(moved,))


def test_a_masked_column_needs_unmask_and_the_refusal_names_it() -> None:
    decision = decide(world(MAY, masking=MASKING), change("customers", "email", "customers", "post"))
    assert decision.outcome is Outcome.DENY
    assert decision.reason.code is ReasonCode.MASKED_COLUMN
    assert decision.reason.text == (
        "permission denied: unmask on pg1/shop/public/customers/email (masked column used in ALTER TABLE)"
    )


@pytest.mark.parametrize(
    ("source", "column", "target", "other", "allowed"),
    [
        ("customers", "name", "customers", "called", True),  # not masked
        ("orders", "*", "sales", "*", True),
        ("customers", "name", "customers", "email", True),
        ("customers", "email", "customers", "work_mail", True),  # masked there by the same masker
        ("customers", "email", "archive_2025", "email", True),
        ("archive_2025", "email", "archive_2026", "email", True),
        ("customers", "email", "hashed", "email", False),  # by another masker
        ("customers", "email", "archive_2025", "post", False),
        ("customers", "work_mail", "archive_2025", "work_mail", False),
        ("customers", "*", "clients", "*", False),  # columns not known
        ("customers", "*", "archive_2025", "*", False),
        ("archive_2025", "*", "archive_2026", "*", True),
    ],
)
def test_what_is_masked_alike_may_move(source: str, column: str, target: str, other: str, *, allowed: bool) -> None:
    decision = decide(world(MAY, masking=MASKING), change(source, column, target, other))
    assert (decision.outcome is Outcome.ALLOW) is allowed


def test_whoever_may_unmask_may_move() -> None:
    snapshot = world(MAY + "p, developer, *, */*/public/customers, unmask, , allow\n", masking=MASKING)
    assert decide(snapshot, change("customers", "email", "clients", "post")).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    "rule",
    [
        "p, support, *, pg1/shop/public/archive_2025, unmask, , allow\n",
        "p, user:bob, other, */*/public/archive_*/email, unmask, , allow\n",
        "p, support, *, **, *, , allow\np, support, *, */*/public/customers/*, unmask, , deny\n",
    ],
)
def test_not_to_where_somebody_else_sees_more(rule: str) -> None:
    assert decide(world(MAY + rule, masking=MASKING), change("customers", "email", "archive_2025", "email")).outcome is (
        Outcome.DENY
    )


def test_rules_that_hold_at_both_ends_do_not_hinder() -> None:
    both = "p, support, *, **, *, , allow\np, support, *, */*/public/*/email, unmask, , deny\n"
    fewer = "p, boss, *, */*/public/customers, unmask, , allow\n"
    snapshot = world(MAY + both + fewer, masking=MASKING)
    assert decide(snapshot, change("customers", "email", "archive_2025", "email")).outcome is Outcome.ALLOW


def test_into_another_database_only_where_nobody_may_unmask() -> None:
    target = Target(Engine.MYSQL, "my1", "shop", "prod", "shop")
    masking = '[[columns]]\npath = "*/*/people/email"\nmasker = "email"\n'
    moved = Move(ColumnRef(named("shop.people"), "email"), ColumnRef(named("archive.people"), "email"))
    footprint = Footprint("RENAME TABLE", Category.DDL, accesses=(access("shop.people", Action.DDL),), moves=(moved,))
    client = ClientInfo("10.0.0.7", "mysql", tls=True)
    for rule, outcome in (("", Outcome.ALLOW), ("p, boss, *, **, unmask, , allow\n", Outcome.DENY)):
        snapshot = world(MAY + "p, developer, *, **, connect, , allow\n" + rule, masking=masking)
        assert snapshot.decide(ALICE, target, client, footprint, NOW).outcome is outcome


def test_the_review_hears_of_every_masked_column_that_leaves_its_entry_whoever_moves_it() -> None:
    snapshot = world("p, developer, *, **, *, , allow\n", masking=MASKING)
    assert snapshot.uncovered(SHOP, change("customers", "email", "customers", "post")) == (
        ("pg1/shop/public/customers/email", "pg1/shop/public/customers/post"),
    )
    assert snapshot.uncovered(SHOP, change("archive_2025", "*", "hashed", "*")) == (
        ("pg1/shop/public/archive_2025/email", "pg1/shop/public/hashed/email"),
    )
    assert snapshot.uncovered(SHOP, change("customers", "email", "archive_2025", "email")) == ()
    assert snapshot.uncovered(SHOP, change("orders", "email", "sales", "post")) == ()


PROPOSES = "p, developer, *, **, select, , allow\np, developer, *, */*, propose, , allow\n"


def stored(kind: str, *accesses: Access) -> Footprint:
    return Footprint(kind, Category.DDL, accesses=accesses)


@pytest.mark.parametrize(
    "footprint",
    [
        change("customers", "email", "customers", "post"),
        stored("CREATE INDEX", access("customers", Action.DDL, (Clause.CONSTRAINT, "email"))),
        stored("ALTER TABLE", access("customers", Action.DDL, (Clause.STORED, "email"))),
        replace(
            stored("CREATE FUNCTION", access("f", Action.DDL)),
            shown=(access("customers", Action.DDL, (Clause.STORED, "email")),),
        ),
    ],
)
def test_where_a_change_is_proposed_whoever_approves_it_decides(footprint: Footprint) -> None:
    assert decide(world(PROPOSES, masking=MASKING), footprint).outcome is Outcome.REVIEW
    assert decide(world(MAY, masking=MASKING), footprint).outcome is Outcome.DENY


def test_a_query_within_a_proposed_change_is_refused_as_ever() -> None:
    reads = access("customers", Action.SELECT, (Clause.STORED, "email"))
    decision = decide(world(PROPOSES, masking=MASKING), stored("CREATE TABLE AS", access("copy", Action.DDL), reads))
    assert decision.outcome is Outcome.DENY
    assert decision.reason.code is ReasonCode.MASKED_COLUMN


def test_the_review_hears_of_masked_columns_that_are_stored() -> None:
    uses = (Clause.STORED, "email"), (Clause.CONSTRAINT, "work_mail"), (Clause.STORED, "name")
    snapshot = world("p, developer, *, **, *, , allow\n", masking=MASKING)
    assert snapshot.uncovered(SHOP, stored("CREATE TRIGGER", access("customers", Action.DDL, *uses))) == (
        ("pg1/shop/public/customers/email", "what CREATE TRIGGER makes"),
    )
