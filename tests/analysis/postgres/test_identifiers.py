"""Names inside strings."""

import pytest

from gateway.analysis.postgres.identifiers import folded, split_list, split_name, truncated


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("customers", ("", "customers")),
        ("Public.Customers", ("public", "customers")),
        ('"Public"."A ""b"" . c"', ("Public", 'A "b" . c')),
        (" hr . salaries ", ("hr", "salaries")),
        ("shop.hr.salaries", ("hr", "salaries")),
        ("ÄRGER", ("", "Ärger")),
        ("", ("", "")),
    ],
)
def test_split_name(text: str, name: tuple[str, str]) -> None:
    assert split_name(text) == name


def test_split_list() -> None:
    assert split_list('"$user", Public,"Odd, name"') == ["$user", "public", "Odd, name"]
    assert split_list("a b") == ["a", "b"]


def test_only_ascii_letters_fold() -> None:
    assert folded("ÄBC") == "Äbc"


def test_names_are_cut_at_63_bytes_and_at_whole_characters() -> None:
    assert truncated("x" * 70) == "x" * 63
    assert truncated("x" * 62 + "ü") == "x" * 62
