"""Types of columns, told from how the server prints them."""

import pytest

from gateway.analysis.mysql import types


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("int(11)", types.INTEGER),
        ("bigint(20) unsigned", types.UNSIGNED),
        ("decimal(10,2)", types.DECIMAL),
        ("double", types.DOUBLE),
        ("varchar(20)", types.TEXT),
        ("enum('a','b')", types.TEXT),
        ("datetime(6)", types.TEMPORAL),
        ("json", types.JSON),
        ("point", types.OTHER),
        ("", types.UNKNOWN),
    ],
)
def test_the_first_word_tells(printed: str, expected: int) -> None:
    assert types.type_of(printed) == expected


def test_branches_of_one_type_have_it() -> None:
    assert types.common([types.TEXT, types.TEXT]) == types.TEXT
    assert types.common([types.TEXT, types.INTEGER]) == types.UNKNOWN
