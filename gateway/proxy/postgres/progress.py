"""What follows from the server's answers: executions end, session state moves, claims on approved statements are settled."""

import time
from typing import TYPE_CHECKING, Final

from gateway.audit import MASK, withheld
from gateway.model.errors import AuditUnavailable
from gateway.model.footprint import Effect, EffectKind
from gateway.proxy.postgres.ledger import PROBE, QUERY, Entry, Execution
from gateway.verdict import Ruling, unpredictable
from gateway.verdict.session_rules import codec_of

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

_IDLE: Final = 0x49
_MASKED: Final = MASK.encode()  # stands in the record of a statement that a secret was taken out of
_ROW_COUNTS: Final = (b"INSERT", b"UPDATE", b"DELETE", b"MERGE", b"COPY", b"MOVE")
NOT_RUN: Final = ("57014", "not run: an earlier message of the pipeline failed")


class Progress:
    __slots__ = ("_c", "_catalog_in_transaction")

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._catalog_in_transaction = False

    # Ends of executions

    def complete(self, execution: Execution, tag: bytes, error: tuple[str, str] | None = None) -> bool:
        """CommandComplete or EmptyQueryResponse for the next statement. False: more answers than statements were understood.
        `error` is what the client hears instead, though the server was done."""
        c = self._c
        verdict = execution.verdict
        index = execution.index
        if verdict is None or index >= len(verdict.rulings):
            return False
        execution.index = index + 1
        if tag.startswith(_ROW_COUNTS):
            execution.rows = _count(tag)
        if error is None:
            self._record(execution, index, time.perf_counter())
        else:
            self._record_failure(execution, index, error)
        if verdict.effects or verdict.barrier:
            self._follow(verdict.rulings[index], tag)
        if execution.release is not None and execution.index == len(verdict.rulings):
            c.claims.add(execution.release, c.state.depth)
            c.moved = True
            execution.release = None
        execution.rows = execution.size = 0
        if execution.kind != QUERY:
            c.ledger.settle(execution)
        if execution.watch is not None and execution.index == len(verdict.rulings):
            c.obliged.ended(execution)
        return True

    def suspended(self, execution: Execution) -> None:
        """PortalSuspended: this much of the result was asked for and came."""
        self._record(execution, 0, time.perf_counter())
        verdict = execution.verdict
        if verdict is not None and (verdict.effects or verdict.barrier):
            self._follow(verdict.rulings[0], b"")  # its first row may have done it already
        self._c.ledger.settle(execution)
        if execution.watch is not None:
            self._c.obliged.ended(execution)

    def failed(self, execution: Execution, error: tuple[str, str]) -> None:
        """The statement at hand failed; those behind it in its message never run."""
        c = self._c
        c.ledger.settle(execution)
        if execution.watch is not None:
            c.obliged.ended(execution)
        if execution.release is not None:
            c.claims.failed(execution.release, error[1])
            execution.release = None
        count = 1 if execution.verdict is None else len(execution.verdict.rulings)
        if execution.number >= 0:
            for index in range(execution.index, count):
                self._record_failure(execution, index, error)
                execution.rows = execution.size = 0
        execution.index = count

    def skipped(self, dropped: list[Entry], error: tuple[str, str]) -> None:
        """The server failed at the first of these and skips the others."""
        c = self._c
        for entry in reversed(dropped):
            entry.take_back()
        c.names.skipped(dropped)
        c.names.weigh()
        for entry in dropped:
            if isinstance(entry, Execution):
                self.failed(entry, error)
                error = NOT_RUN
            elif entry.kind == PROBE:
                c.server_side.questions.skipped()

    def lost(self, error: tuple[str, str]) -> None:
        """The server or the client is gone: nothing that was on its way will be answered."""
        c = self._c
        c.ledger.spell_out()
        entries = list(c.ledger.entries)
        c.ledger.entries.clear()
        for entry in entries:
            if isinstance(entry, Execution):
                if entry.release is not None:
                    c.claims.lost(entry.release, error[1])
                    entry.release = None
                self.failed(entry, error)
        c.claims.settle(committed=False)

    def ready(self, status: int) -> None:
        """ReadyForQuery: the transaction's true state."""
        c = self._c
        c.state.ready(status)
        if status == _IDLE:
            if c.names.portals and not c.ledger.entries:
                c.names.forget_portals()
            if self._catalog_in_transaction:
                self._catalog_in_transaction = False
                c.catalog_changed = True
            c.claims.settle(committed=c.state.committed)
        c.follow_state()

    # Records

    def _record(self, execution: Execution, index: int, now: float) -> None:
        c = self._c
        if execution.number < 0:
            return
        seconds = now - execution.began
        try:
            if execution.watch is None:
                c.records.end(execution.number + index, execution.rows, execution.size, seconds)
            else:
                more = execution.watch.remark()
                c.records.end(execution.number + index, execution.rows, execution.size, seconds, more)
        except AuditUnavailable as error:
            c.life.audit_failed(error)
        if c.rooms.meter is not None:
            c.rooms.meter("allow", seconds)

    def _record_failure(self, execution: Execution, index: int, error: tuple[str, str]) -> None:
        c = self._c
        seconds = time.perf_counter() - execution.began
        verdict = execution.verdict
        if verdict is not None and index < len(verdict.rulings) and _MASKED in verdict.rulings[index].audit_body:
            error = error[0], withheld(error[1])
        try:
            more = b"" if execution.watch is None else execution.watch.remark()
            c.records.failed(execution.number + index, execution.rows, execution.size, seconds, error, more)
        except AuditUnavailable as failure:
            c.life.audit_failed(failure)
        if c.rooms.meter is not None:
            refused = execution.refusal is not None and execution.verdict is not None
            c.rooms.meter(execution.verdict.outcome.value if refused and execution.verdict else "error", seconds)

    # Session state

    def _follow(self, ruling: Ruling, tag: bytes) -> None:
        c = self._c
        c.moved = True
        for effect in ruling.footprint.effects:
            self._apply(effect, tag)
        if unpredictable(ruling.footprint):
            c.state.stale = True
            if ruling.footprint.opaque is not None:
                self._catalog_moved()
        c.follow_state()

    def _apply(self, effect: Effect, tag: bytes) -> None:
        c = self._c
        c.state.apply(effect, tag)
        match effect.kind:
            case EffectKind.DEALLOCATE:
                c.names.deallocate(effect.name)
            case EffectKind.DISCARD_ALL:
                c.names.deallocate("")
            case EffectKind.CLOSE:
                c.names.portals.pop(effect.name.encode(), None)
            case EffectKind.DECLARE:
                c.names.portals.pop(effect.name.encode(), None)
            case EffectKind.CATALOG:
                self._catalog_moved()
            case EffectKind.COMMIT | EffectKind.ROLLBACK:
                c.claims.settle(committed=c.state.committed)
            case EffectKind.ROLLBACK_TO:
                c.claims.settle(committed=False, depth=c.state.depth)
            case EffectKind.RELEASE:
                c.claims.released_to(c.state.depth)
            case EffectKind.SET if effect.name.lower() in {"client_encoding", "names"}:
                self._encoding_set(effect.value)

    def _encoding_set(self, value: str) -> None:
        """ParameterStatus tells it only at the next ReadyForQuery."""
        codec = codec_of(value.strip("'\""))
        if codec is not None:
            self._c.codec = codec
            self._c.renew()  # the same bytes are another text
        self._c.state.stale = True

    def _catalog_moved(self) -> None:
        """Nobody else sees the change before the transaction is committed, the implicit one of a message too."""
        self._catalog_in_transaction = True


def _count(tag: bytes) -> int:
    number = tag.rpartition(b" ")[2]
    return int(number) if number.isdigit() else 0
