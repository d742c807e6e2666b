"""The type of an expression, as sqlglot infers it; columns, subqueries and parameters bring theirs along."""

from typing import Final

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from gateway.model.identity import Engine
from gateway.model.own import ColumnType

KIND: Final = "own_kind"
"""The key under which a node says its type, where it is known."""

_TIMES: Final = (exp.TimestampTrunc, exp.CurrentTimestamp, exp.Localtimestamp, exp.UtcTimestamp, exp.DateAdd, exp.DateSub)
_NOW: Final = frozenset({"now", "sysdate", "localtime", "transaction_timestamp", "statement_timestamp", "clock_timestamp"})
_DATES: Final = (exp.CurrentDate, exp.TsOrDsToDate, exp.Date)
_TYPES: Final[dict[ColumnType, exp.DataType]] = {
    "text": exp.DataType.build("text"),
    "int8": exp.DataType.build("bigint"),
    "bool": exp.DataType.build("boolean"),
    "float8": exp.DataType.build("double"),
    "timestamptz": exp.DataType.build("timestamptz"),
    "date": exp.DataType.build("date"),
}


def kind_of(expression: exp.Expr, engine: Engine) -> ColumnType:
    """Text where nothing better is known. On MySQL the truth of a comparison is a number."""
    while isinstance(expression, exp.Alias | exp.Paren):
        expression = expression.this
    told = _told(expression)
    if told is not None:
        return told
    probe = exp.select(expression.copy()).transform(_stand_in)
    annotated = annotate_types(probe, dialect=dialect(engine)).expressions[0]
    found = of_type(annotated.unalias().type)
    return "int8" if found == "bool" and engine is Engine.MYSQL else found


def of_type(kind: exp.DataType | None) -> ColumnType:
    """The type of ours that a type of the dialects stands for."""
    if kind is None:
        return "text"
    if kind.this in exp.DataType.INTEGER_TYPES:
        return "int8"
    if kind.this in exp.DataType.REAL_TYPES:
        return "float8"
    if kind.this is exp.DataType.Type.BOOLEAN:
        return "bool"
    if kind.this in {exp.DataType.Type.DATE, exp.DataType.Type.DATE32}:
        return "date"
    return "timestamptz" if kind.this in exp.DataType.TEMPORAL_TYPES else "text"


def dialect(engine: Engine) -> str:
    return "mysql" if engine is Engine.MYSQL else "postgres"


def is_now(node: exp.Expr) -> bool:
    return isinstance(node, exp.CurrentTimestamp | exp.Localtimestamp | exp.UtcTimestamp) or (
        isinstance(node, exp.Anonymous) and node.name.lower() in _NOW
    )


def _told(node: exp.Expr) -> ColumnType | None:
    known: ColumnType | None = node.meta.get(KIND)
    if known is not None:
        return known
    if isinstance(node, _TIMES) or is_now(node):
        return "timestamptz"
    if isinstance(node, _DATES):
        return "date"
    if isinstance(node, exp.Extract):
        return "float8"
    if isinstance(node, exp.Add | exp.Sub) and isinstance(node.expression, exp.Interval):
        return "timestamptz"
    return None


def _stand_in(node: exp.Expr) -> exp.Expr:
    told = _told(node)
    return node if told is None else exp.Cast(this=exp.Null(), to=_TYPES[told].copy())
