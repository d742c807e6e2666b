"""What a MySQL catalog tells of other projects (docs/operating.md), and that a server login for each project ends it."""

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import SERVER_PASSWORD, Deployment, eventually
from tests.support.servers import MariaDbServer

NARROW = """
[[instances]]
name = "my2"
engine = "mysql"
host = "127.0.0.1"
port = {port}
environment = "prod"
username = "shop_only"
password_env = "SERVER_PASSWORD"

[instances.tls]
mode = "disable"

[[projects]]
name = "narrow"
databases = ["my2/shop"]
"""
SCHEMAS = "SELECT schema_name FROM information_schema.schemata"
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'hr'"


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("catalogs"), embedded_pg, mysql=mariadb) as running:
        yield running


def rows(connection: pymysql.Connection, text: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return {str(row[0]) for row in cursor.fetchall()}


def test_names_of_the_instance_are_told_and_no_more(gate: Deployment) -> None:
    with gate.mysql_client("alice") as alice:
        assert {"shop", "hr"} <= rows(alice, SCHEMAS) & rows(alice, "SHOW DATABASES")
        assert "salaries" in rows(alice, TABLES)
        for text in (
            "SHOW TABLES FROM hr",
            "SHOW COLUMNS FROM hr.salaries",
            "SHOW CREATE TABLE hr.salaries",
            "SELECT * FROM information_schema.processlist",
            "SELECT * FROM information_schema.table_statistics",
            "SHOW PROCESSLIST",
            "SELECT * FROM mysql.user",
        ):
            with pytest.raises(pymysql.err.OperationalError, match="permission denied"):
                rows(alice, text)


def test_a_server_login_for_each_project_hides_the_others(gate: Deployment, mariadb: MariaDbServer) -> None:
    options: dict[str, Any] = {"host": mariadb.host, "user": mariadb.user, "password": mariadb.password}
    with pymysql.connect(**options, port=mariadb.port, autocommit=True) as admin, admin.cursor() as cursor:
        cursor.execute("CREATE USER IF NOT EXISTS shop_only@'127.0.0.1' IDENTIFIED BY %s", (SERVER_PASSWORD,))
        cursor.execute("GRANT ALL ON shop.* TO shop_only@'127.0.0.1'")
    file = gate.home / "narrow.toml"
    file.write_text(NARROW.format(port=mariadb.port))
    done = gate.gateway("apply", "-c", str(gate.config), str(file))
    assert done.returncode == 0, done.stderr

    def connects() -> bool:
        try:
            gate.mysql_client("wide", "my2/shop").close()
        except pymysql.err.OperationalError:
            return False
        return True

    eventually("the instance is known", 5, connects)
    with gate.mysql_client("wide", "my2/shop") as wide:
        assert rows(wide, SCHEMAS) == rows(wide, "SHOW DATABASES") == {"information_schema", "shop"}
        assert rows(wide, TABLES) == set()
