"""What is total in MySQL, MariaDB and TiDB (see `conduct`): operators and functions that an output may use on a masked value.

In a SELECT nearly everything warns rather than fails; numbers out of their range, subqueries of several rows, and functions
that parse do fail. Operators are seen in the order they are written, without how they bind: two sums side by side share an
operand.
"""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from gateway.analysis.conduct import CONSTANT, MOST, TOLD, UNKNOWN, Conduct, either, gated, strict, tell, unknown
from gateway.analysis.mysql import types
from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.lexer import NUMBER, STRING, Token
from gateway.analysis.mysql.modes import Flavour
from gateway.analysis.mysql.syntax import INTERVAL, Call, Expr, Mix
from gateway.analysis.mysql.words import words
from gateway.analysis.postgres.scopes import Value
from gateway.model.footprint import Clause

_TABLE: Final = tomllib.loads((files("gateway.analysis.mysql") / "data" / "total.toml").read_text("utf-8"))
_FORMS: Final = {name: tuple(forms.split("|")) for section in _TABLE.values() for name, forms in section.items()}
_TYPES: Final = {
    **dict.fromkeys(_TABLE["text"], types.TEXT),
    **dict.fromkeys(_TABLE["decimal"], types.DECIMAL),
    **dict.fromkeys(_TABLE["integer"], types.INTEGER),
    **dict.fromkeys(_TABLE["temporal"], types.TEMPORAL),
    "COUNT": types.INTEGER,
}
_SAME: Final = frozenset(_TABLE["same"])
_AS_LARGE: Final = _SAME | frozenset(_TABLE["decimal"]) | {"LENGTH", "CHAR_LENGTH", "CHARACTER_LENGTH", "OCTET_LENGTH"}

_COMPARISONS: Final = frozenset({"=", "<=>", ">=", ">", "<=", "<", "<>", "!="})
_TESTS: Final = _COMPARISONS | words("AND && OR || XOR IN BETWEEN LIKE SOUNDS ESCAPE")
_GATING: Final = words("AND && OR || XOR IN BETWEEN")
_SUMS: Final = frozenset({"+", "-", "*"})
_DIVISIONS: Final = frozenset({"/", "%", "DIV", "MOD"})
_ARITHMETIC: Final = _SUMS | _DIVISIONS
_BITS: Final = frozenset({"&", "|", "^", "<<", ">>"})
_FIRST_GATES: Final = words("IF NVL2")
_ANY_GATES: Final = words("IFNULL NVL COALESCE")
_TO_TEXT: Final = words("CHAR BINARY NCHAR")
_TO_NUMBER: Final = {
    "DOUBLE": types.DOUBLE, "FLOAT": types.DOUBLE, "DECIMAL": types.DECIMAL, "SIGNED": types.INTEGER, "INT": types.INTEGER,
    "INTEGER": types.INTEGER, "UNSIGNED": types.UNSIGNED,
}  # fmt: skip
_UNICODE: Final = frozenset({"USING UTF8MB4", "USING UTF8MB3", "USING UTF8", "USING BINARY", "USING UTF16", "USING UTF32"})
_SMALL: Final = 999
_LARGEST_INTEGER: Final = 9_999
_LONGEST: Final = 256
_WILDCARDS: Final = 8
_KILOBYTE: Final = 1_024
_SUMS_IN_A_ROW: Final = 4


# --- operators


def chain(ctx: Context, mix: Mix, values: Sequence[Value], clause: Clause | None) -> Conduct:
    """`values`: of all operands."""
    if calculates(mix):
        return _calculated(ctx, mix, values, clause)
    for place, operator in enumerate(mix.operators):
        if operator in _BITS and all(_is_number(mix, near, values) for near in (place, place + 1)):
            continue
        if operator not in _TESTS:
            return unknown(ctx, values, clause, operator)
        if operator == "LIKE" and not _is_pattern(ctx, mix.literals[place + 1], values[place + 1]):
            return unknown(ctx, values, clause, "LIKE with a pattern that is no plain literal")
        if operator in _COMPARISONS and _unlike(mix, place, values):
            return unknown(ctx, values, clause, f"a comparison ({operator}) of text with a number")
    gates = [value for value in values if value.origins]
    if any(operator in _GATING for operator in mix.operators):
        for value in values:
            gated(ctx, [gate for gate in gates if gate is not value], value, clause, " ".join(mix.operators[:3]))
    return _told(strict(ctx, values, clause, " ".join(mix.operators[:3])))


