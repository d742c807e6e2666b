"""How the columns of a result are called where the query gives them no name, and how names are compared."""

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from gateway.model.identity import Engine
from gateway.own.faults import SHOWN

_UNNAMED: Final = "?column?"
_ORDINARY: Final = {"group_concat": "string_agg", "str_position": "position", "timestamp_trunc": "date_trunc"}
_TYPE_NAMES: Final = {"bigint": "int8", "int": "int4", "boolean": "bool", "double precision": "float8", "smallint": "int2"}


def fold(tree: exp.Expr, engine: Engine) -> None:
    """Names as they are compared: in lower case, where PostgreSQL's are not quoted; on MySQL all of them."""
    for name in tree.find_all(exp.Identifier):
        if engine is Engine.MYSQL or not name.quoted:
            name.meta[SHOWN] = name.name
            name.set("this", name.name.lower())
        name.set("quoted", True)


def name_columns(tree: exp.Query, engine: Engine, text: str, written: Sequence[str] = ()) -> None:
    """Gives every column of every select list the name it has; a star stays. `written`: the outermost list's texts (MySQL)."""
    outermost = tree
    while isinstance(outermost, exp.SetOperation | exp.Subquery):
        outermost = outermost.this
    for select in list(tree.find_all(exp.Select)):
        texts = written if select is outermost else ()
        named = [
            item if isinstance(item, exp.Alias) or item.is_star else _named(item, engine, text, texts[place : place + 1])
            for place, item in enumerate(select.expressions)
        ]
        select.set("expressions", named)


def _named(item: exp.Expr, engine: Engine, text: str, written: Sequence[str]) -> exp.Expr:
    """MySQL has a column's own name, or the entry as it is written; PostgreSQL has FigureColname (parse_target.c)."""
    if engine is Engine.POSTGRES:
        name = _figure(item, text) or _UNNAMED
    else:
        plain = isinstance(item, exp.Column) or (isinstance(item, exp.Literal) and item.is_string)
        name = item.name if plain else written[0] if written else item.sql("mysql")
    return exp.alias_(item.copy(), name, quoted=True)


def _figure(item: exp.Expr, text: str) -> str:
    match item:
        case exp.Column():
            return item.name if item.this.quoted else item.name.lower()
        case exp.Paren():
            return _figure(item.this, text)
        case exp.Subquery():
            inner = item.this.selects
            return (inner[0].alias or _figure(inner[0].unalias(), text)) if inner else ""
        case exp.Exists():
            return "exists"
        case exp.Case():
            default = item.args.get("default")
            return (_figure(default, text) if default is not None else "") or "case"
        case exp.Cast():
            kind = item.to.sql("postgres").lower()
            return _figure(item.this, text) or _TYPE_NAMES.get(kind, kind)
        case exp.Boolean():
            return "bool"
        case exp.Anonymous():
            return item.name.lower()
        case exp.Window() | exp.Filter() | exp.WithinGroup():
            return _figure(item.this, text)
        case exp.Func() if not isinstance(item, exp.And | exp.Or):
            name = _written(item, text) or item.sql_name().lower()
            return _ORDINARY.get(name, name)
        case _:
            return ""


def _written(item: exp.Expr, text: str) -> str:
    """The function's name in the text; sqlglot has one name for several."""
    start, end = item.meta.get("start"), item.meta.get("end")
    if start is None or end is None:
        return ""
    return text[start : end + 1].rpartition(".")[2].strip('"').lower()
