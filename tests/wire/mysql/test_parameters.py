"""Values of COM_STMT_EXECUTE: every type, types kept from the execution before, and packets that end too early."""

import struct

import pytest

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.parameters import decode_parameters

HEAD = b"\x17" + (1).to_bytes(4, "little") + b"\0" + (1).to_bytes(4, "little")


def execute(types: list[int], values: bytes, nulls: int = 0, *, sent: bool = True) -> bytes:
    told = b"".join(kind.to_bytes(2, "little") for kind in types)
    return HEAD + nulls.to_bytes((len(types) + 7) // 8, "little") + (b"\x01" + told if sent else b"\0") + values


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (1, b"\xff", -1),
        (1 | 0x8000, b"\xff", 255),
        (2, b"\x01\x00", 1),
        (3, b"\xfe\xff\xff\xff", -2),
        (8, (7).to_bytes(8, "little"), 7),
        (4, struct.pack("<f", 0.5), 0.5),
        (5, struct.pack("<d", 0.25), 0.25),
        (6, b"", None),
        (253, b"\x02hi", b"hi"),
        (252, b"\xfc\x01\x00x", b"x"),
        (10, b"\x04\xea\x07\x0b\x16", "2026-11-22"),
        (12, b"\x07\xea\x07\x0b\x16\x01\x02\x03", "2026-11-22 01:02:03"),
        (7, b"\x0b\xea\x07\x0b\x16\x01\x02\x03\x05\x00\x00\x00", "2026-11-22 01:02:03.000005"),
        (12, b"\x00", "0000-00-00 00:00:00"),
        (11, b"\x08\x01\x01\x00\x00\x00\x02\x03\x04", "-26:03:04"),
        (11, b"\x00", "00:00:00"),
    ],
)
def test_types(kind: int, raw: bytes, value: object) -> None:
    assert decode_parameters(execute([kind], raw), 1, (), Capability(0)) == ([value], (kind,))


def test_nulls_and_types_of_the_execution_before() -> None:
    values, types = decode_parameters(execute([8, 253, 253], b"\x01a", nulls=0b101), 3, (), Capability(0))
    assert values == [None, b"a", None]
    again = execute([8, 253, 253], (9).to_bytes(8, "little") + b"\x01b\x01c", sent=False)
    assert decode_parameters(again, 3, types, Capability(0))[0] == [9, b"b", b"c"]


def test_query_attributes_stand_behind_the_parameters() -> None:
    head = HEAD[:5] + b"\x08" + HEAD[6:]
    payload = head + b"\x02" + b"\0" + b"\x01" + b"\xfd\0\x00" + b"\xfd\0\x04name" + b"\x01v\x01a"
    assert decode_parameters(payload, 1, (), Capability.QUERY_ATTRIBUTES)[0] == [b"v"]
    with pytest.raises(ProtocolViolation):
        decode_parameters(head + b"\x00", 1, (), Capability.QUERY_ATTRIBUTES)


def test_no_parameters() -> None:
    assert decode_parameters(HEAD, 0, (), Capability(0)) == ([], ())


@pytest.mark.parametrize(
    "payload",
    [
        HEAD[:6],
        HEAD,
        execute([8], b"\x01"),
        execute([253], b"\x05a"),
        execute([8], (1).to_bytes(8, "little"), sent=False),
        execute([12], b"\x03\0\0\0"),
        execute([11], b"\x03\0\0\0"),
    ],
)
def test_what_is_malformed(payload: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_parameters(payload, 1, (), Capability(0))
