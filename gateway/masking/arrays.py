"""Arrays of masked elements, in both of PostgreSQL's formats (array_out, array_send). What is malformed becomes NULL."""

from collections.abc import Callable
from struct import Struct

_HEAD = Struct("!iiI")
_PAIR = Struct("!ii")
_INT = Struct("!i")
_MAX_DIMENSIONS = 6

Cell = Callable[[bytes], bytes | None]


def map_binary_array(value: bytes, element_oid: int, cell: Cell) -> bytes | None:
    """Every element through `cell`; dimensions and bounds stay."""
    if len(value) < _HEAD.size:
        return None
    dimensions, _has_nulls, oid = _HEAD.unpack_from(value)
    if oid != element_oid or not 0 <= dimensions <= _MAX_DIMENSIONS:
        return None
    position = _HEAD.size + _PAIR.size * dimensions
    if position > len(value):
        return None
    parts = []
    has_nulls = False
    while position < len(value):
        if position + 4 > len(value):
            return None
        size = _INT.unpack_from(value, position)[0]
        position += 4
        if size > len(value) - position:
            return None
        element = value[position : position + size] if size >= 0 else None
        position += max(size, 0)
        masked = None if element is None else cell(element)
        if masked is None:
            has_nulls = True
            parts.append(b"\xff\xff\xff\xff")
        else:
            parts.append(_INT.pack(len(masked)) + masked)
    head = _HEAD.pack(dimensions, int(has_nulls), oid)
    return head + value[_HEAD.size : _HEAD.size + _PAIR.size * dimensions] + b"".join(parts)


def map_text_array(value: bytes, cell: Cell) -> bytes | None:
    """`{a,"b c",NULL}`, nested or with bounds: every element through `cell`, quoted anew."""
    start = value.find(b"{")
    if start < 0:
        return None
    out = bytearray(value[:start])
    position, depth = start, 0
    while position < len(value):
        byte = value[position : position + 1]
        if byte == b"{":
            depth += 1
            out += byte
            position += 1
        elif byte in (b"}", b","):
            depth -= byte == b"}"
            out += byte
            position += 1
        else:
            element, position = _read_element(value, position)
            if position < 0:
                return None
            masked = None if element is None else cell(element)
            out += b"NULL" if masked is None else _quoted(masked)
        if depth == 0:
            break
    return bytes(out) if depth == 0 and position == len(value) else None


def _read_element(value: bytes, position: int) -> tuple[bytes | None, int]:
    """The element at `position` and where it ends; (None, end) for NULL; an end of -1 where its quote is missing."""
    if value[position : position + 1] != b'"':
        end = position
        element = bytearray()
        while end < len(value) and value[end : end + 1] not in (b",", b"}"):
            if value[end : end + 1] == b"\\":
                end += 1
            element += value[end : end + 1]
            end += 1
        text = bytes(element)
        return (None if text.upper() == b"NULL" else text), end
    element = bytearray()
    position += 1
    while position < len(value):
        byte = value[position : position + 1]
        if byte == b'"':
            return bytes(element), position + 1
        if byte == b"\\":
            position += 1
            byte = value[position : position + 1]
        element += byte
        position += 1
    return None, -1


def _quoted(element: bytes) -> bytes:
    return b'"' + element.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
