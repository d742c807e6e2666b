"""The executor's promises, against MariaDB."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiomysql
import pytest

from gateway.changes.difference import difference
from gateway.changes.executor import Fate, StatementFailed, StillRunning
from gateway.changes.mysql_executor import MysqlExecutor, object_of
from gateway.model.change import ChangeNamespace
from tests.support.servers import MariaDbServer

Open = Callable[[], Awaitable[MysqlExecutor]]
HERE = ChangeNamespace(("executors",))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
async def connect(mariadb: MariaDbServer, told: list[str]) -> AsyncIterator[Open]:
    opened: list[MysqlExecutor] = []

    async def tell(number: int, text: str) -> None:
        told.append(f"#{number} {text}")

    async def one() -> MysqlExecutor:
        connection = await aiomysql.connect(
            host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password, autocommit=True
        )
        executor = MysqlExecutor(connection, "executors", 1000, tell)
        opened.append(executor)
        return executor

    admin = await one()
    await admin.execute("DROP DATABASE IF EXISTS executors")
    await admin.execute("CREATE DATABASE executors")
    yield one
    for executor in opened:
        await executor.close()


async def test_one_connection_an_issue(connect: Open) -> None:
    first, second = await connect(), await connect()
    await first.enter(1, HERE)
    with pytest.raises(StillRunning):
        await second.enter(1, HERE)
    await second.enter(2, HERE)
    await first.close()


async def test_the_effect_of_ddl_is_seen_afterwards(connect: Open) -> None:
    executor, later = await connect(), await connect()
    await executor.enter(1, HERE)
    for text in (
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "ALTER TABLE a ADD COLUMN b INT",
        "CREATE INDEX b_index ON a (b)",
        "ALTER TABLE a RENAME COLUMN b TO c",
        "CREATE VIEW v AS SELECT id FROM a",
        "DROP VIEW v",
        "DROP TABLE a",
    ):
        witness = await executor.witness(text)
        assert await later.fate_alone(text, witness) is Fate.NOT_DONE, text
        await executor.execute_alone(text)
        assert await later.fate_alone(text, witness) is Fate.DONE, text
    assert await later.fate_alone("INSERT INTO a VALUES (1)", await later.witness("INSERT INTO a VALUES (1)")) is Fate.UNKNOWN


async def test_alter_takes_the_mildest_way_and_says_so(connect: Open, told: list[str]) -> None:
    executor = await connect()
    await executor.enter(7, HERE)
    await executor.execute_alone("CREATE TABLE a (id INT PRIMARY KEY, note VARCHAR(20))")
    await executor.execute_alone("ALTER TABLE a ADD COLUMN b INT;")
    assert len(told) == 1
    assert told[0].startswith("#7 trying ALGORITHM=INSTANT")
    told.clear()
    await executor.execute_alone("ALTER TABLE a MODIFY note INT")
    assert told[-1].endswith("it copies the table, and writes wait until it is done")
    told.clear()
    await executor.execute_alone("ALTER TABLE a ADD COLUMN c INT, ALGORITHM=COPY")
    assert told == []
    assert '"a.b"' in await executor.snapshot()


async def test_errors_are_the_servers_and_locks_are_retried(connect: Open) -> None:
    executor, holder = await connect(), await connect()
    await executor.enter(1, HERE)
    await executor.execute_alone("CREATE TABLE a (id INT PRIMARY KEY)")
    with pytest.raises(StatementFailed, match="exists") as exists:
        await executor.execute_alone("CREATE TABLE a (id INT)")
    assert not exists.value.retry
    await holder.enter(2, HERE)
    await holder.begin()
    await holder.execute("SELECT * FROM a")
    with pytest.raises(StatementFailed, match=r"[Ll]ock wait") as locked:
        await executor.execute_alone("DROP TABLE a")
    assert locked.value.retry


async def test_a_text_cannot_bring_a_second_statement(connect: Open) -> None:
    executor = await connect()
    await executor.enter(1, HERE)
    with pytest.raises(StatementFailed):
        await executor.execute_alone("CREATE TABLE a (id INT); CREATE TABLE b (id INT)")
    assert "kind" not in await executor.snapshot()


async def test_snapshots_are_steady_and_their_difference_reads_well(connect: Open) -> None:
    executor = await connect()
    await executor.enter(1, HERE)
    await executor.execute_alone("CREATE TABLE p (id INT PRIMARY KEY, CHECK (id > 0))")
    await executor.execute_alone("CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, p INT, FOREIGN KEY (p) REFERENCES p (id))")
    before = await executor.snapshot()
    await executor.execute("INSERT INTO p VALUES (1)")
    await executor.execute("INSERT INTO a (p) VALUES (1), (1)")
    assert await executor.snapshot() == before
    await executor.execute_alone("ALTER TABLE a ADD COLUMN birthday DATE NOT NULL DEFAULT '2000-01-01'")
    text = difference(before, await executor.snapshot())
    assert "+ column a.birthday" in text
    assert '"kind": "foreign key"' in before
    assert '"kind": "check"' in before


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ALTER TABLE shop.`odd``name` ADD x INT", "odd`name"),
        ("create unique index i on shop.t (x)", "t"),
        ("DROP TABLE IF EXISTS t", "t"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "v"),
        ("INSERT INTO t VALUES (1)", None),
        ("DROP INDEX i", None),
    ],
)
def test_what_a_statement_changes(text: str, name: str | None) -> None:
    assert object_of(text) == name