def calculates(mix: Mix) -> bool:
    return any(operator in _ARITHMETIC for operator in mix.operators)


def _told(conduct: Conduct) -> Conduct:
    """Of a truth value that was made of something large."""
    return Conduct(TOLD.size if conduct.size <= MOST else conduct.size, conduct.total, False)


def _is_pattern(ctx: Context, token: Token | None, value: Value) -> bool:
    """Wildcards of others' making may take their time."""
    ctx.findings.literals_weigh = True
    if token is None:
        return value.conduct == CONSTANT  # a variable
    return token.kind != STRING or (len(token.text) <= _LONGEST and token.text.count("%") <= _WILDCARDS)


def _is_number(mix: Mix, place: int, values: Sequence[Value]) -> bool:
    return values[place].type in types.NUMBERS or _number(mix.literals[place]) is not None


def _unlike(mix: Mix, place: int, values: Sequence[Value]) -> bool:
    """Text that is compared with a number is read as one: that warns of what is none."""
    kinds = [
        types.INTEGER if token is not None and token.kind == NUMBER else value.type
        for token, value in zip(mix.literals[place : place + 2], values[place : place + 2], strict=True)
    ]
    return types.TEXT in kinds and any(kind in types.NUMBERS for kind in kinds)


def _calculated(ctx: Context, mix: Mix, values: Sequence[Value], clause: Clause | None) -> Conduct:
    """Arithmetic, with tests beside it: each operator has operands of its own, or there is but one decimal among literals."""
    ctx.findings.literals_weigh = True
    total = _decimals(mix, values)
    divisors: list[Value] = []
    for place, operator in enumerate(mix.operators):
        if operator not in _ARITHMETIC:
            if operator not in _TESTS or operator == "LIKE":
                return unknown(ctx, values, clause, operator)
            continue
        alone = place == 0 or mix.operators[place - 1] not in _ARITHMETIC
        fits = total or (alone and _fits(mix, place, operator, values))
        if not fits and alone and operator in _DIVISIONS and _divides(mix, place, values):
            if not _without_zero(mix.operands[place + 1]):
                divisors.append(values[place + 1])
        elif not fits:
            return unknown(ctx, values, clause, operator)
    conduct = strict(ctx, values, clause, " ".join(mix.operators[:3]))
    for value in divisors:
        tell(ctx, value.origins, clause, "a division")
    return conduct._replace(total=conduct.total and not divisors)


def _decimals(mix: Mix, values: Sequence[Value]) -> bool:
    """65 digits are out of reach for one decimal column and a few small literals, in whatever order."""
    if len(mix.operators) > _SUMS_IN_A_ROW or any(operator not in _ARITHMETIC for operator in mix.operators):
        return False
    columns = [value for value, token in zip(values, mix.literals, strict=True) if _number(token) is None]
    divisors = [_number(mix.literals[place + 1]) for place, word in enumerate(mix.operators) if word in _DIVISIONS]
    literals = [number for token in mix.literals if (number := _number(token)) is not None]
    return (
        len(columns) == 1
        and columns[0].type == types.DECIMAL
        and columns[0].conduct.plain
        and all(map(_tame, literals))
        and all(divisors)
    )


def _fits(mix: Mix, place: int, operator: str, values: Sequence[Value]) -> bool:
    """One operator between a number as data has it and a small literal, or a date and an interval."""
    left, right = values[place : place + 2]
    if operator in ("+", "-") and left.type == types.TEMPORAL and _is_interval(mix.operands[place + 1]):
        return right.conduct.total
    one, other = (_number(token) for token in mix.literals[place : place + 2])
    if one is not None and other is not None:
        return _tame(one) and _tame(other) and (operator in _SUMS or other != 0)
    if operator in _DIVISIONS:
        return left.type in types.NUMBERS and other is not None and other * _SMALL >= 1
    value, literal = (left, other) if one is None else (right, one)
    known = value.type in types.NUMBERS or value.type == types.TEMPORAL
    if not known or not value.conduct.plain or literal is None or not _tame(literal):
        return False
    return operator != "-" or value.type != types.UNSIGNED  # below zero it is an error


