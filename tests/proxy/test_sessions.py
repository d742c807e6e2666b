import asyncio

import pytest

from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.proxy.sessions import About, Sessions, TooManySessions


class Running:
    """A conversation that ends when drained, unless it is busy."""

    def __init__(self, *, busy: bool = False) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.busy = busy
        self.aborted = False

    @property
    def about(self) -> About:
        target = Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")
        return About(f"{id(self):x}", Principal("alice"), target, ClientInfo("127.0.0.1"), 1.0, 3)

    def drain(self) -> None:
        if not self.busy:
            self.closed.set_result(None)

    def abort(self) -> None:
        self.aborted = True
        self.closed.set_result(None)


async def test_places_of_a_user_are_given_back() -> None:
    sessions = Sessions(per_user=1)
    with sessions.slot("alice"), sessions.slot("bob"):
        assert sessions.of_user("alice") == 1
        with pytest.raises(TooManySessions), sessions.slot("alice"):
            raise AssertionError
    assert sessions.of_user("alice") == 0
    with sessions.slot("alice"):
        assert sessions.of_user("alice") == 1


async def test_drain_waits_for_the_quiet_and_ends_the_busy() -> None:
    sessions, quiet, busy = Sessions(9), Running(), Running(busy=True)
    tasks = [asyncio.ensure_future(sessions.run(conversation)) for conversation in (quiet, busy)]
    await asyncio.sleep(0)
    assert len(sessions) == 2
    assert await sessions.drain(0.05) == 1
    await asyncio.gather(*tasks)
    assert (quiet.aborted, busy.aborted) == (False, True)
    assert len(sessions) == 0


async def test_a_session_that_begins_while_draining_is_drained() -> None:
    sessions, late = Sessions(9), Running()
    assert await sessions.drain(0) == 0
    await asyncio.wait_for(sessions.run(late), 1)


async def test_cancelling_the_connections_task_aborts_and_waits_for_the_end() -> None:
    sessions, busy = Sessions(9), Running(busy=True)
    task = asyncio.ensure_future(sessions.run(busy))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert busy.aborted
    assert busy.closed.done()


async def test_one_session_can_be_named_and_ended() -> None:
    sessions, first, second = Sessions(9), Running(busy=True), Running(busy=True)
    tasks = [asyncio.ensure_future(sessions.run(conversation)) for conversation in (first, second)]
    await asyncio.sleep(0)
    assert {about.id for about in sessions.listing()} == {first.about.id, second.about.id}
    assert sessions.end(first.about.id)
    assert not sessions.end("nobody's")
    await tasks[0]
    assert (first.aborted, second.aborted) == (True, False)
    second.abort()
    await tasks[1]
