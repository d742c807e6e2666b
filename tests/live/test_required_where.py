"""`require_where` on both engines: every place that means the relation says which rows, or the statement is refused."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.model.identity import Engine
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import LiveGateway as PostgresGateway
from tests.support.mysql_gateway import LiveGateway as MySqlGateway
from tests.support.servers import MariaDbServer

TABLES = ("narrow", "other")
POLICY = """p, user:alice, *, **, connect|temp|explain|select|insert|update|delete, , allow
p, user:erin, *, **, connect|select|insert|update|delete|export, , allow
"""
RULES = """[[rules]]
name = "narrow"
roles = ["*"]
objects = ["*/*/public/narrow", "*/wheres/narrow"]
require_where = true
"""
PASSES = """
SELECT name FROM narrow WHERE id = 3
SELECT name FROM narrow n WHERE n.id IN (SELECT id FROM other)
SELECT n.name FROM narrow n JOIN other o ON n.id = o.id WHERE o.id = 3
SELECT n.name FROM narrow n JOIN other o USING (id) WHERE o.id = 3
WITH x AS (SELECT * FROM narrow) SELECT name FROM x WHERE id = 3
SELECT name FROM (SELECT * FROM narrow) x WHERE id = 3
SELECT name FROM view_of_narrow WHERE id = 3
SELECT name FROM some_of_narrow
SELECT name FROM narrow WHERE id = 1 UNION ALL SELECT name FROM narrow WHERE id = 2
SELECT name FROM narrow n WHERE EXISTS (SELECT 1 FROM other o WHERE o.id = n.id AND o.id < 3)
SELECT name FROM other o WHERE EXISTS (SELECT 1 FROM narrow n WHERE n.id = o.id)
SELECT name FROM other
UPDATE narrow SET name = 'x' WHERE id = 5
UPDATE narrow SET name = 'x'
 WHERE id IN (SELECT id FROM other WHERE id = 5)
