"""The gateway's own schema in PostgreSQL's catalogs, for psql's completion, its \\d commands and other tools.

A query that asks for the schema by name, or by an oid that we gave out, is the server's to answer: it alone knows its functions
and versions. Where such a query reads a catalog, that catalog is replaced by itself and the few rows of ours, as constants in
the text. So the server's rows are as they were, and what is told of the gateway is the same for everybody. Queries that do not
ask for it reach the server as they came.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import parser
from gateway.analysis.postgres.context import text_of
from gateway.model.own import ARGUMENTS, CALLS, RELATIONS, SCHEMA, ColumnType
from gateway.own.postgres import messages

# No server comes near: oids are given out one after the other, from 16384.
_NAMESPACE: Final = 4_294_900_000
_FIRST_RELATION: Final = 4_294_900_100
_FIRST_PROCEDURE: Final = 4_294_900_200
_OWNER: Final = 10  # BOOTSTRAP_SUPERUSERID
_DEFAULT_COLLATION: Final = 100
_TEXT: Final = 25
_TYPES: Final[Mapping[ColumnType, tuple[int, int, str]]] = {  # oid, length, name
    "text": (_TEXT, -1, "text"),
    "int8": (20, 8, "bigint"),
    "bool": (16, 1, "boolean"),
    "float8": (701, 8, "double precision"),
    "timestamptz": (1184, 8, "timestamp with time zone"),
    "date": (1082, 4, "date"),
}
# The schema's name, the beginning of it as completion has it, or one of our oids; beside a catalog.
_ASKS: Final = re.compile(r"gateway|'g(?:a(?:t(?:e(?:w(?:ay?)?)?)?)?)?%|\b42949\d{5}\b")
_CATALOG: Final = re.compile(r"\bpg_(?:class|namespace|attribute|proc)\b|\binformation_schema\b")
_LONGEST: Final = 16 * 1024  # characters: longer texts are no tool's questions, and would hold up other sessions
_SYSTEM: Final = frozenset({"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"})
_EXPLAINED: Final = frozenset({"pg_get_function_arguments", "pg_get_function_identity_arguments"})
_CALL: Final = re.compile(rb'(?:"?pg_catalog"?\s*\.\s*)?"?\w+"?\s*\(\s*([\w.]+)\s*\)')

_Rows = list[dict[str, Any]]


def with_gateway(text: str) -> str | None:
    """The text for the server where it asks for the gateway's schema; None where it goes as it is."""
    if len(text) > _LONGEST:
        return None
    plain = text.lower()
    if not ("pg_" in plain or "information_schema" in plain) or not ("'g" in plain or SCHEMA in plain or "42949" in plain):
        return None
    return None if _ASKS.search(plain) is None or _CATALOG.search(plain) is None else _told(text)


@lru_cache(maxsize=64)
def _told(text: str) -> str | None:
    try:
        tree = parser.parse(text)
    except parser.NotParsed:
        return None
    if len(tree.stmts) != 1 or tree.stmts[0].stmt.WhichOneof("node") != "select_stmt":
        return None
    encoded = text.encode()
    splices: list[tuple[int, int, str]] = []
    made: set[str] = set()
    for node in messages(tree.stmts[0].stmt):
        if isinstance(node, pb.IntoClause | pb.LockingClause) or (isinstance(node, pb.ColumnRef) and _is_system(node)):
            return None
        if isinstance(node, pb.CommonTableExpr):
            made.add(node.ctename)
        elif isinstance(node, pb.RangeVar) and node.inh:
            splices += _relation(node, encoded)
        elif isinstance(node, pb.FuncCall) and text_of(node.funcname[-1]) in _EXPLAINED:
            splices += _arguments(node, encoded)
    if not splices or made & {name for _, name in _ROWS}:
        return None
    for start, end, words in sorted(splices, reverse=True):
        encoded = encoded[:start] + words.encode() + encoded[end:]
    return encoded.decode()


def _is_system(column: pb.ColumnRef) -> bool:
    return column.fields[-1].WhichOneof("node") == "string" and text_of(column.fields[-1]) in _SYSTEM


def _relation(node: pb.RangeVar, text: bytes) -> Iterator[tuple[int, int, str]]:
    """Where the catalog's name stands, and what stands there instead."""
    schema = node.schemaname or "pg_catalog"
    if (schema, node.relname) not in _ROWS:
        return
    name = re.compile(rf'(?:"?{schema}"?\s*\.\s*)?"?{node.relname}"?'.encode(), re.IGNORECASE)
    found = name.match(text, node.location)
    if found is not None:
        alias = "" if node.HasField("alias") else f" AS {node.relname}"
        yield found.start(), found.end(), _extended(schema, node.relname) + alias


def _arguments(node: pb.FuncCall, text: bytes) -> Iterator[tuple[int, int, str]]:
    """A function of the server's that knows nothing of our procedures."""
    found = _CALL.match(text, node.location)
    if found is not None:
        told = ((number, ", ".join(f"{item} text" for item in ARGUMENTS[name])) for name, number in _procedures())
        cases = " ".join(f"WHEN {number} THEN '{words}'" for number, words in told)
        yield found.start(), found.end(), f"COALESCE({found[0].decode()}, CASE {found[1].decode()} {cases} END)"


