"""No table that MariaDB locks goes unexplained; and the oracle itself would notice one that did."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import pymysql
import pytest

from gateway.demo.mariadb_server import MariaDbServer
from gateway.model.footprint import Access, Action, Category, Footprint, relation
from tests.corpora.mysqltest import HOME, scripts, statements
from tests.oracles.mysql_lock_oracle import MySqlLockOracle, Tally

_SECONDS: Final = 45.0
# First these, which cover most kinds of statements in little time; then a sample of the others until the time is up.
_FIRST: Final = """
    multi_update view trigger-compat insert_update insert_select union foreign_key temp_table brackets table_value_constr
    delete delete_returning insert_returning except intersect cte_nonrecursive_not_embedded user_var having ps_ddl1
    sql_mode
"""


@pytest.fixture
def oracle(mariadb: MariaDbServer) -> Iterator[MySqlLockOracle]:
    made = MySqlLockOracle({"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password})
    yield made
    made.close()


@pytest.fixture
def corpus() -> list[str]:
    if not HOME.is_dir():
        pytest.skip("mariadb-test-data is not installed (make test installs it where it may)")
    names = [path.stem for path in scripts()]
    return [name for name in dict.fromkeys((*_FIRST.split(), *names[7::31])) if (HOME / f"{name}.test").is_file()]


@pytest.mark.slow
def test_every_lock_of_mariadbs_own_suite_is_explained(
    oracle: MySqlLockOracle, corpus: list[str], count: Callable[[object], None]
) -> None:
    tally = Tally()
    until = time.monotonic() + _SECONDS
    for name in corpus:
        oracle.judge_script(name, statements(HOME / f"{name}.test"), tally, until)
        if time.monotonic() > until:
            break
    count(tally)
    assert [str(hole) for hole in tally.holes] == []
    assert tally.widths == []
    assert tally.moved == []
    assert tally.origins >= 100
    assert tally.valid >= 300
    assert tally.opaque <= tally.valid // 100, tally.opaque_texts


def test_the_oracle_notices_what_a_footprint_hides(oracle: MySqlLockOracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tables are read, one written; the footprint shows one, and as read."""
    shown = Footprint("SELECT", Category.QUERY, accesses=(Access(relation("test", "a"), Action.SELECT),))
    tally = Tally()
    oracle.judge_script("here", ["CREATE TABLE a (x INT) ENGINE=InnoDB", "CREATE TABLE b (x INT) ENGINE=InnoDB"], tally)
    monkeypatch.setattr("tests.oracles.mysql_lock_oracle.analyse_mysql", lambda statement, catalog: (shown,))
    for text, holes in (
        ("SELECT 1 FROM a", []),
        ("SELECT 1 FROM a, b", ["test.b"]),
        ("UPDATE a SET x = 1", ["test.a"]),
        ("INSERT INTO b SELECT x FROM a", ["test.b"]),
    ):
        found = Tally()
        oracle.judge("here", text, found)
        assert [hole.table for hole in found.holes] == holes, text


def test_the_oracle_counts_what_is_reported_and_not_locked(oracle: MySqlLockOracle, monkeypatch: pytest.MonkeyPatch) -> None:
    both = tuple(Access(relation("test", name), Action.SELECT) for name in "ab")
    oracle.judge_script("here", ["CREATE TABLE a (x INT) ENGINE=InnoDB"], Tally())
    monkeypatch.setattr(
        "tests.oracles.mysql_lock_oracle.analyse_mysql",
        lambda statement, catalog: (Footprint("SELECT", Category.QUERY, accesses=both),),
    )
    tally = Tally()
    oracle.judge("here", "SELECT 1 FROM a", tally)
    assert (tally.locked, tally.over_reported) == (1, 1)


def test_the_plugin_tells_locks(mariadb: MariaDbServer, oracle: MySqlLockOracle) -> None:
    connection = pymysql.connect(host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT plugin_status FROM information_schema.plugins WHERE plugin_name = 'METADATA_LOCK_INFO'")
        assert cursor.fetchall() == (("ACTIVE",),)
