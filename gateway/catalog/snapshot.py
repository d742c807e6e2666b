"""A catalog at one moment, and what names mean in it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

from gateway.catalog.objects import (
    CastInfo,
    EventTriggerInfo,
    ExtensionInfo,
    FunctionInfo,
    OperatorInfo,
    QName,
    RelationInfo,
    SchemaInfo,
    TypeInfo,
)
from gateway.model.identity import Engine

Found = TypeVar("Found")
Key = TypeVar("Key")

SYSTEM_SCHEMA: Final = "pg_catalog"
TEMPORARY_SCHEMA: Final = "pg_temp"
_EMPTY: Final[Mapping[object, object]] = MappingProxyType({})


def _nothing() -> Mapping[Key, Found]:
    return _EMPTY  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class TemporaryRelation:
    """The name means a relation of the session's own: no other session sees it, no snapshot holds it."""

    name: str


@dataclass(frozen=True, slots=True)
class SystemCatalog:
    """What came with the server: the same for every database of one server version, so loaded once and shared."""

    server_version: int
    relations: Mapping[QName, RelationInfo] = field(default_factory=_nothing)
    relations_by_oid: Mapping[int, RelationInfo] = field(default_factory=_nothing)
    functions: Mapping[QName, tuple[FunctionInfo, ...]] = field(default_factory=_nothing)
    functions_by_oid: Mapping[int, FunctionInfo] = field(default_factory=_nothing)
    types: Mapping[QName, TypeInfo] = field(default_factory=_nothing)
    types_by_oid: Mapping[int, TypeInfo] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class CatalogSnapshot:
    """One database's catalog, immutable. The mappings hold what users made; the methods look into `system` too.

    version   grows with every snapshot that differs from the one before, within this process
    digest    what the change probe said when this was read
    settings  parameters that change what a text means, as the gateway's account gets them at login
    input_functions, cast_functions   by type: users' functions that conversions nobody wrote down may run (`conversions`)
    """

    engine: Engine
    database: str
    server_version: int
    system: SystemCatalog
    account: str = ""
    superuser: bool = False
    version: int = 0
    digest: str = ""
    relations: Mapping[QName, RelationInfo] = field(default_factory=_nothing)
    relations_by_oid: Mapping[int, RelationInfo] = field(default_factory=_nothing)
    functions: Mapping[QName, tuple[FunctionInfo, ...]] = field(default_factory=_nothing)
    functions_by_oid: Mapping[int, FunctionInfo] = field(default_factory=_nothing)
    types: Mapping[QName, TypeInfo] = field(default_factory=_nothing)
    types_by_oid: Mapping[int, TypeInfo] = field(default_factory=_nothing)
    operators: Mapping[str, tuple[OperatorInfo, ...]] = field(default_factory=_nothing)
    casts: tuple[CastInfo, ...] = ()
    input_functions: Mapping[int, tuple[QName, ...]] = field(default_factory=_nothing)
    cast_functions: Mapping[int, tuple[QName, ...]] = field(default_factory=_nothing)
    schemas: Mapping[str, SchemaInfo] = field(default_factory=_nothing)
    extensions: Mapping[str, ExtensionInfo] = field(default_factory=_nothing)
    event_triggers: tuple[EventTriggerInfo, ...] = ()
    settings: Mapping[str, str] = field(default_factory=_nothing)

    def relation(self, schema: str, name: str) -> RelationInfo | None:
        """The relation of exactly this name."""
        key = QName(schema, name)
        return self.relations.get(key) or self.system.relations.get(key)

    def relation_by_oid(self, oid: int) -> RelationInfo | None:
        return self.relations_by_oid.get(oid) or self.system.relations_by_oid.get(oid)

    def type_by_oid(self, oid: int) -> TypeInfo | None:
        return self.types_by_oid.get(oid) or self.system.types_by_oid.get(oid)

    def function_by_oid(self, oid: int) -> FunctionInfo | None:
        return self.functions_by_oid.get(oid) or self.system.functions_by_oid.get(oid)

    def resolve(
        self,
        name: str,
        search_path: Sequence[str] = (),
        temporary: Collection[str] = frozenset(),
        schema: str | None = None,
    ) -> RelationInfo | TemporaryRelation | None:
        """What a relation's name means, as the server would look it up; None where no such relation is known.

        `schema` is the qualification as written. Unqualified: the session's temporary relations come first unless pg_temp
        stands in the path, then pg_catalog unless it stands there too, then the path (PostgreSQL manual, 5.10.3 and
        `search_path`). Schemas without USAGE are passed over, as there.
        """
        if schema == TEMPORARY_SCHEMA:
            return TemporaryRelation(name) if name in temporary else None
        if schema:
            return self.relation(schema, name)
        for place in self._relation_path(search_path):
            if place == TEMPORARY_SCHEMA:
                if name in temporary:
                    return TemporaryRelation(name)
            elif self.is_usable(place) and (found := self.relation(place, name)) is not None:
                return found
        return None

    def functions_named(
        self, name: str, search_path: Sequence[str] = (), schema: str | None = None
    ) -> tuple[FunctionInfo, ...]:
        """Every overload a call of this name could mean. pg_temp is never searched for functions."""
        if schema:
            return self._overloads(QName(schema, name))
        return tuple(
            function
            for place in self._path(search_path)
            if place != TEMPORARY_SCHEMA and self.is_usable(place)
            for function in self._overloads(QName(place, name))
        )

    def type_named(self, name: str, search_path: Sequence[str] = (), schema: str | None = None) -> TypeInfo | None:
        """The type a name means; a session's temporary row types are not looked at."""
        places = (schema,) if schema else tuple(filter(self.is_usable, self._path(search_path)))
        for place in places:
            key = QName(place, name)
            if (found := self.types.get(key) or self.system.types.get(key)) is not None:
                return found
        return None

    def is_usable(self, schema: str) -> bool:
        """Whether the server looks into this schema when it resolves an unqualified name."""
        info = self.schemas.get(schema)
        return info.usable if info is not None else schema == SYSTEM_SCHEMA

    def _overloads(self, key: QName) -> tuple[FunctionInfo, ...]:
        return self.system.functions.get(key, ()) + self.functions.get(key, ())

    def _relation_path(self, search_path: Sequence[str]) -> tuple[str, ...]:
        path = self._path(search_path)
        return path if TEMPORARY_SCHEMA in search_path else (TEMPORARY_SCHEMA, *path)

    @staticmethod
    def _path(search_path: Sequence[str]) -> tuple[str, ...]:
        return tuple(search_path) if SYSTEM_SCHEMA in search_path else (SYSTEM_SCHEMA, *search_path)
