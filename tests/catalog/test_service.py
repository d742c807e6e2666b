"""Freshness: shared readings, unchanged catalogs kept, unknown names limited, age bounded, failures told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.catalog import CatalogService, CatalogSnapshot, CatalogUnreadable, Freshness, Reader, SystemCatalog
from gateway.model.identity import Engine, Target

TARGET = Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")
QUIET = Freshness(probe_seconds=3600, unknown_seconds=0.05)


@dataclass
class FakeServer:
    """A catalog whose digest tests set. Counts what is asked; `gate` holds readings back."""

    digest: str = "a"
    probes: int = 0
    reads: int = 0
    opened: int = 0
    open_now: int = 0
    broken: Exception | None = None
    gate: asyncio.Event | None = None
    now: float = 1000.0
    seen: list[tuple[Target, str]] = field(default_factory=list)

    def connect(self, target: Target) -> AbstractAsyncContextManager[object]:
        return self._connection()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[object]:
        self.opened += 1
        self.open_now += 1
        try:
            yield object()
        finally:
            self.open_now -= 1

    async def probe(self, connection: object) -> str:
        self.probes += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        return self.digest

    async def read(self, connection: object) -> CatalogSnapshot:
        self.reads += 1
        return CatalogSnapshot(Engine.POSTGRES, "shop", 180000, SystemCatalog(180000), version=self.reads, digest=self.digest)

    def service(self, freshness: Freshness = QUIET, *, real_clock: bool = False) -> CatalogService:
        readers = {Engine.POSTGRES: Reader(self.probe, self.read)}
        if real_clock:
            return CatalogService(self.connect, freshness, readers)
        return CatalogService(self.connect, freshness, readers, clock=lambda: self.now)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


async def test_nothing_is_current_before_the_first_reading(server: FakeServer) -> None:
    service = server.service()
    with pytest.raises(CatalogUnreadable, match="pg1/shop has not been read"):
        service.current(TARGET)
    snapshot = await service.load(TARGET)
    assert service.current(TARGET) is snapshot
    assert await service.load(TARGET) is snapshot
    assert server.reads == 1
    await service.close()
    assert server.open_now == 0


async def test_an_unchanged_catalog_keeps_its_snapshot_and_its_epoch(server: FakeServer) -> None:
    service = server.service()
    first = await service.load(TARGET)
    epoch = service.epoch
    assert await service.refresh(TARGET) is first
    assert (service.epoch, server.reads, server.probes, server.opened) == (epoch, 1, 2, 1)
    server.digest = "b"
    second = await service.refresh(TARGET)
    assert second is not first
    assert service.current(TARGET) is second
    assert service.epoch == epoch + 1
    await service.close()


async def test_listeners_hear_of_changes_until_they_leave(server: FakeServer) -> None:
    service = server.service()
    leave = service.subscribe(lambda target, snapshot: server.seen.append((target, snapshot.digest)))
    await service.load(TARGET)
    await service.refresh(TARGET)
    server.digest = "b"
    await service.refresh(TARGET)
    leave()
    server.digest = "c"
    await service.refresh(TARGET)
    assert server.seen == [(TARGET, "a"), (TARGET, "b")]
    await service.close()


async def test_those_who_wait_share_one_reading_that_began_after_they_asked(server: FakeServer) -> None:
    service = server.service()
    await service.load(TARGET)
    server.gate = asyncio.Event()
    early = asyncio.create_task(service.refresh(TARGET))
    await asyncio.sleep(0)
    late = [asyncio.create_task(service.refresh(TARGET)) for _ in range(20)]
    await asyncio.sleep(0)
    server.digest = "b"
    server.gate.set()
    results = await asyncio.gather(early, *late)
    assert server.probes == 3  # the load's, the early one's, one for the twenty
    assert {snapshot.digest for snapshot in results} == {"b"}
    await service.close()


async def test_a_cancelled_reader_leaves_the_others_their_answer(server: FakeServer) -> None:
    service = server.service()
    server.gate = asyncio.Event()
    first = asyncio.create_task(service.refresh(TARGET))
    await asyncio.sleep(0)
    second = asyncio.create_task(service.refresh(TARGET))
    await asyncio.sleep(0)
    first.cancel()
    server.gate.set()
    assert (await second).digest == "a"
    with pytest.raises(asyncio.CancelledError):
        await first
    await service.close()
    assert server.open_now == 0


async def test_unknown_names_cost_their_sender_time_not_the_server_probes(server: FakeServer) -> None:
    service = server.service(real_clock=True)
    await service.load(TARGET)
    before = server.probes
    await asyncio.gather(*(service.refresh_unknown(TARGET, [("public", f"t{number}")]) for number in range(100)))
    assert server.probes - before <= 4
    probes = server.probes
    await service.refresh_unknown(TARGET, [("public", "t1")])  # asked a moment ago
    assert server.probes <= probes + 1
    await service.close()


async def test_a_name_asked_again_at_once_is_not_looked_up_again(server: FakeServer) -> None:
    service = server.service()
    await service.refresh_unknown(TARGET, ["missing"])
    probes = server.probes
    for _ in range(50):
        await service.refresh_unknown(TARGET, ["missing"])
    assert server.probes == probes
    server.now += 1
    server.digest = "b"
    assert (await service.refresh_unknown(TARGET, ["missing"])).digest == "b"
    await service.close()


async def test_a_failed_reading_is_an_error_and_the_next_one_may_succeed(server: FakeServer) -> None:
    service = server.service()
    first = await service.load(TARGET)
    server.broken = OSError("connection reset")
    with pytest.raises(CatalogUnreadable, match="connection reset"):
        await service.refresh(TARGET)
    assert service.current(TARGET) is first
    assert server.open_now == 0
    server.broken = None
    assert await service.refresh(TARGET) is first
    await service.close()


async def test_a_snapshot_too_old_is_not_used(server: FakeServer) -> None:
    service = server.service(Freshness(probe_seconds=3600, max_age_seconds=60))
    await service.load(TARGET)
    server.broken = ConnectionRefusedError("refused")
    server.now += 59
    service.current(TARGET)
    server.now += 2
    with pytest.raises(CatalogUnreadable, match="could not be checked"):
        service.current(TARGET)
    with pytest.raises(CatalogUnreadable, match="refused"):
        await service.load(TARGET)
    server.broken = None
    assert (await service.load(TARGET)).digest == "a"
    service.current(TARGET)
    await service.close()


async def test_a_connection_that_died_meanwhile_is_replaced_once(server: FakeServer) -> None:
    service = server.service()
    await service.load(TARGET)
    real = server.probe
    calls = 0

    async def dead_once(connection: object) -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise CatalogUnreadable("terminating connection")
        return await real(connection)

    service._readers[Engine.POSTGRES] = Reader(dead_once, server.read)
    await service.refresh(TARGET)
    assert (server.opened, server.open_now, calls) == (2, 1, 2)
    await service.close()


async def test_changes_behind_the_gateways_back_are_noticed(server: FakeServer) -> None:
    service = server.service(Freshness(probe_seconds=0.01), real_clock=True)
    changed = asyncio.Event()
    await service.load(TARGET)
    service.subscribe(lambda target, snapshot: changed.set())
    server.digest = "b"
    async with asyncio.timeout(5):
        await changed.wait()
    assert service.current(TARGET).digest == "b"
    await service.close()
    with pytest.raises(CatalogUnreadable):
        service.current(TARGET)
