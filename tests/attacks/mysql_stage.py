"""MariaDB behind the gateway with the shipped bundle, and what an attacker may not have moved or sent there.

The oracle is the server's own general log: a refused statement must not be in it, nor any part of it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pymysql
from pymysql.constants import CLIENT

from gateway.demo.mariadb_server import MariaDbServer
from tests.support.mysql_gateway import LiveGateway

SALARY = "98765.43"
SCHEMA = f"""
CREATE DATABASE shop; CREATE DATABASE hr;
CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(100), city VARCHAR(60));
INSERT INTO shop.customers VALUES (1, 'Ada', 'Oslo'), (2, 'Ben', 'Paris');
CREATE TABLE shop.categories (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(60));
INSERT INTO shop.categories VALUES (1, 'Kitchen');
CREATE TABLE hr.salaries (id INT PRIMARY KEY, amount DECIMAL(10, 2));
INSERT INTO hr.salaries VALUES (1, {SALARY});
CREATE TABLE hr.employees (id INT PRIMARY KEY, name VARCHAR(100));
INSERT INTO hr.employees VALUES (1, 'Mona');
CREATE SEQUENCE hr.numbers;
CREATE SEQUENCE shop.tickets;
CREATE VIEW shop.peek AS SELECT amount FROM hr.salaries;
CREATE VIEW hr.inside AS SELECT amount FROM hr.salaries;
CREATE FUNCTION shop.highest() RETURNS DECIMAL(10, 2) RETURN (SELECT MAX(amount) FROM hr.salaries);
CREATE PROCEDURE shop.raise_all() UPDATE hr.salaries SET amount = amount + 1;
CREATE PROCEDURE hr.tell() SELECT amount FROM hr.salaries
"""
_WORLD = (
    "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema IN ('shop', 'hr', 'mysql')",
    "SELECT routine_schema, routine_name FROM information_schema.routines",
    "SELECT trigger_schema, trigger_name FROM information_schema.triggers",
    "SELECT event_name FROM information_schema.events",
    "SELECT schema_name FROM information_schema.schemata",
    "SELECT user, host, priv FROM mysql.global_priv",
    "SELECT * FROM mysql.db",
    "SELECT @@global.max_connections, @@global.sql_mode, @@global.read_only, @@global.init_connect, @@global.local_infile",
    "SELECT * FROM shop.customers",
    "SELECT * FROM shop.categories",
    "SELECT * FROM hr.salaries",
    "SELECT * FROM hr.employees",
    "SELECT next_not_cached_value FROM hr.numbers",
    "SELECT next_not_cached_value FROM shop.tickets",
    "SHOW CREATE TABLE shop.customers",
    "SHOW CREATE TABLE hr.salaries",
)


_RESET: Final = 0x1F  # COM_RESET_CONNECTION
_LOST: Final = frozenset({0, 2006, 2013})


@dataclass(slots=True)
class MySqlStage:
    """`gateway` in front of `server`; `admin` looks at the server past it. One session of alice's plays one attack after
    another, reset between them."""

    server: MariaDbServer
    gateway: LiveGateway
    admin: Any
    _client: Any = None
    _read: dict[Path, int] = field(default_factory=dict)  # up to where each segment of the audit was read

    def attempt(self, text: str) -> tuple[int, str]:
        """The error that alice gets; (0, rows) where everything ran."""
        client = self._session()
        with client.cursor() as cursor:
            try:
                cursor.execute(text)
                rows = [cursor.fetchall()]
                while cursor.nextset():
                    rows.append(cursor.fetchall())
            except pymysql.MySQLError as error:
                if error.args[0] in _LOST:
                    self._client = None
                return error.args[0], str(error.args[1])
            return 0, repr(rows)

    def _session(self) -> Any:
        if self._client is None:
            self._client = self.gateway.connect("alice", client_flag=CLIENT.MULTI_STATEMENTS)
        else:
            self._client._execute_command(_RESET, b"")
            self._client._read_ok_packet()
            self._client.select_db("shop")
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def rows(self, text: str) -> tuple[tuple[Any, ...], ...]:
        with self.admin.cursor() as cursor:
            cursor.execute(text)
            return tuple(cursor.fetchall())

    def world(self) -> tuple[object, ...]:
        """Everything lasting that an attacker might have changed."""
        return tuple(self.rows(text) for text in _WORLD)

    def forget(self) -> None:
        self.rows("TRUNCATE TABLE mysql.general_log")

    def heard(self) -> list[str]:
        """What the server was told since `forget`, by anybody."""
        told = self.rows(
            "SELECT argument FROM mysql.general_log WHERE command_type IN ('Query', 'Prepare', 'Execute', 'Init DB')"
        )
        return [row[0].decode() if isinstance(row[0], bytes) else str(row[0]) for row in told]

    def news(self) -> list[dict[str, Any]]:
        """The records of statements since this was asked last. A segment is read on from where reading ended: it is long, and
        most of it room that is set aside."""
        self.gateway.settle()
        found: list[dict[str, Any]] = []
        for path in sorted(self.gateway.running.audit_dir.rglob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                while (line := file.readline()).endswith(b"}\n"):
                    self._read[path] = file.tell()
                    found.append(json.loads(line))
        return [record for record in found if record.get("kind") == "statement"]


def fill(server: MariaDbServer) -> Any:
    """The two databases, and the log that is the oracle. The answer is the administrator's connection."""
    admin = pymysql.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        client_flag=CLIENT.MULTI_STATEMENTS,
        autocommit=True,
    )
    with admin.cursor() as cursor:
        for name in ("shop", "hr"):
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        for statement in SCHEMA.split(";\n"):
            cursor.execute(statement)
            while cursor.nextset():
                continue
        cursor.execute("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
    return admin
