"""Rows of COPY … TO STDOUT with masked columns, in text and CSV: taken apart, masked, put together again.

Formats: PostgreSQL manual, COPY, "File Formats". The server sends one row a CopyData message. All encodings that a session
may have keep ASCII bytes for ASCII characters, so rows are read as bytes.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from gateway.masking.postgres_rows import RowMalformed
from gateway.masking.text import Cell
from gateway.model.copying import CopyFormat

_UNESCAPED: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ESCAPED: Final = {value: b"\\" + key for key, value in _UNESCAPED.items()} | {b"\\": b"\\\\"}
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)


class PostgresCopyMasker:
    """Masks the rows of one COPY. `cells[i]` masks column i, None leaves it as it is."""

    __slots__ = ("_cells", "_format", "_header", "_special", "_split")

    def __init__(self, layout: CopyFormat, cells: Sequence[Cell | None]) -> None:
        """Raises ValueError for a format that cannot be taken apart: binary, and what is not known."""
        if layout.kind not in {"text", "csv"} or len(layout.delimiter) != 1:
            raise ValueError(f"rows of a COPY in {layout.kind} format cannot be masked")
        self._format = layout
        self._cells = tuple(cells)
        self._header = layout.header
        self._split: Callable[[bytes], list[bytes]] = self._split_csv if layout.kind == "csv" else self._split_text
        self._special = re.compile(b"[\\\\\b\f\n\r\t\v" + re.escape(layout.delimiter) + b"]")

    def mask(self, row: bytes) -> bytes:
        """One CopyData's payload. Raises RowMalformed where it is not one row of these columns."""
        if self._header:
            self._header = False
            return row
        if not row.endswith(b"\n"):
            raise RowMalformed("a row of the server's COPY has no end")
        tail = b"\r\n" if row.endswith(b"\r\n") else b"\n"
        fields = self._split(row[: -len(tail)])
        if len(fields) != len(self._cells):
            raise RowMalformed("a row of the server's COPY does not match its columns")
        masked = [field if cell is None else self._masked(field, cell) for field, cell in zip(fields, self._cells, strict=True)]
        return self._format.delimiter.join(masked) + tail

    def _masked(self, field: bytes, cell: Cell) -> bytes:
        layout = self._format
        if field == layout.null:
            return field
        value = cell(self._plain(field))
        if value is None:
            return layout.null
        if layout.kind == "csv":
            doubled = value.replace(layout.escape, layout.escape * 2)
            if layout.escape != layout.quote:
                doubled = doubled.replace(layout.quote, layout.escape + layout.quote)
            return layout.quote + doubled + layout.quote
        return self._special.sub(lambda found: _ESCAPED.get(found[0], b"\\" + found[0]), value)

    def _plain(self, field: bytes) -> bytes:
        layout = self._format
        if layout.kind == "text":
            return _ESCAPE.sub(lambda found: _UNESCAPED.get(found[1], found[1]), field)
        if not field.startswith(layout.quote):
            return field
        inner = field[1:-1]
        escape = re.escape(layout.escape)
        return re.sub(escape + b"([" + escape + re.escape(layout.quote) + b"])", rb"\1", inner)

    def _split_text(self, row: bytes) -> list[bytes]:
        """A delimiter inside a value stands behind a backslash."""
        delimiter = self._format.delimiter
        if b"\\" + delimiter not in row:
            return row.split(delimiter)
        fields, field, position = [], bytearray(), 0
        while position < len(row):
            byte = row[position : position + 1]
            if byte == b"\\":
                field += row[position : position + 2]
                position += 2
                continue
            if byte == delimiter:
                fields.append(bytes(field))
                field.clear()
            else:
                field += byte
            position += 1
        return [*fields, bytes(field)]

    def _split_csv(self, row: bytes) -> list[bytes]:
        """The server quotes a value as a whole or not at all."""
        layout = self._format
        if layout.quote not in row:
            return row.split(layout.delimiter)
        fields, position = [], 0
        while True:
            end = self._quoted_end(row, position) if row.startswith(layout.quote, position) else position
            end = row.find(layout.delimiter, end)
            if end < 0:
                fields.append(row[position:])
                return fields
            fields.append(row[position:end])
            position = end + 1

    def _quoted_end(self, row: bytes, start: int) -> int:
        layout = self._format
        position = start + 1
        while position < len(row):
            byte = row[position : position + 1]
            if byte == layout.escape and row[position + 1 : position + 2] in (layout.quote, layout.escape):
                position += 2
            elif byte == layout.quote:
                return position + 1
            else:
                position += 1
        raise RowMalformed("a quoted value of the server's COPY has no end")
