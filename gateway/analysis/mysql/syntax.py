"""The tree of a query: as much of it as decides what is touched, where values come from, and what is done with them."""

from dataclasses import dataclass, field
from typing import Final

from gateway.analysis.mysql.lexer import Token

CHAIN: Final = "a chain of operators"
CASE: Final = "CASE"
ROW: Final = "a row"
INTERVAL: Final = "INTERVAL"


@dataclass(slots=True)
class Const:
    """A literal, parameter, variable: nothing of a relation."""


@dataclass(slots=True)
class Position:
    """A number, or a parameter, as an entry of ORDER BY or GROUP BY: a column of the select list. 0 where it is not known."""

    number: int


@dataclass(slots=True)
class Ref:
    """A column: `c`, `t.c` or `db.t.c`."""

    parts: list[str]


@dataclass(slots=True)
class Star:
    """`*`, `t.*`, `db.t.*`; `parts` is what stands before it."""

    parts: list[str]


@dataclass(slots=True)
class Mix:
    """An operator over its operands: the value is made of all of them.

    parts      those that are no constants
    what       CHAIN, CASE, ROW, INTERVAL, or the operator that stands in front of its only operand
    operators  of CHAIN: those between the operands, in order, as written, without regard to how they bind.
               Of CASE: the word in front of each operand
    operands   of CHAIN: all of them, constants too; `literals`: the token of each that is one
    """

    parts: "list[Expr]"
    what: str = ""
    operators: list[str] = field(default_factory=list)
    operands: "list[Expr]" = field(default_factory=list)
    literals: list[Token | None] = field(default_factory=list)


@dataclass(slots=True)
class Test:
    """IS NULL and its like: says only whether there is a value."""

    parts: "list[Expr]"


@dataclass(slots=True)
class Assign:
    """`@v := value`."""

    value: "Expr"


@dataclass(slots=True)
class Window:
    """PARTITION BY, ORDER BY and frame bounds of OVER (…) or WINDOW w AS (…)."""

    parts: "list[Expr]"


@dataclass(slots=True)
class Call:
    """A function. `arguments` of `VALUES(c)` and `DEFAULT(c)` are columns of the statement's target.

    literals  the token of each argument that is one
    target    the type or character set that stands behind AS or USING
    """

    schema: str
    name: str
    arguments: "list[Expr]"
    distinct: bool = False
    order: "list[Expr]" = field(default_factory=list)
    window: Window | None = None
    literals: list[Token | None] = field(default_factory=list)
    target: str = ""


@dataclass(slots=True)
class Sequence:
    """NEXT VALUE FOR, NEXTVAL, PREVIOUS VALUE FOR, LASTVAL, SETVAL of a sequence."""

    schema: str
    name: str
    writes: bool


@dataclass(slots=True)
class Sub:
    """A subquery as an expression; `exists`: nothing of its values is given."""

    query: "Query"
    exists: bool = False


Expr = Const | Position | Ref | Star | Mix | Test | Assign | Call | Sequence | Sub


@dataclass(slots=True)
class Table:
    schema: str
    name: str
    alias: str = ""


@dataclass(slots=True)
class Derived:
    """A subquery in FROM. `columns` rename its first columns."""

    query: "Query"
    alias: str
    columns: list[str]
    lateral: bool = False


@dataclass(slots=True)
class TableFunction:
    """JSON_TABLE: every column of it comes from its first argument."""

    call: Call
    alias: str
    columns: list[str]


@dataclass(slots=True)
class Join:
    left: "FromItem"
    right: "FromItem"
    on: Expr | None = None
    using: list[str] | None = None
    natural: bool = False
    right_first: bool = False  # RIGHT JOIN: the right side's common columns stand first in *


FromItem = Table | Derived | TableFunction | Join


@dataclass(slots=True)
class Cte:
    name: str
    columns: list[str]
    query: "Query"


@dataclass(slots=True)
class Into:
    """INTO OUTFILE/DUMPFILE (`file`) or INTO variables."""

    file: bool


@dataclass(slots=True)
class Lock:
    """FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE, of the tables named or of all."""

    names: list[str]


@dataclass(slots=True)
class Tail:
    """What any query may end with, and what may stand before it. `procedure`: PROCEDURE ANALYSE makes other rows of them."""

    ctes: list[Cte] = field(default_factory=list)
    recursive: bool = False
    order: list[Expr] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    into: Into | None = None
    procedure: bool = False


@dataclass(slots=True)
class Item:
    """One select list entry; `name` is the alias, or how the server calls it."""

    value: Expr
    name: str
    alias: bool


@dataclass(slots=True)
class Select:
    items: list[Item]
    source: FromItem | None = None
    where: Expr | None = None
    group: list[Expr] = field(default_factory=list)
    having: Expr | None = None
    windows: list[Window] = field(default_factory=list)
    distinct: bool = False
    tail: Tail = field(default_factory=Tail)


@dataclass(slots=True)
class Compound:
    """UNION, EXCEPT, INTERSECT over two or more arms; `distinct`: rows are compared."""

    arms: "list[Query]"
    distinct: bool
    tail: Tail = field(default_factory=Tail)


@dataclass(slots=True)
class Values:
    rows: list[list[Expr]]
    tail: Tail = field(default_factory=Tail)


Query = Select | Compound | Values
