"""What follows from the server's answers: executions end, session state moves, claims on approved statements are settled."""

import time
from typing import TYPE_CHECKING, Final

from gateway.model.errors import AuditUnavailable
from gateway.model.footprint import Effect, EffectKind
from gateway.proxy.mysql.backend import TRACKED
from gateway.proxy.mysql.execution import Execution, calls
from gateway.verdict import Ruling, unpredictable
from gateway.verdict.mysql_state import CHARSET, SQL_MODE
from gateway.wire.mysql.constants import SessionTrack, Status
from gateway.wire.mysql.results import Ok

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

_NOT_RUN: Final = ("1105", "not run: an earlier statement of the same text failed")
_TRACKED: Final = frozenset(TRACKED.split(","))
_TRACKING: Final = "session_track_"
_TRANSACTION: Final = Status.IN_TRANS | Status.IN_TRANS_READONLY


class Progress:
    """`_blinded`: somebody changed what the server tells of its session; it is told anew before the next command."""

    __slots__ = ("_blinded", "_c")

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._blinded = False

    # Results

    def result(self, execution: Execution, *, ok: bool, affected: int = 0) -> bool:
        """A result has ended, with more behind it. False: more results than statements were understood."""
        rulings = execution.verdict.rulings
        if execution.index >= len(rulings) - 1:
            return not execution.one_result_each
        if ok or not calls(rulings[execution.index].footprint.kind):
            self._complete(execution, affected)
        return True

    def ended(self, execution: Execution, affected: int = 0) -> None:
        """The last result has ended: every statement has run."""
        while execution.index < len(execution.verdict.rulings):
            self._complete(execution, affected)
            affected = 0
        self._look_again()
        c = self._c
        if execution.release is not None:
            c.claims.add(execution.release, 0)
            c.claims.settle(committed=True)  # what is released is DDL, which commits of itself
            execution.release = None

    def failed(
        self,
        execution: Execution,
        error: tuple[str, str],
        *,
        refused: bool = False,
        behind: tuple[str, str] = _NOT_RUN,
    ) -> None:
        """The statement at hand failed; those behind it in its text never run."""
        self._look_again()
        c = self._c
        if execution.release is not None:
            c.claims.failed(execution.release, error[1])
            execution.release = None
        outcome = execution.verdict.outcome.value if refused else "error"
        while execution.index < len(execution.verdict.rulings):
            self._record_failure(execution, error, outcome)
            execution.index += 1
            execution.rows = execution.size = 0
            error = error if refused else behind

    def lost(self, error: tuple[str, str]) -> None:
        """The server or the client is gone: what was on its way will not be answered."""
        c = self._c
        execution, c.execution = c.execution, None
        if execution is None:
            return
        if execution.release is not None:
            c.claims.lost(execution.release, error[1])
            execution.release = None
        self.failed(execution, error)

    def _complete(self, execution: Execution, affected: int) -> None:
        c = self._c
        ruling = execution.verdict.rulings[execution.index]
        seconds = time.perf_counter() - execution.began
        rows = execution.rows or affected
        try:
            more = b"" if execution.watch is None else execution.watch.remark()
            c.records.end(execution.number + execution.index, rows, execution.size, seconds, more)
        except AuditUnavailable as error:
            c.life.audit_failed(error)
        if c.rooms.meter is not None:
            c.rooms.meter("allow", seconds)
        execution.index += 1
        execution.rows = execution.size = 0
        if execution.prepares is None and (execution.verdict.effects or execution.verdict.barrier):
            self._follow(ruling)

    def _record_failure(self, execution: Execution, error: tuple[str, str], outcome: str) -> None:
        c = self._c
        seconds = time.perf_counter() - execution.began
        number = execution.number + execution.index
        try:
            more = b"" if execution.watch is None else execution.watch.remark()
            c.records.failed(number, execution.rows, execution.size, seconds, error, more)
        except AuditUnavailable as failure:
            c.life.audit_failed(failure)
        if c.rooms.meter is not None:
            c.rooms.meter(outcome, seconds)

    # Session state

    def _look_again(self) -> None:
        if self._blinded:
            self._blinded = False
            self._c.state.stale = True

    def _follow(self, ruling: Ruling) -> None:
        c = self._c
        for effect in ruling.footprint.effects:
            self._apply(effect)
        if c.tracked:
            c.state.stale = False  # the OK packet said what there is to know
        if unpredictable(ruling.footprint):
            # Code that nobody has read may have turned tracking off, which the server then does not tell: turn it on again.
            c.state.stale = True
            c.catalog_changed = c.catalog_changed or ruling.footprint.opaque is not None

    def _apply(self, effect: Effect) -> None:
        c = self._c
        own = effect.kind is EffectKind.SET and effect.name.startswith("@")
        if own or not (c.tracked and effect.kind in {EffectKind.SET, EffectKind.USE}):
            c.state.apply(effect)
        if effect.kind is EffectKind.SET and effect.name.startswith(_TRACKING):
            self._blinded = True
        if effect.kind is EffectKind.CATALOG:
            c.catalog_changed = True

    def status(self, status: int) -> None:
        """The server's status flags, with every OK and EOF."""
        self._c.status = status

    def tracked(self, ok: Ok) -> None:
        """SESSION_TRACK: the server's truth about its session."""
        c = self._c
        for kind, name, value in ok.state_changes():
            text = value.decode("utf-8", "replace")
            if kind == SessionTrack.SCHEMA:
                c.state.leave()
                c.state.is_in(text)
            elif kind == SessionTrack.SYSTEM_VARIABLES:
                self._variable(name.decode("ascii", "replace").lower(), text)

    def _variable(self, name: str, value: str) -> None:
        c = self._c
        if name == SQL_MODE:
            c.state.has(SQL_MODE, value)
        elif name == CHARSET:
            c.charset_is(value)
        elif (name == "session_track_schema" and value.upper() != "ON") or (
            name == "session_track_system_variables" and value != "*" and not _tracked(value)
        ):
            self._blinded = True

    @property
    def in_transaction(self) -> bool:
        return bool(self._c.status & _TRANSACTION)


def _tracked(value: str) -> bool:
    return {item.strip() for item in value.split(",")} >= _TRACKED
