"""Transcripts of the conversation, without sockets, servers or policies."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.change import IssueRef
from gateway.model.decision import Outcome
from tests.proxy.postgres.playbook import (
    BATCH,
    BOUND,
    COLUMNS,
    COPY_IN,
    FLUSH,
    PARSED,
    SYNC,
    TERMINATE,
    Stage,
    bind,
    done,
    error,
    execute,
    frame,
    parse,
    query,
    ready,
    row,
)


async def test_a_query_and_its_answer() -> None:
    stage = Stage()
    stage.client(query("SELECT 1"))
    assert stage.sent() == ["Q SELECT 1"]
    stage.server(COLUMNS, row(), row(), done("SELECT 2"), ready())
    assert stage.heard() == ["T", "D", "D", "C SELECT 2", "Z I"]
    assert stage.log.kinds() == ["statement", "statement.end"]
    assert '"rows":2' in stage.log.ends()[0]


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
