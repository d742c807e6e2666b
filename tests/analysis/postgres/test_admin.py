"""Statements for administrators."""

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "ALTER SYSTEM SET work_mem = '1MB'",
        kind="ALTER SYSTEM",
        accesses=["admin instance"],
        category="admin",
        transactional=False,
    ),
    Case(
        "LOAD 'x'",
        kind="LOAD",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "CHECKPOINT",
        kind="CHECKPOINT",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "CREATE EXTENSION dblink",
        kind="CREATE EXTENSION",
        accesses=["admin database"],
        effects=["catalog"],
        category="ddl",
    ),
    Case(
        "DROP EXTENSION dblink",
        kind="DROP EXTENSION",
        accesses=["admin database"],
        effects=["catalog"],
        category="ddl",
    ),
    Case(
        "CREATE ROLE bob PASSWORD 'x'",
        kind="CREATE ROLE",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "CREATE USER bob",
        kind="CREATE USER",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "ALTER ROLE bob SUPERUSER",
        kind="ALTER ROLE",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "ALTER ROLE x SET search_path = y",
        kind="ALTER ROLE",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "DROP ROLE bob",
        kind="DROP ROLE",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "GRANT admin TO bob",
        kind="GRANT ROLE",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "REASSIGN OWNED BY a TO b",
        kind="REASSIGN OWNED",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "CREATE DATABASE x",
        kind="CREATE DATABASE",
        accesses=["admin instance"],
        category="admin",
        transactional=False,
    ),
    Case(
        "DROP DATABASE shop",
        kind="DROP DATABASE",
        accesses=["admin instance"],
        category="admin",
        transactional=False,
    ),
    Case(
        "ALTER DATABASE shop SET search_path = x",
        kind="ALTER DATABASE",
        accesses=["admin instance"],
        category="admin",
    ),
    Case(
        "CREATE TABLESPACE t LOCATION '/x'",
        kind="CREATE TABLESPACE",
        accesses=["admin instance"],
        category="admin",
        transactional=False,
    ),
    Case(
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        kind="CREATE SUBSCRIPTION",
        accesses=["admin instance"],
        category="admin",
        transactional=False,
    ),
    Case(
        "CREATE SERVER s FOREIGN DATA WRAPPER f",
        kind="CREATE SERVER",
        accesses=["admin database"],
        effects=["catalog"],
        category="admin",
    ),
    Case(
        "CREATE USER MAPPING FOR bob SERVER s",
        kind="CREATE USER MAPPING",
        accesses=["admin database"],
        effects=["catalog"],
        category="admin",
    ),
    Case(
        "IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z",
        kind="IMPORT FOREIGN SCHEMA",
        accesses=["admin database"],
        effects=["catalog"],
        category="admin",
    ),
    Case(
        "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()",
        kind="CREATE EVENT TRIGGER",
        accesses=["admin database"],
        effects=["catalog"],
        category="admin",
    ),
    Case(
        "CREATE LANGUAGE plpython3u",
        kind="CREATE EXTENSION",
        accesses=["admin database"],
        effects=["catalog"],
        category="ddl",
    ),
    Case(
        "CREATE CAST (text AS int) WITH INOUT",
        kind="CREATE CAST",
        accesses=["admin database"],
        effects=["catalog"],
        category="admin",
    ),
    Case(
        "CREATE PUBLICATION p FOR TABLE customers",
        kind="CREATE PUBLICATION",
        accesses=["admin database", "ddl public.customers"],
        effects=["catalog"],
        category="ddl",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
