"""An approved statement passes once."""

import asyncio

import pytest

from gateway.changes import ChangeDesk
from gateway.model.change import Issue, IssueState, TaskState
from gateway.model.errors import AuditUnavailable, Conflict
from gateway.model.event import EventKind
from tests.changes.support import ALICE, BOB, Desk, ruling, session

ADD = "ALTER TABLE customers ADD COLUMN tier text"
DROP = "DROP VIEW old_customers"
PATH = ("public",)


async def approved(desk: ChangeDesk, *statements: str) -> int:
    ref = None
    for statement in statements:
        ref = await desk.refused(session(), ruling(), statement, PATH)
    assert ref is not None
    issue = await desk.show(BOB, ref.number)
    await desk.approve(BOB, ref.number, issue.version)
    return ref.number


async def now(office: Desk, number: int) -> Issue:
    issue = await office.repository.issue(number)
    assert issue is not None
    return issue


async def test_it_passes_once_and_ends_the_issue(office: Desk) -> None:
    desk = office.open()
    number = await approved(desk, ADD)
    release = await desk.release(session(session_id="s9"), f" {ADD};", PATH)
    assert release is not None
    assert (release.number, release.positions) == (number, (1,))
    task = (await now(office, number)).tasks[0]
    assert (task.state, task.claimed_by, task.attempts) == (TaskState.CLAIMED, "s9", 1)
    assert await desk.release(session(session_id="s10"), ADD, PATH) is None
    await release.finished(None)
    assert (await now(office, number)).state is IssueState.DONE
    assert await desk.release(session(), ADD, PATH) is None
    assert office.recorder.kinds[-3:] == [EventKind.ISSUE_RELEASED, EventKind.ISSUE_TASK, EventKind.ISSUE_DONE]
    assert (await desk.refused(session(), ruling(), ADD, PATH)).number != number


@pytest.mark.parametrize("case", ["text", "person", "namespace", "waiting"])
async def test_it_is_bound_to_text_person_and_namespace(office: Desk, case: str) -> None:
    desk = office.open()
    if case == "waiting":
        await desk.refused(session(), ruling(), ADD, PATH)
    else:
        await approved(desk, ADD)
    who = session(BOB) if case == "person" else session()
    text = ADD.lower() if case == "text" else ADD
    path = ("other",) if case == "namespace" else PATH
    assert await desk.release(who, text, path) is None


async def test_of_two_sessions_one_gets_it(office: Desk) -> None:
    await approved(office.open(), ADD)
    desks = [office.open() for _ in range(6)]
    releases = await asyncio.gather(
        *(desk.release(session(session_id=f"s{number}"), ADD, PATH) for number, desk in enumerate(desks))
    )
    assert sum(release is not None for release in releases) == 1


async def test_an_error_gives_it_back(office: Desk) -> None:
    desk = office.open()
    number = await approved(desk, ADD)
    release = await desk.release(session(), ADD, PATH)
    assert release is not None
    await release.finished("deadlock detected (40P01)")
    task = (await now(office, number)).tasks[0]
    assert (task.state, task.error) == (TaskState.APPROVED, "deadlock detected (40P01)")
    with pytest.raises(Conflict, match="not claimed by this session any more"):
        await release.finished(None)
    again = await desk.release(session(session_id="s2"), ADD, PATH)
    assert again is not None
    await again.finished(None)
    assert (await now(office, number)).tasks[0].attempts == 2


async def test_order_is_kept_and_one_session_may_claim_ahead_in_its_transaction(office: Desk) -> None:
    desk = office.open()
    number = await approved(desk, ADD, DROP)
    assert await desk.release(session(), DROP, PATH) is None
    first = await desk.release(session(), ADD, PATH)
    assert first is not None
    assert await desk.release(session(session_id="s2"), DROP, PATH) is None
    second = await desk.release(session(), DROP, PATH)  # the same session, its transaction still open
    assert second is not None
    await first.finished("ROLLBACK")
    await second.finished("ROLLBACK")
    assert {task.state for task in (await now(office, number)).tasks} == {TaskState.APPROVED}


async def test_several_statements_in_one_message_are_claimed_together_or_not_at_all(office: Desk) -> None:
    desk = office.open()
    number = await approved(desk, ADD, DROP)
    text = f"{ADD}; {DROP}"
    rulings = [ruling(start=0, end=len(ADD)), ruling(start=len(ADD) + 2, end=len(text))]
    assert await desk.release(session(), f"{ADD}; DROP VIEW other", PATH, rulings=rulings) is None
    assert {task.state for task in (await now(office, number)).tasks} == {TaskState.APPROVED}
    release = await desk.release(session(), text, PATH, rulings=rulings)
    assert release is not None
    assert release.positions == (1, 2)
    await release.finished(None)
    assert (await now(office, number)).state is IssueState.DONE


async def test_a_lost_connection_leaves_it_uncertain_and_the_statement_points_to_its_issue(office: Desk) -> None:
    desk = office.open()
    number = await approved(desk, ADD)
    release = await desk.release(session(), ADD, PATH)
    assert release is not None
    await release.lost("the server went away")
    assert (await now(office, number)).tasks[0].state is TaskState.UNCERTAIN
    assert await desk.release(session(), ADD, PATH) is None
    assert (await desk.refused(session(), ruling(), ADD, PATH)).number == number


async def test_without_a_record_nothing_is_claimed_or_settled(office: Desk) -> None:
    desk = office.open()
    number = await approved(desk, ADD)
    office.recorder.broken = True
    with pytest.raises(AuditUnavailable):
        await desk.release(session(), ADD, PATH)
    assert (await now(office, number)).tasks[0].state is TaskState.APPROVED
    office.recorder.broken = False
    release = await desk.release(session(), ADD, PATH)
    assert release is not None
    office.recorder.broken = True
    with pytest.raises(AuditUnavailable):
        await release.finished(None)
    assert (await now(office, number)).tasks[0].state is TaskState.CLAIMED
    assert ALICE.name == (await now(office, number)).requester
