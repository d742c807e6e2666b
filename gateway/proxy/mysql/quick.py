"""The usual answer of the server in one look: one result, no error, no change of state."""

import time
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.errors import AuditUnavailable
from gateway.proxy.mysql.awaited import CHANGED, MORE, State
from gateway.proxy.mysql.hop import hop
from gateway.verdict.mysql_state import keeps_state
from gateway.wire.mysql.constants import Status
from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE
from gateway.wire.mysql.results import EOF_HEADER, OK_HEADER

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation
    from gateway.proxy.mysql.server_side import ServerSide

_word = Struct("<I").unpack_from
_short = Struct("<H").unpack_from
_clock = time.perf_counter
_UNUSUAL: Final = MORE | CHANGED | int(Status.CURSOR_EXISTS)
_MORE_BYTES: Final = {0xFC: 2, 0xFD: 3, 0xFE: 8}  # of a length-encoded integer, behind these first bytes
_HEADING: Final = 1024  # bytes of column definitions that are remembered


def quick(c: "Conversation", side: "ServerSide", data: bytes) -> bool:  # noqa: PLR0912 -- one straight way with many exits
    """The usual answer, all of it and nothing else: one result, no error, no change of state."""
    execution = c.execution
    size = len(data)
    if execution is None or execution.watch is not None or size < 11 or c.draining or execution.release is not None:
        return False
    verdict = execution.verdict
    if len(verdict.rulings) != 1 or ((verdict.effects or verdict.barrier) and not keeps_state(verdict.rulings[0].footprint)):
        return False
    first = data[4]
    rows = result = 0
    if first == OK_HEADER:
        rows, place = data[5], 7
        if data[6] > 0xFA:  # the insert id takes more than one byte
            place += _MORE_BYTES.get(data[6], size)
        # The long way: more affected rows than fit into one byte, words behind the status that the client wants otherwise.
        if rows > 0xFA or _word(data, 0)[0] & MAX_PIECE != size - HEADER_SIZE or place + 4 > size:
            return False
        if place + 4 != size and not side.same_words:
            return False
        status = _short(data, place)[0]
    else:
        tail = size - (11 if side.deprecate_eof else 9)
        if side.heading and data.startswith(side.heading):  # the columns of the answer before
            position = len(side.heading)
        else:
            position = _definitions(side, data, first)
            if position < 0:
                return False
        start = position
        position, rows = hop(data, start, tail)
        if position != tail or data[tail + 4] != EOF_HEADER or data[tail] != size - tail - HEADER_SIZE:
            return False
        result = tail - start - HEADER_SIZE * rows
        status = _short(data, tail + 7)[0]
    if status & _UNUSUAL:
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
    side.state = State.IDLE
    c.outlet.send(data)
    c.answered()
    return True


def _definitions(side: "ServerSide", data: bytes, count: int) -> int:
    """Where `count` column definitions behind their number end, with their EOF where there is one; -1 where they do not."""
    size = len(data)
    if _word(data, 0)[0] & MAX_PIECE != 1 or count > 0xFA:
        return -1
    position = HEADER_SIZE + 1
    for _ in range(count):
        if position + HEADER_SIZE > size:
            return -1
        position += HEADER_SIZE + (_word(data, position)[0] & MAX_PIECE)
    if not side.deprecate_eof:
        if position + 9 > size or data[position + 4] != EOF_HEADER or data[position] != 5:
            return -1
        position += 9
    if position <= _HEADING:
        side.heading = data[:position]
    return position
