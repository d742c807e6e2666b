import codecs

import pytest

from gateway.model.decision import Decision, MaskColumns, Mode, Notice, Outcome, Reason, ReasonCode, RowLimit, TimeLimit
from gateway.model.footprint import Category, ColumnRef, Effect, EffectKind, Footprint, relation
from gateway.verdict.session_rules import CODECS, codec_of, forbidden_state, unmet_obligation

GRANTED = Reason(ReasonCode.GRANTED, "granted")


def setting(name: str, value: str) -> Footprint:
    return Footprint("SET", Category.SESSION, effects=(Effect(EffectKind.SET, name, value),))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("standard_conforming_strings", "off"),
        ("Standard_Conforming_Strings", "0"),
        ("session_replication_role", "replica"),
        ("client_encoding", "SJIS"),
        ("names", "'gb18030'"),
        ("client_encoding", "BIG5"),
    ],
)
def test_state_that_is_refused(name: str, value: str) -> None:
    reason = forbidden_state(setting(name, value))
    assert reason is not None
    assert reason.code is ReasonCode.SESSION_STATE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("standard_conforming_strings", "on"),
        ("standard_conforming_strings", ""),
        ("session_replication_role", "origin"),
        ("client_encoding", "UTF8"),
        ("client_encoding", "'utf-8'"),
        ("names", "LATIN1"),
        ("client_encoding", "SQL_ASCII"),
        ("search_path", "anything"),
    ],
)
def test_state_that_is_not(name: str, value: str) -> None:
    assert forbidden_state(setting(name, value)) is None


@pytest.mark.parametrize("codec", sorted(set(CODECS.values())))
def test_every_codec_keeps_ascii_apart(codec: str) -> None:
    """Bytes below 0x80 mean themselves wherever they stand: no letter hides a quote."""
    codecs.lookup(codec)
    for byte in range(0x80):
        assert bytes([byte]).decode(codec) == chr(byte)
    for byte in range(0x80, 0x100):
        decoded = (bytes([byte]) + b"'").decode(codec, "replace")
        assert decoded.endswith("'")


def test_unknown_encodings() -> None:
    assert codec_of("MULE_INTERNAL") is None
    assert codec_of("EUC_JIS_2004") is None


@pytest.mark.parametrize(
    ("obligation", "met_by"),
    [
        (MaskColumns(((ColumnRef(relation("public", "t"), "email"), "null"),)), "masks"),
        (RowLimit(10, None, None, "rule"), "limits"),
        (TimeLimit(10, "rule"), "limits"),
    ],
)
def test_an_obligation_that_nobody_can_carry_out_refuses(obligation: MaskColumns | RowLimit | TimeLimit, met_by: str) -> None:
    decision = Decision(Outcome.ALLOW, GRANTED, "v1", (obligation,))
    assert unmet_obligation(decision, masks=False, limits=False) is not None
    assert unmet_obligation(decision, masks=met_by == "masks", limits=met_by == "limits") is None


def test_notices_and_shadows_refuse_nothing() -> None:
    shadow = RowLimit(10, None, None, "rule", Mode.SHADOW)
    decision = Decision(Outcome.ALLOW, GRANTED, "v1", (Notice(Mode.WARN, "careful", "rule"), shadow))
    assert unmet_obligation(decision, masks=False, limits=False) is None
