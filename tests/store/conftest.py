"""One store on each back end, empty for every test."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.store import SecretKey, Store
from tests.support.servers import MariaDbServer


@pytest.fixture
def key(tmp_path: Path) -> SecretKey:
    return SecretKey.load_or_create(tmp_path / "keys" / "master.key")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def backend_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store_url(backend_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    name = f"gateway_{secrets.token_hex(6)}"
    if backend_name == "sqlite":
        yield f"sqlite:///{tmp_path}/data/gateway.db"
    elif backend_name == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("embedded_pg")
        yield from _postgres_database(postgres, name)
    else:
        mariadb: MariaDbServer = request.getfixturevalue("mariadb")
        yield from _mariadb_database(mariadb, name)


def _postgres_database(server: PostgresServer, name: str) -> Iterator[str]:
    import asyncio

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute(f"CREATE DATABASE {name}"))
    yield f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{name}"
    asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))


def _mariadb_database(server: MariaDbServer, name: str) -> Iterator[str]:
    def execute(statement: str) -> None:
        connection = pymysql.connect(host=server.host, port=server.port, user=server.user, password=server.password)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)

    execute(f"CREATE DATABASE {name}")
    yield f"mysql://{server.user}:{server.password}@{server.host}:{server.port}/{name}"
    execute(f"DROP DATABASE {name}")


@pytest.fixture
async def store(store_url: str, key: SecretKey) -> AsyncIterator[Store]:
    opened = await Store.open(store_url, key)
    yield opened
    await opened.close()
