"""The sessions of this process: how many each user has, and how they are all brought to an end."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from gateway.model.identity import ClientInfo, Principal, Target


@dataclass(frozen=True, slots=True)
class About:
    """What an administrator is told of a running session. `started_at` in Unix seconds; `statements` so far."""

    id: str
    principal: Principal
    target: Target
    client: ClientInfo
    started_at: float
    statements: int


class Conversation(Protocol):
    """A running session of either engine."""

    @property
    def about(self) -> About: ...

    @property
    def closed(self) -> asyncio.Future[None]:
        """Done when both sides are closed and the last record is written."""

    def drain(self) -> None:
        """End as soon as no statement runs and no transaction is open; the client is told why."""

    def abort(self) -> None:
        """End now; the client is told why."""


class TooManySessions(Exception):
    """The user has as many sessions as one user may."""


class Sessions:
    """Counts and drains. One for all listeners of a process."""

    def __init__(self, per_user: int) -> None:
        self._per_user = per_user
        self._users: Counter[str] = Counter()
        self._running: set[Conversation] = set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._running)

    def listing(self) -> list[About]:
        """Every running session, oldest first."""
        return sorted((item.about for item in self._running), key=lambda about: about.started_at)

    def end(self, session_id: str) -> bool:
        """End one session now; its client is told why. False where it is not here."""
        for conversation in self._running:
            if conversation.about.id == session_id:
                conversation.abort()
                return True
        return False

    def of_user(self, user: str) -> int:
        return self._users[user]

    @contextmanager
    def slot(self, user: str) -> Iterator[None]:
        """One of the user's places, from login to the end. Raises TooManySessions."""
        if self._users[user] >= self._per_user:
            raise TooManySessions
        self._users[user] += 1
        try:
            yield
        finally:
            self._users[user] -= 1
            if not self._users[user]:
                del self._users[user]

    async def run(self, conversation: Conversation) -> None:
        """Until the conversation is over. Cancelling it aborts the conversation, and still waits for its last record."""
        self._running.add(conversation)
        if self.draining:
            conversation.drain()
        try:
            await asyncio.shield(conversation.closed)
        except asyncio.CancelledError:
            if not conversation.closed.done():
                conversation.abort()
                await conversation.closed
            raise
        finally:
            self._running.discard(conversation)

    async def drain(self, seconds: float) -> int:
        """Let every session end at its next quiet moment; after `seconds` end the rest. How many had to be ended."""
        self.draining = True
        for conversation in tuple(self._running):
            conversation.drain()
        waiting = [asyncio.shield(conversation.closed) for conversation in self._running]
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)
        left = tuple(self._running)
        for conversation in left:
            conversation.abort()
        return len(left)
