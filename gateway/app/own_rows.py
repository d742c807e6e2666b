"""Filtering, ordering and cutting the rows of the gateway's own relations, as a client's query asks."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, Comparison, Operand, OwnFault, OwnRefused, OwnRequest, Row, Value


def shaped(request: OwnRequest, rows: Sequence[Row]) -> list[Row]:
    """The result of the request over all rows of its relation. Raises OwnRefused where types cannot be compared.

    Values are compared and ordered as the request's engine does by default: on MySQL letters of either case are the same and
    NULL comes first, on PostgreSQL they are not and it comes last.
    """
    places = {column: index for index, (column, _) in enumerate(RELATIONS[request.name])}
    folds = request.engine is Engine.MYSQL
    found = [row for row in rows if all(_holds(item, row[places[item.column]], folds=folds) for item in request.where)]
    start, end = request.window
    if request.counts is not None:
        counted: list[Row] = [(len(found),)]
        return counted[start:end]
    for column, descending in reversed(request.order):
        index = places[column]
        found.sort(key=lambda row: _place(row[index], folds=folds), reverse=descending)
    chosen = [places[column] for column, _ in request.columns]
    return [tuple(row[index] for index in chosen) for row in found[start:end]]


def _place(value: Value, *, folds: bool) -> tuple[bool, str | int]:
    if value is None:
        return not folds, ""
    return folds, _folded(value) if folds else value


def _folded(value: str | int) -> str | int:
    return value.casefold() if isinstance(value, str) else value


def _holds(condition: Comparison, value: Value, *, folds: bool) -> bool:
    if condition.operator == "null":
        return (value is None) is not condition.negated
    if value is None:
        return False
    constants = [_as(value, item) for item in condition.values]
    if condition.operator == "in":
        return _among(value, constants, negated=condition.negated, folds=folds)
    constant = constants[0]
    if constant is None:
        return False
    if condition.operator in {"like", "ilike"}:
        return _like(str(value), str(constant), insensitive=condition.operator == "ilike") is not condition.negated
    if folds:
        value, constant = _folded(value), _folded(constant)
    return _ORDERINGS[condition.operator](value, constant)


_ORDERINGS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _among(value: str | int, constants: list[Value], *, negated: bool, folds: bool) -> bool:
    """IN; a NULL among them that is not needed leaves the answer open."""
    known = [item for item in constants if item is not None]
    if folds:
        value, known = _folded(value), [_folded(item) for item in known]
    if value in known:
        return not negated
    return negated and len(known) == len(constants)


def _as(value: str | int, constant: Operand) -> Value:
    """The constant as a value of the column's type."""
    if constant is None or not isinstance(constant, str | int):
        return None
    if isinstance(value, bool):
        return constant if isinstance(constant, bool) else str(constant).lower() in {"t", "true", "on", "yes", "1"}
    if isinstance(value, int):
        try:
            return int(constant)
        except ValueError:
            raise OwnRefused(OwnFault.WRONG_VALUE, f'invalid input syntax for type bigint: "{constant}"') from None
    return str(constant)


def _like(text: str, pattern: str, *, insensitive: bool) -> bool:
    """% is any letters, _ is one; a backslash takes the next letter as it is."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(".*" if part == "%" else "." if part == "_" else re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if insensitive else 0)) is not None
