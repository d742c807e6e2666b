"""A catalog of MySQL, MariaDB or TiDB as a snapshot, and the probe that says whether it changed.

A statement can name any database of the server, so the snapshot holds all of them; `QName.schema` is the database.
information_schema's relations are named in lower case: the server compares them so.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final

import pymysql

from gateway.catalog.errors import CatalogUnreadable
from gateway.catalog.objects import (
    ColumnInfo,
    ForeignKey,
    FunctionInfo,
    FunctionKind,
    QName,
    ReferentialAction,
    RelationInfo,
    RelationKind,
    SchemaInfo,
    TriggerInfo,
    Volatility,
)
from gateway.catalog.snapshot import CatalogSnapshot, SystemCatalog
from gateway.model.identity import Engine

Row = tuple[Any, ...]

SERVER: Final = "SELECT VERSION(), @@lower_case_table_names, @@GLOBAL.sql_mode, CURRENT_USER(), DATABASE()"
QUERIES: Final[Mapping[str, str]] = {
    "schemas": "SELECT schema_name FROM information_schema.schemata",
    "relations": "SELECT table_schema, table_name, table_type FROM information_schema.tables",
    "columns": (
        "SELECT table_schema, table_name, column_name, ordinal_position, column_type, is_nullable, "
        "coalesce(nullif(generation_expression, ''), column_default), extra "
        "FROM information_schema.columns ORDER BY table_schema, table_name, ordinal_position"
    ),
    "views": "SELECT table_schema, table_name, view_definition, security_type FROM information_schema.views",
    # A definition is NULL where the account may not see it.
    "routines": (
        "SELECT routine_schema, routine_name, routine_type, security_type, routine_definition, sql_mode "
        "FROM information_schema.routines"
    ),
    "parameters": (
        "SELECT specific_schema, specific_name, routine_type, parameter_mode, parameter_name "
        "FROM information_schema.parameters WHERE ordinal_position > 0 "
        "ORDER BY specific_schema, specific_name, routine_type, ordinal_position"
    ),
    "triggers": (
        "SELECT event_object_schema, event_object_table, trigger_schema, trigger_name, event_manipulation, "
        "action_statement, sql_mode FROM information_schema.triggers"
    ),
    # Two plain readings, put together here: the server would build both whole before it joins them.
    "keys": (
        "SELECT constraint_name, table_schema, table_name, column_name, referenced_table_schema, "
        "referenced_table_name, referenced_column_name FROM information_schema.key_column_usage "
        "WHERE referenced_table_name IS NOT NULL ORDER BY table_schema, table_name, constraint_name, ordinal_position"
    ),
    "rules": (
        "SELECT constraint_schema, table_name, constraint_name, update_rule, delete_rule "
        "FROM information_schema.referential_constraints"
    ),
}
_DIGESTED: Final[Mapping[str, tuple[str, str]]] = {
    "tables": ("tables", "table_schema, table_name, table_type"),
    "columns": (
        "columns",
        "table_schema, table_name, column_name, ordinal_position, column_type, is_nullable, IFNULL(column_default, ''), extra, "
        "IFNULL(generation_expression, '')",
    ),
    "views": ("views", "table_schema, table_name, view_definition, security_type"),
    "routines": (
        "routines",
        "routine_schema, routine_name, routine_type, security_type, IFNULL(routine_definition, ''), sql_mode, last_altered",
    ),
    "triggers": (
        "triggers",
        "event_object_schema, event_object_table, trigger_name, event_manipulation, action_timing, action_statement, sql_mode",
    ),
    "keys": (
        "referential_constraints",
        "constraint_schema, constraint_name, table_name, referenced_table_name, update_rule, delete_rule",
    ),
}
_DIGEST: Final = (
    "(SELECT CONCAT(COUNT(*), '-', IFNULL(BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS('\\0', {columns})), 16), 16, 10) "
    "AS UNSIGNED)), 0)) FROM information_schema.{table})"
)
_SYSTEM_SCHEMAS: Final = frozenset({"information_schema", "performance_schema", "mysql", "sys"})
_KINDS: Final[Mapping[str, RelationKind]] = {
    "VIEW": RelationKind.VIEW,
    "SEQUENCE": RelationKind.SEQUENCE,
}
_ACTIONS: Final[Mapping[str, ReferentialAction]] = {
    "CASCADE": ReferentialAction.CASCADE,
    "RESTRICT": ReferentialAction.RESTRICT,
    "SET NULL": ReferentialAction.SET_NULL,
    "SET DEFAULT": ReferentialAction.SET_DEFAULT,
}
_versions = count(1)


async def probe_mysql(connection: Any) -> str:
    """A digest that changes with the catalog of the whole server. Raises CatalogUnreadable."""
    parts = [_DIGEST.format(columns=columns, table=table) for table, columns in _DIGESTED.values()]
    query = f"SELECT CONCAT_WS('/', VERSION(), @@lower_case_table_names, @@GLOBAL.sql_mode, {', '.join(parts)})"
    try:
        return str((await _rows(connection, query))[0][0])
    except (pymysql.MySQLError, OSError) as error:
        raise CatalogUnreadable(f"the catalog cannot be probed: {error}") from error


async def read_mysql(connection: Any) -> CatalogSnapshot:
    """The catalog of the server that `connection` (aiomysql, in no transaction) is connected to, as far as its account sees it.

    The digest is taken first: what changes while it is read calls for another reading at the next probe. Raises
    CatalogUnreadable.
    """
    digest = await probe_mysql(connection)
    try:
        server = (await _rows(connection, SERVER))[0]
        rows = {name: await _rows(connection, query) for name, query in QUERIES.items()}
    except (pymysql.MySQLError, OSError) as error:
        raise CatalogUnreadable(f"the catalog cannot be read: {error}") from error
    return await asyncio.to_thread(build_snapshot, server, rows, digest, next(_versions))


async def _rows(connection: Any, query: str) -> tuple[Row, ...]:
    cursor = await connection.cursor()
    try:
        await cursor.execute(query)
        return tuple(await cursor.fetchall())
    finally:
        await cursor.close()


def build_snapshot(server: Row, rows: Mapping[str, Iterable[Row]], digest: str, version: int) -> CatalogSnapshot:
    """The snapshot of what the queries gave. `server` is the row of version, case setting, SQL mode, account, database."""
    release, folding, sql_mode, account, database = server
    keys = _foreign_keys(rows["keys"], rows["rules"])
    relations = _relations(rows, keys)
    number = _number(str(release))
    return CatalogSnapshot(
        engine=Engine.MYSQL,
        database=str(database or ""),
        server_version=number,
        system=SystemCatalog(number),
        account=str(account),
        version=version,
        digest=digest,
        relations=relations,
        relations_by_oid={info.oid: info for info in relations.values()},
        functions=_functions(rows["routines"], rows["parameters"]),
        schemas={str(name): SchemaInfo(str(name), "", usable=True) for (name,) in rows["schemas"]},
        settings={
            "version": str(release),
            "lower_case_table_names": str(folding),
            "sql_mode": str(sql_mode),
        },
    )


def _number(release: str) -> int:
    """10.11.6-MariaDB as 101106."""
    numbers = [int(part) for part in release.partition("-")[0].split(".")[:3] if part.isdigit()]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major * 10000 + minor * 100 + patch


def _name(schema: Any, name: Any) -> QName:
    place = str(schema)
    if place.lower() == "information_schema":
        return QName("information_schema", str(name).lower())
    return QName(place, str(name))


def _relations(rows: Mapping[str, Iterable[Row]], keys: Iterable[ForeignKey]) -> dict[QName, RelationInfo]:
    columns: defaultdict[QName, list[ColumnInfo]] = defaultdict(list)
    for schema, table, column, position, type_name, nullable, default, extra in rows["columns"]:
        columns[_name(schema, table)].append(_column((column, position, type_name, nullable, default, extra)))
    definitions = {_name(schema, name): (definition, security) for schema, name, definition, security in rows["views"]}
    triggers = _triggers(rows["triggers"])
    holding: defaultdict[QName, list[ForeignKey]] = defaultdict(list)
    pointing: defaultdict[QName, list[ForeignKey]] = defaultdict(list)
    for key in keys:
        holding[key.relation].append(key)
        pointing[key.referenced].append(key)
    found: dict[QName, RelationInfo] = {}
    for oid, (schema, table, kind) in enumerate(rows["relations"], 1):
        name = _name(schema, table)
        definition, security = definitions.get(name, (None, ""))
        found[name] = RelationInfo(
            oid=oid,
            name=name,
            kind=_KINDS.get(str(kind), RelationKind.TABLE),
            columns=tuple(columns.get(name, ())),
            definition=str(definition or "") if name in definitions else None,
            triggers=tuple(triggers.get(name, ())),
            foreign_keys=tuple(holding.get(name, ())),
            referenced_by=tuple(pointing.get(name, ())),
            security_invoker=security == "INVOKER",
            system=name.schema.lower() in _SYSTEM_SCHEMAS,
        )
    return found


def _column(row: Row) -> ColumnInfo:
    name, position, type_name, nullable, default, extra = row
    upper = str(extra or "").upper()
    return ColumnInfo(
        number=int(position),
        name=str(name),
        type_id=0,
        type_name=_text(type_name),
        not_null=str(nullable) == "NO",
        generated="GENERATED" in upper and "DEFAULT_GENERATED" not in upper,
        default=None if default is None else _text(default),
        hidden="INVISIBLE" in upper,
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _triggers(rows: Iterable[Row]) -> dict[QName, list[TriggerInfo]]:
    found: defaultdict[QName, list[TriggerInfo]] = defaultdict(list)
    for schema, table, trigger_schema, trigger, event, statement, sql_mode in rows:
        name = QName(str(trigger_schema), str(trigger).lower())
        body = None if statement is None else _text(statement)
        made = TriggerInfo(str(trigger), name, frozenset({str(event)}), enabled=True, body=body, sql_mode=str(sql_mode or ""))
        found[_name(schema, table)].append(made)
    return found


def _functions(rows: Iterable[Row], parameters: Iterable[Row]) -> dict[QName, tuple[FunctionInfo, ...]]:
    """By lower-case name: routines' names are compared without regard to case."""
    given: defaultdict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for schema, name, kind, mode, parameter in parameters:
        given[str(schema), str(name), str(kind)].append((str(mode or "IN"), str(parameter)))
    found: defaultdict[QName, list[FunctionInfo]] = defaultdict(list)
    for oid, (schema, name, kind, security, body, sql_mode) in enumerate(rows, 1):
        key = QName(str(schema), str(name).lower())
        found[key].append(
            FunctionInfo(
                oid=oid,
                name=key,
                kind=FunctionKind.PROCEDURE if str(kind) == "PROCEDURE" else FunctionKind.FUNCTION,
                builtin=False,
                language="SQL",
                security_definer=str(security) == "DEFINER",
                volatility=Volatility.VOLATILE,
                body=None if body is None else _text(body),
                parameters=tuple(given.get((str(schema), str(name), str(kind)), ())),
                sql_mode=str(sql_mode or ""),
            )
        )
    return {key: tuple(infos) for key, infos in found.items()}


def _foreign_keys(rows: Iterable[Row], rules: Iterable[Row]) -> list[ForeignKey]:
    actions = {(_name(schema, table), str(name)): (str(update), str(delete)) for schema, table, name, update, delete in rules}
    grouped: dict[tuple[QName, str], list[Row]] = {}
    for row in rows:
        grouped.setdefault((_name(row[1], row[2]), str(row[0])), []).append(row)
    return [
        ForeignKey(
            name=name,
            relation=relation,
            columns=tuple(str(row[3]) for row in parts),
            referenced=_name(parts[0][4], parts[0][5]),
            referenced_columns=tuple(str(row[6]) for row in parts),
            on_update=_ACTIONS.get(actions.get((relation, name), ("", ""))[0], ReferentialAction.NO_ACTION),
            on_delete=_ACTIONS.get(actions.get((relation, name), ("", ""))[1], ReferentialAction.NO_ACTION),
        )
        for (relation, name), parts in grouped.items()
    ]
