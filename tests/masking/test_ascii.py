"""Masking ASCII as it stands gives what masking the decoded text gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.ascii import ascii_masker
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


def test_others_are_decoded() -> None:
    assert ascii_masker(HashMask()) is None
    assert ascii_masker(PartialMask(fill="…")) is None
