import asyncio

import pytest

from gateway.changes.lease import Lease, LeaseLost
from gateway.model.change import ChangeNamespace
from gateway.model.errors import Conflict
from gateway.store.issues import NewIssue
from tests.changes.support import Desk


async def make(office: Desk) -> int:
    async with office.repository.change() as change:
        return await change.insert(NewIssue("t", "alice", "pg1", "shop", "shop", "", ChangeNamespace()), 1.0)


async def take(office: Desk, lease: Lease, number: int) -> None:
    async with office.repository.change(number) as change:
        await lease.take(change, await change.issue())


async def test_one_at_a_time_until_it_runs_out(office: Desk) -> None:
    number = await make(office)
    first, second = (Lease(office.repository, number, office.clock) for _ in range(2))
    await take(office, first, number)
    with pytest.raises(Conflict, match="is being rolled out by"):
        await take(office, second, number)
    async with first.fenced():
        pass
    office.clock.now += 31
    with pytest.raises(LeaseLost):
        async with first.fenced():
            pass
    await take(office, second, number)
    async with second.fenced():
        pass
    with pytest.raises(LeaseLost):
        async with first.fenced():
            pass


async def test_every_fenced_write_renews_it(office: Desk) -> None:
    number = await make(office)
    lease = Lease(office.repository, number, office.clock)
    await take(office, lease, number)
    for _ in range(4):
        office.clock.now += 20
        async with lease.fenced():
            pass


async def test_work_is_cancelled_when_the_lease_cannot_be_renewed(office: Desk) -> None:
    number = await make(office)
    lease = Lease(office.repository, number, office.clock, seconds=0.15)
    await take(office, lease, number)
    async with office.repository.change(number) as change:
        await change.update_issue(number, 1.0, lease_owner="somebody else")

    async def work() -> None:
        async with lease.kept():
            await asyncio.sleep(30)

    with pytest.raises(LeaseLost, match="could not be renewed"):
        await asyncio.wait_for(work(), 10)


async def test_a_cancellation_from_outside_stays_one(office: Desk) -> None:
    number = await make(office)
    lease = Lease(office.repository, number, office.clock)
    await take(office, lease, number)

    async def work() -> None:
        async with lease.kept():
            await asyncio.sleep(30)

    running = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
