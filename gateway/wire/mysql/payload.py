"""Cursors over a packet's body ("Protocol Data Types"): every read is checked against what is there.

SQL texts and identifiers stay bytes: their encoding is the connection's character set, which a codec does not know.
"""

from gateway.wire.errors import ProtocolViolation

_SHORT = ProtocolViolation("malformed packet: it ends before its fields do")


def lenenc_int(value: int) -> bytes:
    """Protocol::LengthEncodedInteger."""
    if value < 0xFB:
        return bytes((value,))
    if value <= 0xFFFF:
        return b"\xfc" + value.to_bytes(2, "little")
    if value <= 0xFFFFFF:
        return b"\xfd" + value.to_bytes(3, "little")
    return b"\xfe" + value.to_bytes(8, "little")


def lenenc_bytes(value: bytes) -> bytes:
    """Protocol::LengthEncodedString."""
    return lenenc_int(len(value)) + value


def nul_bytes(value: bytes) -> bytes:
    """Protocol::NullTerminatedString. Raises ProtocolViolation for a NUL inside, which would let the value end early."""
    if b"\0" in value:
        raise ProtocolViolation("a NUL-terminated string cannot hold a NUL byte")
    return value + b"\0"


class Payload:
    """Reads a body from the front. Every method raises ProtocolViolation where the body is too short."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._position = position

    @property
    def remaining(self) -> int:
        return len(self._data) - self._position

    @property
    def position(self) -> int:
        return self._position

    def take(self, size: int) -> bytes:
        if size < 0 or size > self.remaining:
            raise ProtocolViolation(str(_SHORT))
        start = self._position
        self._position = start + size
        return self._data[start : start + size]

    def put_back(self, size: int) -> None:
        """Undo the reading of the last `size` bytes."""
        self._position -= size

    def uint(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def byte(self) -> int:
        return self.uint(1)

    def lenenc_int(self) -> int:
        first = self.byte()
        if first < 0xFB:
            return first
        size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first)
        if size is None:  # 0xFB is NULL in rows, 0xFF starts an ERR packet: neither is a length
            raise ProtocolViolation("malformed packet: not a length-encoded integer")
        return self.uint(size)

    def lenenc_bytes(self) -> bytes:
        return self.take(self.lenenc_int())

    def value(self) -> bytes | None:
        """A column of a text row: 0xFB is NULL."""
        if self.remaining and self._data[self._position] == 0xFB:
            self._position += 1
            return None
        return self.lenenc_bytes()

    def nul_bytes(self) -> bytes:
        end = self._data.find(b"\0", self._position)
        if end < 0:
            raise ProtocolViolation("malformed packet: string without its end")
        value = self._data[self._position : end]
        self._position = end + 1
        return value

    def rest(self) -> bytes:
        return self.take(self.remaining)

    def end(self) -> None:
        if self.remaining:
            raise ProtocolViolation("malformed packet: bytes left over")
