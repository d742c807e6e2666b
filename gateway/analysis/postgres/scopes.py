"""Which columns a name can mean at one place of a statement: range table entries, and scopes that nest as queries do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.analysis.conduct import COLUMN, UNKNOWN, Conduct
from gateway.analysis.postgres.records import NOTHING, Origin, Origins, Record

SYSTEM_COLUMNS: Final = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
UNKNOWN_TYPE: Final = 0
_OID: Final = 26  # pg_type.dat


class Column:
    """A column of a range table entry or of a query's result.

    origins   the records' columns its value can be recovered from; grows while a recursive query is walked
    exact     the value is one of them, unchanged
    touched   something referred to it
    conduct   how its value behaves where it is computed with; of a relation's own column, as columns do
    """

    __slots__ = ("conduct", "exact", "name", "origins", "touched", "type")

    def __init__(
        self,
        name: str,
        origins: Origins = NOTHING,
        *,
        exact: bool = False,
        type_id: int = UNKNOWN_TYPE,
        conduct: Conduct | None = None,
    ) -> None:
        self.name = name
        self.origins = origins
        self.exact = exact
        self.type = type_id
        self.touched = False
        self.conduct = conduct or (COLUMN if exact else UNKNOWN)

    def renamed(self, name: str) -> "Column":
        self.touched = True
        return Column(name, self.origins, exact=self.exact, type_id=self.type, conduct=self.conduct)


class Rows(NamedTuple):
    """What a query gives. `rest` is None where all columns are known, else where the further ones come from."""

    columns: list[Column]
    rest: Origins | None = None


class Value(NamedTuple):
    """What an expression gives. `row` is the range table entry where the value is its whole row."""

    origins: Origins = NOTHING
    exact: bool = False
    type: int = UNKNOWN_TYPE
    row: "Source | None" = None
    conduct: Conduct = UNKNOWN


class Source:
    """A range table entry: a relation, a subquery, a function, a join.

    name          what qualified references call it; "" for none (a join without alias)
    schema        of the relation, where it was written without an alias: `schema.table.column` is then a reference too
    record        the relation's record, or None
    rest          not None: it may have columns beyond those known, and their values come from there
    plain         unqualified references and `*` look at it (an entry inside a join does not: the join does)
    """

    __slots__ = ("_by_name", "_columns", "_make", "name", "plain", "record", "rest", "schema", "type")

    def __init__(
        self,
        name: str,
        columns: Sequence[Column] | Callable[[], list[Column]],
        *,
        rest: Origins | None = None,
        record: Record | None = None,
        schema: str = "",
        type_id: int = UNKNOWN_TYPE,
    ) -> None:
        self.name = name
        self.schema = schema
        self.record = record
        self.rest = rest
        self.plain = True
        self.type = type_id
        self._make = columns if callable(columns) else None
        self._columns: list[Column] = [] if callable(columns) else list(columns)
        self._by_name: dict[str, list[Column]] | None = None

    @property
    def columns(self) -> list[Column]:
        if self._make is not None:
            self._columns = self._make()
            self._make = None
        return self._columns

    def find(self, name: str) -> list[Column]:
        """The columns of this name, system columns of a relation included; never one of the unknown rest."""
        if self._by_name is None:
            self._by_name = {}
            for column in self.columns:
                self._by_name.setdefault(column.name, []).append(column)
        found = self._by_name.get(name)
        if found is None and self.record is not None and name in SYSTEM_COLUMNS:
            return [
                Column(name, frozenset({(self.record, name)}), exact=True, type_id=_OID if name == "tableoid" else UNKNOWN_TYPE)
            ]
        return found or []

    def in_rest(self, name: str) -> Column:
        """A column that is not known but may exist."""
        origins = frozenset(_named(origin, name) for origin in self.rest or ())
        return Column(name, origins, exact=self.record is not None)

    def whole_row(self) -> Value:
        """`t` as a value: every column of it."""
        origins: set[Origin] = set(self.rest or ())
        if self.record is not None:
            origins.add((self.record, "*"))
        size, total = 1, self.rest is None or self.record is not None
        for column in self.columns:
            column.touched = True
            origins |= column.origins
            size += column.conduct.size
            total = total and column.conduct.total
        return Value(frozenset(origins), row=self, type=self.type, conduct=Conduct(size, total, False))


def _named(origin: Origin, name: str) -> Origin:
    record, column = origin
    return (record, name) if column == "*" else origin


@dataclass(slots=True)
class Cte:
    """A WITH query. Walked when first referred to; `rows` is None until then."""

    walk: Callable[["Cte"], Rows]
    rows: Rows | None = None
    busy: bool = False

    def result(self) -> Rows:
        if self.rows is None and not self.busy:
            self.busy = True
            self.rows = self.walk(self)
            self.busy = False
        return self.rows or Rows([], NOTHING)


@dataclass(slots=True)
class Scope:
    """The names visible in one query level, and around it."""

    parent: "Scope | None" = None
    sources: list[Source] = field(default_factory=list)
    ctes: dict[str, Cte] = field(default_factory=dict)

    def cte(self, name: str) -> Cte | None:
        scope: Scope | None = self
        while scope is not None:
            if (found := scope.ctes.get(name)) is not None:
                return found
            scope = scope.parent
        return None

    def source(self, name: str, schema: str = "") -> Source | None:
        """The entry a qualified reference names: the innermost level that has it."""
        scope: Scope | None = self
        while scope is not None:
            for source in scope.sources:
                if source.name == name and (not schema or source.schema == schema):
                    return source
            scope = scope.parent
        return None

    def columns(self, name: str) -> tuple[list[Column], bool]:
        """The columns an unqualified name can mean, and whether one of them is certain.

        An inner level hides the outer ones. Entries whose columns are not all known may have it too: they count as well,
        down to the level where it is found for certain.
        """
        possible: list[Column] = []
        scope: Scope | None = self
        while scope is not None:
            certain: list[Column] = []
            for source in scope.sources:
                if source.plain:
                    certain += source.find(name)
            if certain:
                return possible + certain, True
            possible += [source.in_rest(name) for source in scope.sources if source.plain and source.rest is not None]
            scope = scope.parent
        return possible, False

    def records(self) -> list[Record]:
        """Every relation in scope."""
        found: list[Record] = []
        scope: Scope | None = self
        while scope is not None:
            found += [source.record for source in scope.sources if source.record is not None]
            scope = scope.parent
        return found
