"""Time limits, rows of the day, and permission that ends while a statement runs."""

import asyncio
import time

from gateway.model.decision import Outcome, RowLimit, TimeLimit
from tests.proxy.postgres.duties import Duties
from tests.proxy.postgres.playbook import COLUMNS, Stage, done, error, query, ready, row

PATH = "orders"


async def told(stage: Stage) -> list[str]:
    await stage.settle()
    stage.log.sync()
    return stage.heard()


async def test_the_shortest_time_counts_and_the_session_lives_on() -> None:
    stage = Stage(obligations=Duties())
    stage.script.obligations = (TimeLimit(60_000, "rules:slow"), TimeLimit(20, "rules:quick"))
    stage.client(query("bound 1"))
    deadline = time.monotonic() + 5
    while not stage.cancelled:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    stage.server(error("57014", "canceling statement due to user request"), ready())
    assert await told(stage) == ["E 57014 gateway: canceling statement due to statement timeout of 20 ms", "Z I"]
    stage.client(query("SELECT 1"))
    stage.server(row(), done(), ready())
    assert await told(stage) == ["D", "C SELECT 1", "Z I"]
    await stage.end()


async def test_a_statement_in_time_is_never_cancelled() -> None:
    stage = Stage(obligations=Duties())
    stage.script.obligations = (TimeLimit(30, "rules:quick"),)
    stage.client(query("bound 1"))
    stage.server(COLUMNS, done("SELECT 0"), ready())
    await asyncio.sleep(0.06)
    assert stage.cancelled == 0
    await stage.end()


async def test_rows_of_the_day_are_read_first_and_counted_on() -> None:
    duties = Duties()
    duties.usage.elsewhere["alice", PATH] = 8
    stage = Stage(obligations=duties)
    stage.script.obligations = (RowLimit(None, None, 10, "rules:daily", paths=(PATH,)),)
    stage.client(query("bound 1"))
    assert stage.sent() == []  # what was read today is asked for
    await stage.settle()
    assert stage.sent() == ["Q bound 1"]
    stage.server(COLUMNS, row(), row(), row(), error("57014", "canceled"), ready())
    heard = await told(stage)
    assert heard.count("D") == 2
    assert f"E 54000 gateway: result limited to 10 rows a day of {PATH}; export permission is needed for more" in heard
    assert duties.usage.today("alice", PATH) == 10
    assert duties.usage.flushed == 1
    stage.sent()
    stage.client(query("bound 2"))
    await stage.settle()
    assert stage.sent() == ["fail Q"], "nothing is left: it need not run at all"
    await stage.end()


async def test_permission_that_ends_while_it_runs() -> None:
    stage = Stage(obligations=Duties())
    stage.client(query("SELECT 1"))
    stage.server(COLUMNS, row())
    assert await told(stage) == ["T", "D"]
    stage.conversation.obliged.look_again(time.time())
    assert stage.cancelled == 0, "it is still allowed"
    stage.script.everything = Outcome.DENY
    stage.judge.changed()
    stage.conversation.obliged.look_again(time.time())
    await stage.settle()
    assert stage.cancelled == 1
    stage.server(row(), error("57014", "canceling statement due to user request"), ready())
    assert await told(stage) == ["E 42501 gateway: permission ended while the statement ran: because", "Z I"]
    assert '"code":"42501"' in stage.log.ends()[0]
    await stage.end()


async def test_without_the_rooms_only_notices_pass() -> None:
    stage = Stage()
    stage.script.obligations = (TimeLimit(5, "rules:quick"),)
    stage.client(query("bound 1"))
    assert stage.sent() == ["fail Q"]
    stage.server(error(), ready())
    assert await told(stage) == ["E 42501 gateway: masks and limits cannot be carried out here", "Z I"]
    stage.client(query("warned 1"))
    stage.server(row(), done(), ready())
    assert await told(stage) == ["N gateway: careful", "D", "C SELECT 1", "Z I"]
    await stage.end()
