"""Limits of rows, bytes, days and time against a real MariaDB: where they strike, what the client hears, what goes on."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import mysql.connector
import pymysql
import pytest

from gateway.model.identity import Engine
from gateway.wire.mysql.results import Err
from tests.live.mysql_raw import USUAL, RawClient
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import MariaDbServer

_FILL = "SELECT seq AS id, CONCAT('name ', seq) AS name FROM seq_1_to_5000"
SCHEMA = f"""
CREATE DATABASE IF NOT EXISTS shop;
USE shop;
CREATE OR REPLACE TABLE shop.many (id INT PRIMARY KEY, name TEXT) AS {_FILL};
CREATE OR REPLACE TABLE shop.daily AS {_FILL};
CREATE OR REPLACE TABLE shop.loud AS {_FILL};
CREATE OR REPLACE TABLE shop.silent AS {_FILL};
CREATE OR REPLACE TABLE shop.cut AS {_FILL};
CREATE OR REPLACE TABLE shop.slow AS {_FILL};
CREATE OR REPLACE TABLE shop.free AS {_FILL};
CREATE OR REPLACE TABLE shop.narrow AS {_FILL};
CREATE OR REPLACE TABLE shop.narrow_loud AS {_FILL};
CREATE OR REPLACE TABLE shop.bytes_limited AS SELECT seq AS id, REPEAT('x', 1000) AS pad FROM seq_1_to_500;
CREATE OR REPLACE TABLE shop.wide AS SELECT 1 AS id, REPEAT('w', 20000000) AS pad;
CREATE OR REPLACE PROCEDURE shop.twice() BEGIN SELECT 1; SELECT id FROM shop.many; END
"""
POLICY = """p, user:alice, *, **, connect|temp|explain|call, , allow
p, user:alice, *, */shop/*, select|insert|update|delete, , allow
p, user:alice, *, */information_schema/*, select, , allow
p, user:alice, *, **, lock, , allow
p, user:erin, *, **, connect|temp|explain|select|export|lock, , allow
"""


def _rule(table: str, text: str) -> str:
    return f'[[rules]]\nname = "{table}"\nroles = ["*"]\nobjects = ["*/shop/{table}"]\n{text}\n'


RULES = (
    _rule("many", "max_rows = 100")
    + _rule("daily", "max_rows_per_day = 150")
    + _rule("loud", 'max_rows = 10\nmode = "warn"')
    + _rule("silent", 'max_rows = 10\nmode = "shadow"')
    + _rule("bytes_limited", "max_bytes = 10000")
    + _rule("wide", "max_bytes = 30_000_000")
    + _rule("cut", 'max_rows = 7\non_limit = "truncate"')
    + _rule("slow", 'statement_timeout = "300ms"')
    + _rule("narrow", "require_where = true")
    + _rule("narrow_loud", 'require_where = true\nmode = "warn"')
)
FILES = {"query_rules.toml": RULES}


@pytest.fixture(scope="module")
def access(mariadb: MariaDbServer) -> Access:
    options: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    with pymysql.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL max_allowed_packet = 67108864")  # counts for connections from now on
    with pymysql.connect(**options, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in SCHEMA.strip().split(";\n"):
            cursor.execute(statement)
    return Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)


