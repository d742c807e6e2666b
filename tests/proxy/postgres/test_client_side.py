"""The client's bytes, in any pieces: what is collected, and what never is."""

from gateway.config import Limits
from tests.proxy.postgres.playbook import SYNC, Stage, bind, done, error, execute, parse, query, ready


async def test_a_statement_over_the_limit_is_dropped_as_it_comes() -> None:
    stage = Stage(limits=Limits(statement_bytes=2_000))
    big = query("SELECT '" + "x" * 10_000 + "'")
    for start in range(0, len(big), 700):
        stage.client(big[start : start + 700])
    stage.client(query("SELECT 1"))
    assert stage.sent() == ["fail Q", "Q SELECT 1"]
    stage.server(error(), ready(), done(), ready())
    assert stage.heard()[:2] == ["E 54000 gateway: statement is larger than 2000 bytes", "Z I"]
    assert len(stage.log.records[0][1]) < 1_500


async def test_values_of_any_size_are_not_collected() -> None:
    stage = Stage()
    stage.client(parse("SELECT 1"))
    big = bind("", "", b"x" * 3_000_000)
    for start in range(0, len(big), 100_000):
        stage.client(big[start : start + 100_000])
        assert stage.conversation.client_side._pieces == []
    stage.client(execute(), SYNC)
    assert stage.sent() == ["P SELECT 1", "B", "E", "S"]
