"""MySQL's cells: the bytes of one value, in a text or a binary row, to the bytes of the masked value.

Type-true: what comes out is a value of the column's own type in the same format, or NULL (None). A type or a character set that
is not known here is NULL. Formats: "ProtocolText::ResultsetRow" and "Binary Protocol Value"; a cell is a value's bytes without
the length in front of it.
"""

import datetime
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from struct import Struct, error
from typing import Final

from gateway.masking import constants
from gateway.masking.mysql_types import BINARY, FieldFlag, FieldType, MySqlColumn
from gateway.masking.text import Cell, TextCell, hide
from gateway.masking.values import ValueMasker
from gateway.model.masker import ConstantMask, HashMask, Masker, NullMask, TruncateMask

_SIGNED: Final = {
    FieldType.TINY: Struct("<b"),
    FieldType.SHORT: Struct("<h"),
    FieldType.INT24: Struct("<i"),
    FieldType.LONG: Struct("<i"),
    FieldType.LONGLONG: Struct("<q"),
}
_UNSIGNED: Final = {
    FieldType.TINY: Struct("<B"),
    FieldType.SHORT: Struct("<H"),
    FieldType.YEAR: Struct("<H"),
    FieldType.INT24: Struct("<I"),
    FieldType.LONG: Struct("<I"),
    FieldType.LONGLONG: Struct("<Q"),
}
_BITS: Final = {FieldType.TINY: 8, FieldType.SHORT: 16, FieldType.INT24: 24, FieldType.LONG: 32, FieldType.LONGLONG: 64}
_YEARS: Final = (0, 2155)
_FLOATS: Final = {FieldType.FLOAT: Struct("<f"), FieldType.DOUBLE: Struct("<d")}
_DECIMALS: Final = frozenset({FieldType.DECIMAL, FieldType.NEWDECIMAL})
_DATES: Final = frozenset({FieldType.DATE, FieldType.NEWDATE})
_MOMENTS: Final = frozenset({FieldType.DATETIME, FieldType.TIMESTAMP})
_STRINGS: Final = frozenset(
    {
        FieldType.VARCHAR,
        FieldType.VAR_STRING,
        FieldType.STRING,
        FieldType.TINY_BLOB,
        FieldType.BLOB,
        FieldType.MEDIUM_BLOB,
        FieldType.LONG_BLOB,
    }
)
_NAMED: Final = frozenset({FieldType.ENUM, FieldType.SET})  # servers send them as strings with a flag
_CLOCK: Final = Struct("<BIBBB")
_MICROSECONDS: Final = Struct("<I")
_MIDNIGHT: Final = datetime.time()
_LONGEST_TIME: Final = 838 * 3600 + 59 * 60 + 59
_UNFIXED_DECIMALS: Final = 31  # NOT_FIXED_DEC: a float as many digits as it has
_TEXT_DATE: Final = re.compile(rb"(\d{4})-(\d\d)-(\d\d)(?: \d\d:\d\d:\d\d(\.\d{1,6})?)?$")
_DAY: Final = Struct("<HBB")


def mysql_cell(spec: Masker, key: bytes, column: MySqlColumn, binary: bool) -> Cell:
    """What masks one column of a result, its rows in the text or the binary format."""
    masker, kind = ValueMasker(spec, key), column.type
    if isinstance(spec, NullMask):
        return hide
    if column.flags & (FieldFlag.ENUM | FieldFlag.SET) and column.codec == BINARY:
        return hide
    if isinstance(spec, ConstantMask) and kind in _CONSTANT:
        return _always(_CONSTANT[FieldType(kind)](spec.value, column, binary))
    if kind == FieldType.BIT:
        return _bit(masker, column)
    if kind == FieldType.JSON:
        return _json_hash(masker) if isinstance(spec, HashMask) else hide
    if kind == FieldType.YEAR and isinstance(spec, TruncateMask):
        return bytes  # a date's year is what the mask leaves of it
    if kind in _STRINGS or kind in _NAMED:
        return _string(masker, column.codec)
    if kind in _UNSIGNED:
        return _integer_binary(masker, column) if binary else _integer_text(masker, column)
    if kind in _FLOATS:
        return _float_binary(masker, _FLOATS[FieldType(kind)]) if binary else _decimal(masker, column)
    if kind in _DECIMALS:
        return _decimal(masker, column)  # text in both formats
    if kind in _DATES or kind in _MOMENTS:
        return _date_binary(masker) if binary else _date_text(masker)
    return hide


def _string(masker: ValueMasker, codec: str | None) -> Cell:
    if codec == BINARY:
        return masker.digest if isinstance(masker.spec, HashMask) else hide
    if codec is None:
        return hide
    return TextCell(masker, codec)


def _always(constant: bytes | None) -> Cell:
    """The server writes a value of the type or NULL; so does the gateway."""
    return hide if constant is None else lambda _: constant


def _bit(masker: ValueMasker, column: MySqlColumn) -> Cell:
    """Bytes with the highest first, as many as the column's bits need, in both formats."""
    size = (min(max(column.length, 1), 64) + 7) // 8
    high = (1 << min(max(column.length, 1), 64)) - 1
    if isinstance(masker.spec, ConstantMask):
        constant = constants.bits(masker.spec.value)
        return _always(None if constant is None or constant > high else constant.to_bytes(size))

    def cell(value: bytes) -> bytes | None:
        masked = masker.whole(int.from_bytes(value), 0, high)
        return None if masked is None else masked.to_bytes(size)

    return cell


def _json_hash(masker: ValueMasker) -> Cell:
    def cell(value: bytes) -> bytes | None:
        hashed = masker.text(value.decode("utf-8", "surrogateescape"))
        return None if hashed is None else b'"%b"' % hashed.encode()

    return cell


