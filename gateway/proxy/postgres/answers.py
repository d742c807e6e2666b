"""Messages of the server that are read: what each says about the ledger, the session and the statement at hand.

`mark` is where data begins that was not forwarded yet; what is not for the client is cut out and moves it.
"""

from typing import TYPE_CHECKING, Final

from gateway.proxy.postgres.ledger import BIND, CLOSE, DESCRIBE, EXECUTE, PARSE, PROBE, QUERY, SYNC, Entry, Execution
from gateway.proxy.postgres.obliged import OwnDescribe
from gateway.wire.errors import ProtocolViolation

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation
    from gateway.proxy.postgres.server_side import ServerSide

ERROR_HEAD: Final = 8 * 1024  # of a longer ErrorResponse only this much is read

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
_PARAMETERS: Final = ord("t")
_ACKNOWLEDGES: Final = {_PARSED: PARSE, _BOUND: BIND, _CLOSED: CLOSE, _NO_DATA: DESCRIBE}
_SURPLUS: Final = "more answers than statements"


class Answers:
    """Reads for `side`, which holds what both must know: whether the client was told an error, what is hidden from it."""

    __slots__ = ("_c", "_side")

    def __init__(self, conversation: "Conversation", side: "ServerSide") -> None:
        self._c = conversation
        self._side = side

    # Completions

    def completion(self, data: bytes, position: int, end: int, mark: int) -> int:
        """CommandComplete. Returns where unforwarded data begins."""
        head = self._c.ledger.entries[0]
        if head.kind == PROBE:
            return self._side.cut(data, mark, position, end)
        if head.watch is not None:
            return self._watched(data, position, end, mark, suspended=False)
        self._complete(head, data[position + 5 : end - 1])
        return mark

    def _complete(self, head: Entry, tag: bytes) -> None:
        c = self._c
        if type(head) is not Execution or not c.progress.complete(head, tag):
            raise ProtocolViolation(_SURPLUS)
        if head.kind == EXECUTE:
            c.ledger.pop()
            if not c.ledger.barriers:
                c.decider.server_answered()

    def _watched(self, data: bytes, position: int, end: int, mark: int, *, suspended: bool) -> int:
        """CommandComplete or PortalSuspended of an execution that is watched."""
        c = self._c
        head = c.ledger.entries[0]
        if type(head) is not Execution or head.watch is None:
            raise ProtocolViolation("a completion that nobody waits for")
        tag = b"SELECT" if suspended else data[position + 5 : end - 1]
        watch = head.watch
        if self._side.mute:
            self._complete(head, tag)
            return mark
        instead = watch.completed(tag)
        if c.notices:  # what the limits said of these rows comes with them, not with the next statement's
            mark = self._side.cut(data, mark, position, position)
            c.send_notices()
        if instead is not None:
            mark = self._side.cut(data, mark, position, end)
            c.outlet.send(instead)
        refusal = watch.refusal
        if refusal is None:
            if suspended and instead is None:
                c.progress.suspended(head)
                c.ledger.pop()
            else:
                self._complete(head, tag)
            return mark
        if not c.progress.complete(head, tag, (refusal.code, refusal.message)):
            raise ProtocolViolation(_SURPLUS)
        self._side.mute = True
        if head.kind == EXECUTE:
            c.ledger.pop()
            c.ledger.skip_unless_synced()
        c.client_side.reheat()
        c.decider.server_answered()
        return mark

    def _suspended(self, head: Execution, data: bytes, position: int, end: int, mark: int) -> int:
        """PortalSuspended: an Execute has the rows it asked for."""
        c = self._c
        if head.watch is not None:
            return self._watched(data, position, end, mark, suspended=True)
        c.progress.suspended(head)
        c.ledger.pop()
        c.decider.server_answered()
        return mark

    def ready(self, status: int) -> None:
        """ReadyForQuery."""
        c = self._c
        ledger = c.ledger
        self._side.mute = False
        head = ledger.entries[0]
        ledger.pop()
        if head.kind == PROBE:
            self._side.hide = True
            self._side.questions.ended()
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

    # Everything that is neither a row nor a plain completion

    def read(self, kind: int, data: bytes, position: int, end: int, mark: int) -> int:  # noqa: PLR0912 -- one flat table
        """Returns where unforwarded data begins. Raises ProtocolViolation for a message that cannot come here."""
        c = self._c
        if kind == _STATUS:
            c.parameter(data[position + 5 : end])
            return mark
        if kind == _ERROR:
            return self._error(data, position, end, mark)
        head = c.ledger.entries[0]
        if head.kind == PROBE:
            if kind == _CLOSED:
                self._side.questions.closes()
            return self._side.cut(data, mark, position, end)
        if type(head) is OwnDescribe and kind in {_DESCRIPTION, _NO_DATA}:
            head.watch_on.describe(head.portal, data[position + 5 : end] if kind == _DESCRIPTION else None)
            c.ledger.pop()
            return self._side.cut(data, mark, position, end)
        if kind == _DESCRIPTION:
            self._description(head, data[position + 5 : end])
        elif kind in _ACKNOWLEDGES:
            if head.kind != _ACKNOWLEDGES[kind]:
                raise ProtocolViolation(f"answer {chr(kind)!r} at the wrong place")
            c.ledger.pop()
        elif kind == _PARAMETERS:
            if head.kind != DESCRIBE:
                raise ProtocolViolation("a parameter description that nobody asked for")
        elif type(head) is not Execution:
            raise ProtocolViolation(f"answer {chr(kind)!r} at the wrong place")
        elif kind == _SUSPENDED and head.kind == EXECUTE:
            return self._suspended(head, data, position, end, mark)
        else:
            self._of_execution(kind, head)
        return mark

    def _description(self, head: Entry, payload: bytes) -> None:
        if head.watch is not None:
            head.watch.described(payload)
        if head.kind == DESCRIBE:
            self._c.ledger.pop()
        elif type(head) is not Execution:
            raise ProtocolViolation("a row description that nobody asked for")

    def _of_execution(self, kind: int, head: Execution) -> None:
        c = self._c
        if kind == _EMPTY:
            self._complete(head, b"")
        elif kind == _COPY_IN:
            c.ledger.begin_copy_in(head)
            c.client_side.reheat()
        elif kind == _COPY_OUT:
            if head.watch is not None:
                head.watch.copy_begins()
        else:
            raise ProtocolViolation(f"unexpected message {chr(kind)!r} from the server")

    def _error(self, data: bytes, position: int, end: int, mark: int) -> int:
        c = self._c
        severity, code, message = error_fields(data[position + 5 : min(end, position + ERROR_HEAD)])
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
        elif head.kind == PROBE and self._side.questions.syncs:
            self._side.questions.failed()
        elif head.kind != SYNC:
            c.progress.skipped(c.ledger.drop_to_sync(), error)
        if head.kind == PROBE:
            return self._side.cut(data, mark, position, end)
        c.client_side.reheat()
        c.decider.server_answered()
        if refusal is None:
            return mark
        mark = self._side.cut(data, mark, position, end)
        if not self._side.mute:
            c.outlet.send(refusal.encode())
        return mark


def error_fields(body: bytes) -> tuple[str, str, str]:
    """(severity, SQLSTATE, message) of an ErrorResponse whose tail may be cut off."""
    found: dict[bytes, str] = {}
    for field in body.split(b"\0"):
        if field:
            found.setdefault(field[:1], field[1:].decode("utf-8", "replace"))
    return found.get(b"V") or found.get(b"S", "ERROR"), found.get(b"C", "XX000"), found.get(b"M", "")
