"""Stored programs that a statement runs: what their bodies do, closed over the programs that those run. For both engines.

A body is read once per catalog (`Bodies`); which of the columns it reads are masked, and for whom, is policy's question.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.analysis.postgres.records import Findings, Origins, Record, sources
from gateway.analysis.postgres.scopes import Column, Rows
from gateway.catalog import CatalogSnapshot
from gateway.model.footprint import (
    Access,
    Action,
    Clause,
    ColumnRef,
    ObjectKind,
    ObjectName,
    OutputColumn,
    ProgramUse,
)

_KEPT_CATALOGS: Final = 64
# A column that only appears in a result of the program's own is in that result's lineage; one that is overwritten, or whose
# presence alone is asked for, tells nothing.
_NOT_WORKED_WITH: Final = frozenset({Clause.OUTPUT, Clause.COMPUTED, Clause.RETURNING, Clause.TARGET, Clause.PRESENCE})
_WRITING: Final = frozenset({Action.INSERT, Action.UPDATE, Action.DELETE, Action.TRUNCATE, Action.DDL})
_OF_ALL: Final = "*"
WHOLE: Final = "whole"
"""A column of a program's record: what it shows in its results counts as read, too."""


@dataclass(frozen=True, slots=True)
class Body:
    """What one program's own text does.

    reads      columns that it works with, and programs whose results it works with (column `*`)
    runs       every program that it may run
    touches    relations that it reads or writes
    results    what results it gives the client, or the program that gives some there; None: others than these too
    carries    what it reads may outlive the call: in variables, parameters, settings or temporary tables of the session
    undecided  why it was not read
    writes     it changes relations: what it reads may be in them afterwards
    """

    reads: frozenset[ColumnRef] = frozenset()
    runs: frozenset[ObjectName] = frozenset()
    touches: frozenset[ObjectName] = frozenset()
    results: tuple[tuple[OutputColumn, ...] | ObjectName, ...] | None = ()
    carries: bool = False
    undecided: str | None = None
    writes: bool = False


BodyOf = Callable[[ObjectName], Body]


def either(made: Sequence[Body]) -> Body:
    """One name that means any of these: overloads, a function and a procedure."""
    if len(made) == 1:
        return made[0]
    results = [body.results for body in made]
    return Body(
        frozenset().union(*(body.reads for body in made)),
        frozenset().union(*(body.runs for body in made)),
        frozenset().union(*(body.touches for body in made)),
        None if None in results else tuple(item for each in results for item in each or ()),
        any(body.carries for body in made),
        next((body.undecided for body in made if body.undecided is not None), None),
        any(body.writes for body in made),
    )


def unread(why: str, *, carries: bool = True) -> Body:
    """A program of whose body nothing is known."""
    return Body(results=None, carries=carries, undecided=why)


@dataclass(slots=True)
class Bodies:
    """Bodies by program (and search path, where that counts), per catalog snapshot; the snapshot that was used longest ago is
    forgotten first."""

    kept: "OrderedDict[int, tuple[CatalogSnapshot, dict[Hashable, Body]]]" = field(default_factory=OrderedDict)

    def of(self, catalog: CatalogSnapshot) -> dict[Hashable, Body]:
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


def writing(accesses: Iterable[Access]) -> bool:
    """Whether some permanent relation is changed."""
    return any(access.action in _WRITING and access.object.kind is ObjectKind.RELATION for access in beneath(accesses))


def may_write(body: Body, body_of: BodyOf) -> bool:
    """Whether the program, or one that it runs, may leave what it knows in a relation."""
    waiting, seen = [body], set(body.runs)
    queue = list(body.runs)
    while waiting or queue:
        current = waiting.pop() if waiting else body_of(queue.pop())
        if current.writes or current.undecided is not None:
            return True
        queue += current.runs - seen
        seen |= current.runs
    return False


def made(findings: Findings, name: ObjectName, body: Body, *, keeps: bool) -> None:
    """A statement makes a program. `keeps`: whoever runs it leaves what it reads in a relation, where others see it."""
    findings.bodies[name] = body
    if keeps:
        findings.program(name).use(Clause.STORED, _OF_ALL)


def beneath(accesses: Iterable[Access]) -> Iterator[Access]:
    """Each access and everything under it."""
    waiting = list(accesses)
    while waiting:
        access = waiting.pop()
        yield access
        waiting.extend(access.beneath)


# --- what a statement runs


def taint(columns: Iterable[Column], given: Origins) -> None:
    """What a program gives may be in these columns."""
    for column in columns:
        column.origins |= given
        column.exact = False


def freeze_programs(findings: Findings, body_of: BodyOf) -> tuple[ProgramUse, ...]:
    """Every program that may run, each once: those that the statement runs first."""
    found: dict[ObjectName, ProgramUse] = {}
    waiting = [(name, {use.clause for use in record.uses}) for name, record in findings.programs.items()]
    whole = {name for name, record in findings.programs.items() if any(use.column == WHOLE for use in record.uses)}
    while waiting:
        name, clauses = waiting.pop(0)
        if name in found:
            continue
        body = findings.bodies.get(name) or body_of(name)
        if body.carries:
            clauses = clauses | {Clause.STORED}
        reads = body.reads | _shown(body) if name in whole else body.reads
        found[name] = ProgramUse(name, frozenset(clauses), reads, body.touches, body.undecided)
        waiting += [(other, set()) for other in sorted(body.runs, key=_by_name)]
    return tuple(found.values())


def _shown(body: Body) -> frozenset[ColumnRef]:
    results = (result for result in body.results or () if not isinstance(result, ObjectName))
    return frozenset(source for result in results for output in result for source in output.sources)


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
