"""The functions that queries may call beside SQLite's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.own import OwnRefused
from gateway.own.functions import _like
from tests.own.support import asked


@pytest.mark.parametrize(
    ("text", "pattern", "escape", "matches"),
    [
        ("abc", "abc", "\\", 1),
        ("abc", "a%", "\\", 1),
        ("abc", "%c", "\\", 1),
        ("abc", "_b_", "\\", 1),
        ("abc", "b", "\\", 0),
        ("abc", "%a%b%c%", "\\", 1),
        ("aab", "%ab", "\\", 1),
        ("a%c", "a\\%c", "\\", 1),
        ("abc", "a\\%c", "\\", 0),
        ("a_", "a!_", "!", 1),
        ("", "%", "\\", 1),
        ("", "_", "\\", 0),
        ("ab", "a_%b", "\\", 0),
        ("a\nb", "a_b", "\\", 1),
        (None, "a", "\\", None),
        ("ABC", "abc", "\\", 0),
    ],
)
def test_like(text: str | None, pattern: str, escape: str, matches: int | None) -> None:
    assert _like(text, pattern, escape, 1) == matches


def plainly(text: str, pattern: str) -> bool:
    """The definition, letter by letter."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(plainly(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in {"_", text[0]} and plainly(text[1:], pattern[1:])


@given(st.text("ab", max_size=8), st.text("ab%_", max_size=7))
def test_like_is_what_its_definition_says(text: str, pattern: str) -> None:
    assert bool(_like(text, pattern, "\\", 1)) is plainly(text, pattern)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("left('abc', 2) || right('abc', 1)", "abc"),
        ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        ("split_part('a/b/c', '/', 2)", "b"),
        ("upper('é')", "É"),
        ("extract(year FROM timestamp '2026-03-31')", 2026.0),
        ("(date '2026-03-31' - interval '1 month')::text", "2026-02-28 00:00:00"),
        ("date_trunc('month', timestamp '2026-03-31 05:00')::date::text", "2026-03-01"),
        ("extract(dow FROM date '2026-11-22')", 0.0),
        ("'12'::int8 + 1", 13),
        ("nullif(1, 1)", None),
        ("round(2.5)", 3.0),
        ("(1.6)::int8", 2),
    ],
)
def test_functions(expression: str, value: object) -> None:
    assert asked(f"SELECT {expression} FROM gateway.masks") == [value]


def test_a_wrong_value_is_told() -> None:
    with pytest.raises(OwnRefused, match='invalid input syntax for type bigint: "Title A"'):
        asked("SELECT title::int FROM gateway.issues")
    with pytest.raises(OwnRefused, match="invalid value"):
        asked("SELECT created + interval '9999999 years' FROM gateway.issues")
