"""The short way: a whole exchange in one look at what the client sent, and one at what the server answered.

Taken for what this session has sent before and may send again: one Query, or one of the batches that drivers send for a
prepared statement. Each look either does all of it or says False and has done nothing: then the long way does it.
"""

import time
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.errors import AuditUnavailable
from gateway.proxy.postgres.ledger import BIND_COMPLETE, EXECUTE, NOTHING, PARSE_BIND_COMPLETE, QUERY, Quick

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

_length = Struct("!I").unpack_from
_clock = time.perf_counter
_now = time.time

# Describe of the unnamed portal, Execute of it without a row limit, Sync.
_TAIL: Final = b"D\0\0\0\x06P\0" + b"E\0\0\0\x09\0\0\0\0\0" + b"S\0\0\0\x04"
_TAIL_SIZE: Final = len(_TAIL)
_BIND: Final = ord("B")
_PARSE: Final = ord("P")
_DATA_ROW: Final = ord("D")
_COMPLETE: Final = ord("C")
_READY: Final = ord("Z")
_DESCRIPTION: Final = ord("T")


def known_query(c: "Conversation", data: bytes) -> bool:
    """One Query of a known text or shape."""
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
    c.client_side.open_pipeline = False
    c.server_write(data)
    return True


def known_batch(c: "Conversation", data: bytes, kind: int) -> bool:
    """[Parse] Bind Describe Execute Sync, all of the unnamed portal."""
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
    c.client_side.open_pipeline = False
    c.server_write(data)
    return True


def usual_answer(c: "Conversation", data: bytes) -> bool:
    """The usual answer to an exchange of the short way, all of it and nothing else: no error, no change of state.

    [ParseComplete] [BindComplete] RowDescription DataRow… CommandComplete ReadyForQuery, the transaction as it was.
    """
    entries = c.ledger.entries
    head = entries[0] if entries else None
    if type(head) is not Quick or c.moved or c.draining or c.notices:
        return False
    size = len(data)
    position = len(head.acknowledged)
    tail = size - 6
    if tail < position + 5 or data[tail] != _READY or data[size - 1] != c.status:
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
