"""SHOW WARNINGS: the gateway's own rows, and the server's words where they may quote masked values."""

from dataclasses import replace

import pytest

from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.footprint import (
    Access,
    Action,
    Category,
    Footprint,
    FunctionClass,
    FunctionUse,
    ObjectKind,
    ObjectName,
    OutputColumn,
    relation,
)
from gateway.proxy.mysql.diagnostics import Diagnostics, Warned
from gateway.proxy.mysql.scrub import WITHHELD
from gateway.verdict import Ruling, Verdict
from gateway.wire.mysql.payload import lenenc_bytes
from gateway.wire.mysql.rows import decode_row

_READS = (Access(relation("shop", "t"), Action.SELECT),)


def verdict(kind: str, accesses: tuple[Access, ...] = ()) -> Verdict:
    decision = Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, ""), "1")
    return Verdict((Ruling(Footprint(kind, Category.QUERY, accesses=accesses), decision, b""),), Outcome.ALLOW, 9e9, 1)


SHOW, SELECT, CONSTANT = verdict("SHOW WARNINGS"), verdict("SELECT", _READS), verdict("SELECT")


def test_own_warnings_stay_until_the_next_statement() -> None:
    diagnostics = Diagnostics()
    diagnostics.warn(1104, "cut")
    diagnostics.begins(SHOW, hides=False)
    assert diagnostics.attentive
    assert [decode_row(each) for each in diagnostics.rows(SHOW.rulings[0], binary=False)] == [(b"Warning", b"1104", b"cut")]
    assert diagnostics.rows(verdict("SHOW ERRORS").rulings[0], binary=False) == []
    diagnostics.begins(CONSTANT, hides=False)
    assert diagnostics.own == []


def test_there_is_an_end_to_them() -> None:
    diagnostics = Diagnostics()
    for number in range(1_000):
        diagnostics.warn(1104, str(number))
    assert len(diagnostics.own) == 64


def test_rows_in_the_binary_format() -> None:
    expected = b"\0\0\x07Warning" + (1104).to_bytes(4, "little") + b"\x03cut"
    assert Warned(1104, "cut").row(binary=True) == expected


def test_words_are_withheld_until_a_statement_that_uses_a_table() -> None:
    diagnostics = Diagnostics()
    assert diagnostics.masker(binary=False) is None
    diagnostics.begins(SELECT, hides=True)
    for still in (CONSTANT, SHOW, verdict("GET DIAGNOSTICS")):
        diagnostics.begins(still, hides=False)
        assert diagnostics.tainted
    assert diagnostics.copies(verdict("GET DIAGNOSTICS"))
    diagnostics.begins(SELECT, hides=False)
    assert not diagnostics.tainted
    assert not diagnostics.copies(verdict("GET DIAGNOSTICS"))


def test_how_many_there_are_of_computed_outputs_is_not_told() -> None:
    diagnostics = Diagnostics()
    output = OutputColumn("x", frozenset(), exact=False)
    ruling = replace(SELECT.rulings[0], footprint=replace(SELECT.rulings[0].footprint, outputs=(output,)))
    counting = FunctionUse(ObjectName(ObjectKind.FUNCTION, "", "@@warning_count"), FunctionClass.HARMLESS)
    counts = replace(
        CONSTANT, rulings=(replace(CONSTANT.rulings[0], footprint=Footprint("SELECT", Category.QUERY, functions=(counting,))),)
    )
    diagnostics.begins(replace(SELECT, rulings=(ruling,)), hides=True)
    for asking in (counts, verdict("SHOW COUNT")):
        diagnostics.begins(CONSTANT, hides=False)
        assert diagnostics.hidden
        assert diagnostics.copies(asking)
    diagnostics.begins(SELECT, hides=False)
    assert not diagnostics.hidden
    assert not diagnostics.copies(counts)


@pytest.mark.parametrize("binary", [False, True])
def test_the_servers_words(binary: bool) -> None:
    diagnostics = Diagnostics()
    diagnostics.begins(SELECT, hides=True)
    masker = diagnostics.masker(binary=binary)
    assert masker is not None
    level = lenenc_bytes(b"Warning")
    code = (1292).to_bytes(4, "little") if binary else lenenc_bytes(b"1292")
    head = b"\0\0" if binary else b""
    row = head + level + code + lenenc_bytes(b"Truncated incorrect INTEGER value: 'ann@shop.example'")
    assert masker.mask(row) == head + level + code + lenenc_bytes(WITHHELD)
