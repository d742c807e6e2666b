# ruff: noqa: E501 -- tables
"""What a client asks the gateway itself, in SQL: `SELECT … FROM gateway.grants`, `CALL gateway.explain('…')`.

These statements never reach a server. Frozen values; analysis reads them, the composition root answers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from gateway.model.errors import GatewayError

Value = str | int | bool | None
ColumnType = Literal["text", "int8", "bool"]
Columns = tuple[tuple[str, ColumnType], ...]

RELATIONS: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        "grants": (
            ("object", "text"), ("actions", "text"), ("effect", "text"), ("until", "text"), ("condition", "text"),
            ("subject", "text"), ("source", "text"),
        ),
        "masks": (("schema", "text"), ("relation", "text"), ("column", "text"), ("masker", "text")),
        "limits": (
            ("rule", "text"), ("object", "text"), ("max_rows", "int8"), ("max_bytes", "int8"), ("max_rows_per_day", "int8"),
            ("read_today", "int8"), ("left_today", "int8"), ("statement_timeout_ms", "int8"), ("require_where", "bool"),
            ("on_limit", "text"), ("mode", "text"),
        ),
        "issues": (
            ("number", "int8"), ("state", "text"), ("title", "text"), ("requester", "text"), ("database", "text"),
            ("mine", "bool"), ("waits_for_me", "bool"), ("created", "text"),
        ),
        "denials": (
            ("time", "text"), ("statement", "text"), ("outcome", "text"), ("code", "text"), ("relations", "text"),
            ("rule", "text"), ("message", "text"), ("hint", "text"),
        ),
    }
)  # fmt: skip
CALLS: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        "request_access": (
            ("number", "int8"), ("state", "text"), ("object", "text"), ("actions", "text"), ("seconds", "int8"), ("hint", "text"),
        ),
        "explain": (
            ("statement", "text"), ("kind", "text"), ("outcome", "text"), ("code", "text"), ("reason", "text"), ("rule", "text"),
            ("hint", "text"), ("obligations", "text"),
        ),
    }
)  # fmt: skip


class OwnRefused(GatewayError):
    """The statement names the gateway's own schema and cannot be answered. `code` is a SQLSTATE."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column operator values`. Operators: = <> < <= > >= like ilike in, and null or not null without values."""

    column: str
    operator: str
    values: tuple[Value, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """`call`: `name` is a procedure and `arguments` are its; else a relation with what to do with its rows.

    columns   what comes back: (source column, name in the result)
    order     (column, descending), as in ORDER BY
    """

    name: str
    call: bool = False
    arguments: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    where: tuple[Comparison, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None
    offset: int = 0
    counts: str | None = None  # count(*) under this name instead of rows

    @property
    def result(self) -> Columns:
        """The columns of the result with their types."""
        if self.call:
            return CALLS[self.name]
        if self.counts is not None:
            return ((self.counts, "int8"),)
        types = dict(RELATIONS[self.name])
        return tuple((shown, types[column]) for column, shown in self.columns)


Row = tuple[Value, ...]
