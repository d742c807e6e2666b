"""PostgreSQL's cells: the bytes of one value, in text or binary format, to the bytes of the masked value.

Type-true: what comes out is a value of the same type in the same format, or NULL (None). A type that is not known here is
NULL. Formats: the output and send functions of the types (src/backend/utils/adt), epoch 2000-01-01 for dates and times.
"""

import datetime
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from struct import Struct, error
from typing import Final

from gateway.masking import constants
from gateway.masking.arrays import map_binary_array, map_text_array
from gateway.masking.text import Cell, TextCell, hide
from gateway.masking.values import ValueMasker
from gateway.model.masker import ConstantMask, HashMask, Masker, NullMask

_TEXT_TYPES = frozenset({18, 19, 25, 1042, 1043, 2275, 705})  # "char", name, text, bpchar, varchar, cstring, unknown
_INTEGERS = {
    21: Struct("!h"),
    23: Struct("!i"),
    20: Struct("!q"),
}
_FLOATS = {700: Struct("!f"), 701: Struct("!d")}
_NUMERIC, _DATE, _TIMESTAMP, _TIMESTAMPTZ, _UUID, _BYTEA = 1700, 1082, 1114, 1184, 2950, 17
_BOOL, _JSON, _JSONB, _TIME = 16, 114, 3802, 1083
# Array types by the OID of their element (pg_type.dat, typarray).
ARRAY_ELEMENTS = {
    1002: 18, 1003: 19, 1009: 25, 1014: 1042, 1015: 1043, 1005: 21, 1007: 23, 1016: 20, 1021: 700, 1022: 701,
    1231: 1700, 1182: 1082, 1115: 1114, 1185: 1184, 2951: 2950, 1001: 17,
    1000: 16, 199: 114, 3807: 3802, 1183: 1083,
}  # fmt: skip
_ISO_DATE = re.compile(rb"(\d{4,7})-(\d\d)-(\d\d)( BC)?$")
_ISO_TIME = re.compile(rb"(\d{4,7})-(\d\d)-(\d\d) \d\d:\d\d:\d\d(?:\.\d+)?([+-]\d\d(?::\d\d(?::\d\d)?)?)?( BC)?$")
_EPOCH = datetime.date(2000, 1, 1)
_MICROSECONDS_A_DAY = 86_400_000_000


def postgres_cell(spec: Masker, key: bytes, type_oid: int, binary: bool) -> Cell:
    """What masks one column of a result: its type as RowDescription names it, its format as Bind asked for it."""
    masker = ValueMasker(spec, key)
    if isinstance(spec, NullMask):
        return hide
    if type_oid in ARRAY_ELEMENTS:
        element = _scalar(masker, ARRAY_ELEMENTS[type_oid], binary)
        if binary:
            return lambda value: map_binary_array(value, ARRAY_ELEMENTS[type_oid], element)
        return lambda value: map_text_array(value, element)
    return _scalar(masker, type_oid, binary)


def _scalar(masker: ValueMasker, type_oid: int, binary: bool) -> Cell:
    if isinstance(masker.spec, ConstantMask) and type_oid in _CONSTANT:
        constant = _CONSTANT[type_oid](masker.spec.value, binary)
        return hide if constant is None else lambda _: constant
    if type_oid in (_JSON, _JSONB) and isinstance(masker.spec, HashMask):
        return _json_hash(masker, b"\x01" if binary and type_oid == _JSONB else b"")
    if type_oid in _TEXT_TYPES:
        return TextCell(masker)
    if type_oid in _INTEGERS:
        return _integer_binary(masker, _INTEGERS[type_oid]) if binary else _integer_text(masker, _INTEGERS[type_oid])
    if type_oid in _FLOATS:
        return _float_binary(masker, _FLOATS[type_oid]) if binary else _decimal_text(masker)
    if type_oid == _NUMERIC:
        return _numeric_binary(masker) if binary else _decimal_text(masker)
    if type_oid == _DATE:
        return _date_binary(masker) if binary else _date_text(masker)
    if type_oid in (_TIMESTAMP, _TIMESTAMPTZ):
        return _timestamp_binary(masker) if binary else _timestamp_text(masker)
    if type_oid in (_UUID, _BYTEA) and isinstance(masker.spec, HashMask):
        return _hashed_bytes(masker, type_oid, binary)
    return hide


