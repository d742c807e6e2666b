"""Stored programs that a statement runs: what their bodies do, closed over the programs that those run. For both engines.

A body is read once per catalog (`Bodies`); which of the columns it reads are masked, and for whom, is policy's question.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.analysis.postgres.records import Findings, Record, sources
from gateway.analysis.postgres.scopes import Column, Rows
from gateway.catalog import CatalogSnapshot
from gateway.model.footprint import (
    Access,
    Category,
    Clause,
    ColumnRef,
    FunctionClass,
    ObjectKind,
    ObjectName,
    OutputColumn,
    ProgramUse,
)

_KEPT_CATALOGS: Final = 64
# A column that only appears in a result of the program's own is in that result's lineage; one that is overwritten, or whose
# presence alone is asked for, tells nothing.
_NOT_WORKED_WITH: Final = frozenset({Clause.OUTPUT, Clause.COMPUTED, Clause.RETURNING, Clause.TARGET, Clause.PRESENCE})
_OF_ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Body:
    """What one program's own text does.

    reads      columns that it works with, and programs whose results it works with (column `*`)
    runs       every program that it may run
    touches    relations that it reads or writes
    results    what results it gives the client, or the program that gives some there; None: others than these too
    carries    what it reads may outlive the call: in variables, parameters, settings or temporary tables of the session
    undecided  why it was not read
    """

    reads: frozenset[ColumnRef] = frozenset()
    runs: frozenset[ObjectName] = frozenset()
    touches: frozenset[ObjectName] = frozenset()
    results: tuple[tuple[OutputColumn, ...] | ObjectName, ...] | None = ()
    carries: bool = False
    undecided: str | None = None


BodyOf = Callable[[ObjectName], Body]


def unread(why: str, *, carries: bool = True) -> Body:
    """A program of whose body nothing is known."""
    return Body(results=None, carries=carries, undecided=why)


@dataclass(slots=True)
class Bodies:
    """Bodies by program, per catalog snapshot; the snapshot that was used longest ago is forgotten first."""

    kept: "OrderedDict[int, tuple[CatalogSnapshot, dict[ObjectName, Body]]]" = field(default_factory=OrderedDict)

    def of(self, catalog: CatalogSnapshot) -> dict[ObjectName, Body]:
        found = self.kept.get(id(catalog))
        if found is None or found[0] is not catalog:
            found = self.kept[id(catalog)] = (catalog, {})
            if len(self.kept) > _KEPT_CATALOGS:
                self.kept.popitem(last=False)
        else:
            self.kept.move_to_end(id(catalog))
        return found[1]


# --- what a body's walk has found


def worked_with(accesses: Iterable[Access], programs: Iterable[Record]) -> frozenset[ColumnRef]:
    """Columns, and programs' results, that a body does more with than show them in a result of its own."""
    found = {
        ColumnRef(access.object, use.column)
        for access in beneath(accesses)
        for use in access.columns
        if use.clause not in _NOT_WORKED_WITH
    }
    found |= {
        ColumnRef(record.object, _OF_ALL)
        for record in programs
        if any(use.clause not in _NOT_WORKED_WITH for use in record.uses)
    }
    return frozenset(found)


def touched(accesses: Iterable[Access]) -> frozenset[ObjectName]:
    return frozenset(access.object for access in beneath(accesses) if access.object.kind is ObjectKind.RELATION)


def beneath(accesses: Iterable[Access]) -> Iterator[Access]:
    """Each access and everything under it."""
    waiting = list(accesses)
    while waiting:
        access = waiting.pop()
        yield access
        waiting.extend(access.beneath)


# --- what a statement runs


def note_unshown(findings: Findings, category: Category, rows: Rows | None) -> None:
    """Users' functions that the statement names no call of (operators', types', checks', defaults'): any output may hold what
    they give."""
    named = [
        used.name
        for used in findings.functions
        if used.function_class is FunctionClass.USER and used.name not in findings.programs
    ]
    for name in named:
        record = findings.program(name)
        if category is Category.QUERY:
            record.use(Clause.ARGUMENT, _OF_ALL)
        if rows is not None:
            taint(rows.columns, record)


def taint(columns: Iterable[Column], program: Record) -> None:
    """What the program gives may be in these columns."""
    for column in columns:
        column.origins |= frozenset({(program, _OF_ALL)})
        column.exact = False


def freeze_programs(findings: Findings, body_of: BodyOf) -> tuple[ProgramUse, ...]:
    """Every program that may run, each once: those that the statement runs first."""
    found: dict[ObjectName, ProgramUse] = {}
    waiting = [(name, {use.clause for use in record.uses}) for name, record in findings.programs.items()]
    while waiting:
        name, clauses = waiting.pop(0)
        if name in found:
            continue
        body = body_of(name)
        if body.carries:
            clauses = clauses | {Clause.STORED}
        found[name] = ProgramUse(name, frozenset(clauses), body.reads, body.touches, body.undecided)
        waiting += [(other, set()) for other in sorted(body.runs, key=_by_name)]
    return tuple(found.values())


def _by_name(name: ObjectName) -> tuple[str, str]:
    return name.schema, name.name


def freeze_results(findings: Findings, body_of: BodyOf) -> tuple[tuple[OutputColumn, ...], ...] | None:
    """The results that the called programs may give; None where some may give others."""
    if findings.results is None:
        return None
    found: list[tuple[OutputColumn, ...]] = []
    seen: set[ObjectName] = set()
    waiting = list(findings.results)
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, ObjectName):
            found.append(item)
        elif item not in seen:
            seen.add(item)
            inner = body_of(item).results
            if inner is None:
                return None
            waiting += inner
    return tuple(found)


def outputs_of(rows: Rows, label: Callable[[Column], str]) -> tuple[OutputColumn, ...] | None:
    """A query's columns with their lineage; None where they are not all known."""
    if rows.rest is not None:
        return None
    return tuple(OutputColumn(label(column), sources(column.origins), column.exact) for column in rows.columns)
