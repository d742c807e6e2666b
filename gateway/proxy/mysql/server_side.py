"""What the server sends: hop over packets, count rows, follow what changes the session, forward everything as it came.

`awaited.py` has the table of what may come next, `quick.py` the usual answer in one look, `answers.py` the packets that are
read, `questions.py` the gateway's own questions.
"""

import asyncio
from struct import Struct
from typing import TYPE_CHECKING

from gateway.proxy.mysql import ending
from gateway.proxy.mysql.answers import Answers
from gateway.proxy.mysql.awaited import LARGEST, State
from gateway.proxy.mysql.ending import Ending
from gateway.proxy.mysql.execution import Prepared
from gateway.proxy.mysql.hop import hop
from gateway.proxy.mysql.questions import Questions
from gateway.proxy.mysql.quick import quick
from gateway.proxy.mysql.watch import Watch
from gateway.proxy.mysql.watched import Watched
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE, encode_packet
from gateway.wire.mysql.results import EOF_HEADER, ERR_HEADER

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

_word = Struct("<I").unpack_from


class ServerSide(asyncio.Protocol):
    """`sequence`: the id of the last packet of the exchange so far."""

    __slots__ = (
        "_c",
        "_watched",
        "answers",
        "continued",
        "deprecate_eof",
        "done",
        "ending",
        "heading",
        "hidden",
        "left",
        "pending",
        "questions",
        "resets",
        "rest",
        "same_words",
        "sequence",
        "skip",
        "state",
        "statement",
    )

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self.deprecate_eof = bool(conversation.session.server_capabilities & Capability.DEPRECATE_EOF)
        # Whether an OK packet's words are laid out for the client as for the gateway.
        self.same_words = not conversation.tracked or bool(conversation.capabilities & Capability.SESSION_TRACK)
        self.state = State.IDLE
        self.rest = b""  # the beginning of a packet
        self.skip = 0  # bytes of a packet that are still to come
        self.continued = False  # the last piece was a full one: the next belongs to the same packet
        self.left = 0  # definitions that are still to come
        self.pending = 0  # and those of the columns, behind the parameters
        self.statement: Prepared | None = None
        self.done = False
        self.resets = False
        self.hidden = False  # the answer is to the gateway's own question
        self.ending: Ending | None = None  # what runs is being ended
        self.heading = b""  # of the result before, up to its rows
        self.sequence = 0
        self._watched: Watched | None = None
        self.questions = Questions(conversation, self)
        self.answers = Answers(conversation, self)

    @property
    def between_packets(self) -> bool:
        """Whether what was forwarded ends where a packet ends."""
        return not self.skip and not self.continued

    # What is awaited

    def expect_result(self) -> None:
        self.state = State.RESULT

    def expect_rows(self) -> None:
        self.state = State.ROWS

    def expect_events(self) -> None:
        """A binary log: packets until EOF, which is a plain one always."""
        self.state = State.ROWS

    def expect_simple(self) -> None:
        self.state = State.SIMPLE

    def expect_text(self) -> None:
        self.state = State.TEXT

    def expect_fields(self) -> None:
        self.state = State.FIELDS

    def expect_prepared(self, statement: Prepared) -> None:
        self.state = State.PREPARED
        self.statement = statement

    def expect_reset(self) -> None:
        self.state = State.SIMPLE
        self.resets = True

    # Bytes

    def data_received(self, data: bytes) -> None:
        c = self._c
        if c.ended:
            return
        if self.state == State.RESULT and not self.rest and not self.skip and quick(c, self, data):
            return
        try:
            if c.execution is not None and c.execution.watch is not None:
                data = self._watch(c.execution.watch, data)
                if not data:
                    return
            if self.rest:
                data = self.rest + data
                self.rest = b""
            if self.ending is not None and not self.ending.said:
                data = self._before_the_end(data)
            self._walk(data)
        except (ProtocolViolation, IndexError) as error:
            c.life.lost_track(str(error) or "an answer that nobody waits for")

    def _watch(self, watch: Watch, data: bytes) -> bytes:
        """The answer to an execution with obligations. Returns what is left to do as for any other: it is being ended."""
        watched = self._watched
        if watched is None or watched.watch is not watch:
            watched = self._watched = Watched(self._c, self, watch)
        data = watched.gather(data)
        if data and (self.ending is None or not self.ending.said):
            data = watched.walk(data)
            if self.done and not self._c.ended:
                self._finish()
        return data

    def _before_the_end(self, data: bytes) -> bytes:
        """What stands behind the row that has half passed; the client has heard the refusal by then, if it stands there."""
        while self.skip and data:
            size = self.skip
            self._walk(data[:size])
            data = data[size:]
        ending.say(self._c)
        return data

    def _walk(self, data: bytes) -> None:  # noqa: PLR0912 -- the loop every packet goes through
        size = len(data)
        position = mark = 0
        if self.skip:
            position = min(size, self.skip)
            self.skip -= position
            self._count_bytes(position)
            mark = position if self.hidden else 0
        while size - position >= HEADER_SIZE and not self.done:
            if self.state == State.ROWS and not (self.continued or self.hidden):
                position = self._rows(data, position)
                if size - position < HEADER_SIZE:
                    break
            word = _word(data, position)[0]
            length = word & MAX_PIECE
            end = position + HEADER_SIZE + length
            if self.continued:
                self.continued = length == MAX_PIECE
            elif length and position + HEADER_SIZE == size:
                break
            elif not length:
                raise ProtocolViolation("empty packet of the server")
            else:
                kind = data[position + HEADER_SIZE]
                if not self._passes(kind, length):
                    if end > size:
                        if length > LARGEST:
                            raise ProtocolViolation("packet of the server is too large")
                        break
                    self.sequence = word >> 24
                    mark = self._packet(kind, data, position, end, mark)
                    if self._c.ended:
                        return
                    position = end
                    continue
                self.continued = length == MAX_PIECE
            self.sequence = word >> 24
            if end > size:
                self.skip = end - size
                end = size
            self._count_bytes(end - position - HEADER_SIZE)
            position = end
        self._forward(data, mark, position)
        if position < size:
            if self.done:
                raise ProtocolViolation("bytes behind an answer")
            self.rest = data[position:]
        if self.done:
            self._finish()

    def _rows(self, data: bytes, position: int) -> int:
        """Behind the rows that begin here and are whole."""
        stop, count = hop(data, position, len(data))
        if count:
            self.sequence = data[position + 3] + count - 1 & 0xFF
            execution = self._c.execution
            if execution is not None:
                execution.rows += count
                execution.size += stop - position - HEADER_SIZE * count
        return stop

    def _forward(self, data: bytes, mark: int, position: int) -> None:
        if mark < position:
            if self.hidden:
                raise ProtocolViolation("an answer of a kind that was not asked for")
            if self.ending is not None and self.ending.said:
                return
            self._c.outlet.send(data if mark == 0 and position == len(data) else data[mark:position])

    def _passes(self, kind: int, length: int) -> bool:
        """A row or a definition, which is not read; the count of rows and definitions moves on."""
        state = self.state
        if state == State.ROWS:
            if kind < EOF_HEADER or (kind == EOF_HEADER and not self.is_end(length)):
                if self.hidden:
                    return False
                execution = self._c.execution
                if execution is not None:
                    execution.rows += 1
                return True
            return False
        if state in {State.COLUMNS, State.DEFINITIONS}:
            if kind == ERR_HEADER or self.hidden or not self.left:  # none left: an EOF
                return False
            self.left -= 1
            if not self.left:
                self.definitions_end()
            return True
        return state == State.FIELDS and kind < EOF_HEADER

    def is_end(self, length: int) -> bool:
        return length < MAX_PIECE if self.deprecate_eof else length < 9

    def _count_bytes(self, count: int) -> None:
        if self.state == State.ROWS and self._c.execution is not None:
            self._c.execution.size += count

    def definitions_end(self) -> None:
        """Behind the last definition of a result, or of a prepared statement's parameters or columns."""
        if self.state == State.COLUMNS:
            self.state = State.ROWS if self.deprecate_eof else State.COLUMNS_END
        elif self.deprecate_eof:
            self.next_definitions()
        # else the EOF of DEFINITIONS comes next and is read

    def next_definitions(self) -> None:
        """A prepared statement's parameters are told; its columns follow, if it has any."""
        self.left, self.pending = self.pending, 0
        if not self.left:
            self.done = True

    def _packet(self, kind: int, data: bytes, position: int, end: int, mark: int) -> int:
        """A packet that is read. Returns where unforwarded data begins."""
        payload = data[position + HEADER_SIZE : end]
        hidden = self.hidden or (self.ending is not None and self.ending.said)
        shown = self.answers.read(kind, payload)
        if hidden:
            return end
        if shown is payload:
            return mark
        if mark < position:
            self._c.outlet.send(data[mark:position])
        self._c.outlet.send(encode_packet(shown, data[position + 3]))
        return end

    def _finish(self) -> None:
        """The answer is complete and on its way."""
        self.done = False
        self.state = State.IDLE
        self.ending = None
        self._watched = None
        c = self._c
        if self.hidden:
            self.questions.next()
            return
        c.follow_state()
        if not c.ended:
            c.answered()

    # The socket

    def pause_writing(self) -> None:
        self._c.server_is_slow(slow=True)

    def resume_writing(self) -> None:
        self._c.server_is_slow(slow=False)

    def eof_received(self) -> bool:
        self._c.life.server_gone()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._c.life.server_gone()
