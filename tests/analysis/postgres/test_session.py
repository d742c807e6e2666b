"""Settings, transactions, DISCARD, SHOW."""

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "BEGIN",
        kind="BEGIN",
        effects=["begin"],
        category="transaction",
    ),
    Case(
        "START TRANSACTION READ ONLY",
        kind="START TRANSACTION",
        effects=["begin"],
        category="transaction",
    ),
    Case(
        "COMMIT AND CHAIN",
        kind="COMMIT",
        effects=["commit", "begin"],
        category="transaction",
    ),
    Case(
        "ROLLBACK",
        kind="ROLLBACK",
        effects=["rollback"],
        category="transaction",
    ),
    Case(
        "SAVEPOINT a",
        kind="SAVEPOINT",
        effects=["savepoint a"],
        category="transaction",
    ),
    Case(
        "ROLLBACK TO a",
        kind="ROLLBACK TO SAVEPOINT",
        effects=["rollback_to a"],
        category="transaction",
    ),
    Case(
        "RELEASE a",
        kind="RELEASE",
        effects=["release a"],
        category="transaction",
    ),
    Case(
        "PREPARE TRANSACTION 'x'",
        kind="PREPARE TRANSACTION",
        accesses=["admin database"],
        effects=["commit"],
        category="transaction",
    ),
    Case(
        "COMMIT PREPARED 'x'",
        kind="COMMIT PREPARED",
        accesses=["admin database"],
        category="transaction",
        transactional=False,
    ),
    Case(
        'SET search_path = hr, "Odd Name", public',
        kind="SET",
        effects=['set search_path=hr, "Odd Name", public'],
        category="session",
    ),
    Case(
        "SET search_path TO 'hr, public'",
        kind="SET",
        effects=['set search_path="hr, public"'],
        category="session",
    ),
    Case(
        "SET search_path TO DEFAULT",
        kind="SET",
        effects=["set search_path"],
        category="session",
    ),
    Case(
        "SET SCHEMA 'hr'",
        kind="SET",
        effects=["set search_path=hr"],
        category="session",
    ),
    Case(
        "SET LOCAL work_mem = '1MB'",
        kind="SET",
        effects=["set work_mem=1MB local"],
        category="session",
    ),
    Case(
        "SET TIME ZONE 'UTC'",
        kind="SET",
        effects=["set timezone=UTC"],
        category="session",
    ),
    Case(
        "SET NAMES 'utf8'",
        kind="SET",
        effects=["set client_encoding=utf8"],
        category="session",
    ),
    Case(
        "SET ROLE admin",
        kind="SET",
        accesses=["admin instance"],
        effects=["set role=admin"],
        category="session",
    ),
    Case(
        "SET ROLE NONE",
        kind="SET",
        accesses=["admin instance"],
        effects=["set role=none"],
        category="session",
    ),
    Case(
        "RESET ROLE",
        kind="RESET",
        effects=["set role"],
        category="session",
    ),
    Case(
        "SET SESSION AUTHORIZATION bob",
        kind="SET",
        accesses=["admin instance"],
        effects=["set session_authorization=bob"],
        category="session",
    ),
    Case(
        "SET SESSION AUTHORIZATION DEFAULT",
        kind="SET",
        effects=["set session_authorization"],
        category="session",
    ),
    Case(
        "SET session_replication_role = replica",
        kind="SET",
        accesses=["admin instance"],
        effects=["set session_replication_role=replica"],
        category="session",
    ),
    Case(
        "SET local_preload_libraries = 'x'",
        kind="SET",
        accesses=["admin instance"],
        effects=["set local_preload_libraries=x"],
        category="session",
    ),
    Case(
        "SET log_statement = 'none'",
        kind="SET",
        accesses=["admin instance"],
        effects=["set log_statement=none"],
        category="session",
    ),
    Case(
        "SET no_such_setting = 1",
        kind="SET",
        accesses=["admin instance"],
        effects=["set no_such_setting=1"],
        category="session",
    ),
    Case(
        "SET myapp.tenant = '5'",
        kind="SET",
        effects=["set myapp.tenant=5"],
        category="session",
    ),
    Case(
        "SET pgaudit.log = 'none'",
        kind="SET",
        accesses=["admin instance"],
        effects=["set pgaudit.log=none"],
        category="session",
    ),
    Case(
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        kind="SET TRANSACTION",
        category="session",
    ),
    Case(
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        kind="SET SESSION CHARACTERISTICS",
        category="session",
    ),
    Case(
        "SET CONSTRAINTS ALL DEFERRED",
        kind="SET CONSTRAINTS",
        category="session",
    ),
    Case(
        "RESET ALL",
        kind="RESET ALL",
        effects=["reset_all"],
        category="session",
    ),
    Case(
        "SHOW search_path",
        kind="SHOW",
        outputs=["search_path="],
        category="session",
    ),
    Case(
        "SHOW ALL",
        kind="SHOW",
        accesses=["select pg_catalog.pg_settings"],
        outputs=[
            "name=pg_catalog.pg_settings.name",
            "setting=pg_catalog.pg_settings.setting",
            "description=pg_catalog.pg_settings.description",
        ],
        category="session",
    ),
    Case(
        "SHOW primary_conninfo",
        kind="SHOW",
        accesses=["admin instance"],
        outputs=["primary_conninfo="],
        category="session",
    ),
    Case(
        "DISCARD ALL",
        kind="DISCARD ALL",
        effects=["discard_all"],
        category="session",
        transactional=False,
    ),
    Case(
        "DISCARD TEMP",
        kind="DISCARD TEMP",
        effects=["temp_drop"],
        category="session",
    ),
    Case(
        "DISCARD PLANS",
        kind="DISCARD PLANS",
        category="session",
    ),
    Case(
        "DEALLOCATE ALL",
        kind="DEALLOCATE ALL",
        effects=["deallocate"],
        category="session",
    ),
    Case(
        "CLOSE ALL",
        kind="CLOSE CURSOR ALL",
        effects=["close"],
        category="session",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
