"""Durations as people write them."""

import pytest

from gateway.model.durations import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("4h", 14_400), ("90m", 5_400), (" 2D ", 172_800), ("4h30m", 16_200), ("1d 12h", 129_600), ("0h", 0), ("1w", 604_800)],
)
def test_durations(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "4", "4x", "-1h", "1e9d", "0.5h", "²h", "٤h", "9" * 5_000 + "h", "1h" * 40, "4h;"])
def test_no_durations(text: str) -> None:
    assert seconds_of(text) is None
