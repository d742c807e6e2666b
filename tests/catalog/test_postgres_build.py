"""Rows to values, without a server: what the server can show only by chance."""

from typing import Any

import pytest

from gateway.catalog import QName, SystemCatalog
from gateway.catalog.postgres_build import Rows, build_snapshot

SERVER = {"version": 180000, "database": "shop", "account": "gateway", "superuser": False}
PARTS = [
    "relations",
    "columns",
    "functions",
    "types",
    "schemas",
    "type_names",
    "settings",
    "defaults",
    "inherits",
    "rules",
    "rule_definitions",
    "triggers",
    "foreign_keys",
    "policies",
    "owned_sequences",
    "dependent_functions",
    "function_extensions",
    "operators",
    "casts",
    "extensions",
    "event_triggers",
    "definitions",
]


def table(oid: int, name: str, kind: str = "r") -> dict[str, Any]:
    flags = dict.fromkeys(("is_partition", "has_rules", "row_security", "force_row_security", "security_invoker"), False)
    return {"oid": oid, "schema": "public", "name": name, "kind": kind, "owner": "o", "table_oid": None, **flags}


def rows(**given: Rows) -> dict[str, Rows]:
    return dict.fromkeys(PARTS, ()) | given


def test_a_key_to_a_table_that_vanished_while_reading_is_left_out() -> None:
    key = {"name": "fk", "oid": 16400, "on_update": "a", "on_delete": "c", "columns": ["a"], "referenced_columns": ["id"]}
    read = rows(
        relations=(table(16400, "orders"), table(16401, "customers")),
        foreign_keys=(key | {"referenced": 16401}, key | {"referenced": 99999}),
    )
    snapshot = build_snapshot(SERVER, read, SystemCatalog(180000), "digest", 7)
    (kept,) = snapshot.relations[QName("public", "orders")].foreign_keys
    assert kept.referenced == ("public", "customers")
    assert snapshot.relations[QName("public", "customers")].referenced_by == (kept,)
    assert (snapshot.version, snapshot.digest, snapshot.account) == (7, "digest", "gateway")


def test_a_view_that_vanished_before_it_was_printed_has_no_definition() -> None:
    read = rows(relations=(table(16400, "v", "v"),), definitions=({"oid": 16400, "definition": None},))
    assert build_snapshot(SERVER, read, SystemCatalog(180000), "", 1).relations[QName("public", "v")].definition is None


def test_snapshots_mappings_are_read_only() -> None:
    snapshot = build_snapshot(SERVER, rows(relations=(table(16400, "t"),)), SystemCatalog(180000), "", 1)
    with pytest.raises(TypeError):
        snapshot.relations[QName("public", "u")] = snapshot.relations[QName("public", "t")]  # type: ignore[index]
