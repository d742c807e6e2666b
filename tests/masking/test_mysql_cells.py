"""MySQL's cells: the masked value is of the column's own type in the same format, or NULL."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.mysql_cells import mysql_cell
from gateway.masking.mysql_types import BINARY, FieldFlag, FieldType, MySqlColumn
from gateway.model.masker import (
    ConstantMask,
    DigitsMask,
    EmailMask,
    HashMask,
    Masker,
    NullMask,
    PartialMask,
    RegexMask,
    RoundMask,
    TruncateMask,
)

KEY = b"key"
MASKERS: tuple[Masker, ...] = (
    NullMask(), ConstantMask("7"), ConstantMask("x"), PartialMask(1, 1), EmailMask(), DigitsMask(4), HashMask(16),
    RoundMask(1000), TruncateMask("month"), RegexMask("a", "b"),
)  # fmt: skip
_WIDTHS = {FieldType.TINY: 1, FieldType.SHORT: 2, FieldType.INT24: 4, FieldType.LONG: 4, FieldType.LONGLONG: 8}


def mask(spec: Masker, kind: int, value: bytes, binary: bool = False, **more: int) -> bytes | None:
    return mysql_cell(spec, KEY, MySqlColumn(kind, more.pop("flags", 0), "utf-8", **more), binary)(value)


@pytest.mark.parametrize(
    ("spec", "kind", "value", "expected"),
    [
        (EmailMask(), FieldType.VAR_STRING, b"ann@shop.example", b"a***@***.example"),
        (PartialMask(1, 0), FieldType.BLOB, "äöü".encode(), "ä**".encode()),
        (RoundMask(1000), FieldType.LONGLONG, b"-123456", b"-123000"),
        (RoundMask(1000), FieldType.NEWDECIMAL, b"1234.56", b"1000"),
        (RoundMask(10), FieldType.DOUBLE, b"1.5e3", b"1500"),
        (RoundMask(10), FieldType.YEAR, b"2024", b"2020"),
        (RoundMask(10), FieldType.LONG, b"no number", None),
        (ConstantMask("300"), FieldType.TINY, b"1", None),
        (TruncateMask("month"), FieldType.DATE, b"1980-05-17", b"1980-05-01"),
        (TruncateMask("year"), FieldType.DATETIME, b"2024-02-03 04:05:06.789", b"2024-01-01 00:00:00.000"),
        (TruncateMask("day"), FieldType.TIMESTAMP, b"2024-02-03 04:05:06", b"2024-02-03 00:00:00"),
        (TruncateMask("year"), FieldType.DATE, b"0000-00-00", None),
        (TruncateMask("year"), FieldType.DATE, b"2020-00-00", None),
        (TruncateMask("year"), FieldType.TIME, b"10:11:12", None),
        (PartialMask(1, 1), FieldType.LONG, b"123456", None),
        (ConstantMask("b"), FieldType.BIT, b"\x01", None),
        (ConstantMask("b'11'"), FieldType.BIT, b"\x01", None),
        (ConstantMask("1"), FieldType.BIT, b"\x00", b"\x01"),
        (ConstantMask("{}"), FieldType.JSON, b"[1]", b"{}"),
        (ConstantMask("hidden"), FieldType.JSON, b"[1]", b'"hidden"'),
        (PartialMask(1, 1), FieldType.JSON, b"[1]", None),
        (ConstantMask("00:00"), FieldType.TIME, b"10:11:12", b"00:00:00"),
        (ConstantMask("-838:59:59"), FieldType.TIME, b"10:11:12", b"-838:59:59"),
        (ConstantMask("839:00:00"), FieldType.TIME, b"10:11:12", None),
        (ConstantMask("noon"), FieldType.TIME, b"10:11:12", None),
        (ConstantMask("1970-01-01"), FieldType.DATE, b"1980-05-17", b"1970-01-01"),
        (ConstantMask("1970-01-01 10:00:00"), FieldType.DATE, b"1980-05-17", None),
        (ConstantMask("1970-01-01"), FieldType.DATETIME, b"1980-05-17 01:02:03", b"1970-01-01 00:00:00"),
        (ConstantMask("1999"), FieldType.YEAR, b"2024", b"1999"),
        (TruncateMask("year"), FieldType.YEAR, b"2024", b"2024"),
        (PartialMask(1, 0), FieldType.ENUM, b"large", b"l****"),
        (NullMask(), FieldType.VAR_STRING, b"anything", None),
    ],
)
def test_text_values(spec: Masker, kind: int, value: bytes, expected: bytes | None) -> None:
    assert mask(spec, kind, value) == expected


def test_decimals_and_zero_filled_numbers_keep_their_form() -> None:
    assert mask(RoundMask(1000), FieldType.NEWDECIMAL, b"1234.56", decimals=2) == b"1000.00"
    assert mask(RoundMask(1000), FieldType.NEWDECIMAL, b"1234.56", binary=True, decimals=2) == b"1000.00"
    assert mask(RoundMask(10), FieldType.TINY, b"017", flags=FieldFlag.UNSIGNED | FieldFlag.ZEROFILL, length=3) == b"010"


def test_enumerations_and_sets_are_text_on_the_wire() -> None:
    for flag in (FieldFlag.ENUM, FieldFlag.SET):
        assert mask(ConstantMask("x"), FieldType.STRING, b"a,b", flags=flag) == b"x"
        assert len(mask(HashMask(16), FieldType.STRING, b"a,b", flags=flag) or b"") == 16
        assert mask(RoundMask(10), FieldType.STRING, b"a", flags=flag) is None


@pytest.mark.parametrize(
    ("kind", "text", "expected", "more"),
    [
        (FieldType.TIME, "-26:03:04", b"\x01\x01\x00\x00\x00\x02\x03\x04", {}),
        (FieldType.TIME, "00:00:01.5", b"\x00\x00\x00\x00\x00\x00\x00\x01" + pack("<I", 500_000), {"decimals": 6}),
        (FieldType.TIME, "0:00:00", b"", {}),
        (FieldType.DATE, "1970-01-02", pack("<HBB", 1970, 1, 2), {}),
        (FieldType.DATETIME, "1970-01-02 03:04:05", pack("<HBBBBB", 1970, 1, 2, 3, 4, 5), {}),
        (FieldType.TIMESTAMP, "1970-01-02", pack("<HBB", 1970, 1, 2), {}),
        (FieldType.BIT, "b'100000001'", b"\x01\x01", {"length": 9}),
        (FieldType.JSON, "null", b"null", {}),
    ],
)
def test_constants_of_binary_rows(kind: int, text: str, expected: bytes, more: dict[str, int]) -> None:
    assert mask(ConstantMask(text), kind, b"\x00" * 8, binary=True, **more) == expected


def test_bits_are_rounded_as_numbers() -> None:
    assert mask(RoundMask(16), FieldType.BIT, b"\x01\x05", length=9) == b"\x01\x00"


def test_a_hash_of_json_is_a_json_string() -> None:
    hashed = mask(HashMask(16), FieldType.JSON, b'{"a": 1}')
    assert hashed is not None
    assert (len(hashed), hashed[:1], hashed[-1:]) == (18, b'"', b'"')


@pytest.mark.parametrize(("codec", "expected"), [("utf-8", b"b***@***.ch"), ("latin-1", b"b***@***.ch"), (None, None)])
def test_characters(codec: str | None, expected: bytes | None) -> None:
    value = "bö@höf.ch".encode(codec or "utf-16")
    assert mysql_cell(EmailMask(), KEY, MySqlColumn(FieldType.VAR_STRING, 0, codec), False)(value) == expected


def test_bytes_are_hashed_or_hidden() -> None:
    column = MySqlColumn(FieldType.BLOB, 0, BINARY)
    hashed = mysql_cell(HashMask(16), KEY, column, True)(b"\xff\xfe")
    assert hashed is not None
    assert len(hashed) == 32
    assert mysql_cell(PartialMask(1, 1), KEY, column, True)(b"\xff\xfe") is None


@pytest.mark.parametrize("kind", list(_WIDTHS))
@pytest.mark.parametrize("flags", [0, FieldFlag.UNSIGNED])
def test_binary_numbers_agree_with_text(kind: FieldType, flags: int) -> None:
    width = _WIDTHS[kind]
    for number in (0, 1, 99, 127):
        raw = number.to_bytes(width, "little")
        shown = mask(RoundMask(10), kind, raw, binary=True, flags=flags)
        assert shown is not None
        assert int.from_bytes(shown, "little") == int(mask(RoundMask(10), kind, str(number).encode(), flags=flags) or b"-1")


def test_binary_dates_lose_their_time() -> None:
    moment = pack("<HBBBBBI", 2024, 2, 3, 4, 5, 6, 789_000)
    assert mask(TruncateMask("month"), FieldType.DATETIME, moment, binary=True) == pack("<HBB", 2024, 2, 1)
    assert mask(TruncateMask("month"), FieldType.DATE, b"", binary=True) is None


def test_more_bits_than_the_column_has_are_hidden() -> None:
    assert mask(RoundMask(1000), FieldType.BIT, b"\x04\x00", length=11) == b"\x03\xe8"
    assert mask(RoundMask(1000), FieldType.BIT, b"\x04\x00", length=8) is None


@given(st.sampled_from(MASKERS), st.sampled_from(list(FieldType)), st.binary(max_size=40), st.booleans(), st.booleans())
def test_any_bytes_give_a_value_of_the_type_or_null(
    spec: Masker, kind: FieldType, value: bytes, binary: bool, flagged: bool
) -> None:
    masked = mask(spec, kind, value, binary=binary, flags=FieldFlag.UNSIGNED if flagged else 0)
    if masked is not None and binary and kind in _WIDTHS:
        assert len(masked) == _WIDTHS[kind]


@given(st.sampled_from(MASKERS[1:]), st.integers(-(1 << 70), 1 << 70))
def test_masked_whole_numbers_stay_in_the_bounds_of_their_type(spec: Masker, number: int) -> None:
    for kind, width in _WIDTHS.items():
        low, high = -(1 << 8 * width - 1), (1 << 8 * width - 1) - 1
        if low <= number <= high:
            masked = mask(spec, kind, str(number).encode())
            assert masked is None or low <= int(masked) <= high
