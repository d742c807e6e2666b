"""What must be done with the results of one execution, because its decision has obligations: rows masked and counted, the
statement ended at a limit, errors scrubbed, and all of it said in the record of its end.

An execution without obligations has no watch: its rows are hopped over as ever.

At a limit that ends the statement, the server is told to cancel; what it still sends is swallowed. Its error becomes the
limit's. If it was done before the cancel request came, its completion becomes that error, and the rest of the message's or
pipeline's answers are swallowed up to ReadyForQuery, which tells the transaction's true state.
"""

from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.masking import PostgresRowMasker, RowMalformed, Rows, postgres_cell
from gateway.masking.plan import HIDDEN, ColumnMask, MaskPlan
from gateway.masking.postgres_copy import PostgresCopyMasker
from gateway.model.decision import MaskColumns, Mode, RowLimit
from gateway.proxy.bounds import Meter, Strike
from gateway.proxy.duties import CarriedOut
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.refuse import Refusal
from gateway.verdict import Ruling
from gateway.wire.postgres.backend import RowDescription

if TYPE_CHECKING:
    from gateway.proxy.postgres.ledger import Execution
    from gateway.proxy.postgres.obliged import Obliged

_length = Struct("!I").unpack_from
_HEADER: Final = Struct("!cI").pack
ROW_LIMIT: Final = 64 * 1024 * 1024  # bytes of a single row that is masked
_TOO_LARGE: Final = Refusal(
    refuse.PROGRAM_LIMIT_EXCEEDED, f"gateway: a row of more than {ROW_LIMIT} bytes holds masked columns and cannot be shown"
)
_MALFORMED: Final = Refusal(refuse.CANNOT_DECIDE, "gateway: a row with masked columns cannot be read, statement ended")
_WRITES: Final = (b"INSERT", b"UPDATE", b"DELETE", b"MERGE")


class PortalState:
    """What outlives one Execute of a portal, or one FETCH of a cursor: its counts, and how its rows are masked.

    `given`: how many of the gateway's own rows it has given."""

    __slots__ = ("described", "formats", "given", "masker", "masks", "meter")

    def __init__(self) -> None:
        self.meter = Meter()
        self.described = False
        self.formats: tuple[int, ...] = ()
        self.given = 0
        self.masker: PostgresRowMasker | None = None
        self.masks: tuple[tuple[str, ColumnMask], ...] = ()


