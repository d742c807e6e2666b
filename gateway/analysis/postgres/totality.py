"""What is total in PostgreSQL (see `conduct`): operators, casts and functions that an output may use on a masked value.

Whether something is depends on types and literals: `salary * 12` overflows for nobody, `salary * 1000000000` says who earns
more than two. Where a literal was looked at, `literals_weigh`: another literal may have another answer.
"""

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.conduct import CLOCK, TOLD, UNKNOWN, Conduct, either, gated, strict, tell, unknown
from gateway.analysis.postgres import types
from gateway.analysis.postgres.context import Context, constant_text, text_of
from gateway.analysis.postgres.scopes import Value
from gateway.catalog import TypeKind
from gateway.model.footprint import Clause

PARAMETER: Final = Conduct(50, True, False)
"""As long as a message may be: twenty of them in one expression are held to be small."""

_TABLE: Final = tomllib.loads((files("gateway.analysis.postgres") / "data" / "total.toml").read_text("utf-8"))
_TEXT: Final = frozenset(_TABLE["text"])
_MAGNITUDE: Final = frozenset(_TABLE["magnitude"])
_CALENDAR: Final = frozenset(_TABLE["calendar"])
_MOMENT: Final = frozenset(_TABLE["moment"])
_FORMS: Final[dict[str, tuple[str, ...]]] = {}
for _section in _TABLE.values():
    for _name, _forms in _section.items():
        _FORMS[_name] = (*_FORMS.get(_name, ()), *_forms.split("|"))

_COMPARISONS: Final = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
_COMPARING: Final = frozenset(
    {
        pb.AEXPR_DISTINCT, pb.AEXPR_NOT_DISTINCT, pb.AEXPR_IN, pb.AEXPR_BETWEEN, pb.AEXPR_NOT_BETWEEN, pb.AEXPR_BETWEEN_SYM,
        pb.AEXPR_NOT_BETWEEN_SYM,
    }
)  # fmt: skip
_IN_JSON: Final = frozenset({"->", "->>", "#>", "#>>", "@>", "<@", "?", "?|", "?&"})
_INTEGERS: Final = frozenset({20, 21, 23})
_FLOATS: Final = frozenset({700, 701})
_NUMBERS: Final = _INTEGERS | _FLOATS | {types.NUMERIC}
_TEXTS: Final = frozenset({18, 19, 25, 1042, 1043})
_JSON: Final = frozenset({114, 3802})
_TIMES: Final = types.MOMENTS | {types.DATE, types.INTERVAL, 1083, 1266}
_SCALARS: Final = _NUMBERS | _TEXTS | _TIMES | {types.BOOLEAN, types.LITERAL, 2950}
_TEMPORAL: Final = types.MOMENTS | {types.DATE}
_CASTS: Final[dict[int, frozenset[int] | set[int]]] = {
    types.BOOLEAN: {types.INTEGER},
    21: {20, 23, 700, 701, 1700},
    types.INTEGER: {20, 700, 701, 1700, types.BOOLEAN},
    20: {700, 701, 1700},
    700: {701},
    701: {1700},
    1700: {701},
    types.DATE: types.MOMENTS,
    1114: {1184, types.DATE, 1083},
    1184: {1114, types.DATE, 1083, 1266},
    1083: {1266, types.INTERVAL},
    3802: {114},
}
_SMALL: Final = 999
_NUMERIC: Final = 1e30
_DAYS: Final = 99_999
_LONGEST: Final = 256
_WILDCARDS: Final = 8
_SAFE_DIGITS: Final = 15
_PLAIN_FORMAT: Final = re.compile(r"(?:[^%]|%[sL%])*")
_PLAIN_INTERVAL: Final = re.compile(r"-?\d{1,3} ?(?:sec|second|min|minute|hour|day|week|mon|month|year)s?", re.IGNORECASE)


def told(conduct: Conduct) -> Conduct:
    """Of a truth value that was made of something large."""
    return Conduct(TOLD.size if conduct.size <= UNKNOWN.size - 1 else conduct.size, conduct.total, False)


# --- operators


