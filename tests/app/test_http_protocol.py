"""Slow and silent HTTP clients, against a real server on a port."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from gateway.app import http_protocol
from gateway.app.http_protocol import TimedProtocol


class Hasty(TimedProtocol):
    seconds = 0.4


async def answer(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(answer, port=0, http=Hasty, lifespan="off", log_config=None))
    config = server.config
    config.load()
    listening = config.bind_socket()
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await task


async def _until_closed(port: int, *pieces: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """What came back until the connection ended, and after how many seconds that was."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        data = await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        data = b""
    finally:
        writer.close()
    return data, time.monotonic() - began


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((), id="nothing"),
        pytest.param((b"GET / HTTP/1.1\r\nHost: a\r\n",), id="half a header"),
        pytest.param((b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",), id="half a body"),
        pytest.param((b"GET / HTTP/1.1\r\nHost: a\r\n", *([b"x: y\r\n"] * 12)), id="a header that never ends"),
        pytest.param((b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n", *([b"a"] * 12)), id="a body in drops"),
    ],
)
async def test_a_request_that_is_not_whole_in_time_ends(port: int, pieces: tuple[bytes, ...]) -> None:
    data, seconds = await _until_closed(port, *pieces, pause=0.05)
    assert b"200" not in data
    assert 0.3 < seconds < 3


async def test_whole_requests_are_answered_one_after_the_other(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(4):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab")
        await asyncio.sleep(0.15)
        writer.write(b"c")
        assert (await asyncio.wait_for(reader.readuntil(b"ok"), 5)).startswith(b"HTTP/1.1 200")
    assert not TimedProtocol._waiting
    writer.close()


async def test_of_too_many_that_wait_the_oldest_makes_room(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "WAITING_LIMIT", 2)
    monkeypatch.setattr(Hasty, "seconds", 30.0)
    clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
    for reader, _ in clients[:3]:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await asyncio.wait_for(reader.readexactly(1), 5)
    reader, writer = clients[4]
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert await asyncio.wait_for(reader.readuntil(b"ok"), 5)
    for _, writer in clients:
        writer.close()
