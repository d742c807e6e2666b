"""Rows of a day hold across workers and survive a restart, on both engines."""

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pymysql
import pytest

from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import PostgresServer, free_port
from tests.support.deployment import Deployment

RULE = """
[[rules]]
name = "products by the dozen"
roles = ["developer"]
objects = ["*/shop/public/products", "*/shop/products"]
max_rows_per_day = 30

[[rules]]
name = "orders by the dozen"
roles = ["developer"]
objects = ["*/shop/public/orders", "*/shop/orders"]
max_rows_per_day = 30
"""
_CONNECTIONS = 8  # the kernel spreads them over both workers
_REFUSED = (psycopg.errors.ProgramLimitExceeded, pymysql.err.OperationalError, pymysql.err.InternalError)


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    mariadb = MariaDbServer(tmp_path_factory.mktemp("dy"), free_port())
    mariadb.start()
    gate = Deployment(tmp_path_factory.mktemp("daily"), embedded_pg, workers=2, mysql=mariadb).prepare()
    with (gate.bundle / "query_rules.toml").open("a") as rules:
        rules.write(RULE)
    try:
        yield gate.start()
    finally:
        gate.kill()
        mariadb.stop()


def connect(gate: Deployment, engine: str, user: str = "alice") -> Any:
    if engine == "mysql":
        return gate.mysql_client(user, autocommit=True, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
    return psycopg.connect(gate.dsn(user), autocommit=True, connect_timeout=15)


def read(connection: Any, text: str) -> list[Any]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(text)
        return list(cursor.fetchall())


def refused(connection: Any, rows: int, table: str = "products") -> bool:
    try:
        read(connection, f"SELECT id FROM {table} LIMIT {rows}")
    except _REFUSED as error:
        return re.search(rf"result limited to 30 rows a day of \w+/shop/[a-z/]*{table}", str(error)) is not None
    return False


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_counts_hold_across_workers_and_a_restart(gate: Deployment, engine: str) -> None:
    connections = [connect(gate, engine) for _ in range(_CONNECTIONS)]
    assert len({path.parent for path in gate.segments()}) >= 2, "both workers serve"
    assert [len(read(each, "SELECT id FROM products LIMIT 5")) for each in connections[:4]] == [5] * 4
    assert refused(connections[5], 15)  # the ten that are left come, and count
    for connection in connections:
        assert refused(connection, 1)
        connection.close()
    assert gate.stop() == 0
    gate.start()
    with connect(gate, engine) as connection:
        assert refused(connection, 1)
        assert read(connection, "SELECT id FROM categories WHERE id = 1") == [(1,)]


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_statements_at_the_same_time_share_what_is_left(gate: Deployment, engine: str) -> None:
    """olaf reads in many sessions at once, and behind a statement that outlasts what is known of his count."""
    sleep = "pg_sleep(1.3)" if engine == "postgres" else "SLEEP(1.3)"
    connections = [connect(gate, engine, "olaf") for _ in range(6)]
    with ThreadPoolExecutor(len(connections)) as pool:
        list(pool.map(lambda each: attempt(each, f"SELECT {sleep}; SELECT id FROM products LIMIT 20"), connections))
    assert read(connections[0], "SELECT 1") == [(1,)]
    assert read_today(connections[0]) == 30
    attempt(connections[0], f"SELECT {sleep}; SELECT id FROM products LIMIT 20")
    assert refused(connections[0], 1)
    assert read_today(connections[0]) == 30
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_a_killed_gateway_forgets_nothing(gate: Deployment, engine: str) -> None:
    with connect(gate, engine) as connection:
        assert len(read(connection, "SELECT id FROM orders LIMIT 20")) == 20
        gate.kill()
    gate.start()
    with connect(gate, engine) as connection:
        assert refused(connection, 15, "orders")
        assert refused(connection, 1, "orders")
        assert read_today(connection, "orders") == 30


def attempt(connection: Any, text: str) -> None:
    with contextlib.suppress(*_REFUSED), closing(connection.cursor()) as cursor:
        cursor.execute(text)
        while cursor.nextset():
            pass


def read_today(connection: Any, table: str = "products") -> int:
    ((rows,),) = read(connection, f"SELECT read_today FROM gateway.limits WHERE rule = '{table} by the dozen'")
    return int(rows)