def _divides(mix: Mix, place: int, values: Sequence[Value]) -> bool:
    """A division by a number that is none of the literals: of zero it warns, whatever is divided."""
    left, right = values[place : place + 2]
    integers = {types.INTEGER, types.UNSIGNED}
    whole = right.type in integers or (right.type == types.DECIMAL and mix.operators[place] == "/")
    return whole and (left.type in types.NUMBERS or _number(mix.literals[place]) is not None)


def _without_zero(expression: Expr) -> bool:
    """NULLIF(…, 0)"""
    if not isinstance(expression, Call) or expression.schema or expression.name.upper() != "NULLIF":
        return False
    return len(expression.literals) > 1 and _number(expression.literals[1]) == 0


def _is_interval(expression: Expr) -> bool:
    return isinstance(expression, Mix) and expression.what == INTERVAL


def _number(token: Token | None) -> float | None:
    if token is None or token.kind != NUMBER:
        return None
    try:
        return float(token.text)
    except ValueError:
        return None


def _tame(literal: float) -> bool:
    return abs(literal) <= _SMALL and (literal == 0 or abs(literal) >= 1 / _SMALL)


def prefixed(ctx: Context, operator: str, value: Value, clause: Clause | None) -> Value:
    """An operator with one operand: -x, NOT x, BINARY x, x IS TRUE."""
    if operator in ("NOT", "!", "IS", "~"):
        return Value(value.origins, type=types.INTEGER, conduct=_told(strict(ctx, [value], clause, operator)))
    if operator == "BINARY":
        return Value(value.origins, type=types.TEXT, conduct=strict(ctx, [value], clause, operator))
    if operator in ("+", "-") and value.type in types.NUMBERS and value.conduct.plain:
        return Value(value.origins, type=value.type, conduct=value.conduct)
    if operator == INTERVAL:
        return Value(value.origins, conduct=strict(ctx, [value], clause, operator))
    return Value(value.origins, conduct=unknown(ctx, [value], clause, operator or "an expression"))


def case(ctx: Context, mix: Mix, values: Sequence[Value], clause: Clause | None) -> Value:
    tested: list[Value] = []
    results: list[Value] = []
    for word, value in zip(mix.operators, values, strict=True):
        gated(ctx, tested, value, clause, "CASE")
        (tested if word in ("CASE", "WHEN") else results).append(value)
    total = all(value.conduct.total for value in values)
    return Value(type=_common(results), conduct=Conduct(either(results).size, total, False))


def _common(values: Sequence[Value]) -> int:
    found = [value.type for value in values if value.conduct != CONSTANT]
    return types.common(found) if found else types.INTEGER


# --- calls


def call(ctx: Context, made: Call, upper: str, values: Sequence[Value], clause: Clause | None, *, own: bool) -> Value:
    """Type and conduct of a call; `own`: it can be no other function than the server's own of that name."""
    if not own:
        return Value(conduct=unknown(ctx, values, clause, f"{made.name}()"))
    if upper in _FIRST_GATES and len(values) > 1:
        gates, results = [values[0]], values[1:]
        for value in results:
            gated(ctx, gates, value, clause, f"{upper}()")
        total = all(value.conduct.total for value in values)
        return Value(type=_common(results), conduct=Conduct(either(results).size, total, False))
    if upper in _ANY_GATES:
        return _first_of(ctx, made, upper, values, clause)
    if upper in ("CAST", "CONVERT"):
        return _cast(ctx, made, values, clause)
    least = upper == "ABS" and not values[0].conduct.plain and values[0].type not in (types.DECIMAL, types.DOUBLE)
    if least or not any(_matches(ctx, form, made, values) for form in _FORMS.get(upper, ())):
        return Value(conduct=unknown(ctx, values, clause, f"{upper}()"))
    conduct = strict(ctx, values, clause, f"{upper}()", _growth(upper, made))
    if upper in _AS_LARGE:
        conduct = conduct._replace(plain=bool(values) and values[0].conduct.plain)
    return Value(type=_TYPES.get(upper, values[0].type if upper in _SAME and values else types.UNKNOWN), conduct=conduct)


