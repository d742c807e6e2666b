"""What one worker counts of failed logins, the others count too."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.app.login_news import LoginGossip
from gateway.app.peers import WorkerSocket, ask, socket_path
from gateway.metrics import Metrics
from gateway.proxy.sessions import Sessions
from gateway.proxy.throttle import LoginThrottle
from tests.app.test_peers import settings


async def test_failures_here_are_failures_there_and_a_right_password_ends_them(tmp_path: Path) -> None:
    paths = [socket_path(settings(tmp_path), number) for number in range(2)]
    throttles = [LoginThrottle(3) for _ in range(2)]
    gossips = [LoginGossip(throttle, [paths[1 - number]]) for number, throttle in enumerate(throttles)]
    async with AsyncExitStack() as stack:
        for number, gossip in enumerate(gossips):
            await WorkerSocket(settings(tmp_path), number, Sessions(9), Metrics(number), gossip.take).open(stack)
        tasks = [asyncio.create_task(gossip.follow()) for gossip in gossips]
        for number in range(120):  # more than one message holds
            throttles[0].failed("alice" if number < 5 else f"user {number}", "10.0.0.1")
        async with asyncio.timeout(10):
            while ("user", "user 119") not in throttles[1]._records:
                await asyncio.sleep(0.01)
        assert throttles[1]._records["user", "alice"].failures == 5
        assert throttles[1].answer_wait("alice", "10.0.0.2")
        throttles[1].succeeded("alice")
        async with asyncio.timeout(10):
            while ("user", "alice") in throttles[0]._records:
                await asyncio.sleep(0.01)
        assert throttles[0].answer_wait("alice", "10.0.0.2") == 0.0
        assert throttles[0].answer_wait("alice", "10.0.0.1") != 0.0  # an address is forgotten by time alone
        assert await ask(paths[1], {"ask": "logins", "entries": [[1]]}) is None
        for task in tasks:
            task.cancel()


async def test_a_single_worker_tells_nobody(tmp_path: Path) -> None:
    throttle = LoginThrottle(3)
    await LoginGossip(throttle, []).follow()
    throttle.failed("alice", "10.0.0.1")
    assert throttle.tell is None
