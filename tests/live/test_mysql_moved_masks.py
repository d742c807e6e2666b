"""Schema changes that would take a masked column out from under its entry, against a real MariaDB: its values do not arrive."""

from collections.abc import Iterator

import pymysql
import pytest
from pymysql.constants import CLIENT

from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import LiveGateway
from tests.support.servers import MariaDbServer

MARKER = "mrk7f3a"
REFUSALS = ("permission denied: unmask on", "permission denied: infer on", "statement not understood: DO ")
SCHEMA = """
DROP DATABASE IF EXISTS {way};
CREATE DATABASE {way};
USE {way};
CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(60), email VARCHAR(60),
  loud VARCHAR(60) GENERATED ALWAYS AS (UPPER(email)) STORED);
INSERT INTO people (id, name, email) VALUES (1, 'Ann', 'ann{marker}@shop.example'), (2, 'Bo', 'bo{marker}@shop.example');
CREATE TABLE copy (id INT, word VARCHAR(60));
CREATE TABLE plain (id INT PRIMARY KEY, word VARCHAR(60));
INSERT INTO plain VALUES (1, 'seen');
CREATE VIEW contacts AS SELECT id, email FROM people;
CREATE TABLE parts (id INT, email VARCHAR(60)) PARTITION BY RANGE (id)
  (PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN (20));
INSERT INTO parts VALUES (1, 'part{marker}');
CREATE TABLE part_1 (id INT, email VARCHAR(60));
"""
TABLES = ("people", "copy", "contacts", "parts", "part_1", "plain")
# What somebody with every right but `unmask` tries; `!` before what somebody else, who may unmask, does meanwhile.
WAYS = {
    "change": ["ALTER TABLE people DROP COLUMN loud", "ALTER TABLE people CHANGE email mail VARCHAR(60)"],
    "column": ["ALTER TABLE people DROP COLUMN loud", "ALTER TABLE people RENAME COLUMN `Email` TO mail"],
    "relation": ["ALTER TABLE people RENAME TO persons"],
    "rename": ["RENAME TABLE people TO persons"],
    "rename_away": ["RENAME TABLE people TO way_other.persons_1"],
    "alter_away": ["ALTER TABLE people RENAME way_other.persons_2, ADD x INT"],
    "swapped": ["RENAME TABLE plain TO plain_2, people TO plain"],
    "view": ["RENAME TABLE contacts TO persons"],
    "exchange": ["ALTER TABLE parts EXCHANGE PARTITION p1 WITH TABLE part_1"],
    "convert": ["ALTER TABLE parts CONVERT PARTITION p1 TO TABLE persons"],
    "like": ["CREATE TABLE new LIKE people", "INSERT INTO new (id, name) SELECT id, email FROM people"],
    "made": ["CREATE TABLE new AS SELECT id, email AS word FROM people"],
    "view_made": ["CREATE VIEW new AS SELECT id, email AS word FROM people"],
    "generated": ["ALTER TABLE people MODIFY loud VARCHAR(60)"],
    "default": ["ALTER TABLE people ADD COLUMN copied VARCHAR(60) DEFAULT (email)"],
    "trigger": [
        "CREATE TRIGGER noted AFTER UPDATE ON people FOR EACH ROW INSERT INTO copy VALUES (OLD.id, OLD.email)",
        "!UPDATE people SET name = 'new'",
    ],
    "row": [
        "CREATE TRIGGER noted BEFORE UPDATE ON people FOR EACH ROW SET NEW.name = NEW.email",
        "!UPDATE people SET name = 'new'",
    ],
    "procedure": [
        "CREATE PROCEDURE takes () INSERT INTO copy SELECT id, email FROM people",
        "CALL takes()",
        "!CALL takes()",
    ],
    "variable": [
        "CREATE PROCEDURE takes () BEGIN DECLARE v VARCHAR(60); SELECT email INTO v FROM people WHERE id = 1;"
        " UPDATE plain SET word = v; END",
        "CALL takes()",
        "!CALL takes()",
    ],
    "function": [
        "CREATE FUNCTION takes () RETURNS INT BEGIN INSERT INTO copy SELECT id, email FROM people; RETURN 1; END",
        "SELECT takes()",
        "!SELECT takes()",
    ],
    "event": ["CREATE EVENT takes ON SCHEDULE AT '2038-01-01' DO INSERT INTO copy SELECT id, email FROM people"],
    "dynamic": [
        "CREATE PROCEDURE runs (t TEXT) BEGIN EXECUTE IMMEDIATE t; END",
        "!CALL runs('INSERT INTO copy SELECT id, email FROM people')",
    ],
    "unique": ["ALTER TABLE people ADD UNIQUE KEY (email)"],
    "index": ["CREATE UNIQUE INDEX by_mail ON people (email)"],
    "check": ["ALTER TABLE people ADD CONSTRAINT asked CHECK (email NOT LIKE 'ann%')"],
    "modify": ["ALTER TABLE people MODIFY email INT"],
}  # fmt: skip
POLICY = """p, user:carol, *, **, connect|temp|explain|call|ddl, , allow
p, user:carol, *, */way_*/*, select|insert|update|delete|truncate, , allow
p, user:erin, *, **, connect|temp|explain|call|ddl, , allow
p, user:erin, *, */way_*/*, select|insert|update|delete|truncate|unmask|infer|export, , allow
"""
MASKING = "".join(
    f'[[columns]]\npath = "*/way_*/{table}/email"\nmasker = "email"\n' for table in ("people", "parts", "contacts", "archived")
)
WAY_NAMES = [f"way_{name}" for name in (*WAYS, "free", "other")]


