"""Python's MySQL drivers through the gateway and straight: the same objects, the same errors, in text and binary protocol."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiomysql
import asyncmy
import mysql.connector
import pymysql
import pytest
from pymysql.constants import CLIENT

from tests.live.mysql.conftest import access as access  # noqa: PLC0414 -- a fixture
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, LiveGateway

TEXT = "SELECT id, note FROM allowed WHERE id = %s"
VALUES = (
    1, 2**40, -1.5, Decimal("12.50"), "größe ' \" \\ \n", b"\0\xff'", True, None, datetime.datetime(2026, 1, 2, 3, 4, 5, 678),
    datetime.date(2026, 1, 2), datetime.timedelta(hours=-30, seconds=7),
)  # fmt: skip
ERRORS = (
    "SELEC",
    "SELECT * FROM missing",
    "SELECT nämen FROM allowed",
    "INSERT INTO allowed VALUES (1, 'again')",
    "INSERT INTO allowed VALUES ('x', 1, 2)",
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'größe'",
    "KILL 4000000000",
    "USE missing",
)
TYPES = """CREATE OR REPLACE TABLE other.typed (
 a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d INT UNSIGNED ZEROFILL, e BIGINT UNSIGNED, f FLOAT, g DOUBLE, h DECIMAL(30, 10),
 i BIT(10), j YEAR, k DATE, l TIME(3), m DATETIME(6), n TIMESTAMP NULL, o CHAR(5), p VARCHAR(50), q BINARY(4), r VARBINARY(9),
 s BLOB, t LONGTEXT, u ENUM('x', 'y'), v SET('x', 'y', 'z'), w JSON, x GEOMETRY, y INET6, z UUID)"""
ROW = """INSERT INTO other.typed VALUES
 (-128, 65535, -8388608, 42, 18446744073709551615, 1.5, -2.25, 12345678901234567890.0123456789, b'1010101010', 2026,
 '2026-01-02', '-838:59:59.5', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05', 'ab', 'größe', x'0001', x'00ff00', x'00ff',
 REPEAT('x', 70000), 'y', 'x,z', '{"a": [1, null]}', POINT(1, 2), '::1', '00000000-0000-0000-0000-000000000007'),
 (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
 NULL, NULL, NULL, NULL, NULL, NULL)"""


@dataclass(frozen=True, slots=True)
class Ways:
    """What `connect` of each driver takes: through the gateway, and straight with the gateway's own login."""

    through: dict[str, Any]
    straight: dict[str, Any]

    def both(self, work: Callable[[dict[str, Any]], object]) -> object:
        seen = [work(way) for way in (self.through, self.straight)]
        assert seen[0] == seen[1]
        return seen[0]


