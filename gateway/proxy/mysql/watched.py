"""The way of an answer that is watched: packet by packet, rows in runs.

Rows pass as they came, in other words (masked), or not at all (truncated); the packets behind those left out get new sequence
ids, which clients check. A row that is masked is there whole, up to a bound; any other passes in pieces, however large.
"""

from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.masking import MySqlRowMalformed, Rows
from gateway.proxy.mysql.awaited import LARGEST, State
from gateway.proxy.mysql.hop import hop
from gateway.proxy.mysql.refuse import Refusal
from gateway.proxy.mysql.watch import MALFORMED, ROW_LIMIT, TOO_LARGE, Watch, nullable
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Status
from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE, encode_packet
from gateway.wire.mysql.payload import Payload
from gateway.wire.mysql.results import EOF_HEADER, ERR_HEADER, LOCAL_INFILE_HEADER, OK_HEADER, ColumnDefinition

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation
    from gateway.proxy.mysql.server_side import ServerSide

_word = Struct("<I").unpack_from
_header = Struct("<I").pack
_MOST_WARNINGS: Final = 0xFFFF
_EOF_SIZE: Final = 5


class Watched:
    """One for each watched execution. `side` keeps what must survive it: where a packet is in the middle, what is awaited."""

    __slots__ = ("_c", "_definitions", "_gathered", "_pieces", "_raw", "_shift", "_side", "_wanted", "watch")

    def __init__(self, conversation: "Conversation", side: "ServerSide", watch: Watch) -> None:
        self._c = conversation
        self._side = side
        self.watch = watch
        self._shift = 0  # packets of the server that the client did not get
        self._definitions: list[ColumnDefinition] = []
        self._raw: list[bytes] = []  # the same as packets, held until all are there
        self._wanted = self._gathered = 0  # bytes of a row that must be there whole; `_pieces` came behind `side.rest`
        self._pieces: list[bytes] = []

    def gather(self, data: bytes) -> bytes:
        """What is there with what was left before; b"" while the row that must be whole is not."""
        side = self._side
        self._gathered += len(data)
        if self._gathered < self._wanted and side.ending is None:
            self._pieces.append(data)
            return b""
        if side.rest or self._pieces:
            data = b"".join((side.rest, *self._pieces, data))
            self._pieces.clear()
            side.rest = b""
        self._wanted = self._gathered = 0
        return data

    def walk(self, data: bytes) -> bytes:
        """Everything in `data` that is whole. Returns what the server's side shall take up: the rows of what is being ended.

        Raises ProtocolViolation, IndexError.
        """
        side, watch = self._side, self.watch
        size = len(data)
        position = mark = 0
        if side.skip:
            position = min(size, side.skip)
            side.skip -= position
            mark = position if watch.truncated else 0
        while size - position >= HEADER_SIZE and not side.done:
            if side.ending is not None and (side.ending.said or side.state == State.ROWS):
                self._flush(data, mark, position)
                return data[position:]
            word = _word(data, position)[0]
            length = word & MAX_PIECE
            if side.continued or (side.state == State.ROWS and self._is_row(data, position, length)):
                before = position
                position, mark = self._rows(data, position, mark)
                if position == before and side.ending is None:
                    break
                continue
            end = position + HEADER_SIZE + length
            if end > size:
                if length > LARGEST:
                    raise ProtocolViolation("packet of the server is too large")
                break
            mark = self._packet(data, position, end, mark)
            if self._c.ended:
                return b""
            position = end
        self._flush(data, mark, position)
        if position < size:
            if side.done:
                raise ProtocolViolation("bytes behind an answer")
            side.rest = data[position:]
            self._gathered = size - position
        return b""

    def _is_row(self, data: bytes, position: int, length: int) -> bool:
        if not length:
            raise ProtocolViolation("empty packet of the server")
        if position + HEADER_SIZE == len(data):
            return False  # nothing of it is there yet: it is looked at again
        kind = data[position + HEADER_SIZE]
        return kind < EOF_HEADER or (kind == EOF_HEADER and not self._side.is_end(length))

    # Rows

    def _rows(self, data: bytes, position: int, mark: int) -> tuple[int, int]:
        """A run of whole rows, or a row that is not: (where it ends, where unforwarded data begins). It ends where it began if
        more bytes are needed, or the statement is being ended there."""
        side, watch = self._side, self.watch
        if side.continued:
            return self._piece(data, position, mark)
        masker = None if watch.truncated else watch.state.masker
        found = None if masker is None else masker.find(data, position)
        if found is not None:
            return self._whole(data, mark, position, position + found.size, found)
        stop, count = hop(data, position, len(data))
        if count:
            return self._whole(data, mark, position, stop, count)
        if masker is not None:
            return self._large(data, position, mark)
        return self._piece(data, position, mark)

    def _whole(self, data: bytes, mark: int, start: int, stop: int, whole: int | Rows) -> tuple[int, int]:
        """Whole rows in data[start:stop], how many or where: counted, masked, sent or left out."""
        side, watch = self._side, self.watch
        count, found = (whole, None) if isinstance(whole, int) else (whole.count, whole)
        passed, rows = stop, count
        if watch.truncated:
            passed, rows = start, 0
        elif not watch.count(count, stop - start - HEADER_SIZE * count):
            passed, rows = watch.passing(data, start, stop)
            found = None
        side.sequence = data[start + 3] + rows - 1 - self._shift & 0xFF
        if passed > start and (watch.state.masker is not None or self._shift):
            self._flush(data, mark, start)
            if watch.state.masker is None:
                self._c.outlet.send(self._renumbered(data, start, passed))
            else:
                try:
                    self._c.outlet.send(watch.state.masker.mask_run(data, start, passed, self._shift, found))
                except MySqlRowMalformed:
                    side.sequence = side.sequence - rows & 0xFF
                    self._end(MALFORMED)
                    return start, start
            mark = passed
        if passed == stop:
            return stop, mark
        self._flush(data, mark, passed)
        if watch.refusal is not None:
            self._end(watch.refusal)
            return passed, passed
        self._shift += count - rows
        return stop, stop

    def _renumbered(self, data: bytes, start: int, end: int) -> bytes:
        out: list[bytes] = []
        while start < end:
            word = _word(data, start)[0]
            after = start + HEADER_SIZE + (word & MAX_PIECE)
            out += (_header(word & MAX_PIECE | ((word >> 24) - self._shift & 0xFF) << 24), data[start + HEADER_SIZE : after])
            start = after
        return b"".join(out)

    def _large(self, data: bytes, first: int, mark: int) -> tuple[int, int]:
        """A row that is masked and is not there whole yet, or comes in several pieces."""
        side, watch = self._side, self.watch
        end, size, pieces = self._extent(data, first)
        before = data[first + 3] - self._shift - 1 & 0xFF
        if size > ROW_LIMIT:
            return self._ends_here(data, mark, first, before, TOO_LARGE)
        if self._wanted:
            return first, mark
        if not watch.row(size):
            if watch.refusal is not None:
                return self._ends_here(data, mark, first, before, watch.refusal)
            self._flush(data, mark, first)
            self._shift += pieces
            return end, end
        try:
            masked = b"" if watch.state.masker is None else watch.state.masker.mask(_joined(data, first, end))
        except MySqlRowMalformed:
            return self._ends_here(data, mark, first, before, MALFORMED)
        self._flush(data, mark, first)
        self._c.outlet.send(encode_packet(masked, before + 1))
        sent = len(masked) // MAX_PIECE + 1
        self._shift += pieces - sent
        side.sequence = before + sent & 0xFF
        return end, end

    def _extent(self, data: bytes, first: int) -> tuple[int, int, int]:
        """Where the row that begins at `first` ends, its bytes and its pieces, as far as its headers are there; `_wanted` is
        set where it is not whole."""
        position, size, pieces = first, 0, 0
        while position + HEADER_SIZE <= len(data) and size <= ROW_LIMIT:
            length = _word(data, position)[0] & MAX_PIECE
            position += HEADER_SIZE + length
            size += length
            pieces += 1
            if length < MAX_PIECE:
                self._wanted = position - first if position > len(data) else 0
                return position, size, pieces
        self._wanted = position + HEADER_SIZE - first
        return position, size, pieces

    def _ends_here(self, data: bytes, mark: int, position: int, sequence: int, refusal: Refusal) -> tuple[int, int]:
        """The statement is ended in front of the row at `position`."""
        self._wanted = 0
        self._flush(data, mark, position)
        self._side.sequence = sequence
        self._end(refusal)
        return position, position

    def _piece(self, data: bytes, position: int, mark: int) -> tuple[int, int]:
        """The beginning of a row's piece that passes as it is, or is left out: its header decides, its bytes follow."""
        side, watch = self._side, self.watch
        word = _word(data, position)[0]
        length = word & MAX_PIECE
        sequence = (word >> 24) - self._shift & 0xFF
        if watch.truncated or side.continued:
            if not watch.truncated:
                watch.more(length)
        elif not watch.row(length) and watch.refusal is not None:
            return self._ends_here(data, mark, position, sequence - 1 & 0xFF, watch.refusal)
        side.continued = length == MAX_PIECE
        begun = position + HEADER_SIZE
        end = min(begun + length, len(data))
        side.skip = begun + length - end
        if watch.truncated:
            self._flush(data, mark, position)
            self._shift += 1
            return end, end
        side.sequence = sequence
        if self._shift:
            self._flush(data, mark, position)
            self._c.outlet.send(_header(length | sequence << 24))
            mark = begun
        return end, mark

    def _end(self, refusal: Refusal) -> None:
        self._c.obliged.end(refusal)

    # Other packets

    def _packet(self, data: bytes, position: int, end: int, mark: int) -> int:
        """A packet that is no row. Returns where unforwarded data begins."""
        side, watch = self._side, self.watch
        payload = data[position + HEADER_SIZE : end]
        if not payload:
            raise ProtocolViolation("empty packet of the server")
        kind, state = payload[0], side.state
        side.sequence = data[position + 3] - self._shift & 0xFF
        if state == State.COLUMNS and kind != ERR_HEADER:
            return self._definition(data, position, end, mark)
        if state == State.FIELDS and kind < EOF_HEADER:
            return mark
        if state in {State.RESULT, State.ENDING}:
            watch.settle()
            if kind == LOCAL_INFILE_HEADER and self._shift:
                raise ProtocolViolation("a file is asked for behind rows that were left out")
        if state == State.ROWS and kind == EOF_HEADER and watch.appended:
            self._flush(data, mark, position)
            self._append()
            mark = position
        if self._raw:  # an error among the definitions
            self._c.outlet.send(b"".join(self._raw))
        sequence = side.sequence
        shown = side.answers.read(kind, payload)
        if kind in {OK_HEADER, EOF_HEADER} and state in {State.RESULT, State.ENDING, State.ROWS}:
            shown = self._end_of_result(shown, state)
        if shown is payload and not self._shift:
            return mark
        self._flush(data, mark, position)
        self._c.outlet.send(encode_packet(shown, sequence))
        return end

    def _definition(self, data: bytes, position: int, end: int, mark: int) -> int:
        """Where values are masked, definitions are held until all are there: what masked values may be is said with them."""
        side, watch = self._side, self.watch
        if not side.left:
            raise ProtocolViolation("more definitions than columns")
        side.left -= 1
        self._flush(data, mark, position)
        if watch.hides:
            self._raw.append(data[position:end])
            self._definitions.append(ColumnDefinition.decode(data[position + HEADER_SIZE : end]))
        else:
            self._c.outlet.send(self._renumbered(data, position, end))
        if not side.left:
            if watch.hides:
                self._describe()
            side.definitions_end()
        return end

    def _describe(self) -> None:
        masked = self.watch.described(self._definitions)
        out: list[bytes] = []
        for packet, hidden in zip(self._raw, masked, strict=True):
            payload = packet[HEADER_SIZE:]
            out.append(encode_packet(nullable(payload) if hidden else payload, packet[3] - self._shift & 0xFF))
        self._c.outlet.send(b"".join(out))
        self._definitions, self._raw = [], []

    def _append(self) -> None:
        """Rows of the gateway's own, in front of the packet that ends the result."""
        side = self._side
        for row in self.watch.appended:
            self._c.outlet.send(encode_packet(row, side.sequence))
            side.sequence = side.sequence + 1 & 0xFF
            self._shift -= 1
        self.watch.appended = []

    def _end_of_result(self, payload: bytes, state: int) -> bytes:
        """The warnings of the gateway's own are counted, and a cursor whose rows were cut off has no more of them. How many
        the server has of rows with masked columns may tell of their values: those are not counted."""
        watch, execution = self.watch, self._c.execution
        warned, watch.warned = watch.warned, 0
        cut_off = state == State.ROWS and watch.truncated and execution is not None and execution.fetches
        untold = watch.hides and state != State.RESULT
        if not (warned or cut_off or untold):
            return payload
        flags, count = _places(payload)
        changed = bytearray(payload)
        total = min((0 if untold else int.from_bytes(payload[count : count + 2], "little")) + warned, _MOST_WARNINGS)
        changed[count : count + 2] = total.to_bytes(2, "little")
        if cut_off:
            status = int.from_bytes(payload[flags : flags + 2], "little")
            status = status & ~Status.CURSOR_EXISTS | Status.LAST_ROW_SENT
            changed[flags : flags + 2] = status.to_bytes(2, "little")
        return bytes(changed)

    def _flush(self, data: bytes, mark: int, position: int) -> None:
        if mark < position:
            self._c.outlet.send(data if mark == 0 and position == len(data) else data[mark:position])


def _joined(data: bytes, start: int, end: int) -> bytes:
    """The payload of a row in several pieces."""
    pieces: list[bytes] = []
    while start < end:
        after = start + HEADER_SIZE + (_word(data, start)[0] & MAX_PIECE)
        pieces.append(data[start + HEADER_SIZE : after])
        start = after
    return b"".join(pieces)


def _places(payload: bytes) -> tuple[int, int]:
    """Where an OK or EOF packet has its status flags and its count of warnings."""
    if payload[0] == EOF_HEADER and len(payload) == _EOF_SIZE:
        return 3, 1
    reader = Payload(payload)
    reader.byte()
    reader.lenenc_int()
    reader.lenenc_int()
    place = len(payload) - reader.remaining
    return place, place + 2
