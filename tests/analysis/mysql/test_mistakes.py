"""What the analysis says of a text that it cannot read: where, and without repeating constants."""

import pytest

from tests.analysis.mysql.support import flags, footprint, footprints


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELEKT 1", "syntax error: near 'SELEKT' at line 1"),
        ("SELECT 1\nFROM", "syntax error: near '' at line 2"),
        ("SELECT *\n\nFRM orders", "syntax error: near 'FRM' at line 3"),
        ("SELECT id FROM orders WHERE id = = 1", "syntax error: near '=' at line 1"),
        ("CREATE USR a IDENTIFIED BY 'secret'", "syntax error: near 'a' at line 1"),
        ("SELECT 1 LIKE LIKE 'secret'", "syntax error: near 'LIKE' at line 1"),
        ("SELECT id FROM orders ORDER 'secret'", "syntax error: near 'ORDER' at line 1"),
        ("SELECT id FROM 'secret'", "syntax error: near a constant at line 1"),
        ("SELECT 'secret", "syntax error: unterminated ' at line 1"),
        ("SELECT\n1 /* secret", "syntax error: unterminated comment at line 2"),
        ("SELECT 1 */", "syntax error: */ without a comment at line 1"),
        ("SELECT '\0', \0", "syntax error: a NUL byte at line 1"),
        ("EXECUTE IMMEDIATE 'SELEKT 1'", "syntax error: near 'SELEKT' at line 1"),
        ("SELECT " + "(" * 400 + "1" + ")" * 400, "nested more than 150 levels deep"),
        ("BEGIN NOT ATOMIC SELECT 1; END", "a compound statement runs procedural code"),
        ("PREPARE s FROM @text", "PREPARE of a text that is not a constant"),
    ],
)
def test_where_a_text_is_at_fault(text: str, said: str) -> None:
    assert footprint(text).opaque == said


def test_lines_count_from_the_beginning_of_the_whole_text() -> None:
    found = footprints("SELECT 1;\nSELECT 2;\nSELEKT 3")
    assert [each.opaque for each in found] == [None, None, "syntax error: near 'SELEKT' at line 3"]


def test_what_is_not_the_text_s_fault_is_no_syntax_error() -> None:
    assert (
        footprint("SELECT 'ä'", flags(character_set_client="gbk")).opaque == "characters beyond ASCII in the character set gbk"
    )
    assert footprint("SELECT 1", flags(sql_mode="ORACLE")).opaque == "SQL mode ORACLE has a grammar of its own"
