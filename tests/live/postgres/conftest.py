"""One gateway a module, in front of each kind of server, for three people: alice may all, bob little, carol propose."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from gateway.config import Limits
from gateway.demo.postgres_server import PostgresServer
from tests.live.postgres.wire import POLICY
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import LiveGateway

SCHEMA = """
DROP SCHEMA IF EXISTS hidden CASCADE; DROP TABLE IF EXISTS allowed, secret, copied CASCADE; DROP ROLE IF EXISTS somebody;
CREATE TABLE allowed (a int PRIMARY KEY, b text);
INSERT INTO allowed SELECT g, 'row ' || g FROM generate_series(1, 1000) g;
CREATE TABLE secret (a int, b text);
INSERT INTO secret VALUES (1, 'the secret');
CREATE TABLE copied (a int, b text);
CREATE SCHEMA hidden;
CREATE TABLE hidden.allowed (a int, b text);
INSERT INTO hidden.allowed VALUES (1, 'the secret');
CREATE OR REPLACE FUNCTION move_path(path text) RETURNS void LANGUAGE plpgsql AS
  $$ BEGIN PERFORM set_config('search_path', path, false); END $$;
"""


@pytest.fixture(scope="module", params=["embedded_pg", "distro_pg"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    server: PostgresServer = request.getfixturevalue(request.param)
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(SCHEMA)
    return server


@pytest.fixture(scope="module")
def gateway(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    access = Access(server.host, server.port, server.user, server.password)
    home = tmp_path_factory.mktemp("gateway")
    with LiveGateway(access, home, POLICY, users=("alice", "bob", "carol"), limits=Limits(statement_bytes=2_000_000)) as live:
        yield live


@pytest.fixture
def alice(gateway: LiveGateway) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def bob(gateway: LiveGateway) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(gateway.url("bob"), autocommit=True) as connection:
        yield connection
