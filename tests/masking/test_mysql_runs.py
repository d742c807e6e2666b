"""Runs of MySQL's rows: what is masked at once is what is masked row by row, in both formats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.mysql_cells import mysql_cell
from gateway.masking.mysql_rows import MySqlBinaryMasker, MySqlRowMalformed, MySqlTextMasker
from gateway.masking.mysql_runs import MySqlBinaryRuns, MySqlTextRuns, find
from gateway.masking.mysql_types import FieldType, MySqlColumn
from gateway.masking.text import Cell
from gateway.model.masker import ConstantMask, DigitsMask, EmailMask, HashMask, Masker, NullMask, PartialMask
from gateway.wire.mysql.packets import encode_packet
from tests.masking.test_mysql_rows import Row, binary, text

_COLUMN = MySqlColumn(FieldType.VAR_STRING, 0, "utf-8")
_SPECS: list[Masker | None] = [
    None,
    EmailMask(),
    DigitsMask(3),
    PartialMask(2, 2),
    ConstantMask("a constant"),
    ConstantMask("c" * 300),
    HashMask(),
    NullMask(),
]
_END = b"\xfe\x00\x00\x22\x00"


def cells_of(specs: list[Masker | None]) -> list[Cell | None]:
    return [None if spec is None else mysql_cell(spec, b"key", _COLUMN, False) for spec in specs]


def packets(payloads: list[bytes], first: int = 250) -> bytes:
    return b"".join(encode_packet(payload, first + index & 0xFF) for index, payload in enumerate(payloads))


def at_once(runs: MySqlTextRuns | MySqlBinaryRuns, data: bytes, start: int, shift: int) -> tuple[bytes | None, int]:
    """(the rows from `start` on, masked; where they end)."""
    found = find(data, start)
    return (None, start) if found is None else (runs.mask(found, shift), start + found.size)


_VALUE = st.none() | st.sampled_from(
    [
        b"",
        b"a",
        b"ann@shop.example",
        b"@",
        b"+49 30 123",
        b"12",
        "é@ü.ö".encode(),
        b"1" * 70,
        b"\0\0",
        b"x@" + b"y" * 300 + b".z",
        b"long " * 20_000,
    ]
)


@given(
    st.lists(st.sampled_from(_SPECS), min_size=4, max_size=4),
    st.lists(st.lists(_VALUE, min_size=4, max_size=4), min_size=1, max_size=12),
    st.integers(-3, 300),
    st.sampled_from([b"", encode_packet(_END, 9), b"\x05\0\0", encode_packet(b"\x03abc")[:6]]),
)
def test_text_rows_are_masked_at_once_as_row_by_row(
    specs: list[Masker | None], rows: list[Row], shift: int, behind: bytes
) -> None:
    cells = cells_of(specs)
    run = packets(list(map(text, rows)))
    expected = MySqlTextMasker(cells).mask_run(run, 0, len(run), shift)
    assert at_once(MySqlTextRuns(cells), b"xx" + run + behind, 2, shift) == (expected, 2 + len(run))


_TYPES = [FieldType.LONG, FieldType.VAR_STRING, FieldType.DATETIME, FieldType.BLOB, FieldType.LONGLONG]
_BINARY_ROW = st.tuples(
    st.none() | st.just(b"\1\0\0\0"),
    _VALUE,
    st.none() | st.sampled_from([b"", b"\xe8\x07\x02\x03", b"\xe8\x07\x02\x03\x04\x05\x06"]),
    _VALUE,
    st.none() | st.just(b"\0" * 8),
).map(list)


def _same_width(value: bytes) -> bytes:
    return bytes(len(value))


def _gone(_: bytes) -> None:
    return None


@given(
    st.tuples(
        st.sampled_from([None, _same_width, _gone]),
        st.sampled_from(cells_of(_SPECS)),
        st.sampled_from([None, _same_width, _gone]),
        st.sampled_from(cells_of(_SPECS)),
        st.sampled_from([None, _same_width, _gone]),
    ).map(list),
    st.lists(_BINARY_ROW, min_size=1, max_size=12),
    st.integers(-3, 300),
)
def test_binary_rows_are_masked_at_once_as_row_by_row(cells: list[Cell | None], rows: list[Row], shift: int) -> None:
    run = packets([binary(row, _TYPES) for row in rows])
    expected = MySqlBinaryMasker(cells, _TYPES).mask_run(run, 0, len(run), shift)
    assert at_once(MySqlBinaryRuns(cells, _TYPES), run + encode_packet(_END), 0, shift) == (expected, len(run))


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=4), st.booleans())
def test_any_packets_are_masked_alike_or_not_at_all(payloads: list[bytes], plain: bool) -> None:
    cells: list[Cell | None] = [None, lambda _: b"x", lambda _: None]
    types = [FieldType.VAR_STRING, FieldType.SHORT, FieldType.DATE]
    runs = MySqlTextRuns(cells) if plain else MySqlBinaryRuns(cells, types)
    masker = MySqlTextMasker(cells) if plain else MySqlBinaryMasker(cells, types)
    data = packets(payloads)
    masked, end = at_once(runs, data, 0, 0)
    if end == 0:
        return
    try:
        expected: bytes | None = masker.mask_run(data, 0, end)
    except MySqlRowMalformed:
        expected = None
    if masked is not None:
        assert masked == expected


@pytest.mark.parametrize("size", [100, 300, 70_000])
def test_rows_of_any_length_are_found(size: int) -> None:
    run = packets([text([b"x" * size, b"\0\0", None])] * 5)
    found = find(run + encode_packet(_END), 0)
    assert found is not None
    assert (found.count, found.size) == (5, len(run))
    cut = find(run[:-1], 0)
    assert cut is not None
    assert cut.count == 4


def test_few_rows_are_not_taken_together() -> None:
    masker = MySqlTextMasker(cells_of([None, EmailMask()]))
    assert masker.find(packets([text([b"1", b"a@b.c"])] * 20), 0) is None
    many = packets([text([b"1", b"a@b.c"])] * 200)
    found = masker.find(many, 0)
    assert found is not None
    assert masker.mask_run(many, 0, len(many), 3, found) == masker.mask_run(many, 0, len(many), 3)


def test_looks_in_vain_are_few() -> None:
    masker = MySqlTextMasker(cells_of([EmailMask()]))
    data = packets([text([b"a"])]) + encode_packet(_END) * 100
    assert masker.find(data, 0) is not None
    assert [masker.find(data, 0) for _ in range(15)] == [None] * 15
    assert masker.find(data, 0) is not None
