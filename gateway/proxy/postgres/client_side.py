"""What the client sends: hop over it, judge what must be judged, forward everything else as it came.

`data_received` tries the short way first: one Query, or one of the batches that drivers send for a prepared statement, known
from before. All else goes through `_walk`, frame by frame. Frames that must be read whole are collected up to their limit;
the data of COPY and the values of a Bind are never collected.
"""

import asyncio
import time
from collections.abc import Callable
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.errors import AuditUnavailable
from gateway.model.statement import Origin
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.ledger import (
    BIND,
    BIND_COMPLETE,
    BOUND,
    CLOSE,
    CLOSED,
    COPY_ENDED,
    DESCRIBED,
    EXECUTE,
    NOTHING,
    PARSE,
    PARSE_BIND_COMPLETE,
    PARSED,
    QUERY,
    SYNCED,
    Prepared,
    Quick,
)
from gateway.proxy.postgres.names import MAX_PORTALS, Portal
from gateway.proxy.postgres.own import stand_in_parse, stand_in_query
from gateway.proxy.postgres.refuse import Refusal
from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.frames import LARGE_LIMIT, SMALL_LIMIT

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

_length = Struct("!I").unpack_from
_clock = time.perf_counter
_now = time.time

# Describe of the unnamed portal, Execute of it without a row limit, Sync.
_TAIL: Final = b"D\0\0\0\x06P\0" + b"E\0\0\0\x09\0\0\0\0\0" + b"S\0\0\0\x04"
_TAIL_SIZE: Final = len(_TAIL)
_BIND: Final = 0x42
_PARSE: Final = 0x50
_QUERY: Final = 0x51
_BATCHES: Final = frozenset({_BIND, _PARSE})
_NAMES_LIMIT: Final = 4 * SMALL_LIMIT

SLOW_SERVER: Final = 2  # reason of the client's valve

# So many messages may be on their way to the server before the client must take answers; the server answers all but the last
# few kilobytes of them by itself, without Sync or Flush.
UNANSWERED_LIMIT: Final = 40_000
UNANSWERED: Final = 4  # reason of the client's valve

