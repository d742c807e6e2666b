"""Masking ASCII as it stands gives what masking the decoded text gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.ascii import ascii_column, ascii_masker
from gateway.masking.values import ValueMasker
from gateway.model.masker import DigitsMask, EmailMask, HashMask, Masker, PartialMask

_TEXT = st.text(alphabet="ab1234567890@. -", max_size=20)


@pytest.mark.parametrize(
    "spec",
    [EmailMask(), DigitsMask(0), DigitsMask(3), DigitsMask(4), PartialMask(), PartialMask(2, 1), PartialMask(0, 3, "#")],
    ids=str,
)
@given(text=_TEXT)
def test_the_same_as_decoded(spec: Masker, text: str) -> None:
    fast = ascii_masker(spec)
    assert fast is not None
    assert fast(text.encode()) == (ValueMasker(spec, b"key").text(text) or "").encode()


@pytest.mark.parametrize(
    "spec", [EmailMask(), DigitsMask(0), DigitsMask(3), PartialMask(), PartialMask(2, 1), PartialMask(0, 3, "#")], ids=str
)
@given(texts=st.lists(st.text(alphabet="ab1234567890@. -\0", max_size=20), max_size=5))
def test_many_are_masked_as_one_is(spec: Masker, texts: list[str]) -> None:
    one, many = ascii_masker(spec), ascii_column(spec)
    assert one is not None
    assert many is not None
    values = [text.encode() for text in texts]
    assert many(values) == list(map(one, values))


def test_others_are_decoded() -> None:
    assert ascii_masker(HashMask()) is None
    assert ascii_column(HashMask()) is None
    assert ascii_masker(PartialMask(fill="…")) is None
