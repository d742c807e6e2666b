"""The short way and the long way tell the same."""

from tests.proxy.postgres.playbook import (
    BATCH,
    BOUND,
    COLUMNS,
    PARSED,
    SYNC,
    Stage,
    bind,
    describe,
    done,
    error,
    execute,
    parse,
    query,
    ready,
    row,
)


async def test_the_short_way_tells_the_same() -> None:
    stage = Stage()
    for number in (11, 12, 13):
        stage.client(query(f"SELECT {number}"))
        assert stage.sent() == [f"Q SELECT {number}"]
        stage.server(COLUMNS, row("x" * number), done(), ready())
        assert stage.heard() == ["T", "D", "C SELECT 1", "Z I"]
    texts = [body for kind, body in stage.log.records if kind == "statement"]
    assert ['"text":"SELECT 11"' in texts[0], '"text":"SELECT 12"' in texts[1]] == [True, True]
    assert all(f'"bytes":{6 + size},' in end for end, size in zip(stage.log.ends(), (11, 12, 13), strict=True))


async def test_the_short_way_answered_otherwise() -> None:
    stage = Stage()
    stage.client(query("SELECT 11"))
    stage.server(COLUMNS, done("SELECT 0"), ready())
    stage.client(query("SELECT 12"))
    stage.server(error("22012", "division by zero"), ready())
    stage.client(query("SELECT 13"))
    for part in (COLUMNS, row(), row(), done("SELECT 2"), ready()):
        stage.server(part)
    assert stage.heard()[3:] == ["E 22012 division by zero", "Z I", "T", "D", "D", "C SELECT 2", "Z I"]
    assert ['"error"' in end for end in stage.log.ends()] == [False, True, False]
    assert '"rows":2' in stage.log.ends()[2]


async def test_a_batch_the_long_and_the_short_way() -> None:
    stage = Stage()
    for _ in range(2):
        stage.client(parse("SELECT $1"), *BATCH)
        assert stage.sent() == ["P SELECT $1", "B", "D", "E", "S"]
        stage.server(PARSED, BOUND, COLUMNS, row(), done(), ready())
        assert stage.heard() == ["1", "2", "T", "D", "C SELECT 1", "Z I"]
    stage.client(parse("SELECT $1", "s"), SYNC)
    stage.server(PARSED, ready())
    for _ in range(2):
        stage.client(bind("", "s"), describe(), execute(), SYNC)
        stage.server(BOUND, COLUMNS, row(), done(), ready())
    assert stage.log.kinds() == ["statement", "statement.end"] * 4
