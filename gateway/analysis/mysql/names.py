"""What names mean: the catalog, the current database and the session's temporary tables."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.catalog import CatalogSnapshot, FunctionInfo, FunctionKind, QName, RelationInfo
from gateway.model.footprint import ObjectKind, ObjectName, relation

SYSTEM: Final = "mysql"
"""Where the server's own functions are reported: `instance/mysql/name`."""
# Names in these are compared without regard to case on every platform.
_FOLDED: Final = frozenset({"information_schema", "performance_schema"})
_KEPT_CATALOGS: Final = 64


class Found(NamedTuple):
    name: ObjectName
    info: RelationInfo | None


class Meaning(NamedTuple):
    """`temporary`: the session has a temporary table of this name, which hides permanent ones while it lives."""

    relations: tuple[Found, ...]
    temporary: bool


@dataclass(slots=True)
class _Folded:
    """Relations by folded name, for servers that compare without regard to case; per catalog snapshot."""

    kept: "OrderedDict[int, tuple[CatalogSnapshot, dict[tuple[str, str], RelationInfo]]]" = field(default_factory=OrderedDict)

    def of(self, catalog: CatalogSnapshot) -> dict[tuple[str, str], RelationInfo]:
        found = self.kept.get(id(catalog))
        if found is None or found[0] is not catalog:
            index = {(name.schema.lower(), name.name.lower()): info for name, info in catalog.relations.items()}
            found = self.kept[id(catalog)] = (catalog, index)
            if len(self.kept) > _KEPT_CATALOGS:
                self.kept.popitem(last=False)
        return found[1]


_folded: Final = _Folded()


class Names:
    """`database` is the current one, "" where none is. `temporary` holds `database.table`, or the table's name alone."""

    def __init__(self, catalog: CatalogSnapshot, database: str = "", temporary: frozenset[str] = frozenset()) -> None:
        self.catalog = catalog
        self.folds = catalog.settings.get("lower_case_table_names", "0") != "0"
        self.database = self.fold_database(database)
        self.temporary = frozenset(map(self.fold, temporary)) if temporary else temporary

    def fold(self, name: str) -> str:
        """A table's or alias's name as the server compares it."""
        return name.lower() if self.folds else name

    def fold_database(self, name: str) -> str:
        low = name.lower()
        return low if self.folds or low in _FOLDED else name

    def full(self, schema: str, name: str) -> QName:
        """The name with its database, folded."""
        place = self.fold_database(schema) if schema else self.database
        return QName(place, name.lower() if self.folds or place in _FOLDED else name)

    def relation(self, schema: str, name: str) -> Meaning:
        full = self.full(schema, name)
        temporary = bool(self.temporary) and self.is_temporary(full)
        info = self.info(full)
        if info is None and temporary:
            return Meaning((), temporary=True)
        return Meaning((Found(relation(*(info.name if info is not None else full)), info),), temporary)

    def is_temporary(self, full: QName) -> bool:
        return f"{full.schema}.{full.name}" in self.temporary or full.name in self.temporary

    def info(self, full: QName) -> RelationInfo | None:
        info = self.catalog.relation(*full)
        if info is None and self.folds:
            return _folded.of(self.catalog).get((full.schema.lower(), full.name.lower()))
        return info

    def routines(self, schema: str, name: str, kind: FunctionKind) -> list[FunctionInfo]:
        """Stored programs of this name; routines' names are compared without regard to case."""
        place = self.fold_database(schema) if schema else self.database
        found = self.catalog.functions.get(QName(place, name.lower()), ())
        return [info for info in found if info.kind is kind]

    def routine_name(self, schema: str, name: str) -> ObjectName:
        return ObjectName(ObjectKind.FUNCTION, self.fold_database(schema) if schema else self.database, name.lower())
