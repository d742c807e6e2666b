"""Which column a name means, and what a select list becomes."""

import pytest

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, OwnRefused
from gateway.own.query import read_query
from tests.own.support import asked, described

GRANTS = list(RELATIONS["grants"])
ISSUES = list(RELATIONS["issues"])


def test_stars_are_written_out_in_the_servers_order() -> None:
    assert described("SELECT * FROM gateway.grants, gateway.masks") == [*GRANTS, *RELATIONS["masks"]]
    assert described("SELECT m.*, 1 AS one, g.* FROM gateway.grants g, gateway.masks m") == [
        *RELATIONS["masks"],
        ("one", "int8"),
        *GRANTS,
    ]


def test_using_shows_a_column_once_and_first() -> None:
    names = [name for name, _ in described('SELECT * FROM gateway.masks a JOIN gateway.columns b USING ("column", relation)')]
    assert names == ["column", "relation", "schema", "masker", "type"]
    assert asked("SELECT relation FROM gateway.columns a NATURAL JOIN gateway.columns b LIMIT 1") == ["grants"]
    with pytest.raises(OwnRefused, match='"masker" does not exist'):
        described("SELECT * FROM gateway.masks JOIN gateway.columns USING (masker)")


def test_origins_reach_through_subqueries() -> None:
    request = read_query(
        Engine.POSTGRES, "WITH a(x) AS (SELECT object FROM gateway.grants) SELECT x, upper(x) FROM (SELECT * FROM a) b"
    )
    assert request.origins == (("grants", "object"), ("", ""))


def test_an_outer_querys_columns_are_seen_inside() -> None:
    inner = "(SELECT count(*) FROM gateway.grants WHERE subject = i.requester)"
    assert asked(f"SELECT number, {inner} AS n FROM gateway.issues i ORDER BY n, 1") == [(2, 0), (3, 0), (1, 1)]


def test_a_hint_names_what_is_near() -> None:
    with pytest.raises(OwnRefused) as caught:
        described("SELECT titel FROM gateway.issues")
    assert caught.value.hint.startswith('Perhaps you meant "title". There are: number, ')
    assert caught.value.position == 8
