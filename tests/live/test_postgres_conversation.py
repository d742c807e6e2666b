"""The conversation with real servers and real clients."""

import json
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest

from gateway.config import Limits
from gateway.demo.postgres_server import PostgresServer
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import OPEN_POLICY, PASSWORD, LiveGateway

SCHEMA = """
DROP SCHEMA IF EXISTS hidden CASCADE; DROP TABLE IF EXISTS allowed, secret, copied CASCADE; DROP ROLE IF EXISTS somebody;
CREATE TABLE allowed (a int PRIMARY KEY, b text);
INSERT INTO allowed SELECT g, 'row ' || g FROM generate_series(1, 1000) g;
CREATE TABLE secret (a int, b text);
INSERT INTO secret VALUES (1, 'the secret');
CREATE TABLE copied (a int, b text);
CREATE SCHEMA hidden;
CREATE TABLE hidden.allowed (a int, b text);
INSERT INTO hidden.allowed VALUES (1, 'the secret');
CREATE OR REPLACE FUNCTION move_path(path text) RETURNS void LANGUAGE plpgsql AS
  $$ BEGIN PERFORM set_config('search_path', path, false); END $$;
"""
POLICY = (
    OPEN_POLICY
    + """p, user:bob, *, */*/public/copied, *, , allow
p, user:bob, *, */*/public/move_path, call, , allow
p, user:bob, *, */*, temp|explain, , allow
p, user:carol, *, **, select|connect|insert, , allow
p, user:carol, *, */*, propose, , allow
"""
)


