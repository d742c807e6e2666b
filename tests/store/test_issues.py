"""The issue repository on SQLite, PostgreSQL and MariaDB."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.model.change import ChangeNamespace, IssueState, TaskState
from gateway.model.errors import NotFound
from gateway.store import SecretKey, Store
from gateway.store.issues import IssueRepository, NewIssue, NewTask, Place, Seen
from tests.support.servers import MariaDbServer

_counter = itertools.count()
NAMESPACE = ChangeNamespace(("app", "Ünï"), (("standard_conforming_strings", "on"),))
HEAD = NewIssue("title", "alice", "pg1", "shop", "shop", "s1", NAMESPACE)
TASK = NewTask("ALTER TABLE t ADD c int -- 😀", "ALTER TABLE", True)


async def _url(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    name = f"issues_{next(_counter)}"
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("embedded_pg")
        admin = await asyncpg.connect(server.dsn())
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()
        return server.dsn(name)
    if kind == "mysql":
        maria: MariaDbServer = request.getfixturevalue("mariadb")
        with pymysql.connect(host=maria.host, port=maria.port, user=maria.user, password=maria.password) as connection:
            connection.cursor().execute(f"CREATE DATABASE {name}")
        return f"mysql://{maria.user}:{maria.password}@{maria.host}:{maria.port}/{name}"
    return f"sqlite:///{folder}/gateway.db"


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = await _url(request.param, request, tmp_path)
    opened = await Store.open(url, SecretKey.load_or_create(tmp_path / "master.key"))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def repository(store: Store) -> IssueRepository:
    return IssueRepository(store)


async def make(repository: IssueRepository, head: NewIssue = HEAD, *tasks: NewTask) -> int:
    async with repository.change() as change:
        number = await change.insert(head, 1000.25)
        await change.add_tasks(number, 1, tasks or [TASK])
        await change.add_event(number, 1000.25, "alice", "opened", "because")
    return number


async def test_what_is_written_is_read(repository: IssueRepository) -> None:
    number = await make(repository, HEAD, TASK, NewTask("VACUUM", "VACUUM", False))
    issue = await repository.issue(number)
    assert issue is not None
    assert (issue.number, issue.state, issue.version, issue.created_at) == (number, IssueState.OPEN, 1, 1000.25)
    assert (issue.requester, issue.address, issue.namespace, issue.looked_at) == ("alice", "pg1/shop", NAMESPACE, None)
    assert [(task.position, task.text, task.transactional, task.state) for task in issue.tasks] == [
        (1, TASK.text, True, TaskState.WAITING),
        (2, "VACUUM", False, TaskState.WAITING),
    ]
    assert [(event.time, event.actor, event.kind, event.comment) for event in issue.events] == [
        (1000.25, "alice", "opened", "because")
    ]
    assert await repository.issue(number + 1) is None


async def test_a_change_that_raises_leaves_nothing(repository: IssueRepository) -> None:
    number = await make(repository)

    async def fails() -> None:
        async with repository.change(number) as change:
            await change.update_issue(number, 2000.0, bump=True, state="approved")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        await fails()
    issue = await repository.issue(number)
    assert issue is not None
    assert (issue.state, issue.version, issue.updated_at) == (IssueState.OPEN, 1, 1000.25)


async def test_a_change_of_no_issue_is_not_found(repository: IssueRepository) -> None:
    with pytest.raises(NotFound):
        async with repository.change(12345):
            pass
    with pytest.raises(NotFound):
        await repository.schema_change(12345)


async def test_changes_of_one_issue_queue(repository: IssueRepository) -> None:
    """Twelve read-modify-write cycles at once lose nothing, on every back end."""
    number = await make(repository)

    async def once() -> None:
        async with repository.change(number) as change:
            seen = (await change.issue()).tasks[0].attempts
            await asyncio.sleep(0.005)
            await change.update_tasks([(await change.issue()).tasks[0].id], attempts=seen + 1)
            await change.update_issue(number, 3000.0, bump=True)

    await asyncio.gather(*(once() for _ in range(12)))
    issue = await repository.issue(number)
    assert issue is not None
    assert (issue.tasks[0].attempts, issue.version) == (12, 13)


async def test_openings_queue_too(repository: IssueRepository) -> None:
    async def open_once() -> int:
        async with repository.change() as change:
            found = await change.find_statement("alice", "pg1", "shop", TASK.text)
            if found:
                return found[0][0].number
            await asyncio.sleep(0.005)
            number = await change.insert(HEAD, 1.0)
            await change.add_tasks(number, 1, [TASK])
            return number

    assert len(set(await asyncio.gather(*(open_once() for _ in range(8))))) == 1


async def test_statements_are_found_by_exact_text_person_and_database(repository: IssueRepository) -> None:
    number = await make(repository)
    found = await repository.find_statement("alice", "pg1", "shop", TASK.text)
    assert [(issue.number, task.position) for issue, task in found] == [(number, 1)]
    for wrong in (
        ("Alice", "pg1", "shop", TASK.text),
        ("alice", "PG1", "shop", TASK.text),
        ("alice", "pg1", "shop2", TASK.text),
        ("alice", "pg1", "shop", TASK.text + " "),
    ):
        assert await repository.find_statement(*wrong) == []


async def test_extendable_is_the_very_session_unseen_and_open(repository: IssueRepository) -> None:
    number = await make(repository)
    async with repository.change() as change:
        found = await change.find_extendable("alice", "pg1", "shop", "s1", NAMESPACE)
        assert found is not None
        assert found.number == number
        assert await change.find_extendable("alice", "pg1", "shop", "S1", NAMESPACE) is None
        assert await change.find_extendable("alice", "pg1", "shop", "", NAMESPACE) is None
        assert await change.find_extendable("alice", "pg1", "shop", "s1", ChangeNamespace(("app",))) is None
        assert await change.count_open("alice") == 1
    async with repository.change(number) as change:
        await change.update_issue(number, 2.0, looked_at=5.0)
    async with repository.change() as change:
        assert await change.find_extendable("alice", "pg1", "shop", "s1", NAMESPACE) is None


async def test_listing_filters_and_pages(repository: IssueRepository) -> None:
    numbers = [await make(repository) for _ in range(3)]
    other = await make(repository, NewIssue("t", "bob", "pg2", "hr", "hr", "", ChangeNamespace()))
    async with repository.change(numbers[0]) as change:
        await change.update_issue(numbers[0], 9.0, state="rejected")

    async def listed(**filters: object) -> list[int]:
        return [issue.number for issue in await repository.listing(**filters)]  # type: ignore[arg-type]

    assert await listed() == [other, *reversed(numbers)]
    assert await listed(states=[IssueState.REJECTED]) == [numbers[0]]
    assert await listed(requester="bob") == [other]
    assert await listed(database=("pg1", "shop"), limit=2) == [numbers[2], numbers[1]]
    assert await listed(database=("pg1", "shop"), below=numbers[1]) == [numbers[0]]
    assert await repository.places() == {Place("pg1", "shop", "shop"), Place("pg2", "hr", "hr")}
    assert await listed(seen=Seen("bob", frozenset())) == [other]
    assert await listed(seen=Seen("eve", frozenset({Place("pg1", "shop", "shop")})), limit=2) == [numbers[2], numbers[1]]
    assert await listed(seen=Seen("bob", await repository.places())) == [other, *reversed(numbers)]
    assert await listed(seen=Seen("eve", frozenset({Place("pg1", "shop", "other")}))) == []


async def test_snapshots_of_any_size(repository: IssueRepository) -> None:
    number = await make(repository)
    large = "schema ü\n" * 100_000
    async with repository.change(number) as change:
        await change.update_issue(number, 2.0, snapshot_before=large, snapshot_diff="+ x")
    schema = await repository.schema_change(number)
    assert (schema.before, schema.after, schema.difference) == (large, None, "+ x")


async def test_secrets_in_statements_are_ciphertext_at_rest(repository: IssueRepository, store: Store) -> None:
    text = "CREATE ROLE app PASSWORD 'hunter2-very-secret'"
    number = await make(repository, HEAD, NewTask(text, "CREATE ROLE", True, secret=True), TASK)
    async with store.read() as connection:
        rows = (await connection.exec_driver_sql("SELECT text, text_digest FROM issue_tasks ORDER BY position")).all()
    assert "hunter2" not in str(rows)
    assert rows[1][0] == TASK.text
    issue = await repository.issue(number)
    assert issue is not None
    assert issue.tasks[0].text == text
    assert len(await repository.find_statement("alice", "pg1", "shop", text)) == 1
    assert await store.rotate_key() == 1
    issue = await repository.issue(number)
    assert issue is not None
    assert issue.tasks[0].text == text
    assert len(await repository.find_statement("alice", "pg1", "shop", text)) == 1
