"""Packets: the same whole, byte by byte, split at 16 MB; lengths checked before memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.errors import FrameTooLarge, ProtocolViolation
from gateway.wire.mysql.packets import MAX_PIECE, PacketReader, encode_packet, packet_end


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6), st.integers(1, 17))
def test_same_packets_however_the_bytes_arrive(bodies: list[bytes], step: int) -> None:
    wire = b"".join(encode_packet(body, number) for number, body in enumerate(bodies))
    reader = PacketReader()
    got = []
    for start in range(0, len(wire), step):
        reader.feed(wire[start : start + step])
        while (packet := reader.next_packet()) is not None:
            got.append(packet)
    assert [packet.payload for packet in got] == bodies
    assert [packet.sequence for packet in got] == list(range(len(bodies)))
    assert reader.buffered == 0


@pytest.mark.parametrize("size", [MAX_PIECE - 1, MAX_PIECE, MAX_PIECE + 1, 2 * MAX_PIECE])
def test_large_packets_are_split_and_joined(size: int) -> None:
    body = b"x" * size
    wire = encode_packet(body, 3)
    assert len(wire) == size + 4 * (size // MAX_PIECE + 1)
    reader = PacketReader(limit=size, expected=3)
    reader.feed(wire)
    packet = reader.next_packet()
    assert packet is not None
    assert packet.payload == body
    assert packet.sequence == 3 + size // MAX_PIECE


def test_sequence_wraps_and_is_checked() -> None:
    reader = PacketReader(expected=255)
    reader.feed(encode_packet(b"a", 255) + encode_packet(b"b", 0) + encode_packet(b"c", 0))
    assert reader.next_packet() == (255, b"a")
    assert reader.next_packet() == (0, b"b")
    with pytest.raises(ProtocolViolation, match="out of order"):
        reader.next_packet()


def test_length_is_refused_from_the_header_alone() -> None:
    reader = PacketReader(limit=1000)
    reader.feed(b"\xff\xff\xff\x00")
    with pytest.raises(FrameTooLarge):
        reader.next_packet()


def test_pieces_together_are_limited_too() -> None:
    reader = PacketReader(limit=MAX_PIECE + 10)
    reader.feed(encode_packet(b"y" * MAX_PIECE)[: MAX_PIECE + 4])
    assert reader.next_packet() is None
    reader.feed(b"\x0b\x00\x00\x01")
    with pytest.raises(FrameTooLarge):
        reader.next_packet()


def test_packet_end_needs_the_whole_header() -> None:
    assert packet_end(b"\x01\x00\x00", 0) == -1
    assert packet_end(b"\x01\x00\x00\x00", 0) == 5
