"""A query over the gateway's relations, in either engine's SQL, as one in SQLite's words."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, OwnQuery, OwnRequest
from gateway.own.faults import refused
from gateway.own.kinds import dialect
from gateway.own.naming import fold, name_columns
from gateway.own.scopes import Resolver
from gateway.own.settle import Settler, number_of

MOST_TEXT: Final = 8 * 1024
"""Characters of a query; so many take sqlglot tens of milliseconds."""
MOST_NESTING: Final = 30
"""Open brackets: sqlglot looks ahead at each, and its time grows steeply."""
MOST_DEPTH: Final = 100
"""Levels of the tree: types are inferred anew at each."""
MOST_SOURCES: Final = 16
MOST_PARAMETERS: Final = 200
_HELP: Final = f"There are: {', '.join(f'gateway.{name}' for name in RELATIONS)}."
_ESCAPES: Final = re.compile(r"\x1b\[\d+m")
_BRACKETS: Final = re.compile(r"[()\[\]]")


@lru_cache(maxsize=256)
def read_query(
    engine: Engine, text: str, written: Sequence[str] = (), *, inside: bool = False, views: bool = False
) -> OwnRequest:
    """What the text asks. `written`: the entries of the outermost select list as they stand in the text (MySQL); `inside`: a
    relation without a database is the gateway's; `views`: information_schema holds the gateway's schema alone.

    Pure: so what is executed often is read once. Raises OwnRefused."""
    _bounded(text)
    try:
        return _read(engine, text, written, inside=inside, views=views)
    except RecursionError:
        raise refused("this query nests too deeply to be answered here") from None


def _read(engine: Engine, text: str, written: Sequence[str], *, inside: bool, views: bool) -> OwnRequest:
    tree = parsed(engine, text)
    name_columns(tree, engine, text, written)
    fold(tree, engine)
    resolver, settler = Resolver(engine, inside=inside, views=views), Settler(engine, inside=inside)
    fields = resolver.query(tree, {}, None)
    if not fields:
        raise refused("a query shows at least one column here")
    numbers = [number_of(item.unalias()) for item in tree.selects]
    settled = settler.settle(tree)
    if max(settler.parameters, default=0) > MOST_PARAMETERS:
        raise refused(f"a query has at most {MOST_PARAMETERS} parameters here")
    try:
        words = settled.sql("sqlite", identify=True, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise refused(f"this is not answered here: {_first_line(error)}") from None
    relations = tuple(sorted(resolver.relations))
    if not relations and not inside:
        raise refused("a query reads a relation of the gateway's here", _HELP)
    return OwnRequest(
        ", ".join(relations),
        tuple(
            (field.name, settler.parameters.get(number or 0, field.kind)) for field, number in zip(fields, numbers, strict=True)
        ),
        engine,
        OwnQuery(words, relations),
        origins=tuple((field.relation, field.column) for field in fields),
        parameters=tuple(settler.parameters.get(number, "text") for number in range(1, max(settler.parameters, default=0) + 1)),
    )


def parsed(engine: Engine, text: str) -> exp.Query:
    """The tree of a query. Raises OwnRefused."""
    try:
        tree = sqlglot.parse_one(text, read=dialect(engine))
    except SqlglotError as error:
        raise refused(f"this query cannot be read: {_first_line(error)}") from None
    if not isinstance(tree, exp.Query) or next(tree.find_all(exp.Into, exp.Lock, exp.DML), None) is not None:
        raise refused("the schema gateway can be read and called, not changed or locked", _HELP)
    for dotted in list(tree.find_all(exp.Dot)):
        if dotted.this.name.lower() != "pg_catalog" or not isinstance(dotted.expression, exp.Func):
            raise refused(f"this is not answered here: {dotted.sql(dialect(engine))}")
        dotted.replace(sqlglot.parse_one(dotted.expression.sql("postgres"), read="postgres"))  # known under its plain name
    if _is_deep(tree):
        raise refused(f"a query nests at most {MOST_DEPTH} levels here, each operator of a chain counted")
    if sum(1 for _ in tree.find_all(exp.Table)) > MOST_SOURCES:
        raise refused(f"a query reads at most {MOST_SOURCES} relations here, each time it names one counted")
    return tree


def _bounded(text: str) -> None:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        depth += 1 if match[0] in "([" else -1
        deepest = max(deepest, depth)
    if len(text) > MOST_TEXT or deepest > MOST_NESTING:
        raise refused(f"a query has at most {MOST_TEXT} characters and {MOST_NESTING} open brackets here")


def _is_deep(tree: exp.Expr) -> bool:
    levels = {id(tree): 0}
    for node in tree.walk():
        level = levels[id(node)] = levels[id(node.parent)] + 1 if node is not tree else 0
        if level > MOST_DEPTH:
            return True
    return False


def _first_line(error: Exception) -> str:
    return _ESCAPES.sub("", str(error)).partition("\n")[0].rstrip(".")
