"""What functions and procedures give of masked columns, against a real PostgreSQL: nothing of them arrives by any way out."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import LiveGateway

MARKER = "mrk7f3a"
SCHEMA = f"""
DROP SCHEMA IF EXISTS works CASCADE;
CREATE SCHEMA works;
SET search_path = works;
CREATE TABLE people (id int PRIMARY KEY, name text, email text, salary int);
INSERT INTO people VALUES (1, 'Ann', 'ann{MARKER}@shop.example', 70001), (2, 'Bo', 'bo{MARKER}@shop.example', 80002);
CREATE TABLE plain (id int PRIMARY KEY, word text);
INSERT INTO plain VALUES (1, 'seen');
CREATE FUNCTION mail_of (n int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM works.people WHERE id = n';
CREATE FUNCTION atomic_mail (n int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT email FROM people WHERE id = n; END;
CREATE FUNCTION word_of (n int) RETURNS text LANGUAGE sql STABLE AS 'SELECT word FROM works.plain WHERE id = n';
CREATE FUNCTION twice (t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN t || t;
CREATE FUNCTION everybody () RETURNS SETOF people LANGUAGE sql STABLE AS 'SELECT * FROM works.people ORDER BY id';
CREATE FUNCTION listed () RETURNS TABLE (a int, b text, c text) LANGUAGE sql STABLE
  AS 'SELECT id, name, upper(email) FROM works.people ORDER BY id';
CREATE FUNCTION by_mail (m text) RETURNS TABLE (a int) LANGUAGE sql STABLE AS 'SELECT id FROM works.people WHERE email = m';
CREATE FUNCTION told (n int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
  DECLARE v text; BEGIN SELECT email INTO v FROM works.people WHERE id = n; RETURN v; END $$;
CREATE FUNCTION rows_of () RETURNS SETOF people LANGUAGE plpgsql AS $$
  BEGIN RETURN QUERY SELECT * FROM works.people ORDER BY id; END $$;
CREATE FUNCTION through (n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN '<' || works.told(n) || '>'; END $$;
CREATE FUNCTION counting (n int) RETURNS int LANGUAGE plpgsql AS $$
  DECLARE i int := 0; BEGIN WHILE i < n LOOP i := i + 1; END LOOP; RETURN i; END $$;
CREATE FUNCTION dynamic (t text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE v text; BEGIN EXECUTE t INTO v; RETURN v; END $$;
CREATE FUNCTION keeps () RETURNS int LANGUAGE plpgsql AS $$
  BEGIN PERFORM set_config('works.kept', (SELECT email FROM works.people WHERE id = 1), false); RETURN 1; END $$;
CREATE FUNCTION takes () RETURNS int LANGUAGE plpgsql AS $$
  BEGIN CREATE TEMP TABLE taken AS SELECT email FROM works.people; RETURN 1; END $$;
CREATE FUNCTION recursive (n int) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN IF n <= 0 THEN RETURN (SELECT email FROM works.people WHERE id = 1); END IF; RETURN works.recursive(n - 1); END $$;
CREATE PROCEDURE given (INOUT m text, INOUT w text) LANGUAGE plpgsql AS $$
  BEGIN SELECT email INTO m FROM works.people WHERE id = 1; w := 'word'; END $$;
CREATE PROCEDURE worded (INOUT w text) LANGUAGE plpgsql AS $$ BEGIN SELECT word INTO w FROM works.plain; END $$;
CREATE PROCEDURE notices () LANGUAGE plpgsql AS $$
  DECLARE v text; BEGIN SELECT email INTO v FROM works.people WHERE id = 1; RAISE EXCEPTION 'it is %', v; END $$;
CREATE AGGREGATE glued (text) (SFUNC = pg_catalog.textcat, STYPE = text);
CREATE FUNCTION adds (text, int) RETURNS text LANGUAGE sql AS $$ SELECT coalesce($1, '') || works.mail_of($2) $$;
CREATE AGGREGATE mails (int) (SFUNC = adds, STYPE = text);
CREATE FUNCTION unqualified (n int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM people WHERE id = n';
CREATE FUNCTION pathed (n int) RETURNS text LANGUAGE plpgsql SET search_path = works AS $$
  BEGIN RETURN unqualified(n); END $$;
CREATE VIEW through_view AS SELECT id, mail_of(id) AS m, word_of(id) AS w, unqualified(id) AS u FROM plain;
CREATE TABLE noted (id int PRIMARY KEY, word text, stamp int);
CREATE FUNCTION noting () RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN NEW.word := (SELECT email FROM works.people WHERE id = NEW.id); NEW.stamp := 7; RETURN NEW; END $$;
CREATE TRIGGER noting BEFORE INSERT ON noted FOR EACH ROW EXECUTE FUNCTION noting();
CREATE FUNCTION likes (text, int) RETURNS bool LANGUAGE sql AS $$ SELECT works.mail_of($2) LIKE $1 $$;
CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = int, FUNCTION = likes);
"""
POLICY = """p, user:alice, *, **, connect|temp|explain|call, , allow
p, user:alice, *, */*/works/*, select|insert|update|delete, , allow
p, user:erin, *, **, connect|temp|explain|call, , allow
p, user:erin, *, */*/works/*, select|insert|update|delete|unmask|infer|export, , allow
"""
MASKING = """[[columns]]
path = "*/*/works/people/email"
masker = "email"
[[columns]]
path = "*/*/works/people/salary"
masker = "null"
"""


@pytest.fixture(scope="module", params=["embedded_pg", "distro_pg"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    server: PostgresServer = request.getfixturevalue(request.param)
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(SCHEMA)
    access = Access(server.host, server.port, server.user, server.password)
    home = tmp_path_factory.mktemp("programs")
    with LiveGateway(access, home, POLICY, users=("alice", "erin"), files={"masking.toml": MASKING}) as live:
        yield live
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("DROP SCHEMA works CASCADE")


@pytest.fixture
def alice(gateway: LiveGateway) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
        connection.execute("SET search_path = works")
        yield connection


@pytest.fixture
def erin(gateway: LiveGateway) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(gateway.url("erin"), autocommit=True) as connection:
        connection.execute("SET search_path = works")
        yield connection


def rows(connection: psycopg.Connection[Any], text: str, *, binary: bool = False) -> list[Any]:
    return connection.execute(text, binary=binary).fetchall()


def refused(connection: psycopg.Connection[Any], text: str) -> str:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(text)
    assert caught.value.sqlstate == "42501", caught.value
    return str(caught.value.diag.message_primary)


def test_functions_are_expressions_over_what_they_read(alice: psycopg.Connection[Any]) -> None:
    for call in (
        "mail_of(1)",
        "atomic_mail(1)",
        "told(1)",
        "through(1)",
        "recursive(2)",
        "mails(id)",
        "(SELECT told(1))",
        "(rows_of()).email",
    ):
        for binary in (False, True):
            found = rows(alice, f"SELECT {call} AS v FROM plain", binary=binary)
            assert {row[0] for row in found} == {None}, call
    assert rows(alice, "SELECT word_of(1), twice('ab'), counting(3), glued(word) FROM plain") == [("seen", "abab", 3, "seen")]


def test_rows_of_functions_are_masked_column_by_column_where_their_body_shows_them(alice: psycopg.Connection[Any]) -> None:
    assert rows(alice, "SELECT * FROM everybody()") == [(1, "Ann", None, None), (2, "Bo", None, None)]
    assert rows(alice, "SELECT id, e.email FROM everybody() e WHERE id = 1") == [(1, None)]
    assert rows(alice, "SELECT * FROM listed()") == [(1, "Ann", None), (2, "Bo", None)]
    assert rows(alice, "SELECT x, z FROM listed() AS l (x, y, z)") == [(1, None), (2, None)]
    assert rows(alice, f"SELECT * FROM by_mail('ann{MARKER}@shop.example')") == [(None,)]
    assert rows(alice, "SELECT * FROM rows_of()") == [(None,) * 4] * 2
    assert rows(alice, "SELECT * FROM through_view") == [(1, None, "seen", None)]
    alice.execute("SET search_path = public")
    assert rows(alice, "SELECT works.pathed(1)") == [(None,)]
    alice.execute("SET search_path = works")
    assert rows(alice, "SELECT * FROM told(1) AS t, mail_of(2) AS m, word_of(1) w") == [(None, None, "seen")]


def test_uses_of_what_functions_give_need_their_permissions(alice: psycopg.Connection[Any]) -> None:
    for text in (
        "SELECT id FROM plain WHERE told(1) LIKE 'a%'",
        "SELECT id FROM plain WHERE mail_of(1) LIKE 'a%'",
        "SELECT id FROM everybody() WHERE email LIKE 'a%'",
        "SELECT id FROM through_view WHERE m LIKE 'a%'",
        "SELECT id FROM plain ORDER BY mail_of(id)",
        "SELECT 'a%' ~~~ 1",
        "SELECT mail_of(1) || 'x'",
    ):
        assert "infer on pg1/postgres/works/people/" in refused(alice, text), text
    for text in (
        "INSERT INTO plain VALUES (2, told(1))",
        "CREATE TEMP TABLE mine AS SELECT mail_of(1)",
        "SELECT set_config('works.kept', told(1), false)",
        "SELECT keeps()",
        "SELECT takes()",
    ):
        assert "on pg1/postgres/works/people/email" in refused(alice, text), text


def test_procedures_give_rows_of_their_parameters(alice: psycopg.Connection[Any]) -> None:
    assert rows(alice, "CALL given('', '')") == [(None, None)]
    assert rows(alice, "CALL worded('')") == [("seen",)]
    assert alice.execute("CALL given(%s, %s)", ("", ""), prepare=True).fetchall() == [(None, None)]


def test_what_cannot_be_read_is_hidden_until_it_is_vouched_for(
    alice: psycopg.Connection[Any], erin: psycopg.Connection[Any]
) -> None:
    text = "SELECT dynamic('SELECT email FROM works.people WHERE id = 1')"
    assert rows(alice, text) == [(None,)]
    assert "unmask on pg1/postgres/works/dynamic" in refused(alice, f"{text} WHERE dynamic('SELECT 1') = '1'")
    assert MARKER in str(rows(erin, text))


def test_what_a_trigger_puts_into_the_row_is_hidden_in_returning(alice: psycopg.Connection[Any]) -> None:
    assert rows(alice, "INSERT INTO noted (id) VALUES (1) RETURNING id, word, upper(word)") == [(1, None, None)]
    alice.execute("DELETE FROM noted")


def test_errors_of_procedures_quote_nothing(alice: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error) as caught:
        alice.execute("CALL notices()")
    assert MARKER not in str(caught.value)


def test_whoever_may_unmask_sees_everything(erin: psycopg.Connection[Any]) -> None:
    assert MARKER in str(rows(erin, "SELECT told(1)"))
    assert MARKER.upper() in str(rows(erin, "SELECT * FROM listed()"))
    assert MARKER in str(rows(erin, "CALL given('', '')"))