def _first_of(ctx: Context, made: Call, upper: str, values: Sequence[Value], clause: Clause | None) -> Value:
    """Whether a column as it is has a value is nothing to hide; whether what is computed of it has one may be."""
    for place, value in enumerate(values):
        gated(ctx, [before for before in values[:place] if not before.exact], value, clause, f"{upper}()")
    small = [
        value.conduct.plain or ((number := _number(token)) is not None and _tame(number))
        for value, token in zip(values, made.literals, strict=False)
    ]
    ctx.findings.literals_weigh = True
    return Value(type=_common(values), conduct=either(values)._replace(plain=all(small)))


def _cast(ctx: Context, made: Call, values: Sequence[Value], clause: Clause | None) -> Value:
    """To text that is not cut, and between whole numbers and fractions."""
    target = made.target.split(" ")[0] if not made.target.startswith("USING") else made.target
    value = values[0] if values else Value(conduct=UNKNOWN)
    if target in _UNICODE or (target in _TO_TEXT and "(" not in made.target):
        return Value(type=types.TEXT, conduct=strict(ctx, values, clause, "CAST"))
    if target in _TO_NUMBER and value.type in types.NUMBERS:  # cut to what fits
        return Value(type=_TO_NUMBER[target], conduct=strict(ctx, values, clause, "CAST"))
    if target == "DATE" and value.type == types.TEMPORAL:
        return Value(type=types.TEMPORAL, conduct=strict(ctx, values, clause, "CAST")._replace(plain=value.conduct.plain))
    return Value(conduct=unknown(ctx, values, clause, f"a cast to {target}"))


def _matches(ctx: Context, form: str, made: Call, values: Sequence[Value]) -> bool:
    wanted = form[:-1] + "v" * (len(values) - len(form) + 1) if form.endswith("*") else form
    if len(wanted) != len(values):
        return False
    return all(_is(ctx, letter, made, place, values[place]) for place, letter in enumerate(wanted))


def _is(ctx: Context, wanted: str, made: Call, place: int, value: Value) -> bool:
    token = made.literals[place] if place < len(made.literals) else None
    match wanted:
        case "v":
            return True
        case "n":
            return value.type in types.NUMBERS or _number(token) is not None
        case "j":
            server = ctx.reading.server
            return value.type == types.JSON or (server is not None and server.flavour is Flavour.MARIADB)
        case "d":
            return value.type == types.TEMPORAL or (token is not None and token.kind == STRING)
        case _:
            ctx.findings.literals_weigh = True
    if token is None:
        return False
    if wanted == "t":
        return token.kind == STRING and len(token.text) <= _LONGEST
    return token.kind == NUMBER and token.text.isdigit() and int(token.text) <= _LARGEST_INTEGER


def _growth(upper: str, made: Call) -> int:
    """How many times as large as its arguments a result may be."""
    token = made.literals[1] if len(made.literals) > 1 else None
    if upper == "REPEAT" and token is not None:
        return int(token.text) or 1
    if upper == "REPLACE" and len(made.literals) > 2 and made.literals[2] is not None:
        return len(made.literals[2].text) or 1
    return 2 if upper in ("LPAD", "RPAD", "HEX", "TO_BASE64", "QUOTE") else 1


def of_literal(token: Token | None) -> Conduct:
    """Of a constant; a long text grows what it is put together with."""
    if token is not None and token.kind == STRING and len(token.text) >= _KILOBYTE:
        return CONSTANT._replace(size=len(token.text) // _KILOBYTE)
    return CONSTANT


__all__ = ["calculates", "call", "case", "chain", "of_literal", "prefixed"]
