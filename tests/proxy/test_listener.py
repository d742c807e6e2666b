import asyncio
import socket

import pytest

from gateway.model.errors import ConfigurationError
from gateway.proxy.listener import Incoming, Listener, peek


class Door:
    """Lets everybody in, answers with whether it was overloaded, then waits for the client to leave."""

    def __init__(self) -> None:
        self.first_bytes: list[int | None] = []
        self.addresses: list[str] = []

    async def serve(self, incoming: Incoming) -> None:
        loop = asyncio.get_running_loop()
        incoming.settled()
        self.addresses.append(incoming.address)
        await loop.sock_sendall(incoming.socket, b"full" if incoming.overloaded else b"free")
        self.first_bytes.append(await peek(incoming.socket))
        while await loop.sock_recv(incoming.socket, 100):
            continue
        incoming.socket.close()


async def test_the_limit_is_told_and_beyond_it_connections_are_dropped() -> None:
    listener = Listener("127.0.0.1", 0, Door().serve, connections=2)
    await listener.start()
    clients = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(70)]
    answers = [await asyncio.wait_for(reader.read(4), 5) for reader, _ in clients]
    assert answers.count(b"free") == 2
    assert answers.count(b"full") == 64
    assert answers.count(b"") == 4
    assert listener.connections == 66
    for _, writer in clients:
        writer.close()
    assert await listener.wait_idle(5)
    await listener.close()


async def test_peek_leaves_the_byte_where_it_is() -> None:
    door = Door()
    listener = Listener("127.0.0.1", 0, door.serve, connections=9)
    await listener.start()
    _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"\x16")
    await writer.drain()
    writer.close()
    _, silent = await asyncio.open_connection("127.0.0.1", listener.port)
    silent.close()
    await asyncio.sleep(0.05)
    assert await listener.wait_idle(5)
    assert sorted(door.first_bytes, key=str) == [22, None]
    assert door.addresses == ["127.0.0.1"] * 2
    await listener.close()


async def test_a_closed_port_takes_nobody_and_lets_the_others_finish() -> None:
    listener = Listener("127.0.0.1", 0, Door().serve, connections=9)
    await listener.start()
    port = listener.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read(4) == b"free"
    listener.stop_accepting()
    await asyncio.sleep(0.05)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    assert not await listener.wait_idle(0.05)
    writer.close()
    assert await listener.wait_idle(5)


async def test_close_ends_every_connection() -> None:
    listener = Listener("127.0.0.1", 0, Door().serve, connections=9)
    await listener.start()
    await asyncio.open_connection("127.0.0.1", listener.port)
    await asyncio.sleep(0.05)
    await asyncio.wait_for(listener.close(), 5)
    assert listener.connections == 0


async def test_a_port_in_use_is_a_configuration_error_unless_it_is_shared() -> None:
    one = Listener("127.0.0.1", 0, Door().serve, connections=9, reuse_port=True)
    await one.start()
    with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{one.port}: Address already in use"):
        await Listener("127.0.0.1", one.port, Door().serve, connections=9).start()
    other = Listener("127.0.0.1", one.port, Door().serve, connections=9, reuse_port=True)
    await other.start()
    await one.close()
    await other.close()


async def test_a_defect_in_one_connection_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(incoming: Incoming) -> None:
        incoming.socket.close()
        raise ZeroDivisionError

    listener = Listener("127.0.0.1", 0, broken, connections=9)
    await listener.start()
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", listener.port)):
            await asyncio.sleep(0.05)
    assert "a connection ended with a defect of the gateway" in caplog.text
    assert listener.connections == 0
    await listener.close()


async def test_who_logs_in_for_the_longest_makes_room_and_who_is_in_stays() -> None:
    ended: list[int] = []
    settled: list[Incoming] = []

    async def serve(incoming: Incoming) -> None:
        number = len(settled)
        settled.append(incoming)
        try:
            if number == 0:
                incoming.settled()
            await asyncio.get_running_loop().sock_sendall(incoming.socket, b"full" if incoming.overloaded else b"free")
            await asyncio.Event().wait()
        finally:
            ended.append(number)
            incoming.socket.close()

    listener = Listener("127.0.0.1", 0, serve, connections=3)
    await listener.start()
    clients = []
    for _ in range(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        assert await asyncio.wait_for(reader.read(4), 5) == b"free"
        clients.append((reader, writer))
    assert ended == [1, 2, 3, 4, 5, 6, 7]
    assert (listener.connections, listener.evictions) == (3, 7)
    assert await asyncio.wait_for(clients[1][0].read(1), 5) == b""
    await listener.close()
    assert sorted(ended) == list(range(10))
    for _, writer in clients:
        writer.close()
