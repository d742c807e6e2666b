"""A session's obligations: the watches over its executions, the counts of its portals and cursors, cancelling at a limit.

Only executions whose decision has obligations, or whose permission ends by the clock, come here.
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gateway.masking import postgres_cell
from gateway.masking.plan import MaskPlan, ResultColumn
from gateway.masking.postgres_copy import PostgresCopyMasker
from gateway.model.decision import Decision, MaskColumns, Notice, Outcome, TimeLimit
from gateway.model.footprint import Category, ColumnRef, EffectKind
from gateway.model.identity import Target
from gateway.proxy.duties import Counts, obligations_of, time_limit
from gateway.proxy.obligations import Obligations
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.ledger import DESCRIBE, Entry, Execution
from gateway.proxy.postgres.own import OwnWatch
from gateway.proxy.postgres.refuse import Refusal
from gateway.proxy.postgres.scrub import is_formal, place, scrubbed_error, scrubbed_notice
from gateway.proxy.postgres.watch import PortalState, Watch, limit_refusal
from gateway.verdict import Ruling
from gateway.verdict.session_rules import codec_of
from gateway.wire.postgres.backend import Column
from gateway.wire.postgres.frames import encode_frame

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation
    from gateway.proxy.postgres.ledger import Quick

_QUERY_CANCELED: Final = "57014"
_COPY_BINARY: Final = Refusal(
    refuse.INSUFFICIENT_PRIVILEGE,
    "gateway: permission denied: COPY in this format cannot carry masked columns",
    hint="Use the text or CSV format in UTF8, or ask for `unmask`.",
)
_UNAVAILABLE: Final = Refusal(refuse.INSUFFICIENT_PRIVILEGE, "gateway: masks and limits cannot be carried out here")


class OwnDescribe(Entry):
    """A Describe that the gateway sends in front of an Execute: its answer is not the client's."""

    __slots__ = ("portal", "watch_on")

    def __init__(self, watch: Watch, portal: PortalState) -> None:
        super().__init__(DESCRIBE)
        self.watch_on = watch
        self.portal = portal


