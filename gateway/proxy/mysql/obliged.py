"""A session's obligations: the watches over its executions, the counts of its cursors, its time limits and warnings.

Only executions whose decision has obligations come here, and those whose answer tells of such a one (SHOW WARNINGS).
"""

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.masking.plan import ColumnMask, MaskPlan, ResultColumn
from gateway.model.decision import MaskColumns, Notice, RowLimit, TimeLimit
from gateway.model.footprint import Access, Footprint, ObjectKind, OutputColumn
from gateway.proxy.duties import Counts, masks_of, obligations_of, time_limit, warnings_of
from gateway.proxy.mysql import ending, scrub
from gateway.proxy.mysql.diagnostics import Diagnostics
from gateway.proxy.mysql.execution import calls
from gateway.proxy.mysql.refuse import Refusal
from gateway.proxy.mysql.watch import UNDESCRIBED, ResultState, Watch, limit_refusal, result_column
from gateway.proxy.obligations import Obligations
from gateway.verdict import Verdict
from gateway.wire.mysql.results import ColumnDefinition, Err

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation
    from gateway.proxy.mysql.execution import Execution, Prepared

_UNAVAILABLE: Final = Refusal(1142, "42000", "gateway: masks and limits cannot be carried out here")
_COPIES: Final = Refusal(
    1142,
    "42000",
    "gateway: permission denied: GET DIAGNOSTICS and counts of warnings of a statement with masked columns"
    " HINT: the server's messages, and how many there are, may tell of masked values; ask for `unmask`.",
)
_FILE_BESIDE: Final = Refusal(
    1142, "42000", "gateway: LOAD DATA LOCAL cannot stand in one text with statements whose rows are limited"
)


class Obliged:
    """`diagnostics`: what SHOW WARNINGS has to say of the last statement."""

    __slots__ = ("_c", "_room", "_timer", "counts", "diagnostics")

    def __init__(self, conversation: "Conversation", room: Obligations | None) -> None:
        self._c = conversation
        self._room = room
        self.counts = Counts(room, conversation.who.principal.name)
        self._timer: asyncio.TimerHandle | None = None
        self.diagnostics = Diagnostics()

    # Before a statement runs

    def concerns(self, verdict: Verdict) -> bool:
        """Whether something must be seen to: obligations, a list of warnings, or a stored program's results."""
        return verdict.own is None and (verdict.bound or self.diagnostics.attentive or self._runs_programs(verdict))

    def _runs_programs(self, verdict: Verdict) -> bool:
        return self._room is not None and any(calls(ruling.footprint.kind) for ruling in verdict.rulings)

    def begin(self, execution: "Execution", prepared: "Prepared | None" = None) -> Refusal | None:
        """An execution starts that has obligations or may tell of some. `prepared` of COM_STMT_EXECUTE and COM_STMT_FETCH.
        May refuse it."""
        verdict = execution.verdict
        if self._room is None and not all(isinstance(item, Notice) for item in obligations_of(verdict)):
            return _UNAVAILABLE
        if self.diagnostics.copies(verdict):
            return _COPIES
        if len(verdict.rulings) > 1 and execution.takes_local_file and _limits_rows(verdict):
            return _FILE_BESIDE
        fetches = execution.fetches
        cursor = None if prepared is None else self._cursor(prepared, fetches=fetches)
        watch = Watch(self, execution, cursor)
        if watch.used_up is not None:
            return limit_refusal(watch.used_up)
        if fetches and watch.hides and not watch.state.described:
            return UNDESCRIBED
        self.diagnostics.begins(verdict, hides=any(masks_of(ruling) is not None for ruling in verdict.rulings))
        for notice in warnings_of(verdict):
            self.diagnostics.warn(1175, f"gateway: {notice.text} (rule {notice.rule})")
            watch.warned += 1
        if verdict.bound or watch.appended or self.diagnostics.tainted or self._runs_programs(verdict):
            execution.watch = watch
        limit = time_limit(verdict)
        if limit is not None:
            self._arm(execution, limit)
        return None

    @staticmethod
    def _cursor(prepared: "Prepared", *, fetches: bool) -> ResultState:
        if not fetches or prepared.cursor is None:
            prepared.cursor = ResultState()
        return prepared.cursor

    # What a watch asks for

    @property
    def key(self) -> bytes:
        return b"" if self._room is None else self._room.key

    def plan(self, masks: MaskColumns) -> MaskPlan:
        if self._room is None:
            raise ValueError("masks without a room that knows them")
        return self._room.plan(masks)

    def masks_by_origin(self, definitions: list[ColumnDefinition]) -> tuple[ColumnMask | None, ...]:
        """Of a stored program's result: nobody read its text, but the server says which columns are a table's own."""
        return tuple(map(self._mask_by_origin, definitions))

    def _mask_by_origin(self, definition: ColumnDefinition) -> ColumnMask | None:
        column = self.result_column(definition)
        if self._room is None or column.origin is None:
            return None
        masks = self._room.masks(self._c.who, column.origin.object.schema, column.origin.object.name)
        (mask,) = self._room.plan(masks).columns((OutputColumn(column.name, frozenset(), exact=True),), (column,))
        self.diagnostics.tainted = self.diagnostics.tainted or mask is not None
        return mask

    def result_column(self, definition: ColumnDefinition) -> ResultColumn:
        return result_column(definition, self._c.who.target.database)

    # Ending what runs

    def end(self, refusal: Refusal) -> None:
        """The client hears this in place of the rest; the server is told to stop."""
        if self._c.server_side.ending is None:
            ending.end(self._c, refusal)

    def _arm(self, execution: "Execution", limit: TimeLimit) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(limit.milliseconds / 1000, self._late, execution, limit)

    def _late(self, execution: "Execution", limit: TimeLimit) -> None:
        c = self._c
        self._timer = None
        if c.ended or c.execution is not execution or not c.busy:
            return
        text = f"gateway: canceling statement due to statement timeout of {limit.milliseconds} ms (rule {limit.rule})"
        # ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT of MySQL
        maria = "mariadb" in c.session.server_version.lower()
        self.end(Refusal(1969, "70100", text) if maria else Refusal(3024, "HY000", text))

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def ended(self, execution: "Execution") -> None:
        """The execution is answered: nothing waits for it any more."""
        self._disarm()
        self.counts.ended(execution.verdict)

    def close(self) -> None:
        self._disarm()

    # Words that may quote values

    def scrubbed(self, execution: "Execution | None", error: Err) -> Err:
        """The error as the client, and the audit, may have it."""
        if self._room is None or execution is None or scrub.is_formal(error.code):
            return error
        rulings = execution.verdict.rulings
        hides = any(masks_of(ruling) is not None or self._hides(ruling.footprint) for ruling in rulings)
        return scrub.scrubbed(error) if hides else error

    def _hides(self, footprint: Footprint) -> bool:
        """Whether the statement, or what a view or program beneath it reads, has masked columns for this person."""
        if self._room is None:
            return False
        names = {access.object for access in _all(footprint.accesses) if access.object.kind is ObjectKind.RELATION}
        names.update(*(program.touches for program in footprint.programs))
        return any(self._room.masked(self._c.who, name.schema, name.name) for name in names)


def _all(accesses: tuple[Access, ...]) -> list[Access]:
    found = list(accesses)
    for access in accesses:
        found += _all(access.beneath)
    return found


def _limits_rows(verdict: Verdict) -> bool:
    return any(isinstance(item, RowLimit) and item.truncate for item in obligations_of(verdict))
