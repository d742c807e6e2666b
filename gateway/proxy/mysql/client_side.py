"""What the client sends: hop over it, judge what must be judged, forward everything else as it came.

`data_received` tries the short way first: one COM_QUERY or COM_STMT_EXECUTE, known from before. All else is collected and taken
command by command (`commands.py`). Commands that must be read are collected up to their limit; parameter values and the
contents of files are never collected, but passed on as they come.
"""

import asyncio
import time
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.errors import AuditUnavailable
from gateway.proxy.mysql import commands, prepared_commands, refuse
from gateway.proxy.mysql.execution import CURSOR, Execution
from gateway.proxy.mysql.refuse import Refusal
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability, Command
from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

_word = Struct("<I").unpack_from
_clock = time.perf_counter
_now = time.time

_QUERY: Final = int(Command.QUERY)
_EXECUTE: Final = int(Command.STMT_EXECUTE)
_READ_AHEAD: Final = 64 * 1024  # what a client may send while its last command runs
_SMALL: Final = 64 * 1024  # commands that hold names, not texts

SLOW_SERVER: Final = 2  # reasons of the client's valve; 1 is the decider's
BUSY: Final = 4


class Stream:
    """A command, or a file, that passes or is dropped piece by piece.

    left      bytes of the piece at hand; `last`: it is the last one
    forward   to the server; else it is dropped and answered with `refusal`
    file      the contents of LOCAL INFILE: an empty packet ends them
    """

    __slots__ = ("expected", "file", "forward", "last", "left", "refusal")

    def __init__(self, *, forward: bool, file: bool = False, expected: int = 0, refusal: Refusal | None = None) -> None:
        self.left = 0
        self.last = False
        self.forward = forward
        self.file = file
        self.expected = expected
        self.refusal = refusal


