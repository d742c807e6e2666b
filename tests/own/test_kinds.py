"""Types of expressions."""

import pytest

from gateway.model.identity import Engine
from tests.own.support import described


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("until", "timestamptz"),
        ("number", "int8"),
        ("mine", "bool"),
        ("count(*)", "int8"),
        ("sum(number)", "int8"),
        ("avg(number)", "float8"),
        ("number > 1", "bool"),
        ("NOT mine", "bool"),
        ("max(created)", "timestamptz"),
        ("now()", "timestamptz"),
        ("created + interval '1 day'", "timestamptz"),
        ("created::date", "date"),
        ("current_date", "date"),
        ("title || 'x'", "text"),
        ("length(title)", "int8"),
        ("coalesce(number, 0)", "int8"),
        ("CASE WHEN mine THEN created END", "timestamptz"),
        ("NULL", "text"),
        ("extract(hour FROM created)", "float8"),
        ("1.5", "float8"),
        ("(SELECT count(*) FROM gateway.masks)", "int8"),
        ("date_trunc('day', created)", "timestamptz"),
        ("$1", "text"),
        ("$1::int8", "int8"),
        ("min(title)", "text"),
    ],
)
def test_of_expressions(expression: str, kind: str) -> None:
    assert described(f"SELECT {expression} AS x FROM gateway.issues, (SELECT until FROM gateway.grants) g")[0] == ("x", kind)


def test_truth_is_a_number_on_mysql() -> None:
    assert described("SELECT number > 1 AS a, mine AS b, NOT mine AS c FROM gateway.issues", Engine.MYSQL) == [
        ("a", "int8"),
        ("b", "bool"),
        ("c", "int8"),
    ]
