"""The gateway's own question: when it is asked, and that nobody else hears of it."""

from tests.proxy.postgres.playbook import (
    BOUND,
    PARSED,
    REFUSED,
    SYNC,
    Stage,
    bind,
    done,
    error,
    execute,
    parameter,
    parse,
    probe_answer,
    query,
    ready,
)


async def test_a_path_is_set_in_a_pipeline() -> None:
    stage = Stage()
    stage.client(parse("SET search_path hidden"), bind(), execute(), parse("SELECT 1"), bind(), execute(), SYNC)
    assert stage.sent() == ["P SET search_path hidden", "B", "E", "H"]
    assert stage.client_pipe.reads_nothing()
    stage.server(PARSED, BOUND, done("SET"))
    assert stage.sent() == ["probe", "probe B", "probe E", "probe C", "probe C", "H"]
    stage.server(probe_answer("hidden", sync=False))
    assert stage.sent()[0] == "fail P"
    assert not stage.client_pipe.reads_nothing()
    assert stage.heard() == ["1", "2", "C SET"]


async def test_a_failed_set_in_a_pipeline_changes_nothing() -> None:
    stage = Stage()
    stage.client(parse("SET search_path hidden"), bind(), execute(), parse("SELECT 1"), bind(), execute(), SYNC)
    stage.server(error("22023", "no"))
    assert stage.sent()[-1] == "S"
    stage.server(ready())
    stage.client(query("SELECT 1"))
    assert stage.sent() == ["Q SELECT 1"]


async def test_the_first_statement_asks_the_server_first() -> None:
    stage = Stage(fresh=True)
    stage.client(query("SELECT 1"))
    assert stage.sent() == []
    await stage.settle()
    assert stage.sent() == ["probe", "probe B", "probe E", "probe C", "probe C", "S"]
    for byte in probe_answer("hidden"):
        stage.server(bytes([byte]))
    assert stage.heard() == []
    assert stage.sent() == ["fail Q"]
    stage.server(error(), ready())
    assert stage.heard() == [REFUSED, "Z I"]


async def test_the_probe_leaves_what_the_server_says_by_itself() -> None:
    stage = Stage(fresh=True)
    stage.client(query("SELECT 1"))
    await stage.settle()
    answer = probe_answer()
    stage.server(answer[:10], parameter("TimeZone", "UTC"), answer[10:])
    assert stage.heard() == ["S"]


async def test_a_session_whose_strings_do_not_conform_ends() -> None:
    stage = Stage(fresh=True)
    stage.client(query("SELECT 1"))
    await stage.settle()
    stage.server(probe_answer(strings="off"))
    assert stage.heard()[0].startswith("E 58000 gateway: standard_conforming_strings")
    assert stage.client_pipe.closed
    await stage.end()
