"""Columns without a name of their own are called as the servers call them."""

import pytest

from tests.own.support import described


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("count(*)", "count"),
        ("Lower(object)", "lower"),
        ("char_length(object)", "char_length"),
        ("1", "?column?"),
        ("object || 'x'", "?column?"),
        ("until::date", "until"),
        ("1::int8", "int8"),
        ("CASE WHEN true THEN 1 END", "case"),
        ("CASE WHEN true THEN 'a' ELSE object END", "object"),
        ("(SELECT effect FROM gateway.grants LIMIT 1)", "effect"),
        ("EXISTS (SELECT 1)", "exists"),
        ("coalesce(object, 'x')", "coalesce"),
        ("now()", "now"),
        ("Object", "object"),
        ("object AS Foo", "foo"),
        ('object AS "Foo"', "Foo"),
        ("position('a' in object)", "position"),
        ("max(until)", "max"),
        ("current_date", "current_date"),
        ("string_agg(object, ',')", "string_agg"),
        ("date_trunc('day', until)", "date_trunc"),
        ("count(*) FILTER (WHERE true)", "count"),
        ("true", "bool"),
    ],
)
def test_as_postgresql(expression: str, name: str) -> None:
    assert described(f"SELECT {expression} FROM gateway.grants")[0][0] == name
