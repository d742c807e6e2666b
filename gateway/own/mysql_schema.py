"""What SHOW, DESCRIBE and information_schema say of the gateway's own schema, in the servers' columns.

A query on information_schema is ours where it can find nothing but the schema `gateway`: each of its relations is held to that
name by a condition of its WHERE. Any other is the server's, and tells nothing of the gateway.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from gateway.model.identity import Engine
from gateway.model.own import ARGUMENTS, CALLS, RELATIONS, SCHEMA, Columns, ColumnType, OwnRequest, Row

_TYPES: Final[dict[ColumnType, str]] = {
    "text": "varchar(65535)",
    "int8": "bigint(20)",
    "bool": "tinyint(1)",
    "float8": "double",
    "timestamptz": "datetime(6)",
    "date": "date",
}
_COLLATION: Final = "utf8mb4_general_ci"
_HOLDS: Final = frozenset({"table_schema", "schema_name", "routine_schema", "specific_schema"})
INFORMATION: Final = "information_schema"
_Told = dict[str, str | int]


def _texts(names: str) -> Columns:
    return tuple((name.removesuffix("#"), "int8" if name.endswith("#") else "text") for name in names.split())


# As MariaDB 10.11 and MySQL 8 have them both; "#" marks numbers.
VIEWS: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        "schemata": _texts("catalog_name schema_name default_character_set_name default_collation_name sql_path"),
        "tables": _texts(
            "table_catalog table_schema table_name table_type engine version# row_format table_rows# avg_row_length#"
            " data_length# max_data_length# index_length# data_free# auto_increment# create_time update_time check_time"
            " table_collation checksum# create_options table_comment"
        ),
        "columns": _texts(
            "table_catalog table_schema table_name column_name ordinal_position# column_default is_nullable data_type"
            " character_maximum_length# character_octet_length# numeric_precision# numeric_scale# datetime_precision#"
            " character_set_name collation_name column_type column_key extra privileges column_comment generation_expression"
        ),
        "routines": _texts(
            "specific_name routine_catalog routine_schema routine_name routine_type data_type routine_body sql_data_access"
            " security_type routine_comment"
        ),
        "parameters": _texts(
            "specific_catalog specific_schema specific_name ordinal_position# parameter_mode parameter_name data_type"
            " character_maximum_length# dtd_identifier routine_type"
        ),
    }
)


def view_rows(name: str) -> list[Row]:
    """The rows of one of VIEWS, in its order of columns."""
    kinds = VIEWS[name]
    return [tuple(values.get(column) for column, _ in kinds) for values in _ROWS[name]()]


def _schemata() -> Iterator[_Told]:
    yield {"catalog_name": "def", "schema_name": SCHEMA, "default_character_set_name": "utf8mb4",
           "default_collation_name": _COLLATION}  # fmt: skip


def _tables() -> Iterator[_Told]:
    for name in RELATIONS:
        yield {"table_catalog": "def", "table_schema": SCHEMA, "table_name": name, "table_type": "SYSTEM VIEW",
               "table_collation": _COLLATION, "table_comment": "answered by the gateway"}  # fmt: skip


def _columns() -> Iterator[_Told]:
    for name, columns in RELATIONS.items():
        for place, (column, kind) in enumerate(columns, 1):
            told: _Told = {"table_catalog": "def", "table_schema": SCHEMA, "table_name": name, "column_name": column,
                    "ordinal_position": place, "is_nullable": "YES", "data_type": _TYPES[kind].partition("(")[0],
                    "column_type": _TYPES[kind], "column_key": "", "extra": "", "privileges": "select",
                    "column_comment": ""}  # fmt: skip
            if kind == "text":
                told |= {"character_maximum_length": 65_535, "character_octet_length": 65_535 * 4,
                         "character_set_name": "utf8mb4", "collation_name": _COLLATION}  # fmt: skip
            elif kind == "timestamptz":
                told |= {"datetime_precision": 6}
            else:
                told |= {"numeric_precision": 19 if kind == "int8" else 3, "numeric_scale": 0}
            yield told


def _routines() -> Iterator[_Told]:
    for name in CALLS:
        yield {"specific_name": name, "routine_catalog": "def", "routine_schema": SCHEMA, "routine_name": name,
               "routine_type": "PROCEDURE", "data_type": "", "routine_body": "SQL", "sql_data_access": "READS SQL DATA",
               "security_type": "INVOKER", "routine_comment": "answered by the gateway"}  # fmt: skip


def _parameters() -> Iterator[_Told]:
    for name, arguments in ARGUMENTS.items():
        for place, argument in enumerate(arguments, 1):
            yield {"specific_catalog": "def", "specific_schema": SCHEMA, "specific_name": name, "ordinal_position": place,
                   "parameter_mode": "IN", "parameter_name": argument, "data_type": "varchar",
                   "character_maximum_length": 65_535, "dtd_identifier": _TYPES["text"],
                   "routine_type": "PROCEDURE"}  # fmt: skip


_ROWS: Final = {
    "schemata": _schemata,
    "tables": _tables,
    "columns": _columns,
    "routines": _routines,
    "parameters": _parameters,
}


def asks_gateway_alone(tree: exp.Expr, *, inside: bool) -> bool:
    """Whether the query reads views of information_schema alone, each held to the schema `gateway`."""
    tables = list(tree.find_all(exp.Table))
    if not tables or any(table.db.lower() != INFORMATION or table.name.lower() not in VIEWS for table in tables):
        return False
    return all(_is_held(table.parent_select, inside) for table in tables)


def _is_held(select: exp.Expr | None, inside: bool) -> bool:
    where = select.args.get("where") if isinstance(select, exp.Select) and not select.args.get("joins") else None
    if where is None:
        return False
    parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    return any(_holds(part, inside) for part in parts)


def _holds(part: exp.Expr, inside: bool) -> bool:
    """`TABLE_SCHEMA = 'gateway'`, or LIKE it, or = DATABASE() where that is what it says."""
    while isinstance(part, exp.Paren):
        part = part.this
    if not isinstance(part, exp.EQ | exp.Like) or part.args.get("negate"):
        return False
    name, value = part.this, part.expression
    if not isinstance(name, exp.Column):
        name, value = value, name
    here = inside and value.sql("mysql").upper() in {"DATABASE()", "SCHEMA()"}
    named = isinstance(value, exp.Literal) and value.is_string and value.name.lower() == SCHEMA
    return isinstance(name, exp.Column) and name.name.lower() in _HOLDS and (named or here)


# SHOW, DESCRIBE


def shown_databases(pattern: str) -> OwnRequest | None:
    """None where the pattern may match a database of the server's."""
    if pattern.lower() != SCHEMA:
        return None
    return _told("databases", ((f"Database ({pattern})", "text"),), [(SCHEMA,)])


