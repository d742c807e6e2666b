"""The gateway's own schema through drivers and command lines: text and binary, prepared and not, with values and without."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
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


def as_person(gate: Deployment, user: str) -> psycopg.Connection:
    return psycopg.connect(gate.dsn(user), autocommit=True)


def test_types_and_any_query(gate: Deployment) -> None:
    """Moments are moments, in text and binary; joins, OR, functions, grouping and subqueries are answered."""
    counted = "SELECT effect, count(*) AS n, bool_or(until IS NULL) FROM gateway.grants GROUP BY effect HAVING count(*) > %s"
    joined = (
        "SELECT g.object FROM gateway.grants g JOIN gateway.columns c ON c.relation = 'grants' AND c.\"column\" = 'object'"
        " WHERE lower(g.object) = %s OR g.object IN (SELECT object FROM gateway.limits) ORDER BY 1 LIMIT 1"
    )
    with psycopg.connect(gate.dsn("alice"), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM hr.salaries")
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            cursor.execute(
                "SELECT time, time::date, number_of FROM (SELECT time, 1.5 AS number_of FROM gateway.denials) d LIMIT 1"
            )
            moment, day, number = cursor.fetchone() or (None, None, None)
            assert isinstance(moment, datetime)
            assert abs(moment - datetime.now(UTC)) < timedelta(minutes=5)
            assert (day, number) == (moment.astimezone(UTC).date(), 1.5)
            recent = "SELECT count(*) FROM gateway.denials WHERE time > %s AND time > now() - interval '1 hour'"
            assert cursor.execute(recent, (moment - timedelta(seconds=1),)).fetchone() == (1,)
            assert ("allow", True) in [(effect, still) for effect, _, still in cursor.execute(counted, (0,)).fetchall()]
            assert cursor.execute(joined, ("*/*",)).fetchall() == [("*/*",)]
        with pytest.raises(psycopg.errors.UndefinedColumn, match="objekt") as caught:
            connection.execute("SELECT objekt FROM gateway.grants")
        assert caught.value.diag.message_hint is not None
        assert 'Perhaps you meant "object"' in caught.value.diag.message_hint
        assert caught.value.diag.statement_position == "8"
        for text, error in (
            ("SELECT * FROM gateway.grants, products", psycopg.errors.FeatureNotSupported),
            ("SELECT * FROM gateway.nothing", psycopg.errors.UndefinedTable),
            ("SELECT nosuch(object) FROM gateway.grants", psycopg.errors.UndefinedFunction),
            ("SELECT FROM gateway.grants WHERE", psycopg.errors.SyntaxError),
            ("DELETE FROM gateway.grants", psycopg.errors.FeatureNotSupported),
        ):
            with pytest.raises(error):
                connection.execute(text)


def test_a_heavy_query_ends_and_others_go_on(gate: Deployment) -> None:
    heavy = "SELECT count(*) FROM " + ", ".join(f"gateway.columns c{number}" for number in range(5))
    with (
        psycopg.connect(gate.dsn("alice"), autocommit=True) as one,
        psycopg.connect(gate.dsn("dora"), autocommit=True) as other,
    ):
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(one.execute, heavy)
            began, served = time.monotonic(), 0
            while not running.done():
                assert other.execute("SELECT 1").fetchone() == (1,)
                served += 1
            assert served > 5
            assert time.monotonic() - began < 30
            with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="longer than"):
                running.result()
        assert one.execute("SELECT 2").fetchone() == (2,)


def test_nobody_elses_rows(gate: Deployment) -> None:
    with (
        psycopg.connect(gate.dsn("alice"), autocommit=True) as alice,
        psycopg.connect(gate.dsn("dora"), autocommit=True) as dora,
    ):
        with pytest.raises(psycopg.Error):
            alice.execute("SELECT 'a secret of alice' FROM hr.salaries")
        mine = "SELECT count(*) FROM gateway.denials WHERE statement LIKE '%secret of alice%'"
        assert alice.execute(mine).fetchone() == (1,)
        assert dora.execute(mine).fetchone() == (0,)
        for reach in ("UNION SELECT statement FROM gateway.denials", "OR 1 = 1 OR '' = ''"):
            text = f"SELECT statement FROM gateway.denials WHERE outcome = 'x' {reach}"
            assert not [row for row in dora.execute(text).fetchall() if "secret of alice" in str(row)]
        dora.execute("CREATE TEMP TABLE own_grants (a int)")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            dora.execute("SELECT * FROM gateway.grants, own_grants")


def test_asyncpg_fetches_from_a_portal(gate: Deployment) -> None:
    async def asked() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=gate.port, user="alice", password=password_of("alice"), database="pg1/shop"
        )
        try:
            everything = await connection.fetch('SELECT relation, "column" FROM gateway.columns ORDER BY 1, 2')
            async with connection.transaction():
                cursor = await connection.cursor('SELECT relation, "column" FROM gateway.columns ORDER BY 1, 2')
                first, second = await cursor.fetch(3), await cursor.fetch(1000)
            assert [*first, *second] == everything
            assert len(first) == 3
            late = datetime.now(UTC) - timedelta(days=1)
            row = await connection.fetchrow("SELECT until, now() FROM gateway.grants WHERE now() > $1 LIMIT 1", late)
            assert row is not None
            assert isinstance(row["now"], datetime)
            call = "CALL gateway.request_access($1, $2, $3, $4)"
            asked_for = await connection.fetchrow(call, "select", "hr.salaries", "4h", "asyncpg")
            assert asked_for is not None
            assert (asked_for["state"], asked_for["seconds"]) == ("open", 14_400)
        finally:
            await connection.close()

    asyncio.run(asked())


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
        cursor.execute("SELECT number, mine FROM gateway.issues WHERE number > %s AND kind = 'change'", (0,))
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


def test_mysql_types_and_any_query(gate: Deployment) -> None:
    with mysql.connector.connect(
        host="127.0.0.1", port=gate.mysql_port, user="alice", password=password_of("alice"), database="my1/shop", use_pure=True
    ) as connection:
        plainly = connection.cursor()
        with pytest.raises(mysql.connector.Error):
            plainly.execute("DELETE FROM products")
        for prepared in (False, True):
            cursor = connection.cursor(prepared=prepared)
            cursor.execute(
                "SELECT time, DATE(time), 1.5e0, COUNT(*) OVER () FROM gateway.denials"
                " WHERE time > NOW() - INTERVAL 1 HOUR OR code = %s LIMIT 1",
                ("x",),
            )
            (row,) = cursor.fetchall()
            moment, day, number, _ = row
            assert isinstance(moment, datetime)
            assert (day, number) == (moment.date(), 1.5)
            cursor.execute("SELECT COUNT(*) FROM gateway.denials WHERE time <= %s", (moment,))
            assert tuple(cursor.fetchall()[0]) != (0,)
        plainly.execute("SET @what = 'SELECT 1', @none = NULL")
        plainly.execute("CALL gateway.explain(@what)")
        assert [plain(value) for value in tuple(plainly.fetchall()[0])[:3]] == ["SELECT 1", "SELECT", "allow"]
        with pytest.raises(mysql.connector.Error, match="takes no NULL"):
            plainly.execute("CALL gateway.explain(@none)")
        plainly.callproc("gateway.request_access", ("select", "shop.products", "4h", "why"))
        (told,) = [result.fetchall() for result in plainly.stored_results()]
        assert tuple(told[0])[1] == "open"


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
            for text in ("CREATE TABLE t (a INT)", "SELECT COUNT(*) FROM products" + " " * 20_000, "SHOW TABLE STATUS"):
                with pytest.raises(pymysql.err.MySQLError, match="current database is the gateway"):
                    cursor.execute(text)
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
