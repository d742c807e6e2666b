"""Session state that changes what statements mean."""

from typing import Any

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.live.postgres.wire import refused
from tests.support.gateway import LiveGateway


def test_the_search_path_is_followed(bob: psycopg.Connection[Any]) -> None:
    statement = "SELECT b FROM allowed WHERE a = 1"
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("SET search_path = hidden, public")
    assert "hidden/allowed" in refused(bob, statement)
    bob.execute("RESET search_path")
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("SELECT set_config('search_path', 'hidden', false)")
    assert "hidden/allowed" in refused(bob, statement)
    bob.execute("DISCARD ALL")
    assert bob.execute(statement).fetchone() == ("row 1",)


def test_the_search_path_in_one_text_and_in_a_pipeline(bob: psycopg.Connection[Any]) -> None:
    assert "hidden/allowed" in refused(bob, "SET search_path = hidden; SELECT b FROM allowed")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="hidden/allowed"), bob.pipeline():
        bob.execute("SET search_path = hidden")
        bob.execute("SELECT b FROM allowed WHERE a = 1")
    assert bob.execute("SELECT b FROM allowed WHERE a = 1").fetchone() == ("row 1",)


def test_the_search_path_through_rollback_and_local(bob: psycopg.Connection[Any]) -> None:
    statement = "SELECT b FROM allowed WHERE a = 1"
    bob.execute("BEGIN")
    bob.execute("SAVEPOINT s")
    bob.execute("SET LOCAL search_path = hidden")
    assert "hidden/allowed" in refused(bob, statement)
    bob.execute("ROLLBACK TO s")
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("SET search_path = hidden")
    bob.execute("ROLLBACK")
    assert bob.execute(statement).fetchone() == ("row 1",)
    bob.execute("BEGIN; SET search_path = hidden; COMMIT")
    assert "hidden/allowed" in refused(bob, statement)


def test_the_search_path_moved_by_a_function(bob: psycopg.Connection[Any]) -> None:
    bob.execute("SELECT move_path('hidden')")
    assert "hidden/allowed" in refused(bob, "SELECT b FROM allowed WHERE a = 1")


def test_a_prepared_statement_when_the_path_moves(bob: psycopg.Connection[Any]) -> None:
    for _ in range(8):
        bob.execute("SELECT b FROM allowed WHERE a = %s", (1,), prepare=True)
    bob.execute("SET search_path = hidden")
    assert "hidden/allowed" in refused(bob, "SELECT b FROM allowed WHERE a = %s", (1,))


def test_a_role_with_a_path_of_its_own(server: PostgresServer, gateway: LiveGateway) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("ALTER DATABASE postgres SET search_path = hidden, public")
        try:
            with psycopg.connect(gateway.url("bob"), autocommit=True) as bob:
                assert "hidden/allowed" in refused(bob, "SELECT b FROM allowed WHERE a = 1")
        finally:
            connection.execute("ALTER DATABASE postgres RESET search_path")


def test_a_temporary_table_does_not_hide_a_permanent_one(bob: psycopg.Connection[Any]) -> None:
    bob.execute("CREATE TEMP TABLE mine (a int)")
    bob.execute("INSERT INTO mine VALUES (1)")
    assert bob.execute("SELECT a FROM mine").fetchone() == (1,)
    bob.execute("BEGIN; CREATE TEMP TABLE secret (a int, b text) ON COMMIT DROP; COMMIT")
    assert "public/secret" in refused(bob, "SELECT b FROM secret")


@pytest.mark.parametrize(
    "statement",
    [
        "SET standard_conforming_strings = off",
        "SET client_encoding = 'SJIS'",
        "SET session_replication_role = replica",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
    ],
)
def test_state_that_nobody_may_set(alice: psycopg.Connection[Any], statement: str) -> None:
    assert refused(alice, statement).startswith("gateway: ")


def test_encodings(alice: psycopg.Connection[Any]) -> None:
    assert alice.execute("SELECT 'ü€'").fetchone() == ("ü€",)
    alice.execute("SET client_encoding = 'LATIN1'")
    assert alice.execute("SELECT 'ü'").fetchone() == ("ü",)


def test_sql_cursors_and_holdable_ones(bob: psycopg.Connection[Any]) -> None:
    bob.execute("BEGIN")
    bob.execute("DECLARE c CURSOR WITH HOLD FOR SELECT a FROM allowed ORDER BY a")
    assert bob.execute("FETCH 2 FROM c").fetchall() == [(1,), (2,)]
    bob.execute("COMMIT")
    assert bob.execute("FETCH 2 FROM c").fetchall() == [(3,), (4,)]
    bob.execute("CLOSE c")
    refused(bob, "DECLARE d CURSOR WITH HOLD FOR SELECT * FROM secret")
