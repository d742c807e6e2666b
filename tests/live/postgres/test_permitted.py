"""What is permitted is as it would be directly: rows, types, errors, COPY, pipelines, drivers."""

import os
import shutil
import subprocess
from typing import Any

import asyncpg
import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.gateway import PASSWORD, LiveGateway


def test_the_same_rows_types_and_errors_as_directly(server: PostgresServer, alice: psycopg.Connection[Any]) -> None:
    queries = [
        "SELECT 1, 'a', NULL, 1.5, now() - now(), ARRAY[1,2], '{}'::jsonb",
        "SELECT a, b FROM allowed ORDER BY a LIMIT 3",
        "SELECT 1/0",
        "SELECT nonesuch FROM allowed",
        "INSERT INTO allowed VALUES (1, 'again')",
        "",
        "SELECT; SELECT 2",
        "VALUES (1), (2)",
        "SHOW server_version",
        "TABLE allowed LIMIT 1",
    ]
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as straight:
        for query in queries:
            assert _outcome(alice, query) == _outcome(straight, query), query


def _outcome(connection: psycopg.Connection[Any], query: str) -> Any:
    try:
        cursor = connection.execute(query)
    except psycopg.Error as error:
        return error.sqlstate, error.diag.message_primary, error.diag.statement_position
    return (
        cursor.statusmessage,
        [column.type_code for column in cursor.description or ()],
        (cursor.fetchall() if cursor.description else None),
    )


def _status(connection: psycopg.Connection[Any]) -> str:
    return psycopg.pq.TransactionStatus(connection.info.transaction_status).name


def test_a_transaction_and_its_state(alice: psycopg.Connection[Any]) -> None:
    alice.autocommit = False
    alice.execute("INSERT INTO copied VALUES (1, 'x')")
    assert _status(alice) == "INTRANS"
    with pytest.raises(psycopg.errors.DivisionByZero):
        alice.execute("SELECT 1/0")
    assert _status(alice) == "INERROR"
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        alice.execute("SELECT 1")
    alice.rollback()
    assert alice.execute("SELECT count(*) FROM copied").fetchone() == (0,)
    alice.rollback()


@pytest.mark.parametrize("size", [0, 1, 20_000, 300_000, 3_000_000])
def test_fields_of_any_size(alice: psycopg.Connection[Any], size: int) -> None:
    row = alice.execute("SELECT repeat('x', %s), 7", (size,)).fetchone()
    assert row is not None
    assert (len(row[0]), row[1]) == (size, 7)


def test_a_long_result_comes_whole(alice: psycopg.Connection[Any]) -> None:
    cursor = alice.execute("SELECT g, repeat('y', 50) FROM generate_series(1, 200000) g")
    assert sum(row[0] for row in cursor) == 200_000 * 200_001 // 2


def test_copy_out_and_in(alice: psycopg.Connection[Any]) -> None:
    with alice.cursor() as cursor:
        with cursor.copy("COPY allowed TO STDOUT") as copy:
            out = b"".join(bytes(part) for part in copy)
        with cursor.copy("COPY copied FROM STDIN (FORMAT csv)") as copy:
            copy.write("1,one\n2,two\n")
        assert cursor.execute("SELECT count(*) FROM copied").fetchone() == (2,)
        with pytest.raises(psycopg.errors.QueryCanceled), cursor.copy("COPY copied FROM STDIN") as copy:
            copy.write("3\tthree\n")
            raise psycopg.errors.QueryCanceled("enough")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation), cursor.copy("COPY copied FROM STDIN") as copy:
            for _ in range(20_000):
                copy.write("not a number\tthree\n")
        with cursor.copy("COPY copied TO STDOUT (FORMAT binary)") as copy:
            assert b"".join(bytes(part) for part in copy).startswith(b"PGCOPY\n")
        cursor.execute("DELETE FROM copied")
    assert len(out.splitlines()) == 1000


