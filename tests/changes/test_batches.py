"""What the store says before, during and after a batch, with an executor that does as it is told."""

from collections.abc import Sequence

import pytest

from gateway.changes.batches import BatchRunner
from gateway.changes.executor import ConnectionLost, StatementFailed
from gateway.changes.lease import Lease
from gateway.changes.plan import plan
from gateway.changes.postgres_executor import PostgresExecutor
from gateway.config import Changes
from gateway.model.change import ChangeNamespace, Task, TaskState
from gateway.store.issues import IssueChange, NewIssue, NewTask
from tests.changes.support import Desk


class Told(PostgresExecutor):
    """Keeps what it was asked for; raises what `failures` holds for a statement, one after the other."""

    def __init__(self, office: Desk, failures: dict[str, list[Exception]]) -> None:
        self.office = office
        self.failures = failures
        self.calls: list[str] = []
        self.seen: list[tuple[str, str | None]] = []

    async def _note(self, call: str) -> None:
        self.calls.append(call)
        issue = await self.office.repository.issue(1)
        assert issue is not None
        self.seen.append((issue.tasks[0].state, issue.tasks[0].marker))
        waiting = self.failures.get(call, [])
        if waiting:
            raise waiting.pop(0)

    async def begin(self) -> None:
        await self._note("begin")

    async def execute(self, text: str) -> None:
        await self._note(text)

    async def marker(self) -> str | None:
        await self._note("marker")
        return "777"

    async def commit(self) -> None:
        await self._note("commit")

    async def rollback(self) -> None:
        await self._note("rollback")


async def run(office: Desk, **failures: list[Exception]) -> tuple[Told, Exception | None, tuple[Task, ...]]:
    async with office.repository.change() as change:
        await change.insert(NewIssue("t", "alice", "pg1", "shop", "shop", "", ChangeNamespace()), 1.0)
        await change.add_tasks(1, 1, [NewTask("one", "X", True), NewTask("two", "X", True)])
        await change.update_tasks([task.id for task in (await change.issue()).tasks], state=TaskState.APPROVED)
    lease = Lease(office.repository, 1, office.clock)
    async with office.repository.change(1) as change:
        await lease.take(change, await change.issue())
        issue = await change.issue()

    async def record(change: IssueChange, tasks: Sequence[Task], state: TaskState, said: str) -> None:
        assert (await change.issue()).lease_owner == lease.owner

    told = Told(office, failures)
    runner = BatchRunner(lease, told, Changes(lock_retries=2), record=record, clock=office.clock)
    raised: Exception | None = None
    try:
        for batch in plan(issue.tasks):
            await runner.run(batch)
    except (StatementFailed, ConnectionLost) as error:
        raised = error
    after = await office.repository.issue(1)
    assert after is not None
    return told, raised, after.tasks


async def test_running_before_it_is_sent_and_marked_before_commit(office: Desk) -> None:
    told, raised, tasks = await run(office)
    assert raised is None
    assert told.calls == ["begin", "one", "two", "marker", "commit"]
    assert told.seen == [("running", None)] * 4 + [("running", "777")]
    assert [(task.state, task.marker, task.attempts) for task in tasks] == [(TaskState.DONE, "777", 1)] * 2


async def test_a_lock_is_tried_again_from_the_beginning(office: Desk) -> None:
    told, raised, tasks = await run(office, two=[StatementFailed("lock", code="55P03", retry=True)])
    assert raised is None
    assert told.calls == ["begin", "one", "two", "rollback", "begin", "one", "two", "marker", "commit"]
    assert [task.attempts for task in tasks] == [2, 2]


async def test_not_for_ever(office: Desk) -> None:
    locked: list[Exception] = [StatementFailed("lock", code="55P03", retry=True) for _ in range(9)]
    told, raised, tasks = await run(office, two=locked)
    assert isinstance(raised, StatementFailed)
    assert told.calls.count("begin") == 3
    assert [task.state for task in tasks] == [TaskState.APPROVED, TaskState.FAILED]


async def test_other_errors_are_not_tried_again(office: Desk) -> None:
    told, raised, tasks = await run(office, one=[StatementFailed("no such table", code="42P01")])
    assert isinstance(raised, StatementFailed)
    assert told.calls == ["begin", "one", "rollback"]
    assert [(task.state, task.error) for task in tasks] == [
        (TaskState.FAILED, "no such table (42P01)"),
        (TaskState.APPROVED, None),
    ]


@pytest.mark.parametrize(("where", "marker"), [("two", None), ("commit", "777")])
async def test_a_lost_connection_leaves_them_running_for_the_next_run_to_settle(
    office: Desk, where: str, marker: str | None
) -> None:
    gone: list[Exception] = [ConnectionLost("gone")]
    _, raised, tasks = await run(office, **{where: gone})
    assert isinstance(raised, ConnectionLost)
    assert [(task.state, task.marker) for task in tasks] == [(TaskState.RUNNING, marker)] * 2
