"""Drivers through the gateway and straight: the same messages on the wire, the same objects in Python."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
import pytest
from psycopg import pq
from psycopg.types.json import Jsonb

from gateway.demo.home import SERVER_USER
from tests.support.deployment import SERVER_PASSWORD, Deployment, password_of

Connection = psycopg.Connection[Any]
Work = Callable[[Connection], object]


def _types(connection: Connection) -> object:
    values = (
        1, 2**40, 1.5, Decimal("12.50"), "größe", b"\0\xff", True, None, [1, 2], ["a", None], datetime(2026, 1, 2, tzinfo=UTC),
        timedelta(days=1), UUID(int=7), Jsonb({"a": [1]}),
    )  # fmt: skip
    query = "SELECT " + ", ".join(["%s"] * len(values))
    rows = []
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            cursor.execute(query, values)
            assert cursor.description is not None
            rows.append((cursor.fetchall(), [column.type_code for column in cursor.description]))
    return rows


def _errors(connection: Connection) -> object:
    found = []
    for query in (
        "SELECT 1/0",
        "SELEC 1",
        "SELECT x FROM nonesuch",
        "SELECT 'ä' || nonesuch",
        "INSERT INTO categories VALUES (1)",
    ):
        for parameters in (None, ()):
            try:
                connection.execute(query, parameters, prepare=parameters is not None)
            except psycopg.Error as error:
                diagnostic = error.diag
                found.append(
                    (error.sqlstate, diagnostic.message_primary, diagnostic.statement_position, diagnostic.source_line)
                )
    return found


def _transactions(connection: Connection) -> object:
    states = []
    with connection.transaction():
        states.append(connection.info.transaction_status)
        try:
            with connection.transaction():
                connection.execute("SELECT 1/0")
        except psycopg.Error:
            states.append(connection.info.transaction_status)
        connection.execute("SELECT 1")
    states.append(connection.info.transaction_status)
    return states


def _copying(connection: Connection) -> object:
    connection.execute("CREATE TEMP TABLE copied (a int, b text)")
    with connection.cursor() as cursor:
        with cursor.copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            for number in range(50):
                copy.write_row((number, f"row {number}"))
        with pytest.raises(psycopg.errors.BadCopyFileFormat), cursor.copy("COPY copied FROM STDIN") as copy:
            copy.write("1\t2\t3\n")
        out = []
        for how in ("text", "csv", "binary"):
            with cursor.copy(f"COPY copied TO STDOUT (FORMAT {how})") as copy:
                out.append(b"".join(bytes(part) for part in copy))
        return out


def _pipelined(connection: Connection) -> object:
    with connection.pipeline() as pipeline:
        first = [connection.execute("SELECT %s::int + 1", (number,)) for number in range(30)]
        pipeline.sync()
        late = connection.execute("SELECT 'after'")
    rows = [cursor.fetchone() for cursor in (*first, late)]
    with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline():
        connection.execute("SELECT 1")
        connection.execute("SELECT 1/0")
        connection.execute("SELECT 2")
    return rows, connection.info.transaction_status


def _cursors(connection: Connection) -> object:
    with connection.transaction(), connection.cursor(name="walk", scrollable=True) as cursor:
        cursor.itersize = 7
        cursor.execute("SELECT id, name FROM customers ORDER BY id")
        rows = [cursor.fetchone(), *cursor.fetchmany(20)]
        cursor.scroll(-5)
        return rows, cursor.fetchmany(3)


def _prepared(connection: Connection) -> object:
    rows = [connection.execute("SELECT name FROM products WHERE id = %s", (n,), prepare=True).fetchone() for n in range(1, 20)]
    connection.execute("CREATE TEMP TABLE moving (a int)")
    connection.execute("PREPARE moving AS SELECT * FROM moving")
    connection.execute("DO $$ BEGIN ALTER TABLE moving ADD b int; END $$")  # hidden from psycopg, which would DEALLOCATE ALL
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        connection.execute("EXECUTE moving")
    return rows


def _batches(connection: Connection) -> object:
    connection.execute("CREATE TEMP TABLE many (a int PRIMARY KEY, b text)")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO many VALUES (%s, %s) RETURNING a", [(n, str(n)) for n in range(40)], returning=True)
        count = cursor.rowcount
        cursor.execute("SELECT 1; SELECT 'two'; UPDATE many SET b = 'x' WHERE a < 10")
        tags = []
        while True:
            tags.append(cursor.statusmessage)
            if not cursor.nextset():
                break
        return count, tags, cursor.rowcount


def _states(connection: Connection) -> object:
    heard: list[str | None] = []
    connection.add_notice_handler(lambda diagnostic: heard.append(diagnostic.message_primary))
    connection.execute("SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; DROP TABLE IF EXISTS nonesuch")
    connection.execute("LISTEN here; NOTIFY here, 'you'")
    notes = [(note.channel, note.payload) for note in connection.notifies(timeout=5, stop_after=1)]
    names = (
        "TimeZone",
        "DateStyle",
        "server_version",
        "client_encoding",
        "integer_datetimes",
        "is_superuser",
        "in_hot_standby",
    )
    return heard, notes, [connection.info.parameter_status(name) for name in names]


WORK: tuple[Work, ...] = (_types, _errors, _transactions, _copying, _pipelined, _cursors, _prepared, _batches, _states)


@pytest.mark.parametrize("work", WORK)
def test_psycopg_and_the_messages_on_the_wire(gateway_process: Deployment, work: Work, tmp_path: Path) -> None:
    """Everything libpq sent and got, by its own trace, is equal but for the keys and ids that are each session's own."""
    results, traces = [], []
    for name, dsn in (("through", gateway_process.dsn("wide")), ("straight", gateway_process.direct())):
        with psycopg.connect(dsn, autocommit=True) as connection, (tmp_path / name).open("wb") as trace:
            connection.pgconn.trace(trace.fileno())
            connection.pgconn.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS | pq.Trace.REGRESS_MODE)
            results.append(work(connection))
            connection.pgconn.untrace()
        traces.append(list(_messages(tmp_path / name)))
    assert results[0] == results[1]
    assert traces[0] == traces[1]