DELETE FROM narrow WHERE id = 6
DELETE FROM narrow WHERE EXISTS (SELECT 1 FROM other o WHERE o.id = narrow.id AND o.id = 7)
UPDATE view_of_narrow SET name = 'y' WHERE id = 5
INSERT INTO narrow (id, name) VALUES (101, 'new')
INSERT INTO other (id, name) SELECT id + 100, name FROM narrow WHERE id = 3
EXPLAIN SELECT name FROM narrow
"""
REFUSED = """
SELECT name FROM narrow
SELECT name FROM narrow LIMIT 1
SELECT name FROM narrow WHERE 1 = 1
SELECT count(*) FROM narrow
SELECT n.name FROM narrow n JOIN other o ON n.id = o.id
SELECT n.name FROM narrow n JOIN other o ON n.id = n.id WHERE o.id = 3
SELECT a.name FROM narrow a, narrow b WHERE b.id = 1
SELECT name FROM narrow WHERE id = 1 UNION ALL SELECT name FROM narrow
SELECT name FROM other WHERE id IN (SELECT id FROM narrow)
SELECT (SELECT max(name) FROM narrow) AS m FROM other WHERE id = 1
SELECT name, (SELECT 1 FROM other o WHERE o.id = n.id) AS one FROM narrow n
WITH x AS (SELECT * FROM narrow) SELECT name FROM x
SELECT name FROM view_of_narrow
DELETE FROM narrow
DELETE FROM view_of_narrow
UPDATE narrow SET name = 'x'
UPDATE narrow SET name = (SELECT name FROM other WHERE id = 3)
INSERT INTO other (id, name) SELECT id + 200, name FROM narrow
"""
OF_POSTGRES = """
INSERT INTO narrow (id, name) VALUES (1, 'z') ON CONFLICT (id) DO UPDATE SET name = narrow.name || 'z' RETURNING name
WITH d AS (DELETE FROM narrow WHERE id = 8 RETURNING *) SELECT * FROM d
UPDATE narrow n SET name = o.name FROM other o WHERE n.id = o.id AND o.id = 9
! WITH d AS (DELETE FROM narrow RETURNING *) SELECT * FROM d WHERE id = 8
! UPDATE narrow n SET name = o.name FROM other o WHERE o.id = 9
! TABLE narrow
"""
OF_MYSQL = """
INSERT INTO narrow (id, name) VALUES (1, 'z') ON DUPLICATE KEY UPDATE name = CONCAT(name, 'z')
REPLACE INTO narrow (id, name) VALUES (2, 'q')
UPDATE narrow n JOIN other o ON n.id = o.id SET n.name = o.name WHERE o.id = 9
DELETE n FROM narrow n JOIN other o ON n.id = o.id WHERE o.id = 8
! DELETE n FROM narrow n, other o WHERE o.id = 8
! UPDATE narrow n JOIN other o ON n.id = o.id SET n.name = o.name
"""


def _schema(postgres: bool) -> list[str]:
    filled = "generate_series(1, 20) s (id)" if postgres else "(SELECT seq AS id FROM seq_1_to_20) s"
    made: list[str] = []
    for name in TABLES:
        made.append(f"CREATE TABLE {name} (id int PRIMARY KEY, name varchar(40))")
        made.append(f"INSERT INTO {name} SELECT s.id, concat('name ', s.id) FROM {filled}")
    made.append("CREATE VIEW view_of_narrow AS SELECT id, name FROM narrow")
    made.append("CREATE VIEW some_of_narrow AS SELECT id, name FROM narrow WHERE id < 4")
    return made


@pytest.fixture(scope="module")
def postgres(distro_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresGateway]:
    with psycopg.connect(distro_pg.dsn("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS wheres")
        connection.execute("CREATE DATABASE wheres")
    with psycopg.connect(distro_pg.dsn("wheres"), autocommit=True) as connection:
        for statement in _schema(postgres=True):
            connection.execute(statement)
    access = Access(distro_pg.host, distro_pg.port, distro_pg.user, distro_pg.password)
    files, home = {"query_rules.toml": RULES}, tmp_path_factory.mktemp("wheres")
    with PostgresGateway(access, home, POLICY, users=("alice", "erin"), databases=("wheres",), files=files) as live:
        yield live


@pytest.fixture(scope="module")
def mysql(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySqlGateway]:
    options: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    with pymysql.connect(**options, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in ("DROP DATABASE IF EXISTS wheres", "CREATE DATABASE wheres", "USE wheres", *_schema(postgres=False)):
            cursor.execute(statement)
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
    files, home = {"query_rules.toml": RULES}, tmp_path_factory.mktemp("wheres_my")
    with MySqlGateway(access, home, POLICY, users=("alice", "erin"), databases=("wheres",), files=files) as live:
        yield live


def _connect(request: pytest.FixtureRequest, engine: str, user: str = "alice") -> Any:
    gateway = request.getfixturevalue(engine)
    if engine == "mysql":
        return gateway.connect(user, "my1/wheres", autocommit=True)
    return psycopg.connect(gateway.url(user, "pg1/wheres"), autocommit=True)


def _refusal(connection: Any, text: str) -> str:
    """What the refusal says; "" where the statement passed."""
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(text)
    except (psycopg.Error, pymysql.Error) as error:
        if getattr(error, "sqlstate", None) != "42501" and error.args[0] != 1142:
            raise
        return str(error)
    return ""


def _lines(text: str) -> list[str]:
    return text.replace("\n ", " ").strip().splitlines()


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_every_place_says_which_rows(request: pytest.FixtureRequest, engine: str) -> None:
    own = _lines(OF_POSTGRES if engine == "postgres" else OF_MYSQL)
    passes = [line for line in [*_lines(PASSES), *own] if not line.startswith("! ")]
    refused = [*_lines(REFUSED), *(line[2:] for line in own if line.startswith("! "))]
    with closing(_connect(request, engine)) as alice:
        assert [text for text in refused if not _refusal(alice, text)] == []
        assert [(text, said) for text in passes if (said := _refusal(alice, text))] == []


@pytest.mark.parametrize("engine", ["postgres", "mysql"])
def test_export_lifts_it_for_reading(request: pytest.FixtureRequest, engine: str) -> None:
    with closing(_connect(request, engine, "erin")) as erin:
        assert _refusal(erin, "SELECT name FROM narrow") == ""
        said = _refusal(erin, "DELETE FROM narrow")
        assert "permission denied: delete on" in said
        assert "add a WHERE clause" in said
