"""What people do at the desk, with the store in SQLite and everything else small."""

import asyncio

import pytest

from gateway.changes import desk as desk_module
from gateway.changes.review_rules import Level
from gateway.model.change import IssueState, TaskState
from gateway.model.errors import AuditUnavailable, Conflict, Forbidden, NotFound
from gateway.model.event import EventKind
from gateway.model.footprint import Action
from tests.changes.support import ALICE, BOB, CAROL, EVE, TARGET, Desk, ruling, session

ADD = "ALTER TABLE customers ADD COLUMN tier text"
DROP = "DROP VIEW old_customers"


async def test_a_refused_statement_becomes_an_issue(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(), ruling(), ADD + ";", ("app", "public"), (("standard_conforming_strings", "on"),))
    assert (ref.number, ref.url) == (1, "http://127.0.0.1:6480/api/v1/issues/1")
    issue = await desk.show(ALICE, 1)
    assert (issue.requester, issue.address, issue.session, issue.project) == ("alice", "pg1/shop", "s1", "shop")
    assert (issue.namespace.search_path, issue.namespace.flags) == (("app", "public"), (("standard_conforming_strings", "on"),))
    assert issue.state is IssueState.OPEN
    assert abs(issue.created_at - office.clock.now) < 1
    (task,) = issue.tasks
    assert (task.text, task.kind, task.state, task.position) == (ADD, "ALTER TABLE", TaskState.WAITING, 1)
    assert office.recorder.records[0][:2] == (EventKind.ISSUE_OPENED, "alice")
    assert office.recorder.records[0][2]["issue"] == 1
    assert office.recorder.records[0][2]["statements"] == [ADD]


async def test_the_review_says_what_leaves_its_mask(office: Desk) -> None:
    office.uncovered = (("pg1/shop/public/customers/email", "pg1/shop/public/customers/mail"),)
    desk = office.open()
    ref = await desk.refused(session(), ruling(), "ALTER TABLE customers RENAME COLUMN email TO mail", ("public",))
    review = await desk.review(await desk.show(BOB, ref.number))
    assert (review.findings[0].rule, review.findings[0].level) == ("leaves-mask", Level.DANGER)
    assert "pg1/shop/public/customers/email to pg1/shop/public/customers/mail" in review.findings[0].text


async def test_the_same_statement_points_to_the_same_issue(office: Desk) -> None:
    desk = office.open()
    first = await desk.refused(session(), ruling(), ADD, ("public",))
    assert await desk.refused(session(session_id="s2"), ruling(), ADD + ";", ("public",)) == first
    assert (await desk.refused(session(), ruling(), ADD, ("other",))).number != first.number
    assert (await desk.refused(session(BOB), ruling(), ADD, ("public",))).number != first.number
    assert len((await desk.show(ALICE, first.number)).tasks) == 1


async def test_further_ddl_of_the_session_goes_in_until_somebody_looks(office: Desk) -> None:
    desk = office.open()
    first = await desk.refused(session(), ruling(), ADD, ("public",))
    assert await desk.refused(session(), ruling("DROP VIEW"), DROP, ("public",)) == first
    await desk.show(ALICE, first.number)  # one's own look does not close it
    assert await desk.refused(session(), ruling(), "ALTER TABLE t DROP c", ("public",)) == first
    other_session = await desk.refused(session(session_id="s2"), ruling(), "ALTER TABLE t DROP d", ("public",))
    assert other_session.number != first.number
    seen = await desk.show(BOB, first.number)
    assert [task.text for task in seen.tasks] == [ADD, DROP, "ALTER TABLE t DROP c"]
    assert seen.version == 3
    assert seen.looked_at is not None
    later = await desk.refused(session(), ruling(), "ALTER TABLE t DROP e", ("public",))
    assert later.number not in (first.number, other_session.number)


