"""Refusals in PostgreSQL's words, and the messages that stand in for what was refused.

The server keeps its own state machine: in place of a refused message it gets one that it must refuse itself, at the same place
and with the same consequences. That is a syntax error: raw parsing comes before every check of the transaction's state and
before anything is executed (exec_simple_query, exec_parse_message; tcop/postgres.c), depends on no setting and costs next to
nothing. A Parse under a name leaves the unnamed statement and all others alone. The server's error is then replaced.
"""

import re
from dataclasses import dataclass
from typing import Final

from gateway.model.identity import Target
from gateway.proxy.outcome import RefusalCode
from gateway.proxy.wording import denial, grounds
from gateway.verdict import Ruling, Verdict
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse

_TEXT: Final = b"gateway refused this statement\0"
FAILING_QUERY: Final = b"Q" + (len(_TEXT) + 4).to_bytes(4, "big") + _TEXT
_PARSE_BODY: Final = b"gateway_refused\0" + _TEXT + b"\0\0"
FAILING_PARSE: Final = b"P" + (len(_PARSE_BODY) + 4).to_bytes(4, "big") + _PARSE_BODY

INSUFFICIENT_PRIVILEGE: Final = "42501"
PROGRAM_LIMIT_EXCEEDED: Final = "54000"
IO_ERROR: Final = "58030"
CONNECTION_FAILURE: Final = "08006"
PROTOCOL_VIOLATION: Final = RefusalCode.PROTOCOL_VIOLATION.value
ADMIN_SHUTDOWN: Final = "57P01"
IDLE_TIMEOUT: Final = "57P05"
CHARACTER_NOT_IN_REPERTOIRE: Final = "22021"
UNDEFINED_STATEMENT: Final = "26000"
UNDEFINED_CURSOR: Final = "34000"
CANNOT_DECIDE: Final = "58000"
SYNTAX_ERROR: Final = "42601"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of the gateway's own: SQLSTATE and words for client and audit."""

    code: str
    message: str
    detail: str = ""
    hint: str = ""
    position: int | None = None  # in the text, in characters from 1
    encoded: bytes = b""  # the whole message, where it is not made of these

    @property
    def error(self) -> tuple[str, str]:
        """For the audit record."""
        return self.code, self.message

    def encode(self, severity: str = "ERROR") -> bytes:
        if self.encoded:
            return self.encoded
        report = ErrorResponse.of(severity, self.code, self.message, detail=self.detail, hint=self.hint, position=self.position)
        return report.encode()


AUDIT_UNAVAILABLE: Final = Refusal(IO_ERROR, "gateway: audit log unavailable, statement refused")
FUNCTION_CALL: Final = Refusal(
    INSUFFICIENT_PRIVILEGE,
    "gateway: permission denied: function call messages are not supported",
    hint="Use SELECT function(...) instead.",
)


def oversized(limit: int) -> Refusal:
    return Refusal(PROGRAM_LIMIT_EXCEEDED, f"gateway: statement is larger than {limit} bytes")


def denied(verdict: Verdict) -> Refusal:
    """The refusal of a verdict whose outcome is DENY (contract: Refusals)."""
    ruling = verdict.refused
    if ruling is None:
        raise ValueError("an allowed verdict is no refusal")
    misspelt = _syntax_error(ruling)
    if misspelt is not None:
        return misspelt
    reason = ruling.decision.reason
    return Refusal(INSUFFICIENT_PRIVILEGE, f"gateway: {denial(ruling)}", grounds(ruling), reason.hint)


# How the analysis tells what PostgreSQL's own parser said of a text (analysis/postgres.py, SYNTAX_ERROR).
_MISSPELT: Final = re.compile(r"syntax error: (?P<message>.*?)(?: at character (?P<position>\d+))?", re.DOTALL)
_BAD_ENCODING: Final = "invalid byte sequence"


def _syntax_error(ruling: Ruling) -> Refusal | None:
    """The error a server would answer to a text that has no tree: people mistype, and their tools point at the place."""
    said = _MISSPELT.fullmatch(ruling.footprint.opaque or "")
    if said is None:
        return None
    code = CHARACTER_NOT_IN_REPERTOIRE if said["message"].startswith(_BAD_ENCODING) else SYNTAX_ERROR
    return Refusal(code, said["message"], position=int(said["position"]) if said["position"] else None)


def needs_issue(ruling: Ruling, target: Target, number: int, url: str) -> Refusal:
    text = f"gateway: {ruling.footprint.kind} on {target.address} needs an approved change issue: #{number}"
    return Refusal(INSUFFICIENT_PRIVILEGE, text, grounds(ruling), url)


CROWDED: Final = Refusal(
    "53200", "gateway: too many prepared statements, cursors, savepoints and temporary relations in this session"
)


def hidden(name: str) -> Refusal:
    text = f'gateway: this session has a temporary relation named "{name}": what is approved would change that one'
    return Refusal(INSUFFICIENT_PRIVILEGE, text, hint="Drop the temporary relation, or use another session.")


def notice(text: str, detail: str = "") -> bytes:
    return NoticeResponse.of("WARNING", "01000", text, detail=detail).encode()
