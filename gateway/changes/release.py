"""An approved statement passes once more when its requester sends it again.

`Claims.claim` moves the task from APPROVED to CLAIMED in the store before the statement goes to the server; of two sessions
that send it at once, one gets it. The proxy then tells the outcome:

- outside a transaction block, when the server has answered: `finished(None)`, or `finished(message)` after its error;
- inside the client's own transaction, only when that ends: COMMIT's success is `finished(None)`; ROLLBACK, ROLLBACK TO a
  savepoint before the statement, an aborted transaction's COMMIT, or the session's end before COMMIT is `finished(message)`:
  nothing of the statement stayed, so the claim is given back and the statement may be sent again;
- when the connection to the server broke after the statement (or its COMMIT) was sent and before the answer: `lost(reason)`.

A process that dies in between leaves the claim as it is. It never runs again by itself: a person looks at the database and
says `gateway issue rollout N --assume done|not-done`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.audit import redact
from gateway.changes.difference import difference
from gateway.changes.executor import SchemaReader
from gateway.changes.lifecycle import Step, TaskStep, after, task_after
from gateway.changes.ports import Clock, Recorder, Requester
from gateway.model.change import ChangeNamespace, Issue, IssueState, Task, TaskState
from gateway.model.errors import Conflict, GatewayError
from gateway.model.event import EventKind
from gateway.store.issues import IssueRepository


@dataclass(frozen=True, slots=True)
class Release:
    """The right to run these statements of issue `number` once. Say what became of them exactly once."""

    number: int
    positions: tuple[int, ...]
    _claims: "Claims"
    _who: Requester

    async def finished(self, error: str | None) -> None:
        """None: what ran has been committed. Otherwise the server's words, and nothing of it stayed.

        Raises Conflict when the claim is held no more, AuditUnavailable: the claim then stays as it is.
        """
        step = TaskStep.FINISH if error is None else TaskStep.GIVE_BACK
        await self._claims.settle(self, self._who, step, error)

    async def lost(self, reason: str) -> None:
        """Nobody knows whether it ran."""
        await self._claims.settle(self, self._who, TaskStep.LOSE, reason)


class Claims:
    """Takes and settles claims. `read_schema` gives the issue its snapshots."""

    def __init__(self, repository: IssueRepository, recorder: Recorder, clock: Clock, read_schema: SchemaReader) -> None:
        self._repository = repository
        self._recorder = recorder
        self._clock = clock
        self._read_schema = read_schema

    async def claim(self, who: Requester, pieces: Sequence[str], namespace: ChangeNamespace) -> Release | None:
        """Claim all of `pieces` in one issue, or nothing."""
        target = who.target
        first = await self._repository.find_statement(who.principal.name, target.instance, target.database, pieces[0])
        for issue, _ in first:
            if _choose(issue, pieces, namespace, who.session_id) is not None:
                release = await self._take(issue.number, who, pieces, namespace)
                if release is not None:
                    return release
        return None

    async def _take(self, number: int, who: Requester, pieces: Sequence[str], namespace: ChangeNamespace) -> Release | None:
        before = await self._schema_before(number, who)
        async with self._repository.change(number) as change:
            issue = await change.issue()
            chosen = _choose(issue, pieces, namespace, who.session_id)
            if chosen is None:
                return None
            now = self._clock()
            for task in chosen:
                state = task_after(task.position, task.state, TaskStep.CLAIM)
                await change.update_tasks(
                    [task.id],
                    state=state,
                    claimed_by=who.session_id,
                    attempts=task.attempts + 1,
                    started_at=now,
                    finished_at=None,
                    error=None,
                )
            positions = tuple(task.position for task in chosen)
            if before is not None:
                await change.update_issue(number, now, snapshot_before=before)
            listed = ", ".join(map(str, positions))
            await change.add_event(
                number, now, who.principal.name, "released", f"statement {listed} to session {who.session_id}"
            )
            details = {"issue": number, "positions": list(positions), "session": who.session_id}
            await self._recorder.record(EventKind.ISSUE_RELEASED, who.principal, who.target, details)
        return Release(number, positions, self, who)

    async def _schema_before(self, number: int, who: Requester) -> str | None:
        known = await self._repository.schema_change(number)
        return await self._schema(who) if known.before is None else None

    async def _schema(self, who: Requester) -> str | None:
        try:
            return await self._read_schema(who.target)
        except GatewayError:
            return None  # the issue then says that no snapshot was read; the approved statement does not wait for it

    async def settle(self, release: Release, who: Requester, step: TaskStep, error: str | None) -> None:
        error = redact(error) if error is not None else None
        async with self._repository.change(release.number) as change:
            issue = await change.issue()
            held = [task for task in issue.tasks if task.position in release.positions]
            for task in held:
                if task.claimed_by != who.session_id or task.state is not TaskState.CLAIMED:
                    raise Conflict(
                        f"statement {task.position} of issue #{issue.number} is not claimed by this session any more"
                    )
            now = self._clock()
            state = task_after(held[0].position, held[0].state, step)
            await change.update_tasks((task.id for task in held), state=state, error=error, finished_at=now)
            await change.update_issue(release.number, now)
            said = {TaskStep.FINISH: "done", TaskStep.GIVE_BACK: "given back", TaskStep.LOSE: "outcome unknown"}[step]
            listed = ", ".join(map(str, release.positions))
            comment = f"statement {listed}: {said}" + (f": {error}" if error else "")
            await change.add_event(release.number, now, who.principal.name, "task", comment)
            details = {"issue": release.number, "positions": list(release.positions), "state": state.value, "error": error}
            await self._recorder.record(EventKind.ISSUE_TASK, who.principal, who.target, details)
            last = state is TaskState.DONE and all(
                task.state is TaskState.DONE for task in issue.tasks if task.position not in release.positions
            )
        if last:
            await asyncio.shield(self._finish(release.number, who))

    async def _finish(self, number: int, who: Requester) -> None:
        """All statements have run: the schema after it, and DONE. A rollout finishes what a crash leaves undone here."""
        schema_after = await self._schema(who)
        known = await self._repository.schema_change(number)
        async with self._repository.change(number) as change:
            issue = await change.issue()
            state = after(number, issue.state, Step.FINISH)
            now = self._clock()
            values: dict[str, Any] = {"state": state.value, "snapshot_after": schema_after}
            if known.before is not None and schema_after is not None:
                values["snapshot_diff"] = difference(known.before, schema_after)
            await change.update_issue(number, now, **values)
            await change.add_event(number, now, who.principal.name, "done", "")
            await self._recorder.record(EventKind.ISSUE_DONE, who.principal, who.target, {"issue": number})


def _choose(issue: Issue, pieces: Sequence[str], namespace: ChangeNamespace, session: str) -> list[Task] | None:
    """The tasks these texts may claim, in order: each approved, and everything before it done or claimed by this session."""
    if issue.state is not IssueState.APPROVED or issue.namespace != namespace:
        return None
    wanted = list(pieces)
    chosen: list[Task] = []
    for task in issue.tasks:
        if not wanted:
            break
        if task.state is TaskState.DONE or (task.state is TaskState.CLAIMED and task.claimed_by == session):
            continue
        if task.state is not TaskState.APPROVED or task.text != wanted[0]:
            return None
        chosen.append(task)
        wanted.pop(0)
    return chosen if not wanted else None
