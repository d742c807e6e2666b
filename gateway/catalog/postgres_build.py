"""Rows of PostgreSQL's catalogs -> snapshot values. Pure: no connection, so that it can run beside the event loop."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from sys import intern
from types import MappingProxyType
from typing import Any, Final

from gateway.catalog.conversions import cast_functions, input_functions
from gateway.catalog.objects import (
    CastInfo,
    ColumnInfo,
    EventTriggerInfo,
    ExtensionInfo,
    ForeignKey,
    FunctionInfo,
    FunctionKind,
    OperatorInfo,
    QName,
    ReferentialAction,
    RelationInfo,
    RelationKind,
    RowPolicy,
    RuleInfo,
    SchemaInfo,
    TriggerInfo,
    TypeInfo,
    TypeKind,
    Volatility,
)
from gateway.catalog.snapshot import CatalogSnapshot, SystemCatalog
from gateway.model.identity import Engine

Row = Any  # asyncpg.Record, which has no type stubs
Rows = tuple[Row, ...]

# pg_class.relkind
_RELATION_KINDS: Final = {
    "r": RelationKind.TABLE,
    "p": RelationKind.PARTITIONED_TABLE,
    "v": RelationKind.VIEW,
    "m": RelationKind.MATERIALIZED_VIEW,
    "f": RelationKind.FOREIGN_TABLE,
    "S": RelationKind.SEQUENCE,
    "i": RelationKind.INDEX,
    "I": RelationKind.INDEX,
    "c": RelationKind.COMPOSITE,
}
# pg_constraint.confupdtype, confdeltype
_REFERENTIAL: Final = {
    "a": ReferentialAction.NO_ACTION,
    "r": ReferentialAction.RESTRICT,
    "c": ReferentialAction.CASCADE,
    "n": ReferentialAction.SET_NULL,
    "d": ReferentialAction.SET_DEFAULT,
}
_FUNCTION_KINDS: Final = {
    "f": FunctionKind.FUNCTION,
    "p": FunctionKind.PROCEDURE,
    "a": FunctionKind.AGGREGATE,
    "w": FunctionKind.WINDOW,
}
_VOLATILITIES: Final = {"i": Volatility.IMMUTABLE, "s": Volatility.STABLE, "v": Volatility.VOLATILE}
_TYPE_KINDS: Final = {
    "b": TypeKind.BASE,
    "c": TypeKind.COMPOSITE,
    "d": TypeKind.DOMAIN,
    "e": TypeKind.ENUM,
    "r": TypeKind.RANGE,
    "m": TypeKind.MULTIRANGE,
    "p": TypeKind.PSEUDO,
}
_RULE_EVENTS: Final = {"1": "SELECT", "2": "UPDATE", "3": "INSERT", "4": "DELETE"}
_POLICY_COMMANDS: Final = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
# pg_trigger.tgtype bits, catalog/pg_trigger.h
_TRIGGER_EVENTS: Final = {4: "INSERT", 8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"}

Grouped = Mapping[int, list[Any]]


def build_system(server_version: int, rows: Mapping[str, Rows]) -> SystemCatalog:
    """The half that came with the server."""
    relations = _relations(rows, QNames({}, rows["relations"]), _Details(), system=True)
    functions = [_function(row, None, builtin=True) for row in rows["functions"]]
    names = QNames({}, rows["relations"])
    types = [_type(row, names, {}, (), builtin=True) for row in rows["types"]]
    return SystemCatalog(
        server_version=server_version,
        relations=_by_name(relations),
        relations_by_oid=_by_oid(relations),
        functions=_overloads(functions),
        functions_by_oid=_by_oid(functions),
        types=_by_name(types),
        types_by_oid=_by_oid(types),
    )


def build_snapshot(server: Row, rows: Mapping[str, Rows], system: SystemCatalog, digest: str, version: int) -> CatalogSnapshot:
    """The users' half over `system`."""
    extensions_of = {row["oid"]: intern(row["extension"]) for row in rows["function_extensions"]}
    functions = [_function(row, extensions_of.get(row["oid"]), builtin=False) for row in rows["functions"]]
    functions_by_oid = _by_oid(functions)
    names = QNames({oid: known.name for oid, known in system.relations_by_oid.items()}, rows["relations"])
    relations = _relations(rows, names, _details(rows, names), system=False)
    types = _types(rows, names, functions_by_oid)
    casts = _casts(rows["casts"], _FunctionNames(functions_by_oid, system))
    by_name, overloads, types_by_oid = _by_name(relations), _overloads(functions), _by_oid(types)
    return CatalogSnapshot(
        engine=Engine.POSTGRES,
        database=server["database"],
        server_version=server["version"],
        system=system,
        account=server["account"],
        superuser=bool(server["superuser"]),
        version=version,
        digest=digest,
        relations=by_name,
        relations_by_oid=_by_oid(relations),
        functions=overloads,
        functions_by_oid=functions_by_oid,
        types=_by_name(types),
        types_by_oid=types_by_oid,
        operators=_operators(rows["operators"], _FunctionNames(functions_by_oid, system)),
        casts=casts,
        input_functions=input_functions(types_by_oid, by_name, overloads),
        cast_functions=cast_functions(casts, overloads),
        schemas=_frozen({row["name"]: SchemaInfo(row["name"], row["owner"], row["usable"]) for row in rows["schemas"]}),
        extensions=_frozen(
            {row["name"]: ExtensionInfo(row["name"], row["schema"], row["version"]) for row in rows["extensions"]}
        ),
        event_triggers=tuple(
            EventTriggerInfo(row["name"], row["event"], QName(row["schema"], row["function"]), row["enabled"])
            for row in rows["event_triggers"]
        ),
        settings=_frozen({row["name"]: row["value"] for row in rows["settings"]}),
    )