async def test_a_message_of_several_statements_gives_each_its_text(office: Desk) -> None:
    desk = office.open()
    text = f"{ADD}; {DROP};"
    first = await desk.refused(session(), ruling(start=0, end=len(ADD)), text, ("public",))
    await desk.refused(session(), ruling("DROP VIEW", start=len(ADD) + 2, end=len(text) - 1), text, ("public",))
    assert [task.text for task in (await desk.show(ALICE, first.number)).tasks] == [ADD, DROP]


async def test_two_workers_open_one_issue(office: Desk) -> None:
    workers = [office.open() for _ in range(4)]
    refs = await asyncio.gather(
        *(worker.refused(session(session_id=f"s{number}"), ruling(), ADD, ("public",)) for number, worker in enumerate(workers))
    )
    assert len({ref.number for ref in refs}) == 1
    refs = await asyncio.gather(
        *(worker.refused(session(), ruling(), f"{ADD}{number}", ("public",)) for number, worker in enumerate(workers))
    )
    positions = {
        number: [task.position for task in (await workers[0].show(ALICE, number)).tasks]
        for number in {ref.number for ref in refs}
    }
    assert sum(map(len, positions.values())) in (4, 5)
    assert all(found == list(range(1, len(found) + 1)) for found in positions.values())


async def test_another_person_approves_what_they_saw(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(), ruling(), ADD, ("public",))
    with pytest.raises(Forbidden, match="approve on pg1/shop"):
        await desk.approve(ALICE, ref.number, 1)
    with pytest.raises(NotFound):
        await desk.approve(EVE, ref.number, 1)
    await desk.refused(session(), ruling(), DROP, ("public",))
    with pytest.raises(Conflict, match="you saw version 1, it is now 2"):
        await desk.approve(BOB, ref.number, 1)
    approved = await desk.approve(BOB, ref.number, 2, "fine")
    assert approved.state is IssueState.APPROVED
    assert {task.state for task in approved.tasks} == {TaskState.APPROVED}
    assert approved.events[-1].comment == "fine"
    with pytest.raises(Conflict, match="cannot be approved: it is approved"):
        await desk.approve(CAROL, ref.number, approved.version)
    assert office.recorder.kinds == [EventKind.ISSUE_OPENED, EventKind.ISSUE_EXTENDED, EventKind.ISSUE_APPROVED]


async def test_nobody_approves_their_own_unless_policy_says_so(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(BOB), ruling(), ADD, ("public",))
    with pytest.raises(Forbidden, match="another person"):
        await desk.approve(BOB, ref.number, 1)
    with pytest.raises(Forbidden, match="another person"):
        await desk.reject(BOB, ref.number, "no")
    office.permits.grants["bob"].add(Action.APPROVE_OWN)
    assert (await desk.approve(BOB, ref.number, 1)).state is IssueState.APPROVED


async def test_rejecting_needs_a_reason_and_the_statement_then_opens_a_new_issue(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(), ruling(), ADD, ("public",))
    with pytest.raises(Conflict, match="needs a comment"):
        await desk.reject(BOB, ref.number, "  ")
    rejected = await desk.reject(BOB, ref.number, "use an enum")
    assert rejected.state is IssueState.REJECTED
    assert (await desk.refused(session(), ruling(), ADD, ("public",))).number != ref.number


async def test_an_approval_can_be_taken_back_until_something_ran(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(), ruling(), ADD, ("public",))
    await desk.refused(session(), ruling(), DROP, ("public",))
    await desk.approve(BOB, ref.number, 2)
    release = await desk.release(session(), ADD, ("public",))
    assert release is not None
    with pytest.raises(Conflict, match="already started"):
        await desk.reject(CAROL, ref.number, "wait")
    with pytest.raises(Conflict, match="is running in session s1"):
        await desk.cancel(ALICE, ref.number)
    await release.finished(None)
    assert (await desk.cancel(ALICE, ref.number, "the rest is not needed")).state is IssueState.CANCELLED
    assert await desk.release(session(), DROP, ("public",)) is None


