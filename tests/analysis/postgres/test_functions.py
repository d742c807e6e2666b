"""The lists of functions: complete, disjoint, and right about those that have been used to get round gateways."""

# ruff: noqa: E501 -- lists of names

import pytest

from gateway.analysis.postgres.functions import HARMLESS, builtin_class, extension_class, is_builtin, names_in
from gateway.model.footprint import FunctionClass


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[(name, FunctionClass.HARMLESS) for name in ("count", "now", "pg_sleep", "pg_advisory_lock", "jsonb_set", "pg_get_viewdef")],
        *[
            (name, FunctionClass.READS)
            for name in ("query_to_xml", "table_to_xmlschema", "database_to_xml_and_xmlschema", "ts_stat", "lo_get", "loread", "currtid2")
        ],
        *[(name, FunctionClass.WRITES) for name in ("lo_put", "lowrite", "lo_unlink", "pg_notify")],
        *[
            (name, FunctionClass.ADMIN)
            for name in (
                "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "lo_import", "lo_export", "pg_terminate_backend",
                "pg_cancel_backend", "pg_reload_conf", "pg_switch_wal", "pg_create_logical_replication_slot", "pg_promote",
                "pg_logical_slot_get_changes", "pg_logical_emit_message", "pg_stat_reset", "binary_upgrade_set_next_pg_authid_oid",
                "pg_restore_relation_stats", "pg_hba_file_rules", "pg_stat_get_activity", "a_function_of_the_future",
            )
        ],
    ],
)  # fmt: skip
def test_builtin_class(name: str, expected: FunctionClass) -> None:
    assert builtin_class(name) is expected


def test_no_name_is_both_harmless_and_not() -> None:
    assert {name for name in HARMLESS if builtin_class(name) is not FunctionClass.HARMLESS} == set()
    assert len(HARMLESS) > 2500


def test_extensions_are_known_by_name() -> None:
    assert extension_class("dblink") is FunctionClass.ADMIN
    assert extension_class("dblink_connect") is FunctionClass.ADMIN
    assert extension_class("crosstab") is FunctionClass.READS
    assert extension_class("similarity") is None


def test_is_builtin() -> None:
    assert is_builtin("upper")
    assert is_builtin("pg_read_file")
    assert not is_builtin("no_such_function")


def test_functions_that_ask_for_objects_by_name() -> None:
    assert names_in("to_regclass") == "pg_class"
    assert names_in("has_schema_privilege") == "pg_namespace"
    assert names_in("upper") is None
