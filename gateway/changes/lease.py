"""Only one process rolls out an issue: it holds a lease in the store, and everything it writes is fenced by it.

The lease is renewed by a heartbeat three times in its length. A process that cannot renew stops at once; another takes over
when the lease has run out. What keeps a paused process from harm when it wakes is the fence: storing a transaction's marker,
without which nothing is committed, fails for whoever lost the lease.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.changes.ports import Clock
from gateway.model.change import Issue
from gateway.model.errors import Conflict, StoreUnavailable
from gateway.store.issues import IssueChange, IssueRepository

LEASE_SECONDS = 30.0


class LeaseLost(Conflict):
    """Another process took over, or the store could not be reached in time: stop without touching anything."""


def new_owner() -> str:
    """A name for one run of a rollout, told apart from every other run."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}:{secrets.token_hex(8)}"


class Lease:
    """The lease of one run over one issue. Taking it is part of the change that starts the rollout."""

    def __init__(self, repository: IssueRepository, number: int, clock: Clock, seconds: float = LEASE_SECONDS) -> None:
        self._repository = repository
        self._number = number
        self._clock = clock
        self._seconds = seconds
        self.owner = new_owner()

    async def take(self, change: IssueChange, issue: Issue) -> None:
        """Raises Conflict while another run holds it."""
        now = self._clock()
        if issue.lease_owner is not None and issue.lease_until is not None and issue.lease_until > now:
            raise Conflict(f"issue #{issue.number} is being rolled out by {issue.lease_owner.rsplit(':', 1)[0]}")
        await change.update_issue(issue.number, now, lease_owner=self.owner, lease_until=now + self._seconds)

    @asynccontextmanager
    async def fenced(self) -> AsyncIterator[IssueChange]:
        """A change of the issue that only the lease's holder can make. Raises LeaseLost."""
        async with self._repository.change(self._number) as change:
            issue = await change.issue()
            now = self._clock()
            if issue.lease_owner != self.owner or issue.lease_until is None or issue.lease_until <= now:
                raise LeaseLost(f"issue #{self._number}: the lease of this rollout has run out")
            await change.update_issue(self._number, now, lease_until=now + self._seconds)
            yield change

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew while the block runs; when that fails, the block is cancelled and LeaseLost raised."""
        work = asyncio.current_task()
        lost: list[Exception] = []

        async def beat() -> None:
            try:
                while True:
                    await asyncio.sleep(self._seconds / 3)
                    async with self.fenced():
                        pass
            except (LeaseLost, StoreUnavailable) as error:
                lost.append(error)
                if work is not None:
                    work.cancel()

        heart = asyncio.create_task(beat(), name=f"lease of issue #{self._number}")
        try:
            yield
        except asyncio.CancelledError:
            if lost:
                raise LeaseLost(f"issue #{self._number}: the lease could not be renewed: {lost[0]}") from lost[0]
            raise
        finally:
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)