class Obliged:
    __slots__ = ("_c", "_cancelling", "_portals", "_room", "_timers", "counts")

    def __init__(self, conversation: "Conversation", room: Obligations | None) -> None:
        self._c = conversation
        self._room = room
        self.counts = Counts(room, conversation.who.principal.name)
        self._portals: dict[bytes, PortalState] = {}
        self._timers: dict[Execution, asyncio.TimerHandle] = {}
        self._cancelling: asyncio.Task[None] | None = None

    # Before a statement runs

    def begin(self, execution: Execution, portal: bytes | None) -> None:
        """An execution with obligations starts. `portal` of an Execute. May refuse it."""
        room, verdict = self._room, execution.verdict
        if verdict is None:
            return
        if verdict.own is not None:
            execution.watch = OwnWatch(
                self, execution, None if portal is None else self._portals.setdefault(portal, PortalState())
            )
            return
        if room is None:
            if not all(isinstance(item, Notice) for item in obligations_of(verdict)):
                execution.refusal = _UNAVAILABLE
            return
        for ruling in verdict.rulings:
            if self._uncopyable(ruling):
                execution.refusal = _COPY_BINARY
                return
            for effect in ruling.footprint.effects:
                if effect.kind is EffectKind.DECLARE:
                    self._portals.pop(effect.name.encode(), None)
        state = None if portal is None else self._portals.setdefault(portal, PortalState())
        watch = execution.watch = Watch(self, execution, state)
        spent = watch.used_up
        if spent is not None:
            execution.refusal = limit_refusal(spent)
            return
        limit = time_limit(verdict)
        if limit is not None:
            self._arm(execution, limit)

    def describing(self, execution: Execution, portal: bytes) -> bytes:
        """What goes to the server in front of an Execute: a Describe of a portal whose columns are not known yet."""
        watch = execution.watch
        if watch is None or not watch.undescribed or execution.refusal is not None:
            return b""
        state = self._portals[portal]
        state.described = True  # the answer comes before the rows
        self._c.ledger.append(OwnDescribe(watch, state))
        return encode_frame(0x44, b"P" + portal + b"\0")

    def bound(self, portal: bytes) -> None:
        """A portal is opened anew."""
        if self._portals:
            self._portals.pop(portal, None)

    def _uncopyable(self, ruling: Ruling) -> bool:
        if self._room is None or ruling.footprint.category is not Category.COPY_OUT:
            return False
        if not any(isinstance(item, MaskColumns) for item in ruling.decision.obligations):
            return False
        layout = self._room.copy_format(self._text_of(ruling))
        if layout is None or layout.kind not in {"text", "csv"} or len(layout.delimiter) != 1:
            return True
        return bool(layout.encoding) and codec_of(layout.encoding) is None

    @staticmethod
    def _text_of(ruling: Ruling) -> str:
        return ruling.text

    # What a watch asks for

    @property
    def _target(self) -> Target:
        return self._c.who.target

    @property
    def key(self) -> bytes:
        return b"" if self._room is None else self._room.key

    def state_of(self, ruling: Ruling) -> PortalState:
        """A cursor's for FETCH, else a new one."""
        for effect in ruling.footprint.effects:
            if effect.kind is EffectKind.FETCH:
                return self._portals.setdefault(effect.name.encode(), PortalState())
        return PortalState()

    def plan(self, masks: MaskColumns) -> MaskPlan | None:
        return None if self._room is None else self._room.plan(masks)

    def result_column(self, column: Column) -> ResultColumn:
        origin = None
        name = column.name.decode("utf-8", "replace")
        if self._room is not None and column.table:
            origin = self._room.column(self._target, column.table, column.attribute)
        return ResultColumn(name, None) if origin is None else ResultColumn(name, *origin)

    def copy_masker(self, plan: MaskPlan, ruling: Ruling, portal: PortalState) -> PostgresCopyMasker | None:
        """None where the rows cannot be taken apart: nothing of them may pass then."""
        room, outputs = self._room, ruling.footprint.outputs
        layout = None if room is None else room.copy_format(self._text_of(ruling))
        if room is None or layout is None or outputs is None:
            return None
        columns = [ResultColumn(output.name, None) for output in outputs]
        masks = plan.columns(outputs, columns)
        portal.masks = tuple((column.name, mask) for column, mask in zip(columns, masks, strict=True) if mask is not None)
        cells = [
            None if mask is None else postgres_cell(mask.masker, self.key, self._type_of(output.sources), False)
            for output, mask in zip(outputs, masks, strict=True)
        ]
        try:
            return PostgresCopyMasker(layout, cells)
        except ValueError:
            return None

    def _type_of(self, sources: Iterable[ColumnRef]) -> int:
        types = {self._room.type_of(self._target, source) for source in sources} if self._room is not None else set()
        return types.pop() if len(types) == 1 else 0

    def cut(self, data: bytes, mark: int, start: int, end: int) -> int:
        """data[start:end] is not for the client; what stands before it and was not forwarded yet is."""
        if mark < start:
            self._c.outlet.send(data[mark:start])
        return end

    def send(self, data: bytes) -> None:
        self._c.outlet.send(data)

    def say(self, text: str, detail: str) -> None:
        """A notice, between two frames of the server."""
        self._c.notices.append(refuse.notice(text, detail))

    # Ending what runs

    def cancel(self) -> None:
        """Cancel at the server. Until it has taken the request nothing new is sent there, lest that be what it cancels."""
        c = self._c
        if c.session.cancel is None or self._cancelling is not None or c.ended:
            return
        c.decider.hold()
        self._cancelling = asyncio.get_running_loop().create_task(self._cancel())

    async def _cancel(self) -> None:
        cancel = self._c.session.cancel
        try:
            if cancel is not None:
                await cancel()
        finally:
            self._cancelling = None
            self._c.decider.let_go()

    def _arm(self, execution: Execution, limit: TimeLimit) -> None:
        loop = asyncio.get_running_loop()
        self._timers[execution] = loop.call_later(limit.milliseconds / 1000, self._late, execution, limit)

    def _late(self, execution: Execution, limit: TimeLimit) -> None:
        c = self._c
        self._timers.pop(execution, None)
        if c.ended or execution.watch is None or execution not in c.ledger.entries:
            return
        if c.ledger.entries[0] is not execution:
            self._arm(execution, limit)  # others before it are still running
            return
        text = f"gateway: canceling statement due to statement timeout of {limit.milliseconds} ms"
        execution.watch.stop(Refusal(_QUERY_CANCELED, text, f"rule {limit.rule}"))

    def ended(self, execution: Execution) -> None:
        """The execution is answered: nothing waits for it any more."""
        timer = self._timers.pop(execution, None)
        if timer is not None:
            timer.cancel()
        if execution.verdict is not None:
            self.counts.ended(execution.verdict)

    def look_again(self, now: float) -> None:
        """What runs at the moment must still be allowed: grants end and are taken back while statements run."""
        c = self._c
        if c.ended or not c.ledger.entries:
            return
        head = c.ledger.entries[0]
        verdict = getattr(head, "verdict", None)
        if verdict is None or verdict.outcome is not Outcome.ALLOW or head.refusal is not None:
            return
        if verdict.valid_until > now and verdict.epoch == c.judge.epoch:
            return
        decision = c.judge.still(c.who, verdict)
        if decision is None or decision.outcome is Outcome.ALLOW:
            return
        self._revoked(head, decision)

    def _revoked(self, head: "Entry | Quick", decision: Decision) -> None:
        c = self._c
        c.ledger.spell_out()
        running = next((entry for entry in c.ledger.entries if isinstance(entry, Execution)), None)
        if running is None or running.refusal is not None:
            return
        reason = decision.reason
        text = f"gateway: permission ended while the statement ran: {reason.text}"
        refusal = Refusal(refuse.INSUFFICIENT_PRIVILEGE, text, f"policy version {decision.policy_version}", reason.hint)
        if running.watch is None:
            running.watch = Watch(self, running, None)
        running.watch.revoke(refusal)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # Words that may quote values

    def scrubbed(self, entries: Iterable[Entry], payload: bytes, error: tuple[str, str, str]) -> Refusal | None:
        """What the client hears instead of a server's error that may quote masked values; None: the error as it is."""
        severity, code, _ = error
        if self._room is None or is_formal(code):
            return None
        hides = any(entry.watch is not None and entry.watch.hides for entry in entries)
        if not hides:
            schema, table = place(payload)
            if not table or not self._room.masked(self._c.who, schema, table):
                return None
        report = scrubbed_error(payload, severity, code)
        return Refusal(code, report.message, encoded=report.encode())

    @staticmethod
    def notice(payload: bytes) -> bytes:
        return scrubbed_notice(payload)
