"""Total: whatever the text, there is an answer, in bounded time, and no crash."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.analysis import SYNTAX_ERROR, normalise_postgres, split_postgres
from gateway.analysis.postgres.parser import nesting
from gateway.model.footprint import Category
from tests.analysis.postgres.schema import analyse, one
from tests.corpora.postgres_corpus import corpus

_WORDS = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "customers",
        "orders",
        "hr",
        "salaries",
        "email",
        "card",
        "(",
        ")",
        ",",
        ".",
        "*",
        ";",
        "'x'",
        "1",
        "$1",
        "::",
        "AS",
        "JOIN",
        "ON",
        "USING",
        "LATERAL",
        "WITH",
        "RECURSIVE",
        "UNION",
        "INSERT",
        "INTO",
        "VALUES",
        "UPDATE",
        "SET",
        "DELETE",
        "RETURNING",
        "CREATE",
        "TABLE",
        "VIEW",
        "DROP",
        "ALTER",
        "ORDER",
        "BY",
        "GROUP",
        "LIMIT",
        "count",
        "max",
        "=",
        "<",
        "AND",
        "OR",
        "NOT",
        "NULL",
        "CASE",
        "WHEN",
        "THEN",
        "END",
        "EXPLAIN",
        "PREPARE",
        "EXECUTE",
        "COPY",
        "TO",
        "STDOUT",
        "MERGE",
        "MATCHED",
        "CONFLICT",
        "DO",
        "set_config",
        "nextval",
        "regclass",
        "text",
        '"',
        "'",
        "--",
        "/*",
        "*/",
        "$$",
        "\\",
        "E'",
        'U&"',
        "{}",
        "[",
        "]",
        "~",
        "||",
        "->",
        "@>",
        "pg_temp",
        "pg_catalog",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_footprints(text: str) -> None:
    assert analyse(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(_WORDS, max_size=40).map(" ".join))
def test_any_words_have_footprints(text: str) -> None:
    footprints = analyse(text)
    assert footprints
    assert all(footprint.kind == SYNTAX_ERROR or footprint.end <= len(text) for footprint in footprints)


_CORPUS = [statement.text for statement in corpus()]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_CORPUS), st.integers(0, 400), st.integers(0, 400), st.text(max_size=6))
def test_damaged_statements_have_footprints(text: str, start: int, length: int, put: str) -> None:
    assert analyse(text[:start] + put + text[start + length :])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(_CORPUS))
def test_nesting_is_an_upper_bound_of_brackets(text: str) -> None:
    depth = deepest = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    if "'" not in text and "--" not in text and "$" not in text and '"' not in text:
        assert nesting(text) >= deepest


@pytest.mark.parametrize("count", [10, 300, 3000, 200_000])
@pytest.mark.parametrize(
    "shape",
    [
        ("SELECT ", "a +", "1 FROM customers"),
        ("SELECT ", "(", "1"),
        ("SELECT ", "(SELECT ", "1"),
        ("SELECT 1 WHERE ", "NOT ", "true"),
        ("SELECT ", "abs(", "1"),
        ("SELECT ", "CASE WHEN true THEN 1 ELSE ", "1"),
        ("SELECT 1 ", "UNION ALL SELECT email FROM customers ", ""),
        ("SELECT 1 FROM customers ", "JOIN customers c ON true ", ""),
        ("SELECT 1 FROM ", "(SELECT * FROM ", "customers"),
        ("SELECT id", "::int", " FROM customers"),
        ("SELECT id ", "IS NULL ", "FROM customers"),
        ("SELECT 1 WHERE id = 1 ", "AND id = 2 ", ""),
        ("SELECT '\\' ", "+ 1 ", ""),
        ("SELECT E'\\'' ", "+ 1 ", ""),
        ("SELECT $a$ ' $a$ ", "+ 1 ", ""),
        ('SELECT "a\'" ', "+ 1 ", ""),
        ("SELECT ", "/* ", "1"),
        ("", ";", ""),
        ("SELECT ARRAY", "[", "1"),
        ("SELECT a", "[1]", " FROM customers"),
    ],
)
def test_depth_costs_nobody_the_process(shape: tuple[str, str, str], count: int) -> None:
    before, part, behind = shape
    closing = {
        "(": ")",
        "(SELECT ": ")",
        "abs(": ")",
        "CASE WHEN true THEN 1 ELSE ": " END",
        "(SELECT * FROM ": ") x",
        "[": "]",
    }
    text = before + part * count + behind + closing.get(part, "") * count
    started = time.process_time()
    footprints = analyse(text)
    normalise_postgres(text)
    assert footprints
    assert time.process_time() - started < 30


def test_what_is_too_deep_says_so() -> None:
    assert one("SELECT " + "a + " * 100_000 + "1").opaque == "nested more than 4000 levels deep"
    assert one("SELECT " + "abs(" * 700 + "1" + ")" * 700).opaque == "nested too deeply"


def test_ordinary_depth_is_understood() -> None:
    for text in (
        "SELECT " + " || ".join(["name"] * 200) + " FROM customers",
        "SELECT 1 FROM customers WHERE " + " OR ".join(f"id = {number}" for number in range(3000)),
        " UNION ALL ".join(["SELECT email FROM customers"] * 500),
        "SELECT " + "coalesce(" * 60 + "email" + ", '')" * 60 + " FROM customers",
    ):
        assert one(text).opaque is None
        assert {access.object.name for access in one(text).accesses} == {"customers"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM customers WHERE id IN (" + ",".join(map(str, range(1_000_000))) + ")",
        "INSERT INTO items (id, product, quantity) VALUES " + ",".join(["(1,'abcdefgh',2.5)"] * 400_000),
        "SELECT '" + "x" * 10_000_000 + "'",
        "SELECT 1 /*" + "x" * 10_000_000,
        "SELECT 1 " + "/*" * 4_000_000,
        "SELECT " + " ".join(f"$a{number}$" for number in range(800_000)),
    ],
    ids=["long IN list", "many rows", "one string", "one comment", "open comments", "open dollar quotes"],
)
def test_megabytes_take_seconds(text: str) -> None:
    started = time.process_time()
    assert analyse(text)
    assert time.process_time() - started < 40


def test_bytes_that_are_no_text() -> None:
    assert one("SELECT 1\0; DROP TABLE customers").opaque == "the text holds a NUL byte"
    assert one("SELECT '\ud800'").opaque == "the text is not valid Unicode"


def test_syntax_errors_carry_what_the_server_would_say() -> None:
    found = one("SELECT 'ü' FORM customers x y")
    assert found.kind == SYNTAX_ERROR
    assert found.opaque == 'syntax error: syntax error at or near "customers" at character 17'
    assert found.outputs is None


def test_nothing_is_a_statement_too() -> None:
    for text in ("", "  ", ";", ";;", "-- nothing", "/* nothing */"):
        assert [footprint.category for footprint in analyse(text)] == [Category.EMPTY]


def test_slices_count_characters() -> None:
    text = "SELECT 'üüü'; SELECT email FROM customers ; "
    first, second = analyse(text)
    assert text[first.start : first.end] == "SELECT 'üüü'"
    assert text[second.start : second.end].strip() == "SELECT email FROM customers"


def test_a_broken_statement_does_not_hide_its_neighbours() -> None:
    assert split_postgres("SELECT 1; SELEC (;) 2; SELECT ';'") == ["SELECT 1", " SELEC (;) 2", " SELECT ';'"]
    assert split_postgres("SELECT 1; SELECT 2") == ["SELECT 1; SELECT 2"]
