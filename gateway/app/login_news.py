"""Failed logins, told to the other workers of this gateway: guesses that are spread over workers slow down all the same."""

import asyncio
from collections import deque
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

from gateway.app.peers import ask
from gateway.proxy.throttle import LoginNews, LoginThrottle

PAUSE_SECONDS: Final = 0.05
_IN_A_MESSAGE: Final = 50  # names may be long, and a message is a line of at most 64 KB
_KEPT: Final = 5_000  # not yet told; beyond that the oldest is not told at all


class LoginGossip:
    """`follow` tells the others what was counted here; `take` counts what they told."""

    def __init__(self, throttle: LoginThrottle, others: list[Path]) -> None:
        self._throttle = throttle
        self._others = others
        self._waiting: deque[LoginNews] = deque(maxlen=_KEPT)
        self._some = asyncio.Event()
        if others:
            throttle.tell = self._tell

    def take(self, entries: Any) -> None:
        """Raises ValueError, TypeError for what no worker sends."""
        for user, address, failed in entries:
            self._throttle.heard(LoginNews(str(user), str(address), failed=bool(failed)))

    async def follow(self) -> None:
        """Until cancelled."""
        while self._others:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                batch = [astuple(self._waiting.popleft()) for _ in range(min(_IN_A_MESSAGE, len(self._waiting)))]
                await asyncio.gather(*(ask(path, {"ask": "logins", "entries": batch}) for path in self._others))
            await asyncio.sleep(PAUSE_SECONDS)

    def _tell(self, news: LoginNews) -> None:
        self._waiting.append(news)
        self._some.set()
