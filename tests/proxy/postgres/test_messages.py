"""What each message of the client becomes: judged, refused, forwarded, dropped."""

from gateway.model.decision import Outcome
from tests.proxy.postgres.playbook import (
    BATCH,
    BOUND,
    COLUMNS,
    COPY_IN,
    NO_DATA,
    PARSED,
    REFUSED,
    SYNC,
    Stage,
    bind,
    close,
    describe,
    done,
    error,
    execute,
    frame,
    parse,
    query,
    ready,
    row,
)


async def test_a_refused_query() -> None:
    stage = Stage()
    stage.client(query("forbidden"))
    assert stage.sent() == ["fail Q"]
    stage.server(error(), ready("E"))
    assert stage.heard() == [REFUSED, "Z E"]
    assert stage.log.kinds() == ["statement", "statement.end"]
    assert '"code":"42501"' in stage.log.ends()[0]


async def test_a_refused_parse_in_a_pipeline() -> None:
    stage = Stage()
    stage.client(parse("SELECT 1"), *BATCH[:3], parse("forbidden"), *BATCH[:3], parse("SELECT 2"), *BATCH)
    assert stage.sent() == ["P SELECT 1", "B", "D", "E", "fail P", "B", "D", "E", "P SELECT 2", "B", "D", "E", "S"]
    stage.server(PARSED, BOUND, COLUMNS, row(), done(), error(), ready())
    assert stage.heard() == ["1", "2", "T", "D", "C SELECT 1", REFUSED, "Z I"]
    stage.client(parse("SELECT 3"), *BATCH)
    stage.server(PARSED, BOUND, COLUMNS, row(), done(), ready())
    assert stage.heard() == ["1", "2", "T", "D", "C SELECT 1", "Z I"]


async def test_names_are_taken_back_with_what_failed() -> None:
    stage = Stage()
    stage.client(parse("SELECT 1", "s"), SYNC)
    stage.server(PARSED, ready())
    stage.client(parse("SELECT 2", "s"), close("s"), parse("SELECT 3", "t"), SYNC)
    stage.server(error("42P05", "prepared statement already exists"), ready())
    names = stage.conversation.names
    assert {name: item.text for name, item in names.statements.items()} == {b"s": "SELECT 1"}
    assert names.text_size == len("SELECT 1")


async def test_a_bind_to_nothing() -> None:
    stage = Stage()
    stage.client(bind("", "nonesuch"), execute("nonesuch"), SYNC)
    assert stage.sent()[0] == "fail P"
    stage.server(error(), ready())
    assert stage.heard() == ['E 26000 prepared statement "nonesuch" does not exist', "Z I"]


async def test_a_revoked_statement_is_refused_at_its_execution() -> None:
    stage = Stage()
    stage.client(parse("SELECT 1", "s"), bind("p", "s"), SYNC)
    stage.server(PARSED, BOUND, ready("T"))
    stage.sent()
    stage.script.everything = Outcome.DENY
    stage.judge.changed()
    stage.client(execute("p"), SYNC)
    assert stage.sent() == ["fail P", "S"]
    stage.server(error(), ready("E"))
    stage.client(bind("", "s"), execute(), SYNC)
    assert stage.sent()[0] == "fail P"


async def test_copy_data_sent_before_the_server_asked() -> None:
    stage = Stage()
    stage.client(parse("COPY"), bind(), execute(), SYNC, frame("d", b"1\n"), frame("c"), SYNC)
    stage.server(PARSED, BOUND, COPY_IN)
    stage.server(done("COPY 1"), ready())
    assert stage.heard() == ["1", "2", "G", "C COPY 1", "Z I"]
    assert not stage.conversation.ledger.entries
    stage.client(query("SELECT 1"), frame("f", b"late\0"), query("SELECT 2"))
    stage.server(done(), ready(), done(), ready())
    assert not stage.conversation.ledger.entries
    assert not stage.conversation.ended


async def test_describe_before_bind() -> None:
    stage = Stage()
    stage.client(parse("SELECT $1", "s"), describe("s", "S"), SYNC)
    stage.server(PARSED, frame("t", b"\0\0"), COLUMNS, ready())
    stage.client(parse("SET search_path public", "u"), describe("u", "S"), SYNC)
    stage.server(PARSED, frame("t", b"\0\0"), NO_DATA, ready())
    assert stage.heard() == ["1", "t", "T", "Z I", "1", "t", "n", "Z I"]
    assert stage.log.records == []


async def test_sql_prepare_and_protocol_share_names() -> None:
    stage = Stage()
    stage.client(query("PREPARE p AS forbidden"))
    stage.server(done("PREPARE"), ready())
    stage.sent()
    stage.client(query("EXECUTE p"))
    assert stage.sent() == ["fail Q"]
    stage.server(error(), ready())
    stage.client(bind("", "p"), SYNC)
    assert stage.sent()[0] == "fail P"
    stage.server(error(), ready())
    stage.client(parse("SELECT 1", "q"), SYNC)
    stage.server(PARSED, ready())
    stage.sent()
    stage.client(query("EXECUTE q"))
    assert stage.sent() == ["Q EXECUTE q"]
