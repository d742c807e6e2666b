"""What every step of a walk shares, and MySQL's scopes: names of columns are compared without regard to case."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.analysis.conduct import Conduct
from gateway.analysis.mysql.modes import Reading
from gateway.analysis.mysql.names import Names
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.postgres.records import NOTHING, Findings, Origins, Record
from gateway.analysis.postgres.scopes import Column, Cte, Rows, Scope, Source
from gateway.catalog import QName
from gateway.model.footprint import AccessOrigin


class TooDeep(Exception):
    """What the statement names nests deeper than the walk follows."""


@dataclass(slots=True)
class Context:
    """One walk over one statement or a view's definition.

    text       analyses SQL text found inside a statement, into the same findings: EXECUTE IMMEDIATE, PREPARE
    derived    results of subqueries: columns that nobody refers to are still read
    cursors    open handlers: name -> `database NUL table`
    variables  user variables whose value is known: those that keep a SQL mode
    muted      what is computed is no output of the statement's own author: a definition's, an argument's in a condition
    unread     records made for reading a statement's target, where nothing read it yet
    filtering  the expressions belong to a WHERE
    target     columns that VALUES(c) and DEFAULT(c) mean, in INSERT and UPDATE
    """

    names: Names
    findings: Findings
    reading: Reading
    text: "Callable[[Context, str], Outcome]"
    origin: AccessOrigin = AccessOrigin.DIRECT
    prepared: Mapping[str, str] = field(default_factory=dict)
    derived: list[Rows] = field(default_factory=list)
    views: tuple[QName, ...] = ()
    texts: int = 0
    target: Source | None = None
    cursors: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    unread: list[Record] = field(default_factory=list)
    muted: bool = False
    filtering: bool = False

    def not_understood(self, reason: str) -> None:
        self.findings.not_understood(reason)


class Field(Column):
    """A column whose `name` is folded for comparison; `label` is how the server names it. `hidden`: not in `*`."""

    __slots__ = ("hidden", "label")

    def __init__(
        self,
        label: str,
        origins: Origins = NOTHING,
        *,
        exact: bool = False,
        hidden: bool = False,
        type_id: int = 0,
        conduct: Conduct | None = None,
    ) -> None:
        super().__init__(label.lower(), origins, exact=exact, type_id=type_id, conduct=conduct)
        self.label = label
        self.hidden = hidden

    def renamed(self, name: str) -> "Field":
        self.touched = True
        return Field(name, self.origins, exact=self.exact, type_id=self.type, conduct=self.conduct)


def as_field(column: Column) -> Field:
    return Field(column.name, column.origins, type_id=column.type, conduct=column.conduct)


class Entry(Source):
    """A range table entry; PostgreSQL's system columns mean nothing here.

    records    of the relations that the entry may be
    of_table   it stands for a table or view that was named, a temporary one too
    """

    __slots__ = ("of_table", "records")

    def __init__(
        self,
        name: str,
        columns: "Sequence[Column] | Callable[[], list[Column]]",
        *,
        rest: Origins | None = None,
        record: Record | None = None,
    ) -> None:
        super().__init__(name, columns, rest=rest, record=record)
        self.records: list[Record] = []
        self.of_table = False

    def find(self, name: str) -> list[Column]:
        if self._by_name is None:
            self._by_name = {}
            for column in self.columns:
                self._by_name.setdefault(column.name, []).append(column)
        return self._by_name.get(name, [])

    @property
    def fields(self) -> list[Field]:
        return [column if isinstance(column, Field) else as_field(column) for column in self.columns]


@dataclass(slots=True)
class Level(Scope):
    """One query level. `aliases` are its select list's names so far; its own clauses see them where `seen` is set."""

    aliases: dict[str, list[Column]] = field(default_factory=dict)
    seen: bool = False

    def lookup(self, name: str) -> tuple[list[Column], bool]:
        """The columns an unqualified name can mean, and whether one of them is certain.

        Subqueries see the aliases around them; in GROUP BY, HAVING and ORDER BY a name may mean either: both count.
        """
        possible: list[Column] = []
        level: Scope | None = self
        while level is not None:
            certain: list[Column] = []
            for source in level.sources:
                certain += source.find(name)
            if isinstance(level, Level) and level.aliases and (level.seen or level is not self):
                certain += level.aliases.get(name, [])
            if certain:
                return possible + certain, True
            possible += [source.in_rest(name) for source in level.sources if source.rest is not None]
            level = level.parent
        return possible, False


__all__ = ["Context", "Cte", "Entry", "Field", "Level", "Record", "Rows", "TooDeep"]
