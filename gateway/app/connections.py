"""The gateway's own connections to database servers, for catalogs and rollouts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomysql
import asyncpg
import pymysql

from gateway.model.errors import GatewayError
from gateway.model.identity import Engine, Target
from gateway.proxy.tls import SslMode, context_for
from gateway.store import ServerAccess, Store


class ServerUnreachable(GatewayError):
    """A database server does not take the gateway's connection. The message names the instance, never its login."""


class ServerConnections:
    """Opens connections with the instance's own account and TLS settings."""

    def __init__(self, store: Store, connect_seconds: float) -> None:
        self._store = store
        self._connect_seconds = connect_seconds

    @asynccontextmanager
    async def postgres(self, target: Target) -> AsyncIterator[Any]:
        """An asyncpg connection that is closed when left. Raises ServerUnreachable, NotFound, StoreUnavailable."""
        connection = await self.open_postgres(target)
        try:
            yield connection
        finally:
            if not connection.is_closed():
                try:
                    await connection.close(timeout=5)
                except (asyncpg.PostgresError, OSError, TimeoutError):
                    connection.terminate()

    async def open_postgres(self, target: Target) -> Any:
        """As `postgres`; the caller closes it."""
        access = await self._store.server(target.instance)
        attempts = _tls_attempts(access)
        for attempt, tls in enumerate(attempts):
            try:
                return await asyncpg.connect(
                    host=access.host,
                    port=access.port,
                    user=access.username,
                    password=access.password,
                    database=target.database,
                    ssl=tls,
                    timeout=self._connect_seconds,
                    server_settings={"application_name": "gateway"},
                )
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                if attempt + 1 < len(attempts) and not isinstance(error, asyncpg.InvalidPasswordError):
                    continue
                cause = _without_login(error, access)
                raise ServerUnreachable(f"instance {target.instance} cannot be reached: {cause}") from None
        raise ServerUnreachable(f"instance {target.instance}: no way to connect")

    @asynccontextmanager
    async def mysql(self, target: Target) -> AsyncIterator[Any]:
        """An aiomysql connection in autocommit mode that is closed when left. Raises as `postgres`."""
        connection = await self.open_mysql(target)
        try:
            yield connection
        finally:
            connection.close()

    async def open_mysql(self, target: Target) -> Any:
        """As `mysql`; the caller closes it."""
        access = await self._store.server(target.instance)
        attempts = _tls_attempts(access)
        for attempt, tls in enumerate(attempts):
            try:
                return await aiomysql.connect(
                    host=access.host,
                    port=access.port,
                    user=access.username,
                    password=access.password or "",
                    db=target.database,
                    ssl=tls or None,
                    connect_timeout=self._connect_seconds,
                    autocommit=True,
                    charset="utf8mb4",
                    program_name="gateway",
                )
            except (pymysql.err.MySQLError, OSError, TimeoutError) as error:
                if attempt + 1 < len(attempts):
                    continue
                cause = _without_login(error, access)
                raise ServerUnreachable(f"instance {target.instance} cannot be reached: {cause}") from None
        raise ServerUnreachable(f"instance {target.instance}: no way to connect")

    @asynccontextmanager
    async def open(self, target: Target) -> AsyncIterator[Any]:
        """A connection in the target's own engine, for its catalog."""
        async with (self.mysql if target.engine is Engine.MYSQL else self.postgres)(target) as connection:
            yield connection


def _tls_attempts(access: ServerAccess) -> list[Any]:
    """As libpq's sslmode: what to try first, what then."""
    match SslMode(access.tls.mode):
        case SslMode.DISABLE:
            return [False]
        case SslMode.ALLOW:
            return [False, context_for(access.tls)]
        case SslMode.PREFER:
            return [context_for(access.tls), False]
        case _:
            return [context_for(access.tls)]


def _without_login(error: BaseException, access: ServerAccess) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text.replace(access.username, "…") if access.username else text