class QNames:
    """oid -> QName, each name made once."""

    def __init__(self, known: Mapping[int, QName], rows: Rows) -> None:
        self._names = dict(known) | {row["oid"]: QName(intern(row["schema"]), row["name"]) for row in rows}

    def get(self, oid: int | None) -> QName | None:
        return None if oid is None else self._names.get(oid)

    def all_of(self, oids: Iterable[int]) -> tuple[QName, ...]:
        return tuple(name for oid in oids if (name := self._names.get(oid)) is not None)


class _FunctionNames:
    """oid -> the function's QName, in either half."""

    def __init__(self, users: Mapping[int, FunctionInfo], system: SystemCatalog) -> None:
        self._users = users
        self._system = system.functions_by_oid

    def get(self, oid: int) -> QName | None:
        found = self._users.get(oid) or self._system.get(oid)
        return found.name if found is not None else None


class _Details:
    """What hangs on relations, by the relation's oid."""

    def __init__(self) -> None:
        self.defaults: dict[tuple[int, int], str] = {}
        self.parents: Grouped = defaultdict(list)
        self.children: Grouped = defaultdict(list)
        self.rules: Grouped = defaultdict(list)
        self.triggers: Grouped = defaultdict(list)
        self.foreign_keys: Grouped = defaultdict(list)
        self.referenced_by: Grouped = defaultdict(list)
        self.policies: Grouped = defaultdict(list)
        self.write_functions: Grouped = defaultdict(list)
        self.owned_by: dict[int, tuple[QName, str]] = {}


