"""Many DataRow messages at once: where their fields stand is found for a column after the other, and each is masked whole.

D length count  size value  size value …   D length count  …        ("DataRow" in "Message Formats")
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

import numpy as np

from gateway.masking.columns import Column, column_of, mask_column
from gateway.masking.spans import Cut, Rows, Run, splice
from gateway.masking.text import Cell

_length = Struct("!I").unpack_from
_KIND: Final = ord("D")
_HEAD: Final = 7  # bytes of a row in front of its fields: its kind, its length, the number of fields
_SIZE: Final = 4  # bytes of a size


class PostgresRunMasker:
    """Masks runs of one result. `cells` as for `PostgresRowMasker`."""

    __slots__ = ("_columns", "_count")

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        self._count = len(cells)
        last = max((index for index, cell in enumerate(cells) if cell is not None), default=-1)
        self._columns: list[Column | None] = [None if cell is None else column_of(cell) for cell in cells[: last + 1]]

    def find(self, data: bytes, start: int, end: int) -> Rows | None:
        """The rows that stand whole from `start` on, None where there are none: what has a D in front of the right number of
        fields, if one such thing is behind the other. Text may look like that; then they are followed from the first."""
        run = Run(data, start, end)
        size = end - start
        found = np.flatnonzero(run.data[: max(size - _HEAD + 1, 0)] == _KIND)
        found = found[run.numbers(">u2")[found + 5] == self._count]
        if not len(found) or found[0]:
            return None
        after = found + 1 + run.numbers(">u4")[found + 1]
        rows = len(found)
        if not np.array_equal(after[:-1], found[1:]):
            rows = int(np.argmax(after[:-1] != found[1:])) + 1
            if after[rows - 1] > found[rows]:
                return _followed(run)
        rows -= bool(after[rows - 1] > size)
        return Rows(run, found[:rows], after[:rows]) if rows else None

    def mask(self, rows: Rows) -> bytes | None:
        """These messages, masked: `rows` is of no use afterwards. None where one does not hold the fields that it should."""
        run = rows.run.cut_to(rows.size)
        sizes_of = run.numbers(">i4")
        if (run.numbers(">u2")[rows.starts + 5] != self._count).any():
            return None
        sizes_of[rows.starts + 1] = 0  # until it is written anew: so that no byte of it looks like something of a value
        place = rows.starts + _HEAD
        lengths = rows.after - rows.starts - 1
        cuts: list[Cut] = []
        for column in self._columns:
            sizes = sizes_of[place].astype(np.int64)
            starts = place + _SIZE
            place = starts + np.maximum(sizes, 0)
            if (place > rows.after).any():
                return None
            if column is not None:
                masked = mask_column(column, run, starts, place, sizes < 0)
                sizes_of[starts - _SIZE] = masked.sizes
                lengths += np.maximum(masked.sizes, 0) - (place - starts)
                if masked.cut is not None:
                    cuts.append(masked.cut)
        sizes_of[rows.starts + 1] = lengths
        return splice(run, cuts)


def _followed(run: Run) -> Rows | None:
    """The rows that stand whole where `run` begins, found from one to the next."""
    raw = run.data.tobytes()
    starts: list[int] = []
    ends: list[int] = []
    row, last = 0, len(raw) - _HEAD
    while row <= last and raw[row] == _KIND:
        after = row + 1 + _length(raw, row + 1)[0]
        if after > len(raw) or after < row + _HEAD:
            break
        starts.append(row)
        ends.append(after)
        row = after
    return Rows(run, np.array(starts), np.array(ends)) if starts else None
