"""Counting against limits: where they strike, over several fetches, and which of them stop."""

from gateway.model.decision import Mode, RowLimit
from gateway.proxy.bounds import Meter

PATH = "pg1/shop/public/t"


def meter(*limits: RowLimit, read: int = 0) -> Meter:
    made = Meter()
    made.apply(limits, lambda _: read)
    return made


def test_rows_fit_up_to_the_limit() -> None:
    counting = meter(RowLimit(10, None, None, "r"))
    assert counting.fits(10, 1_000)
    assert not counting.fits(1, 1)
    (strike,) = counting.strike(1, 1)
    assert strike.stops
    assert strike.text == "gateway: result limited to 10 rows; export permission is needed for more"


def test_a_limit_that_stops_strikes_again() -> None:
    counting = meter(RowLimit(0, None, None, "r"))
    assert [len(counting.strike(1, 1)) for _ in range(2)] == [1, 1]
    counting.apply([RowLimit(0, None, None, "r")], lambda _: 0)
    assert not counting.fits(1, 0)


def test_a_limit_that_only_speaks_speaks_once() -> None:
    limit = RowLimit(1, None, None, "r", Mode.WARN)
    counting = meter(limit)
    assert counting.fits(1, 1)
    assert not counting.fits(1, 1)
    assert [strike.stops for strike in counting.strike(1, 1)] == [False]
    assert counting.fits(1_000, 1)
    counting.apply([limit], lambda _: 0)
    assert counting.fits(1_000, 1)


def test_bytes_and_the_order_of_strikes() -> None:
    counting = meter(RowLimit(5, None, None, "shadow", Mode.SHADOW), RowLimit(None, 100, None, "bytes"))
    assert counting.fits(5, 100)
    assert [strike.limit.rule for strike in counting.strike(1, 1)] == ["bytes", "shadow"]


def test_what_was_read_today_counts() -> None:
    limit = RowLimit(None, None, 100, "daily", paths=(PATH,))
    read = 90
    counting = Meter()
    counting.apply([limit], lambda _: read)
    assert counting.paths == (PATH,)
    assert counting.used_up is None
    assert counting.fits(10, 1)
    read += 10
    assert not counting.fits(1, 1)
    spent = meter(limit, read=100).used_up
    assert spent is not None
    assert spent.text == f"gateway: result limited to 100 rows a day of {PATH}; export permission is needed for more"


def test_a_portal_goes_on_counting() -> None:
    limit = RowLimit(10, None, None, "r")
    counting = meter(limit)
    assert counting.fits(6, 1)
    counting.apply([limit], lambda _: 0)
    assert counting.fits(4, 1)
    assert not counting.fits(1, 1)


def test_what_others_read_of_a_day_counts_while_rows_come() -> None:
    read = 0
    limit = RowLimit(None, None, 100, "daily", paths=(PATH,))
    counting = Meter()
    counting.apply([limit], lambda _: read)
    assert counting.fits(40, 1)
    read = 40 + 59  # another session's statement
    assert not counting.fits(2, 1)
    assert counting.fits(1, 1)