def _messages(trace: Path) -> Iterator[str]:
    """Each side's messages in its own order: how both interleave is the network's affair.

    So is how often psycopg's pipelines send a Flush: once whenever a turn of its loop found nothing to read yet.
    """
    lines = trace.read_text(errors="replace").splitlines()
    for side in ("F", "B"):
        for line in lines:
            if line.startswith(side) and not line.startswith("F\t4\tFlush"):
                yield re.sub(r"NotificationResponse\t \d+", "NotificationResponse\t N", line)


async def test_psycopg_async(gateway_process: Deployment) -> None:
    async with await psycopg.AsyncConnection.connect(gateway_process.dsn("wide"), autocommit=True) as connection:
        async with connection.pipeline():
            cursors = [await connection.execute("SELECT %s::int", (n,)) for n in range(20)]
        assert [await cursor.fetchone() for cursor in cursors] == [(n,) for n in range(20)]
        task = asyncio.create_task(connection.execute("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.2)
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await task
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def _asyncpg_work(connection: asyncpg.Connection) -> object:
    found: list[object] = []
    query = "SELECT $1::int, $2::text, $3::numeric, $4::timestamptz, $5::int[], $6::uuid, $7::bytea, $8::interval, $9::bool"
    row = await connection.fetchrow(
        query, 1, "ä", Decimal("1.50"), datetime(2026, 1, 2, tzinfo=UTC), [1, 2], UUID(int=1), b"\0", timedelta(1), None
    )
    found.append(tuple(row))
    statement = await connection.prepare("SELECT id, name, status FROM orders o JOIN customers c USING (id) WHERE id = $1")
    found.append([(item.name, item.type.name) for item in statement.get_attributes()])
    found.append([tuple(row) for row in await statement.fetch(3)])
    async with connection.transaction(isolation="serializable", readonly=True):
        found.append([row["id"] async for row in connection.cursor("SELECT id FROM customers ORDER BY id", prefetch=50)][:200])
    await connection.execute("CREATE TEMP TABLE copied (a int, b text)")
    found.append(await connection.copy_records_to_table("copied", records=[(n, str(n)) for n in range(100)]))
    out = bytearray()

    async def collect(data: bytes) -> None:
        out.extend(data)

    found.append(await connection.copy_from_query("SELECT * FROM copied WHERE a < $1", 5, output=collect, format="csv"))
    found.append(bytes(out))
    await connection.executemany("INSERT INTO copied VALUES ($1, $2)", [(n, "m") for n in range(50)])
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO copied VALUES (1, 'gone')")
            await connection.fetch("SELECT 1/$1::int", 0)
    except asyncpg.PostgresError as error:
        found.append((error.sqlstate, str(error)))
    found.append(await connection.fetchval("SELECT count(*) FROM copied"))
    with pytest.raises(asyncio.TimeoutError):
        await connection.fetch("SELECT pg_sleep(30)", timeout=0.2)
    found.append(await connection.fetchval("SELECT 'goes on'"))
    heard: asyncio.Queue[str] = asyncio.Queue()
    await connection.add_listener("asyncpg_test", lambda _c, _pid, _channel, payload: heard.put_nowait(payload))
    await connection.execute("NOTIFY asyncpg_test, 'payload'")
    found.append(await asyncio.wait_for(heard.get(), 5))
    messages: list[str] = []
    connection.add_log_listener(lambda _c, message: messages.append(str(message)))
    await connection.execute("DO $$ BEGIN RAISE NOTICE 'noticed'; END $$")
    found.append(await connection.fetchval("SELECT 1"))
    found.append(messages)
    await connection.reset()
    found.append(connection.get_settings().TimeZone)
    found.append((await connection.fetch("SELECT * FROM customers ORDER BY id"))[:5])
    return found


async def test_asyncpg(gateway_process: Deployment) -> None:
    results = []
    server = gateway_process.server
    for where in (
        {"port": gateway_process.port, "user": "wide", "password": password_of("wide"), "database": "pg1/shop"},
        {"port": server.port, "user": SERVER_USER, "password": SERVER_PASSWORD, "database": "shop"},
    ):
        connection = await asyncpg.connect(host="127.0.0.1", ssl=False, **where)
        try:
            results.append(await _asyncpg_work(connection))
        finally:
            await connection.close()
    assert results[0] == results[1]


def test_the_users_name_stays_in_what_the_dba_sees(gateway_process: Deployment) -> None:
    dsn = gateway_process.dsn("wide", application_name="started")
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(gateway_process.direct(), autocommit=True) as dba:
        pid = connection.execute("SELECT pg_backend_pid()").fetchone()

        def shown() -> object:
            return dba.execute("SELECT application_name FROM pg_stat_activity WHERE pid = %s", pid).fetchone()

        assert shown() == ("wide via gateway: started",)
        connection.execute("SET application_name = 'report'")
        connection.execute("SELECT 1")
        assert shown() == ("wide via gateway: report",)
        with connection.transaction():
            connection.execute("SELECT set_config('application_name', 'alice via gateway: x', false)")
            connection.execute("SELECT 1")
            assert shown() == ("wide via gateway: alice via gateway: x",)
            connection.execute("SELECT 2")
        connection.execute("RESET application_name")
        connection.execute("SELECT 1")
        assert shown() == ("wide via gateway: started",)
        with pytest.raises(psycopg.errors.DivisionByZero), connection.transaction():
            connection.execute("SET application_name = 'doomed'")
            connection.execute("SELECT 1/0")
        connection.execute("SELECT 1")
        assert shown() == ("wide via gateway: started",)
