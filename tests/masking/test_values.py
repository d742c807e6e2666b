"""Maskers over logical values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    TruncateMask,
)

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("spec", "value", "masked"),
    [
        (NullMask(), "secret", None),
        (ConstantMask("hidden"), "secret", "hidden"),
        (PartialMask(first=1, last=2), "secret", "s***et"),
        (PartialMask(first=3, last=3), "secret", "******"),
        (EmailMask(), "ada.abel12@example.com", "a***@***.com"),
        (EmailMask(), "no address", "**********"),
        (DigitsMask(4), "4000-0000-1234-5678", "****-****-****-5678"),
        (DigitsMask(4), "1234", "****"),
        (RegexMask(r"\d", "#"), "room 12", "room ##"),
        (RegexMask(r"\d", "#"), "no digit", "********"),
        (RoundMask(), "12", None),
        (TruncateMask(), "2020-02-02", None),
    ],
)
def test_text(spec: Masker, value: str, masked: str | None) -> None:
    assert ValueMasker(spec, KEY).text(value) == masked


def test_hashes_are_keyed_and_stable() -> None:
    one, again, other = (ValueMasker(HashMask(), key) for key in (KEY, KEY, b"other" * 8))
    assert one.text("ada") == again.text("ada")
    assert one.text("ada") != other.text("ada")
    assert one.text("ada") != one.text("Ada")


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 10**6))
def test_rounding_goes_towards_zero_and_stays_in_bounds(value: int, to: int) -> None:
    masked = ValueMasker(RoundMask(to), KEY).whole(value, -(2**63), 2**63 - 1)
    assert masked is not None
    assert masked % to == 0
    assert abs(masked) <= abs(value) < abs(masked) + to


@given(st.integers(-(2**15), 2**15 - 1))
def test_hashed_numbers_fit_their_type(value: int) -> None:
    masked = ValueMasker(HashMask(), KEY).whole(value, -(2**15), 2**15 - 1)
    assert masked is not None
    assert 0 <= masked < 2**15


def test_decimals_and_days() -> None:
    assert ValueMasker(RoundMask(1000), KEY).decimal(Decimal("38977.25")) == Decimal(38000)
    assert ValueMasker(RoundMask(1000), KEY).decimal(Decimal("NaN")) is None
    assert ValueMasker(RoundMask(1000), KEY).decimal(Decimal("1e400")) is None
    assert ValueMasker(TruncateMask("month"), KEY).day(2024, 5, 17) == (2024, 5, 1)
    assert ValueMasker(EmailMask(), KEY).day(2024, 5, 17) is None


@given(st.text(min_size=1, max_size=60))
def test_a_short_value_is_never_shown_whole(value: str) -> None:
    masked = ValueMasker(PartialMask(first=30, last=30), KEY).text(value)
    assert masked == "*" * len(value)