def shown_tables(*, full: bool, pattern: str | None) -> OwnRequest:
    names = [name for name in RELATIONS if _like(name, pattern)]
    columns: Columns = (("Tables_in_gateway" + (f" ({pattern})" if pattern is not None else ""), "text"),)
    if not full:
        return _told("tables", columns, [(name,) for name in names])
    return _told("tables", (*columns, ("Table_type", "text")), [(name, "SYSTEM VIEW") for name in names])


def described(name: str, *, full: bool = False, pattern: str | None = None) -> OwnRequest:
    names = "Field Type Collation Null Key Default Extra Privileges Comment"
    columns = _texts(names if full else "Field Type Null Key Default Extra")
    rows: list[Row] = []
    for column, kind in RELATIONS[name]:
        last: Row = ("YES", "", None, "")
        collation = _COLLATION if kind == "text" else None
        if _like(column, pattern):
            rows.append((column, _TYPES[kind], collation, *last, "select", "") if full else (column, _TYPES[kind], *last))
    return _told(name, columns, rows)


def _told(name: str, columns: Columns, rows: list[Row]) -> OwnRequest:
    return OwnRequest(name, columns, Engine.MYSQL, told=tuple(rows))


def _like(name: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    letters = (".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in pattern)
    return re.fullmatch("".join(letters), name, re.IGNORECASE) is not None
