"""Rollouts on a real PostgreSQL: grouping, locks, failures, resumption, crashes, and never twice."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from gateway.changes import Assume, Rollouts
from gateway.changes.executor import ConnectionLost, Executor
from gateway.changes.lease import LeaseLost
from gateway.changes.postgres_executor import PostgresExecutor
from gateway.config import Changes
from gateway.demo.postgres_server import PostgresServer
from gateway.model.change import ChangeNamespace, Issue, IssueState, TaskState
from gateway.model.errors import Conflict, Forbidden, NotFound
from gateway.model.event import EventKind
from gateway.model.footprint import Action
from gateway.model.identity import Principal, Target
from gateway.store import Store
from tests.changes.support import ALICE, BOB, CAROL, EVE, TARGET, Desk, session, targets

_QUICK = Changes(lock_timeout_ms=100, lock_retries=6)
_counter = iter(range(10_000))


@pytest.fixture
async def dsn(embedded_pg: PostgresServer) -> AsyncIterator[str]:
    """A fresh database with one table."""
    name = f"rollout_{next(_counter)}"
    admin = await asyncpg.connect(embedded_pg.dsn())
    await admin.execute(f"CREATE DATABASE {name}")
    address = embedded_pg.dsn(name)
    connection = await asyncpg.connect(address)
    await connection.execute("CREATE TABLE t (a int); CREATE TABLE log (x int); CREATE SCHEMA app")
    await connection.close()
    yield address
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def server(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


def make(
    office: Desk,
    dsn: str,
    settings: Changes = _QUICK,
    lease_seconds: float = 30.0,
    kind: type[PostgresExecutor] = PostgresExecutor,
) -> Rollouts:
    async def connect(target: Target) -> Executor:
        assert target == TARGET
        return kind(await asyncpg.connect(dsn, statement_cache_size=0), settings.lock_timeout_ms)

    return Rollouts(
        office.repository,
        office.recorder,
        office.authority,
        targets=targets,
        connect=connect,
        settings=settings,
        clock=office.clock,
        lease_seconds=lease_seconds,
    )


async def approved(office: Desk, script: str, path: tuple[str, ...] = ("public",)) -> int:
    desk = office.open()
    ref = await desk.create(ALICE, TARGET, script, namespace=ChangeNamespace(path))
    issue = await desk.show(BOB, ref.number)
    await desk.approve(BOB, ref.number, issue.version)
    return ref.number


def states(issue: Issue) -> list[TaskState]:
    return [task.state for task in issue.tasks]


async def test_statements_run_in_order_with_the_schema_before_and_after(
    office: Desk, dsn: str, server: asyncpg.Connection
) -> None:
    number = await approved(
        office,
        "ALTER TABLE t ADD COLUMN b text NOT NULL DEFAULT 'x'; CREATE INDEX CONCURRENTLY t_b ON t (b); "
        "COMMENT ON TABLE t IS 'hello'",
    )
    issue = await make(office, dsn).roll_out(BOB, number)
    assert issue.state is IssueState.DONE
    assert states(issue) == [TaskState.DONE] * 3
    assert issue.lease_owner is None
    markers = [task.marker for task in issue.tasks]
    assert markers[0] is not None
    assert markers[0].isdecimal()
    assert markers[1] == "absent"
    assert await server.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_b'::regclass")
    schema = await office.repository.schema_change(number)
    assert schema.difference is not None
    assert "+ column public.t.b  (default: 'x'::text; not_null: true; type: text)" in schema.difference
    assert "+ index public.t_b" in schema.difference
    assert "+   comment: hello" in schema.difference
    assert office.recorder.kinds[-8:] == [
        EventKind.ISSUE_ROLLOUT,
        *[EventKind.ISSUE_TASK] * 6,
        EventKind.ISSUE_DONE,
    ]


async def test_the_namespace_is_the_requesters(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    number = await approved(office, "CREATE TABLE here (a int)", ("app", "public"))
    assert (await make(office, dsn).roll_out(BOB, number)).state is IssueState.DONE
    assert await server.fetchval("SELECT to_regclass('app.here') IS NOT NULL")
    nowhere = await approved(office, "CREATE TABLE nowhere (a int)", ())
    failed = await make(office, dsn).roll_out(BOB, nowhere)
    assert failed.state is IssueState.FAILED
    assert "no schema has been selected" in (failed.tasks[0].error or "")


async def test_a_failure_rolls_its_batch_back_and_can_be_resumed(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    number = await approved(
        office, "VACUUM t; ALTER TABLE t ADD COLUMN b int; ALTER TABLE missing ADD COLUMN c int; DROP TABLE log"
    )
    rollouts = make(office, dsn)
    issue = await rollouts.roll_out(BOB, number)
    assert issue.state is IssueState.FAILED
    assert states(issue) == [TaskState.DONE, TaskState.APPROVED, TaskState.FAILED, TaskState.APPROVED]
    assert issue.tasks[2].error == 'relation "missing" does not exist (42P01)'
    assert await server.fetchval("SELECT to_regclass('log') IS NOT NULL")
    assert await server.fetchval("SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'b'") == 0
    await server.execute("CREATE TABLE missing ()")
    issue = await rollouts.roll_out(CAROL, number)
    assert issue.state is IssueState.DONE
    assert [task.attempts for task in issue.tasks] == [1, 2, 2, 2]


async def test_a_deferred_constraint_fails_at_commit(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    await server.execute(
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED)"
    )
    number = await approved(office, "INSERT INTO c VALUES (1)")
    issue = await make(office, dsn).roll_out(BOB, number)
    assert (issue.state, states(issue)) == (IssueState.FAILED, [TaskState.FAILED])
    assert "23503" in (issue.tasks[0].error or "")


async def test_a_statement_cannot_bring_its_own_commit(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    number = await approved(office, "CREATE TABLE fine ()")
    async with office.repository.change(number) as change:
        issue = await change.issue()
        await change.update_tasks([issue.tasks[0].id], text="CREATE TABLE smuggled (); COMMIT")
    failed = await make(office, dsn).roll_out(BOB, number)
    assert failed.state is IssueState.FAILED
    assert "multiple commands" in (failed.tasks[0].error or "")
    assert await server.fetchval("SELECT to_regclass('smuggled') IS NULL")


async def test_a_lock_is_waited_for_in_short_turns(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    number = await approved(office, "ALTER TABLE t ADD COLUMN b int")
    blocker = server.transaction()
    await blocker.start()
    await server.execute("SELECT * FROM t")
    running = await make(office, dsn).start(BOB, number)
    for _ in range(200):
        issue = await office.repository.issue(number)
        assert issue is not None
        if issue.tasks[0].attempts >= 2:
            break
        await asyncio.sleep(0.02)
    await blocker.rollback()
    issue = await running
    assert issue.state is IssueState.DONE
    assert issue.tasks[0].attempts >= 2


async def test_a_lock_that_never_comes_fails_the_rollout(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    number = await approved(office, "ALTER TABLE t ADD COLUMN b int")
    async with server.transaction():
        await server.execute("SELECT * FROM t")
        issue = await make(office, dsn, Changes(lock_timeout_ms=20, lock_retries=1)).roll_out(BOB, number)
    assert issue.state is IssueState.FAILED
    assert issue.tasks[0].attempts == 2
    assert "55P03" in (issue.tasks[0].error or "")


async def test_a_failed_concurrent_index_leaves_nothing_invalid(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    await server.execute("INSERT INTO t VALUES (1), (1)")
    number = await approved(office, "CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)")
    issue = await make(office, dsn).roll_out(BOB, number)
    assert issue.state is IssueState.FAILED
    assert "23505" in (issue.tasks[0].error or "")
    assert await server.fetchval("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass") == 0
    await server.execute("TRUNCATE t")
    assert (await make(office, dsn).roll_out(BOB, number)).state is IssueState.DONE


async def test_an_enum_value_is_committed_before_it_is_used(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    await server.execute("CREATE TYPE mood AS ENUM ('sad')")
    number = await approved(office, "ALTER TYPE mood ADD VALUE 'ok'; CREATE TABLE m (v mood DEFAULT 'ok')")
    assert (await make(office, dsn).roll_out(BOB, number)).state is IssueState.DONE


async def test_who_may_roll_out(office: Desk, dsn: str) -> None:
    number = await approved(office, "CREATE TABLE n ()")
    rollouts = make(office, dsn)
    with pytest.raises(NotFound):
        await rollouts.roll_out(EVE, number)
    office.permits.grants["alice"].clear()
    with pytest.raises(Forbidden):
        await rollouts.roll_out(ALICE, number)
    office.permits.grants["alice"] = {Action.PROPOSE}
    assert (await rollouts.roll_out(ALICE, number)).state is IssueState.DONE
    with pytest.raises(Conflict, match="it is done"):
        await rollouts.roll_out(BOB, number)


async def test_an_open_issue_is_not_rolled_out(office: Desk, dsn: str) -> None:
    ref = await office.open().create(ALICE, TARGET, "CREATE TABLE n ()")
    with pytest.raises(Conflict, match="it is open"):
        await make(office, dsn).roll_out(BOB, ref.number)


async def test_of_many_rollouts_at_once_one_runs(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    number = await approved(office, "INSERT INTO log VALUES (1); INSERT INTO log VALUES (2)")
    started = await asyncio.gather(*(make(office, dsn).start(BOB, number) for _ in range(4)), return_exceptions=True)
    runs = [item for item in started if isinstance(item, asyncio.Task)]
    refused = [item for item in started if isinstance(item, Conflict)]
    assert (len(runs), len(refused)) == (1, 3)
    await runs[0]
    assert await server.fetchval("SELECT count(*) FROM log") == 2


async def test_a_claim_without_outcome_stops_a_rollout_until_a_person_says(
    office: Desk, dsn: str, server: asyncpg.Connection
) -> None:
    number = await approved(office, "INSERT INTO log VALUES (1); INSERT INTO log VALUES (2)")
    desk = office.open()
    assert await desk.release(session(session_id="s7"), "INSERT INTO log VALUES (1)", ("public",)) is not None
    rollouts = make(office, dsn)
    with pytest.raises(Conflict, match="session s7 and nobody knows"):
        await rollouts.roll_out(BOB, number)
    with pytest.raises(Forbidden):
        await rollouts.roll_out(ALICE, number, Assume.DONE)
    issue = await rollouts.roll_out(BOB, number, Assume.DONE)
    assert issue.state is IssueState.DONE
    assert [row["x"] for row in await server.fetch("SELECT x FROM log")] == [2]


class LosesCommit(PostgresExecutor):
    """The connection breaks after COMMIT took effect and before its answer."""

    async def commit(self) -> None:
        await super().commit()
        self._connection.terminate()
        raise ConnectionLost("the connection to the server broke")


async def test_an_unanswered_commit_is_asked_for(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    number = await approved(office, "INSERT INTO log VALUES (1); INSERT INTO log VALUES (2)")
    issue = await make(office, dsn, kind=LosesCommit).roll_out(BOB, number)
    assert (issue.state, states(issue)) == (IssueState.FAILED, [TaskState.RUNNING] * 2)
    issue = await make(office, dsn).roll_out(BOB, number)
    assert (issue.state, states(issue)) == (IssueState.DONE, [TaskState.DONE] * 2)
    assert await server.fetchval("SELECT count(*) FROM log") == 2


class Sleeper(PostgresExecutor):
    """A process that is paused before COMMIT until its lease is gone."""

    asleep: asyncio.Event
    wake: asyncio.Event

    async def marker(self) -> str | None:
        self.asleep.set()
        await self.wake.wait()
        return await super().marker()


async def test_a_paused_process_that_lost_its_lease_commits_nothing(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    Sleeper.asleep, Sleeper.wake = asyncio.Event(), asyncio.Event()
    number = await approved(office, "INSERT INTO log VALUES (1)")
    paused = await make(office, dsn, kind=Sleeper).start(BOB, number)
    await Sleeper.asleep.wait()
    office.clock.now += 60
    second = await make(office, dsn, Changes(lock_timeout_ms=100, lock_retries=0)).roll_out(CAROL, number)
    assert second.state is IssueState.FAILED  # the first one's connection still stands on the server
    Sleeper.wake.set()
    with pytest.raises(LeaseLost):
        await paused
    assert await server.fetchval("SELECT count(*) FROM log") == 0
    assert (await make(office, dsn).roll_out(CAROL, number)).state is IssueState.DONE
    assert await server.fetchval("SELECT count(*) FROM log") == 1


async def test_the_heartbeat_keeps_the_lease(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    Sleeper.asleep, Sleeper.wake = asyncio.Event(), asyncio.Event()
    number = await approved(office, "INSERT INTO log VALUES (1)")
    running = await make(office, dsn, lease_seconds=0.3, kind=Sleeper).start(BOB, number)
    await Sleeper.asleep.wait()
    before = await office.repository.issue(number)
    assert before is not None
    for _ in range(100):
        current = await office.repository.issue(number)
        assert current is not None
        if (current.lease_until or 0) > (before.lease_until or 0):
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("the lease was not renewed")
    Sleeper.wake.set()
    assert (await running).state is IssueState.DONE


async def test_closing_hands_the_issue_over(office: Desk, dsn: str, server: asyncpg.Connection) -> None:
    Sleeper.asleep, Sleeper.wake = asyncio.Event(), asyncio.Event()
    number = await approved(office, "INSERT INTO log VALUES (1)")
    rollouts = make(office, dsn, kind=Sleeper)
    await rollouts.start(BOB, number)
    await Sleeper.asleep.wait()
    await rollouts.close()
    left = await office.repository.issue(number)
    assert left is not None
    assert (left.state, left.lease_owner) == (IssueState.ROLLING_OUT, None)
    assert (await make(office, dsn).roll_out(BOB, number)).state is IssueState.DONE
    assert await server.fetchval("SELECT count(*) FROM log") == 1


Killed = Callable[[str], Awaitable[None]]


@pytest.fixture
def killed(store: Store, tmp_path: Path, dsn: str) -> Killed:
    """Roll issue 1 out in a process that is killed at a point."""

    async def kill_at(point: str) -> None:
        command = [sys.executable, "-m", "tests.changes.rollout_process", str(tmp_path), dsn, point]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), 30)
        process.kill()
        _, errors = await process.communicate()
        assert said == b"there\n", errors.decode()

    return kill_at


@pytest.mark.parametrize(("point", "before"), [("before_commit", 0), ("after_commit", 2)])
async def test_killed_around_commit(
    office: Desk, dsn: str, server: asyncpg.Connection, killed: Killed, point: str, before: int
) -> None:
    number = await approved(office, "INSERT INTO log VALUES (1); INSERT INTO log VALUES (2)")
    await killed(point)
    left = await office.repository.issue(number)
    assert left is not None
    assert (left.state, states(left)) == (IssueState.ROLLING_OUT, [TaskState.RUNNING] * 2)
    assert await server.fetchval("SELECT count(*) FROM log") == before
    rollouts = make(office, dsn)
    with pytest.raises(Conflict, match="is being rolled out"):
        await rollouts.roll_out(BOB, number)
    office.clock.now += 60
    issue = await rollouts.roll_out(BOB, number)
    assert (issue.state, states(issue)) == (IssueState.DONE, [TaskState.DONE] * 2)
    assert await server.fetchval("SELECT count(*) FROM log") == 2


async def people(name: str) -> Principal | None:
    return Principal(name) if name == "bob" else None


async def test_what_a_dead_process_left_is_taken_up_when_its_lease_is_over(
    office: Desk, dsn: str, server: asyncpg.Connection, killed: Killed
) -> None:
    number = await approved(office, "INSERT INTO log VALUES (1)")
    await killed("after_commit")
    rollouts = make(office, dsn)
    assert await rollouts.adopt(people) == []
    office.clock.now += 60
    office.permits.grants["bob"].clear()
    assert await rollouts.adopt(people) == []
    office.permits.grants["bob"].add(Action.APPROVE)
    assert await rollouts.adopt(people) == [number]
    assert await make(office, dsn).adopt(people) == []
    for _ in range(200):
        issue = await office.repository.issue(number)
        assert issue is not None
        if issue.state is not IssueState.ROLLING_OUT:
            break
        await asyncio.sleep(0.02)
    assert issue is not None
    assert issue.state is IssueState.DONE
    assert await server.fetchval("SELECT count(*) FROM log") == 1


async def test_a_broken_off_rollout_can_be_cancelled_and_says_what_nobody_knows(
    office: Desk, dsn: str, server: asyncpg.Connection
) -> None:
    number = await approved(office, "INSERT INTO log VALUES (1)")
    await make(office, dsn, kind=LosesCommit).roll_out(BOB, number)
    cancelled = await office.open().cancel(ALICE, number)
    assert (cancelled.state, states(cancelled)) == (IssueState.CANCELLED, [TaskState.UNCERTAIN])


@pytest.mark.parametrize("point", ["before_alone", "after_alone"])
async def test_killed_around_a_concurrent_index(
    office: Desk, dsn: str, server: asyncpg.Connection, killed: Killed, point: str
) -> None:
    number = await approved(office, "CREATE INDEX CONCURRENTLY t_a ON t (a)")
    await killed(point)
    office.clock.now += 60
    issue = await make(office, dsn).roll_out(BOB, number)
    assert issue.state is IssueState.DONE
    assert issue.tasks[0].attempts == (2 if point == "before_alone" else 1)
    assert await server.fetchval("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid") == 1


async def test_an_invalid_index_of_a_crash_is_removed_and_built_anew(
    office: Desk, dsn: str, server: asyncpg.Connection, killed: Killed
) -> None:
    number = await approved(office, "CREATE INDEX CONCURRENTLY t_a ON t (a)")
    await killed("before_alone")
    await server.execute("CREATE INDEX t_a ON t (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass")
    office.clock.now += 60
    assert (await make(office, dsn).roll_out(BOB, number)).state is IssueState.DONE
    assert await server.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass")


async def test_what_nobody_can_know_waits_for_a_person(
    office: Desk, dsn: str, server: asyncpg.Connection, killed: Killed
) -> None:
    await server.execute("CREATE PROCEDURE fill() LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (1); COMMIT; END'")
    number = await approved(office, "CALL fill()")
    async with office.repository.change(number) as change:
        await change.update_tasks([(await change.issue()).tasks[0].id], transactional=False)
    await killed("after_alone")
    office.clock.now += 60
    rollouts = make(office, dsn)
    issue = await rollouts.roll_out(BOB, number)
    assert (issue.state, states(issue)) == (IssueState.FAILED, [TaskState.UNCERTAIN])
    with pytest.raises(Conflict, match="--assume"):
        await rollouts.roll_out(BOB, number)
    issue = await rollouts.roll_out(BOB, number, Assume.DONE)
    assert issue.state is IssueState.DONE
    assert await server.fetchval("SELECT count(*) FROM log") == 1
