"""The usual answer of the server in one look: one result, no error, no change of state."""

import time
from struct import Struct
from typing import TYPE_CHECKING

from gateway.model.errors import AuditUnavailable
from gateway.proxy.mysql.awaited import CHANGED, MORE, SHORT_OK, State
from gateway.wire.mysql.constants import Status
from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE
from gateway.wire.mysql.results import EOF_HEADER, OK_HEADER

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation
    from gateway.proxy.mysql.server_side import ServerSide

_word = Struct("<I").unpack_from
_short = Struct("<H").unpack_from
_clock = time.perf_counter


def quick(c: "Conversation", side: "ServerSide", data: bytes) -> bool:  # noqa: PLR0912 -- one straight way with many exits
    """The usual answer, all of it and nothing else: one result, no error, no change of state."""
    execution = c.execution
    size = len(data)
    if execution is None or size < 11 or c.draining or execution.release is not None:
        return False
    if execution.verdict.effects or execution.verdict.barrier or len(execution.verdict.rulings) != 1:
        return False
    word = _word(data, 0)[0]
    first = data[4]
    rows = result = 0
    if first == OK_HEADER:
        # Affected rows and insert id of one byte each: what fits nowhere else goes the long way.
        if word & MAX_PIECE != SHORT_OK or size != 11 or data[5] > 0xFA or data[6] > 0xFA:
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
        tail = size - (11 if side.deprecate_eof else 9)
        if not side.deprecate_eof:
            if position + 9 > size or data[position + 4] != EOF_HEADER or data[position] != 5:
                return False
            position += 9
        start = position
        while position < tail:
            position += HEADER_SIZE + (_word(data, position)[0] & MAX_PIECE)
            rows += 1
        if position != tail or data[tail + 4] != EOF_HEADER or data[tail] != size - tail - HEADER_SIZE:
            return False
        if rows and not _all_rows(data, start, tail):
            return False
        result = tail - start - HEADER_SIZE * rows
        status = _short(data, tail + 7)[0]
    if status & (MORE | CHANGED | Status.CURSOR_EXISTS):
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


def _all_rows(data: bytes, position: int, tail: int) -> bool:
    """Whether no packet before the tail is an end or an error."""
    while position < tail:
        if data[position + 4] >= EOF_HEADER:
            return False
        position += HEADER_SIZE + (_word(data, position)[0] & MAX_PIECE)
    return True
