"""Constants read as values of their types; what is none is None."""

import datetime
import uuid

import pytest

from gateway.masking import constants


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11:12:13", (False, 40_333, 0)),
        ("-1:00", (True, 3_600, 0)),
        ("00:00:00.25", (False, 0, 250_000)),
        ("11:60:00", None),
        ("noon", None),
        ("", None),
    ],
)
def test_spans(text: str, expected: tuple[bool, int, int] | None) -> None:
    found = constants.span(text)
    assert (None if found is None else tuple(found)) == expected


def test_a_spans_text_has_as_many_digits_as_the_column() -> None:
    found = constants.span("1:02:03.5")
    assert found is not None
    assert [found.text(places) for places in (0, 1, 3)] == [b"01:02:03", b"01:02:03.5", b"01:02:03.500"]


def test_moments_have_no_time_zone() -> None:
    assert constants.moment("2024-02-03") == datetime.datetime(2024, 2, 3)
    assert constants.moment("2024-02-03 04:05:06.5") == datetime.datetime(2024, 2, 3, 4, 5, 6, 500_000)
    assert constants.moment("2024-02-03 04:05:06+02:00") is None
    assert constants.moment("2024-02-30") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{}", b"{}"), ("[1, 2]", b"[1, 2]"), ("hidden", b'"hidden"'), ("NaN", b'"NaN"'), ("ä", '"ä"'.encode()), ("", b'""')],
)
def test_json(text: str, expected: bytes) -> None:
    assert constants.json_text(text) == expected


def test_booleans_identifiers_and_bits() -> None:
    assert [constants.boolean(text) for text in ("true", "F", "yes")] == [True, False, None]
    assert constants.identifier("00000000-0000-0000-0000-000000000001") == uuid.UUID(int=1)
    assert constants.identifier("none") is None
    assert [constants.bits(text) for text in ("b'101'", "7", "-1", "x")] == [5, 7, None, None]
