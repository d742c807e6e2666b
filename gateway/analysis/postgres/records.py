"""What the walk over a tree writes down, and how that becomes a footprint's accesses."""

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from gateway.catalog import ColumnInfo, RelationInfo
from gateway.model.footprint import (
    Access,
    AccessOrigin,
    Action,
    Clause,
    ColumnRef,
    ColumnUse,
    Effect,
    FunctionUse,
    Move,
    ObjectName,
    OutputColumn,
)

if TYPE_CHECKING:
    from gateway.analysis.programs import Body


class Record:
    """One relation in one place of a statement. Mutable while the walk lasts; equal only to itself.

    relatives    partitions, inheritance children and parents: their columns of the same name hold the same values
    narrowed_by  as an access has it
    """

    __slots__ = ("action", "beneath", "narrowed_by", "object", "origin", "relatives", "uses")

    def __init__(
        self,
        name: ObjectName,
        action: Action,
        origin: AccessOrigin = AccessOrigin.DIRECT,
        relatives: tuple[ObjectName, ...] = (),
    ) -> None:
        self.object = name
        self.action = action
        self.origin = origin
        self.relatives = relatives
        self.uses: set[ColumnUse] = set()
        self.beneath: list[Record] = []
        self.narrowed_by: Clause | None = None

    def use(self, clause: Clause, column: str) -> None:
        self.uses.add(ColumnUse(clause, column))


Origin = tuple[Record, str]
"""A column of one record; column `*` is the whole row."""

Origins = frozenset[Origin]
NOTHING: Origins = frozenset()


def stored_in(record: Record, info: RelationInfo, column: ColumnInfo) -> Origins:
    """Where a table's own column has its values from: itself, and what it is generated from."""
    if not column.generated:
        return frozenset({(record, column.name)})
    return frozenset((record, name) for name in (column.name, *info.made_of(column)))


def use(origins: Iterable[Origin], clause: Clause | None) -> None:
    """Writes down that these columns are used in a clause; None defers it to whoever refers to the value."""
    if clause is not None:
        for record, column in origins:
            record.uses.add(ColumnUse(clause, column))


def narrow(origins: Iterable[Origin], clause: Clause, among: Container[Record] | None = None) -> None:
    """These records' rows are told apart by a condition. `among`: no others'."""
    for record in {record for record, _ in origins}:
        if (among is None or record in among) and record.narrowed_by is not Clause.WHERE:
            record.narrowed_by = clause


def narrow_alike(written: Record, read: Record) -> None:
    """The rows that are changed are those that were read, through views too."""
    written.narrowed_by = read.narrowed_by
    for under in written.beneath:
        for other in read.beneath:
            if other is not under and other.object == under.object:
                narrow_alike(under, other)


def with_beneath(records: Iterable[Record]) -> set[Record]:
    found: set[Record] = set()
    waiting = list(records)
    while waiting:
        record = waiting.pop()
        if record not in found:
            found.add(record)
            waiting += record.beneath
    return found


def sources(origins: Iterable[Origin]) -> frozenset[ColumnRef]:
    """The named columns a value can be recovered from, those of partitions and parents included."""
    return frozenset(ColumnRef(name, column) for record, column in origins for name in (record.object, *record.relatives))


def freeze(records: Iterable[Record]) -> tuple[Access, ...]:
    """One access for each (object, action, origin), in the order of first mention."""
    merged: dict[tuple[ObjectName, Action, AccessOrigin], list[Record]] = {}
    for record in records:
        merged.setdefault((record.object, record.action, record.origin), []).append(record)
    return tuple(
        Access(
            name,
            action,
            frozenset().union(*(record.uses for record in places)),
            origin,
            freeze(under for record in places for under in record.beneath),
            _weakest(places),
        )
        for (name, action, origin), places in merged.items()
    )


def _weakest(places: Sequence[Record]) -> Clause | None:
    found = {record.narrowed_by for record in places}
    return None if None in found else Clause.JOIN if Clause.JOIN in found else Clause.WHERE


class Findings:
    """Everything one statement's walk has found so far.

    programs  stored programs by name: a record each, whose column `*` is what the program gives
    shown     relations whose columns stand in programs' results as they are: a record each
    bodies    of programs that the statement makes
    moves     columns whose values a schema change puts under another path
    results   what results the programs that it calls may give, or the program that gives some; None: not known
    """

    __slots__ = (
        "bodies",
        "effects",
        "functions",
        "literals_matter",
        "literals_weigh",
        "moves",
        "opaque",
        "parted",
        "programs",
        "records",
        "results",
        "shown",
        "unknown",
    )

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.functions: dict[FunctionUse, None] = {}
        self.parted: list[int] = []  # types of values with parts whose reading runs users' functions (`conversions`)
        self.effects: list[Effect] = []
        self.unknown: set[ObjectName] = set()
        self.literals_matter = False
        self.literals_weigh = False
        self.opaque: str | None = None
        self.programs: dict[ObjectName, Record] = {}
        self.shown: dict[ObjectName, Record] = {}
        self.results: list[tuple[OutputColumn, ...] | ObjectName] | None = []
        self.moves: dict[Move, None] = {}
        self.bodies: dict[ObjectName, Body] = {}

    def program(self, name: ObjectName) -> Record:
        """The one record of a stored program."""
        made = self.programs.get(name)
        if made is None:
            made = self.programs[name] = Record(name, Action.CALL)
        return made

    def show(self, name: ObjectName) -> Record:
        """The one record of a relation in programs' results: no permission is asked for it."""
        made = self.shown.get(name)
        if made is None:
            made = self.shown[name] = Record(name, Action.SELECT)
        return made

    @property
    def given(self) -> tuple[Record, ...]:
        """Records of stored programs and of what they show."""
        return (*self.programs.values(), *self.shown.values())

    def shared(self, given: Iterable[Record]) -> dict[Record, Record]:
        """For what programs give a definition the statement's own records, which are used as theirs are."""
        found: dict[Record, Record] = {}
        for record in given:
            made = self.program(record.object) if record.action is Action.CALL else self.show(record.object)
            made.uses |= record.uses
            found[record] = made
        return found

    def record(self, name: ObjectName, action: Action, origin: AccessOrigin = AccessOrigin.DIRECT) -> Record:
        made = Record(name, action, origin)
        self.records.append(made)
        return made

    def move(self, source: ObjectName, column: str, target: ObjectName, other: str) -> None:
        """A column's values come under another path."""
        self.moves[Move(ColumnRef(source, column), ColumnRef(target, other))] = None

    def not_understood(self, reason: str) -> None:
        """The first reason stands."""
        if self.opaque is None:
            self.opaque = reason
