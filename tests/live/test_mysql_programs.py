"""What stored programs give of masked columns, against a real MariaDB: nothing of them arrives by any way out."""

import re
from collections.abc import Iterator
from typing import Any

import mysql.connector
import pymysql
import pytest

from gateway.model.identity import Engine
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import MariaDbServer

MARKER = "mrk7f3a"
SCHEMA = f"""
DROP DATABASE IF EXISTS works;
CREATE DATABASE works;
USE works;
CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40), email VARCHAR(60), salary INT, UNIQUE KEY by_email (email));
INSERT INTO people VALUES (1, 'Ann', 'ann{MARKER}@shop.example', 70001), (2, 'Bo', 'bo{MARKER}@shop.example', 80002);
CREATE TABLE plain (id INT PRIMARY KEY, word VARCHAR(60));
INSERT INTO plain VALUES (1, 'seen');
CREATE TABLE noted (id INT PRIMARY KEY, word VARCHAR(200), stamped INT);
CREATE VIEW shouted AS SELECT id, UPPER(email) AS loud FROM people;
CREATE FUNCTION mail_of (n INT) RETURNS VARCHAR(60) READS SQL DATA RETURN (SELECT email FROM people WHERE id = n);
CREATE FUNCTION word_of (n INT) RETURNS VARCHAR(60) READS SQL DATA RETURN (SELECT word FROM plain WHERE id = n);
CREATE FUNCTION twice (t TEXT) RETURNS TEXT DETERMINISTIC RETURN CONCAT(t, t);
CREATE FUNCTION loud_of (n INT) RETURNS VARCHAR(60) READS SQL DATA BEGIN
  DECLARE v VARCHAR(60) DEFAULT ''; SELECT loud INTO v FROM shouted WHERE id = n; RETURN v; END;
CREATE FUNCTION through (n INT) RETURNS VARCHAR(60) READS SQL DATA RETURN CONCAT('<', mail_of(n), '>');
CREATE VIEW through_view AS SELECT id, mail_of(id) AS m, word_of(id) AS w FROM plain;
CREATE FUNCTION keeps (n INT) RETURNS INT READS SQL DATA BEGIN SELECT email INTO @kept FROM people WHERE id = n; RETURN 1; END;
CREATE PROCEDURE shown () SELECT id, email, UPPER(email) AS u FROM people ORDER BY id;
CREATE PROCEDURE several () BEGIN SELECT word FROM plain; SELECT UPPER(email) AS x FROM people; SELECT id FROM people; END;
CREATE PROCEDURE outer_one () CALL shown();
CREATE PROCEDURE told (OUT m VARCHAR(60), OUT w VARCHAR(60)) READS SQL DATA
  BEGIN SELECT email INTO m FROM people WHERE id = 1; SELECT word INTO w FROM plain; END;
CREATE PROCEDURE worded (OUT w VARCHAR(60)) SELECT word INTO w FROM plain WHERE id = 1;
CREATE PROCEDURE set_variable () SET @kept = (SELECT email FROM people WHERE id = 1);
CREATE PROCEDURE local_variable () BEGIN
  DECLARE v VARCHAR(60); SELECT email INTO v FROM people WHERE id = 1; SELECT v AS id; END;
CREATE PROCEDURE by_cursor () BEGIN
  DECLARE v VARCHAR(60); DECLARE c CURSOR FOR SELECT email FROM people ORDER BY id;
  OPEN c; FETCH c INTO v; CLOSE c; SELECT v; END;
CREATE PROCEDURE decides () BEGIN
  IF (SELECT salary FROM people WHERE id = 1) > 70000 THEN SELECT 'much' AS said; ELSE SELECT 'little' AS said; END IF; END;
CREATE PROCEDURE dynamic (t TEXT) BEGIN SET @t = t; PREPARE s FROM @t; EXECUTE s; END;
CREATE PROCEDURE temporary () BEGIN
  CREATE OR REPLACE TEMPORARY TABLE taken AS SELECT email FROM people; SELECT * FROM taken; END;
CREATE PROCEDURE harmless (n INT) BEGIN
  DECLARE i INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND SET i = -1;
  again: WHILE i < n DO SET i = i + 1; IF i = 2 THEN LEAVE again; END IF; END WHILE;
  CASE i WHEN 2 THEN SELECT 'two' AS n; ELSE SELECT CASE i WHEN 1 THEN 'one' ELSE 'none' END AS n; END CASE; END;
CREATE PROCEDURE fails () INSERT INTO people SELECT 9, 'x', email, 1 FROM people WHERE id = 1;
CREATE PROCEDURE signals () BEGIN
  DECLARE v VARCHAR(60); SELECT email INTO v FROM people WHERE id = 1; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v; END;
CREATE TRIGGER noting BEFORE INSERT ON noted FOR EACH ROW
  SET NEW.word = (SELECT email FROM people WHERE id = NEW.id), NEW.stamped = 7;
CREATE TABLE leaking (id INT PRIMARY KEY);
CREATE TRIGGER leaks AFTER INSERT ON leaking FOR EACH ROW SET @kept = (SELECT email FROM people WHERE id = 1);
"""
POLICY = """p, user:alice, *, **, connect|temp|explain|call, , allow
p, user:alice, *, */works/*, select|insert|update|delete, , allow
p, user:erin, *, **, connect|temp|explain|call, , allow
p, user:erin, *, */works/*, select|insert|update|delete|unmask|infer|export, , allow
"""
MASKING = """[[columns]]
path = "*/works/people/email"
masker = "email"
[[columns]]
path = "*/works/people/salary"
masker = "null"
"""