def _json_hash(masker: ValueMasker, head: bytes) -> Cell:
    """A JSON string. The hash is of the text as the server writes it, the same in both formats."""

    def cell(value: bytes) -> bytes | None:
        hashed = masker.text(value[len(head) :].decode("utf-8", "surrogateescape"))
        return None if hashed is None else b'%b"%b"' % (head, hashed.encode())

    return cell


def _constant_date(text: str, binary: bool) -> bytes | None:
    made = constants.moment(text)
    if made is None or made.time() != datetime.time():
        return None
    return _INTEGERS[23].pack((made.date() - _EPOCH).days) if binary else made.date().isoformat().encode()


def _constant_timestamp(text: str, binary: bool) -> bytes | None:
    made = constants.moment(text)
    if made is None:
        return None
    if not binary:
        return made.isoformat(" ").encode()
    since = made - datetime.datetime.combine(_EPOCH, datetime.time())
    return _INTEGERS[20].pack(since.days * _MICROSECONDS_A_DAY + since.seconds * 1_000_000 + since.microseconds)


def _constant_timestamptz(text: str, binary: bool) -> bytes | None:
    """In UTC."""
    made = _constant_timestamp(text, binary)
    return made if made is None or binary else made + b"+00"


def _constant_time(text: str, binary: bool) -> bytes | None:
    span = constants.span(text)
    if span is None or span.negative or span.seconds >= 86_400:
        return None
    if binary:
        return _INTEGERS[20].pack(span.seconds * 1_000_000 + span.microseconds)
    return span.text(6).rstrip(b"0").rstrip(b".") if span.microseconds else span.text(0)


def _constant_boolean(text: str, binary: bool) -> bytes | None:
    found = constants.boolean(text)
    if found is None:
        return None
    return (b"\x01" if found else b"\x00") if binary else (b"t" if found else b"f")


def _constant_uuid(text: str, binary: bool) -> bytes | None:
    found = constants.identifier(text)
    if found is None:
        return None
    return found.bytes if binary else str(found).encode()


def _constant_json(text: str, binary: bool) -> bytes | None:
    return constants.json_text(text)


def _constant_jsonb(text: str, binary: bool) -> bytes | None:
    return (b"\x01" if binary else b"") + constants.json_text(text)


_CONSTANT: Final[dict[int, Callable[[str, bool], bytes | None]]] = {
    _BOOL: _constant_boolean,
    _UUID: _constant_uuid,
    _JSON: _constant_json,
    _JSONB: _constant_jsonb,
    _DATE: _constant_date,
    _TIME: _constant_time,
    _TIMESTAMP: _constant_timestamp,
    _TIMESTAMPTZ: _constant_timestamptz,
}


def _bounds(layout: Struct) -> tuple[int, int]:
    high = 1 << 8 * layout.size - 1
    return -high, high - 1


def _integer_binary(masker: ValueMasker, layout: Struct) -> Cell:
    low, high = _bounds(layout)

    def cell(value: bytes) -> bytes | None:
        masked = masker.whole(layout.unpack(value)[0], low, high) if len(value) == layout.size else None
        return None if masked is None else layout.pack(masked)

    return cell


def _integer_text(masker: ValueMasker, layout: Struct) -> Cell:
    low, high = _bounds(layout)

    def cell(value: bytes) -> bytes | None:
        try:
            number = int(value)
        except ValueError:
            return None
        masked = masker.whole(number, low, high)
        return None if masked is None else b"%d" % masked

    return cell


def _decimal_text(masker: ValueMasker) -> Cell:
    def cell(value: bytes) -> bytes | None:
        try:
            number = Decimal(value.decode("ascii"))
        except (InvalidOperation, UnicodeDecodeError):
            return None
        masked = masker.decimal(number)
        return None if masked is None else format(masked, "f").encode()

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


def _numeric_binary(masker: ValueMasker) -> Cell:
    def cell(value: bytes) -> bytes | None:
        number = decode_numeric(value)
        masked = None if number is None else masker.decimal(number)
        return None if masked is None else encode_numeric(masked)

    return cell


_NUMERIC_HEAD = Struct("!HhHH")
_DIGIT = Struct("!H")


