"""What the gateway answers itself: the server gets a statement without rows, the client the rows, in the server's own order."""

import struct
from datetime import UTC, date, datetime

import pytest

from gateway.model.own import OwnRequest, Value
from gateway.proxy.postgres.own import _cell, stand_in
from gateway.wire.postgres.backend import Column, RowDescription
from tests.proxy.postgres.duties import Answers
from tests.proxy.postgres.playbook import (
    BOUND,
    PARSED,
    SYNC,
    Stage,
    bind,
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

TEXT = "SELECT * FROM gateway.masks"
STAND_IN = 'SELECT NULL::pg_catalog.text AS "relation", NULL::pg_catalog.text AS "shown as" WHERE false'


def described(*columns: tuple[str, int], binary: bool = False) -> bytes:
    return RowDescription(tuple(Column(name.encode(), 0, 0, kind, -1, -1, int(binary)) for name, kind in columns)).encode()


MASKS = described(("relation", 25), ("shown as", 25))


def test_the_stand_in_has_the_columns_and_the_parameters() -> None:
    request = OwnRequest("limits", (('a "b"', "int8"),), parameters=("int8", "text"))
    assert stand_in(request) == (
        b'SELECT NULL::pg_catalog.int8 AS "a ""b""" WHERE false AND $1::pg_catalog.int8 IS NULL AND $2::pg_catalog.text IS NULL'
    )


async def test_a_query_is_answered_in_front_of_the_servers_completion() -> None:
    stage = Stage(own=Answers())
    stage.client(query(TEXT))
    assert stage.sent() == []  # the answer is being found
    await stage.settle()
    assert stage.sent() == [f"Q {STAND_IN}"]
    stage.server(MASKS + done("SELECT 0") + ready("T"))
    stage.log.sync()
    data = stage.client_pipe.take()
    first = frame("D", b"\0\2" + b"\0\0\0\x09customers" + b"\0\0\0\x05email")
    second = frame("D", b"\0\2" + b"\0\0\0\x08payments" + b"\xff\xff\xff\xff")
    assert data == MASKS + first + second + done("SELECT 2") + ready("T")
    assert '"rows":2' in stage.log.ends()[0]
    await stage.end()


async def test_prepared_with_a_value_and_in_binary() -> None:
    answers = Answers()
    stage = Stage(own=answers)
    value = (5).to_bytes(8, "big")
    stage.client(frame("P", b"s\0SELECT gateway.$\0" + b"\0\1" + (20).to_bytes(4, "big")))
    bound = frame("B", b"\0s\0" + b"\0\1\0\1" + b"\0\1" + b"\0\0\0\x08" + value + b"\0\1\0\1")
    stage.client(bound, describe(), execute(), SYNC)
    await stage.settle()
    sent = stage.server_pipe.take()
    columns = b'SELECT NULL::pg_catalog.int8 AS "max_rows", NULL::pg_catalog.bool AS "where" WHERE false'
    stood = frame("P", b"s\0" + columns + b" AND $1::pg_catalog.int8 IS NULL\0" + b"\0\1" + (20).to_bytes(4, "big"))
    # The answer to the client's Describe is not there yet when the rows' formats are needed: the gateway asks as well.
    assert sent == stood + bound + describe() + describe() + execute() + SYNC
    assert answers.asked == [("limits", ("public",))]
    limits = described(("max_rows", 20), ("where", 16), binary=True)
    stage.server(PARSED + BOUND + limits + limits + done("SELECT 0") + ready())
    stage.log.sync()
    rows = frame("D", b"\0\2" + b"\0\0\0\x08" + (7).to_bytes(8, "big") + b"\0\0\0\x01\x01")
    rows += frame("D", b"\0\2" + b"\xff\xff\xff\xff" + b"\0\0\0\x01\x00")
    assert stage.client_pipe.take() == PARSED + BOUND + limits + rows + done("SELECT 2") + ready()
    await stage.end()


@pytest.mark.parametrize(
    ("value", "text", "binary"),
    [
        (None, None, None),
        (True, b"t", b"\x01"),
        (-5, b"-5", (-5).to_bytes(8, "big", signed=True)),
        (0.5, b"0.5", struct.pack("!d", 0.5)),
        (datetime(2000, 1, 2, 0, 0, 0, 500_000, UTC), b"2000-01-02 00:00:00.5+00", (86_400_500_000).to_bytes(8, "big")),
        (date(2000, 1, 3), b"2000-01-03", (2).to_bytes(4, "big")),
        ("é\0", "é".encode(), "é".encode()),
    ],
)
def test_cells(value: Value, text: bytes | None, binary: bytes | None) -> None:
    for encoded, which in ((text, 0), (binary, 1)):
        whole = b"\xff\xff\xff\xff" if encoded is None else len(encoded).to_bytes(4, "big") + encoded
        assert _cell(value, which) == whole


async def test_a_portal_gives_so_many_rows_at_a_time() -> None:
    answers = Answers()
    stage = Stage(own=answers)
    stage.client(parse(TEXT), bind(), describe(), frame("E", b"\0" + (1).to_bytes(4, "big")), SYNC)
    await stage.settle()
    stage.sent()
    stage.server(PARSED + BOUND + MASKS + MASKS + done("SELECT 0") + ready("T"))
    stage.log.sync()
    first = frame("D", b"\0\2" + b"\0\0\0\x09customers" + b"\0\0\0\x05email")
    second = frame("D", b"\0\2" + b"\0\0\0\x08payments" + b"\xff\xff\xff\xff")
    assert stage.client_pipe.take() == PARSED + BOUND + MASKS + first + frame("s", b"") + ready("T")
    stage.client(execute(), SYNC)
    await stage.settle()
    stage.server(done("SELECT 0") + ready("T"))
    stage.log.sync()
    assert stage.client_pipe.take() == second + done("SELECT 1") + ready("T")
    assert len(answers.asked) == 1, "the rows are found once for a portal"
    await stage.end()


async def test_what_is_not_answered_fails_at_the_server_with_the_gateways_words() -> None:
    stage = Stage(own=Answers())
    stage.client(query("SELECT * FROM gateway.no"))
    assert stage.sent() == ["fail Q"]
    stage.server(error(), ready("E"))
    stage.log.sync()
    assert stage.heard() == ['E 42P01 relation "gateway.no" does not exist', "Z E"]
    await stage.end()


async def test_an_answer_for_a_message_that_the_server_skipped_is_nobodys() -> None:
    """The server fails at Bind while the answer for Execute is being found: the next statement has nothing to do with it."""
    stage = Stage(own=Answers())
    stage.client(parse(TEXT), bind(), execute(), SYNC)
    stage.server(PARSED, error("22P02", "invalid input"))
    await stage.settle()
    stage.server(ready())
    stage.log.sync()
    assert stage.heard() == ["1", "E 22P02 invalid input", "Z I"]
    stage.sent()
    stage.client(query("SELECT 1"))
    assert stage.sent() == ["Q SELECT 1"]
    stage.server(row(), done(), ready())
    stage.log.sync()
    assert stage.heard() == ["D", "C SELECT 1", "Z I"]
    await stage.end()
