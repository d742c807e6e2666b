"""The executor's promises, against PostgreSQL 18 and the distribution's."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from gateway.changes.executor import ConnectionLost, Fate, StatementFailed, StillRunning
from gateway.changes.postgres_executor import PostgresExecutor
from gateway.demo.postgres_server import PostgresServer
from gateway.model.change import ChangeNamespace

Open = Callable[[], Awaitable[PostgresExecutor]]
PUBLIC = ChangeNamespace()


@pytest.fixture(params=["embedded_pg", "distro_pg"])
async def server(request: pytest.FixtureRequest) -> PostgresServer:
    found: PostgresServer = request.getfixturevalue(request.param)
    admin = await asyncpg.connect(found.dsn())
    await admin.execute("DROP DATABASE IF EXISTS executors WITH (FORCE)")
    await admin.execute("CREATE DATABASE executors")
    await admin.close()
    return found


@pytest.fixture
async def connect(server: PostgresServer) -> AsyncIterator[Open]:
    opened: list[PostgresExecutor] = []

    async def one() -> PostgresExecutor:
        executor = PostgresExecutor(await asyncpg.connect(server.dsn("executors"), statement_cache_size=0), 200)
        opened.append(executor)
        return executor

    yield one
    for executor in opened:
        await executor.close()


async def test_the_fate_of_a_transaction_is_known_from_any_connection(connect: Open) -> None:
    first, second = await connect(), await connect()
    await first.enter(1, PUBLIC)
    await first.begin()
    await first.execute("CREATE TABLE a ()")
    marker = await first.marker()
    assert marker is not None
    with pytest.raises(StillRunning):
        await second.fate(marker)
    await first.commit()
    assert await second.fate(marker) is Fate.DONE
    await first.begin()
    aborted = await first.marker()
    assert aborted is not None
    await first.rollback()
    assert await second.fate(aborted) is Fate.NOT_DONE
    assert await second.fate(str(int(aborted) + 10**9)) is Fate.UNKNOWN


async def test_one_connection_an_issue(connect: Open) -> None:
    first, second = await connect(), await connect()
    await first.enter(1, PUBLIC)
    await second.enter(2, PUBLIC)
    third = await connect()
    with pytest.raises(StillRunning):
        await third.enter(1, PUBLIC)
    await first.close()
    for _ in range(50):
        try:
            await third.enter(1, PUBLIC)
            break
        except StillRunning:
            continue
    else:
        pytest.fail("the lock was not given back")


async def test_the_namespace_with_names_that_need_quotes(connect: Open) -> None:
    executor = await connect()
    await executor.begin()
    await executor.execute('CREATE SCHEMA "a, ""b"""')
    await executor.commit()
    await executor.enter(3, ChangeNamespace(('a, "b"',), (("standard_conforming_strings", "off"),)))
    await executor.begin()
    await executor.execute(r"CREATE TABLE here (c text DEFAULT 'a\\b')")
    await executor.commit()
    snapshot = await executor.snapshot()
    assert '\\"a, \\"\\"b\\"\\"\\".here' in snapshot
    with pytest.raises(StatementFailed, match="session_replication_role"):
        await executor.enter(3, ChangeNamespace(("public",), (("session_replication_role", "replica"),)))


async def test_errors_say_what_may_be_tried_again(connect: Open) -> None:
    holder, executor = await connect(), await connect()
    await holder.begin()
    await holder.execute("CREATE TABLE locked ()")
    await holder.commit()
    await holder.begin()
    await holder.execute("LOCK TABLE locked")
    await executor.enter(4, PUBLIC)
    await executor.begin()
    with pytest.raises(StatementFailed) as locked:
        await executor.execute("DROP TABLE locked")
    assert (locked.value.code, locked.value.retry) == ("55P03", True)
    await executor.rollback()
    await executor.begin()
    with pytest.raises(StatementFailed) as missing:
        await executor.execute("DROP TABLE missing")
    assert (missing.value.code, missing.value.retry) == ("42P01", False)
    with pytest.raises(StatementFailed, match="rolled the transaction back"):
        await executor.commit()


async def test_a_server_that_goes_away_is_a_lost_connection(connect: Open) -> None:
    executor, killer = await connect(), await connect()
    await executor.enter(5, PUBLIC)
    await killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gateway issue #5'")
    with pytest.raises(ConnectionLost):
        await executor.execute("SELECT pg_sleep(5)")
    with pytest.raises(ConnectionLost):
        await executor.marker()
    await executor.close()


async def test_the_fate_of_indexes(connect: Open) -> None:
    executor = await connect()
    await executor.enter(6, PUBLIC)
    await executor.execute_alone("CREATE TABLE t (a int)")
    create, drop = "CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i"
    assert await executor.witness(create) == "absent"
    assert await executor.fate_alone(create, "absent") is Fate.NOT_DONE
    await executor.execute_alone(create)
    assert await executor.fate_alone(create, "absent") is Fate.DONE
    assert await executor.witness(create) == "present"
    assert await executor.fate_alone(create, "present") is Fate.UNKNOWN
    with pytest.raises(StatementFailed, match="already exists"):
        await executor.execute_alone(create)
    assert await executor.fate_alone(drop, await executor.witness(drop)) is Fate.NOT_DONE
    await executor.execute_alone(drop)
    assert await executor.fate_alone(drop, "drop_index") is Fate.DONE
    assert await executor.fate_alone("VACUUM t", "repeatable") is Fate.NOT_DONE
    assert await executor.fate_alone("ALTER SYSTEM RESET work_mem", "unknown") is Fate.UNKNOWN
