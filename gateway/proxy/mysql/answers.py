"""Packets of the server that are read: what each says about the answer, the session and the statement at hand."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.proxy.mysql.awaited import CHANGED, MORE, SHORT_OK, State
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Status
from gateway.wire.mysql.payload import Payload
from gateway.wire.mysql.results import EOF_HEADER, ERR_HEADER, LOCAL_INFILE_HEADER, OK_HEADER, Eof, Err, Ok, PrepareOk
from gateway.wire.mysql.rows import decode_row

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation
    from gateway.proxy.mysql.server_side import ServerSide


class Answers:
    """Moves what `side` awaits; `read` gives the payload as the client shall have it."""

    __slots__ = ("_c", "_side")

    def __init__(self, conversation: "Conversation", side: "ServerSide") -> None:
        self._c = conversation
        self._side = side

    def read(self, kind: int, payload: bytes) -> bytes:
        """Raises ProtocolViolation for a packet that cannot come here."""
        side = self._side
        if kind == ERR_HEADER and side.state != State.TEXT:
            return self._error(Err.decode(payload), payload)
        match side.state:
            case State.RESULT | State.ENDING:
                return self._result(kind, payload)
            case State.COLUMNS | State.DEFINITIONS:
                self._definition(kind)
            case State.COLUMNS_END:
                self._columns_end(Eof.decode(payload))
            case State.ROWS:
                return self._row_or_end(kind, payload)
            case State.PREPARED:
                self._prepared(PrepareOk.decode(payload))
            case State.FIELDS | State.SIMPLE:
                return self._simple(kind, payload)
            case State.TEXT:
                side.done = True
            case _:
                raise ProtocolViolation("a packet that nobody asked for")
        return payload

    def _error(self, error: Err, payload: bytes) -> bytes:
        """What the client hears of it."""
        side = self._side
        c = self._c
        text = error.message.decode("utf-8", "replace")
        if side.state == State.IDLE:  # the server says why it is about to hang up
            c.life.server_ends((str(error.code), text))
            return payload
        if side.hidden:
            c.life.lost_track(f"{error.code} {text}, to the gateway's own question")
            return payload
        shown = c.obliged.scrubbed(c.execution, error)
        if shown is not error:
            payload, text = shown.encode(), shown.message.decode()
        refusal = side.ending.refusal if side.ending is not None else None
        if c.execution is not None:
            c.progress.failed(c.execution, refusal.error if refusal is not None else (str(error.code), text))
        side.resets = False
        side.done = True
        return payload if refusal is None else refusal.encode()

    def _result(self, kind: int, payload: bytes) -> bytes:
        side = self._side
        if kind == OK_HEADER:
            return self._ok(payload, ends_rows=False)
        if kind == LOCAL_INFILE_HEADER:
            execution = self._c.execution
            if execution is None or not execution.takes_local_file:
                raise ProtocolViolation("the server asks for a file that no statement may load")
            side.state = State.RESULT
            self._c.client_side.expect_file(side.sequence + 1)
            return payload
        side.left = Payload(payload).lenenc_int()
        ending = side.ending if side.state == State.ENDING else None
        side.state = State.COLUMNS
        if ending is None or ending.said:
            return payload
        ending.said = True
        if self._c.execution is not None:
            self._c.progress.failed(self._c.execution, ending.refusal.error)
        return ending.refusal.encode()

    def _definition(self, kind: int) -> None:
        """A definition of the gateway's own result, or the EOF behind those of a prepared statement."""
        side = self._side
        if side.state == State.DEFINITIONS and not side.left and kind == EOF_HEADER:
            side.next_definitions()
            return
        side.left -= 1
        if not side.left:
            side.definitions_end()

    def _columns_end(self, eof: Eof) -> None:
        side = self._side
        self._c.progress.status(eof.status)
        execution = self._c.execution
        # A stored program's own cursors set the flag, too, in front of rows.
        if eof.status & Status.CURSOR_EXISTS and execution is not None and execution.cursor:
            self._result_ends(eof.status, ok=False)
        else:
            side.state = State.ROWS

    def _row_or_end(self, kind: int, payload: bytes) -> bytes:
        side = self._side
        if kind == EOF_HEADER and side.is_end(len(payload)):
            if side.deprecate_eof and len(payload) >= SHORT_OK:
                return self._ok(payload, ends_rows=True)
            eof = Eof.decode(payload)
            self._c.progress.status(eof.status)
            self._result_ends(eof.status, ok=False)
            return payload
        side.questions.asked.append(decode_row(payload))  # of the gateway's own question
        return payload

    def _ok(self, payload: bytes, *, ends_rows: bool) -> bytes:
        c = self._c
        ok = Ok.decode(payload, c.session.server_capabilities)
        c.progress.status(ok.status & ~CHANGED)
        if ok.session_state:
            c.progress.tracked(ok)
        self._result_ends(ok.status, ok=not ends_rows, affected=0 if ends_rows else ok.affected_rows)
        if self._side.same_words or len(payload) == SHORT_OK:
            return payload
        return replace(ok, status=ok.status & ~CHANGED, session_state=b"").encode(c.capabilities)

    def _simple(self, kind: int, payload: bytes) -> bytes:
        if kind == OK_HEADER or (kind == EOF_HEADER and len(payload) >= SHORT_OK):
            return self._ok(payload, ends_rows=kind == EOF_HEADER)
        if kind != EOF_HEADER:
            raise ProtocolViolation("unexpected packet of the server")
        eof = Eof.decode(payload)
        self._c.progress.status(eof.status)
        self._result_ends(eof.status, ok=True)
        return payload

    def _result_ends(self, status: int, *, ok: bool, affected: int = 0) -> None:
        side = self._side
        c = self._c
        execution = c.execution
        if status & MORE:
            side.state = State.RESULT if side.ending is None else State.ENDING
            if side.ending is not None and side.ending.said:
                return
            if execution is not None and not c.progress.result(execution, ok=ok, affected=affected):
                raise ProtocolViolation("more answers than statements")
            c.follow_state()
            return
        if execution is not None:
            c.progress.ended(execution, affected)
        if side.resets:
            side.resets = False
            c.prepared.clear()
            c.state.reset()
        side.done = True

    def _prepared(self, answer: PrepareOk) -> None:
        side = self._side
        c = self._c
        if side.statement is not None:
            c.prepared[answer.statement_id] = side.statement
            c.last_prepared = answer.statement_id
            side.statement = None
        side.state = State.DEFINITIONS
        side.left = answer.parameters
        self._columns_left(answer)

    def _columns_left(self, answer: PrepareOk) -> None:
        side = self._side
        side.pending = answer.columns
        if not side.left:
            side.next_definitions()
