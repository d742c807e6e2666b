"""Rows read today, by person and relation: counted here, told to the store within a second, read back for the others'."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

from gateway.model.errors import StoreUnavailable
from gateway.store import Store
from gateway.store.grants import mark_used
from gateway.store.usage import RowUsage, day_of

_log = logging.getLogger("gateway.usage")
_FLUSH_SECONDS = 1.0
_FRESH_SECONDS = 1.0
_KEPT = 50_000

Key = tuple[str, str]


class GrantUse:
    """Remembers the first use of each grant: one that was never used is reported. Decisions do not depend on it."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._told: set[int] = set()
        self._fresh: set[int] = set()

    def used(self, grants: list[int]) -> None:
        self._fresh.update(number for number in grants if number not in self._told)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            if self._fresh:
                await self._tell()

    async def _tell(self) -> None:
        taken = set(self._fresh)
        try:
            async with self._store.write() as connection:
                await mark_used(connection, sorted(taken), self._clock())
        except StoreUnavailable as error:
            _log.warning("which grants were used could not be stored, it is kept: %s", error)
            return
        self._told |= taken
        self._fresh -= taken


class DailyUsage:
    """`proxy.obligations.Usage` over the store. Days are UTC's.

    What was counted and not stored yet is added to what the store said last, so a worker never forgets its own. If the store
    is away, counts wait here; new statements under a daily limit are refused until it answers.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._stored: dict[Key, tuple[int, int, float]] = {}  # (day, rows, when read)
        self._fresh: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()

    def known(self, user: str, path: str) -> int | None:
        now = self._clock()
        day = day_of(now)
        entry = self._stored.get((user, path))
        if entry is None or entry[0] != day or now - entry[2] > _FRESH_SECONDS:
            return None
        return entry[1] + self._fresh.get((user, path, day), 0)

    def today(self, user: str, path: str) -> int:
        day = day_of(self._clock())
        entry = self._stored.get((user, path))
        stored = entry[1] if entry is not None and entry[0] == day else 0
        return stored + self._fresh.get((user, path, day), 0)

    async def look(self, user: str, paths: Iterable[str]) -> None:
        await self.flush()
        now = self._clock()
        day = day_of(now)
        if len(self._stored) > _KEPT:
            self._stored.clear()
        for path in paths:
            self._stored[user, path] = (day, await self._store.rows_read(user, path, day), self._clock())

    def add(self, user: str, path: str, rows: int) -> None:
        self._fresh[user, path, day_of(self._clock())] += rows

    def flush_soon(self) -> None:
        if self._fresh:
            self._wake.set()

    async def flush(self) -> None:
        """Raises StoreUnavailable; the counts are kept then."""
        async with self._writing:
            taken = dict(self._fresh)
            if not taken:
                return
            entries = [RowUsage(user, path, day, rows) for (user, path, day), rows in taken.items()]
            totals = await self._store.add_usage(entries)
            for ((user, path, day), rows), total in zip(taken.items(), totals, strict=True):
                left = self._fresh[user, path, day] - rows
                if left:
                    self._fresh[user, path, day] = left
                else:
                    del self._fresh[user, path, day]
                entry = self._stored.get((user, path))
                if entry is None or entry[0] <= day:  # what others' workers read meanwhile is in the total
                    self._stored[user, path] = (day, total, self._clock())

    async def run(self) -> None:
        """Flush within a second of a count, at once when a statement ended."""
        while True:
            try:
                async with asyncio.timeout(_FLUSH_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass_on = bool(self._fresh)
            else:
                pass_on = True
            self._wake.clear()
            if pass_on:
                await self._flush_quietly()

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except StoreUnavailable as error:
            _log.warning("rows read today could not be stored, they are kept: %s", error)
            await asyncio.sleep(_FLUSH_SECONDS)
