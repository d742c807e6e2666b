"""Many rows of a MySQL result at once, as `postgres_runs.py` has them: text rows and binary rows.

length sequence cell cell …   length sequence …            ("ProtocolText::ResultsetRow", "Binary Protocol Resultset Row")
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

import numpy as np

from gateway.masking.columns import Column, Masked, column_of, mask_column
from gateway.masking.mysql_layout import (
    EOF,
    HEADER_SIZE,
    LONGEST_SHORT,
    MAX_PIECE,
    NULL,
    PREFIXED,
    SHORT,
    THREE_BYTES,
    length_prefix,
    width_of,
)
from gateway.masking.spans import Bytes, Cut, Flags, Places, Rows, Run, splice
from gateway.masking.text import Cell

_word = Struct("<I").unpack_from
_TWO_BYTES_MORE: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of a column: where each begins with its length in front, where its bytes do, and where it ends. Of a NULL
    `starts` and `ends` are one place."""

    places: Places
    starts: Places
    ends: Places
    null: Flags


def find(data: bytes, start: int) -> Rows | None:
    """The rows that stand whole from `start` on, None where there are none: what has the two zeros of a length below 256, if
    one such thing is behind the other. Cells may look like that, and rows may be longer; then they are followed one by one."""
    run = Run(data, start, len(data))
    size = len(data) - start
    zero = run.data == 0
    found = np.flatnonzero(zero[1 : max(size - HEADER_SIZE + 1, 1)] & zero[2 : max(size - HEADER_SIZE + 2, 2)])
    # Not the zeros of a header whose sequence id is one, too.
    found = found[np.diff(found, prepend=-HEADER_SIZE) >= HEADER_SIZE]
    if not len(found) or found[0] or run.data[HEADER_SIZE] >= EOF:
        return _followed(run)
    after = found + HEADER_SIZE + run.data[found]
    goes_on = (after[:-1] == found[1:]) & (run.data[found[1:] + HEADER_SIZE] < EOF)
    rows = len(found) if goes_on.all() else int(np.argmin(goes_on)) + 1
    if (run.data[found[:rows]] == 0).any() or _begins(run, int(after[rows - 1])):
        return _followed(run)
    rows -= bool(after[rows - 1] > size)
    return Rows(run, found[:rows], after[:rows]) if rows else None


def _begins(run: Run, place: int) -> bool:
    """Whether a row stands whole at this place."""
    data = run.data
    if place + HEADER_SIZE >= len(data) or data[place + HEADER_SIZE] >= EOF:
        return False
    length = int.from_bytes(data[place : place + 3].tobytes(), "little")
    return 0 < length < MAX_PIECE and place + HEADER_SIZE + length <= len(data)


def _followed(run: Run) -> Rows | None:
    """The rows that stand whole where `run` begins, found from one to the next."""
    raw = run.data.tobytes()
    starts: list[int] = []
    ends: list[int] = []
    row, last = 0, len(raw) - HEADER_SIZE
    while row < last and raw[row + HEADER_SIZE] < EOF:
        length = _word(raw, row)[0] & MAX_PIECE
        after = row + HEADER_SIZE + length
        if after > len(raw) or not 0 < length < MAX_PIECE:
            break
        starts.append(row)
        ends.append(after)
        row = after
    return Rows(run, np.array(starts), np.array(ends)) if starts else None


class MySqlTextRuns:
    """Masks runs of one result's text rows."""

    __slots__ = ("_columns",)

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        self._columns = _columns(cells)

    def mask(self, rows: Rows, shift: int) -> bytes | None:
        """These packets, masked: `rows` is of no use afterwards; `shift` is taken from their sequence ids. None where one does
        not hold the cells that it should."""
        edit = _Edit(rows)
        place = rows.starts + HEADER_SIZE
        for column in self._columns:
            if (place >= rows.after).any():
                return None
            first = edit.run.data[place]
            values = _prefixed(edit.run, place, rows.after, first, first == NULL)
            if values is None:
                return None
            if column is not None:
                edit.replace_prefixed(values, edit.masked(column, values), b"\xfb")
            place = values.ends
        return edit.carried_out(shift)


class MySqlBinaryRuns:
    """Masks runs of one result's binary rows."""

    __slots__ = ("_bitmap", "_columns", "_widths")

    def __init__(self, cells: Sequence[Cell | None], types: Sequence[int]) -> None:
        self._bitmap = (len(cells) + 9) // 8
        self._columns = _columns(cells)
        self._widths = [width_of(kind) for kind in types]

    def mask(self, rows: Rows, shift: int) -> bytes | None:
        """As `MySqlTextRuns.mask`."""
        edit = _Edit(rows)
        data, head = edit.run.data, rows.starts + HEADER_SIZE
        place = head + 1 + self._bitmap
        if (place > rows.after).any() or data[head].any():
            return None
        for index, (column, width) in enumerate(zip(self._columns, self._widths, strict=False)):
            flags, bit = head + 1 + (index + 2) // 8, np.uint8(1 << (index + 2) % 8)
            values = _binary_values(edit.run, place, rows.after, width, (data[flags] & bit) != 0)
            if values is None:
                return None
            if column is not None:
                masked = edit.masked(column, values)
                data[flags[masked.sizes < 0]] |= bit
                if width < 0:
                    edit.replace_prefixed(values, masked, b"")
                elif not edit.replace_fixed(masked, width):
                    return None
            place = values.ends
        return edit.carried_out(shift)