def _details(rows: Mapping[str, Rows], names: QNames) -> _Details:
    details = _Details()
    details.defaults = {(row["oid"], row["number"]): intern(row["expression"]) for row in rows["defaults"]}
    for row in rows["inherits"]:
        details.parents[row["child"]].append(row["parent"])
        details.children[row["parent"]].append(row["child"])
    rule_definitions = {row["oid"]: row["definition"] for row in rows["rule_definitions"]}
    for row in rows["rules"]:
        rule = RuleInfo(row["name"], _RULE_EVENTS[row["event"]], row["instead"], rule_definitions[row["rule_oid"]])
        details.rules[row["oid"]].append(rule)
    for row in rows["triggers"]:
        events = frozenset(event for bit, event in _TRIGGER_EVENTS.items() if row["bits"] & bit)
        trigger = TriggerInfo(row["name"], QName(row["schema"], row["function"]), events, row["enabled"])
        details.triggers[row["oid"]].append(trigger)
    for row in rows["policies"]:
        policy = RowPolicy(row["name"], _POLICY_COMMANDS[row["command"]], row["using"], row["check"])
        details.policies[row["oid"]].append(policy)
    for row in rows["dependent_functions"]:
        if row["oid"]:
            details.write_functions[row["oid"]].append(QName(row["schema"], row["name"]))
    for row in rows["owned_sequences"]:
        table = names.get(row["table_oid"])
        if table is not None:
            details.owned_by[row["oid"]] = (table, row["column_name"])
    _add_foreign_keys(details, rows["foreign_keys"], names)
    return details


def _add_foreign_keys(details: _Details, rows: Rows, names: QNames) -> None:
    for row in rows:
        relation, referenced = names.get(row["oid"]), names.get(row["referenced"])
        if relation is None or referenced is None:
            continue  # one side was created or dropped while the catalog was read: the probe brings the next reading
        key = ForeignKey(
            name=row["name"],
            relation=relation,
            columns=tuple(row["columns"]),
            referenced=referenced,
            referenced_columns=tuple(row["referenced_columns"]),
            on_update=_REFERENTIAL[row["on_update"]],
            on_delete=_REFERENTIAL[row["on_delete"]],
        )
        details.foreign_keys[row["oid"]].append(key)
        details.referenced_by[row["referenced"]].append(key)


def _relations(rows: Mapping[str, Rows], names: QNames, details: _Details, *, system: bool) -> list[RelationInfo]:
    type_names = {(row["oid"], row["modifier"]): intern(row["name"]) for row in rows["type_names"]}
    columns = {row["oid"]: _columns(row, type_names, details.defaults) for row in rows["columns"]}
    definitions = {row["oid"]: row["definition"] for row in rows["definitions"]}
    return [
        _relation(row, names, columns.get(row["oid"], ()), definitions.get(row["oid"]), details, system=system)
        for row in rows["relations"]
    ]


def _columns(
    row: Row, type_names: Mapping[tuple[int, int], str], defaults: Mapping[tuple[int, int], str]
) -> tuple[ColumnInfo, ...]:
    oid = row["oid"]
    parts = zip(row["numbers"], row["names"], row["types"], row["modifiers"], row["not_nulls"], row["generated"], strict=True)
    return tuple(
        ColumnInfo(
            number=number,
            name=intern(name),
            type_id=type_id,
            type_name=type_names[type_id, modifier],
            not_null=not_null,
            generated=generated,
            default=defaults.get((oid, number)),
        )
        for number, name, type_id, modifier, not_null, generated in parts
    )


def _relation(
    row: Row, names: QNames, columns: tuple[ColumnInfo, ...], definition: str | None, details: _Details, *, system: bool
) -> RelationInfo:
    oid = row["oid"]
    return RelationInfo(
        oid=oid,
        name=names.get(oid) or QName(row["schema"], row["name"]),
        kind=_RELATION_KINDS[row["kind"]],
        columns=columns,
        owner=intern(row["owner"]),
        parents=names.all_of(details.parents.get(oid, ())),
        children=names.all_of(details.children.get(oid, ())),
        is_partition=row["is_partition"],
        definition=definition,
        rules=tuple(details.rules.get(oid, ())),
        triggers=tuple(details.triggers.get(oid, ())),
        foreign_keys=tuple(details.foreign_keys.get(oid, ())),
        referenced_by=tuple(details.referenced_by.get(oid, ())),
        row_security=row["row_security"],
        force_row_security=row["force_row_security"],
        policies=tuple(details.policies.get(oid, ())),
        table=names.get(row["table_oid"]),
        owned_by=details.owned_by.get(oid),
        write_functions=tuple(dict.fromkeys(details.write_functions.get(oid, ()))),
        security_invoker=row["security_invoker"],
        system=system,
    )


