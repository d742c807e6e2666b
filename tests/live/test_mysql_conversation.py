"""MySQL through the gateway with a real MariaDB: what passes, what is refused, and that both look as they must."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from gateway.config import Limits
from gateway.model.identity import Engine, RoleBinding
from gateway.proxy.tls import server_side
from gateway.wire.mysql.constants import AuthPlugin, Capability
from gateway.wire.mysql.results import Err, Ok
from tests.live.mysql_raw import USUAL, RawClient
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import OPEN_POLICY, PASSWORD, TOKEN, LiveGateway
from tests.support.servers import Certificates, MariaDbServer

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


def query(text: str) -> bytes:
    return b"\x03" + text.encode()


def one(connection: pymysql.Connection, text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def thread_of(connection: pymysql.Connection) -> int:
    """The connection id that the gateway told."""
    return int(connection.thread_id())  # type: ignore[no-untyped-call]


def refusal(connection: pymysql.Connection, text: str) -> tuple[int, str]:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        one(connection, text)
    return caught.value.args


# Login and addresses


@pytest.mark.parametrize(
    ("user", "database", "current"),
    [("alice", "my1/shop", "shop"), ("alice", "other", "other"), ("alice@my1", None, None), ("alice", None, None)],
)
def test_addresses(gateway: LiveGateway, user: str, database: str | None, current: str | None) -> None:
    with gateway.connect(user, database) as connection:
        assert one(connection, "SELECT DATABASE()") == ((current,),)


def test_the_greeting_is_the_servers_but_the_challenge_is_ours(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    with RawClient(gateway.port) as ours, RawClient(mariadb.port) as theirs:
        assert ours.greeting.server_version == theirs.greeting.server_version
        assert ours.greeting.auth_plugin == AuthPlugin.CACHING_SHA2
        assert not ours.greeting.capabilities & (Capability.COMPRESS | Capability.SSL)
        assert ours.greeting.capabilities & Capability.LONG_PASSWORD


def test_second_login_is_fast(gateway: LiveGateway) -> None:
    with gateway.connect(), RawClient(gateway.port) as raw:
        seen: list[bytes] = []
        keep = raw.packet

        def packet() -> bytes:
            seen.append(keep())
            return seen[-1]

        raw.packet = packet  # type: ignore[method-assign]
        assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
    assert seen[0] == b"\x01\x03"


@pytest.mark.parametrize("user", ["alice", "nobody", "+token", "alice+token"])
def test_a_wrong_login_is_the_servers_own_words(gateway: LiveGateway, user: str) -> None:
    with pytest.raises(pymysql.err.OperationalError) as caught:
        gateway.connect(user, password="wrong")
    assert caught.value.args == (1045, f"Access denied for user '{user}'@'127.0.0.1' (using password: YES)")


def test_no_password(gateway: LiveGateway) -> None:
    with pytest.raises(pymysql.err.OperationalError) as caught:
        gateway.connect("alice", password="")
    assert caught.value.args == (1045, "Access denied for user 'alice'@'127.0.0.1' (using password: NO)")


def test_a_token_is_a_password_for_its_owner_alone(gateway: LiveGateway) -> None:
    with gateway.connect("alice+token", password=TOKEN) as connection:
        assert one(connection, "SELECT 1") == ((1,),)
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        gateway.connect("bob+token", password=TOKEN)


def test_other_plugins_are_switched(gateway: LiveGateway) -> None:
    with RawClient(gateway.port) as raw:
        assert raw.login("alice", PASSWORD, "my1/shop", plugin=AuthPlugin.NATIVE)[0] == 0


def test_a_client_without_plugins_hears_why_not(gateway: LiveGateway) -> None:
    with RawClient(gateway.port, USUAL & ~Capability.PLUGIN_AUTH) as raw:
        error = Err.decode(raw.login("alice", PASSWORD))
    assert (error.code, error.sql_state) == (1251, b"08004")


@pytest.mark.parametrize("database", ["my1/nothing", "nothing", "my2/shop"])
def test_a_missing_database_is_refused_as_a_forbidden_one(gateway: LiveGateway, database: str) -> None:
    with pytest.raises(pymysql.err.OperationalError) as caught:
        gateway.connect("alice", database)
    assert caught.value.args[0] == 1044
    assert f"permission denied: connect on {database}" in caught.value.args[1]


@pytest.mark.parametrize("collation", [28, 13, 1, 95, 35])  # gbk, sjis, big5, cp932, ucs2
def test_unsafe_character_sets_are_refused_at_login(gateway: LiveGateway, collation: int) -> None:
    with RawClient(gateway.port) as raw:
        error = Err.decode(raw.login("alice", PASSWORD, "my1/shop", collation=collation))
    assert error.code == 1115


# Statements


def test_results_are_as_on_a_direct_connection(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    direct: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    texts = [
        "SELECT * FROM allowed ORDER BY id",
        "SELECT 1, NULL, 'x', 1.5, CAST('2024-01-01' AS DATE)",
        "UPDATE allowed SET note = note WHERE id = 1",
        "SHOW TABLES",
        "SHOW CREATE TABLE allowed",
        "DESCRIBE allowed",
        "EXPLAIN SELECT * FROM allowed",
        "SELECT * FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'allowed'",
        "SELECT * FROM missing",
        "SELEC",
        "",
        "INSERT INTO allowed VALUES (1, 'again')",
    ]
    with gateway.connect(autocommit=True) as ours, pymysql.connect(database="shop", autocommit=True, **direct) as theirs:
        for text in texts:
            assert _outcome(ours, text) == _outcome(theirs, text), text


def _outcome(connection: pymysql.Connection, text: str) -> object:
    with connection.cursor() as cursor:
        try:
            affected = cursor.execute(text)
        except pymysql.err.MySQLError as error:
            return error.args
        return affected, cursor.description, cursor.fetchall(), cursor.lastrowid, cursor.warning_count


def test_a_refusal_names_action_path_and_rule_and_the_session_lives(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as connection:
        number, text = refusal(connection, "SELECT * FROM secret")
        assert number == 1142
        assert text.startswith("gateway: permission denied: select on my1/shop/secret")
        assert "policy version" in text
        assert one(connection, "SELECT note FROM allowed WHERE id = 1") == (("one",),)


def test_a_refusal_leaves_the_transaction_alone(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as connection:
        one(connection, "BEGIN")
        one(connection, "UPDATE allowed SET note = 'changed' WHERE id = 2")
        refusal(connection, "SELECT * FROM secret")
        assert one(connection, "SELECT note FROM allowed WHERE id = 2") == (("changed",),)
        one(connection, "ROLLBACK")
        assert one(connection, "SELECT note FROM allowed WHERE id = 2") == (("two",),)


def test_one_refused_of_several_statements_refuses_all(gateway: LiveGateway) -> None:
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with gateway.connect("bob", client_flag=flags, autocommit=True) as connection:
        refusal(connection, "UPDATE allowed SET note = 'x' WHERE id = 1; SELECT * FROM secret")
        assert one(connection, "SELECT note FROM allowed WHERE id = 1") == (("one",),)
        refusal(connection, "USE other; SELECT * FROM things")


def test_several_results(gateway: LiveGateway) -> None:
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with gateway.connect(client_flag=flags) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT 2; SET @a = 3; SELECT @a")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall())
        assert results == [((1,),), ((2,),), [], ((3,),)]
        cursor.execute("CALL twice()")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall())
        assert results[:2] == [((1,),), ((2,),)]


def test_each_statement_of_a_text_is_recorded(gateway: LiveGateway) -> None:
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with gateway.connect(client_flag=flags) as connection:
        one(connection, "SELECT 101; SELECT id FROM allowed")
    records = gateway.records()
    begun = {record["statement_id"]: record for record in records if record["kind"] == "statement"}
    texts = {begun[record["statement_id"]]["text"].strip(): record for record in records if record["kind"] == "statement.end"}
    assert texts["SELECT 101"]["rows"] == 1
    assert texts["SELECT id FROM allowed"]["rows"] == 3


def test_policy_counts_at_once(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path) as live, live.connect("bob") as connection:
        text = "SELECT count(*) FROM allowed"
        assert one(connection, text) == ((3,),)
        assert one(connection, text) == ((3,),)
        live.set_policy("p, user:bob, *, */*, connect, , allow\n")
        assert refusal(connection, text)[0] == 1142


def test_review_answers_with_the_issue(access: Access, tmp_path: Path) -> None:
    policy = "p, user:bob, *, */*, connect|propose, , allow\np, user:bob, *, */*/allowed, select, , allow\n"
    with LiveGateway(access, tmp_path, policy) as live, live.connect("bob") as connection:
        text = "ALTER TABLE allowed ADD COLUMN extra INT"
        number, message = refusal(connection, text)
        assert number == 1142
        assert message.startswith("gateway: ALTER TABLE on my1/shop needs an approved change issue: #1")
        assert "http://gateway.test/api/v1/issues/1" in message
        live.running.reviews.approved.add(text)
        one(connection, text)
        live.running.reviews.approved.add("ALTER TABLE allowed DROP COLUMN extra")
        one(connection, "ALTER TABLE allowed DROP COLUMN extra")
    assert live.running.reviews.outcomes == [(1, None), (0, None)]


# Databases of other projects


def test_a_role_of_one_project_gives_nothing_in_anothers_database(access: Access, tmp_path: Path) -> None:
    policy = "p, reader, *, **, *, , allow\n"
    options: dict[str, Any] = {
        "databases": ("shop", "other"),
        "projects": {"shop": "a", "other": "b"},
        "bindings": {"bob": (RoleBinding("reader", "a"),)},
    }
    with LiveGateway(access, tmp_path, policy, **options) as live, live.connect("bob") as connection:
        assert one(connection, "SELECT count(*) FROM shop.allowed") == ((3,),)
        for text in (
            "SELECT * FROM other.things",
            "SELECT * FROM allowed a JOIN other.things t ON a.id = t.id",
            "INSERT INTO allowed SELECT id, '' FROM other.things",
            "SELECT (SELECT max(id) FROM other.things)",
            "USE other",
            "SELECT * FROM hidden.things",  # registered nowhere
            "SELECT * FROM mysql.user",
        ):
            number, message = refusal(connection, text)
            assert number == 1142, text
            assert "permission denied" in message, text
        with pytest.raises(pymysql.err.OperationalError):
            connection.select_db("other")


def test_use_moves_the_session(gateway: LiveGateway) -> None:
    with gateway.connect("alice", None) as connection:
        assert refusal(connection, "SELECT * FROM things")[0] in {1046, 1142}
        connection.select_db("other")
        assert one(connection, "SELECT * FROM things") == ((7,),)
        one(connection, "USE shop")
        assert len(one(connection, "SELECT * FROM allowed")) == 3
    ends = [record for record in gateway.records() if record.get("text") == "SELECT * FROM things"]
    assert ends[-1]["database"] == "other"


# Session state


def test_sql_mode_is_followed(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as connection:
        assert one(connection, 'SELECT "note" FROM allowed WHERE id = 1') == (("note",),)
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert one(connection, 'SELECT "note" FROM "allowed" WHERE id = 1') == (("one",),)
        assert refusal(connection, 'SELECT 1 FROM "secret"')[0] == 1142


def test_what_a_procedure_sets_is_followed(gateway: LiveGateway) -> None:
    with gateway.connect() as connection:
        one(connection, "CALL ansi()")
        assert one(connection, 'SELECT "x"' if _mode(connection) == "" else "SELECT 'x'") == (("x",),)


def _mode(connection: pymysql.Connection) -> str:
    return str(one(connection, "SELECT @@sql_mode")[0][0])


@pytest.mark.parametrize(
    "text",
    [
        "SET NAMES gbk",
        "SET character_set_client = sjis",
        "SET CHARACTER SET big5",
    ],
)
def test_state_that_cannot_be_followed_is_refused(gateway: LiveGateway, text: str) -> None:
    with gateway.connect() as connection:
        number, _ = refusal(connection, text)
        assert number == 1142
        assert one(connection, "SELECT 1") == ((1,),)


def test_a_procedure_cannot_blind_the_gateway(gateway: LiveGateway) -> None:
    with gateway.connect() as connection:
        one(connection, "CALL blind()")
        one(connection, "CALL ansi()")
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert one(connection, 'SELECT "note" FROM allowed WHERE id = 1') == (("one",),)
    with gateway.connect("carol") as connection:
        one(connection, "CALL blind()")
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert refusal(connection, 'SELECT 1 FROM "secret"')[0] == 1142


@pytest.mark.parametrize(
    "text",
    [
        "SET session_track_system_variables = ''",
        "SET SESSION session_track_schema = OFF",
        "SET session_track_system_variables = CONCAT(@@global.session_track_system_variables, ',tx_isolation')",
        "SET session_track_system_variables = 'session_track_system_variables'",
        "SET @@session.session_track_system_variables = '*'",
    ],
)
@pytest.mark.parametrize(
    "more", ["", "; SET sql_mode = 'ANSI_QUOTES'; USE shop", "; SET sql_mode = 'ANSI_QUOTES'; SELECT 1 FROM nonesuch"]
)
def test_nobody_blinds_the_gateway(gateway: LiveGateway, text: str, more: str) -> None:
    with gateway.connect("bob", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS) as connection:
        try:
            with connection.cursor() as cursor:
                cursor.execute(text + more)
                while cursor.nextset():
                    continue
        except pymysql.err.MySQLError as error:
            assert error.args[0] in {1142, 1146}, error  # noqa: PT017 -- the last of three fails
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert one(connection, 'SELECT "note" FROM allowed WHERE id = 1') == (("one",),)
        assert refusal(connection, 'SELECT 1 FROM "secret"')[0] == 1142


def test_a_client_is_told_what_it_asked_for(gateway: LiveGateway) -> None:
    with RawClient(gateway.port, USUAL | Capability.SESSION_TRACK) as raw:
        assert raw.login("bob", PASSWORD, "my1/shop")[0] == 0
        raw.command(query("SET session_track_system_variables = 'tx_isolation'"))
        told = Ok.decode(raw.command(query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")), raw.capabilities)
        assert (0, b"tx_isolation", b"READ-COMMITTED") in told.state_changes()


def test_tracking_is_for_those_who_asked(gateway: LiveGateway) -> None:
    with RawClient(gateway.port) as plain, RawClient(gateway.port, USUAL | Capability.SESSION_TRACK) as tracking:
        for raw in (plain, tracking):
            assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
        answer = plain.command(query("USE other"))
        assert Ok.decode(answer, plain.capabilities) == Ok(status=2)
        told = Ok.decode(tracking.command(query("USE other")), tracking.capabilities)
        assert (1, b"", b"other") in told.state_changes()


# Commands


def test_simple_commands(client: RawClient) -> None:
    assert client.command(b"\x0e")[0] == 0  # PING
    assert client.command(b"\x09").startswith(b"Uptime")  # STATISTICS
    assert client.command(b"\x1b\x01\0")[0] == 0xFE  # SET_OPTION: several statements off
    assert client.error(query("SELECT 1; SELECT 2")).code == 1064
    assert client.command(b"\x1b\0\0")[0] == 0xFE
    assert client.rows(query("SELECT 1")) == [b"\x011"]


def test_init_db_and_field_list(client: RawClient) -> None:
    assert client.command(b"\x02shop")[0] == 0
    names = [client.command(b"\x04allowed\0%")]
    while (packet := client.packet())[0] != 0xFE:
        names.append(packet)
    assert [b"id" in names[0], b"note" in names[1]] == [True, True]
    assert client.error(b"\x02nowhere").code in {1049, 1142}


@pytest.mark.parametrize("command", [0x00, 0x05, 0x06, 0x0B, 0x0F, 0x10, 0x13, 0x14, 0x1D, 0x20, 0x7F, 0xFA])
def test_unknown_commands(client: RawClient, command: int) -> None:
    assert client.error(bytes((command,)) + b"x").code == 1047
    assert client.rows(query("SELECT 1")) == [b"\x011"]


@pytest.mark.parametrize(
    "command",
    [
        b"\x07\x01",  # REFRESH
        b"\x08\x00",  # SHUTDOWN
        b"\x0a",  # PROCESS_INFO
        b"\x0d",  # DEBUG
        b"\x12" + bytes(10),  # BINLOG_DUMP
        b"\x1e" + bytes(20),  # BINLOG_DUMP_GTID
        b"\x15" + bytes(18),  # REGISTER_SLAVE
        b"\x0c\x01\0\0\0",  # PROCESS_KILL of somebody else's
    ],
)
def test_administration_needs_admin(gateway: LiveGateway, command: bytes) -> None:
    with RawClient(gateway.port) as raw:
        assert raw.login("bob", PASSWORD, "my1/shop")[0] == 0
        error = raw.error(command)
        assert (error.code, error.sql_state) == (1142, b"42000")
        assert raw.rows(query("SELECT 1")) == [b"\x011"]


def test_administrators_see_the_processes(client: RawClient) -> None:
    assert client.more_rows(client.command(b"\x0a"))


def test_reset_connection(client: RawClient) -> None:
    client.command(query("SET sql_mode = 'ANSI_QUOTES'"))
    client.command(query("CREATE TEMPORARY TABLE scratch (a INT)"))
    assert client.command(b"\x1f")[0] == 0
    assert client.error(query("SELECT * FROM scratch")).code in {1146, 1142}
    assert client.rows(query('SELECT "x"')) == [b"\x01x"]
    client.command(query("SET sql_mode = 'ANSI_QUOTES'"))  # tracked as before
    assert client.error(query('SELECT "x"')).code in {1054, 1142}


def test_change_user_is_a_new_login(gateway: LiveGateway) -> None:
    with RawClient(gateway.port) as raw:
        assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
        assert raw.rows(query("SELECT salary FROM secret")) == [b"\x044711"]
        raw.sequence = 0
        raw.say(b"\x11bob\0\0my1/shop\0" + (45).to_bytes(2, "little") + b"caching_sha2_password\0")
        assert raw.authenticate(PASSWORD.encode(), b"")[0] == 0
        assert raw.error(query("SELECT salary FROM secret")).code == 1142
        assert raw.rows(query("SELECT count(*) FROM allowed")) == [b"\x013"]
        raw.sequence = 0
        raw.say(b"\x11alice\0\0my1/shop\0" + (45).to_bytes(2, "little") + b"caching_sha2_password\0")
        assert Err.decode(raw.authenticate(b"wrong", b"")).code == 1045
        with pytest.raises((EOFError, ConnectionError)):
            raw.command(b"\x0e")


# Prepared statements


def prepare(client: RawClient, text: str) -> int:
    answer = client.command(b"\x16" + text.encode())
    assert answer[0] == 0, answer
    columns, parameters = int.from_bytes(answer[5:7], "little"), int.from_bytes(answer[7:9], "little")
    for count in (parameters, columns):
        for _ in range(count + bool(count)):
            client.packet()
    return int.from_bytes(answer[1:5], "little")


def execute(number: int, parameters: bytes = b"", flags: int = 0) -> bytes:
    return b"\x17" + number.to_bytes(4, "little") + bytes((flags,)) + b"\1\0\0\0" + parameters


def test_prepared_statements(client: RawClient) -> None:
    number = prepare(client, "SELECT note FROM allowed WHERE id = ?")
    assert client.rows(execute(number, b"\0\x01\x03\0\x01\0\0\0")) == [b"\0\0\x03one"]
    assert client.rows(execute(number, b"\0\x00\x02\0\0\0")) == [b"\0\0\x03two"]  # types as before
    assert client.rows(execute(number, b"\0\x01\xfd\0\x011")) == [b"\0\0\x03one"]  # bound anew, as a string
    assert client.command(b"\x1a" + number.to_bytes(4, "little"))[0] == 0
    client.socket.sendall(b"\x05\0\0\0\x19" + number.to_bytes(4, "little"))
    assert client.error(execute(number)).code == 1243


def test_a_prepared_statement_is_decided_again(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path) as live, RawClient(live.port) as raw:
        assert raw.login("bob", PASSWORD, "my1/shop")[0] == 0
        assert raw.error(b"\x16SELECT * FROM secret").code == 1142
        number = prepare(raw, "SELECT note FROM allowed WHERE id = 1")
        assert raw.rows(execute(number)) == [b"\0\0\x03one"]
        assert raw.rows(execute(number)) == [b"\0\0\x03one"]
        live.set_policy("p, user:bob, *, */*, connect, , allow\n")
        assert raw.error(execute(number)).code == 1142
        live.set_policy("p, user:bob, *, **, *, , allow\n")
        assert raw.rows(execute(number)) == [b"\0\0\x03one"]


def test_a_prepared_statement_keeps_its_database(client: RawClient) -> None:
    number = prepare(client, "SELECT count(*) FROM allowed")
    assert client.command(b"\x02other")[0] == 0
    assert len(client.rows(execute(number))) == 1


def test_sql_mode_of_a_prepared_statement_cannot_change(client: RawClient) -> None:
    number = prepare(client, 'SELECT "note" FROM allowed')
    client.command(query("SET sql_mode = 'ANSI_QUOTES'"))
    assert client.error(execute(number)).code == 1615


def test_long_data_and_cursors(client: RawClient) -> None:
    number = prepare(client, "SELECT length(?)")
    client.socket.sendall(b"\x0a\0\0\0\x18" + number.to_bytes(4, "little") + b"\0\0abc")
    client.socket.sendall(b"\x0a\0\0\0\x18" + number.to_bytes(4, "little") + b"\0\0def")
    assert client.rows(execute(number, b"\0\x01\xfc\0"))[0][2:3] == b"\x06"
    number = prepare(client, "SELECT id FROM allowed ORDER BY id")
    first = client.command(execute(number, flags=1))
    for _ in range(first[0] + 1):
        last = client.packet()
    assert last[0] == 0xFE
    rows, sequence = [], client.command(b"\x1c" + number.to_bytes(4, "little") + (2).to_bytes(4, "little"))
    rows.append(sequence)
    while (packet := client.packet())[0] != 0xFE:
        rows.append(packet)
    assert len(rows) == 2
    assert client.error(b"\x1c\xff\xff\0\0\1\0\0\0").code == 1243


# Large things


@pytest.mark.parametrize("size", [0xFFFFFF - 40, 0xFFFFFF + 10])
def test_sixteen_megabytes_both_ways(access: Access, tmp_path: Path, size: int) -> None:
    limits = Limits(statement_bytes=40 * 1024 * 1024)
    with LiveGateway(access, tmp_path, limits=limits) as live, live.connect() as connection:
        assert one(connection, "SELECT length(repeat('x', 3))") == ((3,),)
        assert len(one(connection, f"SELECT repeat('x', {15 * 1024 * 1024})")[0][0]) == 15 * 1024 * 1024
        number, _ = refusal(connection, f"SELECT '{'y' * size}' FROM nothing_of_that_name")
        assert number in {1146, 1153, 2013, 1142}


def test_a_statement_over_the_limit_is_refused_and_the_session_lives(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path, limits=Limits(statement_bytes=100_000)) as live, live.connect() as connection:
        number, text = refusal(connection, f"SELECT '{'x' * 300_000}'")
        assert (number, text) == (1153, "gateway: statement is larger than 100000 bytes")
        assert one(connection, "SELECT 1") == ((1,),)


def test_a_large_result_passes(gateway: LiveGateway) -> None:
    text = "SELECT seq, repeat('x', 100) FROM seq_1_to_200000"
    with gateway.connect() as connection, connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute(text)
        assert sum(1 for _ in cursor) == 200_000
    record = _end_of(gateway, text)
    assert record["rows"] == 200_000
    assert record["bytes"] > 20_000_000


def _end_of(gateway: LiveGateway, text: str) -> dict[str, Any]:
    records = gateway.records()
    number = [record for record in records if record.get("text") == text][-1]["statement_id"]
    return next(record for record in records if record["kind"] == "statement.end" and record["statement_id"] == number)


# LOCAL INFILE


def test_local_infile_is_a_permitted_write(gateway: LiveGateway, tmp_path: Path, mariadb: MariaDbServer) -> None:
    file = tmp_path / "rows.tsv"
    file.write_text("".join(f"{number}\tloaded\n" for number in range(1000, 31_000)))
    text = f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE allowed"
    with gateway.connect(local_infile=True) as connection:
        one(connection, text)
        assert one(connection, "SELECT count(*) FROM allowed WHERE note = 'loaded'") == ((30_000,),)
        connection.rollback()
    with gateway.connect("bob", local_infile=True) as connection:
        number, _ = refusal(connection, text.replace("allowed", "secret"))
        assert number == 1142
        assert one(connection, "SELECT 1") == ((1,),)


# Cancelling


def test_kill_query_of_ones_own(gateway: LiveGateway) -> None:
    with gateway.connect() as sleeper, gateway.connect() as killer:
        result: list[object] = []
        thread = threading.Thread(target=lambda: result.append(_outcome(sleeper, "SELECT sleep(20)")))
        thread.start()
        time.sleep(0.5)
        one(killer, f"KILL QUERY {thread_of(sleeper)}")
        thread.join(10)
        assert not thread.is_alive()
        assert result
        assert one(sleeper, "SELECT 2") == ((2,),)


def test_kill_of_ones_own_session(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as victim, gateway.connect("bob") as killer:
        one(killer, f"KILL {thread_of(victim)}")
        time.sleep(0.2)
        assert refusal(victim, "SELECT 1")[0] in {1927, 2013, 2006}


def test_others_sessions_are_not_ones_own(gateway: LiveGateway) -> None:
    with gateway.connect("alice") as victim, gateway.connect("bob") as killer:
        assert refusal(killer, f"KILL QUERY {thread_of(victim)}")[0] == 1142
        assert refusal(killer, f"KILL {thread_of(victim)}")[0] == 1142
        assert one(victim, "SELECT 1") == ((1,),)


def test_an_administrator_kills_by_the_gateways_id(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as victim, gateway.connect("alice") as killer:
        one(killer, f"KILL {thread_of(victim)}")
        time.sleep(0.3)
        assert refusal(victim, "SELECT 1")[0] in {1053, 1927, 2013, 2006}


# Bad input


def test_wrong_sequence_ids(client: RawClient) -> None:
    client.sequence = 3
    client.say(query("SELECT 1"))
    assert Err.decode(client.packet()).code == 1156
    with pytest.raises((EOFError, ConnectionError)):
        client.packet()


def test_empty_command(client: RawClient) -> None:
    client.socket.sendall(b"\0\0\0\0")
    client.sequence = 0
    with pytest.raises((EOFError, ConnectionError, AssertionError)):
        while True:
            client.packet()


@pytest.mark.parametrize(
    "sent", [b"", b"\x01", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\x01", b"\x20\0\0\x01" + bytes(32), os.urandom(500)]
)
def test_garbage_before_login(gateway: LiveGateway, sent: bytes) -> None:
    with RawClient(gateway.port) as raw:
        raw.socket.sendall(sent)
        raw.socket.shutdown(1)
        while raw.socket.recv(4096):
            continue
    with gateway.connect() as connection:
        assert one(connection, "SELECT 1") == ((1,),)


def test_packets_after_quit_are_ignored(client: RawClient) -> None:
    client.socket.sendall(b"\x01\0\0\0\x01" + b"\x09\0\0\0\x03SELECT 1")
    with pytest.raises((EOFError, ConnectionError)):
        client.packet()


def test_commands_sent_ahead_are_answered_in_order(client: RawClient) -> None:
    client.socket.sendall(b"\x09\0\0\0\x03SELECT 1" + b"\x01\0\0\0\x0e" + b"\x09\0\0\0\x03SELECT 2")
    client.sequence = 1
    assert client.more_rows(client.packet()) == [b"\x011"]
    client.sequence = 1
    assert client.packet()[0] == 0
    client.sequence = 1
    assert client.more_rows(client.packet()) == [b"\x012"]


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 7])
def test_bytes_one_by_one(client: RawClient, cut: int) -> None:
    client.sequence = 1
    data = b"\x09\0\0\0\x03SELECT 1"
    client.socket.sendall(data[:cut])
    time.sleep(0.02)
    client.socket.sendall(data[cut:])
    assert client.more_rows(client.packet()) == [b"\x011"]


def test_invalid_characters(client: RawClient) -> None:
    assert client.rows(b"\x03SELECT length(_binary'\xff\xfe\x00')") == [b"\x013"]
    assert client.error(b"\x03SELECT 1 FROM `sec\xffret`").code in {1142, 1146, 1300, 1054, 1105, 1064}


# The end


def test_the_servers_death_is_told_and_recorded(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    admin = pymysql.connect(host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password)
    with admin, gateway.connect() as connection:
        ((own,),) = one(connection, "SELECT CONNECTION_ID()")
        thread = threading.Timer(0.5, lambda: one(admin, f"KILL {own}"))
        thread.start()
        number, _ = refusal(connection, "SELECT sleep(20)")
        thread.join()
    assert number in {1053, 2013, 1317, 1927}
    assert _end_of(gateway, "SELECT sleep(20)")["error"]["code"] in {"1053", "1317", "1927"}


def test_idle_sessions_end(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path, limits=Limits(idle_seconds=0.3)) as live, live.connect() as connection:
        time.sleep(1.2)
        assert refusal(connection, "SELECT 1")[0] in {4031, 2013, 2006}


def test_draining_lets_a_transaction_end(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path) as live, live.connect() as connection:
        one(connection, "BEGIN")
        one(connection, "SELECT * FROM allowed")
        drained = threading.Thread(target=lambda: live.run(live.running.sessions.drain(10)))
        drained.start()
        time.sleep(0.3)
        assert one(connection, "SELECT 1") == ((1,),)
        one(connection, "COMMIT")
        drained.join(5)
        assert not drained.is_alive()


def test_throttled_logins(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path, failures=1) as live:
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(pymysql.err.OperationalError):
                live.connect("alice", password="wrong")
        assert time.monotonic() - began > 1.0
    assert len(live.running.logins.refusals()) == 3


# The command lines


def command_line(gateway: LiveGateway, program: str, *arguments: str, user: str = "alice") -> subprocess.CompletedProcess[str]:
    common = ["--no-defaults", "-h127.0.0.1", f"-P{gateway.port}", f"-u{user}", f"-p{PASSWORD}"]
    return subprocess.run([program, *common, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line(gateway: LiveGateway) -> None:
    done = command_line(
        gateway, "mariadb", "my1/shop", "-t", "-e", "SELECT id FROM allowed ORDER BY id; SHOW STATUS LIKE 'Uptime'"
    )
    assert done.returncode == 0, done.stderr
    assert "|  3 |" in done.stdout
    done = command_line(gateway, "mariadb", "my1/shop", "-e", "SELECT * FROM secret", user="bob")
    assert "ERROR 1142 (42000) at line 1: gateway: permission denied: select on my1/shop/secret" in done.stderr


def test_completion_of_names(gateway: LiveGateway) -> None:
    """Without -A the client asks for the fields of every table."""
    done = command_line(gateway, "mariadb", "--auto-rehash", "my1/shop", "-e", "SELECT 1")
    assert (done.returncode, done.stdout) == (0, "1\n1\n")


def test_dump(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    done = command_line(gateway, "mariadb-dump", "--skip-dump-date", "--routines", "my1/shop")
    done = command_line(gateway, "mariadb-dump", "--skip-dump-date", "shop") if done.returncode else done
    assert done.returncode == 0, done.stderr
    assert "INSERT INTO `allowed` VALUES" in done.stdout
    refused = command_line(gateway, "mariadb-dump", "shop", "secret", user="bob")
    assert refused.returncode != 0
    assert "4711" not in refused.stdout


# TLS


def test_tls(access: Access, tmp_path: Path, certificates: Certificates) -> None:
    tls = server_side(certificates.server_cert, certificates.server_key, required=True, alpn=None)
    with LiveGateway(access, tmp_path, tls=tls) as live:
        with live.connect(ssl={"ca": str(certificates.ca)}) as connection:
            assert one(connection, "SELECT 1") == ((1,),)
        with live.connect(ssl={"ca": str(certificates.ca)}) as connection:  # fast this time
            assert one(connection, "SELECT 1") == ((1,),)
        with pytest.raises(pymysql.err.OperationalError) as caught:
            live.connect(ssl_disabled=True)
        assert "TLS only" in caught.value.args[1]
