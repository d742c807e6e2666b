"""The floor: bytes from one socket to another in Python on uvloop, understanding nothing.

`python -m benchmarks.forwarder PORT SERVER_HOST SERVER_PORT`
"""

import asyncio
import sys
from typing import cast

import uvloop


class Side(asyncio.Protocol):
    """One of two connected sides. What comes before the other is there waits."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: Side | None = None
        self.early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's

    def data_received(self, data: bytes) -> None:
        other = self.other
        if other is not None and other.transport is not None:
            other.transport.write(data)
        else:
            self.early += data

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


async def main(port: int, host: str, server_port: int) -> None:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def accept() -> Side:
        client = Side()
        task = loop.create_task(connect(client))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return client

    async def connect(client: Side) -> None:
        _, server = await loop.create_connection(Side, host, server_port)
        server.other, client.other = client, server
        for side in (client, server):  # PostgreSQL's clients speak first, MySQL's servers do
            if side.early and side.other is not None and side.other.transport is not None:
                side.other.transport.write(side.early)

    listening = await loop.create_server(accept, "127.0.0.1", port)
    await listening.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
