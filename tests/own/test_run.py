"""The bounds of a query that runs: time, size, functions; nothing but reading its own relations."""

import sqlite3
import time

import pytest

from gateway.model.identity import Engine
from gateway.model.own import OwnFault, OwnQuery, OwnRefused, OwnRequest
from gateway.own.functions import SECONDS
from gateway.own.run import MOST_ROWS, run
from tests.own.support import ROWS, asked


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM gateway.columns a, gateway.columns b, gateway.columns c, gateway.columns d, gateway.columns e",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r, gateway.masks",
        "SELECT count(*) FROM gateway.denials a, gateway.denials b, gateway.denials c, gateway.denials d"
        " WHERE a.statement LIKE '%" + "x_" * 120 + "y%' OR b.message LIKE c.message || d.message",
        "SELECT count(*) FROM (SELECT DISTINCT a.statement || b.statement || c.column || d.column FROM gateway.denials a,"
        " gateway.denials b, gateway.columns c, gateway.columns d) x",
    ],
)
def test_what_takes_too_long_is_ended(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(OwnRefused, match="longer than") as caught:
        asked(text)
    assert caught.value.fault is OwnFault.TOO_LARGE
    assert time.monotonic() - began < SECONDS + 5


@pytest.mark.parametrize(
    "text",
    [
        "WITH RECURSIVE r(n) AS (SELECT 'a' UNION ALL SELECT n || n FROM r) SELECT length(n) FROM r, gateway.masks",
        "SELECT replace(replace(message, 's', '" + "y" * 3000 + "'), 'y', '" + "z" * 3000 + "') FROM gateway.denials",
        "SELECT string_agg(a.statement, ',') FROM gateway.denials a, gateway.denials b",
        "SELECT a.relation FROM gateway.columns a, gateway.columns b, gateway.columns c",
        "SELECT a.statement FROM gateway.denials a, gateway.denials b",
        "SELECT object FROM gateway.grants WHERE object LIKE '" + "%a" * 200 + "'",
    ],
)
def test_what_grows_too_large_is_ended(text: str) -> None:
    with pytest.raises(OwnRefused, match=r"more than|at most") as caught:
        asked(text)
    assert caught.value.fault is OwnFault.TOO_LARGE


@pytest.mark.parametrize(
    "call",
    [
        "printf('%.*c', 1000000000, 'x')",
        "randomblob(1000000000)",
        "zeroblob(1000000000)",
        "hex(object)",
        "load_extension('x')",
        "readfile('/etc/passwd')",
        "sqlite_version()",
        "pg_sleep(10)",
        "current_setting('x')",
        "json_group_array(object)",
    ],
)
def test_functions_that_nobody_needs_are_not_there(call: str) -> None:
    with pytest.raises(OwnRefused) as caught:
        asked(f"SELECT {call} FROM gateway.grants")
    assert caught.value.fault in {OwnFault.NO_FUNCTION, OwnFault.NOT_ANSWERED}


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM own_grants",
        "DROP TABLE own_grants",
        "CREATE TABLE t (a)",
        "PRAGMA user_version",
        "ATTACH ':memory:' AS x",
        "INSERT INTO own_grants (object) VALUES ('x')",
        "UPDATE own_grants SET object = 'x'",
        "VACUUM INTO '/tmp/x'",
        "BEGIN",
        "SELECT * FROM pragma_table_info('own_grants')",
    ],
)
def test_sqlite_reads_and_nothing_else(text: str) -> None:
    """Whatever a translation might let through."""
    request = OwnRequest("grants", (("object", "text"),), Engine.POSTGRES, OwnQuery(text, ("grants",)))
    with pytest.raises(OwnRefused):
        run(request, ROWS)


def test_a_result_is_bounded_and_the_rows_are_those_given() -> None:
    assert len(asked("SELECT a.column FROM gateway.columns a, gateway.columns b LIMIT 1000")) == 1000
    assert MOST_ROWS == 10_000
    assert asked("SELECT length(statement) FROM gateway.denials LIMIT 1") == [16_384], "longer texts are cut"
    assert not sqlite3.connect(":memory:").execute("SELECT * FROM sqlite_master").fetchall()
