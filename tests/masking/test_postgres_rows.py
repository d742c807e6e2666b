"""Rows: only masked cells change."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.postgres_rows import PostgresRowMasker, RowMalformed


def body(cells: list[bytes | None]) -> bytes:
    parts = [pack("!i", -1) if cell is None else pack("!i", len(cell)) + cell for cell in cells]
    return pack("!H", len(cells)) + b"".join(parts)


def message(cells: list[bytes | None]) -> bytes:
    payload = body(cells)
    return b"D" + pack("!I", len(payload) + 4) + payload


@given(st.lists(st.tuples(st.none() | st.binary(max_size=20), st.booleans()), min_size=1, max_size=8))
def test_only_masked_cells_change(columns: list[tuple[bytes | None, bool]]) -> None:
    masker = PostgresRowMasker([(lambda value: b"<%d>" % len(value)) if masked else None for _, masked in columns])
    expected = [b"<%d>" % len(value) if masked and value is not None else value for value, masked in columns]
    assert masker.mask(body([value for value, _ in columns])) == message(expected)


@given(
    st.lists(st.booleans(), min_size=1, max_size=6),
    st.lists(st.lists(st.none() | st.binary(max_size=6), min_size=6, max_size=6), min_size=1, max_size=6),
)
def test_a_run_is_masked_as_its_rows_are(masked: list[bool], rows: list[list[bytes | None]]) -> None:
    masker = PostgresRowMasker([(lambda value: value[1:] or None) if each else None for each in masked])
    bodies = [body(row[: len(masked)]) for row in rows]
    run = b"".join(b"D" + pack("!I", len(each) + 4) + each for each in bodies)
    assert masker.mask_run(b"xx" + run + b"yy", 2, 2 + len(run)) == b"".join(map(masker.mask, bodies))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_a_malformed_run_never_passes(bodies: list[bytes]) -> None:
    masker = PostgresRowMasker([None, lambda _: b"x"])
    run = b"".join(b"D" + pack("!I", len(each) + 4) + each for each in bodies)
    try:
        expected = b"".join(map(masker.mask, bodies))
    except RowMalformed:
        with pytest.raises(RowMalformed):
            masker.mask_run(run, 0, len(run))
    else:
        assert masker.mask_run(run, 0, len(run)) == expected


def test_a_cell_can_become_null() -> None:
    assert PostgresRowMasker([None, lambda _: None]).mask(body([b"a", b"b"])) == message([b"a", None])


@given(st.binary(max_size=60))
def test_a_row_that_does_not_match_its_description_never_passes(data: bytes) -> None:
    masker = PostgresRowMasker([lambda _: b"x", lambda _: b"y"])
    try:
        masked = masker.mask(data)
    except RowMalformed:
        return
    assert masked[:1] == b"D"


def test_a_row_with_other_columns_never_passes() -> None:
    with pytest.raises(RowMalformed):
        PostgresRowMasker([lambda _: b"x"]).mask(body([b"a", b"b"]))
