"""Parameters of statements to the gateway itself, in text and binary, of declared and undeclared types."""

import struct
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from gateway.model.own import OwnFault, OwnRefused, OwnRequest
from gateway.proxy.postgres.ledger import Prepared
from gateway.proxy.postgres.own_values import OwnPrepared, declared, own_refusal, own_values, users_types
from gateway.proxy.postgres.refuse import Refusal
from gateway.verdict import Verdict
from gateway.verdict.verdict import OwnResult
from gateway.wire.postgres.frontend import Bind


class _Own:
    own = OwnResult(OwnRequest("limits", (), parameters=("int8", "text", "bool")))


def values(types: tuple[int, ...], formats: tuple[int, ...], *sent: bytes | None) -> tuple[object, ...]:
    prepared = OwnPrepared(Prepared(b"", "text", cast("Verdict", _Own()), None), types)
    return own_values(Bind(b"", b"", formats, sent).body(), prepared, lambda raw: raw[:-1].decode())


def test_text_is_text_and_null_is_null() -> None:
    assert values((), (), b"7", b"x", None) == ("7", "x", None)
    assert values((), (0,), b"7", "ö".encode(), b"t") == ("7", "ö", "t")


def test_binary_of_the_type_that_was_declared_or_that_the_stand_in_has() -> None:
    assert values((), (1,), (7).to_bytes(8, "big"), b"x", b"\x01") == (7, "x", True)
    assert values((21, 1043, 16), (1, 1, 1), (-2).to_bytes(2, "big", signed=True), b"y", b"\0") == (-2, "y", False)
    assert values((23, 0), (1, 0, 0), (9).to_bytes(4, "big"), b"z", b"f") == (9, "z", "f")


@pytest.mark.parametrize("oid", [1186, 1700, 2950])
def test_binary_of_other_types_is_refused(oid: int) -> None:
    with pytest.raises(OwnRefused, match=f"OID {oid}"):
        values((oid,), (1, 0, 0), b"\0" * 8, b"", b"")
    with pytest.raises(OwnRefused):
        values((), (1,), b"\0\0", b"", b"")  # an int8 of two bytes


def test_binary_moments() -> None:
    moment, day = datetime(2026, 1, 2, 3, 4, 5, 6, UTC), datetime(2026, 1, 2, tzinfo=UTC)
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    passed = ((moment - begin) // timedelta(microseconds=1)).to_bytes(8, "big")
    days = (day - begin).days.to_bytes(4, "big")
    half = struct.pack("!d", 0.5)
    assert values((1184, 1082, 701), (1,), passed, days, half) == (moment, day, 0.5)
    with pytest.raises(OwnRefused):  # infinity
        values((1184,), (1, 0, 0), (2**63 - 1).to_bytes(8, "big"), b"", b"")


def test_types_behind_a_parse() -> None:
    assert declared(b"\0\2" + (20).to_bytes(4, "big") + (70_000).to_bytes(4, "big")) == (20, 70_000)
    assert declared(b"\0\1\0\0") == ()
    assert users_types((20, 70_000, 25, 70_000)) == (70_000,)


def test_a_text_that_cannot_be_read_and_the_codes() -> None:
    prepared = OwnPrepared(Prepared(b"", "text", cast("Verdict", _Own()), None), ())
    with pytest.raises(OwnRefused, match="no UTF-8") as caught:
        own_values(Bind(b"", b"", (), (b"\xff", None, None)).body(), prepared, lambda _: Refusal("22021", "no UTF-8"))
    assert own_refusal(caught.value).code == "22023"
    assert {own_refusal(OwnRefused(fault, "x")).code for fault in OwnFault} == {
        "0A000",
        "42601",
        "42P01",
        "42702",
        "42703",
        "42712",
        "42883",
        "22023",
        "42501",
        "54000",
    }
