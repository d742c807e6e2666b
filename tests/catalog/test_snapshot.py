"""Names resolve as the server resolves them: pg_temp, pg_catalog, then the path, schemas without USAGE passed over."""

from collections.abc import Sequence

import pytest

from gateway.catalog import (
    CatalogSnapshot,
    FunctionInfo,
    FunctionKind,
    QName,
    RelationInfo,
    RelationKind,
    SchemaInfo,
    SystemCatalog,
    TemporaryRelation,
    TypeInfo,
    TypeKind,
    Volatility,
)
from gateway.catalog.objects import ColumnInfo
from gateway.model.identity import Engine


def _relation(oid: int, schema: str, name: str) -> RelationInfo:
    return RelationInfo(oid, QName(schema, name), RelationKind.TABLE, (ColumnInfo(1, "id", 23, "integer"),))


def _function(oid: int, schema: str, name: str, *, builtin: bool = False) -> FunctionInfo:
    return FunctionInfo(oid, QName(schema, name), FunctionKind.FUNCTION, builtin, "sql", False, Volatility.STABLE)


@pytest.fixture
def snapshot() -> CatalogSnapshot:
    pg_class, lower = _relation(1259, "pg_catalog", "pg_class"), _function(870, "pg_catalog", "lower", builtin=True)
    relations = [
        _relation(1, "public", "customers"),
        _relation(2, "hr", "customers"),
        _relation(3, "closed", "secrets"),
        _relation(4, "public", "secrets"),
        _relation(5, "public", "pg_class"),
    ]
    functions = [_function(10, "public", "lower"), _function(11, "hr", "lower")]
    mood = TypeInfo(20, QName("hr", "mood"), TypeKind.ENUM, builtin=False)
    return CatalogSnapshot(
        engine=Engine.POSTGRES,
        database="shop",
        server_version=180000,
        system=SystemCatalog(180000, {pg_class.name: pg_class}, {1259: pg_class}, {lower.name: (lower,)}, {870: lower}),
        relations={relation.name: relation for relation in relations},
        relations_by_oid={relation.oid: relation for relation in relations},
        functions={function.name: (function,) for function in functions},
        functions_by_oid={function.oid: function for function in functions},
        types={mood.name: mood},
        types_by_oid={20: mood},
        schemas={name: SchemaInfo(name, "owner", name != "closed") for name in ("pg_catalog", "public", "hr", "closed")},
    )


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("customers", ("public", "hr"), 1),
        ("customers", ("hr", "public"), 2),
        ("customers", (), None),
        ("customers", ("nowhere", "hr"), 2),
        ("secrets", ("closed", "public"), 4),
        ("pg_class", ("public",), 1259),
        ("pg_class", ("public", "pg_catalog"), 5),
        ("Customers", ("public",), None),
    ],
)
def test_unqualified_names_follow_the_path(
    snapshot: CatalogSnapshot, name: str, path: Sequence[str], expected: int | None
) -> None:
    found = snapshot.resolve(name, path)
    assert (found.oid if isinstance(found, RelationInfo) else found) == expected


def test_temporary_relations_come_first_unless_pg_temp_stands_in_the_path(snapshot: CatalogSnapshot) -> None:
    temporary = frozenset({"customers", "pg_class"})
    assert snapshot.resolve("customers", ("public",), temporary) == TemporaryRelation("customers")
    assert snapshot.resolve("pg_class", ("public",), temporary) == TemporaryRelation("pg_class")
    last = snapshot.resolve("customers", ("public", "pg_temp"), temporary)
    assert isinstance(last, RelationInfo)
    assert last.name == ("public", "customers")
    assert snapshot.resolve("customers", (), temporary, schema="pg_temp") == TemporaryRelation("customers")
    assert snapshot.resolve("orders", (), temporary, schema="pg_temp") is None


def test_a_qualified_name_means_that_schema_alone(snapshot: CatalogSnapshot) -> None:
    found = snapshot.resolve("secrets", ("public",), frozenset({"secrets"}), schema="closed")
    assert isinstance(found, RelationInfo)
    assert found.oid == 3
    assert snapshot.resolve("secrets", ("public",), schema="hr") is None


def test_a_call_may_mean_every_overload_on_the_path(snapshot: CatalogSnapshot) -> None:
    assert [function.oid for function in snapshot.functions_named("lower", ("public", "hr"))] == [870, 10, 11]
    assert [function.oid for function in snapshot.functions_named("lower", ("public",), schema="hr")] == [11]
    assert snapshot.functions_named("lower", ("pg_temp",)) == snapshot.system.functions["pg_catalog", "lower"]  # type: ignore[index]


def test_types_and_oids_look_into_both_halves(snapshot: CatalogSnapshot) -> None:
    mood = snapshot.type_named("mood", ("public", "hr"))
    assert mood is not None
    assert mood is snapshot.type_by_oid(20)
    assert snapshot.type_named("mood", ("public",)) is None
    assert snapshot.relation_by_oid(1259) is snapshot.relation("pg_catalog", "pg_class")
    assert snapshot.function_by_oid(870) is not None
    assert snapshot.relation_by_oid(999) is None


def test_a_snapshot_cannot_be_changed(snapshot: CatalogSnapshot) -> None:
    with pytest.raises(AttributeError):
        snapshot.version = 2  # type: ignore[misc]
