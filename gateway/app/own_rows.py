"""Filtering, ordering and cutting the rows of the gateway's own relations, as a client's query asks."""

import re
from collections.abc import Sequence

from gateway.model.own import RELATIONS, Comparison, OwnRefused, OwnRequest, Row, Value


def shaped(request: OwnRequest, rows: Sequence[Row]) -> list[Row]:
    """The result of the request over all rows of its relation. Raises OwnRefused where types cannot be compared."""
    places = {column: index for index, (column, _) in enumerate(RELATIONS[request.name])}
    found = [row for row in rows if all(_holds(item, row[places[item.column]]) for item in request.where)]
    if request.counts is not None:
        return [(len(found),)]
    for column, descending in reversed(request.order):  # NULLs last ascending, first descending, as the server has it
        index = places[column]
        found.sort(key=lambda row: (row[index] is None, "" if row[index] is None else row[index]), reverse=descending)
    end = None if request.limit is None else request.offset + request.limit
    chosen = [places[column] for column, _ in request.columns]
    return [tuple(row[index] for index in chosen) for row in found[request.offset : end]]


def _holds(condition: Comparison, value: Value) -> bool:
    if condition.operator == "null":
        return (value is None) is not condition.negated
    if value is None:
        return False
    if condition.operator in {"like", "ilike"}:
        return (_like(str(value), str(condition.values[0]), condition.operator == "ilike")) is not condition.negated
    if condition.operator == "in":
        return (value in [_as(value, item) for item in condition.values]) is not condition.negated
    other = _as(value, condition.values[0])
    match condition.operator:
        case "=":
            return value == other
        case "<>":
            return value != other
        case "<":
            return value < other  # type: ignore[operator]
        case "<=":
            return value <= other  # type: ignore[operator]
        case ">":
            return value > other  # type: ignore[operator]
        case _:
            return value >= other  # type: ignore[operator]


def _as(value: Value, constant: Value) -> Value:
    """The constant as a value of the column's type."""
    if isinstance(value, bool):
        return constant if isinstance(constant, bool) else str(constant).lower() in {"t", "true", "on", "yes", "1"}
    if isinstance(value, int):
        try:
            return int(constant) if constant is not None else None
        except ValueError:
            raise OwnRefused("22P02", f'invalid input syntax for type bigint: "{constant}"') from None
    return str(constant)


def _like(text: str, pattern: str, insensitive: bool) -> bool:
    expression = "".join(".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in pattern)
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if insensitive else 0)) is not None
