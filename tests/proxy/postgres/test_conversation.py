"""Transcripts of the conversation, without sockets, servers or policies."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import Limits
from gateway.model.change import IssueRef
from gateway.model.decision import Outcome
from tests.proxy.postgres.playbook import (
    BOUND,
    CLOSED,
    COLUMNS,
    COPY_IN,
    EMPTY,
    FLUSH,
    NO_DATA,
    PARSED,
    SUSPENDED,
    SYNC,
    TERMINATE,
    Stage,
    bind,
    close,
    describe,
    done,
    error,
    execute,
    frame,
    parameter,
    parse,
    probe_answer,
    query,
    ready,
    row,
)

REFUSED = "E 42501 gateway: permission denied: select on pg1/shop/public/secret"
BATCH = (bind(), describe(), execute(), SYNC)


async def test_a_query_and_its_answer() -> None:
    stage = Stage()
    stage.client(query("SELECT 1"))
    assert stage.sent() == ["Q SELECT 1"]
    stage.server(COLUMNS, row(), row(), done("SELECT 2"), ready())
    assert stage.heard() == ["T", "D", "D", "C SELECT 2", "Z I"]
    assert stage.log.kinds() == ["statement", "statement.end"]
    assert '"rows":2' in stage.log.ends()[0]


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


async def test_the_result_waits_for_its_record_and_the_server_does_not() -> None:
    stage = Stage()
    stage.log.held = True
    stage.client(query("SELECT 1"))
    assert stage.sent() == ["Q SELECT 1"]
    stage.server(COLUMNS, row(), done(), ready())
    assert stage.heard() == []
    stage.client(query("SELECT 2"))
    stage.log.sync(1)
    assert stage.heard() == ["T", "D", "C SELECT 1", "Z I"]
    stage.server(COLUMNS, row(), done(), ready())
    assert stage.heard() == []
    stage.log.sync()
    assert stage.heard() == ["T", "D", "C SELECT 1", "Z I"]


async def test_what_waits_is_bounded() -> None:
    stage = Stage()
    stage.log.held = True
    stage.client(query("SELECT 1"))
    stage.server(COLUMNS)
    for _ in range(20):
        stage.server(row("x" * 40_000))
    assert stage.server_pipe.reads_nothing()
    stage.log.sync()
    assert not stage.server_pipe.reads_nothing()
    assert len(stage.heard()) == 21


async def test_no_record_no_statement() -> None:
    stage = Stage()
    stage.log.failed = True
    stage.client(query("SELECT 1"))
    assert stage.sent() == ["fail Q"]
    stage.server(error(), ready())
    assert stage.heard() == ["E 58030 gateway: audit log unavailable, statement refused", "Z I"]
    stage.client(parse("SELECT 1"), *BATCH)
    assert stage.sent() == ["P SELECT 1", "B", "D", "fail P", "S"]
    stage.server(PARSED, BOUND, COLUMNS, error(), ready())
    assert stage.heard() == ["1", "2", "T", "E 58030 gateway: audit log unavailable, statement refused", "Z I"]


async def test_a_log_that_fails_while_a_result_waits_ends_the_session() -> None:
    stage = Stage()
    stage.log.held = True
    stage.client(query("SELECT 1"))
    stage.server(COLUMNS, row("secret"), done(), ready())
    stage.log.fail()
    assert stage.heard() == ["E 58030 gateway: audit log unavailable, connection closed"]
    assert stage.client_pipe.closed
    await stage.end()


async def test_a_refused_query() -> None:
    stage = Stage()
    stage.client(query("forbidden"))
    assert stage.sent() == ["fail Q"]
    stage.server(error(), ready("E"))
    assert stage.heard() == [REFUSED, "Z E"]
    assert stage.log.kinds() == ["statement", "statement.end"]
    assert '"code":"42501"' in stage.log.ends()[0]


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


async def test_a_refused_parse_in_a_pipeline() -> None:
    stage = Stage()
    stage.client(parse("SELECT 1"), *BATCH[:3], parse("forbidden"), *BATCH[:3], parse("SELECT 2"), *BATCH)
    assert stage.sent() == ["P SELECT 1", "B", "D", "E", "fail P", "B", "D", "E", "P SELECT 2", "B", "D", "E", "S"]
    stage.server(PARSED, BOUND, COLUMNS, row(), done(), error(), ready())
    assert stage.heard() == ["1", "2", "T", "D", "C SELECT 1", REFUSED, "Z I"]
    stage.client(parse("SELECT 3"), *BATCH)
    stage.server(PARSED, BOUND, COLUMNS, row(), done(), ready())
    assert stage.heard() == ["1", "2", "T", "D", "C SELECT 1", "Z I"]


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


async def test_an_unknown_relation_is_looked_for_once() -> None:
    stage = Stage()
    stage.script.unknown.add("fresh")
    stage.client(query("SELECT fresh"))
    assert stage.sent() == []
    await stage.settle()
    assert stage.sent() == ["Q SELECT fresh"]
    assert stage.script.refreshes == 1


async def test_a_changed_catalog_is_read_when_the_transaction_ends() -> None:
    stage = Stage()
    stage.client(query("BEGIN; DDL"))
    stage.server(done("BEGIN"), done("CREATE TABLE"), ready("T"))
    stage.client(query("SELECT 1"))
    stage.server(done(), ready("T"))
    stage.client(query("COMMIT"))
    stage.server(done("COMMIT"), ready())
    assert stage.script.refreshes == 0
    stage.client(query("SELECT 1"))
    await stage.settle()
    assert stage.script.refreshes == 1
    assert stage.sent()[-1] == "Q SELECT 1"


async def test_copy_in() -> None:
    stage = Stage()
    stage.client(query("COPY"))
    stage.server(COPY_IN)
    stage.client(frame("d", b"1\n" * 10), FLUSH, SYNC, frame("d", b"2\n"))
    stage.client(frame("c"))
    stage.server(done("COPY 11"), ready())
    assert stage.heard() == ["G", "C COPY 11", "Z I"]
    assert '"rows":11,"bytes":22' in stage.log.ends()[0]


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


async def test_a_large_field_is_not_collected() -> None:
    stage = Stage()
    stage.client(query("SELECT 1"))
    stage.server(COLUMNS)
    big = row("x" * 3_000_000)
    for start in range(0, len(big), 100_000):
        stage.server(big[start : start + 100_000])
        assert stage.conversation.server_side._rest == b""
    stage.server(done(), ready())
    assert stage.heard() == ["T", "D", "C SELECT 1", "Z I"]
    assert '"rows":1,"bytes":3000006' in stage.log.ends()[0]


async def test_a_slow_client_pauses_the_server_and_a_slow_server_the_client() -> None:
    stage = Stage()
    stage.conversation.client_side.pause_writing()
    assert stage.server_pipe.reads_nothing()
    stage.conversation.client_side.resume_writing()
    assert not stage.server_pipe.reads_nothing()
    stage.conversation.server_side.pause_writing()
    assert stage.client_pipe.reads_nothing()
    stage.conversation.server_side.resume_writing()
    assert not stage.client_pipe.reads_nothing()


async def test_the_server_dies_in_the_middle() -> None:
    stage = Stage()
    stage.client(query("SELECT 1"))
    stage.server(COLUMNS, row(), row()[:7])
    stage.conversation.server_side.connection_lost(None)
    assert stage.heard() == ["T", "D", "E 08006 gateway: the server closed the connection unexpectedly"]
    assert '"rows":1' in stage.log.ends()[0]
    assert '"code":"08006"' in stage.log.ends()[0]
    await stage.end()
    assert stage.log.kinds()[-1] == "session.close"


async def test_the_client_vanishes_in_the_middle() -> None:
    stage = Stage()
    stage.client(query("SELECT 1"))
    stage.server(COLUMNS, row())
    stage.conversation.client_side.connection_lost(ConnectionResetError())
    await stage.end()
    assert stage.cancelled == 1
    assert stage.server_pipe.aborted
    assert '"rows":1' in stage.log.ends()[0]


async def test_a_client_that_says_goodbye() -> None:
    stage = Stage()
    stage.client(query("SELECT 1"), TERMINATE)
    assert stage.sent() == ["Q SELECT 1", "X"]
    stage.conversation.client_side.connection_lost(None)
    stage.server(COLUMNS, row(), done(), ready())
    stage.conversation.server_side.connection_lost(None)
    await stage.end()
    assert stage.cancelled == 0
    assert '"error"' not in stage.log.ends()[0]


async def test_a_revoked_connection_ends_even_when_idle() -> None:
    stage = Stage()
    stage.script.connect = Outcome.DENY
    stage.judge.changed()
    assert stage.heard() == ["E 57P01 gateway: permission to connect to pg1/shop was revoked"]
    assert stage.client_pipe.closed
    await stage.end()


async def test_a_warning_comes_as_a_notice() -> None:
    stage = Stage()
    stage.client(query("warned"))
    assert stage.heard() == ["N gateway: careful"]
    assert stage.sent() == ["Q warned"]


async def test_notifications_and_parameters_any_time() -> None:
    stage = Stage()
    stage.server(frame("A", b"\0\0\0\1c\0p\0"), parameter("TimeZone", "UTC"), frame("N", b"SNOTICE\0C00000\0Mhi\0\0"))
    assert stage.heard() == ["A", "S", "N hi"]


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


class Desk:
    """Gives numbers, and releases once."""

    def __init__(self, *, released: bool = False) -> None:
        self.released = released
        self.told: list[str | None] = []
        self.number = 12

    async def refused(self, *_: Any) -> IssueRef:
        return IssueRef(12, "http://gateway.test/12")

    async def release(self, *_: Any) -> Any:
        released, self.released = self.released, False
        return self if released else None

    async def finished(self, error: str | None) -> None:
        self.told.append(error)

    async def lost(self, reason: str) -> None:
        self.told.append(f"lost: {reason}")


async def test_a_statement_under_review() -> None:
    stage = Stage(changes=Desk())
    stage.client(query("propose"), query("SELECT 1"))
    assert stage.sent() == []
    assert stage.client_pipe.reads_nothing()
    await stage.settle()
    assert stage.sent() == ["fail Q", "Q SELECT 1"]
    stage.server(error(), ready())
    assert stage.heard() == ["E 42501 gateway: propose on pg1/shop needs an approved change issue: #12", "Z I"]
    assert '"issue":12' in stage.log.records[0][1]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((done("ALTER TABLE"), ready()), None),
        ((error("42P07", "exists"), ready()), "exists"),
    ],
)
async def test_an_approved_statement(answers: tuple[bytes, ...], told: str | None) -> None:
    desk = Desk(released=True)
    stage = Stage(changes=desk)
    stage.client(query("propose"))
    await stage.settle()
    assert stage.sent() == ["Q propose"]
    stage.server(*answers)
    await stage.settle()
    assert desk.told == [told]
    stage.client(query("propose"))
    await stage.settle()
    assert stage.sent() == ["fail Q"]


async def test_an_approved_statement_whose_answer_never_came() -> None:
    desk = Desk(released=True)
    stage = Stage(changes=desk)
    stage.client(query("propose"))
    await stage.settle()
    stage.conversation.server_side.connection_lost(None)
    await stage.end()
    assert desk.told == ["lost: gateway: the server closed the connection unexpectedly"]


async def test_an_approved_statement_that_is_parsed_and_never_executed_is_given_back() -> None:
    desk = Desk(released=True)
    stage = Stage(changes=desk)
    stage.client(parse("propose", "s"), SYNC)
    await stage.settle()
    stage.server(PARSED, ready())
    await stage.end()
    assert desk.told == ["the statement was not run"]


async def test_an_approved_statement_in_the_extended_protocol_runs_once() -> None:
    desk = Desk(released=True)
    stage = Stage(changes=desk)
    stage.client(parse("propose", "s"), bind("", "s"), execute(), SYNC)
    await stage.settle()
    assert stage.sent() == ["P propose", "B", "E", "S"]
    stage.server(PARSED, BOUND, done("ALTER TABLE"), ready())
    await stage.settle()
    assert desk.told == [None]
    stage.client(bind("", "s"), execute(), SYNC)
    await stage.settle()
    assert stage.sent()[0] == "fail P"


CLIENT = b"".join(
    (
        query("SELECT 1"),
        parse("SELECT 2"),
        *BATCH,
        query("forbidden"),
        parse("forbidden", "f"),
        bind("", "f"),
        SYNC,
        query("SELECT 1; SELECT 2"),
    )
)
SERVER = b"".join(
    (
        COLUMNS,
        row(),
        done(),
        ready(),
        PARSED,
        BOUND,
        COLUMNS,
        row("x" * 300),
        row(),
        done("SELECT 2"),
        ready(),
        error(),
        ready(),
        error(),
        ready(),
        COLUMNS,
        done("SELECT 0"),
        COLUMNS,
        row(),
        done(),
        ready(),
    )
)


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % len(data) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(bounds) if start < end]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=12), st.lists(st.integers(0, 10_000), max_size=12))
async def test_it_does_not_matter_where_the_bytes_are_cut(client: list[int], server: list[int]) -> None:
    whole, cut = Stage(), Stage()
    whole.client(CLIENT)
    whole.server(SERVER)
    for part in _cut(CLIENT, client):
        cut.client(part)
    for part in _cut(SERVER, server):
        cut.server(part)
    assert cut.sent() == whole.sent()
    assert cut.heard() == whole.heard()
    assert [kind for kind, _ in cut.log.records] == [kind for kind, _ in whole.log.records]
    assert not cut.conversation.ledger.entries


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.binary(min_size=1, max_size=200))
async def test_any_bytes_end_in_an_error_or_wait(client: bytes, server: bytes) -> None:
    """Garbage from either side: no exception escapes, nothing is written behind the end, memory holds what came."""
    stage = Stage()
    stage.client(client)
    stage.server(server)
    stage.client(client)
    await stage.settle()
    assert sum(map(len, stage.conversation.client_side._pieces)) <= 2 * len(client)
    assert len(stage.conversation.server_side._rest) <= len(server)
    await stage.end() if stage.conversation.ended else None


@pytest.mark.parametrize("piece", [1, 3, 7, 19, 1_000])
async def test_copy_out_is_counted_and_passed_in_any_pieces(piece: int) -> None:
    stage = Stage()
    stage.client(query("COPY t TO STDOUT"))
    copied = [frame("d", b"x" * length) for length in (0, 1, 40, 7)]
    answer = (
        frame("H", b"\0\0\1\0\0")
        + b"".join(copied)
        + frame("N", b"SNOTICE\0\0")
        + copied[1]
        + frame("c")
        + done("COPY 5")
        + ready()
    )
    for start in range(0, len(answer), piece):
        stage.server(answer[start : start + piece])
    assert stage.client_pipe.take() == answer
    assert '"bytes":49' in stage.log.ends()[0]
    await stage.end()
