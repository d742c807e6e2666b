"""Cursors over a message's body: every read is checked against what is there, and a body must be used up.

SQL texts and the names of statements and portals stay bytes: their encoding is the session's client_encoding, which a
codec does not know. Other strings are UTF-8 with surrogateescape, so that they encode back to the same bytes.
"""

from struct import Struct

from gateway.wire.errors import ProtocolViolation

_INT16 = Struct("!h")
_INT32 = Struct("!i")
_UINT16 = Struct("!H")
_UINT32 = Struct("!I")

int16 = _INT16.pack
int32 = _INT32.pack
uint16 = _UINT16.pack
uint32 = _UINT32.pack


def cstring(value: bytes) -> bytes:
    """A String of the protocol. Raises ProtocolViolation for a NUL inside, which would let the value end early."""
    if b"\0" in value:
        raise ProtocolViolation("a string of the protocol cannot hold a NUL byte")
    return value + b"\0"


def text(value: str) -> bytes:
    return cstring(value.encode("utf-8", "surrogateescape"))


class Payload:
    """Reads a body from the front. Every method raises ProtocolViolation where the body is too short."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def remaining(self) -> int:
        return len(self._data) - self._position

    def take(self, size: int) -> bytes:
        if size < 0 or size > self.remaining:
            raise ProtocolViolation("insufficient data left in message")
        start = self._position
        self._position = start + size
        return self._data[start : start + size]

    def byte(self) -> int:
        return self.take(1)[0]

    def int16(self) -> int:
        value: int = _INT16.unpack(self.take(2))[0]
        return value

    def uint16(self) -> int:
        value: int = _UINT16.unpack(self.take(2))[0]
        return value

    def int32(self) -> int:
        value: int = _INT32.unpack(self.take(4))[0]
        return value

    def uint32(self) -> int:
        value: int = _UINT32.unpack(self.take(4))[0]
        return value

    def cstring(self) -> bytes:
        end = self._data.find(b"\0", self._position)
        if end < 0:
            raise ProtocolViolation("invalid string in message")
        value = self._data[self._position : end]
        self._position = end + 1
        return value

    def text(self) -> str:
        return self.cstring().decode("utf-8", "surrogateescape")

    def count(self, least_bytes: int) -> int:
        """An Int16 number of items, each at least `least_bytes` long: checked before a list is built.

        The server reads these counts unsigned (up to 65535 parameters).
        """
        number = self.uint16()
        if number * least_bytes > self.remaining:
            raise ProtocolViolation("insufficient data left in message")
        return number

    def value(self) -> bytes | None:
        """An Int32 length and that many bytes; -1 is NULL."""
        size = self.int32()
        if size == -1:
            return None
        return self.take(size)

    def rest(self) -> bytes:
        return self.take(self.remaining)

    def end(self) -> None:
        if self.remaining:
            raise ProtocolViolation("invalid message format: bytes left over")


def value(data: bytes | None) -> bytes:
    """The other direction of `Payload.value`."""
    return b"\xff\xff\xff\xff" if data is None else _INT32.pack(len(data)) + data
