"""Masks on MySQL's results against a real MariaDB: text and binary rows, cursors, several results, errors and warnings."""

import datetime
import decimal
from collections.abc import Iterator
from typing import Any

import mysql.connector
import pymysql
import pytest

from gateway.masking import FieldFlag, ValueMasker
from gateway.model.identity import Engine
from gateway.model.masker import DigitsMask, EmailMask
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.results import ColumnDefinition
from gateway.wire.mysql.rows import decode_row
from tests.live.mysql_raw import USUAL, RawClient
from tests.live.test_mysql_limits import execute_with_cursor, fetch, prepare
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import MariaDbServer

MARKER = "mrk7f3a"
_PEOPLE = """id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, email VARCHAR(60) NOT NULL, phone VARCHAR(20), card CHAR(19),
 salary BIGINT NOT NULL, rate DECIMAL(10,2), weight DOUBLE, level TINYINT UNSIGNED ZEROFILL,
 born DATE, seen DATETIME(3), noted TIME, photo VARBINARY(40), kind ENUM('a', 'b'), note LONGTEXT,
 UNIQUE KEY by_email (email)"""
SCHEMA = f"""
SET foreign_key_checks = 0;
DROP DATABASE IF EXISTS shop;
SET foreign_key_checks = 1;
CREATE DATABASE shop;
USE shop;
DROP TABLE IF EXISTS orders;
CREATE OR REPLACE TABLE people ({_PEOPLE});
INSERT INTO people VALUES (1, 'Ann', 'ann{MARKER}@shop.example', '+41 79 123 45 67', '4111 1111 1111 1234', 123456, 1234.56,
 71.5, 7, '1980-05-17', '2024-02-03 04:05:06.789', '11:12:13', '{MARKER}', 'a', '{MARKER}');
INSERT INTO people VALUES (2, 'Bö', 'bö{MARKER}@shop.example', NULL, NULL, -5, NULL,
 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE orders (id INT PRIMARY KEY, person INT, FOREIGN KEY (person) REFERENCES people (id));
INSERT INTO orders VALUES (10, 1), (11, 1), (12, 2);
CREATE OR REPLACE TABLE plain (id INT PRIMARY KEY, word VARCHAR(60));
INSERT INTO plain VALUES (1, 'seen');
CREATE OR REPLACE TABLE big (id INT PRIMARY KEY, email VARCHAR(60), pad LONGTEXT);
INSERT INTO big VALUES (1, 'big{MARKER}@shop.example', REPEAT('x', 17000000)), (2, 'small{MARKER}@shop.example', 'y');
CREATE OR REPLACE TABLE crowd AS SELECT seq AS id, CASE seq % 7 WHEN 0 THEN NULL WHEN 1 THEN ''
 WHEN 2 THEN CONCAT('bö', seq, '@D.ö')
 ELSE CONCAT('p', seq, '@shop.ex') END AS email, REPEAT('D', seq % 400) AS pad, seq % 3 = 0 AS odd,
 CASE seq % 5 WHEN 0 THEN 'none' ELSE CONCAT('+49 30 ', seq) END AS phone FROM seq_1_to_20000;
CREATE OR REPLACE TABLE kinds (id INT PRIMARY KEY, e ENUM('a', 'b'), s SET('a', 'b', 'c'), t TIME(2), y YEAR, b BIT(9), d DATE,
 m DATETIME(3), j JSON, h ENUM('large', 'small'), r YEAR, n DECIMAL(9,2), f FLOAT);
INSERT INTO kinds VALUES (1, 'a', 'a,c', '11:12:13.5', 2024, b'101', '1980-05-17', '2024-02-03 04:05:06.789', '[1]', 'large',
 2024, 1234.56, 77.5);
CREATE OR REPLACE VIEW contacts AS SELECT id, email AS address FROM people;
CREATE OR REPLACE PROCEDURE all_people() SELECT id, email FROM people ORDER BY id;
CREATE OR REPLACE PROCEDURE two_results() BEGIN SELECT 1; SELECT email FROM people; END;
"""
POLICY = """p, user:alice, *, **, connect|temp|explain|call, , allow
p, user:alice, *, */shop/*, select|insert|update|delete, , allow
p, user:erin, *, **, connect|temp|explain|call, , allow
p, user:erin, *, */shop/*, select|insert|update|delete|unmask|infer|export, , allow
"""
_MASKS = {
    "email": "email",
    "phone": "digits",
    "card": "digits",
    "salary": "thousands",
    "rate": "thousands",
    "weight": "tens",
    "level": "tens",
    "born": "month",
    "seen": "month",
    "noted": "null",
    "photo": "hash",
    "kind": "fixed",
    "note": "null",
}
_KINDS = {
    "e": "b",
    "s": "b,c",
    "t": "-01:02:03.25",
    "y": "1999",
    "b": "b'100000001'",
    "d": "1970-01-01",
    "m": "1970-01-01 10:11:12.5",
    "j": "[]",
}
MASKING = (
    '[maskers.thousands]\nkind = "round"\nto = 1000\n[maskers.tens]\nkind = "round"\nto = 10\n'
    '[maskers.month]\nkind = "truncate"\nunit = "month"\n[maskers.fixed]\nkind = "constant"\nvalue = "b"\n'
    + "".join(f'[[columns]]\npath = "*/shop/people/{name}"\nmasker = "{masker}"\n' for name, masker in _MASKS.items())
    + "".join(
        f'[[columns]]\npath = "*/shop/{path}"\nmasker = "{masker}"\n'
        for path, masker in (("big/email", "email"), ("crowd/email", "email"), ("crowd/phone", "digits"))
    )
    + '[maskers.first]\nkind = "partial"\nfirst = 1\n'
    + "".join(
        f'[maskers.kind_{name}]\nkind = "constant"\nvalue = "{value}"\n'
        f'[[columns]]\npath = "*/shop/kinds/{name}"\nmasker = "kind_{name}"\n'
        for name, value in _KINDS.items()
    )
    + "".join(
        f'[[columns]]\npath = "*/shop/kinds/{name}"\nmasker = "{masker}"\n'
        for name, masker in {"h": "first", "r": "tens", "n": "thousands", "f": "tens"}.items()
    )
)
COLUMNS = "id, email, phone, card, salary, rate, weight, level, born, seen, noted, kind, note"
MASKED = (
    (1, "a***@***.example", "+** ** *** 45 67", "**** **** **** 1234", 123000, decimal.Decimal("1000.00"), 70.0, 0,
     datetime.date(1980, 5, 1), datetime.datetime(2024, 2, 1), None, "b", None),
    (2, "b***@***.example", None, None, 0, None, None, None, None, None, None, None, None),
)  # fmt: skip


