"""Masked columns: masked on the way out, `infer` where they are compared, `unmask` where they are carried away."""

from dataclasses import replace

import pytest

from gateway.model.decision import MaskColumns, Outcome, ReasonCode
from gateway.model.footprint import (
    Access,
    AccessOrigin,
    Action,
    Category,
    Clause,
    ColumnRef,
    ColumnUse,
    Footprint,
    OutputColumn,
    relation,
)
from gateway.model.masker import DigitsMask
from tests.policy.worlds import access, command, decide, named, query, world

READS = "p, developer, *, **, select|insert|update|ddl, , allow\n"
MASKING = """
[maskers.card]
kind = "digits"
last = 2
[classes]
contact = "email"
[[columns]]
path = "*/shop/public/customers/email"
class = "contact"
[[columns]]
path = "*/shop/public/customers/card_*"
masker = "card"
[[columns]]
path = "*/*/hr/*/*"
masker = "null"
"""
CUSTOMERS = named("customers")


def masked(*pairs: tuple[str, str]) -> tuple[MaskColumns]:
    return (MaskColumns(tuple((ColumnRef(CUSTOMERS, column), masker) for column, masker in pairs)),)


def test_shown_columns_are_masked_by_name_of_their_masker() -> None:
    snapshot = world(READS, masking=MASKING)
    shown = access(
        "customers", Action.SELECT, (Clause.OUTPUT, "email"), (Clause.OUTPUT, "name"), (Clause.OUTPUT, "card_number")
    )
    decision = decide(snapshot, query(shown))
    assert decision.outcome is Outcome.ALLOW
    assert decision.obligations == masked(("card_number", "digits(last=2)"), ("email", "email"))
    assert snapshot.masker("digits(last=2)") == DigitsMask(2)


def test_nothing_masked_nothing_asked() -> None:
    shown = access("customers", Action.SELECT, (Clause.OUTPUT, "name"), (Clause.WHERE, "id"))
    assert decide(world(READS, masking=MASKING), query(shown)).obligations == ()


def test_whole_rows_are_masked_in_every_column_that_has_an_entry() -> None:
    decision = decide(world(READS, masking=MASKING), query(access("customers", Action.SELECT, (Clause.OUTPUT, "*"))))
    assert decision.obligations == masked(("card_*", "digits(last=2)"), ("email", "email"))


def test_outputs_that_stand_on_a_masked_column_are_masked_though_no_access_says_so() -> None:
    footprint = Footprint(
        "SELECT",
        Category.QUERY,
        accesses=(access("v"),),
        outputs=(OutputColumn("contact", frozenset({ColumnRef(CUSTOMERS, "email")}), exact=True),),
    )
    assert decide(world(READS, masking=MASKING), footprint).obligations == masked(("email", "email"))


def test_columns_beneath_views_and_in_returning_are_masked() -> None:
    beneath = access("customers", Action.SELECT, (Clause.OUTPUT, "email"), origin=AccessOrigin.VIEW_BODY)
    snapshot = world(READS, masking=MASKING)
    assert decide(snapshot, query(access("v", beneath=[beneath]))).obligations == masked(("email", "email"))
    returning = command("UPDATE", Category.WRITE, access("customers", Action.UPDATE, (Clause.RETURNING, "email")))
    # Of a relation that is written to, everything may stand in an error.
    assert decide(snapshot, returning).obligations == masked(("card_*", "digits(last=2)"), ("email", "email"))


@pytest.mark.parametrize("clause", sorted(set(Clause) - {Clause.OUTPUT, Clause.RETURNING, Clause.TARGET, Clause.PRESENCE}))
def test_other_uses_are_refused_with_column_and_clause(clause: Clause) -> None:
    used = query(access("customers", Action.SELECT, (clause, "email")))
    reason = decide(world(READS, masking=MASKING), used).reason
    needed = Action.UNMASK if clause is Clause.STORED else Action.INFER
    assert reason.code is ReasonCode.MASKED_COLUMN
    assert reason.action is needed
    assert reason.text == (
        f"permission denied: {needed} on pg1/shop/public/customers/email (masked column used in {clause.value.upper()})"
    )


def test_what_an_output_computes_is_refused_in_its_own_words_behind_other_uses() -> None:
    computed = ColumnUse(Clause.COMPUTED, "email", "the select list, in CASE")
    used = access("customers", Action.SELECT, (Clause.OUTPUT, "email"))
    snapshot = world(READS, masking=MASKING)
    reason = decide(snapshot, query(replace(used, columns=used.columns | {computed}))).reason
    assert reason.circumstance == "masked column used in the select list, in CASE"
    both = access("customers", Action.SELECT, (Clause.WHERE, "email"))
    reason = decide(snapshot, query(replace(both, columns=both.columns | {computed}))).reason
    assert reason.circumstance == "masked column used in WHERE"


