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
