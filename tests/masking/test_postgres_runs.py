"""Runs of rows: what is masked at once is what is masked row by row, and ordinary rows are masked at once."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.postgres_cells import postgres_cell
from gateway.masking.postgres_rows import PostgresRowMasker
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
    ]
)


@given(
    st.lists(st.sampled_from(_SPECS), min_size=4, max_size=4), st.lists(st.lists(_VALUE, min_size=4, max_size=4), min_size=1)
)
def test_text_is_masked_at_once_as_row_by_row(specs: list[Masker | None], rows: list[list[bytes | None]]) -> None:
    cells, run = cells_of(specs), run_of(rows)
    expected = b"".join(PostgresRowMasker(cells).mask(body(row)) for row in rows)
    assert PostgresRunMasker(cells).mask(run, 0, len(run)) == expected


_ANYTHING = st.none() | st.lists(
    st.sampled_from([b"\0", b"\0\0\0", b"\xff", b"\xfe\xfe", b"\xff\xff\xff\xff", b"D", b"\1", b"x"]), max_size=6
).map(b"".join)


@given(
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.lists(_ANYTHING, min_size=3, max_size=3), min_size=1, max_size=5),
)
def test_bytes_that_look_like_lengths_and_marks(masked: list[bool], rows: list[list[bytes | None]]) -> None:
    cells: list[Cell | None] = [(lambda value: value[::-1] or None) if each else None for each in masked]
    run = run_of(rows)
    expected = b"".join(PostgresRowMasker(cells).mask(body(row)) for row in rows)
    assert PostgresRunMasker(cells).mask(run, 0, len(run)) in {None, expected}
    assert PostgresRowMasker(cells).mask_run(run, 0, len(run)) == expected


@given(st.binary(max_size=60))
def test_what_is_not_rows_is_not_taken(data: bytes) -> None:
    masker = PostgresRunMasker([None, lambda _: b"x"])
    run = run_of([[b"a", b"b"]]) + data
    assert masker.mask(run, 0, len(run)) is None or not data


@pytest.mark.parametrize("size", [220, 240, 251, 300, 70_000])
def test_long_values_go_row_by_row(size: int) -> None:
    cells = cells_of([None, EmailMask()])
    rows: list[list[bytes | None]] = [[b"1", b"x@y.z"], [b"y" * size, b"a@b.c"]]
    run = run_of(rows)
    assert (PostgresRunMasker(cells).mask(run, 0, len(run)) is None) == (size > 220)
    assert PostgresRowMasker(cells).mask_run(run, 0, len(run)) == run_of([[b"1", b"x***@***.z"], [b"y" * size, b"a***@***.c"]])


def test_a_masked_value_that_is_too_long() -> None:
    run = run_of([[b"a" * 240]])
    cells: list[Cell | None] = [lambda value: value * 2]
    assert PostgresRunMasker(cells).mask(run, 0, len(run)) is None
    assert PostgresRowMasker(cells).mask_run(run, 0, len(run)) == run_of([[b"a" * 480]])


@pytest.mark.parametrize("fake", [b"\0\0\0\xff\xff", b"\0\0\0\xfe\xfe"])
def test_lengths_that_look_like_marks_are_none(fake: bytes) -> None:
    values = pack("!H", 2) + fake + pack("!i", 1) + b"a"
    run = b"D" + pack("!I", 4 + len(values) - 1) + values
    assert PostgresRunMasker([None, lambda _: b"x"]).mask(run, 0, len(run)) is None
