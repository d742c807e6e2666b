"""Access that ended and was never used is told once, whoever looks; what was used, or still runs, is not."""

import asyncio

import pytest

from gateway.changes import AccessDesk
from gateway.changes.unused import GRACE_SECONDS, UnusedAccess
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind
from gateway.model.footprint import Action
from gateway.store import Store
from gateway.store.grants import StoredGrant, add_grant, mark_used, reported_unused
from tests.changes.support import ALICE, BOB, Desk, targets

PATH = "pg1/shop/public/salaries"


@pytest.fixture
def desk(office: Desk, store: Store) -> AccessDesk:
    return AccessDesk(store, office.recorder, office.authority, targets=targets, clock=office.clock)


@pytest.fixture
def unused(office: Desk, store: Store) -> UnusedAccess:
    return UnusedAccess(store, office.recorder, clock=office.clock)


async def given(desk: AccessDesk, seconds: int = 3600) -> int:
    asked = await desk.request(ALICE, PATH, [Action.SELECT], seconds, "why")
    await desk.approve(BOB, asked.id)
    return asked.id


async def test_access_that_expired_unused_is_told_once(desk: AccessDesk, unused: UnusedAccess, office: Desk) -> None:
    number = await given(desk)
    assert await unused.look() == []
    assert unused.running == 1
    office.clock.now += 3600 + GRACE_SECONDS
    [told] = await unused.look()
    assert (told.request_id, told.subject, told.granted_by) == (number, "alice", "bob")
    assert unused.running == 0
    assert await unused.look() == []
    assert office.recorder.kinds.count(EventKind.ACCESS_UNUSED) == 1


async def test_revoked_access_is_told_too(desk: AccessDesk, unused: UnusedAccess, office: Desk) -> None:
    await desk.revoke(BOB, await given(desk))
    assert await unused.look() == [], "a use may still be on its way to the store"
    office.clock.now += GRACE_SECONDS
    assert len(await unused.look()) == 1


async def test_standing_grants_count_and_what_was_used_does_not(unused: UnusedAccess, office: Desk, store: Store) -> None:
    now = office.clock()
    async with store.change() as connection:
        used, idle, denying = [
            await add_grant(
                connection,
                StoredGrant("alice", "*", PATH, "select", effect=effect, granted_by="bob", created_at=now, expires_at=now + 60),
            )
            for effect in ("allow", "allow", "deny")
        ]
        await add_grant(connection, StoredGrant("alice", "*", PATH, "export", created_at=now))
        await mark_used(connection, [used], now)
    office.clock.now += 60 + GRACE_SECONDS
    assert [grant.id for grant in await unused.look()] == [idle]
    assert unused.running == 1, "the one without an end"
    assert denying != idle


async def test_whoever_had_it_and_whoever_gave_it_hears(
    desk: AccessDesk, unused: UnusedAccess, office: Desk, store: Store
) -> None:
    await given(desk, 60)
    office.clock.now += 60 + GRACE_SECONDS
    await unused.look()
    async with store.read() as connection:
        heard = [len(await reported_unused(connection, name, 1.0)) for name in ("alice", "bob", "carol")]
        assert await reported_unused(connection, "alice", office.clock.now + 1) == []
    assert heard == [1, 1, 0]


async def test_of_several_workers_one_tells(desk: AccessDesk, office: Desk, store: Store) -> None:
    await given(desk, 60)
    office.clock.now += 60 + GRACE_SECONDS
    workers = [UnusedAccess(store, office.recorder, clock=office.clock) for _ in range(3)]
    told = await asyncio.gather(*(worker.look() for worker in workers))
    assert sum(map(len, told)) == 1
    assert office.recorder.kinds.count(EventKind.ACCESS_UNUSED) == 1


async def test_without_a_record_it_is_told_later(desk: AccessDesk, unused: UnusedAccess, office: Desk) -> None:
    await given(desk, 60)
    office.clock.now += 60 + GRACE_SECONDS
    office.recorder.broken = True
    with pytest.raises(AuditUnavailable):
        await unused.look()
    office.recorder.broken = False
    assert len(await unused.look()) == 1
