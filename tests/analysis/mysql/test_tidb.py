"""TiDB's own statements, with TiDB's comments."""

import pytest

from gateway.model.footprint import EffectKind, Footprint
from tests.analysis.mysql.support import flags, touched
from tests.analysis.mysql.support import footprint as analysed

SPACE = flags(server="8.0.11-TiDB-v8.5.0")
SALARIES = ("hr.salaries", "select")


def footprint(text: str) -> Footprint:
    return analysed(text, SPACE)


@pytest.mark.parametrize(
    "text",
    [
        "ADMIN SHOW DDL JOBS",
        "ADMIN CHECK TABLE hr.salaries",
        "ADMIN CANCEL DDL JOBS 5",
        "ADMIN RELOAD EXPR_PUSHDOWN_BLACKLIST",
        "LOAD STATS '/tmp/stats.json'",
        "LOCK STATS hr.salaries",
        "DROP STATS hr.salaries",
        "KILL TIDB 7",
        "KILL TIDB QUERY 7",
        "CREATE GLOBAL BINDING FOR SELECT 1 USING SELECT 1",
        "DROP BINDING FOR SELECT 1",
        "CREATE PLACEMENT POLICY p FOLLOWERS = 4",
        "ALTER PLACEMENT POLICY p FOLLOWERS = 4",
        "CREATE RESOURCE GROUP g RU_PER_SEC = 100",
        "CALIBRATE RESOURCE",
        "QUERY WATCH ADD SQL TEXT EXACT TO 'SELECT 1'",
        "FLASHBACK TABLE hr.salaries TO old",
        "FLASHBACK CLUSTER TO TIMESTAMP '2026-01-01 00:00:00'",
        "RECOVER TABLE hr.salaries",
        "BACKUP DATABASE hr TO 'local:///tmp/x'",
        "RESTORE DATABASE hr FROM 'local:///tmp/x'",
        "PLAN REPLAYER DUMP EXPLAIN SELECT 1",
        "CANCEL IMPORT JOB 7",
        "TRAFFIC CAPTURE TO '/tmp/x' DURATION = '1h'",
        "SHOW STATS_META",
        "SHOW STATS_HISTOGRAMS",
        "SHOW CONFIG",
        "SHOW BINDINGS",
        "SHOW PLACEMENT",
    ],
)
def test_what_administrators_do(text: str) -> None:
    found = footprint(text)
    assert found.opaque is None
    assert {action for _, action in touched(found)} == {"admin"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM hr.salaries AS OF TIMESTAMP NOW() - INTERVAL 1 SECOND", {SALARIES}),
        ("SELECT * FROM hr.salaries TABLESAMPLE REGIONS()", {SALARIES}),
        ("SELECT * FROM hr.salaries s TABLESAMPLE REGIONS()", {SALARIES}),
        ("SPLIT TABLE hr.salaries BETWEEN (0) AND (9) REGIONS 2", {("hr.salaries", "ddl")}),
        ("SPLIT PARTITION TABLE hr.salaries BY (1), (2)", {("hr.salaries", "ddl")}),
        ("BATCH ON id LIMIT 10 DELETE FROM hr.salaries", {("hr.salaries", "delete")}),
        ("BATCH LIMIT 10 INSERT INTO orders (id) SELECT id FROM hr.salaries", {("shop.orders", "insert"), SALARIES}),
        ("SELECT /*T! id, */ 1 FROM orders /*T! , hr.salaries */", {("shop.orders", "select"), SALARIES}),
        ("SELECT 1 /*T![auto_rand] FROM hr.salaries */", {SALARIES}),
        ("SELECT 1 /*M! FROM hr.salaries */", set()),
        ("ALTER TABLE hr.salaries COMPACT", {("hr.salaries", "ddl")}),
        ("CREATE GLOBAL TEMPORARY TABLE orders (a INT) ON COMMIT DELETE ROWS", {("shop.orders", "ddl")}),
        ("DROP GLOBAL TEMPORARY TABLE orders", {("shop.orders", "ddl")}),
        ("TRACE SELECT * FROM hr.salaries", {SALARIES}),
    ],
)
def test_what_a_statement_touches(text: str, expected: set[tuple[str, str]]) -> None:
    found = footprint(text)
    assert found.opaque is None
    assert touched(found) >= expected
    assert {name for name, _ in touched(found)} == {name for name, _ in expected}


def test_everybodys_temporary_table_is_not_the_sessions_own() -> None:
    """`IF NOT EXISTS` succeeds where there is a table already: it must not hide that one's permissions."""
    found = footprint("CREATE GLOBAL TEMPORARY TABLE IF NOT EXISTS hr.salaries (a INT) ON COMMIT DELETE ROWS")
    assert not [effect for effect in found.effects if effect.kind is EffectKind.TEMP_CREATE]


def test_importing_reads_servers_files() -> None:
    found = touched(footprint("IMPORT INTO hr.salaries FROM '/tmp/x.csv'"))
    assert found >= {("hr.salaries", "insert")}
    assert "admin" in {action for _, action in found}
