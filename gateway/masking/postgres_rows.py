"""DataRow messages of a result with masked columns: one pass over the cells, only masked ones are touched."""

from collections.abc import Sequence
from struct import Struct

from gateway.masking.postgres_cells import Cell
from gateway.model.errors import GatewayError

_COUNT = Struct("!H")
_SIZE = Struct("!i")
_HEADER = Struct("!cI")
_LENGTH = Struct("!I")
_NULL = b"\xff\xff\xff\xff"


def _hidden(_: bytes) -> None:
    return None


class RowMalformed(GatewayError):
    """The server's row does not have the cells that its description promised. Nothing of it may pass."""


class PostgresRowMasker:
    """Masks rows of one result. `cells[i]` masks column i, None leaves it as it is."""

    __slots__ = ("_cells", "_columns", "_last")

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        self._cells = tuple(cells)
        self._columns = len(cells)
        self._last = max((index for index, cell in enumerate(cells) if cell is not None), default=-1)

    @classmethod
    def hiding(cls, body: bytes) -> "PostgresRowMasker":
        """For rows that nobody described: every cell of such a row is NULL."""
        return cls([_hidden] * (_COUNT.unpack_from(body)[0] if len(body) >= 2 else 0))

    def mask_run(self, data: bytes, start: int, end: int) -> bytes:
        """The whole DataRow messages in data[start:end]. Raises RowMalformed."""
        out = []
        position = start
        while position < end:
            after = position + 1 + _LENGTH.unpack_from(data, position + 1)[0]
            out.append(self.mask(data[position + 5 : after]))
            position = after
        return b"".join(out)

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