@lru_cache(maxsize=16)
def _extended(schema: str, name: str) -> str:
    """The catalog and our rows: what a row leaves out is as in the first, and else NULL."""
    defaults, rows = _ROWS[schema, name]
    whole = f"{schema}.{name}"
    base = f"pg_catalog.jsonb_populate_record(NULL::{whole}, '{json.dumps(defaults)}')"
    ours = f"pg_catalog.jsonb_populate_recordset({base}, '{json.dumps(rows)}')"
    return f"(SELECT * FROM {whole} UNION ALL SELECT * FROM {ours})"  # noqa: S608 -- names and rows of our own


def _procedures() -> Iterator[tuple[str, int]]:
    return ((name, _FIRST_PROCEDURE + place) for place, name in enumerate(CALLS))


def _classes() -> _Rows:
    return [
        {"oid": _FIRST_RELATION + place, "relname": name, "relnatts": len(columns)}
        for place, (name, columns) in enumerate(RELATIONS.items())
    ]


def _attributes() -> _Rows:
    rows: _Rows = []
    for place, columns in enumerate(RELATIONS.values()):
        for number, (name, kind) in enumerate(columns, 1):
            oid, length, _ = _TYPES[kind]
            row = {"attrelid": _FIRST_RELATION + place, "attname": name, "attnum": number, "atttypid": oid, "attlen": length}
            rows.append(row if kind != "text" else row | {"attcollation": _DEFAULT_COLLATION})
    return rows


def _routines() -> _Rows:
    return [
        {"oid": oid, "proname": name, "pronargs": len(ARGUMENTS[name]), "proargnames": ARGUMENTS[name],
         "proargtypes": " ".join([str(_TEXT)] * len(ARGUMENTS[name]))}
        for name, oid in _procedures()
    ]  # fmt: skip


def _information_columns() -> _Rows:
    return [
        {"table_name": name, "column_name": column, "ordinal_position": number, "data_type": _TYPES[kind][2],
         "udt_name": kind, "dtd_identifier": str(number)}
        for name, columns in RELATIONS.items() for number, (column, kind) in enumerate(columns, 1)
    ]  # fmt: skip


# Of each catalog: what all our rows have in common, and the rows.
_ROWS: Final[Mapping[tuple[str, str], tuple[dict[str, Any], _Rows]]] = {
    ("pg_catalog", "pg_namespace"): ({"nspowner": _OWNER}, [{"oid": _NAMESPACE, "nspname": SCHEMA}]),
    ("pg_catalog", "pg_class"): (
        {"relnamespace": _NAMESPACE, "relowner": _OWNER, "relkind": "v", "relpersistence": "p", "relreplident": "n",
         "reltype": 0, "reloftype": 0, "relam": 0, "relfilenode": 0, "reltablespace": 0, "relpages": 0, "reltuples": -1,
         "relallvisible": 0, "reltoastrelid": 0, "relhasindex": False, "relisshared": False, "relchecks": 0,
         "relhasrules": False, "relhastriggers": False, "relhassubclass": False, "relrowsecurity": False,
         "relforcerowsecurity": False, "relispopulated": True, "relispartition": False, "relrewrite": 0},
        _classes(),
    ),
    ("pg_catalog", "pg_attribute"): (
        {"attstattarget": -1, "attndims": 0, "attcacheoff": -1, "atttypmod": -1, "attbyval": False, "attalign": "i",
         "attstorage": "p", "attcompression": "", "attnotnull": False, "atthasdef": False, "atthasmissing": False,
         "attidentity": "", "attgenerated": "", "attisdropped": False, "attislocal": True, "attinhcount": 0, "attcollation": 0},
        _attributes(),
    ),
    ("pg_catalog", "pg_proc"): (
        {"pronamespace": _NAMESPACE, "proowner": _OWNER, "prolang": 12, "procost": 1, "prorows": 0, "provariadic": 0,
         "prosupport": 0, "prokind": "p", "prosecdef": False, "proleakproof": False, "proisstrict": False, "proretset": False,
         "provolatile": "v", "proparallel": "u", "pronargdefaults": 0, "prorettype": 2278, "prosrc": ""},
        _routines(),
    ),
    ("information_schema", "schemata"): ({"catalog_name": SCHEMA}, [{"schema_name": SCHEMA}]),
    ("information_schema", "tables"): (
        {"table_catalog": SCHEMA, "table_schema": SCHEMA, "table_type": "VIEW", "is_insertable_into": "NO", "is_typed": "NO"},
        [{"table_name": name} for name in RELATIONS],
    ),
    ("information_schema", "columns"): (
        {"table_catalog": SCHEMA, "table_schema": SCHEMA, "is_nullable": "YES", "udt_catalog": SCHEMA,
         "udt_schema": "pg_catalog", "is_self_referencing": "NO", "is_identity": "NO", "is_generated": "NEVER",
         "is_updatable": "NO"},
        _information_columns(),
    ),
    ("information_schema", "routines"): (
        {"specific_catalog": SCHEMA, "specific_schema": SCHEMA, "routine_catalog": SCHEMA, "routine_schema": SCHEMA,
         "routine_type": "PROCEDURE"},
        [{"specific_name": f"{name}_{oid}", "routine_name": name} for name, oid in _procedures()],
    ),
}  # fmt: skip
