"""A small catalog by hand, and footprints as short lines: what the tests of this folder stand on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gateway.analysis import analyse_postgres
from gateway.catalog import (
    CastInfo,
    CatalogSnapshot,
    ColumnInfo,
    ForeignKey,
    FunctionInfo,
    FunctionKind,
    OperatorInfo,
    QName,
    ReferentialAction,
    RelationInfo,
    RelationKind,
    RuleInfo,
    SchemaInfo,
    SystemCatalog,
    TypeInfo,
    TypeKind,
    Volatility,
)
from gateway.model.footprint import Access, AccessOrigin, Clause, Footprint, ObjectKind, ObjectName
from gateway.model.identity import Engine
from gateway.model.statement import Namespace, Origin, Statement

INT, BIGINT, TEXT, NUMERIC, OID, REGCLASS, UNKNOWN_ROW = 23, 20, 25, 1700, 26, 2205, 2249
MOOD, EMAIL, MONEY = 20001, 20002, 20003
_COLUMNS = {
    "public.customers": "id name email card country",
    "public.orders": "id customer_id status total ordered_at",
    "public.orders_2024": "id customer_id status total ordered_at",
    "public.orders_2025": "id customer_id status total ordered_at",
    "public.items": "id order_id product quantity",
    "public.tree": "id parent label",
    "hr.salaries": "employee_id amount",
    "hr.customers": "id secret",
    'public.Mixed "Case"': "Id",
    "pg_catalog.pg_class": "oid relname relkind",
    "pg_catalog.pg_stat_activity": "pid query",
}
_VIEWS = {
    "public.contacts": ("id contact", "SELECT customers.id, customers.email AS contact FROM public.customers"),
    "public.paid": ("who amount", "SELECT employee_id, amount FROM hr.salaries WHERE amount > 0"),
    "public.nested": ("id contact", "SELECT contacts.id, upper(contacts.contact) FROM public.contacts"),
    "public.loop": ("id", "SELECT loop.id FROM public.loop"),
    "public.broken": ("id", "SELECT this is not a query"),
    "public.calling": ("id", "SELECT public.secret_of(customers.id) FROM public.customers"),
}


def _qname(text: str) -> QName:
    schema, _, name = text.partition(".")
    return QName(schema, name)


def _columns(text: str) -> tuple[ColumnInfo, ...]:
    return tuple(
        ColumnInfo(number, name, INT if name.endswith("id") else TEXT, "") for number, name in enumerate(text.split(), start=1)
    )


def _relations() -> dict[QName, RelationInfo]:
    orders, items = QName("public", "orders"), QName("public", "items")
    parts = (QName("public", "orders_2024"), QName("public", "orders_2025"))
    key = ForeignKey("fk", items, ("order_id",), orders, ("id",), ReferentialAction.NO_ACTION, ReferentialAction.CASCADE)
    found: dict[QName, RelationInfo] = {}
    for oid, (text, columns) in enumerate(_COLUMNS.items(), start=16500):
        name = _qname(text)
        found[name] = RelationInfo(
            oid,
            name,
            RelationKind.PARTITIONED_TABLE if name == orders else RelationKind.TABLE,
            _columns(columns),
            children=parts if name == orders else (),
            parents=(orders,) if name in parts else (),
            foreign_keys=(key,) if name == items else (),
            referenced_by=(key,) if name == orders else (),
            rules=(_RULE,) if name == QName("public", "tree") else (),
            system=name.schema == "pg_catalog",
        )
    for oid, (text, (columns, definition)) in enumerate(_VIEWS.items(), start=16600):
        name = _qname(text)
        found[name] = RelationInfo(oid, name, RelationKind.VIEW, _columns(columns), definition=definition)
    copied = QName("public", "copied")
    definition = "SELECT customers.email FROM public.customers"
    found[copied] = RelationInfo(16700, copied, RelationKind.MATERIALIZED_VIEW, _columns("email"), definition=definition)
    invoking = QName("public", "invoking")
    found[invoking] = RelationInfo(
        16701, invoking, RelationKind.VIEW, _columns("id"), definition="SELECT id FROM public.items", security_invoker=True
    )
    sequence = QName("public", "customers_id_seq")
    found[sequence] = RelationInfo(16702, sequence, RelationKind.SEQUENCE, owned_by=(QName("public", "customers"), "id"))
    index = QName("public", "orders_idx")
    found[index] = RelationInfo(16703, index, RelationKind.INDEX, table=orders)
    return found


_RULE = RuleInfo(
    "log", "DELETE", False, "CREATE RULE log AS ON DELETE TO public.tree DO INSERT INTO hr.salaries (amount) VALUES (old.label)"
)


def _function(
    oid: int, name: str, arguments: Sequence[int] = (), returns: int = INT, kind: FunctionKind = FunctionKind.FUNCTION
) -> FunctionInfo:
    return FunctionInfo(
        oid, _qname(name), kind, oid < 16384, "sql", False, Volatility.VOLATILE, tuple(arguments), returns=returns
    )


_FUNCTIONS = [
    _function(17000, "public.secret_of", [INT], TEXT),
    _function(17001, "public.of_customer", [17500], TEXT),
    _function(17002, "public.add_note", [TEXT], 2278, FunctionKind.PROCEDURE),
    _function(17003, "public.email_in", [TEXT], EMAIL),
    _function(17004, "public.max", [EMAIL], EMAIL, FunctionKind.AGGREGATE),
    _function(17005, "public.mood_eq", [MOOD, MOOD], 16),
    _function(17006, "public.to_money", [INT], MONEY),
    _function(17007, "public.dblink", [TEXT], UNKNOWN_ROW),
    _function(17008, "public.tangle", [TEXT, TEXT], TEXT),
    _function(17009, "public.all_customers", [], 17500),
]
_TYPES = [
    TypeInfo(MOOD, QName("public", "mood"), TypeKind.ENUM, False),
    TypeInfo(EMAIL, QName("public", "email"), TypeKind.DOMAIN, False, base=TEXT, functions=(QName("public", "email_in"),)),
    TypeInfo(MONEY, QName("public", "cash"), TypeKind.BASE, False),
    TypeInfo(17500, QName("public", "customers"), TypeKind.COMPOSITE, False, relation=QName("public", "customers")),
]
_SYSTEM_TYPES = [
    TypeInfo(oid, QName("pg_catalog", name), TypeKind.BASE, True)
    for oid, name in ((16, "bool"), (INT, "int4"), (BIGINT, "int8"), (TEXT, "text"), (OID, "oid"), (REGCLASS, "regclass"))
]


def make_catalog() -> CatalogSnapshot:
    relations = _relations()
    users = {name: info for name, info in relations.items() if not info.system}
    system = {name: info for name, info in relations.items() if info.system}
    functions: dict[QName, tuple[FunctionInfo, ...]] = {info.name: (info,) for info in _FUNCTIONS}
    return CatalogSnapshot(
        Engine.POSTGRES,
        "shop",
        180000,
        SystemCatalog(
            180000,
            relations=MappingProxyType(system),
            types=MappingProxyType({info.name: info for info in _SYSTEM_TYPES}),
            types_by_oid=MappingProxyType({info.oid: info for info in _SYSTEM_TYPES}),
        ),
        account="gateway",
        relations=MappingProxyType(users),
        functions=MappingProxyType(functions),
        types=MappingProxyType({info.name: info for info in _TYPES}),
        types_by_oid=MappingProxyType({info.oid: info for info in _TYPES}),
        operators=MappingProxyType(
            {
                "=": (OperatorInfo(18000, QName("public", "="), MOOD, MOOD, QName("public", "mood_eq")),),
                "<~>": (OperatorInfo(18001, QName("public", "<~>"), TEXT, TEXT, QName("public", "tangle")),),
            }
        ),
        casts=(CastInfo(INT, MONEY, QName("public", "to_money"), False, False),),
        schemas=MappingProxyType({name: SchemaInfo(name, "", True) for name in ("public", "hr", "pg_catalog")}),
        settings=MappingProxyType({"search_path": '"$user", public'}),
    )


CATALOG = make_catalog()


def analyse(text: str, namespace: Namespace | None = None, catalog: CatalogSnapshot = CATALOG) -> tuple[Footprint, ...]:
    return analyse_postgres(Statement(Engine.POSTGRES, text, namespace or Namespace(), Origin.SIMPLE), catalog)


def one(text: str, namespace: Namespace | None = None) -> Footprint:
    (footprint,) = analyse(text, namespace)
    return footprint


def accesses(footprint: Footprint) -> set[str]:
    """`select public.t: output.a where.b`, one line each; what stands beneath with its origin in front. What outputs compute
    with is in `computed`."""
    return set(_lines(footprint.accesses))


def _lines(found: Iterable[Access]) -> Iterable[str]:
    for access in found:
        origin = "" if access.origin is AccessOrigin.DIRECT else f"{access.origin.value} "
        uses = " ".join(
            sorted(f"{use.clause.value}.{use.column}" for use in access.columns if use.clause is not Clause.COMPUTED)
        )
        yield f"{origin}{access.action.value} {shown(access.object)}" + (f": {uses}" if uses else "")
        yield from _lines(access.beneath)


def computed(footprint: Footprint) -> dict[str, str]:
    """`column: in what`, of everything that an output does with a column other than what is total."""
    waiting = list(footprint.accesses)
    found: dict[str, str] = {}
    while waiting:
        access = waiting.pop()
        waiting += access.beneath
        found |= {use.column: use.inside for use in access.columns if use.clause is Clause.COMPUTED}
    return found


def shown(name: ObjectName) -> str:
    match name.kind:
        case ObjectKind.RELATION:
            return f"{name.schema}.{name.name}"
        case ObjectKind.DATABASE | ObjectKind.INSTANCE:
            return name.kind.value
        case _:
            return f"{name.kind.value} {name.schema}.{name.name}".rstrip(".")


def outputs(footprint: Footprint) -> list[str] | None:
    """`name=schema.t.a+schema.t.b`; `==` where it is exactly one column."""
    if footprint.outputs is None:
        return None
    return [
        f"{output.name}{'==' if output.exact else '='}"
        + "+".join(
            sorted(
                f"{ref.object.schema}.{ref.object.name}.{ref.column}"
                for ref in output.sources
                if ref.object.kind is ObjectKind.RELATION  # without the stored programs that give it
            )
        )
        for output in footprint.outputs
    ]


def moves(footprint: Footprint) -> set[str]:
    """`schema.t.a -> schema.t.b`"""
    sides = [(move.source, move.target) for move in footprint.moves]
    return {f"{shown(old.object)}.{old.column} -> {shown(new.object)}.{new.column}" for old, new in sides}


def functions(footprint: Footprint) -> set[str]:
    return {f"{used.name.schema}.{used.name.name}:{used.function_class.value}" for used in footprint.functions}


def effects(footprint: Footprint) -> list[str]:
    """`set search_path=hr local`, in order."""
    return [
        " ".join(
            word
            for word in (
                effect.kind.value,
                f"{effect.name}={effect.value}" if effect.value else effect.name,
                "local" if effect.local else "",
            )
            if word
        )
        for effect in footprint.effects
    ]


@dataclass(frozen=True, slots=True)
class Case:
    """A statement and its whole footprint, in the short lines of this module."""

    sql: str
    kind: str = "SELECT"
    category: str = "query"
    accesses: Sequence[str] = ()
    outputs: Sequence[str] | None = ()
    functions: Sequence[str] = ()
    effects: Sequence[str] = ()
    opaque: str | None = None
    unknown: Sequence[str] = ()
    transactional: bool = True
    literals_matter: bool | None = None

    def __str__(self) -> str:
        return self.sql[:100]


def check(case: Case) -> None:
    """Compares everything. Utility statements always say that literals matter; for the others the case says it."""
    found = one(case.sql)
    shown_outputs = outputs(found)
    assert (found.kind, found.category.value, found.opaque) == (case.kind, case.category, case.opaque)
    assert sorted(accesses(found)) == sorted(case.accesses)
    assert shown_outputs == (None if case.outputs is None else list(case.outputs))
    assert sorted(functions(found)) == sorted(case.functions)
    assert effects(found) == list(case.effects)
    assert sorted(shown(name) for name in found.unknown) == sorted(case.unknown)
    assert found.transactional is case.transactional
    if found.kind in ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"):
        assert found.literals_matter is bool(case.literals_matter)
    else:
        assert found.literals_matter
