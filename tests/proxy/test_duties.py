"""What obligations ask for, whoever carries them out."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.masking.plan import HIDDEN, ColumnMask
from gateway.model.decision import Decision, Mode, Notice, Obligation, Outcome, Reason, ReasonCode, RowLimit, TimeLimit
from gateway.model.errors import StoreUnavailable
from gateway.model.footprint import Category, Footprint
from gateway.model.masker import EmailMask
from gateway.proxy.bounds import Strike
from gateway.proxy.duties import CarriedOut, Counts, daily_paths, time_limit, warnings_of
from gateway.verdict import Ruling, Verdict
from tests.support.usage import MemoryUsage

DAILY = RowLimit(None, None, 100, "daily", paths=("my1/shop/t",))


class Room:
    key = b""

    def __init__(self) -> None:
        self.usage = MemoryUsage()


def verdict(*obligations: Obligation) -> Verdict:
    decision = Decision(Outcome.ALLOW, Reason(ReasonCode.GRANTED, ""), "1", obligations)
    return Verdict(
        (Ruling(Footprint("SELECT", Category.QUERY), decision, b""),), Outcome.ALLOW, 9e9, 1, bound=bool(obligations)
    )


def test_what_a_verdict_asks_for() -> None:
    limits = TimeLimit(300, "short"), TimeLimit(200, "shorter")
    notices = Notice(Mode.WARN, "loud", "r"), Notice(Mode.SHADOW, "silent", "r")
    asked = verdict(RowLimit(5, None, None, "rows", paths=("x",)), DAILY, *limits, *notices)
    assert list(daily_paths(asked)) == ["my1/shop/t"]
    assert time_limit(asked) == limits[1]
    assert time_limit(verdict()) is None
    assert list(warnings_of(asked)) == [notices[0]]


def test_counts_are_looked_at_and_taken() -> None:
    room = Room()
    room.usage.elsewhere["alice", "my1/shop/t"] = 90
    counts, asked = Counts(room, "alice"), verdict(DAILY)  # type: ignore[arg-type]
    assert not counts.ready(asked)
    assert counts.ready(verdict(TimeLimit(300, "short")))
    asyncio.run(counts.look(asked))
    assert counts.today("my1/shop/t") == 90
    assert counts.take({"my1/shop/t": 100}, 7)
    assert not counts.take({"my1/shop/t": 100, "my1/shop/other": 100}, 4)
    assert (counts.today("my1/shop/t"), counts.today("my1/shop/other")) == (97, 0)
    counts.ended(asked)
    assert room.usage.flushed == 1


async def test_an_approval_whose_counts_cannot_be_looked_at_is_given_back() -> None:
    class Away(MemoryUsage):
        async def look(self, user: str, paths: object) -> None:
            raise StoreUnavailable("away")

    room, given = Room(), list[object]()
    counts, claims = Counts(cast("Any", room), "alice"), cast("Any", SimpleNamespace(give_back=given.append))
    answer: Any = SimpleNamespace(verdict=verdict(DAILY), refusal=None, release="an approval")
    assert await counts.looked(answer, claims) is answer
    room.usage = Away()
    with pytest.raises(StoreUnavailable):
        await counts.looked(answer, claims)
    assert given == ["an approval"]


def test_the_record_says_limits_once_and_masks_always() -> None:
    carried = CarriedOut()
    assert carried.remark(()) == b""
    carried.struck(Strike(RowLimit(7, None, None, "cut", truncate=True), "limited"))
    masks = (("email", ColumnMask(EmailMask(), "lineage")), ("x", ColumnMask(HIDDEN, "unknown")))
    said = json.loads(b"{" + carried.remark(masks)[1:] + b"}")["carried_out"]
    assert said["limits"] == [{"limit": "cut", "text": "limited", "mode": "enforce", "truncated": True}]
    assert [item["masker"] for item in said["masked"]] == ["email", "hidden"]
    assert b"limits" not in carried.remark(masks)
