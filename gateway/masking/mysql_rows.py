"""Rows of MySQL results with masked columns, in the text and in the binary format: only masked cells are touched.

A text row is a length-encoded string a column, 0xFB for NULL ("ProtocolText::ResultsetRow"). A binary row is 0x00, a bitmap of
NULLs that begins at bit 2, and the values that are not NULL, each as long as its type says ("Binary Protocol Resultset Row").
"""

from collections.abc import Sequence
from struct import Struct, error
from typing import Final

from gateway.masking.mysql_types import FieldType
from gateway.masking.text import Cell
from gateway.model.errors import GatewayError

_word = Struct("<I").unpack_from
_header = Struct("<I").pack
HEADER_SIZE: Final = 4  # of a packet: three bytes of length, one of sequence
MAX_PIECE: Final = 0xFFFFFF
_NULL: Final = 0xFB
_NULL_CELL: Final = b"\xfb"
_SHORT_LENGTHS: Final = [bytes((size,)) for size in range(_NULL)]
_LONGER: Final = {0xFC: 2, 0xFD: 3, 0xFE: 8}  # bytes of a length behind its first
_REMEMBERED: Final = 2_048  # values of a column whose masked form is remembered: the first ones, if they are short

# How a binary value says how long it is: bytes of a fixed width, or one of these.
_PREFIXED: Final = -1  # a length-encoded string
_SHORT: Final = -2  # one byte of length: dates and times
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
    FieldType.DATE: _SHORT,
    FieldType.NEWDATE: _SHORT,
    FieldType.TIME: _SHORT,
    FieldType.DATETIME: _SHORT,
    FieldType.TIMESTAMP: _SHORT,
}


class MySqlRowMalformed(GatewayError):
    """The server's row does not have the cells that its definitions promised. Nothing of it may pass."""


class MySqlTextMasker:
    """Masks text rows of one result. `cells[i]` masks column i, None leaves it as it is."""

    __slots__ = ("_steps",)

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        self._steps: list[tuple[range, Cell, dict[bytes, bytes]]] = []  # columns to pass over, then one that is masked
        before = 0
        for index, cell in enumerate(cells):
            if cell is not None:
                self._steps.append((range(index - before), cell, {}))
                before = index + 1

    def mask_run(self, data: bytes, start: int, end: int, shift: int = 0) -> bytes:  # noqa: PLR0912 -- one loop, no calls
        """The whole packets in data[start:end], each a row, as packets; `shift` is taken from their sequence ids.

        Raises MySqlRowMalformed. The loop every masked row goes through: nothing is copied but what stays, and the
        first values of a column are not masked again when they come again.
        """
        out: list[bytes] = []
        keep, steps, lengths = out.append, self._steps, _SHORT_LENGTHS
        row = start
        try:
            while row < end:
                word = _word(data, row)[0]
                size = word & MAX_PIECE
                position = kept = row + HEADER_SIZE
                after = position + size
                head = len(out)
                keep(b"")
                for skipped, cell, known in steps:
                    for _ in skipped:
                        first = data[position]
                        if first < _NULL:
                            position += 1 + first
                        else:
                            position = _behind(data, position, first)
                    first = data[position]
                    if first == _NULL:
                        position += 1
                        continue
                    if first < _NULL:
                        value, stop = position + 1, position + 1 + first
                    else:
                        value, stop = _extent(data, position, first)
                    if stop > after:
                        raise MySqlRowMalformed("a row of the server ends before its last column")
                    raw = data[value:stop]
                    masked = known.get(raw)
                    if masked is None:
                        result = cell(raw)
                        if result is None:
                            masked = _NULL_CELL
                        else:
                            masked = lengths[len(result)] + result if len(result) < _NULL else _prefixed(result)
                        if len(known) < _REMEMBERED and first < _NULL:
                            known[raw] = masked
                    keep(data[kept:position])
                    keep(masked)
                    size += len(masked) - (stop - position)
                    position = kept = stop
                if position > after or size >= MAX_PIECE:
                    raise MySqlRowMalformed("a row of the server ends before its last column, or grows too large when masked")
                keep(data[kept:after])
                out[head] = _header(size | ((word >> 24) - shift & 0xFF) << 24)
                row = after
        except (IndexError, error):
            raise MySqlRowMalformed("a row of the server ends before its last column") from None
        return b"".join(out)

    def mask(self, payload: bytes) -> bytes:
        """One row's payload of any size. Raises MySqlRowMalformed."""
        out: list[bytes] = []
        position = kept = 0
        try:
            for skipped, cell, _ in self._steps:
                for _ in skipped:
                    position = _behind(payload, position, payload[position])
                if payload[position] == _NULL:
                    position += 1
                    continue
                value, stop = _extent(payload, position, payload[position])
                if stop > len(payload):
                    raise MySqlRowMalformed("a row of the server ends before its last column")
                result = cell(payload[value:stop])
                out += (payload[kept:position], _NULL_CELL if result is None else _prefixed(result))
                position = kept = stop
        except IndexError:
            raise MySqlRowMalformed("a row of the server ends before its last column") from None
        if position > len(payload):
            raise MySqlRowMalformed("a row of the server ends before its last column")
        return b"".join((*out, payload[kept:]))


