"""What must be done with the results of one execution, because its decision has obligations: rows masked and counted, the
statement ended at a limit, warnings given, and all of it said in the record of its end.

An execution without obligations has no watch: its rows are hopped over as ever. `watched.py` takes a watched answer apart;
at a limit that ends the statement, `ending.py` tells the client and the server.
"""

from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.masking import BINARY, FieldFlag, MySqlBinaryMasker, MySqlColumn, MySqlMasker, MySqlTextMasker, mysql_cell
from gateway.masking.plan import ColumnMask, ResultColumn
from gateway.model.decision import Mode, RowLimit
from gateway.model.footprint import ColumnRef, relation
from gateway.proxy.bounds import Meter, Strike
from gateway.proxy.duties import CarriedOut, masks_of
from gateway.proxy.mysql.execution import calls
from gateway.proxy.mysql.refuse import Refusal
from gateway.verdict import Ruling
from gateway.wire.mysql.constants import ASCII_COLLATIONS, BINARY_COLLATION, LATIN1_COLLATIONS, UTF8_COLLATIONS
from gateway.wire.mysql.packets import HEADER_SIZE, MAX_PIECE
from gateway.wire.mysql.results import ColumnDefinition

if TYPE_CHECKING:
    from gateway.proxy.mysql.execution import Execution
    from gateway.proxy.mysql.obliged import Obliged

_word = Struct("<I").unpack_from
ROW_LIMIT: Final = 64 * 1024 * 1024  # bytes of a single row that is masked
TOO_LARGE: Final = Refusal(
    1104, "42000", f"gateway: a row of more than {ROW_LIMIT} bytes holds masked columns and cannot be shown"
)
MALFORMED: Final = Refusal(1105, "HY000", "gateway: a row with masked columns cannot be read, statement ended")
UNDESCRIBED: Final = Refusal(
    1104, "42000", "gateway: the columns of this cursor are masked by now; execute the statement anew to read on"
)


class ResultState:
    """What outlives one fetch of a cursor: its counts, and how its rows are masked. `described`: its definitions were seen."""

    __slots__ = ("described", "masker", "masks", "meter")

    def __init__(self) -> None:
        self.meter = Meter()
        self.described = False
        self.masker: MySqlMasker | None = None
        self.masks: tuple[tuple[str, ColumnMask], ...] = ()