@pytest.fixture(scope="module")
def gateway(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with pymysql.connect(
        host=mariadb.host,
        port=mariadb.port,
        user=mariadb.user,
        password=mariadb.password,
        client_flag=CLIENT.MULTI_STATEMENTS,
        autocommit=True,
    ) as connection:
        with connection.cursor() as cursor:
            for way in WAY_NAMES:
                cursor.execute(SCHEMA.format(way=way, marker=MARKER))
                while cursor.nextset():
                    pass
        access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password)
        home = tmp_path_factory.mktemp("moved")
        with LiveGateway(
            access, home, POLICY, users=("carol", "erin"), databases=tuple(WAY_NAMES), files={"masking.toml": MASKING}
        ) as live:
            yield live
        with connection.cursor() as cursor:
            for way in WAY_NAMES:
                cursor.execute(f"DROP DATABASE {way}")


def said(connection: pymysql.Connection, text: str) -> str:
    """All that comes back: rows, or the error."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return str(cursor.fetchall())
    except pymysql.Error as error:
        return str(error)


@pytest.mark.parametrize("name", WAYS)
def test_no_value_arrives_by_a_schema_change(gateway: LiveGateway, name: str) -> None:
    way = f"way_{name}"
    heard = []
    with (
        gateway.connect("carol", f"my1/{way}", autocommit=True) as carol,
        gateway.connect("erin", f"my1/{way}", autocommit=True) as erin,
    ):
        for text in WAYS[name]:
            who = erin if text.startswith("!") else carol
            answer = said(who, text.removeprefix("!"))
            if who is carol:
                heard.append(answer)
        tables = (*TABLES, "persons", "new", "way_other.persons_1", "way_other.persons_2")
        heard += [said(carol, f"SELECT * FROM {table}") for table in tables]
    assert not [answer for answer in heard if MARKER in answer.lower()]
    assert any(refusal in answer for answer in heard for refusal in REFUSALS), heard


FREE = [
    "CREATE TABLE mine (id INT PRIMARY KEY, email VARCHAR(60), word VARCHAR(60))",
    "INSERT INTO mine VALUES (1, 'a', 'b')",
    "ALTER TABLE mine CHANGE email mail VARCHAR(70), ADD UNIQUE KEY (mail), ADD CHECK (mail <> 'x')",
    "CREATE TRIGGER noted AFTER UPDATE ON mine FOR EACH ROW INSERT INTO plain VALUES (OLD.id + 100, OLD.mail)",
    "CREATE TRIGGER named BEFORE UPDATE ON people FOR EACH ROW SET NEW.name = 'set'",
    "CREATE PROCEDURE moves () INSERT INTO copy SELECT id, word FROM plain",
    "RENAME TABLE mine TO yours",
    "DROP TRIGGER noted",
    "ALTER TABLE yours RENAME way_other.yours",
    "ALTER TABLE people CHANGE name called VARCHAR(60), ADD UNIQUE KEY (called), ADD age INT CHECK (age > 0)",
    "DROP TRIGGER named",
    "ALTER TABLE people DROP COLUMN loud",
]


def test_nothing_else_is_hindered(gateway: LiveGateway) -> None:
    with gateway.connect("carol", "my1/way_free", autocommit=True) as carol:
        for text in FREE:
            assert said(carol, text) in ("[]", "()"), text
        assert "permission denied: unmask on my1/way_free/people/email" in said(carol, "RENAME TABLE people TO persons")
    with gateway.connect("erin", "my1/way_free", autocommit=True) as erin:
        assert said(erin, "RENAME TABLE people TO persons") in ("[]", "()")
