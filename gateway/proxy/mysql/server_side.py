"""What the server sends: hop over packets, count rows, follow what changes the session, forward everything as it came.

What may come next (chapters "Command Phase" and "Text Resultset", "Binary Protocol"):

    state      a packet                      becomes
    RESULT     OK; with more results behind  done; RESULT
               a column count                COLUMNS
               0xFB, a file's name           FILE: the client's turn, then RESULT
    COLUMNS    definitions                   ROWS, behind an EOF where DEPRECATE_EOF is off; done where a cursor was opened
    ROWS       rows, then EOF or OK          done; RESULT with more results behind
    PREPARED   the statement's numbers       DEFINITIONS of parameters and columns, or done
    FIELDS     definitions, then EOF         done
    SIMPLE     OK or EOF                     done
    TEXT       a bare string                 done
    any        ERR                           done
"""

import asyncio
import time
from dataclasses import replace
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.errors import AuditUnavailable
from gateway.proxy.mysql.execution import Prepared
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability, Status
from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE, encode_packet
from gateway.wire.mysql.payload import Payload
from gateway.wire.mysql.results import EOF_HEADER, ERR_HEADER, LOCAL_INFILE_HEADER, OK_HEADER, Eof, Err, Ok, PrepareOk
from gateway.wire.mysql.rows import decode_row

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

_word = Struct("<I").unpack_from
_short = Struct("<H").unpack_from
_clock = time.perf_counter


class State:
    """What is awaited; plain numbers, compared for every packet."""

    IDLE: Final = 0
    RESULT: Final = 1
    COLUMNS: Final = 2
    COLUMNS_END: Final = 3
    ROWS: Final = 4
    PREPARED: Final = 5
    DEFINITIONS: Final = 6
    FIELDS: Final = 7
    SIMPLE: Final = 8
    TEXT: Final = 9


_LARGEST: Final = 1024 * 1024  # of packets that are read: OK, ERR, EOF and their like
_MORE: Final = int(Status.MORE_RESULTS_EXISTS)
_CHANGED: Final = int(Status.SESSION_STATE_CHANGED)
_SHORT_OK: Final = 7


