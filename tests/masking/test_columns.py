"""A column at once gives what its cell gives for one value after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.columns import column_of, mask_column
from gateway.masking.spans import Cut, Run, splice
from gateway.masking.text import TextCell, hide
from gateway.masking.values import ValueMasker
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
)

_SPECS: list[Masker] = [
    EmailMask(),
    DigitsMask(0),
    DigitsMask(3),
    PartialMask(),
    PartialMask(2, 1),
    PartialMask(0, 3, "#"),
    PartialMask(1, 1, "…"),
    PartialMask(1, 1, "ab"),
    ConstantMask("hidden"),
    ConstantMask(""),
    HashMask(),
    NullMask(),
    RoundMask(10),
    RegexMask(r"\d+", "N"),
]
_TEXT = st.text(alphabet="ab1234567890@. -éü€\0", max_size=20) | st.text(alphabet="a1@", min_size=60, max_size=80)


def cell_of(spec: Masker, codec: str = "utf-8") -> TextCell:
    return TextCell(ValueMasker(spec, b"key"), codec)


@pytest.mark.parametrize("spec", _SPECS, ids=str)
@given(texts=st.lists(st.none() | _TEXT, min_size=1, max_size=12))
def test_many_are_masked_as_one_is(spec: Masker, texts: list[str | None]) -> None:
    cell = cell_of(spec)
    values = [None if text is None else text.encode() for text in texts]
    expected = [None if value is None else cell(value) for value in values]
    data, places = b"<", []
    for value in values:
        places.append(len(data))
        data += (value or b"") + b"|"
    starts = np.array(places)
    ends = starts + np.array([len(value or b"") for value in values])
    run = Run(b"xx" + data + b"yy", 2, 2 + len(data))
    masked = mask_column(column_of(cell), run, starts, ends, np.array([value is None for value in values]))
    assert masked.sizes.tolist() == [-1 if value is None else len(value) for value in expected]
    out = splice(run, [] if masked.cut is None else [masked.cut])
    assert out == b"<" + b"".join((value or b"") + b"|" for value in expected)


def test_what_shows_nothing_shows_nothing_of_any_type() -> None:
    run = Run(b"abc", 0, 3)
    masked = column_of(hide)(run, np.array([1]), np.array([3]))
    assert masked.sizes.tolist() == [-1]
    assert masked.cut is not None
    assert splice(run, [masked.cut]) == b"a"


def test_a_constant_that_the_character_set_lacks_is_null() -> None:
    masked = column_of(cell_of(ConstantMask("€"), "latin-1"))(Run(b"abc", 0, 3), np.array([0]), np.array([3]))
    assert masked.sizes.tolist() == [-1]


def test_equal_values_are_masked_once() -> None:
    seen: list[bytes] = []

    def cell(value: bytes) -> bytes:
        seen.append(value)
        return value.upper()

    run = Run(b"aabbaabb", 0, 8)
    masked = column_of(cell)(run, np.array([0, 2, 4, 6]), np.array([2, 4, 6, 8]))
    assert masked.cut is not None
    assert splice(run, [masked.cut]) == b"AABBAABB"
    assert sorted(seen) == [b"aa", b"bb"]


def test_cuts_of_several_columns_stand_row_by_row() -> None:
    run = Run(b"a1b2-c3d4", 0, 9)
    one = Cut(np.array([0, 5]), np.array([1, 6]), [b"AA", b""])
    other = Cut(np.array([2, 7]), np.array([4, 9]), b"*")
    assert splice(run, [one, other]) == b"AA1*-3*"
    assert splice(run, []) == b"a1b2-c3d4"


@given(st.binary(min_size=1, max_size=150), st.data())
def test_parts_of_a_run(data: bytes, draw: st.DataObject) -> None:
    bounds = sorted(draw.draw(st.lists(st.integers(0, len(data)), min_size=2, max_size=8)))
    bounds = bounds[: len(bounds) // 2 * 2]
    starts, ends = np.array(bounds[0::2]), np.array(bounds[1::2])
    run = Run(data, 0, len(data))
    inside = {place for start, end in zip(bounds[0::2], bounds[1::2], strict=True) for place in range(start, end)}
    assert set(np.flatnonzero(run.within(starts, ends)).tolist()) == inside
    assert run.values(starts, ends) == [data[start:end] for start, end in zip(bounds[0::2], bounds[1::2], strict=True)]
    pair = (data[0], data[0] ^ 1)
    for byte, places in zip(pair, run.last(pair, starts, ends), strict=True):
        expected = [data.rfind(bytes((byte,)), *part) for part in zip(bounds[0::2], bounds[1::2], strict=True)]
        assert np.where(places < starts, -1, places).tolist() == expected
    padded = bytes(64) + data
    assert [bytes(row) for row in run.windows(ends, 5)] == [padded[64 + end - 5 : 64 + end] for end in bounds[1::2]]