class Watch:
    """Over one execution. `cursor`: of COM_STMT_FETCH, and of the COM_STMT_EXECUTE that may open it.

    limited  rows and bytes are counted against limits
    hides    the statement at hand has masked columns, or may have them: a stored program
    refusal  the statement must be ended with it
    warned   warnings of the gateway's own that the result at hand has yet to count
    """

    __slots__ = (
        "_by",
        "_cursor",
        "_execution",
        "_index",
        "_ruling",
        "_said",
        "appended",
        "hides",
        "limited",
        "refusal",
        "state",
        "truncated",
        "warned",
    )

    def __init__(self, obliged: "Obliged", execution: "Execution", cursor: ResultState | None) -> None:
        self._by = obliged
        self._execution = execution
        self._cursor = cursor
        self._said = CarriedOut()
        self._index = -1
        self._ruling: Ruling | None = None
        self.state = cursor if cursor is not None else ResultState()
        self.hides = self.limited = self.truncated = False
        self.refusal: Refusal | None = None
        self.appended: list[bytes] = []  # rows of the gateway's own behind the server's
        self.warned = 0
        self.settle()

    # Which statement of the text

    def settle(self) -> None:
        """The statement whose answer comes now."""
        execution = self._execution
        rulings = execution.verdict.rulings
        if self._index == execution.index or execution.index >= len(rulings):
            return
        self._index = execution.index
        ruling = self._ruling = rulings[self._index]
        if self._cursor is None:
            self.state = ResultState()
        self.truncated = False
        self.hides = masks_of(ruling) is not None or calls(ruling.footprint.kind)
        limits = [item for item in ruling.decision.obligations if isinstance(item, RowLimit)]
        self.limited = bool(limits)
        if limits:
            self.state.meter.apply(limits, self._by.counts)
        self.appended = []
        if self._by.diagnostics.shows(ruling):
            self.appended = self._by.diagnostics.rows(ruling, binary=execution.binary)
            self.state.masker = self._by.diagnostics.masker(binary=execution.binary)
            self.state.described = True
            self.truncated = self._by.diagnostics.hidden

    @property
    def used_up(self) -> Strike | None:
        """A daily limit that leaves nothing: the statement need not run at all."""
        return self.state.meter.used_up if self.limited else None

    # Definitions

    def described(self, definitions: list[ColumnDefinition]) -> tuple[bool, ...]:
        """The columns of the result that comes now: which of them are masked."""
        self.state.described = True
        masks = self._masks(definitions)
        named = zip(definitions, masks, strict=True)
        self.state.masks = tuple((each.name.decode("utf-8", "replace"), mask) for each, mask in named if mask is not None)
        if not self.state.masks:
            self.state.masker = None
            return (False,) * len(definitions)
        key, binary = self._by.key, self._execution.binary
        cells = [
            None if mask is None else mysql_cell(mask.masker, key, _column(definition), binary)
            for definition, mask in zip(definitions, masks, strict=True)
        ]
        types = [definition.type for definition in definitions]
        self.state.masker = MySqlBinaryMasker(cells, types) if binary else MySqlTextMasker(cells)
        return tuple(mask is not None for mask in masks)

    def _masks(self, definitions: list[ColumnDefinition]) -> tuple[ColumnMask | None, ...]:
        ruling = self._ruling
        masks = None if ruling is None else masks_of(ruling)
        if ruling is None:
            return (None,) * len(definitions)
        if masks is None:
            return self._by.masks_by_origin(definitions)
        plan, footprint = self._by.plan(masks), ruling.footprint
        described = list(map(self._by.result_column, definitions))
        if footprint.outputs is None and footprint.programs:
            return plan.of_program(footprint.results, described)
        return plan.columns(footprint.outputs, described)

    # Rows

    def count(self, rows: int, size: int) -> bool:
        """Rows that pass. False: some limit strikes among them, and nothing was counted."""
        if self.limited and not self.state.meter.fits(rows, size):
            return False
        self._passed(rows, size)
        return True

    def _passed(self, rows: int, size: int) -> None:
        self._execution.rows += rows
        self._execution.size += size

    def passing(self, data: bytes, start: int, end: int) -> tuple[int, int]:
        """How far the whole rows in data[start:end] pass, where a limit strikes among them, and how many they are."""
        position, rows = start, 0
        while position < end:
            size = _word(data, position)[0] & MAX_PIECE
            if not self.row(size):
                break
            position += HEADER_SIZE + size
            rows += 1
        return position, rows

    def row(self, size: int) -> bool:
        """Whether one more row passes. Where not, the result is `truncated`, or there is a `refusal`."""
        meter = self.state.meter
        while self.limited and not meter.fits(1, size):
            if not self._strike(size):
                return False
        self._passed(1, size)
        return True

    def _strike(self, size: int) -> bool:
        """The next row would pass a limit. True: the limit only speaks, or is gone with the day; look again."""
        struck = self.state.meter.strike(1, size)
        for strike in struck:
            self._said.struck(strike)
            if strike.limit.mode is Mode.WARN:
                self._warn(f"{strike.text} (rule {strike.limit.rule})")
            elif strike.stops and strike.limit.truncate:
                self.truncated = True
                self._warn(f"{strike.text} (rule {strike.limit.rule}; the rows behind these are left out)")
                return False
            elif strike.stops:
                self.refusal = limit_refusal(strike)
                return False
        return True

    def more(self, size: int) -> None:
        """Another piece of a row that passes."""
        self._execution.size += size
        self.state.meter.size += size

    def _warn(self, text: str) -> None:
        self._by.diagnostics.warn(1104, text)
        self.warned += 1

    # Ends

    def remark(self) -> bytes:
        """What stands in the record of the statement's end, from its comma on; b"" where there is nothing to say."""
        return self._said.remark(self.state.masks)


def limit_refusal(strike: Strike) -> Refusal:
    return Refusal(1104, "42000", f"{strike.text} (rule {strike.limit.rule})")


def nullable(payload: bytes) -> bytes:
    """A column definition that does not promise values any more: a masked value may be NULL, whatever the column may be."""
    position = len(payload) - 5  # flags, decimals and two bytes of filler end it
    flags = int.from_bytes(payload[position : position + 2], "little") & ~FieldFlag.NOT_NULL
    return payload[:position] + flags.to_bytes(2, "little") + payload[position + 2 :]


def result_column(definition: ColumnDefinition, database: str) -> ResultColumn:
    """A column with its origin as the server tells it. It never vouches for a column: MariaDB gives the alias of a derived
    table for its table, and says nothing of what a union or an expression is made of."""
    name = definition.name.decode("utf-8", "replace")
    table, column = definition.org_table.decode("utf-8", "replace"), definition.org_name.decode("utf-8", "replace")
    if not table or not column:
        return ResultColumn(name, None, base=False)
    schema = definition.schema.decode("utf-8", "replace") or database
    return ResultColumn(name, ColumnRef(relation(schema, table), column), base=False)


def _column(definition: ColumnDefinition) -> MySqlColumn:
    codec = _codec(definition.collation)
    return MySqlColumn(definition.type, definition.flags, codec, definition.length, definition.decimals)


def _codec(collation: int) -> str | None:
    if collation == BINARY_COLLATION:
        return BINARY
    if collation in UTF8_COLLATIONS or collation in ASCII_COLLATIONS:
        return "utf-8"
    return "latin-1" if collation in LATIN1_COLLATIONS else None  # one byte a character: none is lost, whichever it is
