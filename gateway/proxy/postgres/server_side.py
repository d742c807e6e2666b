"""What the server answers, frame by frame: hop over it, count, follow, and forward it as it came.

Only messages that say something about the ledger or the session's state are read (`answers.py`). Frames are forwarded whole, so
that an error of the gateway's own can stand between any two; a frame over 64 KB, whose tail would otherwise pile up, goes
through in pieces. `quick.py` has the usual answer in one look, `questions.py` the gateway's own question.
"""

import asyncio
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.proxy.postgres.answers import ERROR_HEAD, Answers
from gateway.proxy.postgres.ledger import PROBE, UNANSWERED, UNANSWERED_LIMIT, Execution
from gateway.proxy.postgres.obliged import OwnDescribe
from gateway.proxy.postgres.questions import Questions
from gateway.proxy.postgres.quick import usual_answer
from gateway.proxy.postgres.watch import ROW_LIMIT
from gateway.wire.errors import ProtocolViolation

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

_length = Struct("!I").unpack_from
_PIECE: Final = 64 * 1024  # frames up to this size are held until they are whole

_DATA_ROW: Final = ord("D")
_COMPLETE: Final = ord("C")
_READY: Final = ord("Z")
_ERROR: Final = ord("E")
_STATUS: Final = ord("S")
_DESCRIPTION: Final = ord("T")
_COPY_DATA: Final = ord("d")
_COPY_DONE: Final = ord("c")
_PARAMETERS: Final = ord("t")
_NOTICE: Final = ord("N")
_NOTIFICATION: Final = ord("A")
_PASSING: Final = frozenset({_NOTICE, _NOTIFICATION, _COPY_DATA, _COPY_DONE})
_ANY_SIZE: Final = frozenset({_DATA_ROW, _COPY_DATA, _NOTICE, _NOTIFICATION, _DESCRIPTION, _PARAMETERS})


