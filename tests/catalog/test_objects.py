"""The small promises of the catalog's values."""

import dataclasses

import pytest

from gateway.catalog import ColumnInfo, QName, RelationInfo, RelationKind, RuleInfo

CUSTOMERS = RelationInfo(
    1, QName("public", "customers"), RelationKind.TABLE, (ColumnInfo(1, "id", 20, "bigint"), ColumnInfo(3, "email", 25, "text"))
)


def test_a_name_equals_and_hashes_as_the_plain_tuple() -> None:
    assert QName("public", "customers") == ("public", "customers")
    assert {CUSTOMERS.name: CUSTOMERS}[("public", "customers")] is CUSTOMERS  # type: ignore[index]


def test_columns_are_found_by_exact_name() -> None:
    email = CUSTOMERS.column("email")
    assert email is not None
    assert email.number == 3
    assert CUSTOMERS.column("Email") is None


def test_only_views_run_a_body_when_read() -> None:
    assert not CUSTOMERS.is_view
    assert dataclasses.replace(CUSTOMERS, kind=RelationKind.VIEW).is_view
    assert not dataclasses.replace(CUSTOMERS, kind=RelationKind.MATERIALIZED_VIEW).is_view


def test_rules_show() -> None:
    rule = RuleInfo("r", "DELETE", instead=True, definition="CREATE RULE …")
    assert not CUSTOMERS.has_rules
    assert dataclasses.replace(CUSTOMERS, rules=(rule,)).has_rules


def test_values_are_frozen() -> None:
    with pytest.raises(AttributeError):
        CUSTOMERS.oid = 2  # type: ignore[misc]


def test_what_a_generated_column_is_made_of() -> None:
    def generated(number: int, name: str, expression: str) -> ColumnInfo:
        return ColumnInfo(number, name, 25, "text", generated=True, default=expression)

    shout = generated(4, "shout", "(upper(\"e Mail\") || '!'::text)")
    again = generated(5, "again", "concat(`shout`,`nobody``s`)")
    plain = ColumnInfo(1, "id", 20, "bigint", default="length('e Mail')")
    columns = (plain, ColumnInfo(2, "e Mail", 25, "text"), ColumnInfo(3, "nobody`s", 25, "text"), shout, again)
    table = dataclasses.replace(CUSTOMERS, columns=columns)
    assert table.made_of(plain) == frozenset()
    assert table.made_of(shout) == {"e Mail"}
    assert table.made_of(again) == {"shout", "e Mail", "nobody`s"}
