"""A resolved query in SQLite's words: constants and parameters take the type of what they are compared with, and what SQLite
does otherwise than the engines becomes a function of `gateway.own.functions`.

`like` is case-sensitive on PostgreSQL alone; on MySQL texts are compared without regard to case; moments are texts, so
arithmetic on them is a function's.
"""

from collections.abc import Callable, Iterator
from typing import Final

from sqlglot import exp

from gateway.model.identity import Engine
from gateway.model.own import SCHEMA, ColumnType, OwnFault, OwnRefused
from gateway.own.faults import refused
from gateway.own.kinds import KIND, is_now, kind_of, of_type
from gateway.own.values import stored

_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)
_MOMENTS: Final = frozenset({"timestamptz", "date"})
FOLDS: Final = "own_text"
"""The collation of MySQL's texts."""


class Settler:
    """For one statement. `parameters`: the type of each by its number."""

    def __init__(self, engine: Engine, *, inside: bool = False) -> None:
        self._engine = engine
        self._inside = inside
        self.parameters: dict[int, ColumnType] = {}

    def settle(self, tree: exp.Expr) -> exp.Expr:
        """The tree in SQLite's terms. Raises OwnRefused."""
        for like in list(tree.find_all(exp.Like, exp.ILike)):
            _negation_outside(like)
        for node in list(tree.walk()):
            for constant, other in _compared(node):
                self._like_the_other(constant, other)
            if isinstance(node, exp.Limit | exp.Offset):
                self._known(node.expression, "int8")
            elif isinstance(node, exp.Cast):
                self._known(node.this, of_type(node.to))
                node.meta[_FROM] = kind_of(node.this, self._engine)
        for node in list(tree.walk()):
            if number_of(node) is not None:
                self._known(node, "text")
        self._check(tree)
        for node in reversed(list(tree.walk(bfs=False))):
            made = self._made(node)
            if made is node:
                continue
            if node is tree:
                tree = made
            else:
                node.replace(made)
        return tree

    # Types

    def _like_the_other(self, constant: exp.Expr, other: exp.Expr) -> None:
        if number_of(constant) is None and not (isinstance(constant, exp.Literal) and constant.is_string):
            return
        kind = kind_of(other, self._engine) if number_of(other) is None else "text"
        if number_of(constant) is not None:
            self._known(constant, kind)
        elif kind != "text":
            value = stored(constant.name, kind)
            constant.replace(exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value or 0))

    def _known(self, node: exp.Expr, kind: ColumnType) -> None:
        number = number_of(node)
        if number is not None:
            node.meta[KIND] = self.parameters.setdefault(number, kind)

    def _check(self, tree: exp.Expr) -> None:
        """What SQLite would compute without sense, because its moments are texts."""
        for sum_ in tree.find_all(*_ARITHMETIC):
            if isinstance(sum_.expression, exp.Interval):
                continue
            sides = [side for side in (sum_.this, sum_.expression) if not isinstance(side, _ARITHMETIC)]
            if {kind_of(side, self._engine) for side in sides} & _MOMENTS:
                raise refused("arithmetic on moments takes an INTERVAL here", "For example: until < now() + interval '1 day'.")

    # Words

    def _made(self, node: exp.Expr) -> exp.Expr:
        number = number_of(node)
        if number is not None:
            return exp.Placeholder(this=f"p{number}")
        if is_now(node):
            return _call("own_now")
        if isinstance(node, exp.CurrentSchema) and self._inside:
            return exp.Literal.string(SCHEMA)
        handler = _HANDLERS.get(type(node))
        made = node if handler is None else handler(node)
        if self._engine is Engine.MYSQL and isinstance(made, (*_COMPARISONS, exp.In, exp.Between)):
            made.set("this", exp.Collate(this=made.this, expression=exp.var(FOLDS)))
        if isinstance(made, exp.Anonymous) and made.name == "own_like" and len(made.expressions) == 3:
            sensitive = isinstance(node, exp.Like) and self._engine is not Engine.MYSQL
            made.append("expressions", exp.Literal.number(int(sensitive)))
        return made