@pytest.fixture(scope="module", params=["embedded_pg", "distro_pg"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    server: PostgresServer = request.getfixturevalue(request.param)
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(SCHEMA)
    return server


@pytest.fixture(scope="module")
def gateway(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    access = Access(server.host, server.port, server.user, server.password)
    home = tmp_path_factory.mktemp("gateway")
    with LiveGateway(access, home, POLICY, users=("alice", "bob", "carol"), limits=Limits(statement_bytes=2_000_000)) as live:
        yield live


@pytest.fixture
def alice(gateway: LiveGateway) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def bob(gateway: LiveGateway) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(gateway.url("bob"), autocommit=True) as connection:
        yield connection


def refused(connection: psycopg.Connection[Any], query: str, parameters: Any = None, code: str = "42501") -> str:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(query, parameters)
    assert caught.value.sqlstate == code, caught.value
    return str(caught.value.diag.message_primary)


# Permitted statements


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


# Refusals


def test_a_refusal_says_what_and_why_and_the_session_goes_on(bob: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
        bob.execute("SELECT * FROM secret")
    diagnostic = caught.value.diag
    assert diagnostic.message_primary == "gateway: permission denied: select on pg1/postgres/public/secret"
    assert "policy version" in (diagnostic.message_detail or "")
    assert diagnostic.message_hint
    assert bob.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert bob.execute("SELECT count(*) FROM allowed").fetchone() == (1000,)


def test_missing_and_forbidden_are_refused_alike(bob: psycopg.Connection[Any]) -> None:
    forbidden = refused(bob, "SELECT * FROM secret")
    missing = refused(bob, "SELECT * FROM nonesuch")
    assert missing.replace("nonesuch", "secret") == forbidden


def test_a_refusal_in_a_transaction_aborts_it(bob: psycopg.Connection[Any]) -> None:
    bob.execute("BEGIN")
    bob.execute("INSERT INTO copied VALUES (9, 'x')")
    refused(bob, "SELECT * FROM secret")
    assert bob.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    refused(bob, "SELECT 1", code="25P02")
    refused(bob, "SELECT * FROM secret WHERE a = %s", (1,))
    assert bob.execute("COMMIT").statusmessage == "ROLLBACK"
    assert bob.execute("SELECT count(*) FROM copied").fetchone() == (0,)


def test_one_refused_statement_of_a_text_and_none_runs(bob: psycopg.Connection[Any]) -> None:
    refused(bob, "INSERT INTO copied VALUES (5, 'x'); SELECT * FROM secret")
    assert bob.execute("SELECT count(*) FROM copied").fetchone() == (0,)


def test_a_refusal_in_a_pipeline(bob: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), bob.pipeline():
        before = bob.execute("SELECT 1")
        bob.execute("SELECT * FROM secret")
        bob.execute("INSERT INTO copied VALUES (5, 'x')")
    assert before.fetchone() == (1,)
    assert bob.execute("SELECT 2").fetchone() == (2,)
    assert bob.execute("SELECT count(*) FROM copied").fetchone() == (0,)


def test_a_prepared_statement_is_decided_again(gateway: LiveGateway, bob: psycopg.Connection[Any]) -> None:
    for _ in range(8):
        assert bob.execute("SELECT b FROM allowed WHERE a = %s", (1,), prepare=True).fetchone() == ("row 1",)
    bob.execute("PREPARE again AS SELECT b FROM allowed WHERE a = $1")
    try:
        gateway.set_policy(POLICY.replace("p, user:bob, *, */*/public/allowed, *, , allow\n", ""))
        refused(bob, "SELECT b FROM allowed WHERE a = %s", (1,))
        refused(bob, "EXECUTE again(1)")
    finally:
        gateway.set_policy(POLICY)
    assert bob.execute("EXECUTE again(1)").fetchone() == ("row 1",)


def test_a_revoked_connection_ends(gateway: LiveGateway) -> None:
    connection = psycopg.connect(gateway.url("bob"), autocommit=True)
    connection.execute("SELECT 1")
    try:
        gateway.set_policy(POLICY.replace("p, user:bob, *, */*, connect, , allow\n", ""))
        with pytest.raises(psycopg.OperationalError, match="was revoked") as caught:
            connection.execute("SELECT 1")
        assert caught.value.sqlstate == "57P01"
    finally:
        gateway.set_policy(POLICY)


# State that changes meaning


def test_the_search_path_is_followed(bob: psycopg.Connection[Any]) -> None:
    statement = "SELECT b FROM allowed WHERE a = 1"
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("SET search_path = hidden, public")
    assert "hidden/allowed" in refused(bob, statement)
    bob.execute("RESET search_path")
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("SELECT set_config('search_path', 'hidden', false)")
    assert "hidden/allowed" in refused(bob, statement)
    bob.execute("DISCARD ALL")
    assert bob.execute(statement).fetchone() == ("row 1",)


def test_the_search_path_in_one_text_and_in_a_pipeline(bob: psycopg.Connection[Any]) -> None:
    assert "hidden/allowed" in refused(bob, "SET search_path = hidden; SELECT b FROM allowed")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="hidden/allowed"), bob.pipeline():
        bob.execute("SET search_path = hidden")
        bob.execute("SELECT b FROM allowed WHERE a = 1")
    assert bob.execute("SELECT b FROM allowed WHERE a = 1").fetchone() == ("row 1",)


def test_the_search_path_through_rollback_and_local(bob: psycopg.Connection[Any]) -> None:
    statement = "SELECT b FROM allowed WHERE a = 1"
    bob.execute("BEGIN")
    bob.execute("SAVEPOINT s")
    bob.execute("SET LOCAL search_path = hidden")
    assert "hidden/allowed" in refused(bob, statement)
    bob.execute("ROLLBACK TO s")
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("SET search_path = hidden")
    bob.execute("ROLLBACK")
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("BEGIN; SET search_path = hidden; COMMIT")
    assert "hidden/allowed" in refused(bob, statement)


def test_the_search_path_moved_by_a_function(bob: psycopg.Connection[Any]) -> None:
    bob.execute("SELECT move_path('hidden')")
    assert "hidden/allowed" in refused(bob, "SELECT b FROM allowed WHERE a = 1")


def test_a_prepared_statement_when_the_path_moves(bob: psycopg.Connection[Any]) -> None:
    for _ in range(8):
        bob.execute("SELECT b FROM allowed WHERE a = %s", (1,), prepare=True)
    bob.execute("SET search_path = hidden")
    assert "hidden/allowed" in refused(bob, "SELECT b FROM allowed WHERE a = %s", (1,))


def test_a_role_with_a_path_of_its_own(server: PostgresServer, gateway: LiveGateway) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("ALTER DATABASE postgres SET search_path = hidden, public")
        try:
            with psycopg.connect(gateway.url("bob"), autocommit=True) as bob:
                assert "hidden/allowed" in refused(bob, "SELECT b FROM allowed WHERE a = 1")
        finally:
            connection.execute("ALTER DATABASE postgres RESET search_path")


def test_a_temporary_table_does_not_hide_a_permanent_one(bob: psycopg.Connection[Any]) -> None:
    bob.execute("CREATE TEMP TABLE mine (a int)")
    bob.execute("INSERT INTO mine VALUES (1)")
    assert bob.execute("SELECT a FROM mine").fetchone() == (1,)
    bob.execute("BEGIN; CREATE TEMP TABLE secret (a int, b text) ON COMMIT DROP; COMMIT")
    assert "public/secret" in refused(bob, "SELECT b FROM secret")


@pytest.mark.parametrize(
    "statement",
    [
        "SET standard_conforming_strings = off",
        "SET client_encoding = 'SJIS'",
        "SET session_replication_role = replica",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
    ],
)
def test_state_that_nobody_may_set(alice: psycopg.Connection[Any], statement: str) -> None:
    assert refused(alice, statement).startswith("gateway: ")


def test_encodings(alice: psycopg.Connection[Any]) -> None:
    assert alice.execute("SELECT 'ü€'").fetchone() == ("ü€",)
    alice.execute("SET client_encoding = 'LATIN1'")
    assert alice.execute("SELECT 'ü'").fetchone() == ("ü",)


def test_sql_cursors_and_holdable_ones(bob: psycopg.Connection[Any]) -> None:
    bob.execute("BEGIN")
    bob.execute("DECLARE c CURSOR WITH HOLD FOR SELECT a FROM allowed ORDER BY a")
    assert bob.execute("FETCH 2 FROM c").fetchall() == [(1,), (2,)]
    bob.execute("COMMIT")
    assert bob.execute("FETCH 2 FROM c").fetchall() == [(3,), (4,)]
    bob.execute("CLOSE c")
    refused(bob, "DECLARE d CURSOR WITH HOLD FOR SELECT * FROM secret")


# Change issues


def test_ddl_becomes_an_issue_and_passes_once_when_approved(gateway: LiveGateway) -> None:
    reviews = gateway.running.reviews
    text = "ALTER TABLE copied ADD COLUMN c int"
    with psycopg.connect(gateway.url("carol"), autocommit=True) as carol:
        message = refused(carol, text)
        number = reviews.seen.index(text) + 1
        assert message == f"gateway: ALTER TABLE on pg1/postgres needs an approved change issue: #{number}"
        reviews.approved.add(text)
        carol.execute("BEGIN")
        carol.execute(text)
        assert reviews.outcomes == []
        carol.execute("ROLLBACK")
        carol.execute("SELECT 1")
        assert reviews.outcomes == [(number, "rolled back")]
        refused(carol, text)
        reviews.approved.add(text)
        carol.execute(text)
        carol.execute("SELECT c FROM copied")
        assert reviews.outcomes[1:] == [(number, None)]
        reviews.approved.add("ALTER TABLE copied DROP COLUMN c")
        carol.execute("ALTER TABLE copied DROP COLUMN c", prepare=True)
        assert reviews.outcomes[2:] == [(0, None)]


# Limits and bad input


def test_a_statement_over_the_limit(alice: psycopg.Connection[Any]) -> None:
    assert "larger than" in refused(alice, "SELECT '" + "x" * 3_000_000 + "'", code="54000")
    assert "larger than" in refused(alice, "SELECT %s, '" + "x" * 3_000_000 + "'", (1,), code="54000")
    assert alice.execute("SELECT length(%s)", ("x" * 5_000_000,)).fetchone() == (5_000_000,)


class Wire:
    """A client that says what it is told to, byte by byte."""

    def __init__(self, gateway: LiveGateway, user: str = "alice") -> None:
        self._connection = psycopg.connect(gateway.url(user), autocommit=True)
        self.socket = socket.socket(fileno=os.dup(self._connection.fileno()))
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 -- a descriptor for libpq, which must not say goodbye
            os.dup2(nothing.fileno(), self._connection.fileno())
        self.socket.setblocking(True)
        self.socket.settimeout(10)

    def send(self, *frames: tuple[str, bytes]) -> None:
        self.socket.sendall(b"".join(kind.encode() + struct.pack("!I", len(body) + 4) + body for kind, body in frames))

    def read(self, until: str = "Z") -> list[tuple[str, bytes]]:
        """Frames up to one of this kind, or to the end of the connection."""
        found: list[tuple[str, bytes]] = []
        while not found or found[-1][0] != until:
            header = self._exactly(5)
            if len(header) < 5:
                found.append(("EOF", b""))
                break
            found.append((chr(header[0]), self._exactly(struct.unpack("!I", header[1:])[0] - 4)))
        return found

    def _exactly(self, size: int) -> bytes:
        parts = b""
        while len(parts) < size and (part := self.socket.recv(size - len(parts))):
            parts += part
        return parts

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self._connection.close()


def kinds(frames: list[tuple[str, bytes]]) -> str:
    return "".join(kind if kind != "EOF" else "$" for kind, _ in frames)


def test_a_pipeline_that_redefines_the_unnamed_statement(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        for text in (b"SELECT 1", b"SELECT 2", b"SELECT 3"):
            wire.send(("P", b"\0" + text + b"\0\0\0"), ("B", b"\0\0\0\0\0\0\0\0"), ("E", b"\0\0\0\0\0"))
        wire.send(("S", b""))
        frames = wire.read()
        assert kinds(frames) == "12DC12DC12DCZ"
        assert [body[-1:] for kind, body in frames if kind == "D"] == [b"1", b"2", b"3"]


def test_a_refused_parse_between_two_others(gateway: LiveGateway) -> None:
    with Wire(gateway, "bob") as wire:
        run = [("B", b"\0\0\0\0\0\0\0\0"), ("D", b"P\0"), ("E", b"\0\0\0\0\0")]
        wire.send(("P", b"\0SELECT 1\0\0\0"), *run, ("P", b"\0SELECT * FROM secret\0\0\0"), *run, ("S", b""))
        wire.send(("P", b"\0SELECT 2\0\0\0"), *run, ("S", b""))
        frames = wire.read() + wire.read()
        assert kinds(frames) == "12TDCEZ12TDCZ"
        assert b"gateway: permission denied" in frames[5][1]


def test_portals_are_suspended_and_go_on(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", b"BEGIN\0"))
        wire.read()
        wire.send(("P", b"s\0SELECT a FROM allowed ORDER BY a\0\0\0"), ("B", b"p\0s\0\0\0\0\0\0\0"), ("E", b"p\0\0\0\0\2"))
        wire.send(("H", b""))
        assert kinds(wire.read("s")) == "12DDs"
        wire.send(("E", b"p\0\0\0\0\1"), ("C", b"Pp\0"), ("S", b""))
        assert kinds(wire.read()) == "Ds3Z"
        wire.send(("E", b"p\0\0\0\0\1"), ("S", b""))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert b"34000" in frames[0][1]


def test_describe_before_and_after_bind(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("P", b"s\0SELECT a FROM allowed WHERE b = $1\0\0\0"), ("D", b"Ss\0"), ("S", b""))
        assert kinds(wire.read()) == "1tTZ"
        wire.send(("B", b"\0s\0\0\0\0\1\0\0\0\1x\0\0"), ("D", b"P\0"), ("E", b"\0\0\0\0\0"), ("S", b""))
        assert kinds(wire.read()) == "2TCZ"
        wire.send(("C", b"Ss\0"), ("D", b"Ss\0"), ("S", b""))
        assert kinds(wire.read()) == "3EZ"


def test_sql_and_protocol_share_statement_names(gateway: LiveGateway) -> None:
    with Wire(gateway, "bob") as wire:
        wire.send(("Q", b"PREPARE q AS SELECT 1\0"))
        wire.read()
        wire.send(("B", b"\0q\0\0\0\0\0\0\0"), ("E", b"\0\0\0\0\0"), ("S", b""))
        assert kinds(wire.read()) == "2DCZ"
        wire.send(("P", b"w\0SELECT count(*) FROM allowed\0\0\0"), ("S", b""))
        wire.read()
        wire.send(("Q", b"EXECUTE w\0"))
        assert kinds(wire.read()) == "TDCZ"
        wire.send(("Q", b"DEALLOCATE w\0"))
        wire.read()
        wire.send(("B", b"\0w\0\0\0\0\0\0\0"), ("S", b""))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert b"26000" in frames[0][1]


def test_copy_in_the_extended_protocol(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        start = [("P", b"\0COPY copied FROM STDIN\0\0\0"), ("B", b"\0\0\0\0\0\0\0\0"), ("E", b"\0\0\0\0\0")]
        wire.send(*start, ("S", b""))  # the server ignores this Sync: it is reading COPY data by then
        assert kinds(wire.read("G")) == "12G"
        wire.send(("d", b"1\tx\n"), ("c", b""), ("S", b""))
        assert kinds(wire.read()) == "CZ"
        wire.send(*start, ("d", b"bad\tx\n"), ("c", b""), ("S", b""))
        assert kinds(wire.read()).endswith("EZ")
        wire.send(*start, ("d", b"1\tx\n"), ("f", b"enough\0"), ("S", b""))
        assert kinds(wire.read()) == "12GEZ"
        wire.send(("Q", b"DELETE FROM copied\0"))
        assert kinds(wire.read()) == "CZ"


def test_function_calls_are_refused(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("F", struct.pack("!IHHH", 1598, 0, 0, 0)))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert b"42501" in frames[0][1]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"SELECT '\xff'\0", b"22021"), (b"SELECT 1\0 FROM x\0", b"08P01"), (b"SELECT 1", b"08P01"), (b"", b"08P01")],
)
def test_texts_that_are_none(gateway: LiveGateway, body: bytes, code: bytes) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", body))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert code in frames[0][1]
        wire.send(("P", b"\0" + body), ("S", b""))
        assert kinds(wire.read()) == "EZ"
        wire.send(("Q", b"SELECT 1\0"))
        assert kinds(wire.read()) == "TDCZ"


@pytest.mark.parametrize("data", [b"y\0\0\0\4", b"Q\0\0\0\3", b"Q\xff\xff\xff\xff", b"S\0\0\0\x05x", b"E\0\1\0\0"])
def test_what_is_no_message_ends_the_session(gateway: LiveGateway, data: bytes) -> None:
    with Wire(gateway) as wire:
        wire.socket.sendall(data)
        frames = wire.read()
        assert kinds(frames) == "E$"
        assert b"08P01" in frames[0][1]


def test_byte_by_byte(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        message = b"Q\0\0\0\x0dSELECT 1\0" + b"P\0\0\0\x10\0SELECT 1\0\0\0" + b"S\0\0\0\4"
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in message:
            wire.socket.sendall(bytes([byte]))
        assert kinds(wire.read()) == "TDCZ"
        assert kinds(wire.read()) == "1Z"


def test_a_client_that_closes_its_sending_half_still_gets_its_result(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", b"SELECT pg_sleep(0.2), 5\0"))
        wire.socket.shutdown(socket.SHUT_WR)
        assert kinds(wire.read()).startswith("TDCZ")


def test_a_vanished_client_stops_its_statement(server: PostgresServer, gateway: LiveGateway) -> None:
    wire = Wire(gateway)
    wire.send(("Q", b"SELECT pg_sleep(60) /* vanishing */\0"))
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as observer:
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active'"
        running = f"SELECT count(*) {others} AND query LIKE '%vanishing%'"
        _until(lambda: observer.execute(running).fetchone() == (1,))
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.socket.close()
        _until(lambda: observer.execute(running).fetchone() == (0,))


def test_a_server_that_goes_away(server: PostgresServer, gateway: LiveGateway) -> None:
    with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(psycopg.OperationalError) as caught:
            connection.execute("SELECT 1")
        assert caught.value.sqlstate == "57P01"


def _until(condition: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


# Records


def test_two_records_for_each_statement(gateway: LiveGateway) -> None:
    with psycopg.connect(gateway.url("bob"), autocommit=True) as bob:
        bob.execute("SELECT b FROM allowed WHERE a < 4 /* recorded */")
        refused(bob, "SELECT 1; SELECT * FROM secret /* recorded */")
        refused(bob, "SELECT 1/(a - a) FROM allowed /* recorded */", code="22012")
        with bob.pipeline():
            bob.execute("SELECT a /* recorded */ FROM allowed WHERE a = %s", (1,))
    records = gateway.records()
    begun = [record for record in records if record["kind"] == "statement" and "recorded" in record["text"]]
    ended = {record["statement_id"]: record for record in records if record["kind"] == "statement.end"}
    assert [(record["user"], record["decision"]["outcome"]) for record in begun] == [
        ("bob", "allow"),
        ("bob", "deny"),
        ("bob", "allow"),
        ("bob", "allow"),
    ]
    ends = [ended[record["statement_id"]] for record in begun]
    assert [end.get("error", {}).get("code") for end in ends] == [None, "42501", "22012", None]
    assert (ends[0]["rows"], ends[3]["rows"]) == (3, 1)
    assert begun[0]["relations"] == [{"path": "pg1/postgres/public/allowed", "action": "select"}]
    assert all(record["statement_id"] in ended for record in records if record["kind"] == "statement")
    assert json.dumps(records).count("pass word") == 0


def test_passwords_stand_in_no_record(gateway: LiveGateway, alice: psycopg.Connection[Any], tmp_path: Path) -> None:
    alice.execute("CREATE ROLE somebody PASSWORD 'hunter2hunter2'")
    alice.execute("DROP ROLE somebody")
    assert "hunter2" not in json.dumps(gateway.records())


def _drain(sessions: list[Any]) -> None:
    for session in sessions:
        session.drain()


def test_a_session_drains_between_transactions(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", b"BEGIN\0"))
        wire.read()
        sessions = list(gateway.running.sessions._running)
        gateway.call(lambda: _drain(sessions))
        wire.send(("Q", b"SELECT 1\0"))
        assert kinds(wire.read()) == "TDCZ"
        wire.send(("Q", b"COMMIT\0"))
        assert kinds(wire.read()) == "CZ"
        frames = wire.read()
        assert kinds(frames) == "E$"
        assert b"57P01" in frames[0][1]