def decode_numeric(value: bytes) -> Decimal | None:
    """numeric_send: digits of base 10,000; NaN and infinities are None."""
    if len(value) < 8:
        return None
    count, weight, sign, _scale = _NUMERIC_HEAD.unpack_from(value)
    if sign not in (0, 0x4000) or len(value) != 8 + 2 * count:
        return None
    total = 0
    for index in range(count):
        total = total * 10_000 + _DIGIT.unpack_from(value, 8 + 2 * index)[0]
    number = Decimal(total).scaleb(4 * (weight - count + 1))
    return -number if sign else number


def encode_numeric(number: Decimal) -> bytes | None:
    """The other direction; None for what numeric cannot hold."""
    if not number.is_finite():
        return None
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return None
    scale = max(0, -exponent)
    whole = "".join(map(str, digits)) + "0" * max(0, exponent)
    whole = whole.rjust(scale + 1, "0")
    integral, fraction = (whole[: len(whole) - scale], whole[len(whole) - scale :]) if scale else (whole, "")
    integral = integral.lstrip("0")
    integral = integral.rjust(-(-len(integral) // 4) * 4, "0")
    fraction = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int((integral + fraction)[start : start + 4]) for start in range(0, len(integral + fraction), 4)]
    weight = len(integral) // 4 - 1
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    while groups and groups[-1] == 0:
        groups.pop()
    if not groups:
        weight, sign = 0, 0
    head = _NUMERIC_HEAD.pack(len(groups), weight, 0x4000 if sign else 0, scale)
    return head + b"".join(_DIGIT.pack(group) for group in groups)


def _date_text(masker: ValueMasker) -> Cell:
    def cell(value: bytes) -> bytes | None:
        found = _ISO_DATE.match(value)  # another DateStyle cannot be read for sure: NULL
        if found is None:
            return None
        masked = masker.day(int(found[1]), int(found[2]), int(found[3]))
        return None if masked is None else b"%04d-%02d-%02d" % masked + (found[4] or b"")

    return cell


def _timestamp_text(masker: ValueMasker) -> Cell:
    def cell(value: bytes) -> bytes | None:
        found = _ISO_TIME.match(value)
        if found is None:
            return None
        masked = masker.day(int(found[1]), int(found[2]), int(found[3]))
        if masked is None:
            return None
        return b"%04d-%02d-%02d 00:00:00" % masked + (found[4] or b"") + (found[5] or b"")

    return cell


def _truncated_days(masker: ValueMasker, days: int) -> int | None:
    """Days since 2000-01-01; infinities and years that Python's calendar lacks are None."""
    try:
        date = _EPOCH + datetime.timedelta(days=days)
    except OverflowError:
        return None
    masked = masker.day(date.year, date.month, date.day)
    return None if masked is None else (datetime.date(*masked) - _EPOCH).days


def _date_binary(masker: ValueMasker) -> Cell:
    layout = _INTEGERS[23]

    def cell(value: bytes) -> bytes | None:
        days = _truncated_days(masker, layout.unpack(value)[0]) if len(value) == 4 else None
        return None if days is None else layout.pack(days)

    return cell


def _timestamp_binary(masker: ValueMasker) -> Cell:
    layout = _INTEGERS[20]

    def cell(value: bytes) -> bytes | None:
        days = _truncated_days(masker, layout.unpack(value)[0] // _MICROSECONDS_A_DAY) if len(value) == 8 else None
        return None if days is None else layout.pack(days * _MICROSECONDS_A_DAY)

    return cell


def _hashed_bytes(masker: ValueMasker, type_oid: int, binary: bool) -> Cell:
    """A hash in place of a uuid or bytea; the same for the same value in both formats."""

    def cell(value: bytes) -> bytes | None:
        try:
            raw = value if binary else bytes.fromhex(value.decode("ascii").removeprefix("\\x").replace("-", ""))
        except ValueError:  # bytea in escape format, or bytes that are not ASCII
            return None
        masked = masker.digest(raw)
        if type_oid == _UUID:
            masked = masked[:16]
            if binary:
                return masked
            text = masked.hex()
            return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}".encode()
        return masked if binary else b"\\x" + masked.hex().encode()

    return cell
