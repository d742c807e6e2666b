"""Background work of a worker: following the store, so that a change made anywhere counts here within a second."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from gateway.model.errors import GatewayError, StoreUnavailable
from gateway.store import Store

_log = logging.getLogger("gateway.follow")
POLL_SECONDS = 0.25
_PRUNE_SECONDS = 60.0


class StoreFollower:
    """Polls the store's two counters. `on_change` is awaited when decisions may differ, `on_cancel` for each request.

    While the store is away the last known state goes on to decide: live sessions keep working, and a revocation counts
    from the moment the store is back. What needs the store itself (logins, issues) fails loudly by itself.
    """

    def __init__(
        self, store: Store, on_change: Callable[[], Awaitable[None]], on_cancel: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._store = store
        self._on_change = on_change
        self._on_cancel = on_cancel
        self._version = -1
        self._signals = -1
        self._last_cancel = 0
        self._away = False
        self._pruned_at = time.monotonic()
        self.failure: str | None = None

    async def start(self) -> None:
        """Take the present state as known. Raises StoreUnavailable."""
        self._signals = await self._store.signals()
        self._last_cancel = await self._store.last_cancel()
        await self.follow()

    async def follow(self) -> None:
        """One look. Raises StoreUnavailable."""
        version, signals = await self._store.counters()
        if version != self._version:
            await self._on_change()
            self._version = version
        if signals != self._signals:
            for request in await self._store.cancels_after(self._last_cancel):
                await self._on_cancel(request.key_digest)
                self._last_cancel = max(self._last_cancel, request.id)
            self._signals = signals
        if time.monotonic() - self._pruned_at > _PRUNE_SECONDS:
            self._pruned_at = time.monotonic()
            await self._store.prune_cancels(time.time() - _PRUNE_SECONDS)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.follow()
            except StoreUnavailable as error:
                self.failure = str(error)
                if not self._away:
                    _log.warning("the store is away, the last known state decides: %s", error)
                self._away = True
            else:
                self.failure = None
                if self._away:
                    _log.warning("the store is back")
                self._away = False


class StoreCancelForwarder:
    """`proxy.ports.CancelForwarder`: the request goes to every worker of every gateway on this store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def forward(self, digest: str) -> None:
        await self._store.post_cancel(digest)


class Background:
    """Tasks that live as long as the worker. One that dies takes the worker down: nothing runs half-alive."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Work that is not expected to end before the worker."""
        self._add(work, name).add_done_callback(self._ended)

    def once(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Work that ends; a failure is logged."""
        self._add(work, name).add_done_callback(self._finished)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _add(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or self.broken.done():
            return
        error = task.exception()
        self.broken.set_exception(error or GatewayError(f"background task {task.get_name()} ended"))

    @staticmethod
    def _finished(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            _log.error("background task %s failed", task.get_name(), exc_info=task.exception())