class ServerSide(asyncio.Protocol):
    """`sequence`: the id of the last packet of the exchange so far."""

    __slots__ = (
        "_asked",
        "_c",
        "_continued",
        "_deprecate_eof",
        "_done",
        "_hidden",
        "_left",
        "_pending",
        "_questions",
        "_reset",
        "_rest",
        "_skip",
        "_state",
        "_statement",
        "sequence",
    )

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._deprecate_eof = bool(conversation.session.server_capabilities & Capability.DEPRECATE_EOF)
        self._state = State.IDLE
        self._rest = b""  # the beginning of a packet
        self._skip = 0  # bytes of a packet that are still to come
        self._continued = False  # the last piece was a full one: the next belongs to the same packet
        self._left = 0  # definitions that are still to come
        self._pending = 0  # and those of the columns, behind the parameters
        self._statement: Prepared | None = None
        self._done = False
        self._reset = False
        self._hidden = False  # the answer is to the gateway's own question
        self._questions: list[bytes] = []
        self._asked: list[tuple[bytes | None, ...]] = []
        self.sequence = 0

    @property
    def between_packets(self) -> bool:
        """Whether what was forwarded ends where a packet ends."""
        return not self._skip and not self._continued

    # What is awaited

    def expect_result(self) -> None:
        self._state = State.RESULT

    def expect_rows(self) -> None:
        self._state = State.ROWS

    def expect_events(self) -> None:
        """A binary log: packets until EOF, which is a plain one always."""
        self._state = State.ROWS

    def expect_simple(self) -> None:
        self._state = State.SIMPLE

    def expect_text(self) -> None:
        self._state = State.TEXT

    def expect_fields(self) -> None:
        self._state = State.FIELDS

    def expect_prepared(self, statement: Prepared) -> None:
        self._state = State.PREPARED
        self._statement = statement

    def expect_reset(self) -> None:
        self._state = State.SIMPLE
        self._reset = True

    # Bytes

    def data_received(self, data: bytes) -> None:
        c = self._c
        if c.ended:
            return
        if self._state == State.RESULT and not self._rest and self._quick(data):
            return
        if self._rest:
            data = self._rest + data
            self._rest = b""
        try:
            self._walk(data)
        except (ProtocolViolation, IndexError) as error:
            c.life.lost_track(str(error) or "an answer that nobody waits for")

    def _quick(self, data: bytes) -> bool:  # noqa: PLR0912 -- one straight way with many exits
        """The usual answer, all of it and nothing else: one result, no error, no change of state."""
        c = self._c
        execution = c.execution
        size = len(data)
        if execution is None or self._skip or size < 11 or c.draining or execution.release is not None:
            return False
        if execution.verdict.effects or execution.verdict.barrier or len(execution.verdict.rulings) != 1:
            return False
        word = _word(data, 0)[0]
        first = data[4]
        rows = result = 0
        if first == OK_HEADER:
            # Affected rows and insert id of one byte each: what fits nowhere else goes the long way.
            if word & MAX_PIECE != _SHORT_OK or size != 11 or data[5] > 0xFA or data[6] > 0xFA:
                return False
            status = _short(data, 7)[0]
            rows = data[5]
        else:
            if word & MAX_PIECE != 1 or first > 0xFA:
                return False
            position = 5
            for _ in range(first):
                if position + HEADER_SIZE > size:
                    return False
                position += HEADER_SIZE + (_word(data, position)[0] & MAX_PIECE)
            tail = size - (11 if self._deprecate_eof else 9)
            if not self._deprecate_eof:
                if position + 9 > size or data[position + 4] != EOF_HEADER or data[position] != 5:
                    return False
                position += 9
            start = position
            while position < tail:
                position += HEADER_SIZE + (_word(data, position)[0] & MAX_PIECE)
                rows += 1
            if position != tail or data[tail + 4] != EOF_HEADER or data[tail] != size - tail - HEADER_SIZE:
                return False
            if rows and not self._all_rows(data, start, tail):
                return False
            result = tail - start - HEADER_SIZE * rows
            status = _short(data, tail + 7)[0]
        if status & (_MORE | _CHANGED | Status.CURSOR_EXISTS):
            return False
        c.status = status
        seconds = _clock() - execution.began
        try:
            c.records.end(execution.number, rows, result, seconds)
        except AuditUnavailable as error:
            c.life.audit_failed(error)
            return True
        if c.rooms.meter is not None:
            c.rooms.meter("allow", seconds)
        self._state = State.IDLE
        c.outlet.send(data)
        c.answered()
        return True

    @staticmethod
    def _all_rows(data: bytes, position: int, tail: int) -> bool:
        """Whether no packet before the tail is an end or an error."""
        while position < tail:
            if data[position + 4] >= EOF_HEADER:
                return False
            position += HEADER_SIZE + (_word(data, position)[0] & MAX_PIECE)
        return True

    def _walk(self, data: bytes) -> None:  # noqa: PLR0912 -- the loop every packet goes through
        size = len(data)
        position = mark = 0
        if self._skip:
            position = min(size, self._skip)
            self._skip -= position
            self._count_bytes(position)
            mark = position if self._hidden else 0
        while size - position >= HEADER_SIZE and not self._done:
            word = _word(data, position)[0]
            length = word & MAX_PIECE
            end = position + HEADER_SIZE + length
            if self._continued:
                self._continued = length == MAX_PIECE
            elif length and position + HEADER_SIZE == size:
                break
            elif not length:
                raise ProtocolViolation("empty packet of the server")
            else:
                kind = data[position + HEADER_SIZE]
                if not self._passes(kind, length):
                    if end > size:
                        if length > _LARGEST:
                            raise ProtocolViolation("packet of the server is too large")
                        break
                    self.sequence = word >> 24
                    mark = self._packet(kind, data, position, end, mark)
                    if self._c.ended:
                        return
                    position = end
                    continue
                self._continued = length == MAX_PIECE
            self.sequence = word >> 24
            if end > size:
                self._skip = end - size
                end = size
            self._count_bytes(end - position - HEADER_SIZE)
            position = end
        self._forward(data, mark, position)
        if position < size:
            if self._done:
                raise ProtocolViolation("bytes behind an answer")
            self._rest = data[position:]
        if self._done:
            self._finish()

    def _forward(self, data: bytes, mark: int, position: int) -> None:
        if mark < position:
            if self._hidden:
                raise ProtocolViolation("an answer of a kind that was not asked for")
            self._c.outlet.send(data if mark == 0 and position == len(data) else data[mark:position])

    def _passes(self, kind: int, length: int) -> bool:
        """A row or a definition, which is not read; the count of rows and definitions moves on."""
        state = self._state
        if state == State.ROWS:
            if kind < EOF_HEADER or (kind == EOF_HEADER and not self._is_end(length)):
                if self._hidden:
                    return False
                execution = self._c.execution
                if execution is not None:
                    execution.rows += 1
                return True
            return False
        if state in {State.COLUMNS, State.DEFINITIONS}:
            if kind == ERR_HEADER or self._hidden or not self._left:  # none left: an EOF
                return False
            self._left -= 1
            if not self._left:
                self._definitions_end()
            return True
        return state == State.FIELDS and kind < EOF_HEADER

    def _is_end(self, length: int) -> bool:
        return length < MAX_PIECE if self._deprecate_eof else length < 9

    def _count_bytes(self, count: int) -> None:
        if self._state == State.ROWS and self._c.execution is not None:
            self._c.execution.size += count

    def _definitions_end(self) -> None:
        """Behind the last definition of a result, or of a prepared statement's parameters or columns."""
        if self._state == State.COLUMNS:
            self._state = State.ROWS if self._deprecate_eof else State.COLUMNS_END
        elif self._deprecate_eof:
            self._next_definitions()
        # else the EOF of DEFINITIONS comes next and is read

    # Packets that are read

    def _packet(self, kind: int, data: bytes, position: int, end: int, mark: int) -> int:
        """Returns where unforwarded data begins."""
        payload = data[position + HEADER_SIZE : end]
        if kind == ERR_HEADER and self._state != State.TEXT:
            self._error(Err.decode(payload))
            return end if self._hidden else mark
        shown = payload
        match self._state:
            case State.RESULT:
                shown = self._result(kind, payload)
            case State.COLUMNS | State.DEFINITIONS:
                self._definition(kind)
            case State.COLUMNS_END:
                self._columns_end(Eof.decode(payload))
            case State.ROWS:
                shown = self._row_or_end(kind, payload)
            case State.PREPARED:
                self._prepared(PrepareOk.decode(payload))
            case State.FIELDS | State.SIMPLE:
                shown = self._simple(kind, payload)
            case State.TEXT:
                self._done = True
            case _:
                raise ProtocolViolation("a packet that nobody asked for")
        if self._hidden:
            return end
        if shown is payload:
            return mark
        if mark < position:
            self._c.outlet.send(data[mark:position])
        self._c.outlet.send(encode_packet(shown, data[position + 3]))
        return end

    def _error(self, error: Err) -> None:
        c = self._c
        text = error.message.decode("utf-8", "replace")
        if self._state == State.IDLE:  # the server says why it is about to hang up
            c.life.server_ends((str(error.code), text))
            return
        if self._hidden:
            c.life.lost_track(f"{error.code} {text}, to the gateway's own question")
            return
        if c.execution is not None:
            c.progress.failed(c.execution, (str(error.code), text))
        if self._reset:
            self._reset = False
        self._done = True

    def _result(self, kind: int, payload: bytes) -> bytes:
        if kind == OK_HEADER:
            return self._ok(payload, ends_rows=False)
        if kind == LOCAL_INFILE_HEADER:
            execution = self._c.execution
            if execution is None or not execution.takes_local_file:
                raise ProtocolViolation("the server asks for a file that no statement may load")
            self._state = State.RESULT
            self._c.client_side.expect_file(self.sequence + 1)
            return payload
        self._left = Payload(payload).lenenc_int()
        self._state = State.COLUMNS
        return payload

    def _definition(self, kind: int) -> None:
        """A definition of the gateway's own result, or the EOF behind those of a prepared statement."""
        if self._state == State.DEFINITIONS and not self._left and kind == EOF_HEADER:
            self._next_definitions()
            return
        self._left -= 1
        if not self._left:
            self._definitions_end()

    def _columns_end(self, eof: Eof) -> None:
        self._c.progress.status(eof.status)
        if eof.status & Status.CURSOR_EXISTS:
            self._result_ends(eof.status, ok=False)
        else:
            self._state = State.ROWS

    def _row_or_end(self, kind: int, payload: bytes) -> bytes:
        if kind == EOF_HEADER and self._is_end(len(payload)):
            if self._deprecate_eof and len(payload) >= _SHORT_OK:
                return self._ok(payload, ends_rows=True)
            eof = Eof.decode(payload)
            self._c.progress.status(eof.status)
            self._result_ends(eof.status, ok=False)
            return payload
        self._asked.append(decode_row(payload))  # of the gateway's own question
        return payload

    def _ok(self, payload: bytes, *, ends_rows: bool) -> bytes:
        c = self._c
        ok = Ok.decode(payload, c.session.server_capabilities)
        c.progress.status(ok.status & ~_CHANGED)
        if ok.session_state:
            c.progress.tracked(ok)
        self._result_ends(ok.status, ok=not ends_rows, affected=0 if ends_rows else ok.affected_rows)
        if c.capabilities & Capability.SESSION_TRACK or not c.tracked or len(payload) == _SHORT_OK:
            return payload
        return replace(ok, status=ok.status & ~_CHANGED, session_state=b"").encode(c.capabilities)

    def _simple(self, kind: int, payload: bytes) -> bytes:
        if kind == OK_HEADER or (kind == EOF_HEADER and len(payload) >= _SHORT_OK):
            return self._ok(payload, ends_rows=kind == EOF_HEADER)
        if kind != EOF_HEADER:
            raise ProtocolViolation("unexpected packet of the server")
        eof = Eof.decode(payload)
        self._c.progress.status(eof.status)
        self._result_ends(eof.status, ok=True)
        return payload

    def _result_ends(self, status: int, *, ok: bool, affected: int = 0) -> None:
        c = self._c
        execution = c.execution
        if status & _MORE:
            self._state = State.RESULT
            if execution is not None and not c.progress.result(execution, ok=ok, affected=affected):
                raise ProtocolViolation("more answers than statements")
            c.follow_state()
            return
        if execution is not None:
            c.progress.ended(execution, affected)
        if self._reset:
            self._reset = False
            c.prepared.clear()
            c.state.reset()
        self._done = True

    def _prepared(self, answer: PrepareOk) -> None:
        c = self._c
        if self._statement is not None:
            c.prepared[answer.statement_id] = self._statement
            c.last_prepared = answer.statement_id
            self._statement = None
        self._state = State.DEFINITIONS
        self._left = answer.parameters
        self._columns_left(answer)

    def _columns_left(self, answer: PrepareOk) -> None:
        self._pending = answer.columns
        if not self._left:
            self._next_definitions()

    def _next_definitions(self) -> None:
        self._left, self._pending = self._pending, 0
        if not self._left:
            self._done = True

    def _finish(self) -> None:
        """The answer is complete and on its way."""
        self._done = False
        self._state = State.IDLE
        c = self._c
        if self._hidden:
            self._next_question()
            return
        c.follow_state()
        if not c.ended:
            c.answered()

    # The gateway's own questions

    def ask(self, questions: list[bytes]) -> None:
        """Between two commands: each is sent when the one before is answered; the last one's row is the state."""
        self._questions = list(questions)
        self._hidden = True
        self._c.busy = True
        self._next_question()

    def _next_question(self) -> None:
        c = self._c
        if self._questions:
            self._asked.clear()
            self._state = State.RESULT
            c.question(self._questions.pop(0))
            return
        self._hidden = False
        c.busy = False
        if not self._asked:
            raise ProtocolViolation("the server does not tell the session's state")
        c.learned(tuple((value or b"").decode("utf-8", "replace") for value in self._asked[0]))
        self._asked.clear()
        c.follow_state()
        c.decider.state_learned()

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
