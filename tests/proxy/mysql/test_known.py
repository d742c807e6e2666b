"""Texts known by their shape: found where the server reads the same statement with other values, never where it may not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.analysis.mysql.fingerprint import tokens_form
from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.footprint import Category, Footprint
from gateway.proxy.mysql.known import Known
from gateway.verdict import Ruling, Verdict

DECISION = Decision(Outcome.ALLOW, Reason(ReasonCode.ALWAYS, ""), "1")


def verdict(kind: str = "SELECT", head: bytes | None = b'"text":') -> Verdict:
    ruling = Ruling(Footprint(kind, Category.QUERY), DECISION, b'"text":"the very text"')
    return Verdict((ruling,), Outcome.ALLOW, float("inf"), 1, head=head, tail=b',"kind":"K"')


def packet(text: str) -> bytes:
    body = b"\x03" + text.encode()
    return len(body).to_bytes(4, "little") + body


def found(learned: str, sent: str, by: Verdict | None = None) -> str | None:
    """The text as the record has it."""
    known = Known()
    known.learn(packet(learned), learned.encode(), by or verdict())
    hit = known.find(packet(sent), 5)
    return None if hit is None else json.loads(b"{%b}" % hit[1])["text"]


@pytest.mark.parametrize(
    ("learned", "sent"),
    [
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id=12345678901234567890"),
        ("SELECT c FROM t WHERE price<1.50", "SELECT c FROM t WHERE price<1234.5"),
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id=1.5"),
        ("SELECT c FROM t1 WHERE id BETWEEN 1 AND 2", "SELECT c FROM t1 WHERE id BETWEEN 40 AND 139"),
        ("SELECT c\n\tFROM t WHERE id=1", "SELECT c\n\tFROM t WHERE id=9"),
        ("UPDATE t SET c='a' WHERE id=1", "UPDATE t SET c='say \"hi\"; -- /* # $ @' WHERE id=2"),
        ("UPDATE t SET c='a' WHERE id=1", "UPDATE t SET c='' WHERE id=2"),
        ("INSERT INTO t VALUES (1, 'a', 'b')", "INSERT INTO t VALUES (22, 'x\n', '1')"),
        ("SELECT 'it''s'", "SELECT 'that''s'"),
    ],
)
def test_another_value_is_the_same_shape(learned: str, sent: str) -> None:
    assert found(learned, sent) == sent
    assert tokens_form(learned) == tokens_form(sent)


@pytest.mark.parametrize(
    ("learned", "sent"),
    [
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id="),
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id=123456789012345678901"),
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id=1e5"),
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id=0x1"),
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id=.1"),
        ("SELECT c FROM t1", "SELECT c FROM t2"),
        ("SELECT c FROM t WHERE id=1", "SELECT c FROM t WHERE id='1'"),
        ("SELECT a FROM t WHERE b='x' OR c='y'", "SELECT a FROM t WHERE b='x\\' OR c='y'"),
        ("SELECT 'a'", "SELECT 'a' 'b'"),
        ("SELECT 'a'", "SELECT 'a"),
        ("SELECT 'a'", "SELECT 'é'"),
        ("UPDATE t SET c='a'", "UPDATE t SET c='password=hunter2'"),
        ('SELECT "a" FROM t', 'SELECT "b" FROM t'),
        ("SELECT 1 -- a", "SELECT 2 -- a"),
        ("SELECT 1 /* a */", "SELECT 2 /* a */"),
        ("SELECT 1 # a", "SELECT 2 # a"),
        ("SELECT `1`", "SELECT `2`"),
        ("SELECT @1", "SELECT @2"),
        ("SELECT 'a' FROM `t'`", "SELECT 'b' FROM `t'`"),
    ],
)
def test_what_may_mean_something_else_is_not(learned: str, sent: str) -> None:
    assert found(learned, sent) is None


def test_a_text_without_a_shape_is_known_by_itself() -> None:
    for text in ("SELECT `a` FROM t", "SELECT 1 /* x */", "SELECT '\\''"):
        assert found(text, text) == "the very text"
    assert found("SELECT 1", "SELECT 1", verdict(head=None)) == "the very text"
    assert found("SELECT 1", "SELECT 2", verdict(head=None)) is None


def test_strings_are_values_in_few_statements() -> None:
    assert found("CALL p('a')", "CALL p('b')", verdict("CALL")) is None
    assert found("CALL p('a')", "CALL p('a')", verdict("CALL")) == "the very text"


def test_everything_falls_at_once() -> None:
    known = Known()
    for text in ("SELECT 1", "SELECT 'a', 1, 2", "SELECT `a`"):
        known.learn(packet(text), text.encode(), verdict())
        assert known.find(packet(text), 5) is not None
    known.clear()
    assert all(known.find(packet(text), 5) is None for text in ("SELECT 1", "SELECT 'a', 1, 2", "SELECT `a`"))


def test_memory_is_bounded() -> None:
    known = Known()
    for number in range(2_000):
        text = f"SELECT a{number} FROM t WHERE id = 1"
        known.learn(packet(text), text.encode(), verdict())
    assert len(known._packets) + len(known._shapes) + len(known._ends) < 2 * 48 * 1024 // 100
    long = "SELECT " + "a," * 5_000 + "1"
    known.learn(packet(long), long.encode(), verdict())
    assert known.find(packet(long), 5) is None


PIECES = st.sampled_from([*"',-/*#@\"`\\\n ", "SELECT ", "''", "'a'", "'b'", "1", "23", "t1", "--", "x'", ".5", "é"])


@given(st.lists(PIECES, max_size=12), st.lists(st.tuples(st.integers(0, 11), PIECES), max_size=4))
def test_texts_of_one_shape_have_one_form_for_the_judge(pieces: list[str], changes: list[tuple[int, str]]) -> None:
    other = list(pieces)
    for place, piece in changes:
        if place < len(other):
            other[place] = piece
    one, two = "SELECT " + "".join(pieces), "SELECT " + "".join(other)
    text = found(one, two)
    if text is not None and one != two:
        assert text == two
        assert tokens_form(one) == tokens_form(two)
