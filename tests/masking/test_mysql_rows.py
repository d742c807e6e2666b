"""MySQL's rows: only masked cells change, in both formats, and sequence ids where rows in front were left out."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.mysql_rows import MySqlBinaryMasker, MySqlRowMalformed, MySqlTextMasker
from gateway.masking.mysql_types import FieldType
from gateway.wire.mysql.packets import encode_packet
from gateway.wire.mysql.payload import lenenc_bytes
from gateway.wire.mysql.rows import decode_row

Row = list[bytes | None]
_WIDTHS = {FieldType.TINY: 1, FieldType.SHORT: 2, FieldType.LONG: 4, FieldType.LONGLONG: 8, FieldType.DOUBLE: 8}
_TYPES = (FieldType.TINY, FieldType.SHORT, FieldType.LONG, FieldType.LONGLONG, FieldType.DATETIME, FieldType.VAR_STRING)


def text(row: Row) -> bytes:
    return b"".join(b"\xfb" if cell is None else lenenc_bytes(cell) for cell in row)


def binary(row: Row, types: list[FieldType]) -> bytes:
    bitmap = bytearray((len(row) + 9) // 8)
    values = b""
    for index, (cell, kind) in enumerate(zip(row, types, strict=True)):
        if cell is None:
            bitmap[(index + 2) // 8] |= 1 << (index + 2) % 8
        elif kind == FieldType.DATETIME:
            values += bytes((len(cell),)) + cell
        else:
            values += cell if kind in _WIDTHS else lenenc_bytes(cell)
    return b"\0" + bytes(bitmap) + values


def size_of(value: bytes) -> bytes | None:
    return b"<%d>" % len(value)


def nothing(_: bytes) -> None:
    return None


cells = st.none() | st.binary(max_size=20) | st.binary(min_size=250, max_size=400)


@given(st.lists(st.tuples(cells, st.booleans()), min_size=1, max_size=8))
def test_only_masked_cells_of_text_rows_change(columns: list[tuple[bytes | None, bool]]) -> None:
    masker = MySqlTextMasker([size_of if masked else None for _, masked in columns])
    expected = tuple(size_of(value) if masked and value is not None else value for value, masked in columns)
    assert decode_row(masker.mask(text([value for value, _ in columns]))) == expected


@given(
    st.lists(st.booleans(), min_size=1, max_size=5),
    st.lists(st.lists(cells, min_size=5, max_size=5), min_size=1, max_size=5),
    st.integers(-3, 300),
)
def test_a_run_of_text_rows_is_masked_as_its_rows_are(masked: list[bool], rows: list[Row], shift: int) -> None:
    cell: Callable[[bytes], bytes | None] = lambda value: value[1:] or None  # noqa: E731
    masker = MySqlTextMasker([cell if each else None for each in masked])
    payloads = [text(row[: len(masked)]) for row in rows]
    run = b"".join(encode_packet(payload, 250 + index) for index, payload in enumerate(payloads))
    found = masker.mask_run(b"xx" + run + b"yy", 2, 2 + len(run), shift)
    expected = (encode_packet(masker.mask(payload), 250 + index - shift) for index, payload in enumerate(payloads))
    assert found == b"".join(expected)


@st.composite
def binary_rows(draw: st.DrawFn) -> tuple[list[FieldType], Row, list[bool]]:
    types = draw(st.lists(st.sampled_from(_TYPES), min_size=1, max_size=12))
    row: Row = []
    for kind in types:
        width = _WIDTHS.get(kind)
        size = st.binary(max_size=300) if width is None else st.binary(min_size=width, max_size=width)
        if kind == FieldType.DATETIME:
            size = st.sampled_from([b"", b"\xe8\x07\x02\x03", b"\xe8\x07\x02\x03\x04\x05\x06"])
        row.append(draw(st.none() | size))
    return types, row, draw(st.lists(st.booleans(), min_size=len(types), max_size=len(types)))


@given(binary_rows())
def test_masked_cells_of_binary_rows_become_null_in_the_bitmap(made: tuple[list[FieldType], Row, list[bool]]) -> None:
    types, row, masked = made
    masker = MySqlBinaryMasker([nothing if each else None for each in masked], types)
    expected = [None if each else value for value, each in zip(row, masked, strict=True)]
    assert masker.mask(binary(row, types)) == binary(expected, types)
    run = encode_packet(binary(row, types), 3) + encode_packet(binary(row, types), 4)
    packets = [encode_packet(binary(expected, types), each) for each in (1, 2)]
    assert masker.mask_run(run, 0, len(run), 2) == b"".join(packets)


def test_binary_values_keep_the_form_of_their_type() -> None:
    types = [FieldType.LONGLONG, FieldType.VAR_STRING, FieldType.DATETIME]
    masker = MySqlBinaryMasker([lambda value: value[::-1]] * 3, types)
    row: Row = [bytes(range(8)), b"abc", b"\x01\x02\x03\x04"]
    assert masker.mask(binary(row, types)) == binary([each[::-1] for each in row if each is not None], types)
    with pytest.raises(MySqlRowMalformed):
        MySqlBinaryMasker([lambda _: b"1234567"], [FieldType.LONGLONG]).mask(binary([bytes(8)], [FieldType.LONGLONG]))


@given(st.binary(max_size=60), st.lists(st.booleans(), min_size=1, max_size=5))
def test_any_bytes_are_a_row_or_malformed(payload: bytes, masked: list[bool]) -> None:
    each = [nothing if one else None for one in masked]
    for masker in (MySqlTextMasker(each), MySqlBinaryMasker(each, [FieldType.VAR_STRING] * len(masked))):
        with contextlib.suppress(MySqlRowMalformed):
            masker.mask(payload)
        with contextlib.suppress(MySqlRowMalformed):
            masker.mask_run(encode_packet(payload), 0, 4 + len(payload))


def test_a_row_that_ends_too_early_is_malformed() -> None:
    masker = MySqlTextMasker([None, nothing])
    for payload in (b"", b"\x01a", b"\x01a\x05abc", b"\x01a\xff", b"\x01a\xfc\x01"):
        with pytest.raises(MySqlRowMalformed):
            masker.mask(payload)
        with pytest.raises(MySqlRowMalformed):
            masker.mask_run(encode_packet(payload), 0, 4 + len(payload))
    with pytest.raises(ValueError, match="one type"):
        MySqlBinaryMasker([None], [])
