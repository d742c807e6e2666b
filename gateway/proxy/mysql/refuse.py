"""Refusals in MySQL's words. A refused statement never reaches the server: an error does not change MySQL's transaction."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.model.decision import ReasonCode
from gateway.model.identity import Target
from gateway.model.own import OwnFault, OwnRefused
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.wording import denial, grounds
from gateway.verdict import Ruling, Verdict
from gateway.wire.mysql.results import Err

# How the analysis tells what it could not read of a text (analysis/mysql/mistakes.py).
_MISSPELT: Final = re.compile(r"syntax error: (.*)", re.DOTALL)
_MESSAGE_BYTES: Final = 2_000  # clients keep 512 of the servers' own; ours may name a rule and an address


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of the gateway's own: number, SQLSTATE and words for client and audit."""

    number: int
    state: str
    message: str

    def encode(self) -> bytes:
        return Err(self.number, self.state.encode(), self.message.encode("utf-8", "replace")[:_MESSAGE_BYTES]).encode()

    @property
    def error(self) -> tuple[str, str]:
        """For the audit record."""
        return str(self.number), self.message


# Numbers and states of errmsg-utf8.txt.
AUDIT_UNAVAILABLE: Final = Refusal(1105, "HY000", "gateway: audit log unavailable, statement refused")
UNKNOWN_COMMAND: Final = Refusal(1047, "08S01", "Unknown command")
OUT_OF_ORDER: Final = Refusal(1156, "08S01", "Got packets out of order")
MALFORMED: Final = Refusal(1835, "HY000", "Malformed communication packet")
NO_DATABASE: Final = Refusal(1046, "3D000", "No database selected")
REPREPARE: Final = Refusal(1615, "HY000", "gateway: sql_mode has changed, the prepared statement must be prepared anew")
TOO_MANY_STATEMENTS: Final = Refusal(1461, "42000", "gateway: too many prepared statements in this session")
INTERNAL: Final = Refusal(1105, "HY000", "gateway: internal error, statement refused")
NO_ISSUES: Final = Refusal(1142, "42000", "gateway: change issues are not available")
CLIENT_GONE: Final = Refusal(1158, "08S01", "the client closed the connection")
SERVER_GONE: Final = Refusal(1053, "08S01", "gateway: the server closed the connection unexpectedly")
SHUTDOWN: Final = Refusal(1053, "08S01", "Server shutdown in progress")
IDLE_TOO_LONG: Final = Refusal(
    4031, "HY000", "The client was disconnected by the server because of inactivity. See idle_seconds of the gateway."
)
KILLED: Final = Refusal(1927, "70100", "Connection was killed")


def oversized(limit: int) -> Refusal:
    return Refusal(1153, "08S01", f"gateway: statement is larger than {limit} bytes")


def undecided(error: object) -> Refusal:
    return Refusal(1105, "HY000", f"gateway: statement cannot be decided: {error}")


def unknown_statement(statement_id: int, command: str) -> Refusal:
    return Refusal(1243, "HY000", f"Unknown prepared statement handler ({statement_id}) given to {command}")


def no_cursor(statement_id: int) -> Refusal:
    return Refusal(1421, "HY000", f"The statement ({statement_id}) has no open cursor.")


def unknown_thread(number: int) -> Refusal:
    return Refusal(1094, "HY000", f"Unknown thread id: {number}")


def charset(name: str) -> Refusal:
    return Refusal(
        1115, "42000", f"gateway: character set {name!r} is not supported: statements could not be read safely; use utf8mb4"
    )


def denied(verdict: Verdict) -> Refusal:
    """The refusal of a verdict whose outcome is DENY (contract: Refusals): everything in the one message."""
    ruling = verdict.refused
    if ruling is None:
        raise ValueError("an allowed verdict is no refusal")
    reason = ruling.decision.reason
    said = _MISSPELT.fullmatch(ruling.footprint.opaque or "") if reason.code is ReasonCode.OPAQUE else None
    if said is not None:  # people mistype, and their tools look for the number and the line
        return Refusal(1064, "42000", f"gateway: syntax error {said[1]}; the statement was not sent to the server")
    hint = f" HINT: {reason.hint}" if reason.hint else ""
    return Refusal(1142, "42000", f"gateway: {denial(ruling)} ({grounds(ruling)}){hint}")


def needs_issue(ruling: Ruling, target: Target, number: int, url: str) -> Refusal:
    text = f"gateway: {ruling.footprint.kind} on {target.address} needs an approved change issue: #{number}"
    return Refusal(1142, "42000", f"{text} ({grounds(ruling)}) HINT: {url}")


# Of statements on the gateway's own schema, as the servers say the same of theirs.
_OWN: Final = {
    OwnFault.NOT_ANSWERED: (1235, "42000"),
    OwnFault.SYNTAX: (1096, "HY000"),
    OwnFault.NO_RELATION: (1146, "42S02"),
    OwnFault.NO_COLUMN: (1054, "42S22"),
    OwnFault.NO_SOURCE: (1054, "42S22"),
    OwnFault.AMBIGUOUS: (1052, "23000"),
    OwnFault.NAMED_TWICE: (1066, "42000"),
    OwnFault.NO_FUNCTION: (1305, "42000"),
    OwnFault.NO_PROCEDURE: (1305, "42000"),
    OwnFault.WRONG_ARGUMENTS: (1318, "42000"),
    OwnFault.WRONG_VALUE: (1210, "HY000"),
    OwnFault.TOO_LARGE: (1104, "42000"),
    OwnFault.NOT_PERMITTED: (1142, "42000"),
}


def own(refused: OwnRefused) -> Refusal:
    hint = f" HINT: {refused.hint}" if refused.hint else ""
    return Refusal(*_OWN[refused.fault], f"{refused}{hint}")


# A login's refusals: SQLSTATEs of `RefusalCode` are PostgreSQL's.
_LOGIN: Final = {
    RefusalCode.INVALID_PASSWORD: (1045, "28000"),
    RefusalCode.INVALID_AUTHORIZATION: (1045, "28000"),
    RefusalCode.NO_SUCH_DATABASE: (1049, "42000"),
    RefusalCode.TOO_MANY_CONNECTIONS: (1040, "08004"),
    RefusalCode.PROTOCOL_VIOLATION: (1043, "08S01"),
    RefusalCode.CANNOT_CONNECT: (1105, "08S01"),
    RefusalCode.SERVER_REJECTED: (1105, "08004"),
    RefusalCode.FEATURE_NOT_SUPPORTED: (1251, "08004"),
    RefusalCode.PERMISSION_DENIED: (1044, "42000"),
    RefusalCode.INVALID_PARAMETER: (1115, "42000"),
    RefusalCode.LOGIN_TIMEOUT: (1159, "08S01"),
    RefusalCode.SHUTTING_DOWN: (1053, "08S01"),
    RefusalCode.AUDIT_UNAVAILABLE: (1105, "HY000"),
    RefusalCode.INTERNAL: (1105, "HY000"),
}


def of_login(refused: Refused) -> Refusal:
    number, state = _LOGIN.get(RefusalCode(refused.code), (1105, "HY000"))
    hint = f" HINT: {refused.hint}" if refused.hint else ""
    return Refusal(number, state, refused.message + hint)