def operator(
    ctx: Context, expression: pb.A_Expr, symbol: str, operands: tuple[Value, Value], clause: Clause | None, *, users: bool
) -> Conduct:
    """`users`: it may be an operator that did not come with the server."""
    left, right = operands
    if users:
        return unknown(ctx, operands, clause, symbol)
    kind = expression.kind
    if kind == pb.AEXPR_NULLIF:
        return strict(ctx, operands, clause, "NULLIF")._replace(plain=left.conduct.plain)
    if kind in _COMPARING or (kind in (pb.AEXPR_OP, pb.AEXPR_OP_ANY, pb.AEXPR_OP_ALL) and symbol in _COMPARISONS):
        return _compared(ctx, operands, clause, symbol)
    if kind in (pb.AEXPR_LIKE, pb.AEXPR_ILIKE):
        if _is_pattern(ctx, expression.rexpr):
            return told(strict(ctx, operands, clause, "LIKE"))
        return unknown(ctx, operands, clause, "LIKE with a pattern that is no plain literal")
    if kind != pb.AEXPR_OP:
        return unknown(ctx, operands, clause, symbol)
    if not expression.HasField("lexpr"):
        return _prefixed(ctx, symbol, right, clause)
    if symbol == "||" and left.type in _SCALARS and right.type in _SCALARS:
        return strict(ctx, operands, clause, symbol)
    if symbol in _IN_JSON and left.type in _JSON and _literal(expression.rexpr):
        return strict(ctx, operands, clause, symbol)
    if symbol in "+-*/%":
        return _arithmetic(ctx, expression, symbol, operands, clause)
    return unknown(ctx, operands, clause, symbol)


def _compared(ctx: Context, operands: tuple[Value, Value], clause: Clause | None, symbol: str) -> Conduct:
    """IN and BETWEEN look at what stands further right by the grace of what stands left."""
    left, right = operands
    gated(ctx, [left], right, clause, f"a comparison ({symbol})")
    return told(strict(ctx, operands, clause, f"a comparison ({symbol})"))


def _is_pattern(ctx: Context, node: pb.Node) -> bool:
    """A pattern that ends in an escape is an error for the texts alone that match up to there."""
    ctx.findings.literals_weigh = True
    text = constant_text(node)
    if text is None or len(text) > _LONGEST or text.count("%") > _WILDCARDS:
        return False
    return (len(text) - len(text.rstrip("\\"))) % 2 == 0


def _prefixed(ctx: Context, symbol: str, value: Value, clause: Clause | None) -> Conduct:
    if symbol == "+" and value.type in _NUMBERS:
        return value.conduct
    if symbol == "-" and value.type in _NUMBERS and (value.conduct.plain or value.type not in _INTEGERS):
        return strict(ctx, [value], clause, symbol)._replace(plain=value.conduct.plain)
    return unknown(ctx, [value], clause, symbol)


def _arithmetic(
    ctx: Context, expression: pb.A_Expr, symbol: str, operands: tuple[Value, Value], clause: Clause | None
) -> Conduct:
    left, right = operands
    if left.type not in _NUMBERS or right.type not in _NUMBERS:
        if _moments(ctx, expression, symbol, operands):
            return strict(ctx, operands, clause, symbol)
        return unknown(ctx, operands, clause, symbol)
    ctx.findings.literals_weigh = True
    if symbol in "/%":
        return _divided(ctx, expression, symbol, operands, clause)
    one, other = _number(expression.lexpr), _number(expression.rexpr)
    if _fits(left, right, one, other):
        return strict(ctx, operands, clause, symbol)
    return unknown(ctx, operands, clause, symbol)


def _fits(left: Value, right: Value, one: float | None, other: float | None) -> bool:
    """Whether a sum, difference or product stays in its type's range for values as data has them. `one`, `other`: literals."""
    both = {left.type, right.type}
    if one is not None and other is not None:
        return _tame(one) and _tame(other)
    if both <= _INTEGERS or both & _FLOATS:
        return (left.conduct.plain and other is not None and _tame(other)) or (
            right.conduct.plain and one is not None and _tame(one)
        )
    # numeric has 131,072 digits: out of reach, but for a column that somebody has filled to that end
    return all(
        value.type in _INTEGERS or value.conduct.plain or (literal is not None and abs(literal) <= _NUMERIC)
        for value, literal in ((left, one), (right, other))
    ) or any(literal is not None and abs(literal) <= _NUMERIC for literal in (one, other))


def _tame(literal: float) -> bool:
    return abs(literal) <= _SMALL and (literal == 0 or abs(literal) >= 1 / _SMALL)


