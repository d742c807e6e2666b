"""HTTP connections that take their time: a request that does not arrive whole in time ends its connection.

uvicorn waits for ever for the first request of a connection, for a header that comes a byte a minute, and for the rest of a
body; a thousand such clients would be all that it serves.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 30.0
WAITING_LIMIT = 500


class TimedProtocol(H11Protocol):
    """`seconds` for each request, from the connection's beginning or its first byte. Of more than `WAITING_LIMIT` connections
    whose request is not there yet, the one that waits longest makes room."""

    seconds = REQUEST_SECONDS
    _waiting: "dict[TimedProtocol, None]" = {}  # noqa: RUF012 -- one for all connections of the process

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()
        if len(self._waiting) > WAITING_LIMIT:
            next(iter(self._waiting))._give_up()

    def data_received(self, data: bytes) -> None:
        self._wait()
        super().data_received(data)
        if self._is_whole():
            self._arrived()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def _is_whole(self) -> bool:
        """Nothing more of a request is awaited: h11 has seen its end, and nothing of another behind it."""
        return self.conn.their_state not in (h11.IDLE, h11.SEND_BODY)

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self._give_up)
            self._waiting[self] = None

    def _arrived(self) -> None:
        self._waiting.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._arrived()
        self.transport.abort()