class ServerSide(asyncio.Protocol):
    """mute   the client was told an error that the server knows nothing of
    hide   what comes now is not for the client: the end of an answer, or the rest of a large frame
    """

    __slots__ = (
        "_answers",
        "_c",
        "_gathered",
        "_pieces",
        "_rest",
        "_skip",
        "_skip_rows",
        "_wanted",
        "hide",
        "mute",
        "questions",
    )

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._rest = b""  # the beginning of a frame
        self._wanted = 0  # bytes of a large frame that must be there whole; `_pieces` are what came behind `_rest`
        self._gathered = 0
        self._pieces: list[bytes] = []
        self._skip = 0  # bytes of a large frame that are still to come
        self._skip_rows = False  # they belong to a DataRow
        self.mute = False
        self.hide = False
        self.questions = Questions(conversation)
        self._answers = Answers(conversation, self)

    @property
    def between_frames(self) -> bool:
        """Whether what was forwarded ends where a frame ends."""
        return not self._skip

    def data_received(self, data: bytes) -> None:
        c = self._c
        if c.ended:
            return
        if c.ledger.quick and not self._rest and not self._skip and usual_answer(c, data):
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

    def cut(self, data: bytes, mark: int, start: int, end: int) -> int:
        """data[start:end] is not for the client; what stands before it and was not forwarded yet is."""
        if mark < start:
            self._c.outlet.send(data[mark:start])
        return end

    # The loop every frame goes through

    def _walk(self, data: bytes) -> None:  # noqa: PLR0912 -- the loop every frame goes through
        c = self._c
        if c.ledger.quick:
            c.ledger.spell_out()
        size = len(data)
        position = mark = 0
        if self._skip:
            position, mark = self._large(data)
        last = size - 5
        while position <= last:
            kind = data[position]
            if kind == _DATA_ROW:
                start = position
                position, mark = self._rows(data, start, mark)
                if position > start:
                    continue
            end = position + 1 + _length(data, position + 1)[0]
            if end > size:
                if end - position <= _PIECE or self._needs_more(kind, data, position, end):
                    break
                mark = self._begin_large(kind, data, position, end, mark)
                position = size
                break
            if kind == _COPY_DATA:
                end, mark = self._copied(data, position, end, mark)
            else:
                mark = self._message(kind, data, position, end, mark)
                if c.ended:
                    return
            if self.mute:
                mark = self._muted(kind, data, position, end)
            position = end
        if mark < position:
            c.outlet.send(data if mark == 0 and position == size else data[mark:position])
        if position < size:
            self._rest = data[position:]
            self._gathered = size - position
        elif c.draining:
            c.life.leave_if_idle()

    def _message(self, kind: int, data: bytes, position: int, end: int, mark: int) -> int:
        """Any whole message but rows and CopyData. Returns where unforwarded data begins."""
        if kind == _COMPLETE:
            return self._answers.completion(data, position, end, mark)
        if kind == _READY:
            self._answers.ready(data[position + 5])
            if self.hide and not self._c.ended:
                self.hide = False
                return self.cut(data, mark, position, end)
            return mark
        if kind == _NOTICE:
            return self._notice(data, position, end, mark)
        if kind in _PASSING:
            return mark
        return self._answers.read(kind, data, position, end, mark)

    def _notice(self, data: bytes, position: int, end: int, mark: int) -> int:
        c = self._c
        entries = c.ledger.entries
        if entries and entries[0].watch is not None and entries[0].watch.hides:
            mark = self.cut(data, mark, position, end)
            c.outlet.send(c.obliged.notice(data[position + 5 : end]))
        return mark

    def _muted(self, kind: int, data: bytes, position: int, end: int) -> int:
        """The client was told an error: until ReadyForQuery it hears no more than what is told at any time."""
        if kind in {_STATUS, _NOTIFICATION}:
            self._c.outlet.send(data[position:end])
        return end

    # Rows

    def _rows(self, data: bytes, start: int, mark: int) -> tuple[int, int]:
        """The DataRow messages that stand whole one behind the other from `start`: (where the last of them ends, where
        unforwarded data begins)."""
        entries = self._c.ledger.entries
        if entries and entries[0].watch is not None and type(entries[0]) is Execution:
            watch = entries[0].watch
            found = watch.find(data, start)
            if found is not None:
                position = start + found.size
                mark = watch.rows(data, mark, start, position, found)
                return position, position if self.mute else mark
        size = len(data)
        last = size - 5
        position, rows = start, 0
        while position <= last and data[position] == _DATA_ROW:
            end = position + 1 + _length(data, position + 1)[0]
            if end > size:
                break
            position = end
            rows += 1
        if not rows:
            return start, mark
        head = self._c.ledger.entries[0]
        if head.kind == PROBE:
            self.questions.row(data[start + 5 : position])
            mark = self.cut(data, mark, start, position)
        elif type(head) is not Execution:
            raise ProtocolViolation("rows that nobody asked for")
        elif head.watch is None:
            head.rows += rows
            head.size += position - start - 5 * rows
        else:
            mark = head.watch.rows(data, mark, start, position, rows)
        return position, position if self.mute else mark

    def _copied(self, data: bytes, position: int, end: int, mark: int) -> tuple[int, int]:
        """CopyData: (where what was looked at ends, where unforwarded data begins). Many of them in one go where nobody needs
        to see them one by one."""
        head = self._c.ledger.entries[0]
        if head.watch is not None:
            return end, head.watch.copy_data(data, mark, position, end)
        if type(head) is not Execution:
            return end, mark
        if self.mute:
            head.size += end - position - 5
            return end, mark
        start, size, frames = position, len(data), 1
        position, last = end, size - 5
        while position <= last and data[position] == _COPY_DATA:
            end = position + 1 + _length(data, position + 1)[0]
            if end > size:
                break
            position = end
            frames += 1
        head.size += position - start - 5 * frames
        return position, mark

    # Frames in pieces

    def _large(self, data: bytes) -> tuple[int, int]:
        """The next piece of a large frame: (where it ends, where unforwarded data begins)."""
        taken = min(len(data), self._skip)
        self._skip -= taken
        if self._skip_rows:
            head = self._c.ledger.entries[0]
            if type(head) is Execution:
                head.size += taken
        hidden = self.hide
        if self._skip == 0:
            self.hide = False
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
                mark = self.cut(data, mark, position, size)
                self.hide = True
                return mark
            head.rows += kind == _DATA_ROW
            head.size += size - position - 5
        elif kind not in {_NOTICE, _NOTIFICATION}:
            mark = self._answers.read(kind, data, position, end, mark)
            self.hide = mark > position
            mark = min(mark, size)
        if self.mute:
            self.hide = True
            mark = size
        return mark

    def _needs_more(self, kind: int, data: bytes, position: int, end: int) -> bool:
        """Whether the rest of a large frame must be there before anything of it is looked at. Raises ProtocolViolation."""
        if kind in _ANY_SIZE:
            entries = self._c.ledger.entries
            head = entries[0] if entries else None
            collects = type(head) is OwnDescribe or (head is not None and head.watch is not None and head.watch.collects)
            if collects and end - position <= ROW_LIMIT:
                self._wanted = end - position
                return True
            return False
        if kind == _ERROR:
            return len(data) - position < ERROR_HEAD
        raise ProtocolViolation(f"message {chr(kind)!r} is too large")

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
