"""The parser's limits."""

import pytest

from gateway.analysis.postgres.parser import NotParsed, nesting, offsets, parse, split_postgres


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("a + b + c", 5, 6),
        ("(1, 2, 3), (4, 5, 6), (7, 8, 9)", 0, 4),
        ("'" + "+ " * 1000 + "'", 1, 1),
        ("E'\\'" + "+ " * 1000 + "'", 1, 1),
        ("'\\'" + "+ " * 1000, 1000, 1002),
        ("$x$" + "+ " * 1000 + "$x$", 1, 1),
        ("-- " + "+ " * 1000, 0, 0),
        ("/* " + "+ " * 1000 + "*/ 1", 1, 1),
        ("((((1))))", 5, 9),
        ("a = 1 AND " * 1000, 1, 4),
        ("SELECT 1 UNION " * 1000, 1000, 1004),
        ("SELECT 1; " * 1000, 0, 2),
    ],
)
def test_nesting(text: str, least: int, most: int) -> None:
    assert least <= nesting(text) <= most


def test_deep_but_allowed_trees_are_read_whole() -> None:
    tree = parse("SELECT " + "1 + " * 900 + "1")
    depth = 0
    node = tree.stmts[0].stmt.select_stmt.target_list[0].res_target.val
    while node.WhichOneof("node") == "a_expr":
        node = node.a_expr.lexpr
        depth += 1
    assert depth == 900


def test_errors_say_where_in_characters() -> None:
    with pytest.raises(NotParsed) as caught:
        parse("SELECT 'ü', ) 1")
    assert caught.value.syntax
    assert caught.value.position == 13


def test_offsets_are_characters() -> None:
    assert offsets("üa", [0, 2, 3]) == [0, 1, 2]


def test_split() -> None:
    assert split_postgres("SELECT 'a") == ["SELECT 'a"]
    assert split_postgres("X; SELECT (1;2)") == ["X", " SELECT (1;2)"]
