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
