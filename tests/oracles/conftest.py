"""The oracles' servers and catalogs, and their counts at the end of the run."""

import asyncio
from collections.abc import Callable, Iterator

import asyncpg
import psycopg
import pytest

from gateway.analysis import analyse_postgres
from gateway.catalog import CatalogSnapshot, read_postgres
from gateway.demo.postgres_server import PostgresServer
from gateway.model.footprint import Footprint
from gateway.model.identity import Engine
from gateway.model.statement import Namespace, Origin, Statement
from tests.conftest import TALLY
from tests.oracles.server import Session, database, generator_database

Analyse = Callable[[str], tuple[Footprint, ...]]


@pytest.fixture(params=["embedded_pg", "distro_pg"], ids=["pg18", "distribution"])
def dsn(request: pytest.FixtureRequest) -> str:
    """A database with the corpus's schema, on each server there is."""
    server: PostgresServer = request.getfixturevalue(request.param)
    return database(server)


@pytest.fixture
def generator_dsn(embedded_pg: PostgresServer) -> str:
    return generator_database(embedded_pg)


@pytest.fixture
def analyse(dsn: str) -> Analyse:
    return analyser(dsn)


def analyser(dsn: str) -> Analyse:
    """Footprints of a text, on the catalog of this database and with a fresh session's search path."""
    catalog = asyncio.run(_read(dsn))
    return lambda text: analyse_postgres(Statement(Engine.POSTGRES, text, Namespace(), Origin.SIMPLE), catalog)


async def _read(dsn: str) -> CatalogSnapshot:
    connection = await asyncpg.connect(dsn)
    try:
        return await read_postgres(connection)
    finally:
        await connection.close()


@pytest.fixture
def session(dsn: str) -> Iterator[Session]:
    session = Session(dsn)
    yield session
    session.close()


@pytest.fixture
def watcher(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[object], None]:
    """Says a run's counts at the end of the whole run."""
    return lambda tally: record_property(TALLY, str(tally))
