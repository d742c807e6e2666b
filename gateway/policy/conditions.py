"""Conditions of rules: a small expression language, checked when it is loaded, never evaluated as code.

    environment == 'prod' and client.address in ('10.0.0.0/8', '192.168.0.0/16')
    weekday in ('mon', 'tue', 'wed', 'thu', 'fri') and '08:00' <= zone('Europe/Berlin').time < '18:00'

Text        environment user project instance database engine client.application
Flags       client.tls
Addresses   client.address, `==` or `in` networks
Clock       hour minute weekday time date now, in UTC; `zone('Area/City').hour` and so on elsewhere
Sets        roles: `'dba' in roles` (roles held here, inherited ones too)
Operators   and or not == != < <= > >= in, `not in`; like(text, 'DBeaver*')

Clock values have whole minutes, so an answer that depends on the clock holds until the minute ends.
"""

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gateway.policy.patterns import segment_regex
from gateway.policy.variables import CLOCK, VARIABLES, Circumstances, Kind, Variable, literal, network_list, zone_variable

_MAX_LENGTH = 1_000
_MAX_NODES = 200
_MAX_DEPTH = 20
Test = Callable[[Circumstances], bool]
_ORDERINGS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_EQUALITIES: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {ast.Eq: operator.eq, ast.NotEq: operator.ne}


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition. The empty one always holds. Equal texts are equal conditions."""

    text: str
    clock_bound: bool = field(compare=False, default=False)
    _test: Test | None = field(compare=False, default=None, repr=False)

    def holds(self, circumstances: Circumstances) -> bool:
        return self._test is None or self._test(circumstances)


ALWAYS = Condition("")


@lru_cache(maxsize=16_384)
def parse_condition(text: str) -> Condition:
    """Raises ValueError that says what is wrong and what would be right."""
    text = text.strip()
    if not text:
        return ALWAYS
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"the condition is longer than {_MAX_LENGTH} characters")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = error.msg if isinstance(error, SyntaxError) else "it nests too deeply or holds a NUL"
        raise ValueError(f"condition {text!r} cannot be read: {message}") from None
    if sum(1 for _ in ast.walk(tree)) > _MAX_NODES:
        raise ValueError(f"condition {text!r} is too large: at most {_MAX_NODES} terms")
    reader = _Reader(text)
    test = reader.test(tree.body, 0)
    return Condition(text, reader.clock_bound, test)


class _Reader:
    """Turns the whitelisted part of Python's expression tree into closures over Circumstances."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.clock_bound = False

    def _wrong(self, node: ast.AST, message: str) -> ValueError:
        part = ast.get_source_segment(self._text, node) if isinstance(node, ast.expr) else None
        return ValueError(f"condition {self._text!r}: {part or 'expression'}: {message}")

    def test(self, node: ast.expr, depth: int) -> Test:
        if depth > _MAX_DEPTH:
            raise ValueError(f"condition {self._text!r} nests deeper than {_MAX_DEPTH}")
        match node:
            case ast.BoolOp(op=ast.And()):
                every = tuple(self.test(value, depth + 1) for value in node.values)
                return lambda facts: all(test(facts) for test in every)
            case ast.BoolOp(op=ast.Or()):
                some = tuple(self.test(value, depth + 1) for value in node.values)
                return lambda facts: any(test(facts) for test in some)
            case ast.UnaryOp(op=ast.Not()):
                inner = self.test(node.operand, depth + 1)
                return lambda facts: not inner(facts)
            case ast.Constant(value=bool() as constant):
                return lambda facts: constant
            case ast.Compare():
                return self._chain(node)
            case ast.Call(func=ast.Name(id="like")):
                return self._like(node)
            case ast.Name() | ast.Attribute():
                variable = self._variable(node)
                if variable.kind is not Kind.FLAG:
                    raise self._wrong(node, "is no yes-or-no value; compare it, for example with ==")
                return lambda facts: bool(variable.value(facts))
        raise self._wrong(node, "is not part of the condition language (see the head of policy.csv)")

    def _chain(self, node: ast.Compare) -> Test:
        operands = [node.left, *node.comparators]
        tests = tuple(
            self._comparison(node, left, op, right) for left, op, right in zip(operands, node.ops, operands[1:], strict=False)
        )
        return tests[0] if len(tests) == 1 else lambda facts: all(test(facts) for test in tests)

    def _comparison(self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        if isinstance(op, ast.In | ast.NotIn):
            inside = self._membership(node, left, right)
            return inside if isinstance(op, ast.In) else lambda facts: not inside(facts)
        compare = _EQUALITIES.get(type(op)) or _ORDERINGS.get(type(op))
        if compare is None:
            raise self._wrong(node, "compare with == != < <= > >= in")
        sides = [self._variable(side) if _names_variable(side) else None for side in (left, right)]
        known = next((side for side in sides if side is not None), None)
        if known is None:
            raise self._wrong(node, "compares two constants; one side must be a variable")
        if type(op) in _ORDERINGS and not known.kind.ordered:
            raise self._wrong(node, f"{known.name} has no order; use == or in")
        values = [
            side.value if side is not None else self._constant(known, expression)
            for side, expression in zip(sides, (left, right), strict=True)
        ]
        if all(sides) and len({side.kind for side in sides if side}) > 1:
            raise self._wrong(node, "compares two different kinds of values")
        first, second = values
        return lambda facts: compare(first(facts), second(facts))

    def _membership(self, node: ast.Compare, left: ast.expr, right: ast.expr) -> Test:
        if _names_variable(right):
            group = self._variable(right)
            if group.kind is not Kind.NAMES or not isinstance(left, ast.Constant) or not isinstance(left.value, str):
                raise self._wrong(node, "`in` needs a list on its right, or a name on the left of `in roles`")
            name = left.value
            return lambda facts: name in group.value(facts)
        variable = self._variable(left)
        items = [right] if isinstance(right, ast.Constant) else getattr(right, "elts", None)
        if not items or not all(isinstance(item, ast.Constant) for item in items):
            raise self._wrong(node, "`in` needs a list of constants, for example ('dev', 'test')")
        constants = [item.value for item in items]
        if variable.kind is Kind.ADDRESS:
            try:
                networks = network_list(constants)
            except ValueError as error:
                raise self._wrong(node, str(error)) from None
            return lambda facts: (address := variable.value(facts)) is not None and any(address in net for net in networks)
        allowed = frozenset(self._literal(node, variable, constant) for constant in constants)
        return lambda facts: variable.value(facts) in allowed

    def _like(self, node: ast.Call) -> Test:
        match node.args:
            case [first, ast.Constant(value=str() as pattern)] if not node.keywords and _names_variable(first):
                variable = self._variable(first)
                if variable.kind is Kind.TEXT:
                    expression = segment_regex(pattern)
                    return lambda facts: expression.fullmatch(variable.value(facts)) is not None
        raise self._wrong(node, "write like(variable, 'pattern*') with a text variable")

    def _variable(self, node: ast.expr) -> Variable:
        found: Variable | None = None
        match node:
            case ast.Name(id=name):
                found = VARIABLES.get(name)
            case ast.Attribute(value=ast.Name(id="client"), attr=name):
                found = VARIABLES.get(f"client.{name}")
            case ast.Attribute(value=ast.Call(func=ast.Name(id="zone"), args=[ast.Constant(value=str() as zone)]), attr=name):
                try:
                    found = zone_variable(zone, name)
                except ValueError as error:
                    raise self._wrong(node, str(error)) from None
        if found is None:
            raise self._wrong(
                node, f"is no known variable; there are {', '.join(sorted(VARIABLES))} and zone('Area/City').hour"
            )
        if found.name in CLOCK:
            self.clock_bound = True
        return found

    def _constant(self, variable: Variable, node: ast.expr) -> Callable[[Circumstances], Any]:
        if not isinstance(node, ast.Constant):
            raise self._wrong(node, f"expected a constant to compare {variable.name} with")
        value = self._literal(node, variable, node.value)
        return lambda facts: value

    def _literal(self, node: ast.expr, variable: Variable, value: object) -> Any:
        try:
            return literal(variable, value)
        except ValueError as error:
            raise self._wrong(node, str(error)) from None


def _names_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute)
