"""Framing of PostgreSQL's protocol (chapter "Message Formats"): one type byte, an Int32 length that counts itself, the body.

Startup packets have no type byte. `FrameReader` materialises frames, for login and for messages that must be read. The
relay does not build frames: it hops over headers with `frame_end` and `skip_run` and forwards the bytes as they came.
"""

from struct import Struct
from typing import NamedTuple

from gateway.wire.errors import FrameTooLarge, ProtocolViolation

__all__ = [
    "HEADER_SIZE",
    "LARGE_LIMIT",
    "SMALL_LIMIT",
    "STARTUP_LIMIT",
    "Frame",
    "FrameReader",
    "FrameTooLarge",
    "ProtocolViolation",
    "encode_frame",
    "frame_end",
    "frame_payload",
    "skip_run",
]

HEADER_SIZE = 5
SMALL_LIMIT = 10_000  # the server's own PQ_SMALL_MESSAGE_LIMIT: messages that carry names only
LARGE_LIMIT = 0x3FFFFFFE  # PQ_LARGE_MESSAGE_LIMIT: what the server itself would take at most
STARTUP_LIMIT = 10_000  # MAX_STARTUP_PACKET_LENGTH

_LENGTH = Struct("!I")
_HEADER = Struct("!BI")
_unpack_length = _LENGTH.unpack_from
_pack_header = _HEADER.pack


class Frame(NamedTuple):
    """One message as it stood on the wire: its type byte (0 for a startup packet) and the body without the header."""

    kind: int
    payload: bytes


def encode_frame(kind: int, payload: bytes) -> bytes:
    return _pack_header(kind, len(payload) + 4) + payload


def frame_end(data: bytes | bytearray | memoryview, position: int) -> int:
    """Where the frame that starts at `position` ends, which may lie beyond the data; -1 where the header is not whole yet.

    Raises ProtocolViolation for a length below 4, which would not move forward.
    """
    if position + HEADER_SIZE > len(data):
        return -1
    length: int = _unpack_length(data, position + 1)[0]
    if length < 4:
        raise ProtocolViolation("message length is below its minimum of 4")
    return position + 1 + length


def frame_payload(data: bytes | bytearray, position: int, end: int) -> bytes:
    """The body of the frame that fills data[position:end]."""
    return bytes(data[position + HEADER_SIZE : end])


def skip_run(data: bytes | bytearray | memoryview, position: int, kind: int) -> tuple[int, int]:
    """Hop over consecutive frames of one kind, such as DataRow: (where the run ends, how many began in it).

    The end may lie beyond the data: that many bytes of the last frame are still to come. The run stops before a header
    that is not whole.
    """
    last_header = len(data) - HEADER_SIZE
    count = 0
    while position <= last_header and data[position] == kind:
        length = _unpack_length(data, position + 1)[0]
        if length < 4:
            raise ProtocolViolation("message length is below its minimum of 4")
        position += length + 1
        count += 1
    return position, count


class FrameReader:
    """Collects bytes, gives frames. Holds at most one incomplete frame of `limit` bytes and what was fed last.

    Each length is checked as soon as its header is there (habit 4), so a frame over the limit never takes memory.
    """

    __slots__ = ("_buffer", "_position", "limit")

    def __init__(self, limit: int = SMALL_LIMIT) -> None:
        self._buffer = bytearray()
        self._position = 0
        self.limit = limit

    @property
    def buffered(self) -> int:
        """Bytes fed and not yet given out."""
        return len(self._buffer) - self._position

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        if self._position:
            del self._buffer[: self._position]
            self._position = 0
        self._buffer += data

    def next_frame(self, limit: int | None = None) -> Frame | None:
        """The next whole frame, or None. Raises FrameTooLarge or ProtocolViolation; the reader is of no use afterwards."""
        start = self._position
        end = frame_end(self._buffer, start)
        if end < 0:
            return None
        self._check(end - start - 1, self.limit if limit is None else limit)
        if end > len(self._buffer):
            return None
        self._position = end
        return Frame(self._buffer[start], bytes(self._buffer[start + HEADER_SIZE : end]))

    def next_startup(self, limit: int = STARTUP_LIMIT) -> Frame | None:
        """The next startup packet: an Int32 length that counts itself and no type byte. As `next_frame` else."""
        start = self._position
        if start + 4 > len(self._buffer):
            return None
        length: int = _unpack_length(self._buffer, start)[0]
        if length < 8:  # the length itself and a protocol version or request code
            raise ProtocolViolation("invalid length of startup packet")
        self._check(length, limit)
        if start + length > len(self._buffer):
            return None
        self._position = start + length
        return Frame(0, bytes(self._buffer[start + 4 : start + length]))

    def peek(self) -> int | None:
        """The next byte, not consumed."""
        return self._buffer[self._position] if self.buffered else None

    def take_byte(self) -> int | None:
        """One bare byte: the answer to an SSLRequest has no frame."""
        byte = self.peek()
        if byte is not None:
            self._position += 1
        return byte

    def take_rest(self) -> bytes:
        """Everything not given out yet; the reader is empty afterwards."""
        rest = bytes(self._buffer[self._position :])
        self._buffer.clear()
        self._position = 0
        return rest

    @staticmethod
    def _check(length: int, limit: int) -> None:
        if length > limit:
            raise FrameTooLarge(length, limit)
