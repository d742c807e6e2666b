"""Approved statements that this session was allowed to run once: what became of each is told exactly once.

A statement inside a transaction has run only when the transaction is committed; ROLLBACK TO a savepoint before it takes it
back. Telling takes its time in the store, so it happens beside the conversation; the session is closed only after it.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass

from gateway.model.errors import GatewayError
from gateway.proxy.rooms import Release

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pending:
    release: Release
    depth: int  # savepoints that were open when it ran


class Claims:
    __slots__ = ("_pending", "_tasks")

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, release: Release, depth: int) -> None:
        """The statement succeeded; its transaction is still open."""
        self._pending.append(_Pending(release, depth))

    def settle(self, *, committed: bool, depth: int = 0) -> None:
        """The transaction ended, or went back to where `depth` savepoints were open."""
        if not self._pending:
            return
        settled = [item for item in self._pending if item.depth >= depth]
        self._pending = [item for item in self._pending if item.depth < depth]
        for item in settled:
            self._tell(item.release.number, item.release.finished(None if committed else "rolled back"))

    def released_to(self, depth: int) -> None:
        """RELEASE: what ran behind that savepoint now belongs to the one before."""
        for item in self._pending:
            item.depth = min(item.depth, depth)

    def failed(self, release: Release, message: str) -> None:
        self._tell(release.number, release.finished(message))

    def give_back(self, release: Release) -> None:
        self.failed(release, "the statement was not run")

    def lost(self, release: Release, reason: str) -> None:
        """Nobody knows whether it ran."""
        self._tell(release.number, release.lost(reason))

    async def told(self) -> None:
        """Returns when nothing is left to tell."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _tell(self, number: int, telling: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(_told(number, telling))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _told(number: int, telling: Coroutine[None, None, None]) -> None:
    try:
        await telling
    except GatewayError:
        # The claim stays as it is: a person says what happened (gateway issue rollout --assume).
        log.exception("issue #%d: the outcome of a released statement could not be stored", number)
