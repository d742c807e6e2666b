# ruff: noqa: E501 -- tables
"""What a client asks the gateway itself, in SQL: `SELECT … FROM gateway.grants`, `CALL gateway.explain('…')`.

These statements never reach a server. Frozen values; analysis reads them, the composition root answers them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from gateway.model.errors import GatewayError
from gateway.model.identity import Engine

Value = str | int | bool | None
Row = tuple[Value, ...]
ColumnType = Literal["text", "int8", "bool"]
Columns = tuple[tuple[str, ColumnType], ...]

SCHEMA: Final = "gateway"
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


class OwnFault(StrEnum):
    """Why a statement on the gateway's own schema is not answered; each engine's proxy has its code for it."""

    NOT_ANSWERED = "not answered"
    NO_DATABASE = "no database"
    NO_RELATION = "no relation"
    NO_COLUMN = "no column"
    NO_PROCEDURE = "no procedure"
    WRONG_ARGUMENTS = "wrong arguments"
    WRONG_VALUE = "wrong value"
    NOT_PERMITTED = "not permitted"


class OwnRefused(GatewayError):
    """The statement names the gateway's own schema and cannot be answered."""

    def __init__(self, fault: OwnFault, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.fault = fault
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that comes with the execution; `number` counts from 1."""

    number: int


Operand = Value | Parameter


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column operator values`. Operators: = <> < <= > >= like ilike in, and null or not null without values."""

    column: str
    operator: str
    values: tuple[Operand, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """`call`: `name` is a procedure and `arguments` are its; else a relation with what to do with its rows.

    columns     what comes back: (source column, name in the result)
    order       (column, descending), as in ORDER BY
    told        columns and rows of an answer that hangs on nobody: what the schema holds
    parameters  the type of each parameter, in the order of their numbers
    engine      whose rules compare and order values
    """

    name: str
    call: bool = False
    arguments: tuple[str | Parameter, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    where: tuple[Comparison, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | Parameter | None = None
    offset: int | Parameter = 0
    counts: str | None = None  # count(*) under this name instead of rows
    told: tuple[Columns, tuple[Row, ...]] | None = None
    parameters: tuple[ColumnType, ...] = ()
    engine: Engine = Engine.POSTGRES

    @property
    def result(self) -> Columns:
        """The columns of the result with their types."""
        if self.told is not None:
            return self.told[0]
        if self.call:
            return CALLS[self.name]
        if self.counts is not None:
            return ((self.counts, "int8"),)
        types = dict(RELATIONS[self.name])
        return tuple((shown, types[column]) for column, shown in self.columns)

    def bound(self, values: Sequence[Value]) -> "OwnRequest":
        """With the parameters' values. Raises OwnRefused for a wrong number of them, and for what cannot stand there."""
        if len(values) != len(self.parameters):
            counts = f"{len(self.parameters)} parameters, {len(values)} values"
            raise OwnRefused(OwnFault.WRONG_ARGUMENTS, f"gateway: {counts}")
        if not values:
            return self

        def value(operand: Operand) -> Value:
            return values[operand.number - 1] if isinstance(operand, Parameter) else operand

        arguments = tuple(value(item) for item in self.arguments)
        if any(item is None for item in arguments):
            raise OwnRefused(OwnFault.WRONG_ARGUMENTS, f"gateway: gateway.{self.name} takes no NULL")
        return replace(
            self,
            arguments=tuple(map(str, arguments)),
            where=tuple(replace(item, values=tuple(map(value, item.values))) for item in self.where),
            limit=None if self.limit is None else _count(value(self.limit)),
            offset=_count(value(self.offset)) or 0,
            parameters=(),
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """The arguments of a call whose parameters are bound."""
        return tuple(item for item in self.arguments if isinstance(item, str))

    @property
    def window(self) -> tuple[int, int | None]:
        """Where the rows shown begin and end, with parameters bound."""
        start = self.offset if isinstance(self.offset, int) else 0
        return start, start + self.limit if isinstance(self.limit, int) else None


def _count(value: Value) -> int | None:
    """Of LIMIT and OFFSET; NULL is none. Raises OwnRefused."""
    if value is None:
        return None
    try:
        number = int(value)
    except ValueError:
        number = -1
    if number < 0:
        raise OwnRefused(OwnFault.WRONG_VALUE, f"gateway: LIMIT and OFFSET are numbers, not {value!r}")
    return number
