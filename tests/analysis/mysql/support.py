"""A catalog of a shop, and footprints on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.analysis import analyse_mysql
from gateway.catalog import (
    CatalogSnapshot,
    ColumnInfo,
    FunctionInfo,
    FunctionKind,
    QName,
    RelationInfo,
    RelationKind,
    SystemCatalog,
    Volatility,
)
from gateway.model.footprint import Access, Action, Clause, ColumnRef, Footprint, ObjectKind, OutputColumn
from gateway.model.identity import Engine
from gateway.model.statement import Namespace, Origin, Statement
from tests.analysis.postgres import schema as shown

_TABLES = {
    ("shop", "customers"): "id name email phone",
    ("shop", "orders"): "id customer_id total placed",
    ("shop", "Mixed"): "id Value",
    ("hr", "salaries"): "id person amount",
    ("information_schema", "tables"): "TABLE_SCHEMA TABLE_NAME",
}
_VIEWS = {
    ("shop", "contacts"): (
        "id mail",
        "select `shop`.`customers`.`id` AS `id`,`shop`.`customers`.`email` AS `mail` from `shop`.`customers`",
    ),
}


def catalog(**settings: str) -> CatalogSnapshot:
    found: dict[QName, RelationInfo] = {}
    for oid, ((schema, name), columns) in enumerate(_TABLES.items(), 1):
        found[QName(schema, name)] = RelationInfo(oid, QName(schema, name), RelationKind.TABLE, _columns(columns))
    for oid, ((schema, name), (columns, text)) in enumerate(_VIEWS.items(), 100):
        full = QName(schema, name)
        found[full] = RelationInfo(oid, full, RelationKind.VIEW, _columns(columns), definition=text)
    routines = {
        QName("shop", name): (FunctionInfo(1, QName("shop", name), kind, False, "SQL", True, Volatility.VOLATILE),)
        for name, kind in (("total_of", FunctionKind.FUNCTION), ("close_day", FunctionKind.PROCEDURE))
    }
    known = {"version": "10.11.6-MariaDB", "lower_case_table_names": "0", "sql_mode": "", **settings}
    return CatalogSnapshot(
        Engine.MYSQL, "shop", 101106, SystemCatalog(101106), relations=found, functions=routines, settings=known
    )


def _columns(names: str) -> tuple[ColumnInfo, ...]:
    return tuple(ColumnInfo(number, name, 0, "int") for number, name in enumerate(names.split(), 1))


CATALOG = catalog()


def footprints(text: str, space: Namespace | None = None, snapshot: CatalogSnapshot = CATALOG) -> tuple[Footprint, ...]:
    return analyse_mysql(Statement(Engine.MYSQL, text, space or Namespace(search_path=("shop",)), Origin.SIMPLE), snapshot)


def footprint(text: str, space: Namespace | None = None, snapshot: CatalogSnapshot = CATALOG) -> Footprint:
    found = footprints(text, space, snapshot)
    assert len(found) == 1, found
    return found[0]


def flags(**values: str) -> Namespace:
    return Namespace(search_path=("shop",), flags=tuple(sorted(values.items())))


def touched(found: Footprint) -> set[tuple[str, str]]:
    """(database.table or kind, action), what stands beneath included."""
    assert found.opaque is None, found.opaque
    return {(_path(access), access.action.value) for access in _flat(found.accesses)}


def _path(access: Access) -> str:
    if access.object.kind is ObjectKind.RELATION:
        return f"{access.object.schema}.{access.object.name}"
    return f"{access.object.kind.value}:{access.object.schema}{'.' if access.object.name else ''}{access.object.name}"


def _flat(accesses: tuple[Access, ...]) -> list[Access]:
    return [found for access in accesses for found in (access, *_flat(access.beneath))]


def uses(found: Footprint, table: str, clause: Clause) -> set[str]:
    """The columns of a table that are used in a clause."""
    return {
        use.column
        for access in _flat(found.accesses)
        if _path(access) == table
        for use in access.columns
        if use.clause is clause
    }


def outputs(found: Footprint) -> list[tuple[str, set[str], bool]]:
    assert found.outputs is not None
    return [
        (column.name, {f"{ref.object.schema}.{ref.object.name}.{ref.column}" for ref in _relations(column)}, column.exact)
        for column in found.outputs
    ]


def _relations(column: OutputColumn) -> list[ColumnRef]:
    """Its sources without the stored programs that give it."""
    return [ref for ref in column.sources if ref.object.kind is ObjectKind.RELATION]


@dataclass(frozen=True, slots=True)
class Case:
    """A statement with its accesses and outputs, in the short lines of the other engine's cases."""

    sql: str
    accesses: Sequence[str] = ()
    outputs: Sequence[str] | None = ()

    def __str__(self) -> str:
        return self.sql[:100]


def check(case: Case) -> None:
    found = footprint(case.sql)
    assert found.opaque is None
    assert sorted(shown.accesses(found)) == sorted(case.accesses)
    assert shown.outputs(found) == (None if case.outputs is None else list(case.outputs))


__all__ = ["CATALOG", "Action", "Case", "catalog", "check", "flags", "footprint", "footprints", "outputs", "touched", "uses"]
