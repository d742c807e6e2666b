"""The way to the client: nothing passes before the record of the newest statement is durable, and no more is held than a bound.

Both ends push back: a client that reads slowly and a log that writes slowly pause the server's socket.
"""

import time
from collections.abc import Callable
from typing import Final

from gateway.model.errors import AuditUnavailable
from gateway.proxy.rooms import Audit, Waits
from gateway.proxy.valve import Valve

_HOLD_LIMIT: Final = 512 * 1024  # bytes that may wait for the log before the server is paused
WRITE_LIMIT: Final = 512 * 1024  # bytes that may wait for the client's socket

_clock = time.perf_counter
HELD: Final = 1
SLOW_CLIENT: Final = 2


class Outlet:
    """`gate` is the position that must be durable before what comes now may pass."""

    __slots__ = ("_audit", "_close", "_failed", "_held", "_since", "_size", "_source", "_waits", "_write", "gate")

    def __init__(
        self,
        audit: Audit,
        write: Callable[[bytes], None],
        source: Valve,
        failed: Callable[[AuditUnavailable], None],
        waits: Waits | None = None,
    ) -> None:
        self._audit = audit
        self._write = write
        self._source = source
        self._failed = failed
        self._waits = waits
        self._since = 0.0  # when what is held longest came
        self._held: list[tuple[int, bytes]] = []
        self._size = 0
        self._close: Callable[[], None] | None = None
        self.gate = 0

    @property
    def empty(self) -> bool:
        return not self._held

    def send(self, data: bytes) -> None:
        if not self._held and self._audit.durable_position >= self.gate:
            self._write(data)
            return
        self._held.append((self.gate, data))
        self._size += len(data)
        if len(self._held) == 1:
            self._since = _clock()
            self._audit.call_when_durable(self.gate, self._durable)
        elif self._size > _HOLD_LIMIT:
            self._source.pause(HELD)

    def last(self, data: bytes, close: Callable[[], None]) -> None:
        """What the client hears last, behind everything that is held; then `close` is called."""
        if not self._held:
            if data:
                self._write(data)
            close()
            return
        self._held.append((self.gate, data))
        self._close = close

    def _durable(self, error: AuditUnavailable | None) -> None:
        if error is not None:
            self._held.clear()
            self._failed(error)
            self._closed()
            return
        if self._waits is not None:
            self._waits(_clock() - self._since)
        held = self._held
        if len(held) == 1:  # what nearly always is
            data = held[0][1]
            self._held = []
            self._size = 0
            self._write(data)
            return
        position = self._audit.durable_position
        ready = 0
        while ready < len(held) and held[ready][0] <= position:
            ready += 1
        out = b"".join([data for _, data in held[:ready]])
        del held[:ready]
        self._size -= len(out)
        if self._size <= _HOLD_LIMIT:
            self._source.resume(HELD)
        self._write(out)
        if held:
            self._since = _clock()
            self._audit.call_when_durable(held[0][0], self._durable)
        else:
            self._closed()

    def _closed(self) -> None:
        if self._close is not None:
            self._close()