@pytest.fixture(scope="module")
def gateway(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(access, tmp_path_factory.mktemp("gateway")) as live:
        yield live


@pytest.fixture(scope="module")
def ways(gateway: LiveGateway, access: Access) -> Ways:
    straight: dict[str, Any] = {"host": access.host, "port": access.port, "user": access.username, "password": access.password}
    with pymysql.connect(**straight, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(TYPES)
        cursor.execute(ROW)
    return Ways({"host": "127.0.0.1", "port": gateway.port, "user": "alice", "password": PASSWORD}, straight)


def caught(module: Any, work: Callable[[], object]) -> object:
    try:
        return work()
    except module.Error as error:
        return type(error).__name__, error.args


# PyMySQL


def _everything(cursor: Any, module: Any, text: str, parameters: object = None) -> object:
    """All results of a text, or its error."""

    def run() -> object:
        affected = cursor.execute(text, parameters)
        found = [(affected, cursor.description, cursor.fetchall(), cursor.lastrowid, getattr(cursor, "warning_count", 0))]
        while cursor.nextset():
            found.append((cursor.rowcount, cursor.description, cursor.fetchall(), cursor.lastrowid, 0))
        return found

    return caught(module, run)


@pytest.mark.parametrize("kind", [pymysql.cursors.Cursor, pymysql.cursors.SSCursor, pymysql.cursors.DictCursor])
def test_pymysql(ways: Ways, kind: Any) -> None:
    def work(way: dict[str, Any]) -> object:
        connection: Any
        with pymysql.connect(database="shop", client_flag=CLIENT.MULTI_STATEMENTS, **way) as connection:
            cursor = connection.cursor(kind)
            seen = [_everything(cursor, pymysql, "SELECT " + ", ".join(["%s"] * len(VALUES)), VALUES)]
            seen += [_everything(cursor, pymysql, text) for text in ERRORS]
            seen += [_everything(cursor, pymysql, "SELECT * FROM other.typed"), connection.get_autocommit()]
            seen.append(_everything(cursor, pymysql, "SELECT 1; SET @a = 2; CALL twice(); SELECT @a; SELECT * FROM missing"))
            cursor.executemany("INSERT INTO allowed (id, note) VALUES (%s, %s)", [(100 + n, f"note {n}") for n in range(50)])
            seen += [cursor.rowcount, cursor.callproc("twice"), cursor.fetchall()]
            while cursor.nextset():
                seen.append(cursor.fetchall())
            connection.rollback()
            seen.append(_everything(cursor, pymysql, "SELECT count(*) FROM allowed"))
            connection.begin()
            connection.select_db("other")
            connection.ping()
            seen += [connection.get_server_info(), connection.character_set_name(), connection.show_warnings()]
            return [*seen, _everything(cursor, pymysql, "SELECT DATABASE(), @@in_transaction")]

    ways.both(work)


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1", "utf8", "cp1251", "ascii", "latin2"])
def test_character_sets(ways: Ways, charset: str) -> None:
    def work(way: dict[str, Any]) -> object:
        with pymysql.connect(database="shop", charset=charset, use_unicode=False, **way) as connection:
            text = "SELECT _utf8mb4 x'6772c3b6c39f65', @@character_set_client, @@collation_connection, COLLATION('x')"
            beyond = "" if charset == "ascii" else "\N{SECTION SIGN}"
            return [_everything(connection.cursor(), pymysql, each) for each in (text, f"SELECT '{beyond}', HEX('{beyond}')")]

    ways.both(work)


# aiomysql, asyncmy


@pytest.mark.parametrize("driver", [aiomysql, asyncmy], ids=["aiomysql", "asyncmy"])
async def test_async_drivers(ways: Ways, driver: Any) -> None:
    seen = []
    for way in (ways.through, ways.straight):
        connection = await driver.connect(db="shop", **way)
        found: list[object] = []
        async with connection.cursor() as cursor:
            for text, parameters in [
                ("SELECT " + ", ".join(["%s"] * len(VALUES)), VALUES),
                (TEXT, (1,)),
                *((e, None) for e in ERRORS),
            ]:
                try:
                    affected = await cursor.execute(text, parameters)
                    found.append((affected, cursor.description, await cursor.fetchall(), cursor.lastrowid))
                except Exception as error:  # held to be the same on both ways
                    found.append((type(error).__name__, error.args))
            await cursor.callproc("twice")
            found.append(await cursor.fetchall())
            while await cursor.nextset():
                found.append(await cursor.fetchall())
            await cursor.execute("SELECT * FROM other.typed")
            found.append(await cursor.fetchall())
        await connection.ping()
        await connection.commit()
        await connection.begin()
        await connection.rollback()
        await connection.autocommit(True)
        await connection.select_db("other")
        connection.close()
        seen.append(found)
    assert seen[0] == seen[1]


# mysql-connector-python


def _connector(way: dict[str, Any], pure: bool, **more: Any) -> Any:
    return mysql.connector.connect(database="shop", use_pure=pure, ssl_disabled=True, **way, **more)


@pytest.fixture(params=[True, False], ids=["python", "c"])
def pure(request: pytest.FixtureRequest) -> bool:
    if not request.param and not mysql.connector.HAVE_CEXT:
        pytest.skip("mysql-connector-python without its C extension")
    return bool(request.param)


def _run(cursor: Any, text: str, parameters: Any = ()) -> object:
    def run() -> object:
        cursor.execute(text, parameters)
        return cursor.fetchall() if cursor.with_rows else None, cursor.description, cursor.rowcount, cursor.lastrowid

    return caught(mysql.connector, run)


@pytest.mark.parametrize("prepared", [False, True], ids=["text", "prepared"])
def test_mysql_connector(ways: Ways, pure: bool, prepared: bool) -> None:
    def work(way: dict[str, Any]) -> object:
        with _connector(way, pure) as connection, connection.cursor(prepared=prepared) as cursor:
            mark = "?" if prepared else "%s"
            seen = [_run(cursor, f"SELECT {mark}", (value,)) for value in VALUES]
            seen += [_run(cursor, f"SELECT note FROM allowed WHERE id = {mark}", (n,)) for n in (1, 2, 3, "1", 1.0, None)]
            seen.append(_run(cursor, "SELECT a, b, c, d, e, f, g, h, k, m, n, o, p, s, t, u, w FROM other.typed"))
            # KILL and USE are not for preparing: those on the text side are enough.
            seen += [_run(cursor, text) for text in ERRORS[:6]]
            seen.append(_run(cursor, f"INSERT INTO allowed VALUES ({mark}, {mark})", (500, "größe" * 20_000)))
            seen.append(_run(cursor, "SELECT length(note) FROM allowed WHERE id = 500"))
            connection.rollback()
            return seen

    ways.both(work)


def test_mysql_connectors_other_calls(ways: Ways, pure: bool) -> None:
    def work(way: dict[str, Any]) -> object:
        with _connector(way, pure, conn_attrs={"program": "test"}) as connection:
            seen: list[object] = [connection.get_server_info(), connection.in_transaction, connection.sql_mode]
            with connection.cursor() as cursor:
                cursor.callproc("twice")
                seen.append([result.fetchall() for result in cursor.stored_results()])
            connection.start_transaction(isolation_level="READ COMMITTED")
            seen.append(connection.in_transaction)
            connection.rollback()
            connection.cmd_init_db("other")
            seen += [connection.database, connection.is_connected()]
            connection.cmd_reset_connection()
            connection.cmd_change_user(way["user"], way["password"], "shop")
            with connection.cursor() as cursor:
                seen.append(_run(cursor, "SELECT DATABASE(), @@character_set_client"))
            return seen

    ways.both(work)


def test_changing_the_user_changes_the_permissions(gateway: LiveGateway, ways: Ways, pure: bool) -> None:
    with _connector(ways.through, pure) as connection:
        connection.cmd_change_user("bob", PASSWORD, "my1/shop")
        with connection.cursor() as cursor, pytest.raises(mysql.connector.Error) as refused:
            cursor.execute("SELECT * FROM secret")
        assert refused.value.errno == 1142
