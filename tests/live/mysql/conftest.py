"""One gateway a module in front of MariaDB; alice may all, bob little, carol connects and calls one procedure."""

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from gateway.model.identity import Engine
from tests.live.mysql_raw import RawClient
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import OPEN_POLICY, PASSWORD, LiveGateway
from tests.support.servers import MariaDbServer

SCHEMA = """
CREATE DATABASE IF NOT EXISTS shop; CREATE DATABASE IF NOT EXISTS other; CREATE DATABASE IF NOT EXISTS hidden;
CREATE OR REPLACE TABLE shop.allowed (id INT PRIMARY KEY, note TEXT);
INSERT INTO shop.allowed VALUES (1, 'one'), (2, 'two'), (3, NULL);
CREATE OR REPLACE TABLE shop.secret (id INT, salary INT);
INSERT INTO shop.secret VALUES (1, 4711);
CREATE OR REPLACE TABLE other.things (id INT); INSERT INTO other.things VALUES (7);
CREATE OR REPLACE TABLE hidden.things (id INT);
CREATE OR REPLACE PROCEDURE shop.twice() BEGIN SELECT 1; SELECT 2; END;
CREATE OR REPLACE PROCEDURE shop.ansi() SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE OR REPLACE PROCEDURE shop.blind() SET SESSION session_track_system_variables = '';
CREATE OR REPLACE VIEW shop.view_of_other AS SELECT id FROM other.things
"""


@pytest.fixture(scope="module")
def access(mariadb: MariaDbServer) -> Access:
    options: dict[str, Any] = {"client_flag": pymysql.constants.CLIENT.MULTI_STATEMENTS, "autocommit": True}
    connection = pymysql.connect(host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password, **options)
    with connection, connection.cursor() as cursor:
        for statement in SCHEMA.replace("; SELECT 2; END", "¦ SELECT 2¦ END").split(";"):
            cursor.execute(statement.replace("BEGIN SELECT 1", "BEGIN SELECT 1").replace("¦", ";"))
            while cursor.nextset():
                continue
    return Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)


@pytest.fixture(scope="module")
def gateway(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    policy = OPEN_POLICY + "p, user:carol, *, */*, connect, , allow\np, user:carol, *, */shop/blind, call, , allow\n"
    with LiveGateway(access, tmp_path_factory.mktemp("gateway"), policy, users=("alice", "bob", "carol")) as live:
        yield live


@pytest.fixture
def client(gateway: LiveGateway) -> Iterator[RawClient]:
    """alice in my1/shop."""
    with RawClient(gateway.port) as raw:
        assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
        yield raw
