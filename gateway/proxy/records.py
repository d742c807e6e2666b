"""The two records of every statement, put together from fragments that were encoded before."""

from typing import Final

from gateway.audit.encoding import end_body
from gateway.model.event import EventKind
from gateway.proxy.rooms import Audit

_STATEMENT: Final = EventKind.STATEMENT
_END: Final = EventKind.STATEMENT_END


class Records:
    """One session's. `prefix` is the statement ids' common part, with the member's name and opening quote."""

    __slots__ = ("_audit", "_id", "last", "prefix", "session")

    def __init__(self, audit: Audit, session: bytes, session_id: str) -> None:
        self._audit = audit
        self.session = session
        self._id = session_id.encode()
        self.prefix = b'"statement_id":"%b-' % self._id
        self.last = 0

    def statement(self, body: bytes) -> int:
        """Append the record of the next statement: its log position. Raises AuditUnavailable; no number is used up then."""
        number = self.last + 1
        position = self._audit.append(_STATEMENT, self.session, b'%b%d",%b' % (self.prefix, number, body))
        self.last = number
        return position

    def statement_text(self, head: bytes, text: bytes, tail: bytes) -> int:
        """The same for a text of printable ASCII without quotes and backslashes, between the fragments of its shape. Of what
        JSON escapes only line breaks and tabs may stand in it."""
        number = self.last + 1
        if b"\n" in text or b"\r" in text or b"\t" in text:
            text = text.replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")
        position = self._audit.append(_STATEMENT, self.session, b'%b%d",%b"%b"%b' % (self.prefix, number, head, text, tail))
        self.last = number
        return position

    def end(self, number: int, rows: int, size: int, seconds: float, more: bytes = b"") -> None:
        """A statement succeeded. `more` are further members of its record, each behind a comma."""
        self._audit.append(
            _END,
            self.session,
            b'%b%d","rows":%d,"bytes":%d,"duration_ms":%.3f%b' % (self.prefix, number, rows, size, seconds * 1000, more),
        )

    def closed(self, body: bytes) -> None:
        """The session is over."""
        self._audit.append(EventKind.SESSION_CLOSE, self.session, body)

    def failed(  # noqa: PLR0917 -- as `end`
        self, number: int, rows: int, size: int, seconds: float, error: tuple[str, str], more: bytes = b""
    ) -> None:
        """A statement failed, was refused or never ran: `error` is (SQLSTATE, message)."""
        statement_id = b"%b-%d" % (self._id, number)
        self._audit.append(_END, self.session, end_body(statement_id, rows, size, seconds * 1000, error) + more)