class Watch:
    """Over one execution. `portal` is shared by all that fetch from the same portal or cursor."""

    __slots__ = (
        "_by",
        "_copier",
        "_execution",
        "_given",
        "_index",
        "_limited",
        "_portal",
        "_ruling",
        "_said",
        "_silent",
        "_truncated",
        "hides",
        "kept",
        "refusal",
    )

    def __init__(self, obliged: "Obliged", execution: "Execution", portal: PortalState | None) -> None:
        self._by = obliged
        self._execution = execution
        self._portal: PortalState = portal if portal is not None else PortalState()
        self._given = portal is not None
        self._index = -1
        self._ruling: Ruling | None = None
        self._limited = False
        self._copier: PostgresCopyMasker | None = None
        self._silent = False  # what comes is swallowed
        self._truncated = False
        self._said = CarriedOut()
        self.hides = False  # the statement at hand has masked columns
        self.kept = 0  # rows swallowed
        self.refusal: Refusal | None = None
        self._settle_on(0)

    # Which statement of the message

    def _settle_on(self, index: int) -> None:
        """The statement whose answers come now."""
        self._index = index
        verdict = self._execution.verdict
        if verdict is None or index >= len(verdict.rulings):
            return
        ruling = self._ruling = verdict.rulings[index]
        if index or not self._given:
            self._portal = self._by.state_of(ruling)
        obligations = ruling.decision.obligations
        self.hides = any(isinstance(item, MaskColumns) for item in obligations)
        limits = [item for item in obligations if isinstance(item, RowLimit)]
        self._limited = bool(limits)
        if limits:
            self._portal.meter.apply(limits, self._by.counts)
        self._copier = None

    def _now(self) -> None:
        if self._index != self._execution.index:
            self._settle_on(self._execution.index)
            self._silent = self._silent and self.refusal is not None
            self._truncated = False
            self.kept = 0

    @property
    def used_up(self) -> Strike | None:
        """A daily limit that leaves nothing: the statement need not run at all."""
        return self._portal.meter.used_up if self._limited else None

    @property
    def undescribed(self) -> bool:
        """Whether the portal's columns must be asked for before its rows come."""
        return self.hides and not self._portal.described

    # Descriptions

    def described(self, payload: bytes | None) -> None:
        """The server's RowDescription for what comes now; None for NoData."""
        self._now()
        self.describe(self._portal, payload)

    def describe(self, portal: PortalState, payload: bytes | None) -> None:
        portal.described = True
        plan = self._plan()
        if plan is None or payload is None or self._ruling is None:
            return
        columns = RowDescription.decode(payload).columns
        described = [self._by.result_column(column) for column in columns]
        masks = plan.columns(self._ruling.footprint.outputs, described)
        portal.masks = tuple((column.name, mask) for column, mask in zip(described, masks, strict=True) if mask is not None)
        if not portal.masks:
            portal.masker = None
            return
        key = self._by.key
        cells = [
            None if mask is None else postgres_cell(mask.masker, key, column.type, column.format == 1)
            for column, mask in zip(columns, masks, strict=True)
        ]
        portal.masker = PostgresRowMasker(cells)

    def _plan(self) -> MaskPlan | None:
        if self._ruling is None:
            return None
        masks = next((item for item in self._ruling.decision.obligations if isinstance(item, MaskColumns)), None)
        return None if masks is None else self._by.plan(masks)

    # Rows

    def find(self, data: bytes, start: int) -> Rows | None:
        """Many rows that are to be masked, from `start` on: they need not be followed one by one then."""
        self._now()
        masker = self._portal.masker
        return None if masker is None or self._silent else masker.find(data, start)

    def rows(self, data: bytes, mark: int, start: int, end: int, rows: int | Rows) -> int:
        """Whole DataRow frames in data[start:end]: how many, or where. Returns where unforwarded data begins."""
        self._now()
        count, found = (rows, None) if isinstance(rows, int) else (rows.count, rows)
        if self._silent:
            self.kept += count
            return self._by.cut(data, mark, start, end)
        portal, execution = self._portal, self._execution
        if self.hides and not portal.described:
            portal.masker = PostgresRowMasker.hiding(data[start + 5 : end])
            portal.masks = (("*", ColumnMask(HIDDEN, "not described")),)
        size = end - start - 5 * count
        if self._limited and not portal.meter.fits(count, size):
            return self._one_by_one(data, mark, start, end)
        execution.rows += count
        execution.size += size
        if portal.masker is None:
            return mark
        try:
            masked = portal.masker.mask_run(data, start, end, found)
        except RowMalformed:
            self._end(_MALFORMED)
            return self._by.cut(data, mark, start, end)
        self._by.cut(data, mark, start, end)
        self._by.send(masked)
        return end

    def _one_by_one(self, data: bytes, mark: int, start: int, end: int) -> int:
        """Rows among which a limit strikes."""
        portal, position = self._portal, start
        while position < end:
            after = position + 1 + _length(data, position + 1)[0]
            size = after - position - 5
            while not portal.meter.fits(1, size):
                if not self._strike(size):
                    break
            if self._silent:
                break
            position = after
        kept = self._count_frames(data, position, end)
        passed = self._count_frames(data, start, position)
        self.kept += kept
        self._execution.rows += passed
        self._execution.size += position - start - 5 * passed
        if portal.masker is not None and position > start:
            self._by.cut(data, mark, start, position)
            self._by.send(portal.masker.mask_run(data, start, position))
            mark = position
        return mark if position == end else self._by.cut(data, mark, position, end)

    @staticmethod
    def _count_frames(data: bytes, start: int, end: int) -> int:
        count = 0
        while start < end:
            start += 1 + _length(data, start + 1)[0]
            count += 1
        return count

    def _strike(self, size: int) -> bool:
        """The next row would pass a limit. True: the limit only speaks, or is gone with the day; look again."""
        for strike in self._portal.meter.strike(1, size):
            self._said.struck(strike)
            if strike.limit.mode is Mode.WARN:
                self._by.say(strike.text, f"rule {strike.limit.rule}")
            elif strike.stops and strike.limit.truncate:
                self._silent = self._truncated = True
                self._by.say(strike.text, f"rule {strike.limit.rule}; the rows behind these are left out")
                return False
            elif strike.stops:
                self._end(limit_refusal(strike))
                return False
        return True

    def large(self, kind: int, size: int) -> bool:
        """A frame that is not collected begins, its body of this many bytes: whether it may pass."""
        self._now()
        if self._silent:
            self.kept += 1
            return False
        if self.hides and (self._portal.masker is not None or self._copier is not None or not self._portal.described):
            self._end(_TOO_LARGE)
            return False
        if self._limited and kind == ord("D"):
            while not self._portal.meter.fits(1, size):
                if not self._strike(size):
                    break
        return not self._silent

    @property
    def collects(self) -> bool:
        """Whether large frames must be there whole."""
        self._now()
        return self.hides and not self._silent

    # COPY

    def copy_begins(self) -> None:
        """CopyOutResponse. COPY tells no types: they are those of the columns that the output is known to be."""
        self._now()
        plan = self._plan()
        if plan is not None and self._ruling is not None:
            self._copier = self._by.copy_masker(plan, self._ruling, self._portal)

    def copy_data(self, data: bytes, mark: int, start: int, end: int) -> int:
        self._now()
        if self._silent:
            self.kept += 1
            return self._by.cut(data, mark, start, end)
        self._execution.size += end - start - 5
        if not self.hides:
            return mark
        mark = self._by.cut(data, mark, start, end)
        if self._copier is None:
            self._end(_MALFORMED)
            return mark
        try:
            row = self._copier.mask(data[start + 5 : end])
        except RowMalformed:
            self._end(_MALFORMED)
            return mark
        self._by.send(_HEADER(b"d", len(row) + 4) + row)
        return mark

    # Ends

    def _end(self, refusal: Refusal) -> None:
        """The client hears this instead of the rest."""
        self._silent = True
        self.stop(refusal)

    def revoke(self, refusal: Refusal) -> None:
        """What was allowed when it began is not any more: nothing further of it reaches the client."""
        self._end(refusal)

    def stop(self, refusal: Refusal) -> None:
        """Cancel at the server; what it answers becomes this refusal."""
        if self.refusal is None:
            self.refusal = self._execution.refusal = refusal
            self._by.cancel()

    def completed(self, tag: bytes) -> bytes | None:
        """CommandComplete's tag: None, it passes; or what the client gets instead. `refusal` stays where that is an error."""
        self._now()
        if self.refusal is not None:
            if not self._silent:  # nothing was kept from the client: it was done in time
                self.refusal = None
                verdict = self._execution.verdict
                if verdict is None or self._execution.index + 1 >= len(verdict.rulings):
                    self._execution.refusal = None  # else what fails now is the next statement of the message
                return None
            return self.refusal.encode()
        if self._truncated and not tag.startswith(_WRITES):
            self._truncated = self._silent = False
            word = tag.partition(b" ")[0]
            body = b"%b %d\0" % (word, self._execution.rows)
            return _HEADER(b"C", len(body) + 4) + body
        self._truncated = self._silent = False
        return None

    def remark(self) -> bytes:
        """What stands in the record of the statement's end, from its comma on; b"" where there is nothing to say."""
        return self._said.remark(self._portal.masks)


def limit_refusal(strike: Strike) -> Refusal:
    return Refusal(refuse.PROGRAM_LIMIT_EXCEEDED, strike.text, f"rule {strike.limit.rule}")
