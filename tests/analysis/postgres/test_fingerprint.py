"""The literal-free form is sound: two statements with one form have one footprint, unless it says that literals matter."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.analysis import normalise_postgres
from gateway.analysis.postgres.fingerprint import fingerprint_postgres
from gateway.model.footprint import Footprint
from tests.analysis.postgres.schema import analyse, one
from tests.corpora.postgres_corpus import corpus

_NUMBER = re.compile(r"(?<![\w.$'\"])\d+(?![\w.'\"])")
_STRING = re.compile(r"(?<!\w)'[\w.]*'")


def _bare(footprint: Footprint) -> Footprint:
    return replace(footprint, start=0, end=0)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT email FROM customers WHERE id = 5 AND name = 'x' LIMIT 3",
        "INSERT INTO items (id, product) VALUES (1, 'x'), (2, 'y')",
        "SELECT email FROM customers ORDER BY 1",
    ],
)
def test_the_form_has_no_constants_but_positions(text: str) -> None:
    form = normalise_postgres(text)
    assert form is not None
    assert not _STRING.search(form)
    assert re.findall(r"(?<!\$)\b\d+", form) == (["1"] if "ORDER BY 1" in text else [])
    assert not one(text).literals_matter


@pytest.mark.parametrize(
    "text",
    [
        "SET search_path = x",
        "PREPARE p AS SELECT 1",
        "EXPLAIN SELECT 1",
        "SELECT 1; SELECT 2",
        "",
        "SELEC 1",
        "CREATE TABLE x AS SELECT 1",
        "COPY t TO '/x'",
        "SELECT '\0'",
        "SELECT " + "1," * 40_000 + "1",
    ],
)
def test_no_form_where_it_would_not_help(text: str) -> None:
    assert normalise_postgres(text) is None


def test_a_trailing_semicolon_is_no_second_statement() -> None:
    assert normalise_postgres("SELECT 1;") is not None


_CORPUS = [statement.text for statement in corpus() if normalise_postgres(statement.text) is not None]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_CORPUS), st.integers(0, 99), st.sampled_from(["'x'", "'hr.salaries'", "'role'", "7", "1", "2"]))
def test_other_constants_give_the_same_footprint(text: str, place: int, constant: str) -> None:
    pattern = _STRING if constant.startswith("'") else _NUMBER
    found = list(pattern.finditer(text))
    if not found:
        return
    chosen = found[place % len(found)]
    other = text[: chosen.start()] + constant + text[chosen.end() :]
    if normalise_postgres(other) != normalise_postgres(text):
        return
    (first,), (second,) = analyse(text), analyse(other)
    if first.literals_matter or second.literals_matter:
        assert first.literals_matter == second.literals_matter
    else:
        assert _bare(first) == _bare(second)


@pytest.mark.parametrize(
    ("with_literal", "with_parameter"),
    [
        ("SELECT 'x'::regclass", "SELECT $1::regclass"),
        ("SELECT nextval('x')", "SELECT nextval($1)"),
        ("SELECT query_to_xml('select 1', true, true, '')", "SELECT query_to_xml($1, true, true, '')"),
        ("SELECT DISTINCT ON (1) email FROM customers", "SELECT DISTINCT ON ($1) email FROM customers"),
        ("SELECT country FROM customers GROUP BY ROLLUP (1)", "SELECT country FROM customers GROUP BY ROLLUP ($1)"),
        ("SELECT set_config('role', 'x', false)", "SELECT set_config($1, $2, $3)"),
        ("SELECT current_setting('x')", "SELECT current_setting($1)"),
        ("SELECT ts_stat('select 1')", "SELECT ts_stat($1)"),
        ("SELECT lo_get(1)", "SELECT lo_get($1)"),
    ],
)
def test_a_parameter_where_a_literal_is_looked_at_says_so_too(with_literal: str, with_parameter: str) -> None:
    assert one(with_literal).literals_matter == one(with_parameter).literals_matter
    if not one(with_literal).literals_matter:
        assert one(with_literal).accesses == one(with_parameter).accesses


def test_fingerprints() -> None:
    assert fingerprint_postgres("SELECT 1") == fingerprint_postgres("select  2")
    assert fingerprint_postgres("SELECT 1") != fingerprint_postgres("SELECT a")
    assert fingerprint_postgres("SELEC") == ""
    assert one("SELECT 1").fingerprint == fingerprint_postgres("SELECT 1")
