"""Access for a time: who may ask, who may decide, and that it ends."""

import asyncio

import pytest

from gateway.changes import AccessDesk
from gateway.changes import access as access_module
from gateway.model.errors import AuditUnavailable, Conflict, Forbidden, NotFound
from gateway.model.event import EventKind
from gateway.model.footprint import Action
from gateway.store import Store
from gateway.store.access_requests import RequestState
from tests.changes.support import ALICE, BOB, CAROL, EVE, Desk, targets

PATH = "pg1/shop/public/salaries"


@pytest.fixture
def desk(office: Desk, store: Store) -> AccessDesk:
    return AccessDesk(store, office.recorder, office.authority, targets=targets, clock=office.clock)


async def test_an_approved_request_is_a_grant_an_action_until_its_end(desk: AccessDesk, store: Store, office: Desk) -> None:
    asked = await desk.request(ALICE, PATH, [Action.SELECT, Action.EXPORT, Action.SELECT], 4 * 3600, " month's end ")
    assert (asked.state, asked.actions, asked.reason) == (RequestState.OPEN, (Action.SELECT, Action.EXPORT), "month's end")
    assert await store.active_grants(office.clock()) == []
    version = await store.version()
    decided = await desk.approve(BOB, asked.id, "fine")
    assert (decided.state, decided.decided_by, decided.comment) == (RequestState.APPROVED, "bob", "fine")
    assert await store.version() > version
    granted = await store.active_grants(office.clock())
    assert [(grant.subject, grant.project, grant.object, grant.action) for grant in granted] == [
        ("alice", "shop", PATH, "select"),
        ("alice", "shop", PATH, "export"),
    ]
    assert {grant.request_id for grant in granted} == {asked.id}
    assert await store.active_grants(office.clock() + 4 * 3600 + 1) == []
    assert office.recorder.kinds == [EventKind.ACCESS_REQUESTED, EventKind.ACCESS_APPROVED]


