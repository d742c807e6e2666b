"""Rows of the day and first uses of grants: counted here, kept in the store, and kept here while it is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.app.day_table import DayTable
from gateway.app.usage import DailyUsage, GrantUse
from gateway.model.errors import StoreUnavailable
from gateway.store import SecretKey, Store
from gateway.store.grants import StoredGrant, add_grant, find_grant
from gateway.store.usage import DAY_SECONDS, RowUsage

PATH = "pg1/shop/public/orders"
NOON = 20_000 * DAY_SECONDS + 43_200.0


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/gateway.db", SecretKey.load_or_create(tmp_path / "master.key"))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def table(tmp_path: Path) -> Iterator[DayTable]:
    with closing(DayTable.open(tmp_path / "run" / "rows")) as opened:
        yield opened


def limit(rows: int) -> dict[str, int]:
    return {PATH: rows}


async def test_two_workers_share_what_is_left_and_the_count_outlives_both(
    store: Store, table: DayTable, tmp_path: Path
) -> None:
    with closing(DayTable.open(tmp_path / "run" / "rows")) as same:
        first, second = DailyUsage(store, table, Clock()), DailyUsage(store, same, Clock())
        assert first.take("alice", limit(30), 20)
        assert not second.take("alice", limit(30), 11)
        assert second.take("alice", limit(30), 10)
        assert not first.take("alice", limit(30), 1)
        assert second.take("bob", limit(30), 30)
    restarted = DailyUsage(store, table, Clock())
    await restarted.look("alice", [PATH])
    assert restarted.today("alice", PATH) == 30
    await restarted.flush()  # nobody had told the store
    assert await store.rows_elsewhere("alice", PATH, 20_000, "") == 30


async def test_gateways_hear_of_each_other_at_a_look(store: Store, table: DayTable, tmp_path: Path) -> None:
    with closing(DayTable.open(tmp_path / "elsewhere")) as another:
        ours, theirs = DailyUsage(store, table, Clock()), DailyUsage(store, another, Clock())
        assert theirs.take("alice", limit(30), 20)
        await theirs.flush()
        await ours.look("alice", [PATH])
        assert ours.today("alice", PATH) == 20
        assert ours.take("alice", limit(30), 10)
        assert not ours.take("alice", limit(30), 1)
        await ours.flush()
        await theirs.look("alice", [PATH])
        assert theirs.today("alice", PATH) == 30


async def test_a_gateway_that_lost_its_table_goes_on_with_what_the_store_heard(
    store: Store, table: DayTable, tmp_path: Path
) -> None:
    lost = DailyUsage(store, table, Clock())
    assert lost.take("alice", limit(30), 25)
    await lost.flush()
    with closing(DayTable.open(tmp_path / "anew")) as another:
        anew = DailyUsage(store, another, Clock())
        await anew.look("alice", [PATH])
        assert anew.take("alice", limit(30), 5)
        assert not anew.take("alice", limit(30), 1)


async def test_a_day_begins_with_nothing(store: Store, table: DayTable) -> None:
    clock = Clock()
    usage = DailyUsage(store, table, clock)
    assert usage.take("alice", limit(30), 30)
    await usage.flush()
    clock.now = NOON + 43_200
    assert usage.today("alice", PATH) == 0
    assert usage.take("alice", limit(30), 2)
    await usage.flush()
    assert await store.rows_elsewhere("alice", PATH, 20_000, "") == 30
    assert await store.rows_elsewhere("alice", PATH, 20_001, "") == 2


async def test_while_the_store_is_away_counts_wait(store: Store, table: DayTable, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = DailyUsage(store, table, Clock())
    assert usage.take("alice", limit(30), 4)

    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(store, "tell_usage", away)
        patched.setattr(store, "rows_elsewhere", away)
        with pytest.raises(StoreUnavailable):
            await usage.look("alice", [PATH])
        with pytest.raises(StoreUnavailable):
            await usage.flush()
        assert usage.take("alice", limit(30), 1)
    await usage.flush()
    await usage.flush()  # not twice
    assert await store.rows_elsewhere("alice", PATH, 20_000, "") == 5


async def test_a_statement_that_ended_is_stored_at_once_and_old_days_are_forgotten(store: Store, table: DayTable) -> None:
    await store.tell_usage("old", [RowUsage("alice", PATH, 20_000 - age, 7) for age in (31, 32)])
    usage = DailyUsage(store, table, Clock())
    running = asyncio.create_task(usage.run())
    assert usage.take("alice", limit(30), 9)
    usage.flush_soon()
    deadline = time.monotonic() + 5
    while await store.rows_elsewhere("alice", PATH, 20_000, "") != 9 or await store.rows_elsewhere("alice", PATH, 19_968, ""):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert await store.rows_elsewhere("alice", PATH, 19_969, "") == 7
    running.cancel()


async def test_the_first_use_of_a_grant_is_kept_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async with store.change() as connection:
        number = await add_grant(connection, StoredGrant("user:ann", "shop", PATH, "select", created_at=NOON))
        idle = await add_grant(connection, StoredGrant("user:ann", "shop", PATH, "export", created_at=NOON))
    clock = Clock()
    use = GrantUse(store, clock)

    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    use.used([number])
    with monkeypatch.context() as patched:
        patched.setattr("gateway.app.usage.mark_used", away)
        await use._tell()
    await use._tell()  # it was kept
    clock.now += 60
    use.used([number])
    await use._tell()
    async with store.read() as connection:
        used, unused = await find_grant(connection, number), await find_grant(connection, idle)
    assert used is not None
    assert unused is not None
    assert (used.used_at, unused.used_at) == (NOON, None)
