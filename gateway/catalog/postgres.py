"""A PostgreSQL catalog as a snapshot, and the probe that says whether it changed."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from asyncpg.exceptions import (
    InterfaceError,
    InternalServerError,
    PostgresError,
    UndefinedObjectError,
    UndefinedTableError,
)

from gateway.catalog import postgres_queries as queries
from gateway.catalog.postgres_build import Rows, build_snapshot, build_system
from gateway.catalog.snapshot import CatalogSnapshot, SystemCatalog
from gateway.model.errors import GatewayError

_ATTEMPTS: Final = 3
_HALVES: Final = {
    "relations": queries.RELATIONS,
    "columns": queries.COLUMNS,
    "functions": queries.FUNCTIONS,
    "types": queries.TYPES,
}
_SHARED: Final = {"schemas": queries.SCHEMAS, "type_names": queries.TYPE_NAMES}
_USERS: Final = {
    "settings": queries.SETTINGS,
    "defaults": queries.DEFAULTS,
    "inherits": queries.INHERITS,
    "rules": queries.RULES,
    "triggers": queries.TRIGGERS,
    "foreign_keys": queries.FOREIGN_KEYS,
    "policies": queries.POLICIES,
    "owned_sequences": queries.OWNED_SEQUENCES,
    "dependent_functions": queries.DEPENDENT_FUNCTIONS,
    "function_extensions": queries.FUNCTION_EXTENSIONS,
    "operators": queries.OPERATORS,
    "casts": queries.CASTS,
    "extensions": queries.EXTENSIONS,
    "event_triggers": queries.EVENT_TRIGGERS,
}
# Printing a view takes a lock on what it reads: a reader must not wait behind a long ALTER TABLE, nor texts depend on how
# the account's session prints constants.
_READING: Final = {
    "search_path": "",
    "lock_timeout": "2s",
    "statement_timeout": "60s",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "jit": "off",
}
_versions = count(1)


class CatalogUnreadable(GatewayError):
    """The server did not give its catalog: it refused, was too slow, or changed under the reader several times."""


@dataclass(slots=True)
class SystemCatalogs:
    """The system halves read so far, one per server build."""

    known: dict[str, SystemCatalog]

    async def of(self, connection: Any, server_version: int) -> SystemCatalog:
        key = await connection.fetchval(queries.SYSTEM_KEY)
        if key not in self.known:
            rows = await _fetch(connection, _HALVES, True) | await _fetch(connection, _SHARED)
            self.known[key] = await asyncio.to_thread(build_system, server_version, rows)
        return self.known[key]


_system_catalogs = SystemCatalogs({})


async def probe_postgres(connection: Any) -> str:
    """A digest that changes with the catalog: a few milliseconds, 0.2 s with 10,000 tables. Raises CatalogUnreadable."""
    try:
        return str(await connection.fetchval(queries.PROBE))
    except (PostgresError, InterfaceError, OSError) as error:
        raise CatalogUnreadable(f"the catalog cannot be probed: {error}") from error


async def read_postgres(connection: Any, systems: SystemCatalogs = _system_catalogs) -> CatalogSnapshot:
    """The catalog of the database that `connection` (asyncpg, in no transaction) is connected to.

    Reads in one REPEATABLE READ transaction. Printing views and rules sees newer catalogs than that, so an object dropped in
    the meantime is an error there, and the reading begins anew. Raises CatalogUnreadable.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return await _read(connection, systems)
        except (InternalServerError, UndefinedObjectError, UndefinedTableError) as error:
            if attempt == _ATTEMPTS:
                raise CatalogUnreadable(f"the catalog keeps changing while it is read: {error}") from error
        except (PostgresError, InterfaceError, OSError) as error:
            raise CatalogUnreadable(f"the catalog cannot be read: {error}") from error
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _read(connection: Any, systems: SystemCatalogs) -> CatalogSnapshot:
    await _settle(connection, _READING)
    server = await connection.fetchrow(queries.SERVER)
    digest = str(await connection.fetchval(queries.PROBE))
    system = await systems.of(connection, server["version"])
    rows = await _fetch(connection, _HALVES, False)
    rows |= await _fetch(connection, _SHARED | _USERS)
    return await asyncio.to_thread(build_snapshot, server, rows, system, digest, next(_versions))


async def _settle(connection: Any, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        await connection.execute("SELECT set_config($1, $2, true)", name, value)


async def _fetch(connection: Any, wanted: Mapping[str, str], *arguments: Any) -> dict[str, Rows]:
    fetched: dict[str, Rows] = {}
    for name, query in wanted.items():
        rows: Iterable[Any] = await connection.fetch(query, *arguments)
        fetched[name] = tuple(rows)
    return fetched
