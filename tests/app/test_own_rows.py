"""Rows of the gateway's own relations, filtered, ordered and cut as the query asks."""

import pytest

from gateway.analysis.postgres.own import own_request
from gateway.app.own_rows import shaped
from gateway.model.own import OwnRefused, Row

ROWS: list[Row] = [
    (1, "open", "first", "alice", "pg1/shop", True, False, "2026-01-01"),
    (2, "done", "second", "bob", "pg1/shop", False, True, None),
    (3, "open", "Third", "bob", "pg1/crm", False, False, "2026-01-02"),
]


@pytest.mark.parametrize(
    ("rest", "numbers"),
    [
        ("", [1, 2, 3]),
        ("WHERE number > 1", [2, 3]),
        ("WHERE number <= '2'", [1, 2]),
        ("WHERE state = 'open' AND requester <> 'alice'", [3]),
        ("WHERE mine", [1]),
        ("WHERE NOT mine AND waits_for_me = true", [2]),
        ("WHERE title ILIKE 't%'", [3]),
        ("WHERE title NOT LIKE '%ir%'", [2]),
        ("WHERE number IN (1, 3)", [1, 3]),
        ("WHERE requester NOT IN ('bob')", [1]),
        ("WHERE created IS NULL", [2]),
        ("WHERE created > '2026-01-01'", [3]),
        ("ORDER BY number DESC", [3, 2, 1]),
        ("ORDER BY created", [1, 3, 2]),
        ("ORDER BY created DESC", [2, 3, 1]),
        ("ORDER BY requester DESC, number DESC LIMIT 2", [3, 2]),
        ("ORDER BY 1 OFFSET 2", [3]),
        ("LIMIT 0", []),
    ],
)
def test_rows(rest: str, numbers: list[int]) -> None:
    request = own_request(f"SELECT number FROM gateway.issues {rest}")
    assert request is not None
    assert [row[0] for row in shaped(request, ROWS)] == numbers


def test_count_and_a_wrong_constant() -> None:
    counted = own_request("SELECT count(*) FROM gateway.issues WHERE state = 'open'")
    wrong = own_request("SELECT number FROM gateway.issues WHERE number = 'x'")
    assert counted is not None
    assert wrong is not None
    assert shaped(counted, ROWS) == [(2,)]
    with pytest.raises(OwnRefused, match="invalid input syntax"):
        shaped(wrong, ROWS)
