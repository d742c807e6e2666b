"""Values as SQLite keeps them and as results show them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from gateway.model.own import ColumnType, OwnFault, OwnRefused, Value
from gateway.own.values import shown, stored

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 60_000, UTC)


@pytest.mark.parametrize(
    ("value", "kind", "kept", "again"),
    [
        ("5", "int8", 5, 5),
        (5.0, "int8", 5, 5),
        ("yes", "bool", 1, True),
        (False, "bool", 0, False),
        ("1.5", "float8", 1.5, 1.5),
        (MOMENT, "timestamptz", "2026-01-02 03:04:05.06", MOMENT),
        ("2026-01-02", "timestamptz", "2026-01-02 00:00:00", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T05:04:05.06+02:00", "timestamptz", "2026-01-02 03:04:05.06", MOMENT),
        (MOMENT.astimezone(timezone(timedelta(hours=2))), "timestamptz", "2026-01-02 03:04:05.06", MOMENT),
        (MOMENT, "date", "2026-01-02", date(2026, 1, 2)),
        (7, "text", "7", "7"),
        (True, "text", "true", "true"),
        (None, "int8", None, None),
    ],
)
def test_there_and_back(value: Value, kind: ColumnType, kept: object, again: object) -> None:
    assert stored(value, kind) == kept
    assert shown(stored(value, kind), kind) == again


@pytest.mark.parametrize(
    ("value", "kind"), [("x", "int8"), ("9" * 20, "int8"), ("maybe", "bool"), ("noon", "timestamptz"), ("", "float8")]
)
def test_what_is_no_value_of_the_type(value: Value, kind: ColumnType) -> None:
    with pytest.raises(OwnRefused, match="invalid input syntax") as caught:
        stored(value, kind)
    assert caught.value.fault is OwnFault.WRONG_VALUE
