"""Counting against limits: where they strike, over several fetches, and which of them stop."""

from types import SimpleNamespace
from typing import Any, cast

from gateway.model.decision import Mode, RowLimit
from gateway.proxy.bounds import Meter
from gateway.proxy.duties import Counts
from tests.support.usage import MemoryUsage

PATH = "pg1/shop/public/t"


def day(read: int = 0) -> Counts:
    room = SimpleNamespace(usage=MemoryUsage())
    room.usage.rows["alice", PATH] = read
    return Counts(cast("Any", room), "alice")


def meter(*limits: RowLimit, read: int = 0) -> Meter:
    made = Meter()
    made.apply(limits, day(read))
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
    counting.apply([RowLimit(0, None, None, "r")], day())
    assert not counting.fits(1, 0)


def test_a_limit_that_only_speaks_speaks_once() -> None:
    limit = RowLimit(1, None, None, "r", Mode.WARN)
    counting = meter(limit)
    assert counting.fits(1, 1)
    assert not counting.fits(1, 1)
    assert [strike.stops for strike in counting.strike(1, 1)] == [False]
    assert counting.fits(1_000, 1)
    counting.apply([limit], day())
    assert counting.fits(1_000, 1)


def test_bytes_and_the_order_of_strikes() -> None:
    counting = meter(RowLimit(5, None, None, "shadow", Mode.SHADOW), RowLimit(None, 100, None, "bytes"))
    assert counting.fits(5, 100)
    assert [strike.limit.rule for strike in counting.strike(1, 1)] == ["bytes", "shadow"]


def test_what_was_read_today_counts() -> None:
    limit = RowLimit(None, None, 100, "daily", paths=(PATH,))
    counting = meter(limit, read=90)
    assert counting.used_up is None
    assert counting.fits(10, 1)
    assert not counting.fits(1, 1)
    spent = meter(limit, read=100).used_up
    assert spent is not None
    assert spent.text == f"gateway: result limited to 100 rows a day of {PATH}; export permission is needed for more"


def test_a_portal_goes_on_counting() -> None:
    limit = RowLimit(10, None, None, "r")
    counting = meter(limit)
    assert counting.fits(6, 1)
    counting.apply([limit], day())
    assert counting.fits(4, 1)
    assert not counting.fits(1, 1)


def test_what_others_read_of_a_day_counts_while_rows_come() -> None:
    limit, shared = RowLimit(None, None, 100, "daily", paths=(PATH,)), day()
    counting, other = Meter(), Meter()
    counting.apply([limit], shared)
    other.apply([limit], shared)
    assert counting.fits(40, 1)
    assert other.fits(59, 1)
    assert not counting.fits(2, 1)
    assert [strike.limit.rule for strike in counting.strike(2, 1)] == ["daily"]
    assert counting.fits(1, 1)


def test_a_daily_limit_that_has_spoken_goes_on_counting() -> None:
    speaks, stops = (
        RowLimit(None, None, most, str(mode), mode, paths=(PATH,)) for most, mode in ((5, Mode.WARN), (9, Mode.ENFORCE))
    )
    shared, counting = day(), Meter()
    counting.apply([speaks, stops], shared)
    assert not counting.fits(6, 1)
    assert [strike.stops for strike in counting.strike(6, 1)] == [False]
    assert counting.fits(6, 1)
    assert shared.today(PATH) == 6
    assert not counting.fits(4, 1)
    assert [strike.stops for strike in counting.strike(4, 1)] == [True]


def test_a_limit_of_several_relations_takes_from_all_or_none() -> None:
    shared, counting = day(95), Meter()
    counting.apply([RowLimit(None, None, 100, "daily", paths=("pg1/shop/public/u", PATH))], shared)
    assert not counting.fits(6, 1)
    assert shared.today("pg1/shop/public/u") == 0
    assert counting.fits(5, 1)
    assert shared.today("pg1/shop/public/u") == 5
