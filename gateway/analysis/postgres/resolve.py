"""What names mean: the catalog under one session's namespace."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from gateway.catalog import CatalogSnapshot, FunctionInfo, RelationInfo, TypeInfo
from gateway.model.footprint import ObjectKind, ObjectName, relation

PG_CATALOG: Final = "pg_catalog"
PG_TEMP: Final = "pg_temp"
SYSTEM_SCHEMAS: Final = frozenset({PG_CATALOG, "information_schema"})


class Found(NamedTuple):
    """A permanent relation that a name can mean; `info` is None where the catalog does not know it."""

    name: ObjectName
    info: RelationInfo | None


class Meaning(NamedTuple):
    """All that a relation's name can mean. `temporary`: the session's own temporary relation is among it."""

    relations: tuple[Found, ...]
    temporary: bool


@dataclass(frozen=True)
class Names:
    """Resolution of names. Where the search path is not certain (a text that sets it and may roll back), there are several
    `paths`, and a name means what it means in each of them."""

    catalog: CatalogSnapshot
    paths: tuple[tuple[str, ...], ...]
    temporary: frozenset[str] = frozenset()
    account: str = ""

    def relation(self, schema: str, name: str) -> Meaning:
        """A temporary relation hides permanent ones; as the session's list of them may be out of date after a rollback, a
        name that also has a permanent meaning counts as both."""
        if schema:
            return self._qualified(schema, name)
        found: dict[ObjectName, Found] = {}
        temporary = name in self.temporary
        for path in self.paths:
            info = self.catalog.resolve(name, path)
            if isinstance(info, RelationInfo):
                found[relation(*info.name)] = Found(relation(*info.name), info)
            elif not temporary:
                guess = relation(self.home(name, path), name)
                found[guess] = Found(guess, None)
        return Meaning(tuple(found.values()), temporary)

    def _qualified(self, schema: str, name: str) -> Meaning:
        if schema == PG_TEMP:
            return Meaning((), temporary=True)
        return Meaning((Found(relation(schema, name), self.catalog.relation(schema, name)),), temporary=False)

    def home(self, name: str, path: tuple[str, ...]) -> str:
        """The schema an unknown name is reported in: the first of the path; pg_catalog for system names without a catalog."""
        if name.startswith("pg_") and not self.catalog.system.relations:
            return PG_CATALOG
        return next((schema for schema in path if schema != PG_TEMP), PG_CATALOG)

    def created(self, schema: str, name: str) -> ObjectName:
        """Where a new relation of this name goes: the first schema of the path that exists."""
        return relation(schema or self.creation_schema, name)

    @cached_property
    def creation_schema(self) -> str:
        path = self.paths[-1]
        known = [place for place in path if place != PG_TEMP]
        return next((place for place in known if place in self.catalog.schemas), known[0] if known else "public")

    def functions(self, schema: str, name: str) -> Iterator[FunctionInfo]:
        """Every overload that a call of this name can mean."""
        seen: set[int] = set()
        for path in self.paths:
            for info in self.catalog.functions_named(name, path, schema or None):
                if info.oid not in seen:
                    seen.add(info.oid)
                    yield info

    def type(self, schema: str, name: str) -> TypeInfo | None:
        """The type, in the first path that knows it."""
        for path in self.paths:
            if (found := self.catalog.type_named(name, path, schema or None)) is not None:
                return found
        return None

    def function_name(self, schema: str, name: str) -> ObjectName:
        """The path of a function that the catalog does not know."""
        return ObjectName(ObjectKind.FUNCTION, schema or self.creation_schema, name)
