"""The current snapshot of every target, kept fresh.

How fresh. Three things bring a new snapshot: DDL that passed the gateway (`refresh` is awaited before the session's next
statement is decided), a name the snapshot does not know (`refresh_unknown`, before the answer), and the periodic probe, for
what somebody with an account of their own did on the server directly. Only the last leaves a window: from that person's commit
until the next probe (`probe_seconds`, one second by default, or twenty times what a probe costs where there are ten thousand
tables) plus the time to read. Within it a view redefined on the server is judged by its old body. Two things bound what that is
worth: whoever can redefine the view holds a server account that the gateway never guarded, and a catalog that could not be
probed for `max_age_seconds` is no longer used at all. A statement that was judged and is on its way when the view changes is
decided by the server's locks, as between any two sessions.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Hashable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final, Protocol

from gateway.catalog.errors import CatalogUnreadable
from gateway.catalog.mysql import probe_mysql, read_mysql
from gateway.catalog.postgres import probe_postgres, read_postgres
from gateway.catalog.snapshot import CatalogSnapshot
from gateway.model.errors import GatewayError
from gateway.model.identity import Engine, Target

_log = logging.getLogger(__name__)
_KNOWN_MISSING: Final = 4096  # names remembered as missing, per target
_PROBE_SHARE: Final = 20  # a probe may take this fraction of the time

Listener = Callable[[Target, CatalogSnapshot], None]


class Connector(Protocol):
    """Opens a connection (asyncpg's or aiomysql's) with the gateway's own account; closes it when left."""

    def __call__(self, target: Target, /) -> AbstractAsyncContextManager[Any]: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """How one engine's catalog is probed and read."""

    probe: Callable[[Any], Awaitable[str]]
    read: Callable[[Any], Awaitable[CatalogSnapshot]]


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds, all of them.

    probe_seconds     between two probes of a target
    unknown_seconds   between two refreshes for unknown names: whoever asks sooner waits
    max_age_seconds   a snapshot that was last confirmed longer ago is not used
    read_seconds      for one probe and reading; then the connection is given up
    """

    probe_seconds: float = 1.0
    unknown_seconds: float = 0.25
    max_age_seconds: float = 60.0
    read_seconds: float = 90.0


POSTGRES_READER: Final = Reader(probe_postgres, read_postgres)
MYSQL_READER: Final = Reader(probe_mysql, read_mysql)
_READERS: Final = {Engine.POSTGRES: POSTGRES_READER, Engine.MYSQL: MYSQL_READER}


class CatalogService:
    """One per process. `epoch` changes whenever any target's catalog did, or became too old to use."""

    def __init__(
        self,
        connect: Connector,
        freshness: Freshness = Freshness(),
        readers: dict[Engine, Reader] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epoch = 0
        self._connect = connect
        self._freshness = freshness
        self._readers = readers if readers is not None else _READERS
        self._clock = clock
        self._watched: dict[Target, _Watched] = {}
        self._listeners: list[Listener] = []

    def current(self, target: Target) -> CatalogSnapshot:
        """The snapshot decisions are made with. Raises CatalogUnreadable where there is none, or none fresh enough."""
        watched = self._watched.get(target)
        if watched is None or watched.snapshot is None:
            raise CatalogUnreadable(f"the catalog of {target.address} has not been read yet")
        if watched.is_too_old():
            raise CatalogUnreadable(f"the catalog of {target.address} could not be checked for changes: {watched.failure}")
        return watched.snapshot

    async def load(self, target: Target) -> CatalogSnapshot:
        """The snapshot, read now if this process has none; the target is watched from here on. Raises CatalogUnreadable."""
        watched = self._watch(target)
        if watched.snapshot is None or watched.is_too_old():
            return await watched.refresh()
        return watched.snapshot

    async def refresh(self, target: Target) -> CatalogSnapshot:
        """A snapshot that was confirmed or read after this call began. Raises CatalogUnreadable.

        Calls that wait at the same time share one reading. An unchanged catalog costs a probe and keeps its snapshot.
        """
        return await self._watch(target).refresh()

    async def refresh_unknown(self, target: Target, names: Collection[Hashable]) -> CatalogSnapshot:
        """A refresh because of names the snapshot does not know; limited in rate, the sender of unknown names waits."""
        return await self._watch(target).refresh_unknown(names)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """`listener(target, snapshot)` is called for every snapshot that differs from the one before. Returns the end of it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def forget(self, target: Target) -> None:
        """Stop watching a target and drop its snapshot."""
        watched = self._watched.pop(target, None)
        if watched is not None:
            await watched.close()

    async def close(self) -> None:
        for target in list(self._watched):
            await self.forget(target)

    def _watch(self, target: Target) -> "_Watched":
        watched = self._watched.get(target)
        if watched is None:
            watched = _Watched(self, target)
            self._watched[target] = watched
            watched.start()
        return watched

    def _changed(self, target: Target, snapshot: CatalogSnapshot) -> None:
        self.epoch += 1
        for listener in tuple(self._listeners):
            listener(target, snapshot)

    def _expired(self) -> None:
        self.epoch += 1


class _Watched:
    """One target: its snapshot, its connection, and the task that probes it."""

    def __init__(self, service: CatalogService, target: Target) -> None:
        self.snapshot: CatalogSnapshot | None = None
        self.failure: GatewayError | None = None
        self._service = service
        self._target = target
        self._freshness = service._freshness
        self._clock = service._clock
        self._reading = asyncio.Lock()
        self._requested = 0  # tickets given out
        self._covered = 0  # tickets that the latest reading answers
        self._confirmed_at = 0.0
        self._probe_cost = 0.0
        self._unknown_at = -service._freshness.unknown_seconds
        self._missing: dict[Hashable, float] = {}
        self._turn: asyncio.Task[CatalogSnapshot] | None = None  # waits to refresh for unknown names
        self._stack = AsyncExitStack()
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep_fresh(), name=f"catalog {self._target.address}")

    async def close(self) -> None:
        tasks = [task for task in (self._task, self._turn) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._disconnect()

    def is_too_old(self) -> bool:
        return self._clock() - self._confirmed_at > self._freshness.max_age_seconds

    async def refresh(self) -> CatalogSnapshot:
        """Takes a ticket; whoever holds the lock reads for every ticket given out until then."""
        self._requested += 1
        ticket = self._requested
        async with self._reading:
            if self._covered < ticket:
                await self._read_for_all()
            if self.failure is not None:
                raise self.failure
            if self.snapshot is None:
                raise CatalogUnreadable(f"the catalog of {self._target.address} could not be read")
            return self.snapshot

    async def refresh_unknown(self, names: Collection[Hashable]) -> CatalogSnapshot:
        now = self._clock()
        recently = now - self._freshness.unknown_seconds
        if self.snapshot is not None and all(self._missing.get(name, -1.0) > recently for name in names):
            return self.snapshot
        if self._turn is None:
            self._turn = asyncio.get_running_loop().create_task(self._take_turn())
            self._turn.add_done_callback(_retrieve)
        snapshot = await asyncio.shield(self._turn)
        if len(self._missing) + len(names) > _KNOWN_MISSING:
            self._missing.clear()
        self._missing.update(dict.fromkeys(names, self._clock()))
        return snapshot

    async def _take_turn(self) -> CatalogSnapshot:
        """One refresh for all who asked until it began."""
        await asyncio.sleep(max(0.0, self._unknown_at + self._freshness.unknown_seconds - self._clock()))
        self._turn = None
        self._unknown_at = self._clock()
        return await self.refresh()

    async def _read_for_all(self) -> None:
        before, self._covered = self._covered, self._requested
        try:
            async with asyncio.timeout(self._freshness.read_seconds):
                await self._read()
        except Exception as error:
            self.failure = CatalogUnreadable(f"the catalog of {self._target.address} cannot be read: {error or 'too slow'}")
            self.failure.__cause__ = error
            await self._disconnect()
        except BaseException:  # cancelled with its session: those who still wait read for themselves
            self._covered = before
            await self._disconnect()
            raise
        else:
            self.failure = None

    async def _read(self) -> None:
        began = self._clock()
        reader = self._service._readers[self._target.engine]
        digest = await self._probe(reader)
        self._probe_cost = self._clock() - began
        if self.snapshot is None or self.snapshot.digest != digest:
            snapshot = await reader.read(self._connection)
            self._missing.clear()
            if self.snapshot is None or snapshot.digest != self.snapshot.digest:
                self.snapshot = snapshot
                self._service._changed(self._target, snapshot)
        self._confirmed_at = began

    async def _probe(self, reader: Reader) -> str:
        """A connection kept from earlier may have died since: then once more with a new one."""
        if self._connection is not None:
            try:
                return await reader.probe(self._connection)
            except (GatewayError, OSError) as error:
                _log.info("catalog connection to %s lost: %s", self._target.address, error)
                await self._disconnect()
        self._connection = await self._stack.enter_async_context(self._service._connect(self._target))
        return await reader.probe(self._connection)

    async def _disconnect(self) -> None:
        self._connection = None
        stack, self._stack = self._stack, AsyncExitStack()
        try:
            await stack.aclose()
        except Exception as error:
            _log.info("closing the catalog connection to %s: %s", self._target.address, error)

    async def _keep_fresh(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(max(self._freshness.probe_seconds, self._probe_cost * _PROBE_SHARE))
            try:
                await self.refresh()
            except CatalogUnreadable as error:
                if not failing:
                    _log.warning("%s", error)
                failing = True
                if self.is_too_old():
                    self._service._expired()
            else:
                failing = False


def _retrieve(turn: asyncio.Task[CatalogSnapshot]) -> None:
    """Those who asked may all have gone: the failure is then in `failure` alone, and no unheard exception."""
    if not turn.cancelled():
        turn.exception()
