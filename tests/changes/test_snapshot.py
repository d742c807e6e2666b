"""The snapshot against real servers, old and new."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.changes.difference import difference
from gateway.changes.snapshot import read_snapshot
from gateway.demo.postgres_server import PostgresServer

_SETUP = """
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TYPE app.pair AS (a int, b text);
CREATE TABLE app.parent (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL DEFAULT current_date,
    amount numeric(10,2), twice numeric GENERATED ALWAYS AS (amount * 2) STORED, "Odd Name" text COLLATE "C");
CREATE TABLE app.child (parent_id bigint REFERENCES app.parent ON DELETE CASCADE, note text CHECK (note <> ''));
CREATE TABLE app.parts (d date) PARTITION BY RANGE (d);
CREATE TABLE app.part_1 PARTITION OF app.parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE INDEX note_index ON app.child (lower(note)) WHERE note IS NOT NULL;
CREATE VIEW app.seen AS SELECT id, amount FROM app.parent;
CREATE MATERIALIZED VIEW app.kept AS SELECT 1 AS one;
CREATE FUNCTION app.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
CREATE PROCEDURE app.p() LANGUAGE plpgsql AS 'BEGIN END';
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
CREATE FUNCTION app.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON app.child FOR EACH ROW EXECUTE FUNCTION app.tf();
CREATE SEQUENCE app.s INCREMENT 5;
ALTER TABLE app.child ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.child USING (note = current_user);
GRANT SELECT ON app.parent TO PUBLIC;
GRANT SELECT (note) ON app.child TO PUBLIC;
COMMENT ON COLUMN app.parent.amount IS 'in cents';
CREATE RULE quiet AS ON DELETE TO app.child DO INSTEAD NOTHING;
CREATE STATISTICS app.st ON id, day FROM app.parent;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
CREATE PUBLICATION pub FOR TABLE app.parent;
"""


@pytest.fixture(params=["embedded_pg", "distro_pg"])
async def connection(request: pytest.FixtureRequest) -> AsyncIterator[asyncpg.Connection]:
    server: PostgresServer = request.getfixturevalue(request.param)
    admin = await asyncpg.connect(server.dsn())
    await admin.execute("DROP DATABASE IF EXISTS snapshots WITH (FORCE)")
    await admin.execute("CREATE DATABASE snapshots")
    opened = await asyncpg.connect(server.dsn("snapshots"))
    await opened.execute(_SETUP)
    yield opened
    await opened.close()
    await admin.execute("DROP DATABASE snapshots WITH (FORCE)")
    await admin.close()


async def test_every_kind_of_object_stands_in_it(connection: asyncpg.Connection) -> None:
    snapshot = await read_snapshot(connection)
    entries = {(entry["kind"], entry["name"]): entry for entry in map(json.loads, snapshot.splitlines())}
    expected = {
        ("schema", "app"), ("enum", "app.mood"), ("domain", "app.positive"), ("composite type", "app.pair"),
        ("table", "app.parent"), ("column", 'app.parent."Odd Name"'), ("partitioned table", "app.parts"),
        ("constraint", "app.child.child_parent_id_fkey"), ("index", "app.note_index"), ("view", "app.seen"),
        ("materialized view", "app.kept"), ("function", "app.f(integer)"), ("procedure", "app.p()"),
        ("aggregate", "app.total(integer)"), ("trigger", "app.child.touch"), ("sequence", "app.s"),
        ("policy", "app.child.own"), ("rule", "app.child.quiet"), ("statistics", "app.st"), ("publication", "pub"),
        ("role", "postgres"), ("database", "snapshots"), ("extension", "plpgsql"), ("default privileges", "postgres app r"),
    }  # fmt: skip
    assert expected <= entries.keys()
    amount = entries["column", "app.parent.amount"]
    assert (amount["type"], amount["comment"], amount["of"]) == ("numeric(10,2)", "in cents", "app.parent")
    assert entries["column", "app.parent.day"]["default"] == "CURRENT_DATE"
    assert entries["column", "app.parent.twice"]["generated"] == "(amount * (2)::numeric)"
    assert entries["column", "app.parent.id"]["identity"] == "a"
    assert entries["table", "app.part_1"]["partition_bound"] == "FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')"
    assert entries["enum", "app.mood"]["labels"] == ["sad", "ok"]
    assert "ON DELETE CASCADE" in entries["constraint", "app.child.child_parent_id_fkey"]["definition"]
    assert any("r/" in grant for grant in entries["table", "app.parent"]["grants"])
    assert not [name for _, name in entries if name.startswith(("pg_catalog.", "information_schema."))]


async def test_the_same_schema_gives_the_same_text(connection: asyncpg.Connection) -> None:
    first = await read_snapshot(connection)
    await connection.execute("INSERT INTO app.parts VALUES ('2020-05-05'); ANALYZE; SELECT nextval('app.s')")
    await connection.execute("SET search_path = app")
    second = await read_snapshot(connection)
    assert first == second
    assert difference(first, second) == ""


async def test_the_difference_names_what_changed(connection: asyncpg.Connection) -> None:
    before = await read_snapshot(connection)
    await connection.execute(
        """DROP VIEW app.seen; DROP STATISTICS app.st; ALTER TABLE app.parent DROP COLUMN twice;
        ALTER TABLE app.parent ALTER COLUMN amount TYPE bigint USING 1, DROP COLUMN day;
        ALTER TABLE app.parent ADD COLUMN tier text NOT NULL DEFAULT 'x';
        REVOKE SELECT ON app.parent FROM PUBLIC; ALTER TABLE app.child DISABLE ROW LEVEL SECURITY"""
    )
    text = difference(before, await read_snapshot(connection))
    lines = text.splitlines()
    assert "  column app.parent.amount" in lines
    assert "-   type: numeric(10,2)" in lines
    assert "+   type: bigint" in lines
    assert any(line.startswith("- column app.parent.day") for line in lines)
    assert any(line.startswith("+ column app.parent.tier  (default: 'x'::text; not_null: true") for line in lines)
    assert any(line.startswith("- view app.seen") for line in lines)
    assert "-   row_security: true" in lines
    assert any(line.startswith("-   grants: ") for line in lines)