class MySqlBinaryMasker:
    """Masks binary rows of one result. `types`: those of its column definitions, by which values are told apart."""

    __slots__ = ("_bitmap", "_last", "_plan")

    def __init__(self, cells: Sequence[Cell | None], types: Sequence[int]) -> None:
        if len(cells) != len(types):
            raise ValueError("one type for each column")
        self._bitmap = (len(cells) + 9) // 8
        self._last = max((index for index, cell in enumerate(cells) if cell is not None), default=-1)
        self._plan = tuple(
            (1 + (index + 2) // 8, 1 << (index + 2) % 8, _WIDTHS.get(kind, _PREFIXED), cell)
            for index, (kind, cell) in enumerate(zip(types, cells, strict=True))
        )[: self._last + 1]

    def mask_run(self, data: bytes, start: int, end: int, shift: int = 0) -> bytes:
        """As `MySqlTextMasker.mask_run`."""
        out: list[bytes] = []
        row = start
        while row < end:
            word = _word(data, row)[0]
            after = row + HEADER_SIZE + (word & MAX_PIECE)
            masked = self.mask(data[row + HEADER_SIZE : after])
            if len(masked) >= MAX_PIECE:
                raise MySqlRowMalformed("a row grows too large when masked")
            out += (_header(len(masked) | ((word >> 24) - shift & 0xFF) << 24), masked)
            row = after
        return b"".join(out)

    def mask(self, payload: bytes) -> bytes:
        """One row's payload of any size. Raises MySqlRowMalformed."""
        position = kept = 1 + self._bitmap
        if len(payload) < position or payload[0]:
            raise MySqlRowMalformed("a row of the server does not match its definitions")
        head = bytearray(payload[:position])
        out: list[bytes] = []
        try:
            for byte, bit, width, cell in self._plan:
                if payload[byte] & bit:
                    continue
                if width >= 0:
                    value, stop = position, position + width
                elif width == _SHORT:
                    value, stop = position + 1, position + 1 + payload[position]
                else:
                    value, stop = _extent(payload, position, payload[position])
                if stop > len(payload):
                    raise MySqlRowMalformed("a row of the server ends before its last column")
                if cell is not None:
                    out.append(payload[kept:position])
                    masked = cell(payload[value:stop])
                    if masked is None:
                        head[byte] |= bit
                    else:
                        out.append(_framed(masked, width))
                    kept = stop
                position = stop
        except IndexError:
            raise MySqlRowMalformed("a row of the server ends before its last column") from None
        return b"".join((bytes(head), *out, payload[kept:]))


MySqlMasker = MySqlTextMasker | MySqlBinaryMasker


def _framed(value: bytes, width: int) -> bytes:
    if width == _PREFIXED:
        return _prefixed(value)
    if width == _SHORT:
        return bytes((len(value),)) + value
    if len(value) != width:
        raise MySqlRowMalformed("a masked value does not fit its column's type")
    return value


def _extent(data: bytes, position: int, first: int) -> tuple[int, int]:
    """Where the length-encoded string at `position` has its value, and where it ends. Raises MySqlRowMalformed."""
    if first < _NULL:
        return position + 1, position + 1 + first
    width = _LONGER.get(first)
    if width is None:
        raise MySqlRowMalformed("a row of the server holds no length where one must stand")
    value = position + 1 + width
    return value, value + int.from_bytes(data[position + 1 : value], "little")


def _behind(data: bytes, position: int, first: int) -> int:
    """Where the cell at `position` ends."""
    return position + 1 if first == _NULL else _extent(data, position, first)[1]


def _prefixed(value: bytes) -> bytes:
    """A length-encoded string."""
    size = len(value)
    if size < _NULL:
        return bytes((size,)) + value
    if size <= 0xFFFF:
        return b"\xfc" + size.to_bytes(2, "little") + value
    if size <= MAX_PIECE:
        return b"\xfd" + size.to_bytes(3, "little") + value
    return b"\xfe" + size.to_bytes(8, "little") + value