def _divided(ctx: Context, expression: pb.A_Expr, symbol: str, operands: tuple[Value, Value], clause: Clause | None) -> Conduct:
    """Fails where the divisor is zero, whatever is divided."""
    left, right = operands
    literal = _number(expression.rexpr)
    if {left.type, right.type} & _FLOATS and right.type not in _INTEGERS and (literal is None or not _tame(literal)):
        return unknown(ctx, operands, clause, symbol)  # a small fraction makes it large
    if literal is not None and abs(literal) < 1 / _NUMERIC:
        return unknown(ctx, operands, clause, symbol)
    conduct = strict(ctx, operands, clause, symbol)
    if literal is None and not _without_zero(expression.rexpr):
        tell(ctx, right.origins, clause, f"a division ({symbol})" if symbol == "/" else symbol)
        conduct = conduct._replace(total=False)
    return conduct._replace(plain=left.conduct.plain, size=conduct.size + 100 * (literal is None))


def _without_zero(node: pb.Node) -> bool:
    """NULLIF(…, 0)"""
    if node.WhichOneof("node") != "a_expr" or node.a_expr.kind != pb.AEXPR_NULLIF:
        return False
    return _number(node.a_expr.rexpr) == 0


def _moments(ctx: Context, expression: pb.A_Expr, symbol: str, operands: tuple[Value, Value]) -> bool:
    """Dates and times plus or minus a little, or apart from one another."""
    left, right = operands
    if symbol == "-" and left.type == types.DATE and right.type == types.DATE:
        return True
    if symbol == "-" and left.type in _TEMPORAL and right.type in _TEMPORAL:
        return all(value.conduct.plain for value in operands) and any(value.conduct == CLOCK for value in operands)
    if symbol not in "+-" or left.type not in _TEMPORAL or not left.conduct.plain:
        return False
    ctx.findings.literals_weigh = True
    days = _number(expression.rexpr)
    if left.type == types.DATE and days is not None:
        return abs(days) <= _DAYS
    return right.type == types.INTERVAL and _PLAIN_INTERVAL.fullmatch(constant_text(expression.rexpr) or "") is not None


# --- literals


def _literal(node: pb.Node) -> bool:
    return bool(node.WhichOneof("node") == "a_const")


def _number(node: pb.Node) -> float | None:
    """A numeric literal, under a cast or not; None for anything else."""
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    if node.WhichOneof("node") != "a_const" or node.a_const.WhichOneof("val") not in ("ival", "fval"):
        return None
    text = constant_text(node)
    try:
        return float(text or "")
    except ValueError:
        return None


def is_small(ctx: Context, node: pb.Node) -> bool:
    """A number that may stand for a missing one: COALESCE(salary, 0)."""
    if not _literal(node):
        return False
    ctx.findings.literals_weigh = True
    number = _number(node)
    return number is not None and abs(number) <= _SMALL


# --- casts


def cast(ctx: Context, message: pb.TypeCast, value: Value, target: int, clause: Clause | None) -> Conduct:
    """To text, to what is wider, or of a literal, which is read when the statement is."""
    kind = message.arg.WhichOneof("node")
    info = ctx.names.catalog.type_by_oid(target)
    if value.type == types.LITERAL and kind in ("a_const", "param_ref"):
        static = target == types.ANY_ARRAY or (info is not None and info.kind is not TypeKind.DOMAIN)
        return value.conduct if static else UNKNOWN._replace(size=value.conduct.size)
    name = text_of(message.type_name.names[-1]) if message.type_name.names else "?"
    if not _converts(ctx, message, value, target):
        return unknown(ctx, [value], clause, f"a cast to {name}")
    keeps = value.conduct.plain and target not in _TEXTS
    return strict(ctx, [value], clause, f"a cast to {name}")._replace(plain=keeps)


def _converts(ctx: Context, message: pb.TypeCast, value: Value, target: int) -> bool:
    if _users_cast(ctx, value.type, target):
        return False
    if target in _TEXTS:
        return True
    source, modifiers = value.type, message.type_name.typmods
    if target == types.ANY_ARRAY:
        return source == types.ANY_ARRAY and not modifiers
    if _literal(message.arg) and target in _NUMBERS:
        ctx.findings.literals_weigh = True
        number = _number(message.arg)
        return number is not None and abs(number) <= _SMALL and not modifiers
    if target == types.NUMERIC and modifiers and source in _NUMBERS:
        ctx.findings.literals_weigh = True
        digits = [_number(node) for node in modifiers]
        return (digits[0] or 0) - (digits[1] or 0 if len(digits) > 1 else 0) >= _SAFE_DIGITS
    if source == target and source != types.UNKNOWN:
        return target < types.FIRST_USER_OID and (not modifiers or target in _TEMPORAL)
    return target in _CASTS.get(source, frozenset())


