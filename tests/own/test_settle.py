"""What becomes of constants, parameters and operators on the way to SQLite."""

import pytest

from gateway.model.identity import Engine
from gateway.model.own import OwnRefused
from gateway.own.query import read_query
from tests.own.support import asked, mysql


def words(condition: str, engine: Engine = Engine.POSTGRES) -> str:
    query = read_query(engine, f"SELECT 1 FROM gateway.issues WHERE {condition}").query
    assert query is not None
    return query.text.partition(" WHERE ")[2]


@pytest.mark.parametrize(
    ("condition", "settled"),
    [
        ("created > '2026-01-02'", '"issues"."created" > \'2026-01-02 00:00:00\''),
        ("'7' = number", '7 = "issues"."number"'),
        ("mine = 'true'", '"issues"."mine" = 1'),
        ("number IN ('1', 2)", '"issues"."number" IN (1, 2)'),
        ("title NOT LIKE 'a%' ESCAPE '!'", "NOT OWN_LIKE(\"issues\".\"title\", 'a%', '!', 1)"),
        ("title ILIKE $1", 'OWN_LIKE("issues"."title", :p1, \'\\\', 0)'),
    ],
)
def test_on_postgresql(condition: str, settled: str) -> None:
    assert words(condition) == settled


def test_mysql_compares_texts_without_regard_to_case() -> None:
    assert "COLLATE own_text = 'x'" in words("title = 'x'", Engine.MYSQL)
    assert words("title LIKE 'x'", Engine.MYSQL).endswith("0)")
    assert mysql("SELECT DISTINCT UPPER(requester) FROM gateway.issues WHERE LOWER(requester) = 'ALICE'") == ["ALICE"]


def test_a_parameter_used_twice_has_its_first_type() -> None:
    request = read_query(Engine.POSTGRES, "SELECT $1 FROM gateway.issues WHERE number = $1")
    assert (request.parameters, request.result[0][1]) == (("int8",), "int8")
    assert asked("SELECT $1 FROM gateway.issues WHERE number = $1", "2") == [2]


@pytest.mark.parametrize("condition", ["created AT TIME ZONE 'utc' > now()", "number = ANY(ARRAY[1])", "created - created > 0"])
def test_what_sqlite_would_get_wrong_is_refused(condition: str) -> None:
    with pytest.raises(OwnRefused):
        words(condition)
