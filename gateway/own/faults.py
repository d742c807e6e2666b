"""What is wrong with a query over the gateway's relations, in each engine's own words."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from sqlglot import exp

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, OwnFault, OwnRefused

SHOWN: Final = "own_shown"
"""The key under which a node keeps its name as it was written."""

_THERE: Final = f"There are: {', '.join(RELATIONS)}."
_APART: Final = "Read what is the gateway's and what is the server's by statements of their own."
# How MySQL calls the place of a name (sql_parse.cc, THD::where).
_CLAUSES: Final[tuple[tuple[type[exp.Expr], str], ...]] = (
    (exp.Where, "where clause"),
    (exp.Group, "group statement"),
    (exp.Having, "having clause"),
    (exp.Order, "order clause"),
    (exp.Join, "on clause"),
)


def refused(text: str, hint: str = "") -> OwnRefused:
    return OwnRefused(OwnFault.NOT_ANSWERED, f"gateway: {text}", hint)


def mixed() -> OwnRefused:
    return refused("a statement reads the gateway's relations or the server's, not both", _APART)


def no_relation(name: str, engine: Engine, position: int | None = None) -> OwnRefused:
    """`name` as it is shown."""
    words = f"Table 'gateway.{name}' doesn't exist" if engine is Engine.MYSQL else f'relation "gateway.{name}" does not exist'
    return OwnRefused(OwnFault.NO_RELATION, words, _near(name, RELATIONS) + _THERE, position)


def no_column(column: exp.Column, there: Collection[str], engine: Engine) -> OwnRefused:
    name, table = _written(column, engine), column.table
    written = f"{table}.{name}" if table else name
    if engine is Engine.MYSQL:
        words = f"Unknown column '{written}' in '{_clause(column)}'"
    else:
        words = f"column {written} does not exist" if table else f'column "{name}" does not exist'
    hint = f"{_near(name, there)}There are: {', '.join(there)}." if there else ""
    return OwnRefused(OwnFault.NO_COLUMN, words, hint, position(column))


def no_source(column: exp.Column, there: Collection[str], engine: Engine) -> OwnRefused:
    """What stands before a column's dot is none of the FROM's."""
    if engine is Engine.MYSQL:
        return no_column(column, (), engine)
    words = f'missing FROM-clause entry for table "{column.table}"'
    return OwnRefused(OwnFault.NO_SOURCE, words, f"There are: {', '.join(there)}." if there else "", position(column))


def ambiguous(column: exp.Column, engine: Engine) -> OwnRefused:
    if engine is Engine.MYSQL:
        words = f"Column '{column.name}' in {_clause(column)} is ambiguous"
    else:
        words = f'column reference "{column.name}" is ambiguous'
    return OwnRefused(OwnFault.AMBIGUOUS, words, "", position(column))


def twice(name: str, engine: Engine) -> OwnRefused:
    words = f"Not unique table/alias: '{name}'" if engine is Engine.MYSQL else f'table name "{name}" specified more than once'
    return OwnRefused(OwnFault.NAMED_TWICE, words)


def position(node: exp.Expr) -> int | None:
    """Where the first name of a node stands in the text, in characters from 1."""
    starts = [start for name in node.find_all(exp.Identifier) if (start := name.meta.get("start")) is not None]
    return min(starts) + 1 if starts else None


def _written(node: exp.Expr, engine: Engine) -> str:
    """A name as the engine tells it: MySQL as it was written."""
    shown: str | None = node.this.meta.get(SHOWN) if engine is Engine.MYSQL else None
    return shown or node.name


def _near(name: str, there: Collection[str]) -> str:
    found = get_close_matches(name.lower(), there, 1)
    return f'Perhaps you meant "{found[0]}". ' if found else ""


def _clause(node: exp.Expr) -> str:
    found = node.find_ancestor(*(kind for kind, _ in _CLAUSES), exp.Select)
    return next((words for kind, words in _CLAUSES if isinstance(found, kind)), "field list")