def _users_cast(ctx: Context, source: int, target: int) -> bool:
    if not ctx.names.catalog.casts:
        return False
    return any(
        made.function is not None and made.target == target and source in (types.UNKNOWN, made.source)
        for made in ctx.names.catalog.casts
    )


# --- calls


def call(ctx: Context, message: pb.FuncCall, name: str, values: Sequence[Value], clause: Clause | None) -> Conduct:
    """`name` of a function of the server's own; "" where it may be another."""
    called = text_of(message.funcname[-1])
    if name in _MOMENT and not values:
        return CLOCK
    forms = _FORMS.get(name, ()) if not message.func_variadic else ()
    if not any(_matches(ctx, form, message.args) for form in forms) or not _suits(ctx, name, message, values):
        return unknown(ctx, values, clause, f"{called}()")
    conduct = strict(ctx, values, clause, f"{called}()", _growth(name, message))
    if name in _CALENDAR:
        return conduct._replace(plain=True)
    if name in _MAGNITUDE:
        return conduct._replace(plain=bool(values) and values[-1 if name in ("date_trunc", "timezone") else 0].conduct.plain)
    return conduct


def _matches(ctx: Context, form: str, arguments: Sequence[pb.Node]) -> bool:
    if form == "*":
        return True
    if len(form) != len(arguments):
        return False
    return all(wanted == "v" or _is(ctx, wanted, node) for wanted, node in zip(form, arguments, strict=True))


def _is(ctx: Context, wanted: str, node: pb.Node) -> bool:
    ctx.findings.literals_weigh = True
    if wanted == "t":
        text = constant_text(node)
        return text is not None and len(text) <= _LONGEST
    number = _number(node)
    least = {"i": -9_999, "c": 0, "p": 1}[wanted]
    return number is not None and number == int(number) and least <= number <= 9_999


def _suits(ctx: Context, name: str, message: pb.FuncCall, values: Sequence[Value]) -> bool:
    """What some of them want besides."""
    match name:
        case "format":
            ctx.findings.literals_weigh = True
            text = constant_text(message.args[0]) if message.args else None
            return text is not None and len(text) <= _LONGEST and _PLAIN_FORMAT.fullmatch(text) is not None
        case "abs":  # of the least integer there is
            return values[0].type not in _INTEGERS or values[0].conduct.plain
        case "array_agg":  # of arrays: they must be alike
            return not may_be_array(ctx, values[0])
        case "encode":
            return constant_text(message.args[1]) in ("hex", "base64", "escape")
        case "json_build_object" | "jsonb_build_object":
            return all(_literal(node) or not values[place].origins for place, node in enumerate(message.args) if place % 2 == 0)
        case _:
            return True


def _growth(name: str, message: pb.FuncCall) -> int:
    """How many times as large as its arguments a result may be."""
    if name == "repeat":
        return int(_number(message.args[1]) or 1) or 1
    if name == "replace":
        return len(constant_text(message.args[2]) or "") or 1
    return 2 if name in ("lpad", "rpad") else 1


def result_of(name: str, values: Sequence[Value]) -> int:
    """The result's type where the arguments' decide it though no overload takes just them; 0 where it is not known."""
    if name == "date_trunc" and len(values) > 1 and values[1].type in _TEMPORAL:
        return 1184 if values[1].type == types.DATE else values[1].type
    return types.TEXT if name in _TEXT and values and values[0].type in {*_TEXTS, types.LITERAL} else 0


def may_be_array(ctx: Context, value: Value) -> bool:
    type_id = value.type
    if value.row is not None:
        return False
    if type_id in (types.UNKNOWN, types.ANY_ARRAY, types.ANY_BUILTIN):
        return True
    info = ctx.names.catalog.type_by_oid(type_id)
    return info is not None and bool(info.element)


__all__ = ["PARAMETER", "call", "cast", "either", "is_small", "may_be_array", "operator", "result_of", "told"]
