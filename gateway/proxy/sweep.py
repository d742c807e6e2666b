"""Looks at all live conversations twice a second: what runs must still be allowed. Statements pay nothing for it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

_SECONDS: Final = 0.5

Conversation = TypeVar("Conversation")


class Sweep(Generic[Conversation]):
    """`look` is called with each conversation and the time in Unix seconds."""

    def __init__(self, look: Callable[[Conversation, float], None]) -> None:
        self._look = look
        self._live: set[Conversation] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, conversation: Conversation, closed: "asyncio.Future[None]") -> None:
        """Until `closed` is done."""
        self._live.add(conversation)
        closed.add_done_callback(lambda _: self._live.discard(conversation))
        if self._timer is None:
            self._again()

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = time.time()
        for conversation in tuple(self._live):
            self._look(conversation, now)
        if self._live:
            self._again()
