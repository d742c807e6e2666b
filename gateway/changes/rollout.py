"""A rollout: an approved issue's statements run on the server, task by task, resumable, never twice.

    START (policy, lease, record) ── enter the server under the issue's lock ── settle what a crash left ── schema before
      for each batch:  RUNNING in the store ── run ── marker in the store ── COMMIT ── DONE in the store
    schema after ── FINISH, or FAIL with the server's words

A crash leaves RUNNING tasks. Without a marker nothing was committed, because the marker is stored before COMMIT is sent;
with one, the server says what became of that transaction. A statement that runs outside of transactions carries a witness
of what was there before; its effect is looked at, and where that cannot tell, the task is UNCERTAIN and a person decides.
"""

import asyncio
import logging
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from gateway.changes.authority import Authority
from gateway.changes.batches import BatchRunner
from gateway.changes.difference import difference
from gateway.changes.executor import Connect, ConnectionLost, Executor, Fate, StatementFailed, StillRunning
from gateway.changes.lease import LEASE_SECONDS, Lease, LeaseLost
from gateway.changes.lifecycle import Step, TaskStep, after, task_after
from gateway.changes.plan import plan
from gateway.changes.ports import Clock, People, Recorder, Targets
from gateway.config import Changes
from gateway.model.change import Issue, IssueState, Task, TaskState
from gateway.model.errors import Conflict, Forbidden, GatewayError, NotFound
from gateway.model.event import EventKind
from gateway.model.identity import Principal, Target
from gateway.store.issues import IssueChange, IssueRepository

_log = logging.getLogger(__name__)


class Assume(StrEnum):
    """A person's word on statements whose outcome nobody knows."""

    DONE = "done"
    NOT_DONE = "not-done"


