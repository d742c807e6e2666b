"""Shapes: what is made the same, what keeps a text from having one."""

import pytest

from gateway.model.mysql_shape import is_plain, shape


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (b"SELECT c FROM sbtest1 WHERE id=57", b"SELECT c FROM sbtest1 WHERE id=0"),
        (b"SELECT 1.5,-2 , 3e4, 0x1F, t1.a, 4ab, .5", b"SELECT 0,-0 , 3e4, 0x1F, t1.a, 4ab, .5"),
        (b"SELECT 1.5.2, 12345678901234567890, 123456789012345678901", b"SELECT 1.5.2, 0, 123456789012345678901"),
        (b"INSERT INTO t VALUES ('a', 'it''s', 12,'x\n')", b"INSERT INTO t VALUES ('', '''', 0,'')"),
        (b"SELECT x'41', _latin1'a', N'1'", b"SELECT x'', _latin1'', N''"),
        (b"SELECT 'a", b"SELECT 'a"),
    ],
)
def test_constants_are_made_the_same(text: bytes, form: bytes) -> None:
    assert shape(text) == form
    assert shape(form) == form


@pytest.mark.parametrize("text", [b"SELECT a.b, ''\n\t", b"UPDATE t SET a='--', b='/*' WHERE c=1", b"SELECT ''''", b""])
def test_plain(text: bytes) -> None:
    assert is_plain(shape(text))


@pytest.mark.parametrize(
    "rest", [b"'a", b"1 -- a", b"/* */ 1", b"1 # a", b'"a"', b"`a`", b"@a", b"$a", b"\\N", b"\xc3\xa9", b"\0", b"'''"]
)
def test_not_plain(rest: bytes) -> None:
    assert not is_plain(shape(b"SELECT " + rest))
