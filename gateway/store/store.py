"""The store as the rest of the gateway sees it: opened once, asked often, changed in transactions."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.model.errors import StoreUnavailable
from gateway.model.identity import Principal, PrincipalKind, Target
from gateway.store import anchors, cancels, control, directory, grants, issues, migrations, servers, tokens, usage
from gateway.store.backend import Backend, lock_file
from gateway.store.directory import StoredUser
from gateway.store.grants import StoredGrant
from gateway.store.secrets import SecretKey
from gateway.store.servers import ServerAccess

T = TypeVar("T")

_MIGRATION_LOCK = "gateway-migration"
# Any fixed number; PostgreSQL's advisory locks have no names. These are the first bytes of SHA-256("gateway-migration").
_MIGRATION_LOCK_NUMBER = 0x37A4_11D9_0C52_6EB1
_MIGRATION_SECONDS = 60


class Store:
    """Reads are methods here; changes are functions of the nouns' modules, called with the connection of a transaction:

    async with store.change() as connection:
        await directory.add_user(connection, "alice")
    """

    def __init__(self, backend: Backend, key: SecretKey, clock: Callable[[], float] = time.time) -> None:
        self.backend = backend
        self.key = key
        self._clock = clock

    @classmethod
    async def open(cls, url: str, key: SecretKey, *, migrate: bool = True, clock: Callable[[], float] = time.time) -> "Store":
        """Reach the store and bring its schema up to date (or, without `migrate`, make sure that it is).

        Raises ConfigurationError for a bad URL or a schema that is too old or too new, StoreUnavailable.
        """
        backend = Backend.connect(url)
        try:
            await _prepare(backend, migrate=migrate)
        except BaseException:
            await backend.close()
            raise
        return cls(backend, key, clock)

    @property
    def engine(self) -> AsyncEngine:
        return self.backend.engine

    async def close(self) -> None:
        await self.backend.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads."""
        async with self.backend.read() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction whose changes no decision depends on: an issue's step, a count. Commits at the end of the block."""
        async with self.backend.write() as connection:
            yield connection

    @asynccontextmanager
    async def change(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes what decisions depend on: the version grows with it, and such changes queue."""
        async with self.backend.write() as connection:
            await control.bump_version(connection)
            yield connection

    async def version(self) -> int:
        return await self._read(control.version)

    async def signals(self) -> int:
        return await self._read(control.signals)

    async def counters(self) -> tuple[int, int]:
        """(version, signals)."""
        return await self._read(control.counters)

    async def user(self, name: str) -> StoredUser | None:
        return await self._read(lambda connection: directory.find_user(connection, name))

    async def principal(self, name: str) -> Principal | None:
        """The user with all roles that count now; None where the user is unknown or disabled."""
        return await self._read(lambda connection: directory.find_principal(connection, name, self._clock()))

    async def token_owner(self, token: str) -> Principal | None:
        """Who acts with this token; None where it does not count, or its owner is disabled."""
        async with self.read() as connection:
            now = self._clock()
            owner = await tokens.find_owner(connection, token, now)
            principal = None if owner is None else await directory.find_principal(connection, owner, now)
        return None if principal is None else replace(principal, kind=PrincipalKind.TOKEN)

    async def targets(self) -> list[Target]:
        return await self._read(servers.list_targets)

    async def server(self, instance: str) -> ServerAccess:
        """Raises NotFound."""
        return await self._read(lambda connection: servers.find_server(connection, self.key, instance))

    async def active_grants(self, now: float | None = None) -> list[StoredGrant]:
        moment = self._clock() if now is None else now
        return await self._read(lambda connection: grants.active_grants(connection, moment))

    async def post_cancel(self, key_digest: str) -> None:
        async with self.write() as connection:
            await cancels.post_cancel(connection, key_digest, self._clock())

    async def cancels_after(self, last: int) -> list[cancels.CancelRequest]:
        return await self._read(lambda connection: cancels.cancels_after(connection, last))

    async def last_cancel(self) -> int:
        return await self._read(cancels.last_cancel)

    async def prune_cancels(self, before: float) -> int:
        async with self.write() as connection:
            return await cancels.prune_cancels(connection, before)

    async def put_anchor(self, anchor: anchors.Anchor) -> bool:
        async with self.write() as connection:
            return await anchors.put_anchor(connection, anchor)

    async def anchors(self) -> list[anchors.Anchor]:
        return await self._read(anchors.list_anchors)

    async def tell_usage(self, counter: str, entries: list[usage.RowUsage]) -> None:
        async with self.write() as connection:
            await usage.tell_usage(connection, counter, entries)

    async def rows_elsewhere(self, user: str, path: str, day: int, counter: str) -> int:
        return await self._read(lambda connection: usage.rows_elsewhere(connection, user, path, day, counter))

    async def prune_usage(self, before_day: int) -> int:
        async with self.write() as connection:
            return await usage.prune_usage(connection, before_day)

    async def require_key(self) -> None:
        """Raises SecretUnreadable where the key is not the one that servers' passwords were sealed with."""
        async with self.read() as connection:
            for instance in await servers.list_instances(connection):
                if instance.has_password:
                    await servers.find_server(connection, self.key, instance.name)

    async def rotate_key(self) -> int:
        """A new key for everything that is encrypted; how many secrets there were. Stopped half-way, it can be run again."""
        await asyncio.to_thread(self.key.begin_rotation)
        async with self.change() as connection:
            count = await servers.reencrypt(connection, self.key) + await issues.reencrypt(connection, self.key)
        await asyncio.to_thread(self.key.finish_rotation)
        return count

    async def _read(self, query: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self.read() as connection:
            return await query(connection)


async def _prepare(backend: Backend, *, migrate: bool) -> None:
    """Open once under a lock between processes and, with `migrate`, bring the schema up to date."""
    match backend.dialect:
        case "sqlite":
            await _prepare_sqlite(backend, migrate=migrate)
        case "postgresql":
            async with backend.write() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK_NUMBER})
                await connection.run_sync(migrations.upgrade if migrate else migrations.require_current)
        case _:
            await _prepare_mysql(backend, migrate=migrate)


