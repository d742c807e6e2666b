"""What the client sends, frame by frame: hop over it, ask what it means, forward everything else as it came.

`data_received` tries the short way first (`quick.py`). All else goes through `_walk`; what each message means is in
`messages.py`.
"""

import asyncio
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.ledger import UNANSWERED, UNANSWERED_LIMIT
from gateway.proxy.postgres.messages import HANDLERS, KEEP, WAIT
from gateway.proxy.postgres.quick import known_batch, known_query
from gateway.proxy.postgres.refuse import Refusal
from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.frames import LARGE_LIMIT

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

_length = Struct("!I").unpack_from
_BIND: Final = ord("B")
_QUERY: Final = ord("Q")
_BATCHES: Final = frozenset({_BIND, ord("P")})

SLOW_SERVER: Final = 2  # reason of the client's valve


class ClientSide(asyncio.Protocol):
    """`hot`: nothing is left over, nothing is pending that the short way would have to look at.
    `open_pipeline`: messages of the extended protocol went out and no Sync behind them."""

    __slots__ = ("_c", "_drop", "_pass", "_pieces", "_pieces_size", "_wanted", "finished", "hot", "open_pipeline")

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._pieces: list[bytes] = []
        self._pieces_size = 0
        self._wanted = 0  # bytes that the frame at the head needs before it can be read
        self._pass = 0  # bytes of a body that are still to be forwarded
        self._drop = 0  # bytes of a body that are still to be dropped
        self.hot = False
        self.open_pipeline = False
        self.finished = False  # Terminate went by

    # The short way

    def data_received(self, data: bytes) -> None:
        c = self._c
        if self.hot:
            if c.judge.epoch != c.epoch:
                c.renew()
            kind = data[0]
            if kind == _QUERY:
                if known_query(c, data):
                    return
            elif kind in _BATCHES and known_batch(c, data, kind):
                return
        self._feed(data)

    # The long way

    def _feed(self, data: bytes) -> None:
        c = self._c
        if self.finished or c.ended:
            return
        if self._pieces:
            self._pieces.append(data)
            self._pieces_size += len(data)
            if self._pieces_size < self._wanted or c.decider.waiting:
                return
            data = b"".join(self._pieces)
            self._pieces.clear()
        elif c.decider.waiting:
            self._keep(data, 0)
            return
        self._guarded_walk(data)

    def resume(self) -> None:
        """The decider has what it waited for: the frame at the head is looked at again."""
        if self._pieces and not self._c.ended:
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._guarded_walk(data)
        self.reheat()

    def reheat(self) -> None:
        c = self._c
        self.hot = not (
            self._pieces
            or self._pass
            or self._drop
            or self.finished
            or c.decider.waiting
            or c.ledger.barriers
            or c.ledger.skipping
            or c.ledger.copying is not None
            or c.catalog_changed
            or c.state.stale
            or c.ended
        )

    def _guarded_walk(self, data: bytes) -> None:
        try:
            self._walk(data)
        except ProtocolViolation as error:
            self._c.life.end(Refusal(refuse.PROTOCOL_VIOLATION, f"gateway: {error}"))
        if len(self._c.ledger.entries) > UNANSWERED_LIMIT:
            self._c.client_valve.pause(UNANSWERED)
        self.reheat()

    def _keep(self, data: bytes, wanted: int) -> None:
        self._pieces.append(data)
        self._pieces_size = len(data)
        self._wanted = wanted

    def _walk(self, data: bytes) -> None:  # noqa: PLR0912 -- the loop every frame goes through
        c = self._c
        if c.judge.epoch != c.epoch:
            c.renew()
        size = len(data)
        position = mark = 0
        while position < size and not c.ended:
            if self._pass or self._drop:
                position, mark = self._body(data, position, mark)
                continue
            if size - position < 5:
                break
            length = _length(data, position + 1)[0]
            kind = data[position]
            end = position + 1 + length
            handler = HANDLERS.get(kind)
            if handler is None:
                raise ProtocolViolation(f"invalid message type {kind}")
            if length < 4 or length > LARGE_LIMIT:
                raise ProtocolViolation("invalid message length")
            result = handler(c, data, position, end)
            if result is WAIT:
                break
            if result is not KEEP:
                if mark < position:
                    c.to_server(data[mark:position])
                if result:
                    c.to_server(result)
                mark = min(end, size)
            if end > size:
                rest = end - size
                if result is KEEP:
                    self._pass = rest
                else:
                    self._drop = rest
                end = size
            position = end
        if c.ended:
            return
        if mark < position:
            c.to_server(data if mark == 0 and position == size else data[mark:position])
        if c.decider.outgoing:
            c.to_server(c.decider.outgoing)
            c.decider.outgoing = b""
        if position < size:
            self._keep(data[position:], self._wanted_for(data, position))

    def _body(self, data: bytes, position: int, mark: int) -> tuple[int, int]:
        """The rest of a frame whose beginning went by: (position behind it, where unforwarded data begins)."""
        size = len(data)
        if self._pass:
            end = min(size, position + self._pass)
            self._pass -= end - position
            return end, mark
        end = min(size, position + self._drop)
        self._drop -= end - position
        return end, end

    def _wanted_for(self, data: bytes, position: int) -> int:
        """How many bytes to collect before looking again: a frame that is read whole, or a few more of any other."""
        left = len(data) - position
        if left < 5:
            return 5
        if data[position] == _BIND:
            return left + 1
        return int(_length(data, position + 1)[0]) + 1

    # The socket

    def pause_writing(self) -> None:
        self._c.client_is_slow(slow=True)

    def resume_writing(self) -> None:
        self._c.client_is_slow(slow=False)

    def eof_received(self) -> bool:
        self._c.life.client_said_all()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._c.life.client_gone()
