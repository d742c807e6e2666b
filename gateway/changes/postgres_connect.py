"""Opening a rollout's connection to a registered PostgreSQL server."""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import asyncpg
from asyncpg.exceptions import InterfaceError, PostgresError

from gateway.changes.executor import Connect, ConnectionLost, Executor
from gateway.changes.postgres_executor import PostgresExecutor
from gateway.config import Changes
from gateway.model.identity import Engine, Target


class TlsSettings(Protocol):
    """`mode` as libpq's sslmode; files in PEM form."""

    @property
    def mode(self) -> str: ...
    @property
    def ca(self) -> Path | str | None: ...
    @property
    def cert(self) -> Path | str | None: ...
    @property
    def key(self) -> Path | str | None: ...


class Server(Protocol):
    """Where a server is and who the gateway is there (`store.ServerAccess` has this shape)."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str | None: ...
    @property
    def tls(self) -> TlsSettings: ...


def postgres_connect(
    server: Callable[[str], Awaitable[Server]], settings: Changes, *, connect_seconds: float = 10.0
) -> Connect:
    """A `Connect` for PostgreSQL targets; `server` gives an instance's access. Raises ConnectionLost."""

    async def connect(target: Target) -> Executor:
        if target.engine is not Engine.POSTGRES:
            raise ConnectionLost(f"{target.address}: rollouts on {target.engine.value} are not possible")
        access = await server(target.instance)
        try:
            connection = await asyncpg.connect(
                host=access.host,
                port=access.port,
                user=access.username,
                password=access.password,
                database=target.database,
                ssl=tls_argument(access.tls),
                timeout=connect_seconds,
                statement_cache_size=0,
                server_settings={"application_name": "gateway changes"},
            )
        except (PostgresError, InterfaceError, OSError, TimeoutError) as error:
            raise ConnectionLost(f"{target.address} cannot be reached: {error}") from error
        return PostgresExecutor(connection, settings.lock_timeout_ms)

    return connect


def tls_argument(tls: TlsSettings) -> ssl.SSLContext | str:
    """asyncpg's `ssl`: libpq's words where no file is named, else a context that means the same."""
    if tls.mode in ("disable", "allow", "prefer") or not (tls.ca or tls.cert):
        return tls.mode
    context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
    context.check_hostname = tls.mode == "verify-full"
    if tls.mode == "require" and not tls.ca:
        context.verify_mode = ssl.CERT_NONE
    if tls.cert:
        context.load_cert_chain(str(tls.cert), str(tls.key) if tls.key else None)
    return context
