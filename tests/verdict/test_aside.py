"""Long texts are judged in a thread, and their verdicts are what the loop would have found."""

import asyncio
import threading
import time
from typing import Any, cast

from gateway.catalog import CatalogSnapshot
from gateway.model.decision import Outcome
from gateway.model.footprint import Footprint
from gateway.model.identity import Engine
from gateway.model.statement import Namespace, Origin, Statement
from gateway.verdict.aside import LONG_TEXT, judge_aside
from tests.verdict.test_judge import WHO, Rooms, catalog

PADDING = " " * LONG_TEXT


def long(text: str) -> Statement:
    return Statement(Engine.POSTGRES, text + PADDING, Namespace(), Origin.SIMPLE)


async def test_a_short_text_stays_and_a_long_one_goes() -> None:
    threads: list[str] = []

    class Watched(Rooms):
        def analyse(self, statement: Statement, snapshot: CatalogSnapshot) -> tuple[Footprint, ...]:
            threads.append(threading.current_thread().name)
            return Rooms.analyse(self, statement, snapshot)

    judge = Watched().judge()
    short = Statement(Engine.POSTGRES, "SELECT FROM orders", Namespace(), Origin.SIMPLE)
    assert (await judge_aside(judge, WHO, short)).outcome is Outcome.ALLOW
    assert (await judge_aside(judge, WHO, long("SELECT FROM orders"))).outcome is Outcome.ALLOW
    assert await judge_aside(judge, WHO, long("SELECT FROM orders")) is not None  # this time it is known
    assert threads[0] == "MainThread"
    assert [name.startswith("long texts") for name in threads[1:]] == [True]


async def test_the_loop_goes_on_meanwhile() -> None:
    class Slow(Rooms):
        def analyse(self, statement: Statement, snapshot: CatalogSnapshot) -> tuple[Footprint, ...]:
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                sum(range(1000))
            return Rooms.analyse(self, statement, snapshot)

    turns = 0
    judging = asyncio.create_task(judge_aside(Slow().judge(), WHO, long("SELECT FROM orders")))
    while not judging.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns >= 5


async def test_what_changed_meanwhile_makes_the_verdict_old() -> None:
    class Changing(Rooms):
        def analyse(self, statement: Statement, snapshot: CatalogSnapshot) -> tuple[Footprint, ...]:
            loop.call_soon_threadsafe(judge.changed)
            return Rooms.analyse(self, statement, snapshot)

    loop = asyncio.get_running_loop()
    judge = Changing().judge()
    verdict = await judge_aside(judge, WHO, long("SELECT FROM orders"))
    await asyncio.sleep(0)
    assert verdict.epoch < judge.epoch
    assert judge.recall(WHO, long("SELECT FROM orders")) is None


async def test_an_unknown_relation_is_looked_up_before_the_answer() -> None:
    rooms = Rooms(refreshed=catalog("orders", "items"), outcomes=cast("Any", {}))
    judge = rooms.judge()
    verdict = await judge_aside(judge, WHO, long("SELECT FROM items"))
    assert not judge.unknown(verdict)
    assert verdict.epoch == judge.epoch
