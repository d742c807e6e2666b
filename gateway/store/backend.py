"""The connection to the metadata store: URL to driver, transactions, and failures in the gateway's own words.

Two kinds of transaction: `read()` and `write()`. On SQLite a write begins IMMEDIATE: a transaction that read first and
writes later would otherwise fail as soon as another process wrote in between (sqlite.org/lang_transaction.html).
"""

import fcntl
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from pymysql.converters import escape_bytes
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.model.errors import ConfigurationError, Conflict, StoreUnavailable

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "mysql": "mysql+aiomysql"}
_ALIASES = {"postgres": "postgresql", "mariadb": "mysql"}
_BUSY_MS = 15_000
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 30
_POOL_SIZE = 8
# MySQL: lock wait timeout, deadlock. PostgreSQL: serialization failure, deadlock.
_CONTENTION = frozenset({"1205", "1213", "40001", "40P01"})

# PostgreSQL's SQLSTATE classes: connection, authorization, no such database, resources, operator intervention.
_UNAVAILABLE = frozenset({"08", "28", "3D", "53", "57"})


class Backend:
    """An engine with its pool. Raises StoreUnavailable where the store does not answer; never shows the URL's password."""

    def __init__(self, engine: AsyncEngine, url: URL) -> None:
        self.engine = engine
        self.dialect: str = engine.dialect.name
        self.shown_url = url.render_as_string(hide_password=True)
        self._url = url

    @classmethod
    def connect(cls, url: str) -> "Backend":
        """Nothing is sent yet; the first transaction opens a connection. Raises ConfigurationError for a URL it cannot use."""
        parsed = parse_url(url)
        arguments = _connect_arguments(parsed)
        options: dict[str, Any] = {"pool_size": _POOL_SIZE, "max_overflow": _POOL_SIZE, "pool_timeout": _CONNECT_SECONDS}
        if parsed.get_backend_name() != "sqlite":
            options |= {"pool_pre_ping": True, "pool_recycle": 1800, "isolation_level": "READ COMMITTED"}
        bare = parsed.set(query={"charset": "utf8mb4"} if parsed.get_backend_name() == "mysql" else {})
        engine = create_async_engine(bare, connect_args=arguments, **options)
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        elif parsed.get_backend_name() == "mysql":
            event.listen(engine.sync_engine, "connect", _prepare_mysql)
        return cls(engine, parsed)

    @property
    def sqlite_file(self) -> Path | None:
        return Path(self._url.database) if self.dialect == "sqlite" and self._url.database else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads; it is rolled back at the end."""
        with self.translated_errors():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits when the block ends, and rolls back when it raises."""
        with self.translated_errors():
            async with self.engine.connect() as connection:
                await connection.execution_options(gateway_write=True)
                async with connection.begin():
                    yield connection

    async def close(self) -> None:
        await self.engine.dispose()

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Drivers' failures as GatewayErrors; what a statement of ours did wrong stays as it is."""
        try:
            yield
        except IntegrityError as error:
            raise Conflict("another change got there first, or something still refers to this; look again") from error
        except (OperationalError, InterfaceError, PoolTimeout, OSError, TimeoutError) as error:
            raise self._translate(error) from None
        except DBAPIError as error:
            code = _code(error)
            if error.connection_invalidated or code in _CONTENTION or code[:2] in _UNAVAILABLE:
                raise self._translate(error) from None
            raise

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, DBAPIError) and _code(error) in _CONTENTION:
            return Conflict("two changes met in the store; try again")
        return StoreUnavailable(f"store {self.shown_url} does not answer: {self._summary(error)}")

    def _summary(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        text = (str(cause) or type(cause).__name__).splitlines()[0]
        secret = self._url.password
        return text.replace(str(secret), "***") if secret else text


def parse_url(url: str) -> URL:
    """The contract's URLs (`sqlite:///…`, `postgresql://…`, `mysql://…`) with the asynchronous driver's name.

    Raises ConfigurationError; the message never shows a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            'store.url: not a URL; write "sqlite:///var/gateway.db", "postgresql://user:password@host/db" or "mysql://…"'
        ) from None
    except ValueError:
        raise ConfigurationError("store.url: the port is not a number") from None
    scheme = parsed.drivername.partition("+")[0]
    driver = _DRIVERS.get(_ALIASES.get(scheme, scheme))
    if driver is None:
        raise ConfigurationError(f"store.url: unknown kind of store {scheme!r}; known: sqlite, postgresql, mysql")
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigurationError("store.url: names no database; write sqlite:///path/to/file or …://host/database")
    return parsed.set(drivername=driver)


def lock_file(path: Path) -> int:
    """Take the lock between processes on `path`; closing the descriptor gives it back. Blocks: not on the event loop."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _connect_arguments(url: URL) -> dict[str, Any]:
    query = {key: value if isinstance(value, str) else value[-1] for key, value in url.query.items()}
    arguments: dict[str, Any]
    match url.get_backend_name():
        case "sqlite":
            arguments, known = {"timeout": _BUSY_MS / 1000}, frozenset[str]()
        case "postgresql":
            known = frozenset({"sslmode"})
            arguments = {"timeout": _CONNECT_SECONDS, "command_timeout": _STATEMENT_SECONDS}
            if "sslmode" in query:
                arguments["ssl"] = query["sslmode"]
        case _:
            known = frozenset({"charset", "ssl_mode", "ssl_ca"})
            arguments = {"connect_timeout": _CONNECT_SECONDS}
            context = _mysql_tls(query)
            if context is not None:
                arguments["ssl"] = context
    unknown = sorted(set(query) - known)
    if unknown:
        allowed = ", ".join(sorted(known)) or "none"
        raise ConfigurationError(f"store.url: unknown parameter {unknown[0]!r}; known here: {allowed}")
    return arguments


def _mysql_tls(query: dict[str, str]) -> ssl.SSLContext | None:
    mode = query.get("ssl_mode", "verify_identity" if "ssl_ca" in query else "disabled").lower()
    if mode not in ("disabled", "required", "verify_ca", "verify_identity"):
        raise ConfigurationError(f"store.url: ssl_mode {mode!r}; known: disabled, required, verify_ca, verify_identity")
    if mode == "disabled":
        return None
    try:
        context = ssl.create_default_context(cafile=query.get("ssl_ca"))
    except OSError as error:
        raise ConfigurationError(f"store.url: ssl_ca: cannot be read: {error}") from error
    context.check_hostname = mode == "verify_identity"
    if mode == "required":
        context.verify_mode = ssl.CERT_NONE
    return context


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, and too late; _begin_sqlite does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {_BUSY_MS}", "foreign_keys = ON", "synchronous = FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("gateway_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _prepare_mysql(connection: Any, _record: object) -> None:
    """aiomysql 0.3 escapes bytes by a name that PyMySQL 1.2 took away, so the connection gets PyMySQL's present function."""
    driver = connection.driver_connection
    escape = driver.escape
    driver.escape = lambda value: escape_bytes(value) if isinstance(value, bytes) else escape(value)


def _code(error: DBAPIError) -> str:
    """The driver's own code: PostgreSQL's SQLSTATE, MySQL's error number, or ""."""
    cause = error.orig
    state = getattr(cause, "sqlstate", None)
    if state:
        return str(state)
    return str(cause.args[0]) if cause is not None and cause.args else ""
