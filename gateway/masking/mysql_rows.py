"""Rows of MySQL results with masked columns, in the text and in the binary format: only masked cells are touched.

A text row is a length-encoded string a column, 0xFB for NULL ("ProtocolText::ResultsetRow"). A binary row is 0x00, a bitmap of
NULLs that begins at bit 2, and the values that are not NULL, each as long as its type says ("Binary Protocol Resultset Row").
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from struct import Struct, error
from typing import Final

from gateway.masking.mysql_layout import HEADER_SIZE, LONGER, MAX_PIECE, NULL, PREFIXED, SHORT, length_prefix, width_of
from gateway.masking.mysql_runs import MySqlBinaryRuns, MySqlTextRuns, find
from gateway.masking.spans import Rows
from gateway.masking.text import Cell
from gateway.model.errors import GatewayError

_word = Struct("<I").unpack_from
_header = Struct("<I").pack
_NULL_CELL: Final = b"\xfb"
_SHORT_LENGTHS: Final = [bytes((size,)) for size in range(NULL)]
_REMEMBERED: Final = 2_048  # values of a column whose masked form is remembered: the first ones, if they are short
# So many rows like the first are worth masking at once.
_MANY: Final = 32
# After fewer than that were found, so many looks are left out.
_PATIENCE: Final = 15


class MySqlRowMalformed(GatewayError):
    """The server's row does not have the cells that its definitions promised. Nothing of it may pass."""


class _RowMasker(ABC):
    """Many rows are masked at once, others one by one."""

    __slots__ = ("_runs", "_untried")

    def __init__(self, runs: MySqlTextRuns | MySqlBinaryRuns) -> None:
        self._runs = runs
        self._untried = 0

    def find(self, data: bytes, start: int) -> Rows | None:
        """The whole rows that stand in `data` from `start` on, where they are many."""
        size = HEADER_SIZE + (_word(data, start)[0] & MAX_PIECE)
        if len(data) - start <= _MANY * size:
            return None
        if self._untried:
            self._untried -= 1
            return None
        found = find(data, start)
        if found is None or found.count < _MANY:
            self._untried = _PATIENCE
        return found

    def mask_run(self, data: bytes, start: int, end: int, shift: int = 0, found: Rows | None = None) -> bytes:
        """The whole packets in data[start:end], each a row, which are `found` where they were found, as packets; `shift` is
        taken from their sequence ids. Raises MySqlRowMalformed."""
        masked = None if found is None else self._runs.mask(found, shift)
        return self._row_by_row(data, start, end, shift) if masked is None else masked

    @abstractmethod
    def _row_by_row(self, data: bytes, start: int, end: int, shift: int) -> bytes:
        """As `mask_run`, without what was found."""


class MySqlTextMasker(_RowMasker):
    """Masks text rows of one result. `cells[i]` masks column i, None leaves it as it is."""

    __slots__ = ("_steps",)

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        super().__init__(MySqlTextRuns(cells))
        self._steps: list[tuple[range, Cell, dict[bytes, bytes]]] = []  # columns to pass over, then one that is masked
        before = 0
        for index, cell in enumerate(cells):
            if cell is not None:
                self._steps.append((range(index - before), cell, {}))
                before = index + 1

    def _row_by_row(self, data: bytes, start: int, end: int, shift: int) -> bytes:  # noqa: PLR0912 -- one loop, no calls
        """Nothing is copied but what stays, and the first values of a column are not masked again when they come again."""
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
                        if first < NULL:
                            position += 1 + first
                        else:
                            position = _behind(data, position, first)
                    first = data[position]
                    if first == NULL:
                        position += 1
                        continue
                    if first < NULL:
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
                            masked = lengths[len(result)] + result if len(result) < NULL else _prefixed(result)
                        if len(known) < _REMEMBERED and first < NULL:
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
                if payload[position] == NULL:
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


class MySqlBinaryMasker(_RowMasker):
    """Masks binary rows of one result. `types`: those of its column definitions, by which values are told apart."""

    __slots__ = ("_bitmap", "_last", "_plan")

    def __init__(self, cells: Sequence[Cell | None], types: Sequence[int]) -> None:
        if len(cells) != len(types):
            raise ValueError("one type for each column")
        super().__init__(MySqlBinaryRuns(cells, types))
        self._bitmap = (len(cells) + 9) // 8
        self._last = max((index for index, cell in enumerate(cells) if cell is not None), default=-1)
        self._plan = tuple(
            (1 + (index + 2) // 8, 1 << (index + 2) % 8, width_of(kind), cell)
            for index, (kind, cell) in enumerate(zip(types, cells, strict=True))
        )[: self._last + 1]

    def _row_by_row(self, data: bytes, start: int, end: int, shift: int) -> bytes:
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
                elif width == SHORT:
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
    if width == PREFIXED:
        return _prefixed(value)
    if width == SHORT:
        return bytes((len(value),)) + value
    if len(value) != width:
        raise MySqlRowMalformed("a masked value does not fit its column's type")
    return value


def _extent(data: bytes, position: int, first: int) -> tuple[int, int]:
    """Where the length-encoded string at `position` has its value, and where it ends. Raises MySqlRowMalformed."""
    if first < NULL:
        return position + 1, position + 1 + first
    width = LONGER.get(first)
    if width is None:
        raise MySqlRowMalformed("a row of the server holds no length where one must stand")
    value = position + 1 + width
    return value, value + int.from_bytes(data[position + 1 : value], "little")


def _behind(data: bytes, position: int, first: int) -> int:
    """Where the cell at `position` ends."""
    return position + 1 if first == NULL else _extent(data, position, first)[1]


def _prefixed(value: bytes) -> bytes:
    """A length-encoded string."""
    return length_prefix(len(value)) + value