@pytest.fixture(scope="module")
def gateway(mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    options: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    with pymysql.connect(**options, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in re.split(r";\n(?=[A-Z])", SCHEMA.strip().removesuffix(";")):
            cursor.execute(statement)
    access = Access(mariadb.host, mariadb.port, mariadb.user, mariadb.password, engine=Engine.MYSQL)
    home, files = tmp_path_factory.mktemp("programs"), {"masking.toml": MASKING}
    with LiveGateway(access, home, POLICY, users=("alice", "erin"), databases=("works",), files=files) as live:
        yield live


@pytest.fixture
def alice(gateway: LiveGateway) -> Iterator[pymysql.Connection]:
    with gateway.connect(
        database="my1/works", autocommit=True, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS
    ) as connection:
        yield connection


@pytest.fixture
def erin(gateway: LiveGateway) -> Iterator[pymysql.Connection]:
    with gateway.connect("erin", database="my1/works", autocommit=True) as connection:
        yield connection


def results(connection: pymysql.Connection, text: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
        return [rows for rows in found if rows]


def refused(connection: pymysql.Connection, text: str) -> str:
    with pytest.raises(pymysql.Error) as caught:
        results(connection, text)
    assert caught.value.args[0] == 1142, caught.value
    return str(caught.value.args[1])


def test_a_procedures_results_are_masked_column_by_column(alice: pymysql.Connection, gateway: LiveGateway) -> None:
    shown = ((1, "a***@***.example", None), (2, "b***@***.example", None))
    for text in ("CALL shown()", "CALL outer_one()", "EXECUTE IMMEDIATE 'CALL shown()'"):
        assert results(alice, text) == [shown], text
    assert results(alice, "CALL several()") == [(("seen",),), ((None,), (None,)), ((1,), (2,))]
    assert results(alice, "PREPARE s FROM 'CALL shown()'") == []
    assert results(alice, "EXECUTE s") == [shown]
    with mysql.connector.connect(
        host="127.0.0.1", port=gateway.port, user="alice", password=PASSWORD, database="my1/works", use_pure=True
    ) as connector:
        cursor = connector.cursor(prepared=True)
        cursor.execute("CALL shown()")
        assert tuple(cursor.fetchall()) == shown


def test_what_variables_cursors_and_conditions_took_in_is_hidden(alice: pymysql.Connection) -> None:
    for text in ("CALL local_variable()", "CALL by_cursor()", "CALL decides()"):
        assert results(alice, text) == [((None,),)], text


def test_functions_are_expressions_over_what_they_read(alice: pymysql.Connection) -> None:
    for call in ("mail_of(1)", "loud_of(1)", "through(1)"):
        assert results(alice, f"SELECT {call} AS v, 1 AS one") == [((None, 1),)], call
    assert results(alice, "SELECT word_of(1), twice('ab'), id FROM plain") == [(("seen", "abab", 1),)]
    assert "infer" in refused(alice, "SELECT m FROM through_view WHERE m LIKE 'a%'")
    assert results(alice, "SELECT v FROM (SELECT mail_of(id) AS v, id FROM people) x") == [((None,), (None,))]
    assert "infer" in refused(alice, "SELECT id FROM plain WHERE mail_of(1) LIKE 'a%'")
    assert "infer" in refused(alice, "SELECT CONCAT('x', mail_of(1))")
    assert "people/email" in refused(alice, "SELECT twice(mail_of(1))")
    assert "unmask" in refused(alice, "SET @v = mail_of(1)")
    assert "unmask" in refused(alice, "INSERT INTO plain VALUES (2, mail_of(1))")
    assert "unmask" in refused(alice, "SELECT keeps(1)")


def test_parameters_and_variables_do_not_carry_masked_values(alice: pymysql.Connection) -> None:
    for text in ("CALL told(@m, @w)", "CALL set_variable()", "CALL temporary()", "INSERT INTO leaking VALUES (1)"):
        said = refused(alice, text)
        assert "unmask on my1/works/people/email" in said, text
        assert "session" in said, text
    assert results(alice, "CALL worded(@w)") == []
    assert results(alice, "SELECT @m, @w, @kept") == [((None, "seen", None),)]


def test_what_cannot_be_read_is_refused_until_it_is_vouched_for(alice: pymysql.Connection, erin: pymysql.Connection) -> None:
    said = refused(alice, "CALL dynamic('SELECT email FROM people')")
    assert "unmask on my1/works/dynamic" in said
    assert MARKER in str(results(erin, "CALL dynamic('SELECT email FROM people')"))


def test_what_reads_nothing_masked_stays_untouched(alice: pymysql.Connection) -> None:
    assert results(alice, "CALL harmless(1)") == [(("one",),)]
    assert results(alice, "CALL harmless(3)") == [(("two",),)]


def test_what_a_trigger_puts_into_the_row_is_hidden_in_returning(alice: pymysql.Connection) -> None:
    assert results(alice, "INSERT INTO noted (id) VALUES (1) RETURNING id, word, UPPER(word)") == [((1, None, None),)]


def test_errors_of_programs_quote_nothing(alice: pymysql.Connection) -> None:
    for text in ("CALL fails()", "CALL signals()"):
        with pytest.raises(pymysql.Error) as caught:
            results(alice, text)
        assert MARKER not in str(caught.value), text
        assert MARKER not in str(results(alice, "SHOW WARNINGS"))


def test_whoever_may_unmask_sees_everything(erin: pymysql.Connection) -> None:
    assert MARKER in str(results(erin, "SELECT mail_of(1)"))
    assert MARKER.upper() in str(results(erin, "CALL shown()"))
    results(erin, "CALL told(@m, @w)")
    assert MARKER in str(results(erin, "SELECT @m"))


def test_a_program_that_was_just_changed_is_read_anew(alice: pymysql.Connection, mariadb: MariaDbServer) -> None:
    with pymysql.connect(
        host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password, database="works", autocommit=True
    ) as direct:
        results(direct, "CREATE OR REPLACE PROCEDURE fresh() SELECT UPPER(email) AS u FROM people WHERE id = 1")
    assert results(alice, "CALL fresh()") == [((None,),)]
