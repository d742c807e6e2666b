"""The server's bytes, in any pieces: counted and passed on as they came."""

import pytest

from tests.proxy.postgres.playbook import COLUMNS, Stage, done, frame, query, ready, row


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
