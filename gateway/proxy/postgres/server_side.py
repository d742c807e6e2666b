"""What the server answers: hop over it, count, follow, and forward it as it came.

Only messages that say something about the ledger or the session's state are read. Frames are forwarded whole, so that an error
of the gateway's own can stand between any two; a frame over 64 KB, whose tail would otherwise pile up, goes through in pieces.
"""

import asyncio
import time
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.errors import AuditUnavailable
from gateway.proxy.postgres import probe
from gateway.proxy.postgres.client_side import UNANSWERED, UNANSWERED_LIMIT
from gateway.proxy.postgres.ledger import (
    BIND,
    CLOSE,
    DESCRIBE,
    EXECUTE,
    PARSE,
    PROBE,
    QUERY,
    SYNC,
    Entry,
    Execution,
    Quick,
)
from gateway.proxy.postgres.obliged import OwnDescribe
from gateway.proxy.postgres.watch import ROW_LIMIT
from gateway.wire.errors import ProtocolViolation

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

_length = Struct("!I").unpack_from
_clock = time.perf_counter
_PIECE: Final = 64 * 1024  # frames up to this size are held until they are whole
_ERROR_HEAD: Final = 8 * 1024  # of a longer ErrorResponse only this much is read

_DATA_ROW: Final = ord("D")
_COMPLETE: Final = ord("C")
_READY: Final = ord("Z")
_ERROR: Final = ord("E")
_STATUS: Final = ord("S")
_DESCRIPTION: Final = ord("T")
_NO_DATA: Final = ord("n")
_PARSED: Final = ord("1")
_BOUND: Final = ord("2")
_CLOSED: Final = ord("3")
_EMPTY: Final = ord("I")
_SUSPENDED: Final = ord("s")
_COPY_IN: Final = ord("G")
_COPY_OUT: Final = ord("H")
_COPY_DATA: Final = ord("d")
_COPY_DONE: Final = ord("c")
_PARAMETERS: Final = ord("t")
_NOTICE: Final = ord("N")
_NOTIFICATION: Final = ord("A")
_IDLE: Final = 0x49
_PASSING: Final = frozenset({_NOTICE, _NOTIFICATION, _COPY_DATA, _COPY_DONE})
_ACKNOWLEDGES: Final = {_PARSED: PARSE, _BOUND: BIND, _CLOSED: CLOSE, _NO_DATA: DESCRIBE}


