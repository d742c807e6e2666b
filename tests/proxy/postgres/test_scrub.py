"""Errors and notices without what may quote values."""

import pytest

from gateway.proxy.postgres.scrub import is_formal, place, scrubbed_error, scrubbed_notice
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse

FIELDS = (
    ("S", "ERROR"), ("V", "ERROR"), ("C", "23514"), ("M", "new row violates check"), ("D", "Failing row contains (1, secret)."),
    ("H", "secret"), ("W", "secret"), ("q", "secret"), ("s", "public"), ("t", "people"), ("n", "adult"), ("F", "execMain.c"),
)  # fmt: skip
REPORT = ErrorResponse(FIELDS)


def test_the_code_and_the_place_stay_and_the_words_go() -> None:
    scrubbed = scrubbed_error(REPORT.body(), "ERROR", "23514")
    assert (scrubbed.code, scrubbed.severity, scrubbed.get("t"), scrubbed.get("n")) == ("23514", "ERROR", "people", "adult")
    assert b"secret" not in scrubbed.encode()
    assert place(REPORT.body()) == ("public", "people")


def test_an_error_that_is_cut_off_keeps_its_code() -> None:
    scrubbed = scrubbed_error(REPORT.body()[:40], "ERROR", "23514")
    assert scrubbed.code == "23514"
    assert place(REPORT.body()[:40]) == ("", "")


def test_notices() -> None:
    body = NoticeResponse.of("NOTICE", "00000", "the secret", detail="secret").body()
    encoded = scrubbed_notice(body)
    assert encoded[:1] == b"N"
    assert b"secret" not in encoded
    assert b"secret" not in scrubbed_notice(body[:10])


@pytest.mark.parametrize(
    ("code", "formal"), [("42703", True), ("25P02", True), ("22P02", False), ("23505", False), ("P0001", False)]
)
def test_which_errors_speak_of_form(code: str, formal: bool) -> None:
    assert is_formal(code) is formal
