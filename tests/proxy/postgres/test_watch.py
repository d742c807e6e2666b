"""Rows counted and stopped: what the client gets at a limit, what the server hears, and what the record says."""

from gateway.model.decision import Mode, RowLimit
from tests.proxy.postgres.duties import Duties
from tests.proxy.postgres.playbook import COLUMNS, SYNC, Stage, bind, done, error, execute, parse, query, ready, row

LIMITED = "gateway: result limited to 3 rows; export permission is needed for more"


def stage_with(*limits: RowLimit, duties: Duties | None = None) -> Stage:
    stage = Stage(obligations=duties or Duties())
    stage.script.obligations = limits
    return stage


def limit(rows: int | None = 3, *, size: int | None = None, mode: Mode = Mode.ENFORCE, truncate: bool = False) -> RowLimit:
    return RowLimit(rows, size, None, "rules:few", mode, truncate)


async def heard(stage: Stage) -> list[str]:
    await stage.settle()
    stage.log.sync()
    return stage.heard()


async def test_as_many_rows_as_the_limit_pass_untouched() -> None:
    stage = stage_with(limit())
    stage.client(query("bound 1"))
    stage.server(COLUMNS, row(), row(), row(), done("SELECT 3"), ready())
    assert await heard(stage) == ["T", "D", "D", "D", "C SELECT 3", "Z I"]
    assert stage.cancelled == 0
    await stage.end()


async def test_one_more_ends_the_statement_and_cancels_the_servers_work() -> None:
    stage = stage_with(limit())
    stage.client(query("bound 1"))
    stage.server(COLUMNS, row(), row(), row(), row())
    assert await heard(stage) == ["T", "D", "D", "D"]
    assert stage.cancelled == 1
    stage.server(row(), error("57014", "canceling statement due to user request"), ready("E"))
    assert await heard(stage) == [f"E 54000 {LIMITED}", "Z E"]
    assert '"rows":3' in stage.log.ends()[0]
    assert '"limits":[{"limit":"rules:few"' in stage.log.ends()[0]
    await stage.end()


async def test_where_the_server_was_done_before_the_cancel_its_completion_becomes_the_error() -> None:
    stage = stage_with(limit())
    stage.client(query("bound 1"))
    stage.server(COLUMNS, *[row()] * 5, done("SELECT 5"), ready())
    assert await heard(stage) == ["T", "D", "D", "D", f"E 54000 {LIMITED}", "Z I"]
    await stage.end()


async def test_truncated_results_end_with_the_rows_there_were() -> None:
    stage = stage_with(limit(truncate=True))
    stage.client(query("bound 1"))
    stage.server(COLUMNS, *[row()] * 5, done("SELECT 5"), ready())
    assert await heard(stage) == ["T", "D", "D", "D", f"N {LIMITED}", "C SELECT 3", "Z I"]
    assert '"truncated":true' in stage.log.ends()[0]
    await stage.end()


async def test_warn_tells_and_shadow_only_writes_down() -> None:
    for mode, notices in ((Mode.WARN, 1), (Mode.SHADOW, 0)):
        stage = stage_with(limit(mode=mode))
        stage.client(query("bound 1"))
        stage.server(COLUMNS, *[row()] * 5, done("SELECT 5"), ready())
        told = await heard(stage)
        assert told.count("D") == 5
        assert sum(item.startswith("N ") for item in told) == notices
        assert f'"mode":"{mode.value}"' in stage.log.ends()[0]
        await stage.end()


async def test_bytes_are_counted_as_rows_are() -> None:
    stage = stage_with(limit(None, size=20))
    stage.client(query("bound 1"))
    stage.server(COLUMNS, row("x" * 10), row("x" * 10), done("SELECT 2"), ready())
    told = await heard(stage)
    assert told.count("D") == 1
    assert "E 54000 gateway: result limited to 20 bytes; export permission is needed for more" in told
    await stage.end()


async def test_fetches_of_one_portal_count_together() -> None:
    stage = stage_with(limit())
    stage.client(parse("bound 1"), bind("p"), execute("p", 2), execute("p", 2), SYNC)
    columns = COLUMNS  # the gateway asks for nothing: no column is masked
    assert columns
    stage.server(b"1\0\0\0\x04", b"2\0\0\0\x04", row(), row(), b"s\0\0\0\x04", row(), row())
    told = await heard(stage)
    assert told.count("D") == 3
    assert stage.cancelled == 1
    stage.server(error("57014", "canceled"), ready())
    assert await heard(stage) == [f"E 54000 {LIMITED}", "Z I"]
    await stage.end()
