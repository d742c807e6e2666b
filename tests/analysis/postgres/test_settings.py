"""Which settings a session may change."""

# ruff: noqa: E501 -- lists of names

import pytest

from gateway.analysis.postgres.settings import needs_admin, secret


@pytest.mark.parametrize(
    "name",
    ["search_path", "DateStyle", "work_mem", "enable_seqscan", "jit", "statement_timeout", "myapp.user", "geqo_seed", "TimeZone", "row_security"],
)  # fmt: skip
def test_harmless(name: str) -> None:
    assert not needs_admin(name)


@pytest.mark.parametrize(
    "name",
    ["role", "session_authorization", "session_replication_role", "local_preload_libraries", "jit_provider", "log_statement",
     "dynamic_library_path", "allow_system_table_mods", "pgaudit.log", "auto_explain.log_min_duration", "no_such_setting", "ROLE"],
)  # fmt: skip
def test_for_administrators(name: str) -> None:
    assert needs_admin(name)


def test_secrets() -> None:
    assert secret("primary_conninfo")
    assert not secret("search_path")
