"""What each message of the client means: judged, recorded, and forwarded as it came or replaced.

A handler gets the frame's place in the data and gives what goes to the server instead of it: `KEEP` for the frame as it came,
`WAIT` where it cannot be judged yet. Frames that must be read whole are waited for up to their limit; the data of COPY and the
values of a Bind are never collected.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.model.own import OwnRefused
from gateway.model.statement import Origin
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.ledger import (
    BIND,
    BOUND,
    CLOSE,
    CLOSED,
    COPY_ENDED,
    DESCRIBED,
    EXECUTE,
    PARSE,
    PARSED,
    QUERY,
    SYNCED,
    Prepared,
)
from gateway.proxy.postgres.names import MAX_PORTALS, Portal
from gateway.proxy.postgres.own import OwnWatch, catalog_text, stand_in_parse, stand_in_query
from gateway.proxy.postgres.own_values import OwnPortal, OwnPrepared, declared, own_refusal, own_values, users_types
from gateway.proxy.postgres.refuse import Refusal
from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.frames import SMALL_LIMIT, encode_frame

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

_now = time.time
_NAMES_LIMIT: Final = 4 * SMALL_LIMIT
KEEP: Final = b"keep"  # the frame goes to the server as it came
WAIT: Final = b"wait"  # the frame stays where it is until the decider resumes

Handler = Callable[["Conversation", bytes, int, int], bytes]

_MALFORMED: Final = Refusal(refuse.PROTOCOL_VIOLATION, "gateway: invalid message format")


_UNREADABLE: Final = Refusal(
    refuse.CHARACTER_NOT_IN_REPERTOIRE,
    "gateway: names of prepared statements and portals are ASCII, or UTF-8 where client_encoding is UTF8",
)


def _whole(data: bytes, position: int, end: int, limit: int) -> bool:
    """Whether the frame is there; False: collect more. Raises ProtocolViolation over the limit."""
    if end - position - 1 > limit:
        raise ProtocolViolation(f"message of {end - position - 1} bytes is over the limit of {limit} bytes")
    return end <= len(data)


def _query(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if c.ledger.skipping:
        return b""
    if end - position - 1 > c.rooms.limits.statement_bytes:
        return _refused(c, QUERY, refuse.oversized(c.rooms.limits.statement_bytes), data[position + 5 :])
    if end > len(data):
        return WAIT
    body = data[position + 5 : end]
    text = c.text(body)
    if isinstance(text, Refusal):
        return _refused(c, QUERY, text, body)
    answer = c.decider.decide(text, Origin.SIMPLE)
    if answer is None:
        return WAIT
    execution = c.begin(QUERY, answer)
    c.ledger.append(execution)
    c.names.unnamed = None
    c.client_side.open_pipeline = False
    if execution.refusal is not None:
        return refuse.FAILING_QUERY
    verdict = answer.verdict
    if verdict is not None and verdict.own is not None:
        return stand_in_query(verdict.own.request)
    told = catalog_text(c, text)
    if told is not None:
        return encode_frame(0x51, told + b"\0")
    if verdict is not None and c.worth_knowing(verdict) and answer.release is None:
        c.known.learn_query(data[position:end], verdict)
    return KEEP


def _parse(c: "Conversation", data: bytes, position: int, end: int) -> bytes:  # noqa: PLR0912 -- one straight way
    if c.ledger.skipping:
        return b""
    limit = c.rooms.limits.statement_bytes
    if end - position - 1 > limit + SMALL_LIMIT:
        return _refused(c, PARSE, refuse.oversized(limit), data[position + 5 :])
    if end > len(data):
        return WAIT
    stop = data.find(0, position + 5, end)
    text_end = data.find(0, stop + 1, end) if stop >= 0 else -1
    if text_end < 0 or text_end + 3 > end:
        return _refused(c, PARSE, _MALFORMED, b"")
    name, body = data[position + 5 : stop], data[stop + 1 : text_end + 1]
    if not c.readable(name):
        return _refused(c, PARSE, _UNREADABLE, body)
    text = c.text(body)
    if isinstance(text, Refusal):
        return _refused(c, PARSE, text, body)
    if c.names.full:
        return _refused(c, PARSE, Refusal("53200", "gateway: too many prepared statements in this session"), body)
    types = data[text_end + 1 : end]
    parameters = users_types(declared(types)) if len(types) > 2 else ()
    answer = c.decider.decide(text, Origin.EXTENDED, runs=False, parameters=parameters)
    if answer is None:
        return WAIT
    c.client_side.open_pipeline = True
    if answer.refusal is not None or answer.verdict is None:
        c.ledger.append(c.begin(PARSE, answer))
        return refuse.FAILING_PARSE
    lasting = not (answer.verdict.named or answer.verdict.bound) and answer.release is None
    prepared = Prepared(name, text, answer.verdict, c.stamp if lasting else None, parameters)
    prepared.release = answer.release
    own = answer.verdict.own
    told = catalog_text(c, text) if own is None else None
    if own is not None:
        prepared = OwnPrepared(prepared, declared(types))
    if name:
        c.ledger.append(c.names.prepare(PARSE, prepared))
    else:
        c.names.unnamed = prepared
        c.ledger.append(PARSED)
        if lasting and told is None and c.worth_knowing(answer.verdict):
            c.known.learn_parse(data[position:end], prepared)
    if told is not None:
        return encode_frame(0x50, name + b"\0" + told + b"\0" + types)
    return KEEP if own is None else stand_in_parse(name, own.request, types)


def _bind(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if c.ledger.skipping:
        return b""
    limit = min(end, len(data), position + _NAMES_LIMIT)
    stop = data.find(0, position + 5, limit)
    name_end = data.find(0, stop + 1, limit) if stop >= 0 else -1
    if name_end < 0:
        if limit == end:
            return _refused(c, BIND, _MALFORMED, b"")
        if limit == position + _NAMES_LIMIT:
            raise ProtocolViolation("a name in a Bind message is too long")
        return WAIT
    portal, name = data[position + 5 : stop], data[stop + 1 : name_end]
    if not (c.readable(name) and c.readable(portal)):
        return _refused(c, BIND, _UNREADABLE, b"")
    if portal and len(c.names.portals) >= MAX_PORTALS:
        return _refused(c, BIND, Refusal("53200", "gateway: too many open portals in this session"), b"")
    prepared = c.prepared(name)
    if prepared is None:
        return _refused(c, BIND, _no_statement(name), b"")
    refused = _judged_again(c, prepared, BIND)
    if refused is not None:
        return refused
    c.client_side.open_pipeline = True
    if isinstance(prepared, OwnPrepared) and not _whole(data, position, end, c.rooms.limits.statement_bytes):
        return WAIT
    bound = _bound(c, prepared, data[position + 5 : end])
    if isinstance(bound, Refusal):
        return _refused(c, BIND, bound, b"")
    c.obliged.bound(portal)
    if portal:
        c.ledger.append(c.names.bind(BIND, portal, bound))
    else:
        c.names.portal = bound
        c.ledger.append(BOUND)
    return KEEP


def _bound(c: "Conversation", prepared: Prepared, payload: bytes) -> Prepared | Refusal:
    """The portal; of what the gateway answers itself, with the values that its execution will need."""
    if not isinstance(prepared, OwnPrepared):
        return prepared if prepared.release is not None else Portal(prepared, c.state.namespace.search_path)
    try:
        return OwnPortal(prepared, c.state.namespace.search_path, own_values(payload, prepared, c.text))
    except OwnRefused as refused:
        return own_refusal(refused)


def _execute(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if c.ledger.skipping:
        return b""
    if not _whole(data, position, end, SMALL_LIMIT):
        return WAIT
    stop = data.find(0, position + 5, end)
    if stop + 5 != end:
        return _refused(c, EXECUTE, _MALFORMED, b"")
    portal = data[position + 5 : stop]
    prepared = c.portal(portal) if c.readable(portal) else None
    if prepared is None:
        return _refused(c, EXECUTE, _no_portal(portal), b"")
    going_on = isinstance(prepared, OwnPortal) and prepared.begun
    refused = _settled(c) if going_on else _judged_again(c, prepared, EXECUTE)
    if refused is not None:
        return refused
    release, prepared.release = prepared.release, None
    execution = c.start_execution(EXECUTE, prepared.verdict, release, portal)
    c.client_side.open_pipeline = True
    if isinstance(prepared, OwnPortal) and isinstance(execution.watch, OwnWatch):
        prepared.begun = True
        execution.watch.most = max(int.from_bytes(data[end - 4 : end], "big", signed=True), 0)
    ahead = b"" if execution.watch is None else c.obliged.describing(execution, portal)
    c.ledger.append(execution)
    if execution.refusal is not None:
        return refuse.FAILING_PARSE
    return ahead + data[position:end] if ahead else KEEP


def _settled(c: "Conversation") -> bytes | None:
    return None if c.decider.settle() else WAIT


def _judged_again(c: "Conversation", prepared: Prepared, kind: int) -> bytes | None:
    """Before a statement is bound and before it is executed: None where it still may, else what to send or WAIT."""
    if prepared.release is not None:
        if prepared.verdict.epoch == c.judge.epoch:
            return _settled(c)
        c.claims.give_back(prepared.release)
        prepared.release = None
    if prepared.stamp is c.stamp and prepared.verdict.valid_until > _now():
        return _settled(c)
    path = prepared.path if isinstance(prepared, Portal) else None
    values = prepared.values if isinstance(prepared, OwnPortal) else ()
    answer = c.decider.decide(
        prepared.text, Origin.EXTENDED, path, values, runs=kind == EXECUTE, parameters=prepared.parameters
    )
    if answer is None:
        return WAIT
    if answer.refusal is not None or answer.verdict is None:
        c.client_side.open_pipeline = True
        c.ledger.append(c.begin(kind, answer))
        return refuse.FAILING_PARSE
    prepared.verdict = answer.verdict
    fleeting = answer.verdict.named or answer.verdict.bound or answer.release is not None
    prepared.stamp = None if fleeting else c.stamp
    if answer.release is not None:
        prepared.release = answer.release
    return None


def _describe(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if c.ledger.skipping:
        return b""
    if not _whole(data, position, end, SMALL_LIMIT):
        return WAIT
    which, name = data[position + 5 : position + 6], data[position + 6 : end - 1]
    if end - position < 7 or data[end - 1] or 0 in name or which not in {b"S", b"P"}:
        return _refused(c, BIND, _MALFORMED, b"")
    prepared = (c.prepared(name) if which == b"S" else c.portal(name)) if c.readable(name) else None
    if prepared is None:
        return _refused(c, BIND, _no_statement(name) if which == b"S" else _no_portal(name), b"")
    refused = _judged_again(c, prepared, BIND)
    if refused is not None:
        return refused
    c.client_side.open_pipeline = True
    c.ledger.append(DESCRIBED)
    return KEEP


def _close(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if c.ledger.skipping:
        return b""
    if not _whole(data, position, end, SMALL_LIMIT):
        return WAIT
    which, name = data[position + 5 : position + 6], data[position + 6 : end - 1]
    if end - position < 7 or data[end - 1] or 0 in name or which not in {b"S", b"P"}:
        return _refused(c, BIND, _MALFORMED, b"")
    if not c.readable(name):
        return _refused(c, BIND, _UNREADABLE, b"")
    c.client_side.open_pipeline = True
    if not name:
        c.ledger.append(CLOSED)
    elif which == b"S":
        c.ledger.append(c.names.close_statement(CLOSE, name))
        c.closed_statement(name)
    else:
        c.ledger.append(c.names.close_portal(CLOSE, name))
    return KEEP


def _sync(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if not _whole(data, position, end, 4):
        return WAIT
    if c.ledger.copying is None:  # while the server reads COPY data it ignores Sync
        c.ledger.append(SYNCED)
        if c.ledger.skipping:
            c.decider.forget()
            c.ledger.skipping = False
        c.client_side.open_pipeline = False
    return KEEP


def _flush(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if not _whole(data, position, end, 4):
        return WAIT
    return b"" if c.ledger.skipping else KEEP


def _copy_data(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    ledger = c.ledger
    if ledger.skipping:
        return b""
    if ledger.copying is not None:
        ledger.copying.size += end - position - 5
    return KEEP


def _copy_end(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if not _whole(data, position, end, c.rooms.limits.statement_bytes):
        return WAIT
    if c.ledger.skipping:
        return b""
    if c.ledger.copying is not None:
        c.ledger.copying = None
    elif c.ledger.entries:
        c.ledger.append(COPY_ENDED)
    return KEEP


def _function_call(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if c.ledger.skipping:
        return b""
    return _refused(c, QUERY, refuse.FUNCTION_CALL, b"")


def _terminate(c: "Conversation", data: bytes, position: int, end: int) -> bytes:
    if not _whole(data, position, end, 4):
        return WAIT
    c.client_side.finished = True
    return KEEP


def _refused(c: "Conversation", kind: int, refusal: Refusal, body: bytes) -> bytes:
    """Refused before anybody judged it. The record holds the beginning of what there is of the text."""
    c.ledger.append(c.refused_unread(kind, refusal, body))
    c.client_side.open_pipeline = kind != QUERY
    return refuse.FAILING_QUERY if kind == QUERY else refuse.FAILING_PARSE


def _no_statement(name: bytes) -> Refusal:
    shown = name.decode("utf-8", "replace")
    text = f'prepared statement "{shown}" does not exist' if name else "unnamed prepared statement does not exist"
    return Refusal(refuse.UNDEFINED_STATEMENT, text)


def _no_portal(name: bytes) -> Refusal:
    return Refusal(refuse.UNDEFINED_CURSOR, f'portal "{name.decode("utf-8", "replace")}" does not exist')


HANDLERS: Final[dict[int, Handler]] = {
    ord("Q"): _query,
    ord("P"): _parse,
    ord("B"): _bind,
    ord("E"): _execute,
    ord("D"): _describe,
    ord("C"): _close,
    ord("S"): _sync,
    ord("H"): _flush,
    ord("d"): _copy_data,
    ord("c"): _copy_end,
    ord("f"): _copy_end,
    ord("F"): _function_call,
    ord("X"): _terminate,
}
