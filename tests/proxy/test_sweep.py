"""Live conversations are looked at again and again, closed ones are not, and nothing ticks while there are none."""

import asyncio
import time

import pytest

from gateway.proxy import sweep as module
from gateway.proxy.sweep import Sweep


async def test_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.01)
    looked: list[str] = []
    seen = asyncio.Event()

    def look(conversation: str, now: float) -> None:
        assert abs(now - time.time()) < 5
        looked.append(conversation)
        if len(looked) >= 4:
            seen.set()

    sweep: Sweep[str] = Sweep(look)
    closed = {name: asyncio.get_running_loop().create_future() for name in ("a", "b")}
    for name, future in closed.items():
        sweep.watch(name, future)
    async with asyncio.timeout(5):
        await seen.wait()
    assert set(looked) == {"a", "b"}
    closed["a"].set_result(None)
    await asyncio.sleep(0)
    looked.clear()
    seen.clear()
    async with asyncio.timeout(5):
        await seen.wait()
    assert set(looked) == {"b"}
    closed["b"].set_result(None)
    await asyncio.sleep(0.05)
    assert sweep._timer is None