class _Edit:
    """What masked columns change in a run."""

    __slots__ = ("_cuts", "_grown", "_headers", "_starts", "run")

    def __init__(self, rows: Rows) -> None:
        self.run = rows.run.cut_to(rows.size)
        self._starts = rows.starts
        words = self.run.numbers("<u4")
        self._headers = words[rows.starts].astype(np.int64)
        words[rows.starts] = 0  # until they are written anew: so that no byte of theirs looks like something of a value
        self._grown = np.zeros(rows.count, np.int64)
        self._cuts: list[Cut] = []

    def masked(self, column: Column, values: _Values) -> Masked:
        masked = mask_column(column, self.run, values.starts, values.ends, values.null)
        self._grown += np.maximum(masked.sizes, 0) - (values.ends - values.starts)
        return masked

    def replace_fixed(self, masked: Masked, width: int) -> bool:
        """False where a masked value does not have the width of its type."""
        if masked.cut is not None:
            self._cuts.append(masked.cut)
        return bool(((masked.sizes < 0) | (masked.sizes == width)).all())

    def replace_prefixed(self, values: _Values, masked: Masked, null: bytes) -> None:
        """Values with their lengths in front; `null` stands there for NULL."""
        sizes, before = masked.sizes, values.starts - values.places
        prefixes = np.where(sizes < 0, len(null), 1 + 2 * (sizes >= NULL) + (sizes > _TWO_BYTES_MORE))
        if np.array_equal(prefixes, before) and prefixes.max() <= 1:
            own = prefixes == 1
            self.run.data[values.places[own]] = np.where(sizes < 0, NULL, sizes)[own]
        else:
            pieces = [null if size < 0 else length_prefix(size) for size in sizes.tolist()]
            self._cuts.append(Cut(values.places, values.starts, pieces))
            self._grown += prefixes - before
        if masked.cut is not None:
            self._cuts.append(masked.cut)

    def carried_out(self, shift: int) -> bytes | None:
        """The packets as they are now; None where one has become too large."""
        length = (self._headers & MAX_PIECE) + self._grown
        if (length >= MAX_PIECE).any():
            return None
        self.run.numbers("<u4")[self._starts] = length | ((self._headers >> 24) - shift & 0xFF) << 24
        return splice(self.run, self._cuts)


def _columns(cells: Sequence[Cell | None]) -> list[Column | None]:
    last = max((index for index, cell in enumerate(cells) if cell is not None), default=-1)
    return [None if cell is None else column_of(cell) for cell in cells[: last + 1]]


def _binary_values(run: Run, place: Places, after: Places, width: int, null: Flags) -> _Values | None:
    """The values of one column; None where they lead out of their rows."""
    if width not in {PREFIXED, SHORT}:
        ends = place + np.where(null, 0, width)
        return None if (ends > after).any() else _Values(place, place, ends, null)
    if (~null & (place >= after)).any():
        return None
    first = run.data[np.where(null, 0, place)]
    if (~null & (first == NULL)).any() or (width == SHORT and (~null & (first > LONGEST_SHORT)).any()):
        return None
    values = _prefixed(run, place, after, first, null)
    if values is None or not null.any():
        return values
    starts, ends = np.where(null, place, values.starts), np.where(null, place, values.ends)
    return None if (ends > after).any() else _Values(place, starts, ends, null)


def _prefixed(run: Run, place: Places, after: Places, first: Bytes, null: Flags) -> _Values | None:
    """Length-encoded strings that begin with these bytes; a NULL has one byte. None where one leads out of its row."""
    sizes = np.where(null, np.int64(0), first)
    starts = place + 1
    longer = ~null & (first > NULL)
    if longer.any():
        kinds = first[longer]
        if (kinds > THREE_BYTES).any():
            return None
        lengths = run.numbers("<u4")[place[longer]].astype(np.int64) >> 8
        sizes[longer] = np.where(kinds == THREE_BYTES, lengths, lengths & _TWO_BYTES_MORE)
        starts[longer] += np.where(kinds == THREE_BYTES, 3, 2)
    ends = starts + sizes
    return None if (~null & (ends > after)).any() else _Values(place, starts, ends, null)