def _constant_time(text: str, column: MySqlColumn, binary: bool) -> bytes | None:
    """Binary: of 0, 8 or 12 bytes: sign, days, hours, minutes, seconds, microseconds."""
    span = constants.span(text)
    if span is None or span.seconds > _LONGEST_TIME:
        return None
    if not binary:
        return span.text(min(column.decimals, 6))
    hours, minutes, seconds = span.seconds // 3600, span.seconds // 60 % 60, span.seconds % 60
    packed = _CLOCK.pack(span.negative, hours // 24, hours % 24, minutes, seconds)
    if span.microseconds:
        return packed + _MICROSECONDS.pack(span.microseconds)
    return packed if span.seconds else b""


def _constant_date(text: str, column: MySqlColumn, binary: bool) -> bytes | None:
    made = constants.moment(text)
    if made is None or made.time() != _MIDNIGHT:
        return None
    return _DAY.pack(made.year, made.month, made.day) if binary else made.date().isoformat().encode()


def _constant_moment(text: str, column: MySqlColumn, binary: bool) -> bytes | None:
    """Binary: of 4, 7 or 11 bytes."""
    made = constants.moment(text)
    if made is None:
        return None
    if not binary:
        places = min(column.decimals, 6)
        fraction = f".{made.microsecond:06d}"[: places + 1] if places else ""
        return f"{made:%Y-%m-%d %H:%M:%S}{fraction}".rjust(19 + len(fraction), "0").encode()
    packed = _DAY.pack(made.year, made.month, made.day)
    if made.time() == _MIDNIGHT:
        return packed
    packed += bytes((made.hour, made.minute, made.second))
    return packed + _MICROSECONDS.pack(made.microsecond) if made.microsecond else packed


def _constant_json(text: str, column: MySqlColumn, binary: bool) -> bytes | None:
    return constants.json_text(text)


_CONSTANT: Final[dict[FieldType, Callable[[str, MySqlColumn, bool], bytes | None]]] = {
    FieldType.TIME: _constant_time,
    FieldType.DATE: _constant_date,
    FieldType.NEWDATE: _constant_date,
    FieldType.DATETIME: _constant_moment,
    FieldType.TIMESTAMP: _constant_moment,
    FieldType.JSON: _constant_json,
}


def _bounds(column: MySqlColumn) -> tuple[int, int]:
    if column.type == FieldType.YEAR:
        return _YEARS
    bits = _BITS[FieldType(column.type)]
    if column.flags & FieldFlag.UNSIGNED:
        return 0, (1 << bits) - 1
    return -(1 << bits - 1), (1 << bits - 1) - 1


def _integer_binary(masker: ValueMasker, column: MySqlColumn) -> Cell:
    low, high = _bounds(column)
    unsigned = column.flags & FieldFlag.UNSIGNED or column.type == FieldType.YEAR
    layout = (_UNSIGNED if unsigned else _SIGNED)[FieldType(column.type)]

    def cell(value: bytes) -> bytes | None:
        masked = masker.whole(layout.unpack(value)[0], low, high) if len(value) == layout.size else None
        return None if masked is None else layout.pack(masked)

    return cell


def _integer_text(masker: ValueMasker, column: MySqlColumn) -> Cell:
    low, high = _bounds(column)
    width = column.length if column.flags & FieldFlag.ZEROFILL else 0
    width = 4 if column.type == FieldType.YEAR else width

    def cell(value: bytes) -> bytes | None:
        try:
            number = int(value)
        except ValueError:
            return None
        masked = masker.whole(number, low, high)
        return None if masked is None else str(masked).rjust(min(width, 255), "0").encode()

    return cell


def _decimal(masker: ValueMasker, column: MySqlColumn) -> Cell:
    """Numbers with a fraction, as text, with as many digits behind the point as the column has."""
    places = column.decimals if 0 < column.decimals < _UNFIXED_DECIMALS else None

    def cell(value: bytes) -> bytes | None:
        try:
            masked = masker.decimal(Decimal(value.decode("ascii")))
        except (InvalidOperation, UnicodeDecodeError):
            return None
        if masked is None:
            return None
        return (format(masked, "f") if places is None else f"{masked:.{places}f}").encode()

    return cell


def _float_binary(masker: ValueMasker, layout: Struct) -> Cell:
    def cell(value: bytes) -> bytes | None:
        if len(value) != layout.size:
            return None
        masked = masker.decimal(Decimal(layout.unpack(value)[0]))
        try:
            return None if masked is None else layout.pack(float(masked))
        except (OverflowError, error):
            return None

    return cell


def _truncated(masker: ValueMasker, year: int, month: int, day: int) -> tuple[int, int, int] | None:
    """Zero dates, which MySQL has, and dates with zeros in them are no dates: None."""
    return masker.day(year, month, day) if year and month and day else None


def _date_text(masker: ValueMasker) -> Cell:
    def cell(value: bytes) -> bytes | None:
        found = _TEXT_DATE.match(value)
        masked = None if found is None else _truncated(masker, int(found[1]), int(found[2]), int(found[3]))
        if found is None or masked is None:
            return None
        day = b"%04d-%02d-%02d" % masked
        if len(value) == len(day):
            return day
        return day + b" 00:00:00" + (b"." + b"0" * (len(found[4]) - 1) if found[4] else b"")

    return cell


def _date_binary(masker: ValueMasker) -> Cell:
    """Of 0, 4, 7 or 11 bytes; a time of zero is left out, as the server does."""

    def cell(value: bytes) -> bytes | None:
        masked = _truncated(masker, *_DAY.unpack_from(value)) if len(value) >= _DAY.size else None
        return None if masked is None else _DAY.pack(*masked)

    return cell
