"""As much of expression types as user-defined operators and overloads need: is an operand of a built-in type for certain?"""

from collections.abc import Iterable
from typing import Final, Protocol

from postgast import pg_query_pb2 as pb

from gateway.catalog import CatalogSnapshot, TypeKind

# pg_type.dat: fixed oids
UNKNOWN: Final = 0  # not inferred
NONE: Final = -1  # no operand there
LITERAL: Final = 705  # pg_type's own `unknown`: a string constant or parameter that takes whatever type is wanted
BOOLEAN: Final = 16
INTEGER: Final = 23
NUMERIC: Final = 1700
TEXT: Final = 25
BIT: Final = 1560
OID: Final = 26
ANY_ARRAY: Final = 2277  # stands for any array of a built-in type
ANY_BUILTIN: Final = 2276  # stands for some built-in type
_VAGUE: Final = frozenset({UNKNOWN, NONE, LITERAL, ANY_ARRAY, ANY_BUILTIN})
_NUMBERS: Final = frozenset({20, 21, 23, 700, 701, 1700})
_TEXTS: Final = frozenset({18, 19, 25, 1042, 1043, 705})
_JSON: Final = frozenset({114, 3802})
_NO_NAMES: Final = frozenset({20, 21, 23, 26, 2205, 2202, 2203, 2204, 2206, 24, 4096, 4089, 3734, 3769, 4191})
FIRST_USER_OID: Final = 16384

_BOOLEAN_OPERATORS: Final = frozenset(
    [
        "=",
        "<>",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "~",
        "!~",
        "~*",
        "!~*",
        "~~",
        "!~~",
        "~~*",
        "!~~*",
        "@>",
        "<@",
        "&&",
        "?",
        "?|",
        "?&",
    ]
)
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%"})
_INT: Final = 2**31
_BIGINT: Final = 2**63
_LONGEST_BIGINT: Final = 20
_WIDER: Final = (21, 23, 20, 1700, 700, 701)
DATE: Final = 1082
MOMENTS: Final = frozenset({1114, 1184})
INTERVAL: Final = 1186
_SHIFTED: Final = MOMENTS | {DATE}
_MOMENTS: Final = {
    pb.SVFOP_CURRENT_DATE: DATE,
    pb.SVFOP_CURRENT_TIMESTAMP: 1184,
    pb.SVFOP_CURRENT_TIMESTAMP_N: 1184,
    pb.SVFOP_LOCALTIMESTAMP: 1114,
    pb.SVFOP_LOCALTIMESTAMP_N: 1114,
}


class Typed(Protocol):
    @property
    def type(self) -> int: ...


def of_constant(constant: pb.A_Const) -> int:
    match constant.WhichOneof("val"):
        case "ival":
            return INTEGER
        case "fval":
            return _of_digits(constant.fval.fval)
        case "boolval":
            return BOOLEAN
        case "bsval":
            return BIT
        case _:
            return LITERAL


def _of_digits(text: str) -> int:
    """An integer beyond the grammar's own is still one, as long as it fits (make_const)."""
    if not text.lstrip("-").isdigit():
        return NUMERIC
    number = int(text) if len(text) <= _LONGEST_BIGINT else _BIGINT
    return INTEGER if -_INT <= number < _INT else 20 if -_BIGINT <= number < _BIGINT else NUMERIC


def of_moment(function: "pb.SQLValueFunctionOp") -> int:
    """CURRENT_DATE, CURRENT_TIMESTAMP and their like."""
    return _MOMENTS.get(function, ANY_BUILTIN)


def common(values: "Iterable[Typed]") -> int:
    """The type that branches become, or what is certain of it."""
    found = {value.type for value in values if value.type != LITERAL}
    if len(found) == 1:
        return found.pop()
    if found and found <= _NUMBERS:
        return max(found, key=_WIDER.index)
    return ANY_BUILTIN if found and all(map(is_builtin, found)) else LITERAL if not found else UNKNOWN


def of_operator(name: str, left: int, right: int, kind: int) -> int:
    """The type of a built-in operator's result, or UNKNOWN. Users' types may have operators that give anything."""
    if not all(is_builtin(operand) or operand == NONE for operand in (left, right)):
        return UNKNOWN
    if kind == pb.AEXPR_NULLIF:
        return left
    if kind != pb.AEXPR_OP or name in _BOOLEAN_OPERATORS:
        return BOOLEAN
    if (name == "||" and left in _TEXTS and right in _TEXTS) or name in ("->>", "#>>"):
        return TEXT
    if left in _JSON and name in ("->", "#>"):
        return left
    if name in _ARITHMETIC and {left, right} <= {*_NUMBERS, LITERAL}:
        return right if left == LITERAL else left if right in (left, LITERAL) else NUMERIC
    if name in "+-" and left in _SHIFTED:
        return _shifted(name, left, right)
    return ANY_BUILTIN


def _shifted(name: str, left: int, right: int) -> int:
    """Dates and times plus and minus."""
    if left == DATE and right == DATE and name == "-":
        return INTEGER
    if left == DATE:
        return DATE if right in (21, 23) else 1114 if right == INTERVAL else ANY_BUILTIN
    return left if right == INTERVAL else INTERVAL if right == left and name == "-" else ANY_BUILTIN


def is_exact(type_id: int) -> bool:
    """Inferred as one type and no other."""
    return type_id not in _VAGUE


def is_builtin(type_id: int) -> bool:
    """Certain to be one of the server's own types, or a constant that becomes one."""
    return 0 < type_id < FIRST_USER_OID


def may_name(type_id: int) -> bool:
    """Whether a value of this type is taken for a name where a reg* type is wanted: not the integers, oids and reg* types."""
    return type_id not in _NO_NAMES


def may_be(catalog: CatalogSnapshot, operand: int, wanted: int) -> bool:
    """Whether an operand can be given where a user-defined operator or function wants this type.

    An operand that is certain to be of a built-in type becomes one of a user's type only through a domain over it or an
    implicit cast. A constant takes any type.
    """
    if operand == LITERAL or not is_builtin(operand) or wanted < FIRST_USER_OID:
        return True
    info = catalog.type_by_oid(wanted)
    if info is None or info.kind is TypeKind.DOMAIN:
        return True
    return any(cast.implicit and (cast.source, cast.target) == (operand, wanted) for cast in catalog.casts)
