# ruff: noqa: E501 -- tables
"""What a client asks the gateway itself, in SQL: `SELECT … FROM gateway.grants`, `CALL gateway.explain('…')`.

These statements never reach a server. Frozen values; `own` reads them, the composition root answers them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from gateway.model.errors import GatewayError
from gateway.model.identity import Engine

Value = str | int | float | bool | datetime | date | None
"""Moments are aware, in UTC."""
Row = tuple[Value, ...]
ColumnType = Literal["text", "int8", "bool", "float8", "timestamptz", "date"]
Columns = tuple[tuple[str, ColumnType], ...]

SCHEMA: Final = "gateway"
INSIDE: Final = ("own_schema", "inside")
"""The flag of a namespace whose current database is the gateway's schema, and no server's database of its name."""
RELATIONS: Final[Mapping[str, Columns]] = MappingProxyType(
    {
        "grants": (
            ("object", "text"), ("actions", "text"), ("effect", "text"), ("until", "timestamptz"), ("condition", "text"),
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
            ("mine", "bool"), ("waits_for_me", "bool"), ("created", "timestamptz"), ("kind", "text"),
        ),
        "denials": (
            ("time", "timestamptz"), ("statement", "text"), ("outcome", "text"), ("code", "text"), ("relations", "text"),
            ("rule", "text"), ("message", "text"), ("hint", "text"),
        ),
        "columns": (("relation", "text"), ("column", "text"), ("type", "text")),
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
ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"request_access": ("actions", "object", "duration", "reason"), "explain": ("statement",)}
)
"""What each procedure takes, all of it text."""


class OwnFault(StrEnum):
    """Why a statement on the gateway's own schema is not answered; each engine's proxy has its code for it."""

    NOT_ANSWERED = "not answered"
    SYNTAX = "syntax"
    NO_RELATION = "no relation"
    NO_COLUMN = "no column"
    NO_SOURCE = "no source"
    AMBIGUOUS = "ambiguous column"
    NAMED_TWICE = "named twice"
    NO_FUNCTION = "no function"
    NO_PROCEDURE = "no procedure"
    WRONG_ARGUMENTS = "wrong arguments"
    WRONG_VALUE = "wrong value"
    TOO_LARGE = "too large"
    NOT_PERMITTED = "not permitted"


class OwnRefused(GatewayError):
    """The statement names the gateway's own schema and cannot be answered. `position`: in the text, in characters from 1."""

    def __init__(self, fault: OwnFault, message: str, hint: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.hint = hint
        self.position = position


def texts(count: int) -> tuple[ColumnType, ...]:
    """The types of so many parameters of a call."""
    only: ColumnType = "text"
    return (only,) * count


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that comes with the execution; `number` counts from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A session's user variable, as an argument: only the server knows its value."""

    name: str


@dataclass(frozen=True, slots=True)
class OwnQuery:
    """A query over the gateway's relations in SQLite's words; parameter n is `:pn`."""

    text: str
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """Exactly one of: `query`; `call` of the procedure `name` with `arguments`; `told`, rows that hang on nobody.

    name        for the record: relations or procedure
    result      the columns of the result with their types
    origins     of each column: (relation, column), or ("", "") for what is computed; empty: nobody asked
    parameters  the type of each parameter, in the order of their numbers; `values` when they are bound
    """

    name: str
    result: Columns
    engine: Engine = Engine.POSTGRES
    query: OwnQuery | None = None
    call: bool = False
    arguments: tuple[str | Parameter | Variable, ...] = ()
    told: tuple[Row, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()
    parameters: tuple[ColumnType, ...] = ()
    values: tuple[Value, ...] = ()
    enters: bool = False  # it makes the gateway's schema the session's current database

    def bound(self, values: Sequence[Value]) -> "OwnRequest":
        """With the parameters' values. Raises OwnRefused for a wrong number of them."""
        if len(values) != len(self.parameters):
            counts = f"{len(self.parameters)} parameters, {len(values)} values"
            raise OwnRefused(OwnFault.WRONG_ARGUMENTS, f"gateway: {counts}")
        return replace(self, values=tuple(values)) if values else self

    @property
    def variables(self) -> tuple[str, ...]:
        """The user variables whose values the arguments need."""
        return tuple(item.name for item in self.arguments if isinstance(item, Variable))

    def knowing(self, variables: Mapping[str, str | None]) -> "OwnRequest":
        """With the values of user variables. Raises OwnRefused for one that is NULL."""
        found: list[str | Parameter | Variable] = []
        for item in self.arguments:
            known = variables.get(item.name) if isinstance(item, Variable) else item
            if known is None:
                raise OwnRefused(OwnFault.WRONG_ARGUMENTS, f"gateway: gateway.{self.name} takes no NULL")
            found.append(known)
        return replace(self, arguments=tuple(found))

    @property
    def texts(self) -> tuple[str, ...]:
        """The arguments of a call. Raises OwnRefused for NULL."""
        found: list[str] = []
        for item in self.arguments:
            value = self.values[item.number - 1] if isinstance(item, Parameter) else item
            if value is None or isinstance(value, Variable):
                raise OwnRefused(OwnFault.WRONG_ARGUMENTS, f"gateway: gateway.{self.name} takes no NULL")
            found.append(str(value))
        return tuple(found)
