"""Which columns of a result are masked, and with what: lineage and the server's own column origin, both together.

Lineage (`Footprint.outputs`) is our reading of the statement; the origin (PostgreSQL: table OID and column number of
RowDescription; MySQL: org_table and org_name) is the server's. A column is masked if either says that a masked value is in
it. It passes unmasked only if lineage is known and holds none, or, where lineage is not known, if the server names a base
column that nobody masks. Names of output columns decide nothing, but which of a stored program's results one is.

A stored program that works with masked columns (`MaskColumns` names it with column `*`) hides everything that it gives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.model.decision import MaskColumns
from gateway.model.footprint import ColumnRef, ObjectKind, OutputColumn
from gateway.model.masker import Masker, NullMask

HIDDEN: Masker = NullMask()


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column as the server describes it. `origin` is None for expressions and for what the catalog does not know.

    base  the origin is a table, not a view: the server vouches for the very column
    """

    name: str
    origin: ColumnRef | None
    base: bool = True


@dataclass(frozen=True, slots=True)
class ColumnMask:
    """How one output column is masked, and what said so: `lineage`, `origin` or `unknown`."""

    masker: Masker
    because: str


class MaskPlan:
    """The masks of one statement's decision, applied to descriptions of its result."""

    __slots__ = ("_hides", "_maskers", "_whole")

    def __init__(self, masks: MaskColumns, specs: Callable[[str], Masker]) -> None:
        """`specs` gives the masker that a decision names (`PolicySnapshot.masker`)."""
        self._maskers: dict[ColumnRef, Masker] = {}
        self._whole: dict[object, list[Masker]] = {}
        self._hides = frozenset(column.object for column, _ in masks.columns if column.object.kind is ObjectKind.FUNCTION)
        for column, name in masks.columns:
            self._maskers[column] = specs(name)
            self._whole.setdefault(column.object, []).append(self._maskers[column])

    def columns(
        self, outputs: Sequence[OutputColumn] | None, described: Sequence[ResultColumn]
    ) -> tuple[ColumnMask | None, ...]:
        """One entry for each column that the server described."""
        if outputs is None or len(outputs) != len(described):
            return tuple(map(self._without_lineage, described))
        return tuple(self._column(output, column) for output, column in zip(outputs, described, strict=True))

    def of_program(
        self, results: Sequence[Sequence[OutputColumn]] | None, described: Sequence[ResultColumn]
    ) -> tuple[ColumnMask | None, ...]:
        """One of the results that a stored program may give, each by its columns; None: it may give others. A column is masked
        as in any of the results that this may be: they are told apart by how many columns they have, and their names."""
        if results is None or self._hides:
            return tuple(map(self._of_hiding, described))
        names = [column.name.lower() for column in described]
        sized = [result for result in results if len(result) == len(described)]
        meant = [result for result in sized if [output.name.lower() for output in result] == names] or sized
        merged = [_either(outputs) for outputs in zip(*meant, strict=True)]
        return self.columns(merged if meant else None, described)

    def _of_hiding(self, column: ResultColumn) -> ColumnMask:
        """The program works with masked columns, or may: whatever else it gives may tell of them."""
        return self._by_origin(column) or ColumnMask(HIDDEN, "unknown")

    def _column(self, output: OutputColumn, column: ResultColumn) -> ColumnMask | None:
        found = [masker for source in output.sources for masker in self._of(source)]
        if self._hides and any(source.object in self._hides for source in output.sources):
            return ColumnMask(HIDDEN, "unknown")
        if found:
            exact = output.exact and len(set(found)) == 1
            return ColumnMask(found[0] if exact else HIDDEN, "lineage")
        return self._by_origin(column)

    def _without_lineage(self, column: ResultColumn) -> ColumnMask | None:
        mask = self._by_origin(column)
        if mask is not None or (column.origin is not None and column.base):
            return mask
        return ColumnMask(HIDDEN, "unknown")

    def _by_origin(self, column: ResultColumn) -> ColumnMask | None:
        found = self._of(column.origin) if column.origin is not None else []
        if not found:
            return None
        return ColumnMask(found[0] if len(set(found)) == 1 else HIDDEN, "origin")

    def _of(self, source: ColumnRef) -> list[Masker]:
        """Maskers that meet this source: the column's own, all of the relation's for a whole row, or patterns' (`*_email`)."""
        if source.column == "*":
            return self._whole.get(source.object, [])
        exact = self._maskers.get(source)
        if exact is not None:
            return [exact]
        return [
            masker
            for column, masker in self._maskers.items()
            if "*" in column.column and column.object == source.object and _matches(column.column, source.column)
        ]


def _either(outputs: Sequence[OutputColumn]) -> OutputColumn:
    """A column that is one of these."""
    first = outputs[0]
    sources = frozenset().union(*(output.sources for output in outputs))
    return OutputColumn(first.name, sources, exact=all(output.exact and output.sources == first.sources for output in outputs))


def _matches(pattern: str, name: str) -> bool:
    """`*` stands for any run of characters, as in policy's patterns."""
    first, *rest = pattern.split("*")
    if not name.startswith(first):
        return False
    position = len(first)
    for index, part in enumerate(rest):
        if index == len(rest) - 1:
            return len(name) - position >= len(part) and name.endswith(part)
        found = name.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return position == len(name)
