"""Running one batch of an issue's statements: first in the store, then on the server, then in the store again."""

import asyncio
import random
from collections.abc import Sequence
from typing import Protocol

from gateway.changes.executor import Executor, StatementFailed
from gateway.changes.lease import Lease
from gateway.changes.lifecycle import TaskStep, task_after
from gateway.changes.plan import Batch
from gateway.changes.ports import Clock
from gateway.config import Changes
from gateway.model.change import Task, TaskState
from gateway.store.issues import IssueChange

_FIRST_WAIT = 0.2  # seconds; doubled after each attempt, with a random part so that two rollouts do not meet again
_LONGEST_WAIT = 20.0


class RecordTasks(Protocol):
    """Writes the step into the issue's history and the audit log, within the change."""

    async def __call__(self, change: IssueChange, tasks: Sequence[Task], state: TaskState, said: str) -> None: ...


class BatchRunner:
    """Runs batches with retries where only a lock stood in the way.

    Raises StatementFailed (the tasks are FAILED or given back), ConnectionLost (they stay RUNNING for the next run to
    settle), LeaseLost.
    """

    def __init__(self, lease: Lease, executor: Executor, settings: Changes, *, record: RecordTasks, clock: Clock) -> None:
        self._lease = lease
        self._executor = executor
        self._retries = settings.lock_retries
        self._record = record
        self._clock = clock

    async def run(self, batch: Batch) -> None:
        attempt = 0
        while True:
            try:
                return await (self._together(batch) if batch.transactional else self._alone(batch.tasks[0]))
            except StatementFailed as failure:
                if not failure.retry or attempt >= self._retries:
                    raise
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, keeps no secret
            attempt += 1

    async def _together(self, batch: Batch) -> None:
        tasks = await self._start(batch.tasks, None)
        current = tasks[0]
        await self._executor.begin()
        try:
            for current in tasks:
                await self._executor.execute(current.text)
            marker = await self._executor.marker()
        except StatementFailed as failure:
            await self._executor.rollback()
            await self._failed(tasks, current, failure)
            raise
        async with self._lease.fenced() as change:
            await change.update_tasks((task.id for task in tasks), marker=marker)
        try:
            await self._executor.commit()
        except StatementFailed as failure:  # a deferred constraint speaks at COMMIT, and rolls back
            await self._failed(tasks, current, failure)
            raise
        await self._done(tasks)

    async def _alone(self, task: Task) -> None:
        witness = task.marker if task.state is TaskState.RUNNING else await self._executor.witness(task.text)
        (started,) = await self._start([task], witness)
        try:
            await self._executor.execute_alone(started.text)
        except StatementFailed as failure:
            await self._failed([started], started, failure)
            raise
        await self._done([started])

    async def _start(self, tasks: Sequence[Task], marker: str | None) -> list[Task]:
        """RUNNING in the store, durable in the log, before anything is sent. The tasks as they stand now."""
        async with self._lease.fenced() as change:
            identifiers = {task.id for task in tasks}
            current = [task for task in (await change.issue()).tasks if task.id in identifiers]
            for task in current:
                task_after(task.position, task.state, TaskStep.START)
                await change.update_tasks([task.id], attempts=task.attempts + 1)
            await change.update_tasks(
                identifiers, state=TaskState.RUNNING, marker=marker, error=None, started_at=self._clock(), finished_at=None
            )
            await self._record(change, current, TaskState.RUNNING, "")
        return current

    async def _done(self, tasks: Sequence[Task]) -> None:
        async with self._lease.fenced() as change:
            await change.update_tasks((task.id for task in tasks), state=TaskState.DONE, finished_at=self._clock())
            await self._record(change, tasks, TaskState.DONE, "")

    async def _failed(self, tasks: Sequence[Task], culprit: Task, failure: StatementFailed) -> None:
        """Nothing of the batch stayed: the culprit is FAILED, the others may run again."""
        async with self._lease.fenced() as change:
            others = [task.id for task in tasks if task.id != culprit.id]
            if others:
                given_back = task_after(culprit.position, TaskState.RUNNING, TaskStep.GIVE_BACK)
                await change.update_tasks(others, state=given_back, marker=None)
            failed = task_after(culprit.position, TaskState.RUNNING, TaskStep.FAIL)
            await change.update_tasks([culprit.id], state=failed, marker=None, error=str(failure), finished_at=self._clock())
            await self._record(change, [culprit], TaskState.FAILED, str(failure))
