"""The schema that a case file's statements are resolved against: a small TOML file instead of a server.

[relations."public.orders"]
columns = ["id", "customer_id", "status"]
kind = "partitioned_table"          # table unless said; views have `definition` instead
[relations."public.orders_2024"]
columns = ["id", "customer_id", "status"]
parent = "public.orders"
[relations."public.customer_contacts"]
columns = ["id", "contact"]
definition = "SELECT id, email AS contact FROM public.customers"
[functions."public.order_total"]
arguments = 1
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.analysis import analyse_postgres
from gateway.catalog import (
    CatalogSnapshot,
    ColumnInfo,
    FunctionInfo,
    FunctionKind,
    QName,
    RelationInfo,
    RelationKind,
    SchemaInfo,
    SystemCatalog,
    Volatility,
)
from gateway.model.errors import ConfigurationError
from gateway.model.footprint import Footprint
from gateway.model.identity import Engine
from gateway.model.statement import Statement

_SERVER_VERSION = 180000
_TEXT_OID = 25
_FIRST_OID = 16_384  # where users' objects begin

Analyse = Callable[[Statement, CatalogSnapshot], tuple[Footprint, ...]]
ANALYSE: Mapping[Engine, Analyse] = {Engine.POSTGRES: analyse_postgres}


class _Relation(BaseModel):
    model_config = ConfigDict(extra="forbid")
    columns: list[str] = []
    kind: RelationKind = RelationKind.TABLE
    parent: str | None = None
    definition: str | None = None


class _Function(BaseModel):
    model_config = ConfigDict(extra="forbid")
    arguments: int = 0


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")
    relations: dict[str, _Relation] = {}
    functions: dict[str, _Function] = {}


def footprints(statement: Statement, schema: Path | None) -> tuple[Footprint, ...]:
    """What a case's text touches. Raises ConfigurationError for an unreadable schema, or an engine nobody analyses yet."""
    analyse = ANALYSE.get(statement.engine)
    if analyse is None:
        raise ConfigurationError(f"cases on {statement.engine.value} cannot be run: its statements are not analysed yet")
    return analyse(statement, load_schema(schema, statement.engine))


@lru_cache(maxsize=64)
def load_schema(path: Path | None, engine: Engine = Engine.POSTGRES) -> CatalogSnapshot:
    """The catalog that the file describes; None: an empty one, in which every name counts as the one that was written."""
    if path is None:
        return _snapshot(_Schema(), engine)
    try:
        return _snapshot(_Schema.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))), engine)
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file; a case file's `catalog` is a path beside it") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _snapshot(schema: _Schema, engine: Engine) -> CatalogSnapshot:
    relations: dict[QName, RelationInfo] = {}
    for oid, (text, described) in enumerate(schema.relations.items(), start=_FIRST_OID):
        relations[_qname(text)] = _relation(oid, _qname(text), described, schema)
    functions = {
        _qname(text): (_function(_FIRST_OID + len(relations) + number, _qname(text), described),)
        for number, (text, described) in enumerate(schema.functions.items())
    }
    names = {name.schema for name in (*relations, *functions)} | {"public"}
    return CatalogSnapshot(
        engine=engine,
        database="",
        server_version=_SERVER_VERSION,
        system=SystemCatalog(_SERVER_VERSION),
        relations=relations,
        relations_by_oid={info.oid: info for info in relations.values()},
        functions=functions,
        functions_by_oid={item.oid: item for overloads in functions.values() for item in overloads},
        schemas={name: SchemaInfo(name, "", usable=True) for name in names},
    )


def _relation(oid: int, name: QName, described: _Relation, schema: _Schema) -> RelationInfo:
    columns = tuple(ColumnInfo(number, column, _TEXT_OID, "text") for number, column in enumerate(described.columns, start=1))
    children = tuple(_qname(other) for other, item in schema.relations.items() if item.parent and _qname(item.parent) == name)
    return RelationInfo(
        oid=oid,
        name=name,
        kind=RelationKind.VIEW if described.definition is not None else described.kind,
        columns=columns,
        parents=(_qname(described.parent),) if described.parent is not None else (),
        children=children,
        is_partition=described.parent is not None,
        definition=described.definition,
    )


def _function(oid: int, name: QName, described: _Function) -> FunctionInfo:
    arguments = (_TEXT_OID,) * described.arguments
    return FunctionInfo(
        oid=oid,
        name=name,
        kind=FunctionKind.FUNCTION,
        builtin=False,
        language="sql",
        security_definer=False,
        volatility=Volatility.VOLATILE,
        arguments=arguments,
        argument_types=("text",) * described.arguments,
    )


def _qname(text: str) -> QName:
    schema, dot, name = text.partition(".")
    return QName(schema, name) if dot else QName("public", text)
