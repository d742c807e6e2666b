"""Rows of the day and first uses of grants: counted here, kept in the store, and kept here while it is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.app.usage import DailyUsage, GrantUse
from gateway.model.errors import StoreUnavailable
from gateway.store import SecretKey, Store
from gateway.store.grants import StoredGrant, add_grant, find_grant
from gateway.store.usage import DAY_SECONDS

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


async def test_counts_of_two_workers_add_up_and_outlive_both(store: Store) -> None:
    clock = Clock()
    first, second = DailyUsage(store, clock), DailyUsage(store, clock)
    assert first.known("alice", PATH) is None
    await first.look("alice", [PATH])
    assert first.known("alice", PATH) == 0
    first.add("alice", PATH, 7)
    assert first.known("alice", PATH) == 7  # before the store heard of it
    second.add("alice", PATH, 5)
    second.add("bob", PATH, 100)
    await second.flush()
    await first.look("alice", [PATH])
    assert first.known("alice", PATH) == 12
    restarted = DailyUsage(store, clock)
    await restarted.look("alice", [PATH])
    assert restarted.known("alice", PATH) == 12


async def test_what_is_known_is_forgotten_after_a_second_and_at_midnight(store: Store) -> None:
    clock = Clock()
    usage = DailyUsage(store, clock)
    usage.add("alice", PATH, 3)
    await usage.look("alice", [PATH])
    clock.now += 0.9
    assert usage.known("alice", PATH) == 3
    clock.now += 0.2
    assert usage.known("alice", PATH) is None
    clock.now = NOON + 43_200
    await usage.look("alice", [PATH])
    assert usage.known("alice", PATH) == 0


async def test_what_was_looked_at_stands_while_rows_come(store: Store) -> None:
    """A statement may run for longer than its count is fresh; others' rows are heard of with its own."""
    clock = Clock()
    first, second = DailyUsage(store, clock), DailyUsage(store, clock)
    first.add("alice", PATH, 3)
    await first.look("alice", [PATH])
    clock.now += 60
    assert (first.known("alice", PATH), first.today("alice", PATH)) == (None, 3)
    second.add("alice", PATH, 10)
    await second.flush()
    first.add("alice", PATH, 1)
    assert first.today("alice", PATH) == 4
    await first.flush()
    assert first.today("alice", PATH) == 14
    clock.now = NOON + 43_200
    assert first.today("alice", PATH) == 0
    first.add("alice", PATH, 2)
    assert first.today("alice", PATH) == 2


async def test_while_the_store_is_away_counts_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = DailyUsage(store, Clock())
    usage.add("alice", PATH, 4)

    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(store, "add_usage", away)
        with pytest.raises(StoreUnavailable):
            await usage.look("alice", [PATH])
        usage.add("alice", PATH, 1)
    await usage.look("alice", [PATH])
    assert usage.known("alice", PATH) == 5
    await usage.look("alice", [PATH])
    assert usage.known("alice", PATH) == 5  # not twice


async def test_a_statement_that_ended_is_stored_at_once(store: Store) -> None:
    clock = Clock()
    usage = DailyUsage(store, clock)
    running = asyncio.create_task(usage.run())
    usage.add("alice", PATH, 9)
    usage.flush_soon()
    deadline = time.monotonic() + 5
    while await store.rows_read("alice", PATH, 20_000) != 9:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
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
