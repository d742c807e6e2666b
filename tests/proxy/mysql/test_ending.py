"""What runs ends when its permission ends: before its first row, among its rows, and not where it was done already."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pymysql
import pymysql.cursors
import pytest

from gateway.model.identity import Engine
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import LiveGateway
from tests.support.servers import MariaDbServer

CONNECT = "p, user:alice, *, */*, connect, , allow\n"
OPEN = CONNECT + "p, user:alice, *, **, *, , allow\n"
WIDE_ROWS = 20_000
BIG = f"SELECT REPEAT('x', 2000), seq FROM seq_1_to_{WIDE_ROWS}"


@pytest.fixture(scope="module")
def gateway(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    server = pymysql.connect(
        host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password, autocommit=True
    )
    with server, server.cursor() as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS shop")
        cursor.execute("CREATE OR REPLACE TABLE shop.t (id INT PRIMARY KEY)")
        cursor.execute("INSERT INTO shop.t VALUES (1), (2)")
        cursor.execute("CREATE OR REPLACE PROCEDURE shop.several() BEGIN SELECT 1; SELECT SLEEP(20); SELECT 3; END")
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
    with LiveGateway(access, tmp_path_factory.mktemp("gateway"), OPEN, databases=("shop",)) as live:
        yield live


@pytest.fixture
def alice(gateway: LiveGateway) -> Iterator[pymysql.Connection]:
    gateway.set_policy(OPEN)
    with gateway.connect(cursorclass=pymysql.cursors.SSCursor, autocommit=True) as connection:
        yield connection


def revoked_soon(gateway: LiveGateway, after: float = 0.3) -> Callable[[], None]:
    thread = threading.Timer(after, lambda: gateway.set_policy(CONNECT))
    thread.start()
    return thread.join


def rows(connection: pymysql.Connection, text: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall())


@pytest.mark.parametrize("text", ["SELECT SLEEP(20) FROM shop.t", "UPDATE shop.t SET id = id + SLEEP(20)"])
def test_before_the_first_row(gateway: LiveGateway, alice: pymysql.Connection, text: str) -> None:
    join, began = revoked_soon(gateway), time.monotonic()
    with pytest.raises(pymysql.err.MySQLError, match="permission ended while the statement ran") as caught:
        rows(alice, text)
    join()
    assert caught.value.args[0] == 1142
    assert time.monotonic() - began < 5
    gateway.set_policy(OPEN)
    assert rows(alice, "SELECT id FROM t ORDER BY id") == [(1,), (2,)]  # the session lives on, nothing was changed


def test_among_the_rows(gateway: LiveGateway, alice: pymysql.Connection) -> None:
    """A client that reads slowly: the row that has half passed is whole, then comes the refusal, and the session lives on."""
    seen = 0
    with alice.cursor() as cursor:
        cursor.execute(BIG.replace("SELECT", "SELECT (SELECT MAX(id) FROM shop.t),"))
        row = cursor.fetchone()
        gateway.set_policy(CONNECT)
        time.sleep(1.2)  # two sweeps
        with pytest.raises(pymysql.err.MySQLError, match="permission ended"):
            while row is not None:
                assert row[1:] == ("x" * 2000, seen + 1)
                seen += 1
                row = cursor.fetchone()
    assert 0 < seen < WIDE_ROWS
    gateway.set_policy(OPEN)
    assert rows(alice, "SELECT 7") == [(7,)]
    ended = [record for record in gateway.records() if record["kind"] == "statement.end" and record.get("error")]
    assert "permission ended" in ended[-1]["error"]["message"]
    assert 0 < ended[-1]["rows"] <= WIDE_ROWS


def test_a_procedure_with_several_results(gateway: LiveGateway, alice: pymysql.Connection) -> None:
    join = revoked_soon(gateway)
    with pytest.raises(pymysql.err.MySQLError, match="permission ended"), alice.cursor() as buffered:
        buffered.execute("CALL shop.several()")
        while True:
            buffered.fetchall()
            if not buffered.nextset():
                break
    join()
    gateway.set_policy(OPEN)
    assert rows(alice, "SELECT 8") == [(8,)]


def test_what_is_still_allowed_goes_on(gateway: LiveGateway, alice: pymysql.Connection) -> None:
    thread = threading.Timer(0.2, lambda: gateway.set_policy(OPEN + "p, user:bob, *, **, *, , allow\n"))
    thread.start()
    assert rows(alice, "SELECT SLEEP(1.5) FROM shop.t LIMIT 1") == [(0,)]
    thread.join()
