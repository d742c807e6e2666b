"""Errors and notices that may quote masked values: the SQLSTATE stays, the words become general.

The server quotes values in messages (`invalid input syntax for type integer: "…"`), details (`Failing row contains (…)`),
contexts and notices of functions. What is said about a statement's form before any row is read quotes none.
"""

from typing import Final

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse

# Classes whose errors speak of the statement, the session or the server, never of a row's values (Appendix A).
_FORMAL: Final = frozenset({"08", "0A", "25", "26", "28", "2D", "34", "3B", "3D", "3F", "40", "42", "53", "55", "57", "58"})
_KEPT: Final = frozenset("SVCstdcnP")  # severity, code, and the names of schema, table, column, type, constraint; the position
_ERROR: Final = "gateway: the server's message may quote masked values and is not shown"
_NOTICE: Final = "gateway: a notice that may quote masked values is not shown"


def is_formal(code: str) -> bool:
    return code[:2] in _FORMAL


def scrubbed_error(payload: bytes, severity: str, code: str) -> ErrorResponse:
    """The error without what may quote values. `payload` may be cut off: then only severity and code are left."""
    return ErrorResponse((*_fields(payload, severity, code), ("M", _ERROR)))


def scrubbed_notice(payload: bytes) -> bytes:
    report = _decoded(payload)
    severity, code = (report.severity, report.code) if report is not None else ("NOTICE", "00000")
    return NoticeResponse((*_fields(payload, severity, code), ("M", _NOTICE))).encode()


def place(payload: bytes) -> tuple[str, str]:
    """(schema, table) that an error names as its place; "" where it names none."""
    report = _decoded(payload)
    return ("", "") if report is None else (report.get("s"), report.get("t"))


def _fields(payload: bytes, severity: str, code: str) -> tuple[tuple[str, str], ...]:
    report = _decoded(payload)
    if report is None:
        return ("S", severity), ("V", severity), ("C", code)
    return tuple((key, value) for key, value in report.fields if key in _KEPT)


def _decoded(payload: bytes) -> ErrorResponse | None:
    try:
        return ErrorResponse.decode(payload)
    except (ProtocolViolation, UnicodeDecodeError):
        return None