def _function(row: Row, extension: str | None, *, builtin: bool) -> FunctionInfo:
    return FunctionInfo(
        oid=row["oid"],
        name=QName(intern(row["schema"]), intern(row["name"])),
        kind=_FUNCTION_KINDS[row["kind"]],
        builtin=builtin,
        language=intern(row["language"]),
        security_definer=row["security_definer"],
        volatility=_VOLATILITIES[row["volatility"]],
        arguments=tuple(row["arguments"]),
        argument_types=tuple(map(intern, row["argument_types"])),
        default_count=row["default_count"],
        variadic=row["variadic"],
        returns=row["returns"],
        returns_set=row["returns_set"],
        settings=tuple(row["settings"] or ()),
        extension=extension,
        definition=row["definition"],
        columns=tuple(row["columns"]),
        support=tuple(row["support"]),
    )


def _types(rows: Mapping[str, Rows], names: QNames, functions: Mapping[int, FunctionInfo]) -> list[TypeInfo]:
    checks: Grouped = defaultdict(list)
    for row in rows["dependent_functions"]:
        if row["domain"]:
            checks[row["domain"]].append(QName(row["schema"], row["name"]))
    return [_type(row, names, functions, checks.get(row["oid"], ()), builtin=False) for row in rows["types"]]


def _type(
    row: Row, names: QNames, functions: Mapping[int, FunctionInfo], checks: Iterable[QName], *, builtin: bool
) -> TypeInfo:
    own = (functions[oid].name for oid in row["functions"] if oid in functions)
    return TypeInfo(
        oid=row["oid"],
        name=QName(intern(row["schema"]), row["name"]),
        kind=_TYPE_KINDS[row["kind"]],
        builtin=builtin,
        base=row["base"],
        element=row["element"],
        relation=names.get(row["relation"]),
        functions=tuple(dict.fromkeys((*own, *checks))),
    )


def _operators(rows: Rows, functions: _FunctionNames) -> Mapping[str, tuple[OperatorInfo, ...]]:
    grouped: dict[str, list[OperatorInfo]] = defaultdict(list)
    for row in rows:
        own = functions.get(row["function"])
        if own is None:
            continue  # dropped while the catalog was read
        behind = (own, functions.get(row["restriction"]), functions.get(row["join"]))
        operator = OperatorInfo(
            oid=row["oid"],
            name=QName(row["schema"], row["name"]),
            left=row["left"],
            right=row["right"],
            function=own,
            functions=tuple(dict.fromkeys(name for name in behind if name is not None)),
        )
        grouped[row["name"]].append(operator)
    return _frozen({name: tuple(operators) for name, operators in grouped.items()})


def _casts(rows: Rows, functions: _FunctionNames) -> tuple[CastInfo, ...]:
    return tuple(
        CastInfo(
            source=row["source"],
            target=row["target"],
            function=functions.get(row["function"]),
            implicit=row["context"] == "i",
            assignment=row["context"] in {"i", "a"},
        )
        for row in rows
    )


def _overloads(functions: Iterable[FunctionInfo]) -> Mapping[QName, tuple[FunctionInfo, ...]]:
    grouped: dict[QName, list[FunctionInfo]] = defaultdict(list)
    for function in functions:
        grouped[function.name].append(function)
    return _frozen({name: tuple(overloads) for name, overloads in grouped.items()})


def _by_name(things: Iterable[Any]) -> Mapping[QName, Any]:
    return _frozen({thing.name: thing for thing in things})


def _by_oid(things: Iterable[Any]) -> Mapping[int, Any]:
    return _frozen({thing.oid: thing for thing in things})


def _frozen(made: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(made)
