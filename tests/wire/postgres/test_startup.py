import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire.errors import FrameTooLarge, ProtocolViolation
from gateway.wire.postgres.frames import FrameReader
from gateway.wire.postgres.startup import StartupMessage, StartupPacket, decode_startup
from tests.wire.postgres.vectors import STARTUP


def read(data: bytes) -> StartupPacket | None:
    reader = FrameReader()
    reader.feed(data)
    frame = reader.next_startup()
    return decode_startup(frame.payload) if frame is not None else None


@pytest.mark.parametrize(("packet", "wire"), STARTUP, ids=lambda value: repr(value)[:40])
def test_a_packet_is_read_both_ways(packet: StartupPacket, wire: bytes) -> None:
    assert packet.encode() == wire
    assert read(wire) == packet
    assert all(read(wire[:cut]) is None for cut in range(len(wire)))


def test_a_name_given_twice_is_a_violation() -> None:
    twice = StartupMessage(3 << 16, (("user", "alice"), ("user", "postgres")))
    with pytest.raises(ProtocolViolation, match="given twice"):
        read(twice.encode())


def test_an_unknown_major_version_is_told_apart_without_reading_on() -> None:
    packet = read(b"\0\0\0\x0c\0\x02\0\0junk")
    assert packet == StartupMessage(2 << 16, ())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\0\0\x04",
        b"\0\0\0\x00",
        b"\0\0\0\x07\0\x03\0",
        b"\0\0\0\x0a\0\x03\0\0us",
        b"\0\0\0\x0d\0\x03\0\0user\0",
        b"\0\0\0\x0c\x04\xd2\x16\x2fmore",
        b"\0\0\0\x0c\x04\xd2\x16\x2e\0\0\0\x01",
    ],
    ids=repr,
)
def test_broken_packets(garbage: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        read(garbage)


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02\0\x01", b"\xff" * 8, b"\0\0\x27\x11"], ids=repr)
def test_other_protocols_are_too_large_by_their_first_bytes(garbage: bytes) -> None:
    with pytest.raises(FrameTooLarge):
        read(garbage)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_body_is_a_packet_or_a_violation(body: bytes) -> None:
    try:
        packet = read((len(body) + 4).to_bytes(4, "big") + body)
    except ProtocolViolation:
        return
    assert packet is not None
    if isinstance(packet, StartupMessage) and packet.major == 3:
        assert packet.encode()[4:] == body