@pytest.fixture(scope="module")
def gateway(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    home = tmp_path_factory.mktemp("limits")
    with LiveGateway(access, home, POLICY, users=("alice", "erin"), databases=("shop",), files=FILES) as live:
        yield live


@pytest.fixture
def alice(gateway: LiveGateway) -> Iterator[pymysql.Connection]:
    with gateway.connect(autocommit=True, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS) as connection:
        yield connection


@pytest.fixture
def connector(gateway: LiveGateway) -> Iterator[Any]:
    connection = mysql.connector.connect(
        host="127.0.0.1", port=gateway.port, user="alice", password=PASSWORD, database="my1/shop", use_pure=True
    )
    yield connection
    connection.close()


def rows(connection: pymysql.Connection, text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def struck(connection: pymysql.Connection, text: str, words: str = "100 rows") -> None:
    with pytest.raises(pymysql.Error) as caught:
        rows(connection, text)
    code, message = caught.value.args
    assert code == 1104
    assert message.startswith(
        f"gateway: result limited to {words}; export permission is needed for more (rule query_rules.toml:"
    )


def last_end(gateway: LiveGateway) -> dict[str, Any]:
    return [record for record in gateway.records() if record["kind"] == "statement.end"][-1]


def test_the_statement_ends_at_the_limit_and_the_session_lives_on(alice: pymysql.Connection) -> None:
    assert len(rows(alice, "SELECT * FROM many LIMIT 100")) == 100
    struck(alice, "SELECT * FROM many LIMIT 101")
    for _ in range(20):
        struck(alice, "SELECT * FROM many a, many b")
        assert rows(alice, "SELECT 1") == ((1,),)


def test_the_servers_work_is_cancelled(alice: pymysql.Connection) -> None:
    began = time.monotonic()
    struck(alice, "SELECT a.id FROM many a, many b, many c")  # 125 thousand million rows
    assert rows(alice, "SELECT 1") == ((1,),)
    assert time.monotonic() - began < 10


def test_sequence_ids_and_ends_are_right_without_deprecate_eof(gateway: LiveGateway) -> None:
    """PyMySQL checks sequence ids."""
    with gateway.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(pymysql.Error, match="1104"):
            cursor.execute("SELECT * FROM many")
        cursor.execute("SELECT * FROM cut")
        assert cursor.rowcount == 7
        assert cursor.warning_count == 1


def test_sequence_ids_and_ends_are_right_with_deprecate_eof(connector: Any) -> None:
    cursor = connector.cursor()
    with pytest.raises(mysql.connector.Error, match="1104"):
        cursor.execute("SELECT * FROM many")
        cursor.fetchall()
    connector.reset_session()
    cursor = connector.cursor()
    cursor.execute("SELECT * FROM cut")
    assert len(cursor.fetchall()) == 7
    assert cursor.warning_count == 1


def test_a_limit_among_several_statements_ends_them_all(alice: pymysql.Connection) -> None:
    with alice.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT * FROM many; SELECT 2")
        assert cursor.fetchall() == ((1,),)
        with pytest.raises(pymysql.Error, match="1104"):
            cursor.nextset()
    assert rows(alice, "SELECT 3") == ((3,),)


def test_truncated_rows_are_told_of(alice: pymysql.Connection, gateway: LiveGateway) -> None:
    with alice.cursor() as cursor:
        cursor.execute("SELECT id FROM cut ORDER BY id; SELECT 'behind'; SELECT id FROM cut WHERE id < 3 ORDER BY id")
        assert [row[0] for row in cursor.fetchall()] == list(range(1, 8))
        assert cursor.warning_count == 1
        assert cursor.nextset()
        assert cursor.fetchall() == (("behind",),)
        assert cursor.warning_count == 0
        assert cursor.nextset()
        assert cursor.fetchall() == ((1,), (2,))
        assert not cursor.nextset()
        ((level, code, message),) = rows(alice, "SHOW WARNINGS")
        assert (level, code) == ("Warning", 1104)
        assert message.startswith("gateway: result limited to 7 rows; export permission is needed for more")
        assert rows(alice, "SHOW WARNINGS")[0][2] == message
        assert rows(alice, "SELECT COUNT(*) FROM free") == ((5000,),)
        assert rows(alice, "SHOW WARNINGS") == ()
    ends = [record for record in gateway.records() if record["kind"] == "statement.end" and "carried_out" in record]
    assert any(item.get("truncated") for record in ends for item in record["carried_out"].get("limits", []))


def test_binary_rows_are_limited(gateway: LiveGateway) -> None:
    """mysql-connector hangs where an error follows binary rows, whoever sends it (its `read_binary_result`)."""
    with RawClient(gateway.port) as client:
        assert client.login("alice", PASSWORD, "my1/shop")[0] == 0
        number = prepare(client, "SELECT id FROM many ORDER BY id")
        for _ in range(3):
            first = client.command(b"\x17" + number.to_bytes(4, "little") + b"\0" + (1).to_bytes(4, "little"))
            assert first == b"\x01"
            for _ in range(2 + 100):
                client.packet()
            error = Err.decode(client.packet())
            assert (error.code, error.sql_state) == (1104, b"42000")


def test_binary_rows_are_truncated(connector: Any) -> None:
    cursor = connector.cursor(prepared=True)
    for _ in range(3):
        cursor.execute("SELECT id, name FROM cut WHERE id > ? ORDER BY id", (10,))
        assert cursor.fetchall()[-1] == (17, "name 17")
    cursor.close()


def test_the_limit_counts_over_all_statements_of_a_procedure(alice: pymysql.Connection) -> None:
    """What a procedure reads is not in sight of a rule on the table; a rule on the procedure's own is policy's."""
    with alice.cursor() as cursor:
        cursor.execute("CALL twice()")
        assert cursor.fetchall() == ((1,),)


def prepare(client: RawClient, statement: str) -> int:
    """The statement's number."""
    first = client.command(b"\x16" + statement.encode())
    assert first[0] == 0, first
    for _ in range(int.from_bytes(first[5:7], "little") + 1):
        client.packet()
    return int.from_bytes(first[1:5], "little")


def execute_with_cursor(client: RawClient, statement: str) -> int:
    """Prepare and open a cursor; the statement's number."""
    number = prepare(client, statement)
    columns = client.command(b"\x17" + number.to_bytes(4, "little") + b"\x01" + (1).to_bytes(4, "little"))[0]
    assert columns < 0xFB
    for _ in range(columns + 1):
        client.packet()
    return number


def fetch(client: RawClient, number: int, count: int) -> tuple[list[bytes], bytes]:
    """The rows of one COM_STMT_FETCH and the packet that ends them."""
    packet = client.command(b"\x1c" + number.to_bytes(4, "little") + count.to_bytes(4, "little"))
    found: list[bytes] = []
    while True:
        if packet[0] == 0xFF or (packet[0] == 0xFE and len(packet) < 9):
            return found, packet
        found.append(packet)
        packet = client.packet()


def test_the_limit_counts_over_all_fetches_of_a_cursor(gateway: LiveGateway) -> None:
    with RawClient(gateway.port) as client:
        assert client.login("alice", PASSWORD, "my1/shop")[0] == 0
        number = execute_with_cursor(client, "SELECT id FROM many ORDER BY id")
        assert len(fetch(client, number, 60)[0]) == 60
        assert len(fetch(client, number, 40)[0]) == 40
        found, end = fetch(client, number, 1)
        assert not found
        assert end[:3] == b"\xff" + (1104).to_bytes(2, "little")
        assert client.command(b"\x0e")[0] == 0
        number = execute_with_cursor(client, "SELECT id FROM cut ORDER BY id")
        found, end = fetch(client, number, 5)
        assert (len(found), end[3] & 0x80) == (5, 0)
        found, end = fetch(client, number, 5)
        assert (len(found), end[3] & 0xC0) == (2, 0x80)  # the last row was sent, no cursor is left
        assert int.from_bytes(end[1:3], "little") == 1


def test_bytes_are_limited(alice: pymysql.Connection) -> None:
    assert len(rows(alice, "SELECT * FROM bytes_limited LIMIT 9")) == 9
    struck(alice, "SELECT * FROM bytes_limited", "10000 bytes")


def test_rows_in_several_packets_are_counted_and_pass(alice: pymysql.Connection) -> None:
    assert len(rows(alice, "SELECT pad FROM wide")[0][0]) == 20_000_000
    struck(alice, "SELECT a.pad FROM wide a, wide b UNION ALL SELECT pad FROM wide", "30000000 bytes")
    assert rows(alice, "SELECT 1") == ((1,),)


def test_rows_of_a_day_are_counted_over_statements_and_sessions(gateway: LiveGateway) -> None:
    with gateway.connect() as first:
        assert len(rows(first, "SELECT id FROM daily LIMIT 100")) == 100
    with gateway.connect() as second:
        assert len(rows(second, "SELECT id FROM daily LIMIT 50")) == 50
        struck(second, "SELECT id FROM daily LIMIT 1", "150 rows a day of my1/shop/daily")
        assert len(rows(second, "SELECT id FROM free LIMIT 1")) == 1
    assert gateway.running.usage.rows["alice", "my1/shop/daily"] == 150


def test_a_rule_that_warns_lets_pass_and_says_so(alice: pymysql.Connection, gateway: LiveGateway) -> None:
    with alice.cursor() as cursor:
        cursor.execute("SELECT id FROM loud LIMIT 20")
        assert (len(cursor.fetchall()), cursor.warning_count) == (20, 1)
    assert "result limited to 10 rows" in rows(alice, "SHOW WARNINGS")[0][2]
    with alice.cursor() as cursor:
        cursor.execute("SELECT id FROM narrow_loud")
        assert (len(cursor.fetchall()), cursor.warning_count) == (5000, 1)
    assert "WHERE" in rows(alice, "SHOW WARNINGS")[0][2]
    limits = [record["carried_out"]["limits"] for record in gateway.records() if record.get("carried_out", {}).get("limits")]
    assert any(item["mode"] == "warn" for found in limits for item in found)


def test_a_rule_in_the_shadow_only_leaves_its_record(alice: pymysql.Connection, gateway: LiveGateway) -> None:
    with alice.cursor() as cursor:
        cursor.execute("SELECT id FROM silent LIMIT 20")
        assert (len(cursor.fetchall()), cursor.warning_count) == (20, 0)
    assert rows(alice, "SHOW WARNINGS") == ()
    end = next(record for record in reversed(gateway.records()) if "carried_out" in record)
    assert [item["mode"] for item in end["carried_out"]["limits"]] == ["shadow"]


def test_a_relation_is_not_read_whole(alice: pymysql.Connection) -> None:
    assert rows(alice, "SELECT id FROM narrow WHERE id = 3") == ((3,),)
    with pytest.raises(pymysql.Error, match=r"1142.*WHERE"):
        rows(alice, "SELECT id FROM narrow")
    with pytest.raises(pymysql.Error, match=r"1142.*WHERE"):
        rows(alice, "DELETE FROM narrow")


@pytest.mark.parametrize("text", ["SELECT id, SLEEP(20) FROM slow", "SELECT COUNT(*) FROM slow a, slow b, slow c"])
def test_a_statement_that_takes_too_long_is_ended(alice: pymysql.Connection, text: str) -> None:
    began = time.monotonic()
    with pytest.raises(pymysql.Error, match="statement timeout of 300 ms") as caught:
        rows(alice, text)
    assert caught.value.args[0] == 1969
    assert time.monotonic() - began < 5
    assert rows(alice, "SELECT COUNT(*) FROM slow") == ((5000,),)
    time.sleep(0.4)  # the timer of what was answered in time must not strike now
    assert rows(alice, "SELECT SLEEP(0.5)") == ((0,),)


def test_a_transaction_lives_on_behind_a_limit(alice: pymysql.Connection) -> None:
    rows(alice, "BEGIN")
    rows(alice, "INSERT INTO free VALUES (9999, 'kept')")
    struck(alice, "SELECT * FROM many")
    rows(alice, "COMMIT")
    assert rows(alice, "SELECT name FROM free WHERE id = 9999") == (("kept",),)
    rows(alice, "DELETE FROM free WHERE id = 9999")


def test_what_is_being_ended_is_recorded(alice: pymysql.Connection, gateway: LiveGateway) -> None:
    struck(alice, "SELECT * FROM many")
    rows(alice, "SELECT 1")
    end = next(
        record for record in reversed(gateway.records()) if record.get("error", {}) and record["error"]["code"] == "1104"
    )
    assert end["rows"] == 100
    assert end["carried_out"]["limits"][0]["mode"] == "enforce"
    assert json.dumps(end)


def test_export_lifts_the_limits(gateway: LiveGateway) -> None:
    with gateway.connect("erin") as erin:
        assert len(rows(erin, "SELECT * FROM many")) == 5000
        with erin.cursor() as cursor:
            cursor.execute("SELECT * FROM cut")
            assert (len(cursor.fetchall()), cursor.warning_count) == (5000, 0)


@pytest.mark.skipif(shutil.which("mariadb-dump") is None, reason="no mariadb-dump")
def test_a_dump_needs_export(gateway: LiveGateway) -> None:
    def dump(user: str, table: str) -> "subprocess.CompletedProcess[str]":
        command = ["mariadb-dump", "--skip-lock-tables", "--skip-ssl", "-h127.0.0.1", f"-P{gateway.port}", f"-u{user}"]
        return subprocess.run(
            [*command, f"-p{PASSWORD}", "shop", table], capture_output=True, text=True, timeout=60, check=False
        )

    refused = dump("alice", "many")
    assert refused.returncode != 0
    assert "result limited to 100 rows" in refused.stderr
    done = dump("erin", "many")
    assert done.returncode == 0, done.stderr
    assert "(5000,'name 5000')" in done.stdout


@pytest.mark.skipif(shutil.which("mariadb") is None, reason="no mariadb command line")
def test_the_command_line_shows_the_warning(gateway: LiveGateway) -> None:
    command = ["mariadb", "--skip-ssl", "-h127.0.0.1", f"-P{gateway.port}", "-ualice", f"-p{PASSWORD}", "my1/shop"]
    shown = subprocess.run(
        [*command, "-vvv", "--show-warnings", "-e", "SELECT id FROM cut; SELECT 'next'"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "7 rows in set, 1 warning" in shown.stdout
    assert "Warning (Code 1104): gateway: result limited to 7 rows" in shown.stdout
    assert "next" in shown.stdout


def test_a_client_without_the_newer_ends_of_results(gateway: LiveGateway) -> None:
    with RawClient(gateway.port, USUAL) as client:
        assert client.login("alice", PASSWORD, "my1/shop")[0] == 0
        client.command(b"\x03SELECT id FROM cut")
        for _ in range(1 + 1 + 7):
            client.packet()
        end = client.packet()
        assert end[0] == 0xFE
        assert len(end) == 5
        assert int.from_bytes(end[1:3], "little") == 1
