"""DataRow messages of a result with masked columns: one pass over the cells, only masked ones are touched.

Many rows are masked at once (`postgres_runs.py`).
"""

from collections.abc import Sequence
from struct import Struct, error

from gateway.masking.postgres_runs import PostgresRunMasker
from gateway.masking.spans import Rows
from gateway.masking.text import Cell, hide
from gateway.model.errors import GatewayError

_COUNT = Struct("!H")
_SIZE = Struct("!i")
_HEADER = Struct("!cI")
_NULL = b"\xff\xff\xff\xff"
# Values of a column whose masked form is remembered: few, and short ones.
_REMEMBERED = 2_048
_REMEMBERED_SIZE = 256
# So many rows like the first are worth masking at once.
_MANY = 32
# After fewer than that were found, so many looks are left out.
_PATIENCE = 15


class RowMalformed(GatewayError):
    """The server's row does not have the cells that its description promised. Nothing of it may pass."""


class PostgresRowMasker:
    """Masks rows of one result. `cells[i]` masks column i, None leaves it as it is."""

    __slots__ = ("_cells", "_columns", "_count", "_last", "_run", "_steps", "_untried")

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        self._cells = tuple(cells)
        self._columns = len(cells)
        self._last = max((index for index, cell in enumerate(cells) if cell is not None), default=-1)
        self._count = _COUNT.pack(self._columns)
        self._run = PostgresRunMasker(cells)
        self._untried = 0
        self._steps: list[tuple[range, Cell, dict[bytes, bytes]]] = []  # columns to pass over, then one that is masked
        before = 0
        for index, cell in enumerate(cells):
            if cell is not None:
                self._steps.append((range(index - before), cell, {}))
                before = index + 1

    @classmethod
    def hiding(cls, body: bytes) -> "PostgresRowMasker":
        """For rows that nobody described: every cell of such a row is NULL."""
        return cls([hide] * (_COUNT.unpack_from(body)[0] if len(body) >= 2 else 0))

    def find(self, data: bytes, start: int) -> Rows | None:
        """The whole rows that stand in `data` from `start` on, where they are many."""
        if len(data) - start <= _MANY * (_SIZE.unpack_from(data, start + 1)[0] + 1):
            return None
        if self._untried:
            self._untried -= 1
            return None
        found = self._run.find(data, start, len(data))
        if found is None or found.count < _MANY:
            self._untried = _PATIENCE
        return found

    def mask_run(self, data: bytes, start: int, end: int, found: Rows | None = None) -> bytes:
        """The whole DataRow messages in data[start:end], which are `found` where they were found. Raises RowMalformed."""
        masked = None if found is None else self._run.mask(found)
        return self._row_by_row(data, start, end) if masked is None else masked

    def _row_by_row(self, data: bytes, start: int, end: int) -> bytes:
        """Nothing is copied but what stays, and a value that came lately is not masked again."""
        out: list[bytes] = []
        keep, unpack, pack, count, steps = out.append, _SIZE.unpack_from, _HEADER.pack, self._count, self._steps
        row = start
        try:
            while row < end:
                after = row + 1 + unpack(data, row + 1)[0]
                position = kept = row + 7
                if data[row + 5 : position] != count or after <= row:
                    raise RowMalformed("a row of the server does not match its description")
                keep(b"")
                head = len(out) - 1
                grown = 0
                for skipped, cell, known in steps:
                    for _ in skipped:
                        size = unpack(data, position)[0]
                        position += size + 4 if size > 0 else 4
                    size = unpack(data, position)[0]
                    if size < 0:
                        position += 4
                        continue
                    stop = position + 4 + size
                    value = data[position + 4 : stop]
                    masked = known.get(value)
                    if masked is None:
                        masked = self._masked(value, cell, known)
                    keep(data[kept:position])
                    keep(masked)
                    grown += len(masked) - size - 4
                    position = kept = stop
                if position > after:
                    raise RowMalformed("a row of the server ends before its last column")
                keep(data[kept:after])
                out[head] = pack(b"D", after - row - 1 + grown) + count
                row = after
        except error:
            raise RowMalformed("a row of the server ends before its last column") from None
        return b"".join(out)

    @staticmethod
    def _masked(value: bytes, cell: Cell, known: dict[bytes, bytes]) -> bytes:
        """The cell as it stands in a row, remembered."""
        result = cell(value)
        masked = _NULL if result is None else _SIZE.pack(len(result)) + result
        if len(value) <= _REMEMBERED_SIZE:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[value] = masked
        return masked

    def mask(self, body: bytes) -> bytes:
        """A DataRow's body to a whole DataRow message. Raises RowMalformed."""
        if len(body) < 2 or _COUNT.unpack_from(body)[0] != self._columns:
            raise RowMalformed("a row of the server does not match its description")
        parts = [body[:2]]
        position = kept = 2
        cells, unpack, end = self._cells, _SIZE.unpack_from, len(body)
        for index in range(self._last + 1):
            if position + 4 > end:
                raise RowMalformed("a row of the server ends before its last column")
            size = unpack(body, position)[0]
            after = position + 4 + size if size > 0 else position + 4
            if after > end:
                raise RowMalformed("a row of the server ends before its last column")
            cell = cells[index]
            if cell is not None and size >= 0:
                masked = cell(body[position + 4 : after])
                parts.append(body[kept:position])
                parts.append(_NULL if masked is None else _SIZE.pack(len(masked)) + masked)
                kept = after
            position = after
        parts.append(body[kept:])
        payload = b"".join(parts)
        return _HEADER.pack(b"D", len(payload) + 4) + payload
