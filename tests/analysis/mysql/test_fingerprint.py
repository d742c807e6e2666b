"""The forms of texts: by their bytes where those tell, by their tokens else; both agree on which texts are alike."""

import pytest

from gateway.analysis.mysql.fingerprint import normalise_mysql, tokens_form

ALIKE = [
    ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id=20.5"),
    ("UPDATE t SET a='x' WHERE b IN (1, 2)", "UPDATE t SET a='' WHERE b IN (3, 4)"),
    ("SELECT `a b` FROM t WHERE c=1", "SELECT `a b` FROM t WHERE c=2"),
    ("SELECT 1 /* why */ FROM t", "SELECT 2 /* because */ FROM t"),
    ("SELECT 'é'", "SELECT 'ü'"),
]
UNLIKE = [
    ("SELECT a FROM t", "SELECT b FROM t"),
    ("SELECT a1 FROM t", "SELECT a2 FROM t"),
    ('SELECT "a" FROM t', 'SELECT "b" FROM t'),
    ("SELECT 'a'", "SELECT 'ä'"),
    ("SELECT 1", "SELECT 1 FROM t"),
]
FORMLESS = ["SELECT '\\''", "SELECT 1; SELECT 2", "SHOW TABLES", "SELECT /*! 1 */", "SELECT 'a", "", ";", "CALL p(1)"]


@pytest.mark.parametrize(("one", "two"), ALIKE)
def test_alike(one: str, two: str) -> None:
    assert normalise_mysql(one) == normalise_mysql(two) is not None
    assert tokens_form(one) == tokens_form(two)


@pytest.mark.parametrize(("one", "two"), UNLIKE)
def test_unlike(one: str, two: str) -> None:
    assert normalise_mysql(one) != normalise_mysql(two)
    assert tokens_form(one) != tokens_form(two)


@pytest.mark.parametrize("text", FORMLESS)
def test_without_a_form(text: str) -> None:
    assert normalise_mysql(text) is None


def test_no_form_by_bytes_is_one_by_tokens() -> None:
    assert normalise_mysql("SELECT ?") != normalise_mysql("SELECT 1 /* a */")
