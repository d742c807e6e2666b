"""Runs of rows: what is masked at once is what is masked row by row."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.postgres_cells import postgres_cell
from gateway.masking.postgres_rows import PostgresRowMasker, RowMalformed
from gateway.masking.postgres_runs import PostgresRunMasker
from gateway.masking.text import Cell
from gateway.model.masker import ConstantMask, DigitsMask, EmailMask, HashMask, Masker, NullMask, PartialMask

_TEXT = 25
_SPECS: list[Masker | None] = [
    None,
    EmailMask(),
    DigitsMask(3),
    DigitsMask(0),
    PartialMask(2, 2),
    PartialMask(0, 0, "é"),
    ConstantMask("a constant"),
    HashMask(),
    NullMask(),
]


def body(values: list[bytes | None]) -> bytes:
    return pack("!H", len(values)) + b"".join(
        b"\xff\xff\xff\xff" if value is None else pack("!i", len(value)) + value for value in values
    )


def run_of(rows: list[list[bytes | None]]) -> bytes:
    return b"".join(b"D" + pack("!I", len(each) + 4) + each for each in map(body, rows))


def cells_of(specs: list[Masker | None]) -> list[Cell | None]:
    return [None if spec is None else postgres_cell(spec, b"key", _TEXT, False) for spec in specs]


def masked(cells: list[Cell | None], data: bytes, start: int = 0) -> tuple[bytes | None, int]:
    """(the rows from `start` on, masked; where they end)."""
    masker = PostgresRunMasker(cells)
    found = masker.find(data, start, len(data))
    return (None, start) if found is None else (masker.mask(found), start + found.size)


_VALUE = st.none() | st.sampled_from(
    [
        b"",
        b"a",
        b"ann@shop.example",
        b"ann.lee@x@mail.shop.example",
        b"@",
        b"none",
        b"+49 30 123",
        b"12",
        "é@ü.ö".encode(),
        b"D",
        b"1" * 70,
        b"x@" + b"y" * 300 + b".z",
    ]
)


@given(
    st.lists(st.sampled_from(_SPECS), min_size=4, max_size=4),
    st.lists(st.lists(_VALUE, min_size=4, max_size=4), min_size=1),
    st.binary(max_size=9),
)
def test_text_is_masked_at_once_as_row_by_row(specs: list[Masker | None], rows: list[list[bytes | None]], lead: bytes) -> None:
    cells, run = cells_of(specs), run_of(rows)
    expected = b"".join(PostgresRowMasker(cells).mask(body(row)) for row in rows)
    assert masked(cells, lead + run, len(lead)) == (expected, len(lead + run))


_ADDRESS = st.sampled_from(
    [b"a@b.c", b"ann.lee@mail.shop.example", b"1234", b"+49 30 1234567", b"y" * 3_000, b"12@" + b"1" * 60]
)
_REPLACED: list[Masker | None] = [None, ConstantMask("a constant"), ConstantMask(""), NullMask(), EmailMask(), DigitsMask(2)]


@given(
    st.lists(st.sampled_from(_REPLACED), min_size=3, max_size=3),
    st.lists(st.lists(_ADDRESS, min_size=3, max_size=3), min_size=1, max_size=30),
)
def test_narrow_and_wide_rows_are_moved_alike(specs: list[Masker | None], rows: list[list[bytes | None]]) -> None:
    cells, run = cells_of(specs), run_of(rows)
    expected = b"".join(PostgresRowMasker(cells).mask(body(row)) for row in rows)
    assert masked(cells, run) == (expected, len(run))


_ANYTHING = st.none() | st.lists(
    st.sampled_from([b"\0", b"\0\0\0", b"\xff", b"\xff\xff\xff\xff", b"D", b"\1", b"\3", b"x", b"D\0\0\0\x0a\0\3"]), max_size=6
).map(b"".join)


@given(
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.lists(_ANYTHING, min_size=3, max_size=3), min_size=1, max_size=5),
)
def test_bytes_that_look_like_rows_and_lengths(masks: list[bool], rows: list[list[bytes | None]]) -> None:
    cells: list[Cell | None] = [(lambda value: value[::-1] or None) if each else None for each in masks]
    run = run_of(rows)
    expected = b"".join(PostgresRowMasker(cells).mask(body(row)) for row in rows)
    assert masked(cells, run) == (expected, len(run))


@given(st.integers(0, 200), st.sampled_from([b"", b"C\0\0\0\x0dSELECT 3\0", b"Z\0\0\0\5I", b"D\0\0"]))
def test_rows_end_where_the_last_whole_one_ends(size: int, behind: bytes) -> None:
    rows: list[list[bytes | None]] = [[b"a", b"b@c.d"], [b"ee", None], [b"D", b"D"]]
    data = (run_of(rows) + behind)[:size]
    whole = [run_of(rows[:count]) for count in range(4)]
    count = sum(len(each) <= len(data) for each in whole[1:])
    expected = b"".join(PostgresRowMasker(cells_of([None, EmailMask()])).mask(body(row)) for row in rows[:count])
    assert masked(cells_of([None, EmailMask()]), data) == (expected or None, len(whole[count]))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_what_does_not_hold_its_fields_is_not_masked(bodies: list[bytes]) -> None:
    cells: list[Cell | None] = [None, lambda _: b"x"]
    run = b"".join(b"D" + pack("!I", len(each) + 4) + each for each in bodies)
    found, end = masked(cells, run)
    if found is not None:
        assert found == PostgresRowMasker(cells).mask_run(run, 0, end)


@given(st.binary(max_size=60))
def test_any_bytes_behind_a_row(data: bytes) -> None:
    cells: list[Cell | None] = [None, lambda _: b"x"]
    run = run_of([[b"a", b"b"]]) + data
    found, end = masked(cells, run)
    if found is None:
        with pytest.raises(RowMalformed):
            PostgresRowMasker(cells).mask_run(run, 0, end)
    else:
        assert found == PostgresRowMasker(cells).mask_run(run, 0, end)


def test_few_rows_are_not_taken_together() -> None:
    masker = PostgresRowMasker(cells_of([None, EmailMask()]))
    few = run_of([[b"a", b"b@c.d"]] * 20)
    assert masker.find(few, 0) is None
    many = run_of([[b"a", b"b@c.d"]] * 200)
    found = masker.find(many, 0)
    assert found is not None
    assert (found.count, found.size) == (200, len(many))
    assert masker.mask_run(many, 0, len(many), found) == masker.mask_run(many, 0, len(many))