async def _prepare_sqlite(backend: Backend, *, migrate: bool) -> None:
    file = backend.sqlite_file
    if file is None:
        raise StoreUnavailable("store.url names no file")
    if not migrate and not file.exists():
        raise StoreUnavailable(f"store {backend.shown_url}: no such file")
    with backend.translated_errors():
        lock = await asyncio.to_thread(_claim_sqlite, file)
    try:
        with backend.translated_errors():
            async with backend.engine.connect() as connection:
                # WAL: readers go on while one process writes. The mode stays with the file; it cannot change in a transaction.
                raw = (await connection.get_raw_connection()).driver_connection
                if raw is not None:
                    await raw.execute("PRAGMA journal_mode = WAL")
        async with backend.write() as connection:
            await connection.run_sync(migrations.upgrade if migrate else migrations.require_current)
    finally:
        os.close(lock)


def _claim_sqlite(file: Path) -> int:
    """Make the file, for the gateway alone to read, and take the lock under which processes start one after the other."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_file(file.with_name(f"{file.name}.lock"))
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return lock


async def _prepare_mysql(backend: Backend, *, migrate: bool) -> None:
    async with backend.write() as connection:
        # Named locks are the server's, not the database's: other gateways on the same server wait a little too.
        lock = {"name": _MIGRATION_LOCK, "seconds": _MIGRATION_SECONDS}
        got = (await connection.execute(text("SELECT GET_LOCK(:name, :seconds)"), lock)).scalar()
        if got != 1:
            raise StoreUnavailable(f"store {backend.shown_url}: another process has been migrating it for too long")
        try:
            await connection.run_sync(migrations.upgrade if migrate else migrations.require_current)
        finally:
            await connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": _MIGRATION_LOCK})
