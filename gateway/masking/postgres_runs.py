"""Many short DataRow messages at once: a run of rows is split into its fields, masked by columns and joined again.

Where no row and no field is longer than 250 bytes, every length on the wire begins with three zero bytes, and text holds none:
so these bytes separate the fields, and the interpreter's own split and join do what else is a loop over cells. NULL and the
empty value are given marks of the same shape first, where there are any. Then every length that stands in the rows is compared
with what was split; where one differs, the run is not of this kind (a zero in a binary value, a longer row) and its rows go one
by one.

    D 000 z 0 n  000 3 abc  000 5 hello  D 000 z 0 n …        split:  z0n  3abc  5helloD  z0n …
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from gateway.masking.text import Cell

_SEPARATOR: Final = b"\0\0\0"
_NULL: Final = b"\xff\xff\xff\xff"
_EMPTY: Final = b"\0\0\0\0"
_NULL_MARK: Final = b"\xff\xff"
_EMPTY_MARK: Final = b"\xfe\xfe"
_LONGEST: Final = 250  # bytes of a field and of a row; what begins with more than that is a mark
# The first byte of a field's piece to the piece's length (0 is none's), that of a row's last field with the D of the next row
# behind it, and to the length of the value.
_PIECE_SIZE: Final = bytes([*range(1, _LONGEST + 2), 0, 0, 0, 2, 2])
_LAST_PIECE_SIZE: Final = bytes([*range(2, _LONGEST + 3), 0, 0, 0, 3, 3])
_VALUE_SIZE: Final = bytes([*range(_LONGEST + 1), 0, 0, 0, 0, 0])
_SIZE: Final = tuple(bytes([size]) for size in range(_LONGEST + 1))
_first, _last = itemgetter(0), itemgetter(-1)


class PostgresRunMasker:
    """Masks runs of one result. `cells` as for `PostgresRowMasker`."""

    __slots__ = ("_base", "_headers", "_marks", "_masked", "_step")

    def __init__(self, cells: Sequence[Cell | None]) -> None:
        columns = len(cells)
        self._step = columns + 1
        self._marks = False  # rows of this result hold NULLs or empty values
        self._base = 6 + 4 * columns  # a row's length without its values
        self._masked = [(index, cell) for index, cell in enumerate(cells, 1) if cell is not None]
        self._headers = [bytes((size, columns >> 8, columns & 0xFF)) for size in range(_LONGEST + 1)]

    def mask(self, data: bytes, start: int, end: int) -> bytes | None:
        """The DataRow messages in data[start:end], masked; None where they must be taken one by one."""
        if data[start : start + 4] != b"D" + _SEPARATOR:
            return None
        body = data[start + 4 : end] + b"D"  # so that there is one behind every row
        found = None if self._marks else self._split(body, body)
        if found is None:
            marked = body.replace(_EMPTY, _SEPARATOR + _EMPTY_MARK).replace(_NULL, _SEPARATOR + _NULL_MARK)
            found = self._split(body, marked)
            if found is None:
                return None
            self._marks = True
        pieces, heads = found
        if not self._replace(pieces, heads):
            return None
        joined = b"D" + _SEPARATOR + _SEPARATOR.join(pieces)[:-1]
        if any(map(_marks, heads)):
            joined = joined.replace(_SEPARATOR + _NULL_MARK, _NULL).replace(_SEPARATOR + _EMPTY_MARK, _EMPTY)
        return joined

    def _split(self, body: bytes, marked: bytes) -> tuple[list[bytes], list[bytes]] | None:
        """(pieces, the first bytes of every column's); None where they are not the fields. Every mark made one byte more."""
        pieces = marked.split(_SEPARATOR)
        heads = self._heads(pieces)
        if heads is None or sum(map(_marks, heads)) != len(marked) - len(body):
            return None
        return pieces, heads

    def _heads(self, pieces: list[bytes]) -> list[bytes] | None:
        """The first bytes of every column's pieces; None unless all lengths of all rows are those of the pieces."""
        step = self._step
        rows, rest = divmod(len(pieces), step)
        try:
            firsts, lengths = bytes(map(_first, pieces)), bytes(map(len, pieces))
        except (IndexError, ValueError):  # an empty piece, or one over 255 bytes
            return None
        if rest or bytes(map(_last, pieces[step - 1 :: step])) != b"D" * rows:
            return None
        heads = [firsts[index::step] for index in range(1, step)]
        for index, column in enumerate(heads, 1):
            if lengths[index::step] != column.translate(_PIECE_SIZE if index < step - 1 else _LAST_PIECE_SIZE):
                return None
        return heads if self._row_heads(heads) == pieces[::step] else None

    def _row_heads(self, heads: list[bytes]) -> list[bytes] | None:
        """What stands between two rows, by the sizes of their fields."""
        base, known = self._base, self._headers
        sizes = [column.translate(_VALUE_SIZE) for column in heads]
        try:
            return [known[base + size] for size in map(sum, zip(*sizes, strict=True))]
        except IndexError:  # a row that is too long
            return None

    def _replace(self, pieces: list[bytes], heads: list[bytes]) -> bool:
        """Put the masked fields in, and the lengths of their rows. False where they are too long for this way."""
        step = self._step
        for index, cell in self._masked:
            column = pieces[index::step]
            if index == step - 1:
                column = [piece[:-1] for piece in column]
            masked = _masked(cell, column, heads[index - 1])
            if masked is None:
                return False
            heads[index - 1] = bytes(map(_first, masked))
            pieces[index::step] = masked if index < step - 1 else [piece + b"D" for piece in masked]
        rows = self._row_heads(heads)
        if rows is None:
            return False
        pieces[::step] = rows
        return True


def _marks(heads: bytes) -> int:
    return heads.count(b"\xff") + heads.count(b"\xfe")


def _masked(cell: Cell, pieces: list[bytes], heads: bytes) -> list[bytes] | None:
    """The masked pieces of a column; None where a masked value cannot stand in a piece."""
    if not _marks(heads):
        return _pieces(cell, [piece[1:] for piece in pieces])
    values = [b"" if piece == _EMPTY_MARK else piece[1:] for piece in pieces if piece != _NULL_MARK]
    masked = _pieces(cell, values)
    if masked is None:
        return None
    following = iter(masked)
    return [piece if piece == _NULL_MARK else next(following) for piece in pieces]


def _pieces(cell: Cell, values: list[bytes]) -> list[bytes] | None:
    masked = list(map(cell, values))
    try:
        found = [_NULL_MARK if value is None else _SIZE[len(value)] + value for value in masked]
    except IndexError:
        return None
    return None if _SEPARATOR in b"\1".join(found) else found
