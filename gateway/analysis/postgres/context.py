"""What every step of a walk shares: names, findings, limits, and the way back into whole queries."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.records import Findings, Record
from gateway.analysis.postgres.resolve import Names
from gateway.analysis.postgres.scopes import Rows, Scope
from gateway.catalog import QName
from gateway.model.footprint import AccessOrigin, Clause

MAX_NESTED_TEXTS: Final = 8


class TooDeep(Exception):
    """The statement, or what it names, nests deeper than the walk follows."""


@dataclass(slots=True)
class Context:
    """One walk over one statement, a view's definition, or a text inside a statement.

    statement   walks a statement that stands where a query may (a data-modifying WITH query), deferring its outputs
    text        walks SQL text found inside the statement (a function's argument, a prepared statement); None: not understood
    derived     results of subqueries: columns that nobody refers to are still read
    unread      records made for reading a statement's target, where nothing read it yet
    defining    the expressions belong to a definition: columns have no types yet
    as_rows     the call that is walked next stands in FROM, or is CALL: its result is rows, not used yet
    muted       what is computed is no output of the statement's own author: a definition's, an argument's in a condition
    filtering   the expressions belong to a WHERE
    views       the definitions being walked, innermost last: a view cannot stand on itself
    """

    names: Names
    findings: Findings
    statement: "Callable[[Context, pb.Node, Scope, Clause | None], Rows]"
    text: "Callable[[Context, str, Clause | None], Rows | None]"
    origin: AccessOrigin = AccessOrigin.DIRECT
    prepared: Mapping[str, str] = field(default_factory=dict)
    cursors: Mapping[str, str] = field(default_factory=dict)
    derived: list[Rows] = field(default_factory=list)
    unread: list[Record] = field(default_factory=list)
    views: tuple[QName, ...] = ()
    texts: int = 0
    defining: bool = False
    filtering: bool = False
    muted: bool = False
    as_rows: bool = False

    def not_understood(self, reason: str) -> None:
        self.findings.not_understood(reason)

    @contextmanager
    def nested_text(self) -> Iterator[None]:
        if self.texts >= MAX_NESTED_TEXTS:
            raise TooDeep
        self.texts += 1
        try:
            yield
        finally:
            self.texts -= 1


def text_of(node: pb.Node) -> str:
    """The value of a String node; "" for anything else."""
    return node.string.sval if node.WhichOneof("node") == "string" else ""


def qualified(parts: "Iterator[pb.Node] | list[pb.Node]") -> tuple[str, str]:
    """(schema, name) of a dotted name; a database in front of it is the current one, or the server refuses."""
    words = [text_of(part) for part in parts]
    return (words[-2] if len(words) > 1 else "", words[-1] if words else "")


def constant_text(node: pb.Node) -> str | None:
    """The string a constant stands for, through casts to text-like types; None for anything else."""
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    if node.WhichOneof("node") != "a_const":
        return None
    constant = node.a_const
    match constant.WhichOneof("val"):
        case "sval":
            return str(constant.sval.sval)
        case "ival":
            return str(constant.ival.ival)
        case "fval":
            return str(constant.fval.fval)
        case "boolval":
            return "true" if constant.boolval.boolval else "false"
        case _:
            return None