class ClientSide(asyncio.Protocol):
    """`hot`: nothing is left over, nothing is on its way, nothing must be learned first. `finished`: COM_QUIT went by."""

    __slots__ = ("_c", "_rest", "_stream", "_text_start", "_walking", "finished", "hot")

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._rest = bytearray()
        self._stream: Stream | None = None
        self._walking = False
        # Query attributes stand before the text; without any they are these two bytes.
        self._text_start = 7 if conversation.capabilities & Capability.QUERY_ATTRIBUTES else 5
        self.hot = False
        self.finished = False

    # The short way

    def data_received(self, data: bytes) -> None:
        c = self._c
        if self.hot:
            if c.judge.epoch != c.epoch:
                c.renew()
            if len(data) > 9 and _word(data, 0)[0] == len(data) - HEADER_SIZE:  # one whole packet with sequence id 0
                kind = data[4]
                if kind == _QUERY:
                    if self._known_query(data):
                        return
                elif kind == _EXECUTE and self._known_execute(data):
                    return
        self._feed(data)

    def _known_query(self, data: bytes) -> bool:
        c = self._c
        start = self._text_start
        if start == 7 and data[5:7] != b"\0\x01":
            return False
        found = c.known.find(data, start)
        if found is None or found[0].valid_until <= _now():
            return False
        try:
            c.outlet.gate = c.records.statement(found[1])
        except AuditUnavailable:
            return False
        self._go(Execution(c.records.last, found[0], _clock()), data)
        return True

    def _known_execute(self, data: bytes) -> bool:
        c = self._c
        prepared = c.prepared.get(_word(data, 5)[0])
        if prepared is None or prepared.stamp is not c.stamp or prepared.verdict.valid_until <= _now() or data[9] & CURSOR:
            return False
        try:
            c.outlet.gate = c.records.statement(prepared.verdict.rulings[0].audit_body)
        except AuditUnavailable:
            return False
        self._go(Execution(c.records.last, prepared.verdict, _clock()), data)
        return True

    def _go(self, execution: Execution, data: bytes) -> None:
        c = self._c
        self.hot = False
        c.execution = execution
        c.busy = True
        c.server_side.expect_result()
        c.server_write(data)

    # The long way

    def _feed(self, data: bytes) -> None:
        c = self._c
        if self.finished or c.ended:
            return
        self._rest += data
        if self._is_held and len(self._rest) > _READ_AHEAD:
            c.client_valve.pause(BUSY)
        self._walk()

    @property
    def _is_held(self) -> bool:
        """Whether the next command waits: the last one is not answered, or something has to be learned."""
        c = self._c
        return c.decider.waiting or (c.busy and self._stream is None)

    def go_on(self) -> None:
        """What held the client's input is gone."""
        if not self._rest:
            self.reheat()
        elif not self._c.ended:
            self._c.client_valve.resume(BUSY)
            self._walk()

    def _walk(self) -> None:
        if self._walking:  # something that was answered at once calls `go_on`: the loop below sees to it
            return
        c = self._c
        self._walking = True
        try:
            while self._rest and not (self._is_held or c.ended or self.finished):
                if c.judge.epoch != c.epoch:
                    c.renew()
                if not (self._pass_on() if self._stream is not None else self._command()):
                    break
        except ProtocolViolation as error:
            c.life.end(Refusal(1835, "HY000", f"gateway: {error}"))
        finally:
            self._walking = False
        self.reheat()

    def reheat(self) -> None:
        c = self._c
        self.hot = not (
            self._rest
            or self._stream is not None
            or self.finished
            or c.busy
            or c.decider.waiting
            or c.catalog_changed
            or c.state.stale
            or c.obliged.diagnostics.attentive
            or c.ended
        )

    def _command(self) -> bool:
        """The command at the head. False: more bytes are needed, or it waits where it is."""
        c, rest = self._c, self._rest
        if len(rest) < HEADER_SIZE:
            return False
        size = _word(rest, 0)[0] & MAX_PIECE
        if rest[3] != 0:
            c.life.answer_and_end(refuse.OUT_OF_ORDER, rest[3])
            return False
        if not size:
            raise ProtocolViolation("empty command")
        if len(rest) == HEADER_SIZE:
            return False
        kind = rest[4]
        streamed = prepared_commands.STREAMED.get(kind)
        own = streamed is not None and prepared_commands.asks_gateway(
            c, bytes(rest[HEADER_SIZE : HEADER_SIZE + prepared_commands.HEAD])
        )
        if streamed is not None and not own:
            return self._begin_stream(streamed, size)
        limit = c.rooms.limits.statement_bytes + _SMALL if own or kind in commands.TEXTS else _SMALL
        end = self._whole(limit)
        if end < 0:
            if end == _TOO_LARGE:
                refusal = refuse.oversized(c.rooms.limits.statement_bytes)
                refusal = c.record_unread(refusal, bytes(rest[self._text_start : self._text_start + _SMALL]))
                self._stream = Stream(forward=False, refusal=refusal)
                return True
            return False
        raw = bytes(rest[:end])
        payload, sequence = _joined(raw)
        handler = prepared_commands.execute_own if own else commands.HANDLERS.get(kind, commands.unknown)
        if not handler(c, payload, sequence, raw):
            return False
        del rest[:end]
        return True

    def _whole(self, limit: int) -> int:
        """Where the command at the head ends; `_MORE` bytes are needed, or it is `_TOO_LARGE`."""
        rest, position, total, sequence = self._rest, 0, 0, 0
        while True:
            if position + HEADER_SIZE > len(rest):
                return _MORE
            size = _word(rest, position)[0] & MAX_PIECE
            if rest[position + 3] != sequence & 0xFF:
                raise ProtocolViolation("packets out of order")
            total += size
            if total > limit:
                return _TOO_LARGE
            position += HEADER_SIZE + size
            sequence += 1
            if size < MAX_PIECE:
                return position if position <= len(rest) else _MORE

    # Streams

    def _begin_stream(self, handler: "prepared_commands.Streamed", size: int) -> bool:
        """COM_STMT_EXECUTE and its like: the head decides, the values follow."""
        c, rest = self._c, self._rest
        head = min(size, prepared_commands.HEAD)
        if len(rest) < HEADER_SIZE + head:
            return False
        fate = handler(c, bytes(rest[HEADER_SIZE : HEADER_SIZE + head]))
        if fate is prepared_commands.WAITS:
            return False
        self._stream = Stream(forward=fate is None, refusal=fate if isinstance(fate, Refusal) else None)
        return True

    def expect_file(self, sequence: int) -> None:
        """The server asked for a file that the statement may load: its contents follow."""
        self._stream = Stream(forward=True, file=True, expected=sequence)
        self.go_on()

    def _pass_on(self) -> bool:
        stream, c, rest = self._stream, self._c, self._rest
        if stream is None:
            return True
        position = 0
        done = False
        while position < len(rest):
            if stream.left:
                taken = min(stream.left, len(rest) - position)
                stream.left -= taken
                position += taken
            if not stream.left and stream.last:
                done = True
                break
            if stream.left or position + HEADER_SIZE > len(rest):
                break
            word = _word(rest, position)[0]
            if word >> 24 != stream.expected & 0xFF:
                raise ProtocolViolation("packets out of order")
            stream.expected += 1
            stream.left = word & MAX_PIECE
            stream.last = not stream.left if stream.file else stream.left < MAX_PIECE
            position += HEADER_SIZE
            if not stream.left and stream.last:
                done = True
                break
        if position:
            if stream.forward:
                c.server_write(bytes(rest[:position]))
                if c.execution is not None and stream.file:
                    c.execution.size += position
            del rest[:position]
        if done:
            self._stream = None
            if stream.refusal is not None:
                c.say_error(stream.refusal, stream.expected - 1)
        return done

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

    def take_rest(self) -> bytes:
        """What nobody has read yet."""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest


_MORE: Final = -1
_TOO_LARGE: Final = -2


def _joined(raw: bytes) -> tuple[bytes, int]:
    """The payload of a whole command and the sequence id of its last piece."""
    size = _word(raw, 0)[0] & MAX_PIECE
    if size < MAX_PIECE:
        return raw[HEADER_SIZE:], 0
    pieces, position, sequence = [], 0, -1
    while position < len(raw):
        size = _word(raw, position)[0] & MAX_PIECE
        pieces.append(raw[position + HEADER_SIZE : position + HEADER_SIZE + size])
        position += HEADER_SIZE + size
        sequence += 1
    return b"".join(pieces), sequence & 0xFF