class Rollouts:
    """Starts rollouts, keeps those of this process, and stops them with it."""

    def __init__(
        self,
        repository: IssueRepository,
        recorder: Recorder,
        authority: Authority,
        *,
        targets: Targets,
        connect: Connect,
        settings: Changes,
        clock: Clock,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._repository = repository
        self._recorder = recorder
        self._authority = authority
        self._targets = targets
        self._connect = connect
        self._settings = settings
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._running: set[asyncio.Task[Issue]] = set()

    async def start(self, principal: Principal, number: int, assume: Assume | None = None) -> "asyncio.Task[Issue]":
        """Check, take the lease, and run in the background; the task gives the issue as it is at the end.

        Raises NotFound, Forbidden, Conflict (state, lease, a statement without outcome), AuditUnavailable.
        """
        run = await self._begin(principal, number, assume)
        task = asyncio.create_task(run.perform(), name=f"rollout of issue #{number}")
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    async def roll_out(self, principal: Principal, number: int, assume: Assume | None = None) -> Issue:
        """The same to its end. The issue is then DONE or FAILED."""
        return await (await self.start(principal, number, assume))

    async def adopt(self, people: People) -> list[int]:
        """Resume what a process left behind when its lease has run out, as the person who had started it.

        Call now and then in every process. The numbers of the issues that go on here; policy is asked again, and an issue
        that needs a person's word stays as it is.
        """
        adopted: list[int] = []
        for issue in await self._repository.listing(states=[IssueState.ROLLING_OUT]):
            if issue.lease_until is not None and issue.lease_until > self._clock():
                continue
            whole = await self._repository.issue(issue.number)
            starter = next((step.actor for step in reversed(whole.events) if step.kind == "rollout"), None) if whole else None
            principal = await people(starter) if starter is not None else None
            if principal is None:
                _log.warning("issue #%s: its rollout was left behind, and %s is no user any more", issue.number, starter)
                continue
            try:
                await self.start(principal, issue.number)
            except (Conflict, Forbidden, NotFound) as error:
                _log.warning("issue #%s: its rollout was left behind and is not resumed: %s", issue.number, error)
                continue
            adopted.append(issue.number)
        return adopted

    async def close(self) -> None:
        """Stop what runs here: open transactions are rolled back by the server, and another process may take over."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _forget(self, task: "asyncio.Task[Issue]") -> None:
        self._running.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:  # the server's refusals are told through the issue; this is what could not be told there
            _log.error("%s stopped: %s", task.get_name(), failure)

    async def _begin(self, principal: Principal, number: int, assume: Assume | None) -> "_Run":
        lease = Lease(self._repository, number, self._clock, self._lease_seconds)
        async with self._repository.change(number) as change:
            issue = await change.issue()
            target = await self._targets(issue.instance, issue.database)
            if target is None:
                raise NotFound(f"issue #{number}: its database is not registered any more")
            if not self._authority.may_see(principal, target, issue.requester):
                raise NotFound(f"no issue #{number}")
            self._authority.require_rollout(principal, target, issue.requester)
            if assume is not None:
                self._authority.require_assumption(principal, target)
            state = after(number, issue.state, Step.START)
            await lease.take(change, issue)
            await self._settle_claims(change, issue, principal, assume)
            await change.update_issue(number, self._clock(), state=state.value)
            await change.add_event(number, self._clock(), principal.name, "rollout", f"assume {assume.value}" if assume else "")
            details = {"issue": number, "requester": issue.requester, "assume": assume.value if assume else None}
            await self._recorder.record(EventKind.ISSUE_ROLLOUT, principal, target, details)
            current = await change.issue()
        return _Run(self, lease, principal, target, current)

    async def _settle_claims(self, change: IssueChange, issue: Issue, principal: Principal, assume: Assume | None) -> None:
        """Statements without an outcome stop a rollout, unless a person says what happened."""
        open_ended = [task for task in issue.tasks if task.state in (TaskState.CLAIMED, TaskState.UNCERTAIN)]
        if not open_ended:
            return
        first = open_ended[0]
        if assume is None:
            where = f"was sent in session {first.claimed_by}" if first.state is TaskState.CLAIMED else "was interrupted"
            raise Conflict(
                f"statement {first.position} of issue #{issue.number} {where} and nobody knows whether it took effect; "
                "look at the database, then roll out with --assume done or --assume not-done"
            )
        step = TaskStep.ASSUME_DONE if assume is Assume.DONE else TaskStep.ASSUME_NOT_DONE
        for task in open_ended:
            state = task_after(task.position, task.state, step)
            await change.update_tasks([task.id], state=state, marker=None, error=f"{principal.name} says: {assume.value}")


class _Run:
    """One run under one lease."""

    def __init__(self, owner: Rollouts, lease: Lease, principal: Principal, target: Target, issue: Issue) -> None:
        self._repository = owner._repository
        self._recorder = owner._recorder
        self._connect = owner._connect
        self._settings = owner._settings
        self._clock = owner._clock
        self._lease = lease
        self._principal = principal
        self._target = target
        self._issue = issue

    async def perform(self) -> Issue:
        """Run to DONE or FAILED. Raises LeaseLost when another process has taken over: then the issue is its affair."""
        try:
            async with self._lease.kept():
                await self._guarded()
        except asyncio.CancelledError:
            await self._hand_over()
            raise
        found = await self._repository.issue(self._issue.number)
        return found if found is not None else self._issue

    async def _guarded(self) -> None:
        try:
            await self._work()
        except LeaseLost:
            raise
        except GatewayError as error:
            await self._fail(error)
        except Exception as error:
            _log.exception("rollout of issue #%s", self._issue.number)
            await self._fail(GatewayError(f"internal error: {type(error).__name__}"))

    async def _work(self) -> None:
        executor = await self._connect(self._target)
        try:
            await self._enter(executor)
            await self._settle_interrupted(executor)
            await self._schema_before(executor)
            runner = BatchRunner(
                self._lease,
                executor,
                self._settings,
                record=self._record_tasks,
                clock=self._clock,
            )
            for batch in plan(await self._tasks(), transactional_ddl=executor.transactional_ddl):
                await runner.run(batch)
            await self._finish(executor)
        finally:
            await executor.close()

    async def _enter(self, executor: Executor) -> None:
        """A backend that outlived its gateway ends soon after; wait for it as long as for any lock."""
        for attempt in range(self._settings.lock_retries + 1):
            try:
                return await executor.enter(self._issue.number, self._issue.namespace)
            except StillRunning:
                if attempt == self._settings.lock_retries:
                    raise
                await asyncio.sleep(min(2.0, 0.1 * 2**attempt))
        return None

    async def _tasks(self) -> Sequence[Task]:
        issue = await self._repository.issue(self._issue.number)
        return issue.tasks if issue is not None else ()

    async def _settle_interrupted(self, executor: Executor) -> None:
        """Tasks that a former run left RUNNING."""
        for task in await self._tasks():
            if task.state is not TaskState.RUNNING:
                continue
            fate = await self._fate(executor, task)
            step = {Fate.DONE: TaskStep.FINISH, Fate.NOT_DONE: TaskStep.GIVE_BACK, Fate.UNKNOWN: TaskStep.LOSE}[fate]
            state = task_after(task.position, task.state, step)
            async with self._lease.fenced() as change:
                await change.update_tasks([task.id], state=state, finished_at=self._clock())
                await self._record_tasks(change, [task], state, f"interrupted; the server says: {fate.value.replace('_', ' ')}")
            if fate is Fate.UNKNOWN:
                raise Conflict(
                    f"statement {task.position} was interrupted and the server cannot tell whether it took effect; "
                    "look at the database, then roll out with --assume done or --assume not-done"
                )

    async def _fate(self, executor: Executor, task: Task) -> Fate:
        alone = not (task.transactional and executor.transactional_ddl)
        if task.marker is None:
            return Fate.NOT_DONE
        if alone:
            return await executor.fate_alone(task.text, task.marker)
        return await executor.fate(task.marker)

    async def _schema_before(self, executor: Executor) -> None:
        known = await self._repository.schema_change(self._issue.number)
        if known.before is not None:
            return
        before = await executor.snapshot()
        async with self._lease.fenced() as change:
            await change.update_issue(self._issue.number, self._clock(), snapshot_before=before)

    async def _finish(self, executor: Executor) -> None:
        values = await self._schema_after(executor)
        number = self._issue.number
        async with self._lease.fenced() as change:
            issue = await change.issue()
            state = after(number, issue.state, Step.FINISH)
            await change.update_issue(number, self._clock(), state=state.value, lease_owner=None, lease_until=None, **values)
            await change.add_event(number, self._clock(), self._principal.name, "done", "")
            await self._recorder.record(EventKind.ISSUE_DONE, self._principal, self._target, {"issue": number})

    async def _schema_after(self, executor: Executor) -> dict[str, Any]:
        schema_after = await executor.snapshot()
        known = await self._repository.schema_change(self._issue.number)
        values: dict[str, Any] = {"snapshot_after": schema_after}
        if known.before is not None:
            values["snapshot_diff"] = difference(known.before, schema_after)
        return values

    async def _fail(self, error: GatewayError) -> None:
        """FAILED, with what stands now: earlier batches may have been committed."""
        values = await self._schema_of_failure()
        number = self._issue.number
        async with self._lease.fenced() as change:
            issue = await change.issue()
            state = after(number, issue.state, Step.FAIL)
            await change.update_issue(number, self._clock(), state=state.value, lease_owner=None, lease_until=None, **values)
            await change.add_event(number, self._clock(), self._principal.name, "failed", str(error))
            details = {"issue": number, "error": str(error)}
            await self._recorder.record(EventKind.ISSUE_FAILED, self._principal, self._target, details)

    async def _schema_of_failure(self) -> dict[str, Any]:
        try:
            executor = await self._connect(self._target)
            try:
                return await self._schema_after(executor)
            finally:
                await executor.close()
        except (ConnectionLost, StatementFailed):
            return {}  # the server is away: the issue's failure says so

    async def _hand_over(self) -> None:
        """Stopped with its process: leave the lease to whoever comes next."""
        async with self._repository.change(self._issue.number) as change:
            issue = await change.issue()
            if issue.lease_owner == self._lease.owner:
                await change.update_issue(issue.number, self._clock(), lease_owner=None, lease_until=None)

    async def _record_tasks(self, change: IssueChange, tasks: Sequence[Task], state: TaskState, said: str) -> None:
        positions = [task.position for task in tasks]
        number = self._issue.number
        listed = ", ".join(map(str, positions))
        comment = f"statement {listed}: {state.value}" + (f": {said}" if said else "")
        await change.add_event(number, self._clock(), self._principal.name, "task", comment)
        details = {"issue": number, "positions": positions, "state": state.value, "error": said or None}
        await self._recorder.record(EventKind.ISSUE_TASK, self._principal, self._target, details)
