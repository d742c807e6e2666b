"""A query on one relation of the gateway's own schema, read from its tokens."""

from collections.abc import Iterator
from typing import Final

from gateway.analysis.mysql.cursor import Cursor
from gateway.analysis.mysql.lexer import NAME, NUMBER, PARAMETER, STRING, WORD, Token
from gateway.model.identity import Engine
from gateway.model.own import (
    RELATIONS,
    SCHEMA,
    ColumnType,
    Comparison,
    Operand,
    OwnFault,
    OwnRefused,
    OwnRequest,
    Parameter,
)

_HELP: Final = (
    "SELECT columns, * or COUNT(*) FROM one of them, WHERE with comparisons joined by AND, ORDER BY columns, LIMIT numbers."
)
_OPERATORS: Final = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NAMES: Final = (NAME, WORD)


def refused(text: str) -> OwnRefused:
    return OwnRefused(OwnFault.NOT_ANSWERED, f"gateway: {text}", _HELP)


def is_schema(token: Token) -> bool:
    return token.kind in _NAMES and token.text.lower() == SCHEMA


def source(tokens: list[Token]) -> int | None:
    """Where `gateway.` stands behind the query's first FROM that no parenthesis holds, or behind TABLE."""
    depth = 0
    for index, token in enumerate(tokens[:-2]):
        depth += (token.upper == "(") - (token.upper == ")")
        if not depth and (token.upper == "FROM" or (token.upper == "TABLE" and index == 0)):
            return index + 1 if is_schema(tokens[index + 1]) and tokens[index + 2].upper == "." else None
    return None


def relation_of(cursor: Cursor) -> str:
    """`gateway.name`, which must be one of its relations."""
    cursor.advance(2)
    name = cursor.any_name()
    if name.lower() not in RELATIONS:
        raise OwnRefused(OwnFault.NO_RELATION, f"Table 'gateway.{name}' doesn't exist", f"There are: {', '.join(RELATIONS)}.")
    return name.lower()


