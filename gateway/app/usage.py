"""Rows read today, by person and relation: counted in the gateway's table, told to the store, heard of from other gateways."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping

from gateway.app.day_table import DayTable
from gateway.model.errors import StoreUnavailable
from gateway.store import Store
from gateway.store.grants import mark_used
from gateway.store.usage import RowUsage, day_of, usage_of

_log = logging.getLogger("gateway.usage")
_FLUSH_SECONDS = 1.0
_DAYS_KEPT = 31

Key = tuple[str, str, int]  # person, path, day


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
    """`proxy.obligations.Usage` over the gateway's table and the store. Days are UTC's.

    Statements of one gateway share what is left exactly, those at the same moment too. Another gateway hears what a statement
    read when it has ended, and each second while it runs, and is asked before each statement. Where the store is away, new
    statements under a daily limit are refused; counts wait in the table.
    """

    def __init__(self, store: Store, table: DayTable, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._table = table
        self._clock = clock
        self._told: dict[Key, int] = {}  # what the store knows of each count that was made in this worker
        self._stirred: set[Key] = set()
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._pruned = 0

    def today(self, user: str, path: str) -> int:
        return sum(self._table.counted(user, path, day_of(self._clock())))

    async def look(self, user: str, paths: Iterable[str]) -> None:
        day = day_of(self._clock())
        for path in paths:
            self._table.hear(user, path, day, await self._store.rows_elsewhere(user, path, day, self._table.name))
            self._stirred.add((user, path, day))  # a killed worker may have counted what the store has not heard

    def take(self, user: str, limits: Mapping[str, int], rows: int) -> bool:
        day = day_of(self._clock())
        taken = self._table.take(user, list(limits.items()), day, rows)
        self._stirred.update((user, path, day) for path in limits)
        return taken

    async def by_path(self, user: str) -> dict[str, int]:
        """All that was read today. Raises StoreUnavailable."""
        await self.flush()
        day = day_of(self._clock())
        async with self._store.read() as connection:
            stored = await usage_of(connection, user, day)
        return {entry.path: max(entry.rows, sum(self._table.counted(user, entry.path, day))) for entry in stored}

    def flush_soon(self) -> None:
        if self._stirred:
            self._wake.set()

    async def flush(self) -> None:
        """Raises StoreUnavailable; the counts wait then."""
        async with self._writing:
            stirred = self._stirred.copy()
            counts = {key: self._table.counted(*key)[0] for key in stirred}
            news = {key: rows for key, rows in counts.items() if rows > self._told.get(key, 0)}
            if news:
                await self._store.tell_usage(self._table.name, [RowUsage(*key, rows) for key, rows in news.items()])
                self._told |= news
            self._stirred -= {key for key in stirred if self._table.counted(*key)[0] == counts[key]}

    async def run(self) -> None:
        """Flush within a second of a count, at once when a statement ended; forget days that are long past."""
        while True:
            try:
                async with asyncio.timeout(_FLUSH_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass  # no statement ended in this second; one that runs may have counted
            self._wake.clear()
            try:
                await self.flush()
                await self._forget()
            except StoreUnavailable as error:
                _log.warning("rows read today could not be stored, they are kept: %s", error)
                await asyncio.sleep(_FLUSH_SECONDS)

    async def _forget(self) -> None:
        day = day_of(self._clock())
        if day == self._pruned:
            return
        await self._store.prune_usage(day - _DAYS_KEPT)
        self._told = {key: rows for key, rows in self._told.items() if key[2] >= day}
        self._pruned = day
