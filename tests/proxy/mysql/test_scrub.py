"""Which errors may quote values, and what is left of them."""

import pytest

from gateway.proxy.mysql.scrub import WITHHELD, is_formal, scrubbed
from gateway.wire.mysql.results import Err


@pytest.mark.parametrize(
    ("code", "formal"),
    [
        (1054, True),  # Unknown column
        (1064, True),  # the statement's own text
        (1146, True),
        (1317, True),
        (1062, False),  # Duplicate entry '…'
        (1105, False),  # XPATH syntax error: '…'
        (1139, False),  # Got error '…' from regexp
        (1231, False),  # Variable … can't be set to the value of '…'
        (1264, False),
        (1292, False),  # Truncated incorrect … value: '…'
        (1366, False),
        (1644, False),  # SIGNAL: anything
        (1690, False),  # … value is out of range in '…'
        (3140, False),  # Invalid JSON text
        (4025, False),  # CONSTRAINT … failed
        (9999, False),  # nobody knows
    ],
)
def test_only_errors_that_are_known_to_quote_nothing_are_shown(code: int, formal: bool) -> None:
    assert is_formal(code) is formal


def test_number_and_state_stay() -> None:
    error = scrubbed(Err(1062, b"23000", b"Duplicate entry 'ann@shop.example' for key 'email'"))
    assert error == Err(1062, b"23000", WITHHELD)