class Reader:
    """One query on one relation."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._known: dict[str, ColumnType] = {}
        self._aliases: set[str] = set()
        self._parameters: list[ColumnType] = []

    def request(self) -> OwnRequest:
        """The relation is read first: what may stand before it hangs on its columns."""
        cursor = self._cursor
        begin = source(list(cursor.tokens)) or 0
        cursor.to(begin)
        name = relation_of(cursor)
        self._known = dict(RELATIONS[name])
        self._aliases = {name}
        cursor.accept("AS")
        if cursor.is_name() and cursor.upper not in ("OFFSET", "FETCH"):
            self._aliases = {cursor.advance().text.lower()}
        behind = cursor.index
        cursor.to(0)
        columns, counts = self._targets(begin - 1)
        cursor.to(behind)
        where = tuple(self._conditions()) if cursor.accept("WHERE") else ()
        order = tuple(self._order(columns)) if cursor.accept("ORDER", "BY") else ()
        limit, offset = self._limit()
        return OwnRequest(
            name,
            columns=columns,
            counts=counts,
            where=where,
            order=order,
            limit=limit,
            offset=offset,
            parameters=tuple(self._parameters),
            engine=Engine.MYSQL,
        )

    # What is shown

    def _targets(self, end: int) -> tuple[tuple[tuple[str, str], ...], str | None]:
        """The select list, which ends with the token `end`."""
        cursor = self._cursor
        if cursor.accept("TABLE"):
            return tuple((column, column) for column in self._known), None
        cursor.expect("SELECT")
        cursor.accept("ALL")
        if cursor.sees("COUNT", "(", "*", ")"):
            start = cursor.current.start
            cursor.advance(4)
            written = cursor.text[start : cursor.tokens[cursor.index - 1].end]
            name = self._alias() or written
            if cursor.index != end:
                raise cursor.stopped()
            return (), name
        found: list[tuple[str, str]] = []
        while True:
            found += self._target()
            if not cursor.accept(","):
                break
        if cursor.index != end:
            raise cursor.stopped()
        return tuple(found), None

    def _target(self) -> list[tuple[str, str]]:
        cursor = self._cursor
        if cursor.accept("*"):
            return [(column, column) for column in self._known]
        mark = cursor.index
        while cursor.current.kind in _NAMES and cursor.peek().upper == ".":
            cursor.advance(2)
        if cursor.index > mark and cursor.upper == "*":
            self._qualifier(mark, "*", "field list")
            cursor.advance()
            return [(column, column) for column in self._known]
        cursor.to(mark)
        column, written = self._column("field list")
        return [(column, self._alias() or written)]

    def _alias(self) -> str:
        cursor = self._cursor
        explicit = cursor.accept("AS")
        if cursor.current.kind is STRING:
            return cursor.string()
        if cursor.upper != "FROM" and (explicit or cursor.is_name()):
            return cursor.any_name()
        return ""

    def _column(self, clause: str) -> tuple[str, str]:
        """(the column, its name as it is written)."""
        cursor = self._cursor
        mark = cursor.index
        while cursor.current.kind in _NAMES and cursor.peek().upper == ".":
            cursor.advance(2)
        written = cursor.any_name()
        if cursor.upper == "(":
            raise refused("only columns, * and COUNT(*) are answered here")
        name = written.lower()
        if cursor.index > mark + 1:
            self._qualifier(mark, written, clause)
        if name not in self._known:
            raise OwnRefused(
                OwnFault.NO_COLUMN, f"Unknown column '{written}' in '{clause}'", f"There are: {', '.join(self._known)}."
            )
        return name, written

    def _qualifier(self, mark: int, written: str, clause: str) -> None:
        """What stands before a column's dot is the relation, or its alias."""
        cursor = self._cursor
        parts = [token.text for token in cursor.tokens[mark : cursor.index] if token.upper != "."]
        parts = parts if written == "*" else parts[:-1]
        if parts[-1].lower() not in self._aliases or (len(parts) > 1 and [part.lower() for part in parts[:-1]] != [SCHEMA]):
            name = ".".join([*parts, written])
            raise OwnRefused(OwnFault.NO_COLUMN, f"Unknown column '{name}' in '{clause}'", "")

    # Which rows

    def _conditions(self) -> Iterator[Comparison]:
        cursor = self._cursor
        while True:
            if cursor.accept("("):
                yield from self._conditions()
                cursor.expect(")")
            else:
                yield from self._condition()
            if not (cursor.accept("AND") or cursor.accept("&&")):
                return

    def _condition(self) -> Iterator[Comparison]:
        cursor = self._cursor
        if cursor.accept("NOT") or cursor.accept("!"):
            yield Comparison(self._column("where clause")[0], "=", (False,))
            return
        if cursor.current.kind not in _NAMES:
            raise refused("a comparison has a column on its left side here")
        column, _ = self._column("where clause")
        if cursor.accept("IS"):
            negated = cursor.accept("NOT")
            yield self._is(column, negated=negated)
            return
        negated = cursor.accept("NOT")
        if cursor.accept("LIKE"):
            yield Comparison(column, "ilike", (self._constant(column),), negated=negated)
        elif cursor.accept("IN"):
            yield Comparison(column, "in", self._values(column), negated=negated)
        elif not negated and cursor.accept("BETWEEN"):
            yield Comparison(column, ">=", (self._constant(column),))
            cursor.expect("AND")
            yield Comparison(column, "<=", (self._constant(column),))
        elif not negated and cursor.upper in _OPERATORS:
            operator = _OPERATORS[cursor.advance().upper]
            yield Comparison(column, operator, (self._constant(column),))
        elif negated:
            raise cursor.stopped()
        else:
            yield Comparison(column, "=", (True,))

    def _is(self, column: str, *, negated: bool) -> Comparison:
        cursor = self._cursor
        if cursor.accept("NULL"):
            return Comparison(column, "null", negated=negated)
        truth = cursor.accept_any(frozenset({"TRUE", "FALSE"}))
        if not truth:
            raise cursor.stopped()
        return Comparison(column, "=", ((truth == "TRUE") is not negated,))

    def _values(self, column: str) -> tuple[Operand, ...]:
        cursor = self._cursor
        cursor.expect("(")
        values = [self._constant(column)]
        while cursor.accept(","):
            values.append(self._constant(column))
        cursor.expect(")")
        return tuple(values)

    def _constant(self, column: str) -> Operand:
        cursor = self._cursor
        if cursor.current.kind is PARAMETER:
            return self._parameter(self._known[column])
        if cursor.current.kind is STRING:
            return cursor.string()
        word = cursor.accept_any(frozenset({"TRUE", "FALSE", "NULL"}))
        if word:
            return None if word == "NULL" else word == "TRUE"
        negative = cursor.accept("-")
        if cursor.current.kind is NUMBER and cursor.current.text.isdigit():
            number = int(cursor.advance().text)
            return -number if negative else number
        raise refused("a comparison has a constant on its right side here")

    def _parameter(self, kind: ColumnType) -> Parameter:
        self._cursor.advance()
        self._parameters.append(kind)
        return Parameter(len(self._parameters))

    # In which order, and how many

    def _order(self, columns: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, bool]]:
        cursor = self._cursor
        shown = {name.lower(): column for column, name in columns}
        while True:
            token = cursor.current
            if token.kind is NUMBER and token.text.isdigit() and 0 < int(token.text) <= len(columns):
                key = columns[int(cursor.advance().text) - 1][0]
            elif token.kind in _NAMES and token.text.lower() in shown and cursor.peek().upper != ".":
                key = shown[cursor.advance().text.lower()]
            else:
                key, _ = self._column("order clause")
            yield key, cursor.accept_any(frozenset({"ASC", "DESC"})) == "DESC"
            if not cursor.accept(","):
                return

    def _limit(self) -> tuple[int | Parameter | None, int | Parameter]:
        cursor = self._cursor
        if not cursor.accept("LIMIT"):
            return None, 0
        first = self._count()
        if cursor.accept(","):
            return self._count(), first
        return first, self._count() if cursor.accept("OFFSET") else 0

    def _count(self) -> int | Parameter:
        cursor = self._cursor
        if cursor.current.kind is PARAMETER:
            return self._parameter("int8")
        if cursor.current.kind is not NUMBER or not cursor.current.text.isdigit():
            raise cursor.stopped()
        return int(cursor.advance().text)
