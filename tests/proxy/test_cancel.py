import asyncio

from gateway.model.errors import StoreUnavailable
from gateway.proxy.cancel import CancelKey, CancelRegistry


class Session:
    def __init__(self) -> None:
        self.cancelled = 0

    async def cancel(self) -> None:
        self.cancelled += 1


class Forwarder:
    def __init__(self, failure: Exception | None = None) -> None:
        self.digests: list[str] = []
        self.failure = failure
        self.released = asyncio.Event()

    async def forward(self, digest: str) -> None:
        self.digests.append(digest)
        if self.failure is not None:
            raise self.failure
        await self.released.wait()


async def test_each_session_is_cancelled_by_its_own_key_only() -> None:
    registry, one, other = CancelRegistry(), Session(), Session()
    key, other_key = registry.register(one.cancel, 4), registry.register(other.cancel, 32)
    assert (len(key.secret), len(other_key.secret)) == (4, 32)
    await registry.cancel(key.process_id, other_key.secret)
    await registry.cancel(key.process_id, b"")
    assert (one.cancelled, other.cancelled) == (0, 0)
    await registry.cancel(other_key.process_id, other_key.secret)
    assert (one.cancelled, other.cancelled) == (0, 1)


async def test_a_forgotten_key_is_silence() -> None:
    registry, session = CancelRegistry(), Session()
    key = registry.register(session.cancel, 4)
    registry.forget(key)
    registry.forget(key)
    await registry.cancel(key.process_id, key.secret)
    assert not await registry.cancel_by_digest(key.digest)
    assert session.cancelled == 0
    assert len(registry) == 0


async def test_another_worker_knows_the_session_by_its_digest() -> None:
    here, session = CancelRegistry(), Session()
    key = here.register(session.cancel, 4)
    forwarder = Forwarder()
    forwarder.released.set()
    await CancelRegistry(forwarder).cancel(key.process_id, key.secret)
    assert forwarder.digests == [key.digest]
    assert await here.cancel_by_digest(forwarder.digests[0])
    assert session.cancelled == 1


async def test_a_store_that_is_away_is_no_answer_either() -> None:
    await CancelRegistry(Forwarder(StoreUnavailable("away"))).cancel(1, b"abcd")


async def test_a_flood_of_wrong_keys_is_bounded() -> None:
    forwarder = Forwarder()
    registry = CancelRegistry(forwarder)
    flood = [asyncio.ensure_future(registry.cancel(1, number.to_bytes(4, "big"))) for number in range(1_000)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(forwarder.digests) <= 32
    forwarder.released.set()
    await asyncio.gather(*flood)


def test_a_digest_is_not_the_key() -> None:
    key = CancelKey(1, b"secret key bytes")
    assert key.digest != CancelKey(2, b"secret key bytes").digest
    assert b"secret".hex() not in key.digest
    assert "secret" not in repr(key)
