"""The gateway's own schema through drivers and command lines: text and binary, prepared and not, with values and without."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import asyncpg
import mysql.connector
import psycopg
import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import Deployment, password_of
from tests.support.servers import MariaDbServer

QUERY = "SELECT object, actions FROM gateway.grants WHERE effect = {} AND actions LIKE {} ORDER BY object LIMIT {}"
VALUES = ("allow", "connect|%", 1)
FOUND = ("*/*", "connect|explain|temp")


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("own"), embedded_pg, mysql=mariadb) as running:
        yield running


# PostgreSQL


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_psycopg_binds_values(gate: Deployment, binary: bool) -> None:
    with psycopg.connect(gate.dsn("alice"), autocommit=True, prepare_threshold=1) as connection:
        for _ in range(3):  # the later ones are prepared by name
            cursor = connection.cursor(binary=binary)
            assert cursor.execute(QUERY.format("%s", "%s", "%s"), VALUES).fetchall() == [FOUND]
            cursor.execute("SELECT max_rows, left_today, require_where FROM gateway.limits WHERE max_rows > %s", (4999,))
            assert cursor.fetchall() == [(5000, 100_000, False)]
            row = cursor.execute("CALL gateway.explain(%s)", ("SELECT 1",)).fetchone()
            assert row is not None
            assert row[:3] == ("SELECT 1", "SELECT", "allow")
        assert connection.execute("SELECT count(*) FROM gateway.grants WHERE object = %b", ("nothing",)).fetchall() == [(0,)]


def test_psycopg_pipelines_and_wrong_values(gate: Deployment) -> None:
    with psycopg.connect(gate.dsn("alice"), autocommit=True) as connection:
        with connection.pipeline():
            first = connection.execute("SELECT count(*) FROM gateway.masks WHERE masker = %s", ("email",))
            second = connection.execute("SELECT 7")
        assert (first.fetchall(), second.fetchall()) == ([(1,)], [(7,)])
        with pytest.raises(psycopg.DataError, match="invalid input"):
            connection.execute("SELECT max_rows FROM gateway.limits WHERE max_rows = %s", ("no number",))
        assert connection.execute("SELECT 8").fetchone() == (8,)


def test_asyncpg_prepares_and_describes(gate: Deployment) -> None:
    async def asked() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=gate.port, user="alice", password=password_of("alice"), database="pg1/shop"
        )
        try:
            statement = await connection.prepare(QUERY.format("$1", "$2", "$3"))
            assert [kind.name for kind in statement.get_parameters()] == ["text", "text", "int8"]
            assert [column.name for column in statement.get_attributes()] == ["object", "actions"]
            for _ in range(2):
                assert [tuple(row) for row in await statement.fetch(*VALUES)] == [FOUND]
            assert await statement.fetch("deny", "connect|%", 1) == []
            async with connection.transaction():
                rows = [
                    row async for row in connection.cursor("SELECT rule FROM gateway.limits WHERE require_where = $1", False)
                ]
            assert len(rows) == 2
            with pytest.raises(asyncpg.UndefinedColumnError):
                await connection.prepare("SELECT nothing FROM gateway.grants WHERE object = $1")
            assert await connection.fetchval("SELECT 9") == 9
        finally:
            await connection.close()

    asyncio.run(asked())


def test_psql(gate: Deployment) -> None:
    script = "SELECT object FROM gateway.grants WHERE actions = $1 \\bind 'connect|explain|temp' \\g\nTABLE gateway.columns;\n"
    done = gate.psql(gate.dsn("alice"), "-At", script=script)
    assert done.stdout.splitlines()[0] == "*/*"
    assert "denials|hint|text" in done.stdout
    assert not done.stderr


# MySQL


@pytest.mark.parametrize("prepared", [False, True], ids=["text", "binary"])
def test_mysql_connector(gate: Deployment, prepared: bool) -> None:
    with mysql.connector.connect(
        host="127.0.0.1", port=gate.mysql_port, user="alice", password=password_of("alice"), database="my1/shop", use_pure=True
    ) as connection:
        cursor = connection.cursor(prepared=prepared)
        for _ in range(2):
            cursor.execute(QUERY.format("%s", "%s", "%s"), VALUES)
            assert [tuple(map(plain, row)) for row in cursor.fetchall()] == [FOUND]
            cursor.execute(QUERY.format("%s", "%s", "%s"), ("deny", "connect|%", 5))
            assert cursor.fetchall() == []
        cursor.execute("SELECT number, mine FROM gateway.issues WHERE number > %s AND title IS NOT NULL", (0,))
        assert cursor.fetchall() == []
        cursor.execute("CALL gateway.explain(%s)", ("SELECT 1",))
        assert [plain(value) for value in cursor.fetchall()[0]][:3] == ["SELECT 1", "SELECT", "allow"]
        if not prepared:
            cursor.callproc("gateway.explain", ("SELECT 'it''s'",))
            (told,) = [result.fetchall() for result in cursor.stored_results()]
            assert tuple(told[0])[:3] == ("SELECT 'it''s'", "SELECT", "allow")
        with pytest.raises(mysql.connector.Error) as caught:
            cursor.execute("SELECT nothing FROM gateway.grants WHERE object = %s", ("x",))
        assert caught.value.errno == 1054
        cursor.execute("SELECT id FROM products WHERE id = %s", (1,))
        assert cursor.fetchall() == [(1,)], "the server's own statements go on beside it"


def plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes | bytearray) else value


def test_another_character_set(gate: Deployment) -> None:
    with gate.mysql_client("alice", charset="latin1") as connection, connection.cursor() as cursor:
        cursor.execute("CALL gateway.explain('SELECT ''Zürich''')")
        assert (cursor.fetchone() or [])[0] == "SELECT 'Zürich'"
        cursor.execute("SELECT g.`object` AS was FROM gateway.grants g WHERE g.object = '*/*' LIMIT 0, 1")
        assert cursor.description[0][0] == "was"
        assert cursor.fetchall() == (("*/*",),)


def test_what_clients_ask_for_completion(gate: Deployment) -> None:
    with gate.mysql_client("alice") as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES FROM gateway LIKE 'd%'")
        assert cursor.fetchall() == (("denials",),)
        cursor.execute("SHOW FULL TABLES IN `gateway`")
        assert ("grants", "SYSTEM VIEW") in cursor.fetchall()
        cursor.execute("SHOW COLUMNS FROM limits FROM gateway LIKE 'max_rows'")
        assert cursor.fetchall() == (("max_rows", "bigint(20)", "YES", "", None, ""),)
        cursor.execute("DESC gateway.issues")
        assert cursor.fetchall()[5] == ("mine", "tinyint(1)", "YES", "", None, "")
        cursor.execute("SHOW DATABASES LIKE 'gateway'")
        assert cursor.fetchall() == (("gateway",),)
        cursor.execute(
            "SELECT column_name AS c FROM information_schema.columns WHERE table_schema = 'gateway' AND table_name = 'masks'"
            " ORDER BY ordinal_position"
        )
        assert cursor.fetchall() == (("schema",), ("relation",), ("column",), ("masker",))


def test_use_gateway(gate: Deployment) -> None:
    """COM_INIT_DB and USE: names without a database are the gateway's from then on, and nothing means the server's."""
    with gate.mysql_client("alice") as connection, connection.cursor() as cursor:
        for enter in (lambda: connection.select_db("gateway"), lambda: cursor.execute("USE gateway")):
            enter()
            cursor.execute("SELECT DATABASE()")
            assert cursor.fetchall() == (("gateway",),)
            cursor.execute("SELECT object FROM grants WHERE actions LIKE 'connect|%'")
            assert cursor.fetchall() == (("*/*",),)
            cursor.execute("SHOW TABLES")
            assert ("denials",) in cursor.fetchall()
            with pytest.raises(pymysql.err.ProgrammingError, match=r"'gateway.products' doesn't exist"):
                cursor.execute("SELECT * FROM products")
            with pytest.raises(pymysql.err.MySQLError, match="current database is the gateway"):
                cursor.execute("CREATE TABLE t (a INT)")
            cursor.execute("SELECT id FROM shop.products WHERE id = 1")
            assert cursor.fetchall() == ((1,),)
            connection.select_db("shop")
            cursor.execute("SELECT id, DATABASE() FROM products WHERE id = 1")
            assert cursor.fetchall() == ((1, "shop"),)


@pytest.mark.parametrize("client", ["mariadb", "mysql"])
def test_command_line(gate: Deployment, client: str) -> None:
    if shutil.which(client) is None:
        pytest.skip(f"{client} is not installed")
    script = (
        "SELECT object, until FROM gateway.grants WHERE actions LIKE 'connect%' LIMIT 1;\n"
        "CALL gateway.explain('SELECT 1');\nSELECT 7;\nSHOW TABLES FROM gateway;\n"
    )
    command = [client, "-h127.0.0.1", f"-P{gate.mysql_port}", "-ualice", "--default-character-set=utf8mb4", "my1/shop"]
    done = subprocess.run(
        command, input=script, capture_output=True, text=True, timeout=60, check=False, env={"MYSQL_PWD": password_of("alice")}
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:2] == ["object\tuntil", "*/*\tNULL"]
    assert "7" in lines
    assert "denials" in lines