def test_notices_notifications_and_parameters(alice: psycopg.Connection[Any]) -> None:
    heard: list[str] = []
    alice.add_notice_handler(lambda diagnostic: heard.append(diagnostic.message_primary or ""))
    alice.execute("SET client_min_messages = debug1")
    alice.execute("DROP TABLE IF EXISTS nonesuch")
    alice.execute("RESET client_min_messages")
    assert any("nonesuch" in text for text in heard)
    alice.execute("LISTEN channel")
    alice.execute("NOTIFY channel, 'hello'")
    assert [note.payload for note in alice.notifies(timeout=5, stop_after=1)] == ["hello"]
    alice.execute("SET TimeZone = 'UTC'")
    assert alice.info.parameter_status("TimeZone") == "UTC"


def test_pipelines_with_an_error_in_the_middle(alice: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), alice.pipeline():
        cursors = [alice.execute("SELECT %s::int", (i,)) for i in range(200)]
        alice.execute("SELECT 1/0")
        late = alice.execute("SELECT 2")
    assert cursors[150].fetchone() == (150,)
    assert late.pgresult is None or late.pgresult.status == psycopg.pq.ExecStatus.PIPELINE_ABORTED
    assert alice.execute("SELECT 3").fetchone() == (3,)


def test_prepared_statements_of_psycopg(alice: psycopg.Connection[Any]) -> None:
    for number in range(20):
        assert alice.execute("SELECT b FROM allowed WHERE a = %s", (number + 1,), prepare=True).fetchone() == (
            f"row {number + 1}",
        )


async def test_asyncpg(gateway: LiveGateway) -> None:
    connection = await asyncpg.connect(
        host="127.0.0.1", port=gateway.port, user="alice", password=PASSWORD, database="pg1/postgres"
    )
    assert await connection.fetchval("SELECT count(*) FROM allowed WHERE a > $1", 10) == 990
    async with connection.transaction():
        cursor = await connection.cursor("SELECT a FROM allowed ORDER BY a")
        assert [row["a"] for row in await cursor.fetch(5)] == [1, 2, 3, 4, 5]
        assert [row["a"] for row in await cursor.fetch(5)] == [6, 7, 8, 9, 10]
    await connection.executemany("INSERT INTO copied VALUES ($1, $2)", [(i, str(i)) for i in range(300)])
    await connection.copy_records_to_table("copied", records=[(i, "c") for i in range(300)])
    assert await connection.fetchval("SELECT count(*) FROM copied") == 600
    await connection.execute("DELETE FROM copied")
    assert await connection.fetch("SELECT $1::int[] AS x", [1, 2]) == [([1, 2],)]
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.fetch("SELECT 1/$1::int", 0)
    await connection.reset()
    await connection.close()


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench(server: PostgresServer, gateway: LiveGateway, mode: str) -> None:
    if shutil.which("pgbench") is None:
        pytest.skip("pgbench is not installed")
    environment = {**os.environ, "PGPASSWORD": PASSWORD, "PGSSLMODE": "disable"}
    straight = {**os.environ, "PGPASSWORD": server.password, "PGSSLMODE": "disable"}
    address = ["-h", "127.0.0.1", "-p", str(gateway.port), "-U", "alice", "pg1/postgres"]
    subprocess.run(
        ["pgbench", "-i", "-q", "-h", server.host, "-p", str(server.port), "-U", server.user, "postgres"],
        env=straight,
        check=True,
        capture_output=True,
        timeout=60,
    )
    for script in ("-S", "-N"):
        command = ["pgbench", script, "-n", "-M", mode, "-c", "4", "-t", "100", *address]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)
        assert "actually processed: 400/400" in done.stdout, done.stderr


def test_psql(gateway: LiveGateway) -> None:
    if shutil.which("psql") is None:
        pytest.skip("psql is not installed")
    transaction = "BEGIN;\nSAVEPOINT s;\nROLLBACK TO s;\nCOMMIT;\n"
    script = "\\d allowed\n\\dt\n\\df\n\\du\nSELECT 1 \\gdesc\n\\copy (SELECT 1) TO STDOUT\n" + transaction
    done = subprocess.run(
        ["psql", "-X", "-v", "ON_ERROR_STOP=1", gateway.url("alice")],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert 'Table "public.allowed"' in done.stdout
