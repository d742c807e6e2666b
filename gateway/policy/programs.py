"""Stored programs that work with masked columns: everything they give is hidden, and carried nowhere else.

A program that nobody here could read may work with any column: what it gives is shown where `unmask` holds on the program.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from gateway.model.footprint import Action, Clause, ColumnRef, Footprint, ObjectKind, ObjectName, ProgramUse
from gateway.policy.asking import Answer
from gateway.policy.refusals import Refusal, program_masked, program_unread

_SHOWN: Final = frozenset({Clause.OUTPUT, Clause.RETURNING, Clause.TARGET, Clause.PRESENCE})
_ALL: Final = "*"


class Columns(Protocol):
    """What is masked for one asker (`policy.columns.ColumnCheck`)."""

    @property
    def concerns(self) -> bool: ...

    def masked(self, column: ColumnRef, needed: Action) -> Iterator[tuple[str, str, Answer]]: ...

    def whole(self, name: ObjectName) -> tuple[str, Answer]: ...


class ProgramCheck:
    """The programs of one footprint, for one asker."""

    def __init__(self, columns: Columns, footprint: Footprint) -> None:
        self._columns = columns
        self._programs = {program.name: program for program in footprint.programs}

    def refusals(self) -> Iterator[Refusal]:
        """Uses of what they give that would let a masked value be inferred, or carry it away."""
        for program in self._programs.values():
            for clause in sorted(program.clauses - _SHOWN):
                needed = Action.UNMASK if clause is Clause.STORED else Action.INFER
                yield from self._missing(program, needed, clause)

    def hiding(self) -> Iterator[ColumnRef]:
        """Programs everything of which is hidden."""
        for program in self._programs.values():
            if next(self._missing(program, Action.UNMASK, Clause.OUTPUT), None) is not None:
                yield ColumnRef(program.name, _ALL)

    def _missing(self, program: ProgramUse, needed: Action, clause: Clause) -> Iterator[Refusal]:
        """Masked columns that the program, or one whose result it works with, works with."""
        waiting, seen = [program], {program.name}
        while waiting:
            found = waiting.pop()
            if found.undecided is not None and self._columns.concerns:
                path, answer = self._columns.whole(found.name)
                if not answer.allowed:
                    yield Refusal(program_unread(path, found.undecided, clause.value, answer))
            for column in sorted(found.reads, key=_order):
                inner = self._programs.get(column.object)
                if inner is not None and inner.name not in seen:
                    seen.add(inner.name)
                    waiting.append(inner)
                if column.object.kind is ObjectKind.RELATION:
                    for path, name, answer in self._columns.masked(column, needed):
                        place = self._columns.whole(program.name)[0]
                        yield Refusal(program_masked(needed, f"{path}/{name}", place, clause.value, answer))


def _order(column: ColumnRef) -> tuple[str, str, str]:
    return column.object.schema, column.object.name, column.column
