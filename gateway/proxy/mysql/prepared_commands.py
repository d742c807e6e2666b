"""Commands on prepared statements: each execution is decided anew, by its head where values follow it.

Commands with values behind their head (`STREAMED`) are decided before these have come: None passes the command on, a Refusal
drops it and answers, `WAITS` leaves it where it is, `DROPS` answers nothing.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.model.statement import Namespace, Origin
from gateway.proxy.mysql import own, refuse
from gateway.proxy.mysql.decide import Answer
from gateway.proxy.mysql.execution import CURSOR, Prepared, calls
from gateway.proxy.mysql.refuse import Refusal
from gateway.verdict import Verdict
from gateway.verdict.mysql_state import SQL_MODE
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.commands import statement_id
from gateway.wire.mysql.constants import Command

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

_NUMBERED: Final = 5  # bytes of a command and the statement's number
HEAD: Final = 10  # bytes of a streamed command that decide on it: command, statement id, flags or parameter
_LAST: Final = 0xFFFFFFFF  # MariaDB: the statement prepared last


class _Fate:
    __slots__ = ()


WAITS: Final = _Fate()
DROPS: Final = _Fate()

Streamed = Callable[["Conversation", bytes], "Refusal | _Fate | None"]


def _statement(c: "Conversation", head: bytes) -> tuple[int, Prepared | None]:
    number = statement_id(head)
    if number == _LAST:
        number = c.last_prepared if c.last_prepared is not None else number
    return number, c.prepared.get(number)


def _execute(c: "Conversation", head: bytes) -> "Refusal | _Fate | None":
    if len(head) < 10:
        raise ProtocolViolation("malformed COM_STMT_EXECUTE")
    fate = _run_prepared(c, head, "mysqld_stmt_execute", fetches=False)
    if fate is None and c.execution is not None:
        c.execution.cursor = bool(head[5] & CURSOR) and not calls(c.execution.verdict.rulings[0].footprint.kind)
    return fate


def execute_own(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    """COM_STMT_EXECUTE of what the gateway has prepared, which must be read whole."""
    prepared = _statement(c, payload)[1]
    if not isinstance(prepared, own.OwnPrepared):
        raise ProtocolViolation("malformed COM_STMT_EXECUTE")
    return own.execute(c, prepared, payload, sequence)


def asks_gateway(c: "Conversation", head: bytes) -> bool:
    """Whether a COM_STMT_EXECUTE is about what the gateway has prepared itself."""
    return len(head) >= _NUMBERED and head[0] == Command.STMT_EXECUTE and isinstance(_statement(c, head)[1], own.OwnPrepared)


def _fetch(c: "Conversation", head: bytes) -> "Refusal | _Fate | None":
    if isinstance(_statement(c, head)[1], own.OwnPrepared):
        return refuse.no_cursor(_statement(c, head)[0])
    return _run_prepared(c, head, "mysqld_stmt_fetch", fetches=True)


def _run_prepared(c: "Conversation", head: bytes, command: str, *, fetches: bool) -> "Refusal | _Fate | None":
    """Decided again at every execution: policy, catalog and temporary tables may be others than at PREPARE."""
    number, prepared = _statement(c, head)
    if prepared is None:
        return refuse.unknown_statement(number, command)
    verdict = _judged_again(c, prepared)
    if isinstance(verdict, Refusal | _Fate):
        return verdict
    release, prepared.release = prepared.release, None
    execution = c.begin(verdict, release)
    if execution is None:
        return refuse.AUDIT_UNAVAILABLE
    execution.binary, execution.fetches = True, fetches
    refusal = c.oblige(execution, prepared)
    if refusal is not None:
        return refusal
    if fetches:
        c.server_side.expect_rows()
    else:
        c.server_side.expect_result()
    c.execution = execution
    c.busy = True
    return None


def _judged_again(c: "Conversation", prepared: Prepared) -> "Verdict | Refusal | _Fate":
    now = c.state.namespace
    if prepared.stamp is c.stamp and prepared.verdict.valid_until > time.time() and prepared.release is None:
        return WAITS if c.decider.must_wait() else prepared.verdict
    if dict(prepared.namespace.flags).get(SQL_MODE) != dict(now.flags).get(SQL_MODE):
        return refuse.REPREPARE  # the server may parse the text again, under a mode that nobody judged it by
    if prepared.release is not None and prepared.verdict.epoch == c.judge.epoch:
        return WAITS if c.decider.must_wait() else prepared.verdict
    if prepared.release is not None:
        c.claims.give_back(prepared.release)
        prepared.release = None
    namespace = Namespace(
        search_path=prepared.namespace.search_path,  # what it was prepared in
        temporary=now.temporary,
        prepared=now.prepared,
        cursors=now.cursors,
        flags=now.flags,
    )
    answer = c.decider.decide(prepared.text, Origin.EXTENDED, namespace)
    if answer is None:
        return WAITS
    if answer.refusal is not None or answer.verdict is None:
        return _recorded(c, answer)
    prepared.verdict = answer.verdict
    lasting = not answer.verdict.named and answer.release is None and c.worth_knowing(answer.verdict)
    prepared.stamp = c.stamp if lasting else None
    prepared.release = answer.release
    return answer.verdict


def _recorded(c: "Conversation", answer: Answer) -> Refusal:
    """The refusal of a command whose values are still to be dropped: recorded now, told then."""
    refusal = answer.refusal or refuse.AUDIT_UNAVAILABLE
    if answer.verdict is None:
        return refusal
    execution = c.begin(answer.verdict)
    if execution is None:
        return refuse.AUDIT_UNAVAILABLE
    c.progress.failed(execution, refusal.error, refused=True)
    return refusal


def _long_data(c: "Conversation", head: bytes) -> "Refusal | _Fate | None":
    """A parameter's value in pieces: never answered, right or wrong."""
    prepared = _statement(c, head)[1]
    if isinstance(prepared, own.OwnPrepared):
        prepared.long_data = True
        return DROPS
    return None if prepared is not None else DROPS


def reset(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    number, prepared = _statement(c, payload)
    if prepared is None:
        c.say_error(refuse.unknown_statement(number, "mysqld_stmt_reset"), sequence)
    elif isinstance(prepared, own.OwnPrepared):
        prepared.long_data = False
        c.say_ok(sequence)
    else:
        c.server_side.expect_simple()
        c.run(None, raw)
    return True


def close(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    """Never answered."""
    number, prepared = _statement(c, payload)
    if prepared is not None:
        del c.prepared[number]
        if prepared.release is not None:
            c.claims.give_back(prepared.release)
        if not isinstance(prepared, own.OwnPrepared):
            c.server_write(raw)
    return True


STREAMED: Final[dict[int, Streamed]] = {
    Command.STMT_EXECUTE: _execute,
    Command.STMT_SEND_LONG_DATA: _long_data,
    Command.STMT_FETCH: _fetch,
}