async def test_nobody_approves_their_own(desk: AccessDesk, office: Desk, store: Store) -> None:
    own = await desk.request(BOB, PATH, [Action.SELECT], 3600, "why")
    with pytest.raises(Forbidden, match="another person"):
        await desk.approve(BOB, own.id)
    with pytest.raises(Forbidden):
        await desk.approve(ALICE, (await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")).id)
    assert await store.active_grants(office.clock()) == []
    office.permits.grants["bob"].add(Action.APPROVE_OWN)
    assert (await desk.approve(BOB, own.id)).state is RequestState.APPROVED


async def test_one_decision_wins(desk: AccessDesk, store: Store, office: Desk) -> None:
    asked = await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    answers = await asyncio.gather(
        desk.approve(BOB, asked.id), desk.approve(CAROL, asked.id), desk.reject(BOB, asked.id, "no"), return_exceptions=True
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 2
    granted = await store.active_grants(office.clock())
    assert len(granted) == (1 if (await desk.show(BOB, asked.id)).state is RequestState.APPROVED else 0)
    with pytest.raises(Conflict, match="nothing is left to decide"):
        await desk.cancel(ALICE, asked.id)


async def test_rejecting_and_cancelling_grant_nothing(desk: AccessDesk, store: Store, office: Desk) -> None:
    first = await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    with pytest.raises(Conflict, match="say why"):
        await desk.reject(BOB, first.id, "")
    assert (await desk.reject(BOB, first.id, "use the view")).comment == "use the view"
    second = await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    assert (await desk.cancel(ALICE, second.id)).state is RequestState.CANCELLED
    assert await store.active_grants(office.clock()) == []


async def test_approved_access_is_revoked_by_its_approvers_and_by_whoever_has_it(
    desk: AccessDesk, store: Store, office: Desk
) -> None:
    asked = await desk.request(ALICE, PATH, [Action.SELECT, Action.EXPORT], 3600, "why")
    with pytest.raises(Conflict, match="no access that could be revoked"):
        await desk.revoke(BOB, asked.id)
    await desk.approve(BOB, asked.id)
    with pytest.raises(NotFound):
        await desk.revoke(EVE, asked.id)
    version = await store.version()
    revoked = await desk.revoke(BOB, asked.id, "the audit is over")
    assert (revoked.state, revoked.decided_by, revoked.comment) == (RequestState.REVOKED, "bob", "the audit is over")
    assert await store.version() > version
    assert await store.active_grants(office.clock()) == []
    again = await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    await desk.approve(BOB, again.id)
    assert (await desk.revoke(ALICE, again.id)).state is RequestState.REVOKED
    with pytest.raises(Conflict, match="is revoked"):
        await desk.revoke(BOB, again.id)
    assert office.recorder.kinds.count(EventKind.ACCESS_REVOKED) == 2


@pytest.mark.parametrize(
    ("path", "actions", "seconds", "reason"),
    [
        (PATH, [], 3600, "why"),
        (PATH, [Action.ADMIN], 3600, "why"),
        (PATH, [Action.SELECT, Action.APPROVE_OWN], 3600, "why"),
        (PATH, [Action.SELECT], 1, "why"),
        (PATH, [Action.SELECT], 10**9, "why"),
        (PATH, [Action.SELECT], 3600, " "),
        (PATH + "/column/more", [Action.SELECT], 3600, "why"),
        ("pg1/sho%70/public/t", [Action.SELECT], 3600, "why"),
        ("pg1/shop/public/a**", [Action.SELECT], 3600, "why"),
        ("pg1/shop/public/order items", [Action.SELECT], 3600, "why"),
        ('pg1/shop/public/a"b', [Action.SELECT], 3600, "why"),
        ("pg1/shop//salaries", [Action.SELECT], 3600, "why"),
    ],
)
async def test_what_cannot_be_asked_for(desk: AccessDesk, path: str, actions: list[Action], seconds: int, reason: str) -> None:
    with pytest.raises(Conflict):
        await desk.request(ALICE, path, actions, seconds, reason)


async def test_unknown_databases_and_patterns_over_them_are_not_found(desk: AccessDesk) -> None:
    for path in ("pg1/other/public/t", "*/shop/public/t", "pg1/**", "**"):
        with pytest.raises(NotFound):
            await desk.request(ALICE, path, [Action.SELECT], 3600, "why")


async def test_who_sees_what(desk: AccessDesk) -> None:
    asked = await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    assert [request.id for request in await desk.listing(BOB, states=[RequestState.OPEN])] == [asked.id]
    assert [request.id for request in await desk.listing(ALICE)] == [asked.id]
    assert await desk.listing(EVE) == ()
    for step in (desk.show(EVE, asked.id), desk.cancel(EVE, asked.id), desk.approve(EVE, asked.id), desk.show(BOB, 99)):
        with pytest.raises(NotFound):
            await step


async def test_no_record_no_grant(desk: AccessDesk, store: Store, office: Desk) -> None:
    asked = await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    office.recorder.broken = True
    with pytest.raises(AuditUnavailable):
        await desk.approve(BOB, asked.id)
    office.recorder.broken = False
    assert (await desk.show(ALICE, asked.id)).state is RequestState.OPEN
    assert await store.active_grants(office.clock()) == []


async def test_floods_are_bounded(desk: AccessDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_module, "MAX_OPEN", 1)
    await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    with pytest.raises(Conflict, match="1 undecided"):
        await desk.request(ALICE, PATH, [Action.INSERT], 3600, "why")


async def test_policy_is_asked_about_the_object(desk: AccessDesk, office: Desk) -> None:
    office.permits.withheld = (PATH,)
    secret = await desk.request(ALICE, PATH, [Action.SELECT], 3600, "why")
    other = await desk.request(ALICE, "pg1/shop/public/orders", [Action.SELECT], 3600, "why")
    with pytest.raises(NotFound):
        await desk.approve(BOB, secret.id)
    assert [request.id for request in await desk.listing(BOB)] == [other.id]
    assert (await desk.approve(BOB, other.id)).state is RequestState.APPROVED