@pytest.fixture(scope="module")
def access(mariadb: MariaDbServer) -> Access:
    options: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    with pymysql.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL max_allowed_packet = 67108864")
    with pymysql.connect(**options, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in SCHEMA.strip().removesuffix(";").split(";\n"):
            cursor.execute(statement)
    return Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)


@pytest.fixture(scope="module")
def gateway(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    home, files = tmp_path_factory.mktemp("masks"), {"masking.toml": MASKING}
    with LiveGateway(access, home, POLICY, users=("alice", "erin"), databases=("shop",), files=files) as live:
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


def refused(connection: pymysql.Connection, text: str) -> str:
    with pytest.raises(pymysql.Error) as caught:
        rows(connection, text)
    assert caught.value.args[0] == 1142, caught.value
    return str(caught.value.args[1])


def test_text_rows_are_masked_true_to_their_types(alice: pymysql.Connection) -> None:
    assert rows(alice, f"SELECT {COLUMNS} FROM people ORDER BY id") == MASKED
    (photo,), (nothing,) = rows(alice, "SELECT photo FROM people ORDER BY id")
    assert (len(photo), nothing) == (32, None)


def test_binary_rows_are_masked_as_text_rows_are(connector: Any) -> None:
    cursor = connector.cursor(prepared=True)
    for _ in range(2):
        cursor.execute(f"SELECT {COLUMNS} FROM people WHERE id > ? ORDER BY id", (0,))
        assert tuple(cursor.fetchall()) == MASKED
    cursor.execute("SELECT photo FROM people WHERE id = ?", (1,))
    assert len(cursor.fetchall()[0][0]) == 32


@pytest.mark.parametrize("prepared", [False, True])
def test_thousands_of_rows_are_masked_as_one_is(connector: Any, mariadb: MariaDbServer, prepared: bool) -> None:
    text = "SELECT * FROM crowd ORDER BY id"
    email, digits = ValueMasker(EmailMask(), b"").text, ValueMasker(DigitsMask(), b"").text
    with pymysql.connect(
        host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password, database="shop"
    ) as direct:
        plain = rows(direct, text)
    expected = [(one, mail and email(mail), pad, odd, phone and digits(phone)) for one, mail, pad, odd, phone in plain]
    with connector.cursor(prepared=prepared) as cursor:
        cursor.execute(text)
        assert cursor.fetchall() == expected


def test_constants_and_other_masks_are_values_of_the_columns_types(alice: pymysql.Connection, connector: Any) -> None:
    span = -datetime.timedelta(hours=1, minutes=2, seconds=3, milliseconds=250)
    moment = datetime.datetime(1970, 1, 1, 10, 11, 12, 500_000)
    day, number = datetime.date(1970, 1, 1), decimal.Decimal("1000.00")
    text = "SELECT e, s, t, y, b, d, m, j, h, r, n, f FROM kinds"
    expected = ("b", "b,c", span, 1999, b"\x01\x01", day, moment, "[]", "l****", 2020, number, 70.0)
    assert rows(alice, text) == (expected,)
    cursor = connector.cursor(prepared=True)
    # This driver reads no YEAR and no sign of a TIME in binary rows, of the server's own as of the gateway's.
    cursor.execute("SELECT e, s, t, b, d, m, j, h, n, f FROM kinds WHERE id = ?", (1,))
    assert cursor.fetchall() == [("b", "b,c", -span, b"\x01\x01", day, moment, "[]", "l****", number, 70.0)]


def test_star_joins_views_and_derived_tables(alice: pymysql.Connection) -> None:
    masked = ("a***@***.example",)
    for text in (
        "SELECT email FROM (SELECT email FROM people WHERE id = 1) orders",
        "SELECT p.email FROM orders o JOIN people p ON p.id = o.person WHERE o.id = 10",
        "SELECT address FROM contacts WHERE id = 1",
        "SELECT id AS x FROM (SELECT email AS id FROM people WHERE id = 1 LIMIT 1) orders",
        "WITH x AS (SELECT email FROM people WHERE id = 1) SELECT * FROM x",
        "SELECT email FROM people WHERE id = 1 UNION ALL SELECT email FROM people WHERE id < 0",
    ):
        assert rows(alice, text) == (masked,), text
    assert MARKER not in str(rows(alice, "SELECT * FROM people"))
    assert rows(alice, "SELECT CONCAT(email, '') FROM people WHERE id = 1") == ((None,),)
    assert rows(alice, "SELECT COUNT(email), COUNT(*) FROM people") == ((2, 2),)
    assert rows(alice, "SELECT phone IS NULL FROM people ORDER BY id") == ((0,), (1,))


def test_what_a_procedure_shows_of_masked_columns_is_masked(alice: pymysql.Connection, connector: Any) -> None:
    """Nobody has read its text: the server's origin says where its columns come from."""
    masked = ((1, "a***@***.example"), (2, "b***@***.example"))
    assert rows(alice, "CALL all_people()") == masked
    assert rows(alice, "CALL two_results()") == ((1,),)
    cursor = connector.cursor(prepared=True)
    cursor.execute("CALL all_people()")
    assert tuple(cursor.fetchall()) == masked


def test_use_and_storing_need_their_permissions(alice: pymysql.Connection) -> None:
    assert "people" in refused(alice, "SELECT id FROM people WHERE email LIKE 'a%'")
    refused(alice, "SELECT id FROM people ORDER BY salary")
    refused(alice, "SELECT DISTINCT email FROM people")
    refused(alice, "INSERT INTO plain SELECT id + 100, email FROM people")
    refused(alice, "SELECT email INTO @v FROM people WHERE id = 1")
    refused(alice, "UPDATE plain SET word = (SELECT email FROM people WHERE id = 1)")
    refused(alice, "SET @v = (SELECT email FROM people WHERE id = 1)")


def test_several_results_are_masked_each_by_its_own(alice: pymysql.Connection) -> None:
    with alice.cursor() as cursor:
        cursor.execute("SELECT word FROM plain; SELECT id, email FROM people WHERE id = 1; SELECT 3")
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
    assert found == [(("seen",),), ((1, "a***@***.example"),), ((3,),)]


@pytest.mark.parametrize("more", [Capability(0), Capability.DEPRECATE_EOF])
def test_a_cursors_rows_are_masked_at_every_fetch(gateway: LiveGateway, more: Capability) -> None:
    with RawClient(gateway.port, USUAL | more) as client:
        assert client.login("alice", PASSWORD, "my1/shop")[0] == 0
        if more:
            number = prepare_deprecated(client, "SELECT email FROM people ORDER BY id")
            assert client.command(b"\x17" + number.to_bytes(4, "little") + b"\x01" + (1).to_bytes(4, "little"))[0] == 1
            client.packet()
            assert client.packet()[0] == 0xFE
        else:
            number = execute_with_cursor(client, "SELECT email FROM people ORDER BY id")
        for expected in (b"a***@***.example", b"b***@***.example"):
            found, _ = fetch(client, number, 1)
            assert found == [b"\0\0" + bytes((len(expected),)) + expected]


def prepare_deprecated(client: RawClient, statement: str) -> int:
    """With DEPRECATE_EOF no packet ends the definitions."""
    first = client.command(b"\x16" + statement.encode())
    assert first[0] == 0
    for _ in range(int.from_bytes(first[5:7], "little")):
        client.packet()
    return int.from_bytes(first[1:5], "little")


def test_definitions_stay_honest(gateway: LiveGateway) -> None:
    """The type is the column's own; what may be NULL by now does not promise a value."""
    with RawClient(gateway.port) as client:
        assert client.login("alice", PASSWORD, "my1/shop")[0] == 0
        assert client.command(b"\x03SELECT id, salary, name FROM people WHERE id = 1") == b"\x03"
        number, salary, name = (ColumnDefinition.decode(client.packet()) for _ in range(3))
        assert (salary.type, salary.org_table, salary.org_name) == (8, b"people", b"salary")
        assert not salary.flags & FieldFlag.NOT_NULL
        assert number.flags & name.flags & FieldFlag.NOT_NULL
        client.packet()
        assert decode_row(client.packet()) == (b"1", b"123000", b"Ann")


def test_rows_in_several_packets_are_masked_and_their_neighbours_too(gateway: LiveGateway, alice: pymysql.Connection) -> None:
    first, second = rows(alice, "SELECT email, pad, id FROM big ORDER BY id")
    assert (first[0], len(first[1]), first[2]) == ("b***@***.example", 17_000_000, 1)
    assert second == ("s***@***.example", "y", 2)
    with RawClient(gateway.port) as client:
        assert client.login("alice", PASSWORD, "my1/shop")[0] == 0
        statement = prepare(client, "SELECT email, pad FROM big ORDER BY id")
        client.command(b"\x17" + statement.to_bytes(4, "little") + b"\0" + (1).to_bytes(4, "little"))
        for _ in range(3):
            client.packet()
        large, small = client.packet(), client.packet()
        assert large.startswith(b"\0\0\x10b***@***.example\xfe")
        assert len(large) == 2 + 17 + 9 + 17_000_000
        assert small == b"\0\0\x10s***@***.example\x01y"
        assert client.packet()[0] == 0xFE
        assert client.command(b"\x0e")[0] == 0


def test_errors_that_quote_values_are_scrubbed(alice: pymysql.Connection, gateway: LiveGateway) -> None:
    for text in (
        f"UPDATE people SET email = 'bö{MARKER}@shop.example' WHERE id = 1",
        f"INSERT INTO people (id, name, email, salary) VALUES (9, 'x', 'ann{MARKER}@shop.example', 1)",
        "SELECT UpdateXML(email, '/a', '') , ExtractValue('<a/>', email) FROM people",
    ):
        with pytest.raises(pymysql.Error) as caught:
            rows(alice, text)
        assert MARKER not in str(caught.value), text
        assert "may quote masked values" in caught.value.args[1] or caught.value.args[0] == 1142, caught.value
    errors = [str(record["error"]) for record in gateway.records() if record["kind"] == "statement.end" and record.get("error")]
    assert not any(MARKER in error for error in errors)
    with pytest.raises(pymysql.Error, match=r"1054.*Unknown column"):
        rows(alice, "SELECT nothing FROM people")


def test_warnings_that_quote_values_are_not_shown(alice: pymysql.Connection, connector: Any) -> None:
    """Nor how many there are: whether an e-mail was cut tells of its length."""
    rows(alice, "SET SESSION group_concat_max_len = 4")
    with alice.cursor() as counted:
        counted.execute("SELECT GROUP_CONCAT(email) FROM people WHERE id = 1")
        assert counted.warning_count == 0
    assert rows(alice, "SELECT 1") == ((1,),)  # uses no table: the server's list stays
    for _ in range(2):
        assert rows(alice, "SHOW WARNINGS") == ()
    assert "GET DIAGNOSTICS" in refused(alice, "GET DIAGNOSTICS CONDITION 1 @w = MESSAGE_TEXT")
    assert "counts of warnings" in refused(alice, "SELECT @@warning_count")
    assert "counts of warnings" in refused(alice, "SHOW COUNT(*) WARNINGS")
    assert rows(alice, "SELECT word FROM plain") == (("seen",),)
    assert rows(alice, "SELECT CAST('x' AS INT) FROM plain") == ((0,),)
    assert "'x'" in rows(alice, "SHOW WARNINGS")[0][2]
    cursor = connector.cursor(prepared=True)
    cursor.execute("SET SESSION group_concat_max_len = 4")
    cursor.execute("SELECT GROUP_CONCAT(email) FROM people WHERE id = 1")
    cursor.fetchall()
    cursor.execute("SHOW WARNINGS")
    assert cursor.fetchall() == []


def test_outputs_that_tell_by_failing_are_uses(alice: pymysql.Connection) -> None:
    assert rows(alice, "SELECT IF(email LIKE 'a%', 'a', 'b'), LENGTH(email) * 2 FROM people WHERE id = 1") == ((None, None),)
    said = refused(alice, "SELECT IF(email LIKE 'a%', (SELECT 1 UNION SELECT 2), 0) FROM people WHERE id = 1")
    assert "infer on my1/shop/people/email" in said
    assert "masked column used in the select list, in IF()" in said
    assert "in a cast to INT" in refused(alice, "SELECT CAST(email AS INT) FROM people WHERE id = 1")


def test_who_may_unmask_sees_values(gateway: LiveGateway) -> None:
    with gateway.connect("erin") as erin:
        assert rows(erin, "SELECT email FROM people WHERE id = 1") == ((f"ann{MARKER}@shop.example",),)


def test_the_record_says_what_was_masked_and_why(alice: pymysql.Connection, gateway: LiveGateway) -> None:
    rows(alice, "SELECT id, email, CONCAT(name, phone) AS both_ FROM people")
    end = next(record for record in reversed(gateway.records()) if "carried_out" in record)
    assert end["carried_out"]["masked"] == [
        {"column": "email", "masker": "email", "by": "lineage"},
        {"column": "both_", "masker": "hidden", "by": "lineage"},
    ]


def test_a_cursor_whose_columns_are_masked_by_now_is_not_read_on(gateway: LiveGateway) -> None:
    open_policy = POLICY.replace("select|insert|update|delete, ", "select|insert|update|delete|unmask, ")
    gateway.set_policy(open_policy)
    try:
        with RawClient(gateway.port) as client:
            assert client.login("alice", PASSWORD, "my1/shop")[0] == 0
            number = execute_with_cursor(client, "SELECT email FROM people ORDER BY id")
            assert MARKER.encode() in fetch(client, number, 1)[0][0]
            gateway.set_policy(POLICY)
            found, end = fetch(client, number, 1)
            assert not found
            assert b"masked by now" in end
    finally:
        gateway.set_policy(POLICY)
