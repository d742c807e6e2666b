"""TiDB through the gateway: the main walk, and what differs from MySQL. `make tidb` builds the server."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mysql.connector
import pymysql
import pytest

from gateway.demo.postgres_server import free_port
from gateway.model.identity import Engine
from tests.proxy.postgres.gatehouse import Access, Tls
from tests.support.mysql_gateway import OPEN_POLICY, PASSWORD, LiveGateway
from tests.support.servers import Certificates
from tests.support.tidb_server import TidbServer, tidb_program

SCHEMA = (
    "CREATE DATABASE shop",
    "CREATE DATABASE other",
    "CREATE TABLE shop.allowed (id INT PRIMARY KEY, note TEXT)",
    "INSERT INTO shop.allowed VALUES (1, 'one'), (2, 'two'), (3, NULL)",
    "CREATE TABLE shop.secret (id INT, salary INT)",
    "INSERT INTO shop.secret VALUES (1, 4711)",
    "CREATE TABLE other.things (id INT)",
    "INSERT INTO other.things VALUES (7)",
    "CREATE VIEW shop.view_of_other AS SELECT id FROM other.things",
)
SAME = (
    "SELECT * FROM allowed ORDER BY id",
    "SELECT 1, NULL, 'größe', 1.5, CAST('2024-01-01' AS DATE), x'00ff', true",
    "SELECT id FROM view_of_other",
    "UPDATE allowed SET note = note WHERE id = 1",
    "INSERT INTO allowed VALUES (1, 'again')",
    "SELECT * FROM missing",
    "SELEC",
    "SELECT /*T! 1 + */ 2 /*M! + 5 */",
    "SHOW TABLES",
    "SHOW CREATE TABLE allowed",
    "DESCRIBE allowed",
    "EXPLAIN SELECT * FROM allowed WHERE id = 1",
    "SELECT * FROM allowed AS OF TIMESTAMP NOW() - INTERVAL 1 SECOND",
    "SELECT * FROM allowed TABLESAMPLE REGIONS()",
    "BATCH ON id LIMIT 1 DELETE FROM allowed WHERE id > 100",
    "ADMIN CHECK TABLE allowed",
    "ADMIN CHECKSUM TABLE allowed",
    "ANALYZE TABLE allowed",
    "SHOW STATS_META",
    "SHOW BINDINGS",
    "SELECT TIDB_VERSION()",
    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT * FROM c",
    "SELECT * FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY TABLE_NAME",
    "CREATE DATABASE shop",
)
ADMINISTRATION = (
    "ADMIN SHOW DDL",
    "KILL TIDB 1",
    "CREATE PLACEMENT POLICY p FOLLOWERS = 1",
    "CREATE RESOURCE GROUP g RU_PER_SEC = 100",
    "CREATE BINDING FOR SELECT 1 USING SELECT 1",
    "FLASHBACK TABLE allowed TO x",
    "RECOVER TABLE allowed",
    "IMPORT INTO allowed FROM '/tmp/x.csv'",
    "LOAD STATS '/tmp/x.json'",
    "BACKUP DATABASE shop TO 'local:///tmp/x'",
    "SHOW CONFIG",
    "SET GLOBAL tidb_mem_quota_query = 1",
    "PLAN REPLAYER DUMP EXPLAIN SELECT 1",
)


@pytest.fixture(scope="module")
def server(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TidbServer]:
    program = tidb_program()
    if program is None:
        pytest.skip("TiDB is not built (make tidb)")
    home = tmp_path_factory.mktemp("tidb")
    config = home / "config.toml"
    config.write_text(f'[security]\nssl-cert = "{certificates.server_cert}"\nssl-key = "{certificates.server_key}"\n')
    with TidbServer(program, home, free_port(), free_port(), ("--config", str(config))) as running:
        with direct(running) as connection:
            for text in (
                *SCHEMA,
                "CREATE USER cached IDENTIFIED WITH caching_sha2_password BY 'x y'",
                "GRANT ALL ON *.* TO cached",
            ):
                run(connection, text)
        yield running


@pytest.fixture(scope="module")
def access(server: TidbServer) -> Access:
    return Access(server.host, server.port, server.user, server.password, engine=Engine.MYSQL)


@pytest.fixture(scope="module")
def gateway(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(access, tmp_path_factory.mktemp("gateway")) as live:
        yield live


def direct(server: TidbServer, **options: Any) -> pymysql.Connection:
    where: dict[str, Any] = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    return pymysql.connect(autocommit=True, **where, **options)


def run(connection: pymysql.Connection, text: str) -> Any:
    """Its rows, or its error."""
    with connection.cursor() as cursor:
        try:
            affected = cursor.execute(text)
        except pymysql.err.MySQLError as error:
            return error.args
        found = [(affected, cursor.description, tuple(cursor.fetchall()))]
        while cursor.nextset():
            found.append((cursor.rowcount, cursor.description, tuple(cursor.fetchall())))
        return found


def rows(connection: pymysql.Connection, text: str) -> Any:
    found = run(connection, text)
    assert isinstance(found, list), found
    return found[0][2]


def test_results_are_as_on_a_direct_connection(gateway: LiveGateway, server: TidbServer) -> None:
    with gateway.connect(autocommit=True) as ours, direct(server, database="shop") as theirs:
        for text in SAME:
            assert run(ours, text) == run(theirs, text), text


def test_the_main_walk(access: Access, tmp_path: Path) -> None:
    policy = "p, user:bob, *, */*, connect|propose, , allow\np, user:bob, *, */*/allowed, select, , allow\n"
    with LiveGateway(access, tmp_path, policy) as live, live.connect("bob") as connection:
        assert rows(connection, "SELECT note FROM allowed WHERE id = 1") == (("one",),)
        assert run(connection, "SELECT * FROM secret")[1].startswith("gateway: permission denied: select on my1/shop/secret")
        change = "ALTER TABLE allowed ADD COLUMN extra INT"
        number, message = run(connection, change)
        assert number == 1142
        assert "needs an approved change issue: #1" in message
        live.running.reviews.approved |= {change, "ALTER TABLE allowed DROP COLUMN extra"}
        assert run(connection, change) == [(0, None, ())]
        assert len(rows(connection, "SELECT * FROM allowed")[0]) == 3
        assert run(connection, "ALTER TABLE allowed DROP COLUMN extra") == [(0, None, ())]
        outcomes = [record["decision"]["outcome"] for record in live.records() if record["kind"] == "statement"]
    assert live.running.reviews.outcomes == [(1, None), (0, None)]
    assert {"allow", "deny", "review"} <= set(outcomes)


@pytest.mark.parametrize("text", ADMINISTRATION)
def test_administration_needs_admin(gateway: LiveGateway, text: str) -> None:
    with gateway.connect("bob", autocommit=True) as connection:
        number, message = run(connection, text)
        assert number == 1142
        assert "permission denied: admin" in message
        assert rows(connection, "SELECT 1") == ((1,),)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM allowed /*T! UNION SELECT salary FROM secret */",
        "SELECT 1 /*T![placement] FROM secret */",
        "SELECT * FROM secret AS OF TIMESTAMP NOW() - INTERVAL 1 SECOND",
        "SELECT * FROM secret TABLESAMPLE REGIONS()",
        "BATCH ON id LIMIT 1 DELETE FROM secret",
        "SPLIT TABLE secret BETWEEN (0) AND (9) REGIONS 2",
        "TRACE SELECT * FROM secret",
        "EXPLAIN ANALYZE SELECT * FROM secret",
        "PREPARE p FROM 'SELECT * FROM secret'",
        "TABLE secret",
        "USE other; SELECT * FROM things",
    ],
)
def test_ways_to_a_forbidden_table(gateway: LiveGateway, text: str) -> None:
    with gateway.connect("bob", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS) as connection:
        assert run(connection, text)[0] == 1142


def test_a_global_temporary_table_hides_nothing(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as connection:
        text = "CREATE GLOBAL TEMPORARY TABLE IF NOT EXISTS secret (a INT) ON COMMIT DELETE ROWS"
        assert run(connection, text)[0] == 1142
        assert run(connection, "SELECT * FROM secret")[0] == 1142


def test_session_state_is_followed_without_tracking(gateway: LiveGateway) -> None:
    """TiDB tells no changes of its own accord: they are asked for."""
    with gateway.connect("bob") as connection:
        assert rows(connection, 'SELECT "note" FROM allowed WHERE id = 1') == (("note",),)
        assert run(connection, "SET sql_mode = 'ANSI_QUOTES'") == [(0, None, ())]
        assert rows(connection, 'SELECT "note" FROM "allowed" WHERE id = 1') == (("one",),)
        assert run(connection, 'SELECT 1 FROM "secret"')[0] == 1142
        assert run(connection, "USE other") == [(0, None, ())]
        assert run(connection, "SELECT * FROM things")[0] == 1142
        assert run(connection, "SET NAMES gbk")[0] == 1142


def test_prepared_statements(gateway: LiveGateway, server: TidbServer) -> None:
    seen = []
    for port, user, password in ((gateway.port, "alice", PASSWORD), (server.port, server.user, server.password)):
        connection = mysql.connector.connect(
            host="127.0.0.1", port=port, user=user, password=password, database="shop", use_pure=True, ssl_disabled=True
        )
        with connection, connection.cursor(prepared=True) as cursor:
            found: list[object] = []
            for number in (1, 2, 3, 4):
                cursor.execute("SELECT note FROM allowed WHERE id = ?", (number,))
                found.append(cursor.fetchall())
            cursor.execute("SELECT ?, ?, ?", (2**40, "größe", b"\0\xff"))
            found.append(cursor.fetchall())
            connection.cmd_reset_connection()
        seen.append(found)
    assert seen[0] == seen[1]


def test_kill_query_of_ones_own(gateway: LiveGateway) -> None:
    with gateway.connect() as sleeper, gateway.connect() as killer:
        seen: list[object] = []
        began = time.monotonic()
        thread = threading.Thread(target=lambda: seen.append(run(sleeper, "SELECT SLEEP(30)")))
        thread.start()
        time.sleep(1)
        run(killer, f"KILL QUERY {sleeper.thread_id()}")  # type: ignore[no-untyped-call]
        thread.join(20)
        assert not thread.is_alive()
        assert time.monotonic() - began < 20
        assert rows(sleeper, "SELECT 2") == ((2,),)


def test_the_servers_caching_sha2_over_tls(server: TidbServer, certificates: Certificates, tmp_path: Path) -> None:
    """In full first, where TiDB takes the password over TLS alone, then fast."""
    tls = Tls("verify-full", str(certificates.ca))
    access = Access("localhost", server.port, "cached", "x y", tls, Engine.MYSQL)
    with LiveGateway(access, tmp_path, OPEN_POLICY) as live:
        for _ in range(2):
            with live.connect("bob") as connection:
                assert rows(connection, "SELECT id FROM allowed WHERE id = 2") == ((2,),)
