"""Queries of both engines over the gateway's relations: what they find, and the bounds of their texts."""

import time

import pytest

from gateway.model.identity import Engine
from gateway.model.own import OwnFault, OwnRefused
from gateway.own.query import read_query
from tests.own.support import asked, mysql


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT number FROM gateway.issues WHERE mine OR title IS NULL ORDER BY 1", [1, 3]),
        ("SELECT number FROM gateway.issues WHERE title LIKE 'T%' OR title ILIKE '%B'", [1, 2]),
        ("SELECT number FROM gateway.issues WHERE title NOT LIKE 'T%'", [2]),
        ("SELECT number FROM gateway.issues WHERE NOT (mine OR waits_for_me)", [3]),
        ("SELECT count(*) FROM gateway.issues", [3]),
        ("SELECT requester, count(*), max(number) FROM gateway.issues GROUP BY requester HAVING count(*) > 1", [("bob", 2, 3)]),
        ("SELECT lower(coalesce(title, 'NONE')) FROM gateway.issues ORDER BY number DESC LIMIT 1", ["none"]),
        ("SELECT i.number FROM gateway.issues i JOIN gateway.grants g ON g.subject = i.requester", [1]),
        (
            "SELECT count(*) FROM gateway.issues LEFT JOIN gateway.grants g ON g.subject = requester WHERE g.object IS NULL",
            [2],
        ),
        ("SELECT number FROM gateway.issues WHERE requester IN (SELECT subject FROM gateway.grants)", [1]),
        ("WITH d AS (SELECT * FROM gateway.issues WHERE state = 'done') SELECT count(*) FROM d", [2]),
        ("WITH grants AS (SELECT object FROM gateway.grants) SELECT count(*) FROM grants", [2]),
        (
            "SELECT state FROM gateway.issues UNION SELECT effect FROM gateway.grants ORDER BY 1",
            ["allow", "deny", "done", "open"],
        ),
        ("SELECT DISTINCT state FROM gateway.issues ORDER BY state", ["done", "open"]),
        ("SELECT title FROM gateway.issues ORDER BY title NULLS FIRST OFFSET 1", ["Title A", "title b"]),
        ("SELECT title FROM gateway.issues ORDER BY title DESC LIMIT 1", [None]),
        ("SELECT number FROM gateway.issues WHERE created > '2026-11-20' AND created < now()", [1, 2]),
        ("SELECT number FROM gateway.issues WHERE created > now() - interval '1 hour'", []),
        ("SELECT number FROM gateway.issues WHERE created::date = date '2026-11-20' AND mine = 't'", [1]),
        ("SELECT number FROM gateway.issues WHERE number = '2'", [2]),
        ("SELECT CASE WHEN mine THEN 'me' ELSE requester END FROM gateway.issues WHERE number < 3", ["me", "bob"]),
        ("SELECT mine::text || number::text FROM gateway.issues", ["true1", "false2", "false3"]),
        ("SELECT EXISTS (SELECT 1 FROM gateway.masks)", [True]),
        ("SELECT row_number() OVER (ORDER BY number DESC) FROM gateway.issues WHERE number = 3", [1]),
        (
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 4) SELECT max(n) FROM r, gateway.masks",
            [4],
        ),
        ('SELECT a, m."column" FROM gateway.masks AS m(a, b)', [("public", "email")]),
        ("SELECT y FROM (VALUES (1, 'a'), (2, 'b')) v(x, y) JOIN gateway.issues ON number = x AND mine", ["a"]),
    ],
)
def test_postgres(text: str, found: list[object]) -> None:
    assert asked(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT number FROM gateway.issues WHERE title = 'TITLE a'", [1]),
        ("SELECT NUMBER FROM gateway.ISSUES WHERE Title LIKE 't%' ORDER BY Number DESC", [2, 1]),
        ("SELECT title FROM gateway.issues ORDER BY title LIMIT 1", [None]),
        ("SELECT COUNT(*) FROM gateway.issues WHERE mine = 1 OR waits_for_me IS TRUE", [2]),
        ("SELECT IF(mine, 'a', 'b') FROM gateway.issues WHERE number IN (1, 2)", ["a", "b"]),
        ("SELECT IFNULL(title, CONCAT(requester, '!')) FROM gateway.issues WHERE number = 3", ["bob!"]),
        ("SELECT number FROM gateway.issues WHERE created > NOW() - INTERVAL 1 HOUR", []),
        ("SELECT YEAR(created) FROM gateway.issues WHERE created < DATE_SUB(NOW(), INTERVAL -1 DAY) LIMIT 1", [2026]),
        ("SELECT GROUP_CONCAT(number SEPARATOR ';') FROM gateway.issues WHERE title <=> NULL OR number = 1", ["1;3"]),
        ("SELECT requester FROM gateway.issues GROUP BY requester HAVING COUNT(*) = 2", ["bob"]),
    ],
)
def test_mysql(text: str, found: list[object]) -> None:
    assert mysql(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 40 + "1" + ")" * 40 + " FROM gateway.grants",
        "SELECT " + "+".join("1" * 3900) + " FROM gateway.grants",
        "SELECT " + "NOT " * 1900 + "true FROM gateway.grants",
        "SELECT x" + ".a" * 1000 + " FROM gateway.grants",
        "SELECT 1 FROM gateway.grants WHERE " + "number BETWEEN 1 AND 2 BETWEEN " * 200 + "1 AND 2",
        "SELECT 1 FROM gateway.grants WHERE object = '" + "x" * 9000 + "'",
        "SELECT 1 FROM " + ", ".join(f"gateway.grants a{n}" for n in range(17)),
        "SELECT * FROM " + ", ".join(f"gateway.limits a{n}" for n in range(16)),
        "WITH a AS (SELECT * FROM gateway.limits), b AS (SELECT * FROM a, a x, a y) SELECT * FROM b, b x, b y, b z",
    ],
)
def test_texts_are_bounded(text: str) -> None:
    began = time.process_time()
    with pytest.raises(OwnRefused):
        read_query(Engine.POSTGRES, text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("SELECT titel FROM gateway.issues", OwnFault.NO_COLUMN),
        ("SELECT 1 FROM gateway.issues WHERE x.number = 1", OwnFault.NO_SOURCE),
        ("SELECT number FROM gateway.issues, gateway.issues b", OwnFault.AMBIGUOUS),
        ("SELECT 1 FROM gateway.issues, gateway.issues", OwnFault.NAMED_TWICE),
        ("SELECT now() - created FROM gateway.issues", OwnFault.NOT_ANSWERED),
        ("SELECT number FROM gateway.issues WHERE created > 'yesterday'", OwnFault.WRONG_VALUE),
        ("SELECT number FROM gateway.issues WHERE title ~ '(a+)+$'", OwnFault.NO_FUNCTION),
        ("SELECT 1 FROM gateway.issues, LATERAL (SELECT 1) x", OwnFault.NOT_ANSWERED),
        ("SELECT 1 FROM gateway.issues, json_each('[1]')", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.issues, information_schema.tables", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.issues, own_grants", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.issues, sqlite_master", OwnFault.NOT_ANSWERED),
        ("SELECT 1", OwnFault.NOT_ANSWERED),
    ],
)
def test_what_is_wrong_has_its_name(text: str, fault: OwnFault) -> None:
    with pytest.raises(OwnRefused) as caught:
        read_query(Engine.POSTGRES, text)
    assert caught.value.fault is fault


def test_parameters_take_the_type_of_what_they_are_compared_with() -> None:
    text = "SELECT number FROM gateway.issues WHERE number = $1 AND title LIKE $2 AND mine = $3 AND created < $4 LIMIT $5"
    assert read_query(Engine.POSTGRES, text).parameters == ("int8", "text", "bool", "timestamptz", "int8")
    assert asked(text, "1", "T%", "t", "2027-01-01", 5) == [1]
    assert asked(text, None, "T%", "t", "2027-01-01", 5) == []
    assert asked("SELECT $2::int8 + 1 FROM gateway.masks WHERE $1 = 'x'", "x", "6") == [7]
    assert mysql("SELECT number FROM gateway.issues WHERE requester = :p1 LIMIT :p2, :p3", "BOB", 1, 9) == [3]
    with pytest.raises(OwnRefused, match="invalid input syntax for type bigint"):
        asked(text, "one", "T%", "t", "2027-01-01", 5)
