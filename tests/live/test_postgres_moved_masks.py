"""Schema changes that would take a masked column out from under its entry: its values do not arrive. Real PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import LiveGateway

MARKER = "mrk7f3a"
REFUSALS = ("permission denied: unmask on", "permission denied: infer on", "statement not understood: DO ")
SCHEMA = """
DROP SCHEMA IF EXISTS {way} CASCADE; DROP SCHEMA IF EXISTS un{way} CASCADE;
CREATE SCHEMA {way}; CREATE SCHEMA un{way};
SET search_path = {way};
CREATE TABLE people (id int PRIMARY KEY, name text, email text, loud text GENERATED ALWAYS AS (upper(email)) STORED);
INSERT INTO people VALUES (1, 'Ann', 'ann{marker}@shop.example'), (2, 'Bo', 'bo{marker}@shop.example');
CREATE TABLE copy (id int, word text);
CREATE VIEW contacts AS SELECT id, email FROM people;
CREATE TABLE parts (id int, email text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
INSERT INTO parts VALUES (1, 'part{marker}');
CREATE TABLE parent (id int, email text);
CREATE TABLE heir () INHERITS (parent);
INSERT INTO heir VALUES (1, 'heir{marker}');
CREATE TYPE person AS (id int, email text);
CREATE TABLE typed OF person;
INSERT INTO typed VALUES (1, 'typed{marker}');
CREATE MATERIALIZED VIEW kept AS SELECT id, email FROM people;
CREATE TABLE plain (id int PRIMARY KEY, word text);
INSERT INTO plain VALUES (1, 'seen');
CREATE FUNCTION noting () RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO copy VALUES (NEW.id, NEW.email); RETURN NEW; END $$;
CREATE FUNCTION plainly () RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := 'set'; RETURN NEW; END $$;
"""
TABLES = ("people", "copy", "contacts", "parts", "part_1", "parent", "heir", "typed", "kept", "plain")
# What somebody with every right but `unmask` tries; `!` before what somebody else, who may unmask, does meanwhile.
WAYS = {
    "column": ["ALTER TABLE people RENAME COLUMN email TO mail"],
    "relation": ["ALTER TABLE people RENAME TO persons"],
    "schema_of": ["ALTER TABLE people SET SCHEMA un{way}"],
    "schema": ["ALTER SCHEMA {way} RENAME TO off{way}"],
    "view": ["ALTER VIEW contacts RENAME COLUMN email TO mail"],
    "kept_view": ["ALTER MATERIALIZED VIEW kept RENAME COLUMN email TO mail"],
    "kept_moved": ["ALTER MATERIALIZED VIEW kept SET SCHEMA un{way}"],
    "inherited": ["ALTER TABLE parent RENAME COLUMN email TO mail"],
    "partitioned": ["ALTER TABLE parts RENAME COLUMN email TO mail"],
    "attribute": ["ALTER TYPE person RENAME ATTRIBUTE email TO mail CASCADE"],
    "using": ["ALTER TABLE people DROP COLUMN loud", "ALTER TABLE people ALTER COLUMN name TYPE text USING email"],
    "expression": ["ALTER TABLE people ALTER COLUMN loud DROP EXPRESSION"],
    "detach": ["ALTER TABLE parts DETACH PARTITION part_1"],
    "no_inherit": ["ALTER TABLE heir NO INHERIT parent"],
    "like": ["CREATE TABLE new (LIKE people INCLUDING ALL)", "INSERT INTO new SELECT * FROM people"],
    "view_made": ["CREATE VIEW new AS SELECT id, email AS word FROM people"],
    "kept_made": ["CREATE MATERIALIZED VIEW new AS SELECT id, email AS word FROM people"],
    "rule": [
        "CREATE RULE noted AS ON UPDATE TO people DO ALSO INSERT INTO copy VALUES (OLD.id, OLD.email)",
        "!UPDATE people SET name = 'new'",
    ],
    "trigger": [
        "CREATE TRIGGER noted AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION noting()",
        "!UPDATE people SET name = 'new'",
    ],
    "row": [
        "CREATE FUNCTION inrow () RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.name := NEW.email; RETURN NEW; END $$",
        "CREATE TRIGGER noted BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION inrow()",
        "!UPDATE people SET id = id",
    ],
    "function": [
        "CREATE FUNCTION takes () RETURNS int LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO {way}.copy SELECT id, email FROM {way}.people; RETURN 1; END $$",
        "SELECT takes()",
        "!SELECT takes()",
    ],
    "procedure": [
        "CREATE PROCEDURE takes () LANGUAGE plpgsql AS $$ DECLARE v text;"
        " BEGIN SELECT email INTO v FROM {way}.people WHERE id = 1; UPDATE {way}.plain SET word = v; END $$",
        "CALL takes()",
        "!CALL takes()",
    ],
    "block": ["DO $$ BEGIN INSERT INTO {way}.copy SELECT id, email FROM {way}.people; END $$"],
    "dynamic": [
        "CREATE FUNCTION runs (t text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE t; RETURN 1; END $$",
        "SELECT runs('INSERT INTO {way}.copy SELECT id, email FROM {way}.people')",
    ],
    "sql_function": [
        "CREATE FUNCTION takes () RETURNS void LANGUAGE sql AS 'INSERT INTO {way}.copy SELECT id, email FROM {way}.people'",
        "SELECT takes()",
    ],
    "unique": [
        "!INSERT INTO people VALUES (3, 'x', 'ann{marker}@shop.example')",
        "CREATE UNIQUE INDEX ON people (email)",
        "ALTER TABLE people ADD UNIQUE (email)",
        "ALTER TABLE people ADD EXCLUDE USING btree (email WITH =)",
    ],
    "cast": ["ALTER TABLE people DROP COLUMN loud", "ALTER TABLE people ALTER COLUMN email TYPE int USING email::int"],
    "refresh": [
        "!INSERT INTO people VALUES (3, 'x', 'ann{marker}@shop.example')",
        "CREATE UNIQUE INDEX ON kept (email)",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY kept",
    ],
}  # fmt: skip
POLICY = """p, user:carol, *, **, connect|temp|explain|call|ddl, , allow
p, user:carol, *, */*/*way_*/*, select|insert|update|delete|truncate, , allow
p, user:erin, *, **, connect|temp|explain|call|ddl, , allow
p, user:erin, *, */*/*way_*/*, select|insert|update|delete|truncate|unmask|infer|export, , allow
"""
MASKING = "".join(
    f'[[columns]]\npath = "*/*/way_*/{table}/email"\nmasker = "email"\n'
    for table in ("people", "parts", "parent", "typed", "kept", "contacts")
)


@pytest.fixture(scope="module", params=["embedded_pg", "distro_pg"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    server: PostgresServer = request.getfixturevalue(request.param)
    ways = [f"way_{name}" for name in (*WAYS, "free")]
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        for way in ways:
            connection.execute(SCHEMA.format(way=way, marker=MARKER))
    access = Access(server.host, server.port, server.user, server.password)
    home = tmp_path_factory.mktemp("moved")
    with LiveGateway(access, home, POLICY, users=("carol", "erin"), files={"masking.toml": MASKING}) as live:
        yield live
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        for way in ways:
            connection.execute(f"DROP SCHEMA IF EXISTS {way} CASCADE; DROP SCHEMA IF EXISTS un{way} CASCADE")
            connection.execute(f"DROP SCHEMA IF EXISTS off{way} CASCADE")


def said(connection: psycopg.Connection[Any], text: str) -> str:
    """All that comes back: rows, or the error."""
    try:
        cursor = connection.execute(text)
        return str(cursor.fetchall()) if cursor.description else ""
    except psycopg.Error as error:
        return f"{error.sqlstate} {error} {error.diag.message_detail}"


@pytest.mark.parametrize("name", WAYS)
def test_no_value_arrives_by_a_schema_change(gateway: LiveGateway, name: str) -> None:
    way = f"way_{name}"
    heard = []
    with (
        psycopg.connect(gateway.url("carol"), autocommit=True) as carol,
        psycopg.connect(gateway.url("erin"), autocommit=True) as erin,
    ):
        for connection in (carol, erin):
            connection.execute(f"SET search_path = {way}, un{way}, off{way}")
        for text in WAYS[name]:
            who = erin if text.startswith("!") else carol
            answer = said(who, text.removeprefix("!").format(way=way, marker=MARKER))
            if who is carol:
                heard.append(answer)
        heard += [said(carol, f"SELECT * FROM {table}") for table in (*TABLES, "persons", "new")]
    assert not [answer for answer in heard if MARKER in answer.lower()]
    assert any(refusal in answer for answer in heard for refusal in REFUSALS), heard


FREE = [
    "CREATE TABLE mine (id int PRIMARY KEY, email text, word text)",
    "INSERT INTO mine VALUES (1, 'a', 'b')",
    "ALTER TABLE mine RENAME COLUMN email TO mail",
    "ALTER TABLE mine ALTER COLUMN word TYPE text USING mail || word",
    "ALTER TABLE mine ADD UNIQUE (mail), ADD CHECK (mail <> 'x')",
    "CREATE POLICY mine_only ON mine USING (mail = 'a')",
    "CREATE RULE noted AS ON UPDATE TO mine DO ALSO INSERT INTO plain VALUES (OLD.id + 100, OLD.mail)",
    "CREATE TRIGGER shouts BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION plainly()",
    "CREATE FUNCTION moves () RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy SELECT id, word FROM plain;"
    " RETURN 1; END $$",
    "CREATE TRIGGER named BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION plainly()",
    "ALTER TABLE mine SET SCHEMA unway_free",
    "ALTER TABLE people RENAME COLUMN name TO called",
    "ALTER TABLE people ADD COLUMN age int, ADD CHECK (age > 0), ADD UNIQUE (called)",
    "ALTER TABLE people RENAME TO parent_of",
]


def test_nothing_else_is_hindered(gateway: LiveGateway) -> None:
    with psycopg.connect(gateway.url("carol"), autocommit=True) as carol:
        carol.execute("SET search_path = way_free")
        for text in FREE[:-1]:
            assert said(carol, text) == "", text
        assert "permission denied: unmask on pg1/postgres/way_free/people/email" in said(carol, FREE[-1])
    with psycopg.connect(gateway.url("erin"), autocommit=True) as erin:
        erin.execute("SET search_path = way_free")
        assert said(erin, FREE[-1]) == ""