async def test_strangers_see_nothing_and_cannot_cancel(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(), ruling(), ADD, ("public",))
    for step in (
        desk.show(EVE, ref.number),
        desk.cancel(EVE, ref.number),
        desk.comment(EVE, ref.number, "hi"),
        desk.show(BOB, 99),
    ):
        with pytest.raises(NotFound):
            await step
    assert await desk.listing(EVE) == ()
    assert [issue.number for issue in await desk.listing(BOB)] == [ref.number]
    assert [issue.number for issue in await desk.listing(ALICE, states=[IssueState.DONE])] == []
    commented = await desk.comment(BOB, ref.number, "why?")
    assert (commented.events[-1].kind, commented.events[-1].actor) == ("commented", "bob")


async def test_no_record_no_step(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(), ruling(), ADD, ("public",))
    office.recorder.broken = True
    with pytest.raises(AuditUnavailable):
        await desk.approve(BOB, ref.number, 1)
    with pytest.raises(AuditUnavailable):
        await desk.refused(session(), ruling(), DROP, ("public",))
    office.recorder.broken = False
    issue = await desk.show(ALICE, ref.number)
    assert (issue.state, len(issue.tasks), issue.version) == (IssueState.OPEN, 1, 1)


async def test_floods_are_bounded(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MAX_OPEN", 2)
    monkeypatch.setattr(desk_module, "MAX_STATEMENTS", 2)
    desk = office.open()
    numbers = [(await desk.refused(session(), ruling(), f"{ADD}{n}", ("public",))).number for n in range(4)]
    assert numbers == [1, 1, 2, 2]
    with pytest.raises(Conflict, match="2 undecided issues"):
        await desk.refused(session(), ruling(), DROP, ("public",))
    with pytest.raises(Conflict, match="at most 2"):
        await desk.create(BOB, TARGET, "DROP TABLE a; DROP TABLE b; DROP TABLE c")
    with pytest.raises(Conflict, match="at most 10000"):
        await desk.comment(BOB, 1, "x" * 10_001)


async def test_passwords_are_shown_to_nobody_and_kept_for_the_rollout(office: Desk) -> None:
    desk = office.open()
    text = "CREATE ROLE app LOGIN PASSWORD 'hunter2'"
    ref = await desk.refused(session(), ruling("CREATE ROLE"), text, ("public",))
    issue = await desk.show(BOB, ref.number)
    assert issue.tasks[0].text == "CREATE ROLE app LOGIN PASSWORD '***'"
    approved = await desk.approve(BOB, ref.number, issue.version)
    assert "hunter2" not in str((issue, approved, office.recorder.records, await desk.listing(BOB)))
    assert await desk.release(session(), text.replace("hunter2", "hunter3"), ("public",)) is None
    assert await desk.release(session(), text, ("public",)) is not None
    kept = await office.repository.issue(ref.number)
    assert kept is not None
    assert kept.tasks[0].text == text


async def test_an_approver_may_cancel_over_a_claim_that_never_ended(office: Desk) -> None:
    desk = office.open()
    ref = await desk.refused(session(), ruling(), ADD, ("public",))
    await desk.approve(BOB, ref.number, 1)
    release = await desk.release(session(), ADD, ("public",))
    assert release is not None
    cancelled = await desk.cancel(BOB, ref.number, "that session is long gone")
    assert (cancelled.state, cancelled.tasks[0].state) == (IssueState.CANCELLED, TaskState.UNCERTAIN)
    with pytest.raises(Conflict, match="not claimed by this session any more"):
        await release.finished(None)


async def test_a_listing_is_full_however_many_issues_the_person_may_not_see(office: Desk) -> None:
    desk = office.open()
    own = await desk.refused(session(), ruling(), ADD, ("public",))
    for number in range(60):
        await desk.refused(session(BOB, session_id=f"s{number}"), ruling(), f"ALTER TABLE t ADD c{number} int", ("public",))
    assert [issue.number for issue in await desk.listing(ALICE, limit=1)] == [own.number]
    assert [issue.number for issue in await desk.listing(EVE, limit=1)] == []
    newest = [issue.number for issue in await desk.listing(CAROL, limit=2)]
    assert newest == [61, 60]
    assert [issue.number for issue in await desk.listing(CAROL, limit=2, below=newest[-1])] == [59, 58]
