"""Packets of MySQL's protocol ("MySQL Packets"): an Int<3> little-endian length, a sequence id, the body.

A body of 16,777,215 bytes or more is split; a piece of exactly that length is followed by another, if need be an empty
one. `PacketReader` joins pieces, for login and for commands; the relay hops over headers with `packet_end` and forwards
the bytes as they came.
"""

from typing import NamedTuple

from gateway.wire.errors import FrameTooLarge, ProtocolViolation

HEADER_SIZE = 4
MAX_PIECE = 0xFFFFFF
LOGIN_LIMIT = 64 * 1024  # handshake responses with connection attributes (which the server limits to 64 KiB as well)


class Packet(NamedTuple):
    """One logical packet. `sequence` is the id of its last piece; an answer starts at the next."""

    sequence: int
    payload: bytes


def encode_packet(payload: bytes | bytearray, sequence: int = 0) -> bytes:
    """One logical packet, split where it must be; its first piece carries `sequence`."""
    size = len(payload)
    if size < MAX_PIECE:
        return size.to_bytes(3, "little") + bytes((sequence & 0xFF,)) + payload
    pieces = bytearray()
    for start in range(0, size + 1, MAX_PIECE):
        piece = payload[start : start + MAX_PIECE]
        pieces += len(piece).to_bytes(3, "little") + bytes((sequence & 0xFF,)) + piece
        sequence += 1
    return bytes(pieces)


def packet_end(data: bytes | bytearray | memoryview, position: int) -> int:
    """Where the piece that starts at `position` ends, which may lie beyond the data; -1: the header is not whole yet."""
    if position + HEADER_SIZE > len(data):
        return -1
    return position + HEADER_SIZE + (data[position] | data[position + 1] << 8 | data[position + 2] << 16)


class PacketReader:
    """Collects bytes, gives logical packets. Holds at most `limit` bytes of an incomplete one and what was fed last.

    With `expected` set, sequence ids must count up from it; a peer out of order is a violation, as the server's
    "Got packets out of order".
    """

    __slots__ = ("_buffer", "_joined", "_position", "expected", "limit")

    def __init__(self, limit: int = LOGIN_LIMIT, expected: int | None = None) -> None:
        self._buffer = bytearray()
        self._joined = bytearray()
        self._position = 0
        self.limit = limit
        self.expected = expected

    @property
    def buffered(self) -> int:
        """Bytes fed and not yet given out."""
        return len(self._buffer) - self._position + len(self._joined)

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        if self._position:
            del self._buffer[: self._position]
            self._position = 0
        self._buffer += data

    def next_packet(self) -> Packet | None:
        """The next whole packet, or None. Raises FrameTooLarge or ProtocolViolation; the reader is of no use afterwards."""
        while True:
            start = self._position
            end = packet_end(self._buffer, start)
            if end < 0:
                return None
            size = end - start - HEADER_SIZE
            if len(self._joined) + size > self.limit:
                raise FrameTooLarge(len(self._joined) + size, self.limit, "packet")
            if end > len(self._buffer):
                return None
            sequence = self._buffer[start + 3]
            self._check_sequence(sequence)
            piece = self._buffer[start + HEADER_SIZE : end]
            self._position = end
            if size == MAX_PIECE:
                self._joined += piece
                continue
            if not self._joined:
                return Packet(sequence, bytes(piece))
            payload = bytes(self._joined + piece)
            self._joined.clear()
            return Packet(sequence, payload)

    def take_rest(self) -> bytes:
        """Everything not given out yet; the reader is empty afterwards."""
        rest = bytes(self._buffer[self._position :])
        self._buffer.clear()
        self._position = 0
        return rest

    def _check_sequence(self, sequence: int) -> None:
        if self.expected is None:
            return
        if sequence != self.expected:
            raise ProtocolViolation(f"packet out of order: sequence {sequence}, expected {self.expected}")
        self.expected = (sequence + 1) & 0xFF