def test_assigning_to_a_masked_column_shows_nothing() -> None:
    update = command("UPDATE", Category.WRITE, access("customers", Action.UPDATE, (Clause.TARGET, "email")))
    assert decide(world(READS, masking=MASKING), update).outcome is Outcome.ALLOW


@pytest.mark.parametrize("place", ["customers", "customers/email", "*/email"])
def test_infer_allows_comparing_but_shows_nothing(place: str) -> None:
    snapshot = world(READS + f"p, developer, *, */*/public/{place}, infer, , allow\n", masking=MASKING)
    used = access("customers", Action.SELECT, (Clause.WHERE, "email"), (Clause.OUTPUT, "email"))
    assert decide(snapshot, query(used)).obligations == masked(("email", "email"))


@pytest.mark.parametrize("place", ["customers", "customers/email"])
def test_unmask_shows_and_carries_and_compares(place: str) -> None:
    snapshot = world(READS + f"p, developer, *, */*/public/{place}, unmask, , allow\n", masking=MASKING)
    used = access("customers", Action.SELECT, (Clause.STORED, "email"), (Clause.OUTPUT, "email"), (Clause.WHERE, "email"))
    decision = decide(snapshot, query(used))
    assert (decision.outcome, decision.obligations) == (Outcome.ALLOW, ())


def test_a_denial_on_the_column_beats_unmask_on_the_relation() -> None:
    rules = "p, developer, *, */*/public/customers, unmask, , allow\np, developer, *, */*/*/*/email, unmask, , deny\n"
    snapshot = world(READS + rules, masking=MASKING)
    shown = access("customers", Action.SELECT, (Clause.OUTPUT, "email"), (Clause.OUTPUT, "card_number"))
    assert decide(snapshot, query(shown)).obligations == masked(("email", "email"))


def test_unmask_of_one_column_is_not_unmask_of_a_whole_row() -> None:
    snapshot = world(READS + "p, developer, *, */*/public/customers/card_number, unmask, , allow\n", masking=MASKING)
    decision = decide(snapshot, query(access("customers", Action.SELECT, (Clause.OUTPUT, "*"))))
    assert decision.obligations == masked(("card_*", "digits(last=2)"), ("email", "email"))


def test_column_names_cannot_reach_into_other_segments() -> None:
    shown = query(access("customers", Action.SELECT, (Clause.WHERE, "card_/x")))
    assert decide(world(READS, masking=MASKING), shown).outcome is Outcome.DENY


def test_a_denial_on_the_relation_beats_unmask_on_the_column() -> None:
    rules = "p, developer, *, */*/public/customers/*, unmask, , allow\np, developer, *, */*/public/customers, unmask, , deny\n"
    shown = access("customers", Action.SELECT, (Clause.OUTPUT, "email"))
    assert decide(world(READS + rules, masking=MASKING), query(shown)).obligations == masked(("email", "email"))


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("pg_catalog", "pg_stats"),
        ("pg_catalog", "pg_statistic"),
        ("mysql", "column_stats"),
        ("INFORMATION_SCHEMA", "INNODB_LOCKS"),
    ],
)
def test_statistics_quote_values_of_all_columns(schema: str, name: str) -> None:
    """Whatever may be selected: who masks a column does not mean its histogram to be read."""
    footprint = query(Access(relation(schema, name), Action.SELECT))
    refused = decide(world(READS, masking=MASKING), footprint)
    assert refused.outcome is Outcome.DENY
    assert refused.reason.text == f"permission denied: unmask on pg1/shop/{schema}/{name}"
    assert decide(world(READS), footprint).outcome is Outcome.ALLOW, "nothing is masked"
    assert decide(world(READS + "p, developer, *, **, unmask, , allow\n", masking=MASKING), footprint).outcome is Outcome.ALLOW
    inside = access("report", beneath=(Access(relation(schema, name), Action.SELECT, origin=AccessOrigin.VIEW_BODY),))
    assert decide(world(READS, masking=MASKING), query(inside)).outcome is Outcome.DENY


def test_an_entry_for_many_columns_hides_what_is_denied_for_one() -> None:
    rules = READS + "p, developer, *, **, unmask, , allow\np, developer, *, */*/*/*/card_number, unmask, , deny\n"
    decision = decide(world(rules, masking=MASKING), query(access("customers", Action.SELECT, (Clause.OUTPUT, "*"))))
    assert decision.obligations == masked(("card_*", "digits(last=2)"))