KEEP: Final = b"keep"  # the frame goes to the server as it came
WAIT: Final = b"wait"  # the frame stays where it is until the decider resumes


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
                if self._known_query(data):
                    return
            elif kind in _BATCHES and self._known_batch(data, kind):
                return
        self._feed(data)

    def _known_query(self, data: bytes) -> bool:
        c = self._c
        known = c.known
        verdict = known.queries.get(data)
        records = c.records
        try:
            if verdict is not None:
                if verdict.valid_until <= _now():
                    return False
                c.outlet.gate = records.statement(verdict.rulings[0].audit_body)
            else:
                # A frame that ends where the data ends; a shape holds no NUL, so the text has none either.
                if len(data) < 6 or _length(data, 1)[0] + 1 != len(data) or data[-1]:
                    return False
                text = data[5:-1]
                verdict = known.shape(text)
                if verdict is None or verdict.head is None or verdict.valid_until <= _now():
                    return False
                c.outlet.gate = records.statement_text(verdict.head, text, verdict.tail)
        except AuditUnavailable:
            return False
        ledger = c.ledger
        ledger.entries.append(Quick(QUERY, records.last, verdict, _clock(), NOTHING))
        ledger.quick = True
        c.names.unnamed = None
        self.open_pipeline = False
        c.server_write(data)
        return True

    def _known_batch(self, data: bytes, kind: int) -> bool:
        """[Parse] Bind Describe Execute Sync, all of the unnamed portal."""
        c = self._c
        if not data.endswith(_TAIL):
            return False
        end = len(data) - _TAIL_SIZE
        names = c.names
        if kind == _PARSE:
            bind = _length(data, 1)[0] + 1
            if bind + 7 > end or data[bind] != _BIND or data[bind + 5] or data[bind + 6]:
                return False
            prepared = c.known.batches.get(data[:bind])
        else:
            bind = 0
            if data[5]:
                return False
            stop = data.find(0, 6)
            prepared = names.statements.get(data[6:stop]) if stop != 6 else names.unnamed
        if prepared is None or prepared.stamp is not c.stamp or _length(data, bind + 1)[0] + 1 + bind != end:
            return False
        verdict = prepared.verdict
        if verdict.barrier or verdict.effects or verdict.valid_until <= _now():
            return False
        try:
            c.outlet.gate = c.records.statement(verdict.rulings[0].audit_body)
        except AuditUnavailable:
            return False
        if bind:
            names.unnamed = prepared
        names.portal = prepared
        answers = PARSE_BIND_COMPLETE if bind else BIND_COMPLETE
        ledger = c.ledger
        ledger.entries.append(Quick(EXECUTE, c.records.last, verdict, _clock(), answers))
        ledger.quick = True
        self.open_pipeline = False
        c.server_write(data)
        return True

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
            handler = _HANDLERS.get(kind)
            if handler is None:
                raise ProtocolViolation(f"invalid message type {kind}")
            if length < 4 or length > LARGE_LIMIT:
                raise ProtocolViolation("invalid message length")
            result = handler(self, data, position, end)
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

    # Messages

    def _whole(self, data: bytes, position: int, end: int, limit: int) -> bool:
        """Whether the frame is there; False: collect more. Raises ProtocolViolation over the limit."""
        if end - position - 1 > limit:
            raise ProtocolViolation(f"message of {end - position - 1} bytes is over the limit of {limit} bytes")
        return end <= len(data)

    def _query(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if c.ledger.skipping:
            return b""
        if end - position - 1 > c.rooms.limits.statement_bytes:
            return self._refused(QUERY, refuse.oversized(c.rooms.limits.statement_bytes), data[position + 5 :])
        if end > len(data):
            return WAIT
        body = data[position + 5 : end]
        text = c.text(body)
        if isinstance(text, Refusal):
            return self._refused(QUERY, text, body)
        answer = c.decider.decide(text, Origin.SIMPLE)
        if answer is None:
            return WAIT
        execution = c.begin(QUERY, answer)
        c.ledger.append(execution)
        c.names.unnamed = None
        self.open_pipeline = False
        if execution.refusal is not None:
            return refuse.FAILING_QUERY
        verdict = answer.verdict
        if verdict is not None and verdict.own is not None:
            return stand_in_query(verdict.own.request)
        if verdict is not None and c.worth_knowing(verdict) and answer.release is None:
            c.known.learn_query(data[position:end], verdict)
        return KEEP

    def _parse(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if c.ledger.skipping:
            return b""
        limit = c.rooms.limits.statement_bytes
        if end - position - 1 > limit + SMALL_LIMIT:
            return self._refused(PARSE, refuse.oversized(limit), data[position + 5 :])
        if end > len(data):
            return WAIT
        stop = data.find(0, position + 5, end)
        text_end = data.find(0, stop + 1, end) if stop >= 0 else -1
        if text_end < 0 or text_end + 3 > end:
            return self._refused(PARSE, _MALFORMED, b"")
        name, body = data[position + 5 : stop], data[stop + 1 : text_end + 1]
        if not c.readable(name):
            return self._refused(PARSE, _UNREADABLE, body)
        text = c.text(body)
        if isinstance(text, Refusal):
            return self._refused(PARSE, text, body)
        if c.names.full:
            return self._refused(PARSE, Refusal("53200", "gateway: too many prepared statements in this session"), body)
        answer = c.decider.decide(text, Origin.EXTENDED, runs=False)
        if answer is None:
            return WAIT
        self.open_pipeline = True
        if answer.refusal is not None or answer.verdict is None:
            c.ledger.append(c.begin(PARSE, answer))
            return refuse.FAILING_PARSE
        lasting = not (answer.verdict.named or answer.verdict.bound) and answer.release is None
        prepared = Prepared(name, text, answer.verdict, c.stamp if lasting else None)
        prepared.release = answer.release
        if name:
            c.ledger.append(c.names.prepare(PARSE, prepared))
        else:
            c.names.unnamed = prepared
            c.ledger.append(PARSED)
            if lasting and c.worth_knowing(answer.verdict):
                c.known.learn_parse(data[position:end], prepared)
        return KEEP if answer.verdict.own is None else stand_in_parse(name, answer.verdict.own.request)

    def _bind(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if c.ledger.skipping:
            return b""
        limit = min(end, len(data), position + _NAMES_LIMIT)
        stop = data.find(0, position + 5, limit)
        name_end = data.find(0, stop + 1, limit) if stop >= 0 else -1
        if name_end < 0:
            if limit == end:
                return self._refused(BIND, _MALFORMED, b"")
            if limit == position + _NAMES_LIMIT:
                raise ProtocolViolation("a name in a Bind message is too long")
            return WAIT
        portal, name = data[position + 5 : stop], data[stop + 1 : name_end]
        if not (c.readable(name) and c.readable(portal)):
            return self._refused(BIND, _UNREADABLE, b"")
        if portal and len(c.names.portals) >= MAX_PORTALS:
            return self._refused(BIND, Refusal("53200", "gateway: too many open portals in this session"), b"")
        prepared = c.prepared(name)
        if prepared is None:
            return self._refused(BIND, _no_statement(name), b"")
        refused = self._judged_again(prepared, BIND)
        if refused is not None:
            return refused
        self.open_pipeline = True
        bound = prepared if prepared.release is not None else Portal(prepared, c.state.namespace.search_path)
        c.obliged.bound(portal)
        if portal:
            c.ledger.append(c.names.bind(BIND, portal, bound))
        else:
            c.names.portal = bound
            c.ledger.append(BOUND)
        return KEEP

    def _execute(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if c.ledger.skipping:
            return b""
        if not self._whole(data, position, end, SMALL_LIMIT):
            return WAIT
        stop = data.find(0, position + 5, end)
        if stop + 5 != end:
            return self._refused(EXECUTE, _MALFORMED, b"")
        portal = data[position + 5 : stop]
        prepared = c.portal(portal) if c.readable(portal) else None
        if prepared is None:
            return self._refused(EXECUTE, _no_portal(portal), b"")
        refused = self._judged_again(prepared, EXECUTE)
        if refused is not None:
            return refused
        release, prepared.release = prepared.release, None
        execution = c.start_execution(EXECUTE, prepared.verdict, release, portal)
        self.open_pipeline = True
        ahead = b"" if execution.watch is None else c.obliged.describing(execution, portal)
        c.ledger.append(execution)
        if execution.refusal is not None:
            return refuse.FAILING_PARSE
        return ahead + data[position:end] if ahead else KEEP

    def _judged_again(self, prepared: Prepared, kind: int) -> bytes | None:
        """Before a statement is bound and before it is executed: None where it still may, else what to send or WAIT."""
        c = self._c
        if prepared.release is not None:
            if prepared.verdict.epoch == c.judge.epoch:
                return None if c.decider.settle() else WAIT
            c.claims.give_back(prepared.release)
            prepared.release = None
        if prepared.stamp is c.stamp and prepared.verdict.valid_until > _now():
            return None if c.decider.settle() else WAIT
        path = prepared.path if type(prepared) is Portal else None
        answer = c.decider.decide(prepared.text, Origin.EXTENDED, path, runs=kind == EXECUTE)
        if answer is None:
            return WAIT
        if answer.refusal is not None or answer.verdict is None:
            self.open_pipeline = True
            c.ledger.append(c.begin(kind, answer))
            return refuse.FAILING_PARSE
        prepared.verdict = answer.verdict
        fleeting = answer.verdict.named or answer.verdict.bound or answer.release is not None
        prepared.stamp = None if fleeting else c.stamp
        if answer.release is not None:
            prepared.release = answer.release
        return None

    def _describe(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if c.ledger.skipping:
            return b""
        if not self._whole(data, position, end, SMALL_LIMIT):
            return WAIT
        which, name = data[position + 5 : position + 6], data[position + 6 : end - 1]
        if end - position < 7 or data[end - 1] or 0 in name or which not in {b"S", b"P"}:
            return self._refused(BIND, _MALFORMED, b"")
        prepared = (c.prepared(name) if which == b"S" else c.portal(name)) if c.readable(name) else None
        if prepared is None:
            return self._refused(BIND, _no_statement(name) if which == b"S" else _no_portal(name), b"")
        refused = self._judged_again(prepared, BIND)
        if refused is not None:
            return refused
        self.open_pipeline = True
        c.ledger.append(DESCRIBED)
        return KEEP

    def _close(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if c.ledger.skipping:
            return b""
        if not self._whole(data, position, end, SMALL_LIMIT):
            return WAIT
        which, name = data[position + 5 : position + 6], data[position + 6 : end - 1]
        if end - position < 7 or data[end - 1] or 0 in name or which not in {b"S", b"P"}:
            return self._refused(BIND, _MALFORMED, b"")
        if not c.readable(name):
            return self._refused(BIND, _UNREADABLE, b"")
        self.open_pipeline = True
        if not name:
            c.ledger.append(CLOSED)
        elif which == b"S":
            c.ledger.append(c.names.close_statement(CLOSE, name))
            c.closed_statement(name)
        else:
            c.ledger.append(c.names.close_portal(CLOSE, name))
        return KEEP

    def _sync(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if not self._whole(data, position, end, 4):
            return WAIT
        if c.ledger.copying is None:  # while the server reads COPY data it ignores Sync
            c.ledger.append(SYNCED)
            c.ledger.skipping = False
            self.open_pipeline = False
        return KEEP

    def _flush(self, data: bytes, position: int, end: int) -> bytes:
        if not self._whole(data, position, end, 4):
            return WAIT
        return b"" if self._c.ledger.skipping else KEEP

    def _copy_data(self, data: bytes, position: int, end: int) -> bytes:
        ledger = self._c.ledger
        if ledger.skipping:
            return b""
        if ledger.copying is not None:
            ledger.copying.size += end - position - 5
        return KEEP

    def _copy_end(self, data: bytes, position: int, end: int) -> bytes:
        c = self._c
        if not self._whole(data, position, end, c.rooms.limits.statement_bytes):
            return WAIT
        if c.ledger.skipping:
            return b""
        if c.ledger.copying is not None:
            c.ledger.copying = None
        elif c.ledger.entries:
            c.ledger.append(COPY_ENDED)
        return KEEP

    def _function_call(self, data: bytes, position: int, end: int) -> bytes:
        if self._c.ledger.skipping:
            return b""
        return self._refused(QUERY, refuse.FUNCTION_CALL, b"")

    def _terminate(self, data: bytes, position: int, end: int) -> bytes:
        if not self._whole(data, position, end, 4):
            return WAIT
        self.finished = True
        return KEEP

    def _refused(self, kind: int, refusal: Refusal, body: bytes) -> bytes:
        """Refused before anybody judged it. The record holds the beginning of what there is of the text."""
        c = self._c
        c.ledger.append(c.refused_unread(kind, refusal, body))
        self.open_pipeline = kind != QUERY
        return refuse.FAILING_QUERY if kind == QUERY else refuse.FAILING_PARSE

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


_MALFORMED: Final = Refusal(refuse.PROTOCOL_VIOLATION, "gateway: invalid message format")


_UNREADABLE: Final = Refusal(
    refuse.CHARACTER_NOT_IN_REPERTOIRE,
    "gateway: names of prepared statements and portals are ASCII, or UTF-8 where client_encoding is UTF8",
)


def _no_statement(name: bytes) -> Refusal:
    shown = name.decode("utf-8", "replace")
    text = f'prepared statement "{shown}" does not exist' if name else "unnamed prepared statement does not exist"
    return Refusal(refuse.UNDEFINED_STATEMENT, text)


def _no_portal(name: bytes) -> Refusal:
    return Refusal(refuse.UNDEFINED_CURSOR, f'portal "{name.decode("utf-8", "replace")}" does not exist')


_Handler = Callable[[ClientSide, bytes, int, int], bytes]
_HANDLERS: Final[dict[int, _Handler]] = {
    ord("Q"): ClientSide._query,
    ord("P"): ClientSide._parse,
    ord("B"): ClientSide._bind,
    ord("E"): ClientSide._execute,
    ord("D"): ClientSide._describe,
    ord("C"): ClientSide._close,
    ord("S"): ClientSide._sync,
    ord("H"): ClientSide._flush,
    ord("d"): ClientSide._copy_data,
    ord("c"): ClientSide._copy_end,
    ord("f"): ClientSide._copy_end,
    ord("F"): ClientSide._function_call,
    ord("X"): ClientSide._terminate,
}
