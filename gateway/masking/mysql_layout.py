"""How a MySQL row says where its values end: packets, length-encoded strings, widths of binary values."""

from typing import Final

from gateway.masking.mysql_types import FieldType

HEADER_SIZE: Final = 4  # of a packet: three bytes of length, one of sequence
MAX_PIECE: Final = 0xFFFFFF
EOF: Final = 0xFE  # what begins with this or more is no row, or needs a look
NULL: Final = 0xFB  # of a text row, where a length would stand
TWO_BYTES: Final = 0xFC  # a length of two bytes follows
THREE_BYTES: Final = 0xFD
EIGHT_BYTES: Final = 0xFE
LONGER: Final = {TWO_BYTES: 2, THREE_BYTES: 3, EIGHT_BYTES: 8}

# How a binary value says how long it is: bytes of a fixed width, or one of these.
PREFIXED: Final = -1  # a length-encoded string
SHORT: Final = -2  # one byte of length: dates and times
LONGEST_SHORT: Final = 12
_WIDTHS: Final[dict[int, int]] = {
    FieldType.TINY: 1,
    FieldType.SHORT: 2,
    FieldType.YEAR: 2,
    FieldType.LONG: 4,
    FieldType.INT24: 4,
    FieldType.FLOAT: 4,
    FieldType.DOUBLE: 8,
    FieldType.LONGLONG: 8,
    FieldType.NULL: 0,
    FieldType.DATE: SHORT,
    FieldType.NEWDATE: SHORT,
    FieldType.TIME: SHORT,
    FieldType.DATETIME: SHORT,
    FieldType.TIMESTAMP: SHORT,
}


def width_of(kind: int) -> int:
    """Bytes of a binary value of this type, or PREFIXED, or SHORT."""
    return _WIDTHS.get(kind, PREFIXED)


def length_prefix(size: int) -> bytes:
    """What stands in front of a length-encoded string of so many bytes."""
    if size < NULL:
        return bytes((size,))
    if size <= 0xFFFF:
        return b"\xfc" + size.to_bytes(2, "little")
    if size <= MAX_PIECE:
        return b"\xfd" + size.to_bytes(3, "little")
    return b"\xfe" + size.to_bytes(8, "little")
