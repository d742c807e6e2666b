"""What each message of the server means for the ledger, the session and the client."""

import pytest

from tests.proxy.postgres.playbook import (
    BOUND,
    CLOSED,
    COLUMNS,
    COPY_IN,
    EMPTY,
    FLUSH,
    PARSED,
    REFUSED,
    SUSPENDED,
    SYNC,
    Stage,
    bind,
    close,
    done,
    error,
    execute,
    frame,
    parameter,
    parse,
    query,
    ready,
    row,
)


async def test_a_fatal_error_is_never_replaced() -> None:
    stage = Stage()
    stage.client(query("forbidden"))
    stage.server(error("57P01", "terminating", "FATAL"))
    stage.conversation.server_side.eof_received()
    assert stage.heard() == ["E 57P01 terminating"]
    assert '"code":"57P01"' in stage.log.ends()[0]
    await stage.end()


async def test_several_statements_in_one_query() -> None:
    stage = Stage()
    stage.client(query("SELECT 1; INSERT; SELECT 3"))
    stage.server(COLUMNS, row(), done(), done("INSERT 0 5"))
    stage.server(error("22012", "division by zero"), ready())
    assert stage.log.kinds() == ["statement"] * 3 + ["statement.end"] * 3
    assert ['"rows":1' in stage.log.ends()[0], '"rows":5' in stage.log.ends()[1]] == [True, True]
    assert "22012" in stage.log.ends()[2]
    stage.client(query("SELECT 1; forbidden"))
    assert stage.sent()[-1] == "fail Q"


async def test_an_empty_query() -> None:
    stage = Stage()
    stage.client(query(""))
    stage.server(EMPTY, ready())
    assert stage.heard() == ["I", "Z I"]
    assert stage.log.kinds() == ["statement", "statement.end"]


@pytest.mark.parametrize("answers", [(done(), done()), (ready(),), (PARSED,), (COLUMNS, row(), frame("V")), (frame("K"),)])
async def test_answers_that_do_not_fit_end_the_session(answers: tuple[bytes, ...]) -> None:
    stage = Stage()
    stage.client(query("SELECT 1"))
    stage.server(*answers)
    assert stage.client_pipe.closed
    assert stage.heard()[-1].startswith("E 08P01")
    await stage.end()
    assert stage.log.kinds()[-1] == "session.close"


async def test_an_answer_that_nobody_asked_for_ends_the_session() -> None:
    stage = Stage()
    stage.server(row())
    assert stage.heard() == ["E 08P01 gateway: lost track of the server's answers, connection closed"]
    await stage.end()


async def test_what_the_server_skips_is_not_sent_and_not_recorded() -> None:
    stage = Stage()
    stage.client(parse("forbidden"), FLUSH)
    assert stage.sent() == ["fail P", "H"]
    stage.server(error())
    assert stage.heard() == [REFUSED]
    stage.client(query("SELECT 1"), parse("SELECT 1"), bind(), execute(), frame("d", b"x"), FLUSH)
    assert stage.sent() == []
    stage.client(SYNC, query("SELECT 2"))
    assert stage.sent() == ["S", "Q SELECT 2"]
    stage.server(ready())
    assert stage.log.kinds() == ["statement", "statement.end", "statement"]


async def test_a_portal_is_suspended() -> None:
    stage = Stage()
    stage.client(query("BEGIN"))
    stage.server(done("BEGIN"), ready("T"))
    stage.client(parse("SELECT 1"), bind("p"), execute("p", 2), FLUSH)
    stage.server(PARSED, BOUND, row(), row(), SUSPENDED)
    stage.client(execute("p", 2), close("p", "P"), SYNC)
    stage.server(row(), done(), CLOSED, ready("T"))
    assert [end[: end.index(",")] for end in stage.log.ends()] == ['"rows":0', '"rows":2', '"rows":1']
    assert stage.conversation.names.portals == {}


async def test_an_error_in_the_middle_of_copy() -> None:
    stage = Stage()
    stage.client(parse("COPY"), bind(), execute(), SYNC)
    stage.server(PARSED, BOUND, COPY_IN)
    stage.client(frame("d", b"bad\n"))
    stage.server(error("22P02", "bad"))
    stage.sent()
    stage.client(frame("d", b"more\n"), frame("c"), SYNC)
    assert stage.sent() == ["S"]
    stage.server(ready())
    assert stage.heard()[-2:] == ["E 22P02 bad", "Z I"]


async def test_notifications_and_parameters_any_time() -> None:
    stage = Stage()
    stage.server(frame("A", b"\0\0\0\1c\0p\0"), parameter("TimeZone", "UTC"), frame("N", b"SNOTICE\0C00000\0Mhi\0\0"))
    assert stage.heard() == ["A", "S", "N hi"]