def number_of(node: exp.Expr | None) -> int | None:
    """A parameter's number: `$1` as PostgreSQL has it, `:p1` as the reader of MySQL's texts writes it."""
    if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal) and node.this.name.isdigit():
        return int(node.this.name)
    if isinstance(node, exp.Placeholder) and str(node.this)[:1] == "p" and str(node.this)[1:].isdigit():
        return int(str(node.this)[1:])
    return None


def _compared(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    if isinstance(node, _COMPARISONS):
        yield node.this, node.expression
        yield node.expression, node.this
    elif isinstance(node, exp.In):
        yield from ((item, node.this) for item in node.expressions)
    elif isinstance(node, exp.Between):
        yield from ((node.args[key], node.this) for key in ("low", "high"))


def _negation_outside(node: exp.Expr) -> None:
    """`NOT LIKE` is a mark on the node."""
    if node.args.get("negate"):
        node.set("negate", None)
        whole = node.parent if isinstance(node.parent, exp.Escape) else node
        whole.replace(exp.Not(this=whole.copy()))


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _unit(node: exp.Expr) -> exp.Expr:
    return exp.Literal.string(node.name.lower().rstrip("s"))


def _like(node: exp.Expr) -> exp.Expr:
    return _call("own_like", node.this, node.expression, exp.Literal.string("\\"))


def _escape(node: exp.Expr) -> exp.Expr:
    """What it escapes is made by then."""
    call = node.this
    if isinstance(call, exp.Anonymous) and call.name == "own_like":
        call.expressions[2].replace(node.expression)
        return call
    return node


def _shift(sign: int) -> Callable[[exp.Expr], exp.Expr]:
    def made(node: exp.Expr) -> exp.Expr:
        amount, unit = node.expression, node.args.get("unit")
        if isinstance(amount, exp.Interval):
            amount, unit = amount.this, amount.args.get("unit")
        elif not isinstance(node, exp.DateAdd | exp.DateSub):
            return node
        if unit is None or amount is None:
            raise refused("an INTERVAL has one number and one unit here")
        return _call("own_shift", node.this, exp.Literal.number(sign), amount, _unit(unit))

    return made


def _cast(node: exp.Expr) -> exp.Expr:
    kind = of_type(node.args["to"])
    return _call("own_cast", node.this, exp.Literal.string(kind), exp.Literal.string(str(node.meta.get(_FROM, ""))))


def _unanswered(node: exp.Expr) -> exp.Expr:
    raise OwnRefused(OwnFault.NO_FUNCTION, f"gateway: this is not answered here: {node.sql()}")


_FROM: Final = "own_from"
_HANDLERS: Final[dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    exp.Like: _like,
    exp.ILike: _like,
    exp.Escape: _escape,
    exp.Add: _shift(1),
    exp.Sub: _shift(-1),
    exp.DateAdd: _shift(1),
    exp.DateSub: _shift(-1),
    exp.CurrentDate: lambda node: _call("own_date", _call("own_now")),
    exp.TsOrDsToDate: lambda node: _call("own_date", node.this),
    exp.Date: lambda node: _call("own_date", node.this),
    exp.TimestampTrunc: lambda node: _call("own_trunc", node.this, _unit(node.args["unit"])),
    exp.Extract: lambda node: _call("own_part", _unit(node.this), node.expression),
    exp.Year: lambda node: _call("own_part", exp.Literal.string("year"), node.this),
    exp.Month: lambda node: _call("own_part", exp.Literal.string("month"), node.this),
    exp.Day: lambda node: _call("own_part", exp.Literal.string("day"), node.this),
    exp.Left: lambda node: _call("own_left", node.this, node.expression),
    exp.Right: lambda node: _call("own_right", node.this, node.expression),
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.AtTimeZone: _unanswered,
    exp.RegexpLike: _unanswered,
    exp.RegexpILike: _unanswered,
    exp.SimilarTo: _unanswered,
    exp.Any: _unanswered,
    exp.CurrentSchema: _unanswered,
    exp.CurrentDatabase: _unanswered,
    exp.CurrentCatalog: _unanswered,
    exp.All: _unanswered,
    exp.Array: _unanswered,
    exp.JSONExtract: _unanswered,
}