class ServerSide(asyncio.Protocol):
    __slots__ = (
        "_answer",
        "_c",
        "_closes",
        "_gathered",
        "_hide",
        "_mute",
        "_pieces",
        "_probe_syncs",
        "_rest",
        "_skip",
        "_skip_rows",
        "_wanted",
    )

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._rest = b""  # the beginning of a frame
        self._wanted = 0  # bytes of a large frame that must be there whole; `_pieces` are what came behind `_rest`
        self._gathered = 0
        self._pieces: list[bytes] = []
        self._mute = False  # the client was told an error that the server knows nothing of
        self._skip = 0  # bytes of a large frame that are still to come
        self._skip_rows = False  # they belong to a DataRow
        self._hide = False  # they are not for the client
        self._answer: probe.Answer | None = None
        self._probe_syncs = False
        self._closes = 0

    @property
    def between_frames(self) -> bool:
        """Whether what was forwarded ends where a frame ends."""
        return not self._skip

    def data_received(self, data: bytes) -> None:
        c = self._c
        if c.ended:
            return
        if c.ledger.quick and not self._rest and self._quick(data):
            return
        if c.notices:
            c.send_notices()
        if self._rest:
            if self._wanted and not self._whole(data):
                return
            data = b"".join((self._rest, *self._pieces, data))
            self._rest = b""
            self._pieces.clear()
            self._wanted = 0
        try:
            self._walk(data)
        except (ProtocolViolation, IndexError) as error:
            c.life.lost_track(str(error) or "an answer that nobody waits for")
        if len(c.ledger.entries) < UNANSWERED_LIMIT // 2:
            c.client_valve.resume(UNANSWERED)

    def _whole(self, data: bytes) -> bool:
        """Whether the large frame that must be read is there now; else its next piece is kept."""
        self._gathered += len(data)
        if self._gathered >= self._wanted:
            return True
        self._pieces.append(data)
        return False

    def _quick(self, data: bytes) -> bool:
        """The usual answer to an exchange of the short way, all of it and nothing else: no error, no change of state.

        [ParseComplete] [BindComplete] RowDescription DataRow… CommandComplete ReadyForQuery, the transaction as it was.
        """
        c = self._c
        entries = c.ledger.entries
        head = entries[0] if entries else None
        if type(head) is not Quick or self._skip or c.moved or c.draining or c.notices:
            return False
        size = len(data)
        status = c.status
        position = len(head.acknowledged)
        tail = size - 6
        if tail < position + 5 or data[tail] != _READY or data[size - 1] != status:
            return False
        if data[position] != _DESCRIPTION or not data.startswith(head.acknowledged):
            return False
        position += 1 + _length(data, position + 1)[0]
        start = position
        rows = 0
        while position < tail and data[position] == _DATA_ROW:
            position += 1 + _length(data, position + 1)[0]
            rows += 1
        result = position - start - 5 * rows
        # What is left must be one CommandComplete and ReadyForQuery: their lengths say where the frames end.
        if position + 5 > tail or data[position] != _COMPLETE or position + 1 + _length(data, position + 1)[0] != tail:
            return False
        entries.popleft()
        seconds = _clock() - head.began
        try:
            c.records.end(head.number, rows, result, seconds)
        except AuditUnavailable as error:
            c.life.audit_failed(error)
            return True
        if c.rooms.meter is not None:
            c.rooms.meter("allow", seconds)
        c.outlet.send(data)
        return True

    def _walk(self, data: bytes) -> None:  # noqa: PLR0912, PLR0915 -- the loop every frame goes through
        c = self._c
        if c.ledger.quick:
            c.ledger.spell_out()
        size = len(data)
        entries = c.ledger.entries
        position = mark = 0
        if self._skip:
            position, mark = self._large(data)
        last = size - 5
        while position <= last:
            kind = data[position]
            if kind == _DATA_ROW:
                start = position
                rows = 0
                while position <= last and data[position] == _DATA_ROW:
                    end = position + 1 + _length(data, position + 1)[0]
                    if end > size:
                        break
                    position = end
                    rows += 1
                head = entries[0]
                if rows:
                    if head.kind == PROBE:
                        self._answer = probe.answer(data[start + 5 : position])
                        mark = self._cut(data, mark, start, position)
                    elif type(head) is Execution:
                        if head.watch is None:
                            head.rows += rows
                            head.size += position - start - 5 * rows
                        else:
                            mark = head.watch.rows(data, mark, start, position, rows)
                    else:
                        raise ProtocolViolation("rows that nobody asked for")
                    if self._mute:
                        mark = position
                    continue
            end = position + 1 + _length(data, position + 1)[0]
            if end > size:
                if end - position <= _PIECE or self._needs_more(kind, data, position, end):
                    break
                mark = self._begin_large(kind, data, position, end, mark)
                position = size
                break
            if kind == _READY:
                self._ready(data[position + 5])
                if c.ended:
                    return
                if self._hide:
                    self._hide = False
                    mark = self._cut(data, mark, position, end)
            elif kind == _COMPLETE:
                if entries[0].kind == PROBE:
                    mark = self._cut(data, mark, position, end)
                elif entries[0].watch is not None:
                    mark = self._watched(data, position, end, mark, suspended=False)
                elif not self._complete(entries[0], data[position + 5 : end - 1]):
                    raise ProtocolViolation("more answers than statements")
            elif kind in _PASSING:
                if kind == _COPY_DATA:
                    head = entries[0]
                    if head.watch is not None:
                        mark = head.watch.copy_data(data, mark, position, end)
                    elif type(head) is Execution:
                        if self._mute:
                            head.size += end - position - 5
                        else:
                            end = _copied(head, data, position)
                elif kind == _NOTICE and entries and entries[0].watch is not None and entries[0].watch.hides:
                    mark = self._cut(data, mark, position, end)
                    c.outlet.send(c.obliged.notice(data[position + 5 : end]))
            else:
                mark = self._other(kind, data, position, end, mark)
                if c.ended:
                    return
            if self._mute:
                mark = self._muted(kind, data, position, end)
            position = end
        if mark < position:
            c.outlet.send(data if mark == 0 and position == size else data[mark:position])
        if position < size:
            self._rest = data[position:]
            self._gathered = size - position
        elif c.draining:
            c.life.leave_if_idle()

    # Frames in pieces

    def _large(self, data: bytes) -> tuple[int, int]:
        """The next piece of a large frame: (where it ends, where unforwarded data begins)."""
        taken = min(len(data), self._skip)
        self._skip -= taken
        if self._skip_rows:
            head = self._c.ledger.entries[0]
            if type(head) is Execution:
                head.size += taken
        hidden = self._hide
        if self._skip == 0:
            self._hide = False
        return taken, taken if hidden else 0

    def _begin_large(self, kind: int, data: bytes, position: int, end: int, mark: int) -> int:
        """A frame over `_PIECE` bytes begins; what follows from it follows now."""
        size = len(data)
        self._skip = end - size
        self._skip_rows = kind in {_DATA_ROW, _COPY_DATA}
        if self._skip_rows:
            head = self._c.ledger.entries[0]
            if type(head) is not Execution:
                raise ProtocolViolation("rows that nobody asked for")
            if head.watch is not None and not head.watch.large(kind, end - position - 5):
                mark = self._cut(data, mark, position, size)
                self._hide = True
                return mark
            head.rows += kind == _DATA_ROW
            head.size += size - position - 5
        elif kind not in {_NOTICE, _NOTIFICATION}:
            mark = self._other(kind, data, position, end, mark)
            self._hide = mark > position
            mark = min(mark, size)
        if self._mute:
            self._hide = True
            mark = size
        return mark

    def _needs_more(self, kind: int, data: bytes, position: int, end: int) -> bool:
        if kind in {_DATA_ROW, _COPY_DATA, _NOTICE, _NOTIFICATION, _DESCRIPTION, _PARAMETERS}:
            entries = self._c.ledger.entries
            head = entries[0] if entries else None
            collects = type(head) is OwnDescribe or (head is not None and head.watch is not None and head.watch.collects)
            if collects and end - position <= ROW_LIMIT:
                self._wanted = end - position
                return True
            return False
        if kind == _ERROR:
            return len(data) - position < _ERROR_HEAD
        raise ProtocolViolation(f"message {chr(kind)!r} is too large")

    def _cut(self, data: bytes, mark: int, start: int, end: int) -> int:
        """data[start:end] is not for the client."""
        if mark < start:
            self._c.outlet.send(data[mark:start])
        return end

    # Executions with obligations

    def _watched(self, data: bytes, position: int, end: int, mark: int, *, suspended: bool) -> int:
        """CommandComplete or PortalSuspended of an execution that is watched."""
        c = self._c
        head = c.ledger.entries[0]
        if type(head) is not Execution or head.watch is None:
            raise ProtocolViolation("a completion that nobody waits for")
        tag = b"SELECT" if suspended else data[position + 5 : end - 1]
        watch = head.watch
        if self._mute:
            if not self._complete(head, tag):
                raise ProtocolViolation("more answers than statements")
            return mark
        instead = watch.completed(tag)
        if instead is not None:
            mark = self._cut(data, mark, position, end)
            c.outlet.send(instead)
        refusal = watch.refusal
        if refusal is None:
            if suspended and instead is None:
                c.progress.suspended(head)
                c.ledger.pop()
            elif not self._complete(head, tag):
                raise ProtocolViolation("more answers than statements")
            return mark
        if not c.progress.complete(head, tag, (refusal.code, refusal.message)):
            raise ProtocolViolation("more answers than statements")
        self._mute = True
        if head.kind == EXECUTE:
            c.ledger.pop()
            c.ledger.skip_unless_synced()
        c.client_side.reheat()
        c.decider.server_answered()
        return mark

    def _muted(self, kind: int, data: bytes, position: int, end: int) -> int:
        """The client was told an error: until ReadyForQuery it hears no more than what is told at any time."""
        if kind in {_STATUS, _NOTIFICATION}:
            self._c.outlet.send(data[position:end])
        return end

    # Answers

    def _complete(self, head: Entry, tag: bytes) -> bool:
        c = self._c
        if type(head) is not Execution or not c.progress.complete(head, tag):
            return False
        if head.kind == EXECUTE:
            c.ledger.pop()
            if not c.ledger.barriers:
                c.decider.server_answered()
        return True

    def _ready(self, status: int) -> None:
        c = self._c
        ledger = c.ledger
        self._mute = False
        head = ledger.entries[0]
        ledger.pop()
        if head.kind == PROBE:
            self._hide = True
            self._probe_ended()
        elif head.kind == QUERY:
            if type(head) is Execution and head.verdict is not None and head.index < len(head.verdict.rulings):
                # Fewer answers than statements were understood: the two parsers disagree.
                raise ProtocolViolation("fewer answers than statements")
            ledger.settle(head)
            ledger.copying = None
        elif head.kind != SYNC:
            raise ProtocolViolation("ReadyForQuery at the wrong place")
        if status != c.status or c.moved:
            c.moved = False
            c.status = status
            c.progress.ready(status)
        if c.decider.waiting:
            c.decider.server_answered()

    def _other(self, kind: int, data: bytes, position: int, end: int, mark: int) -> int:  # noqa: PLR0912 -- one flat table
        """Everything that is neither a row nor a plain completion. Returns where unforwarded data begins."""
        c = self._c
        if kind == _STATUS:
            c.parameter(data[position + 5 : end])
            return mark
        if kind == _ERROR:
            return self._error(data, position, end, mark)
        entries = c.ledger.entries
        head = entries[0]
        if head.kind == PROBE:
            if kind == _CLOSED:
                self._probe_closes()
            return self._cut(data, mark, position, end)
        if type(head) is OwnDescribe and kind in {_DESCRIPTION, _NO_DATA}:
            head.watch_on.describe(head.portal, data[position + 5 : end] if kind == _DESCRIPTION else None)
            c.ledger.pop()
            return self._cut(data, mark, position, end)
        if kind == _DESCRIPTION:
            if head.watch is not None:
                head.watch.described(data[position + 5 : end])
            if head.kind == DESCRIBE:
                c.ledger.pop()
            elif type(head) is not Execution:
                raise ProtocolViolation("a row description that nobody asked for")
        elif kind in _ACKNOWLEDGES:
            if head.kind != _ACKNOWLEDGES[kind]:
                raise ProtocolViolation(f"answer {chr(kind)!r} at the wrong place")
            c.ledger.pop()
        elif kind == _PARAMETERS:
            if head.kind != DESCRIBE:
                raise ProtocolViolation("a parameter description that nobody asked for")
        elif type(head) is not Execution:
            raise ProtocolViolation(f"answer {chr(kind)!r} at the wrong place")
        elif kind == _EMPTY:
            if not self._complete(head, b""):
                raise ProtocolViolation("more answers than statements")
        elif kind == _SUSPENDED and head.kind == EXECUTE and head.watch is not None:
            return self._watched(data, position, end, mark, suspended=True)
        elif kind == _SUSPENDED and head.kind == EXECUTE:
            c.progress.suspended(head)
            c.ledger.pop()
            c.decider.server_answered()
        elif kind == _COPY_IN:
            c.ledger.begin_copy_in(head)
            c.client_side.reheat()
        elif kind == _COPY_OUT:
            if head.watch is not None:
                head.watch.copy_begins()
        else:
            raise ProtocolViolation(f"unexpected message {chr(kind)!r} from the server")
        return mark

    def _error(self, data: bytes, position: int, end: int, mark: int) -> int:
        c = self._c
        severity, code, message = error_fields(data[position + 5 : min(end, position + _ERROR_HEAD)])
        if severity in {"FATAL", "PANIC"}:
            c.life.server_ends((code, message))
            return mark
        entries = c.ledger.entries
        if not entries:
            raise ProtocolViolation("an error that nobody waits for")
        head = entries[0]
        c.moved = True
        refusal = head.refusal
        if refusal is None:
            payload = data[position + 5 : min(end, len(data))]
            refusal = c.obliged.scrubbed(entries, payload, (severity, code, message))
        error = (code, message) if refusal is None else (refusal.code, refusal.message)
        c.state.error()
        c.follow_state()
        if head.kind == QUERY and type(head) is Execution:
            c.progress.failed(head, error)
        elif head.kind == PROBE and self._probe_syncs:
            self._answer = None
        elif head.kind != SYNC:
            c.progress.skipped(c.ledger.drop_to_sync(), error)
        if head.kind == PROBE:
            return self._cut(data, mark, position, end)
        c.client_side.reheat()
        c.decider.server_answered()
        if refusal is None:
            return mark
        mark = self._cut(data, mark, position, end)
        if not self._mute:
            c.outlet.send(refusal.encode())
        return mark

    # The gateway's own question

    def expect_probe(self, *, sync: bool) -> None:
        self._answer = None
        self._closes = 0
        self._probe_syncs = sync

    def probe_skipped(self) -> None:
        """An earlier error of the pipeline made the server skip the question."""
        self._c.decider.probe_ended()

    def _probe_closes(self) -> None:
        """CloseComplete comes twice, for portal and statement; without Sync the second ends the answer."""
        answer = self._answer
        if answer is None:
            raise ProtocolViolation("no answer about the session's state")
        self._closes += 1
        if self._closes == 2 and not self._probe_syncs:
            self._c.ledger.pop()
            self._probe_ended()

    def _probe_ended(self) -> None:
        if self._answer is not None:
            self._c.learned(self._answer)
        else:
            self._c.probe_failed()
        self._c.decider.probe_ended()

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


def _copied(head: Execution, data: bytes, position: int) -> int:
    """Count the CopyData frames that stand whole one behind the other from here: where the last of them ends."""
    start, size, frames = position, len(data), 0
    last = size - 5
    while position <= last and data[position] == _COPY_DATA:
        end = position + 1 + _length(data, position + 1)[0]
        if end > size:
            break
        position = end
        frames += 1
    head.size += position - start - 5 * frames
    return position


def error_fields(body: bytes) -> tuple[str, str, str]:
    """(severity, SQLSTATE, message) of an ErrorResponse whose tail may be cut off."""
    found: dict[bytes, str] = {}
    for field in body.split(b"\0"):
        if field:
            found.setdefault(field[:1], field[1:].decode("utf-8", "replace"))
    return found.get(b"V") or found.get(b"S", "ERROR"), found.get(b"C", "XX000"), found.get(b"M", "")
