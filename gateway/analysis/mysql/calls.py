"""Calls: a function's arguments, what stands between them, and what may follow the parenthesis."""

from typing import Final

from gateway.analysis.mysql import syntax
from gateway.analysis.mysql.cursor import Cursor, NotParsed
from gateway.analysis.mysql.lexer import NAME, NUMBER, PARAMETER, WORD, Token
from gateway.analysis.mysql.syntax import Call, Const, Expr, Query, Sub, Window
from gateway.analysis.mysql.words import words

MAX_DEPTH: Final = 150
"""Levels of parentheses and subqueries that a statement may have."""

UNITS: Final = words(
    """MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR SECOND_MICROSECOND MINUTE_MICROSECOND MINUTE_SECOND
    HOUR_MICROSECOND HOUR_SECOND HOUR_MINUTE DAY_MICROSECOND DAY_SECOND DAY_MINUTE DAY_HOUR YEAR_MONTH"""
)
_SQL_TSI: Final = frozenset({f"SQL_TSI_{unit}" for unit in UNITS}) | UNITS
_TYPED_ARGUMENTS: Final = frozenset({"CAST", "COLUMN_CREATE", "COLUMN_ADD", "COLUMN_GET", "WEIGHT_STRING", "JSON_VALUE"})
_SEPARATORS: Final = {
    "SUBSTRING": frozenset({"FROM", "FOR"}),
    "SUBSTR": frozenset({"FROM", "FOR"}),
    "MID": frozenset({"FROM", "FOR"}),
    "TRIM": frozenset({"FROM"}),
    "TRIM_ORACLE": frozenset({"FROM"}),
}
_UNIT_FIRST: Final = frozenset({"TIMESTAMPADD", "TIMESTAMPDIFF"})
_SEQUENCES: Final = {"NEXTVAL": True, "LASTVAL": False, "SETVAL": True}
_MATCH_WORDS: Final = words("""IN BOOLEAN MODE NATURAL LANGUAGE WITH QUERY EXPANSION""")
_FRAME_WORDS: Final = words(
    """ROWS RANGE GROUPS BETWEEN AND UNBOUNDED PRECEDING FOLLOWING CURRENT ROW EXCLUDE NO OTHERS TIES GROUP"""
)
CONST: Final = Const()
"""Every constant: told from other expressions by being this one."""


class CallParser(Cursor):
    """`beside` holds expressions that give no value but may call functions: moments of FOR SYSTEM_TIME."""

    def __init__(self, tokens: list[Token], text: str = "") -> None:
        super().__init__(tokens, text)
        self.depth = 0
        self.beside: list[Expr] = []

    # --- given by the parsers of expressions and queries

    def expression(self) -> Expr:
        raise NotImplementedError

    def sum(self) -> Expr:
        raise NotImplementedError

    def before_in(self) -> Expr:
        raise NotImplementedError

    def query(self) -> Query:
        raise NotImplementedError

    def continued(self, first: Query) -> Query:
        raise NotImplementedError

    def starts_query(self, ahead: int = 0) -> bool:
        raise NotImplementedError

    def opens_query(self) -> bool:
        raise NotImplementedError

    def literal(self, value: Expr, mark: int) -> Token | None:
        """The token of a value that is a single literal; `mark`: where it began."""
        return self.tokens[mark] if value is CONST and self.index == mark + 1 else None

    # --- lists

    def expressions(self) -> list[Expr]:
        found = [self.expression()]
        while self.accept(","):
            found.append(self.expression())
        return found

    def ordering(self) -> list[Expr]:
        """A list with ASC, DESC."""
        found: list[Expr] = []
        while True:
            token, mark = self.current, self.index
            value = self.expression()
            if value is CONST and self.index == mark + 1 and token.kind in (NUMBER, PARAMETER):
                value = syntax.Position(int(token.text) if token.text.isdigit() and len(token.text) < 10 else 0)
            found.append(value)
            self.accept("ASC") or self.accept("DESC")
            if not self.accept(","):
                return found

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotParsed(f"nested more than {MAX_DEPTH} levels deep")

    # --- calls

    def call(self, schema: str, name: str) -> Expr:
        """The parenthesis behind a function's name, and what may follow it."""
        self.deeper()
        upper = "" if schema else name.upper()
        self.expect("(")
        if upper in _SEQUENCES and self.is_name():
            sequence = self._sequence_argument(_SEQUENCES[upper])
            if sequence is not None:
                self.depth -= 1
                return sequence
        call = Call(schema, name, [])
        if upper in ("ROW",):
            call.name = "ROW"
        self._arguments(call, upper)
        self.expect(")")
        if upper == "MATCH" and self.accept("AGAINST"):
            self.against(call)
        if self.upper == "WITHIN" and self.accept("WITHIN", "GROUP"):
            self.expect("(")
            self.expect("ORDER")
            self.expect("BY")
            call.order += self.ordering()
            self.expect(")")
        if (self.upper in ("RESPECT", "IGNORE")) and self.peek().upper == "NULLS":
            self.advance(2)
        if self.upper == "OVER" and (self.peek().upper == "(" or self.peek().kind in (WORD, NAME)):
            self.advance()
            call.window = self.window()
        self.depth -= 1
        return call

    def _sequence_argument(self, writes: bool) -> Expr | None:
        mark = self.index
        schema, name = self.qualified()
        if self.upper not in (",", ")"):
            self.to(mark)
            return None
        while self.accept(","):
            if self.sum() is not CONST:
                raise self.stopped()
        self.expect(")")
        return syntax.Sequence(schema, name, writes)

    def _arguments(self, call: Call, upper: str) -> None:
        if self.upper == ")":
            return
        call.distinct = bool(self.accept_any(frozenset({"DISTINCT", "DISTINCTROW"})))
        if not call.distinct:
            self.accept("ALL")
        if self._first_words(call, upper):
            return
        separators = _SEPARATORS.get(upper, frozenset())
        while True:
            mark = self.index
            value = Sub(self.query()) if self.starts_query() else self.expression()
            call.arguments.append(value)
            call.literals.append(self.literal(value, mark))
            self._after_argument(call, upper)
            if self.accept(","):
                if upper == "CONVERT":
                    call.target = self.upper
                    self._to_parenthesis()
                    return
            elif not self.accept_any(separators):
                return

    def _first_words(self, call: Call, upper: str) -> bool:
        """What some functions have before their first argument. True: that was all."""
        if upper in ("TRIM", "TRIM_ORACLE"):
            if self.accept_any(frozenset({"BOTH", "LEADING", "TRAILING"})) and self.accept("FROM"):
                call.arguments.append(self.expression())
                return True
        elif upper == "EXTRACT":
            self.unit(UNITS)
            self.expect("FROM")
        elif upper in _UNIT_FIRST:
            self.unit(_SQL_TSI)
            self.expect(",")
        elif upper == "GET_FORMAT":
            self.advance()
            self.expect(",")
        elif upper == "POSITION":
            call.arguments.append(self.before_in())
            if not self.accept("IN"):
                self.expect(",")
        return False

    def unit(self, units: frozenset[str]) -> None:
        if not self.accept_any(units):
            raise self.stopped()

    def _after_argument(self, call: Call, upper: str) -> None:
        """What may stand behind an argument: types, character sets, ORDER BY, SEPARATOR, LIMIT."""
        if upper in _TYPED_ARGUMENTS and self.upper in ("AS", "RETURNING", "LEVEL"):
            call.target = self._skip_type()
        elif upper in ("CONVERT", "CHAR", "CHR") and self.accept("USING"):
            call.target = f"USING {self.advance().text.upper()}"
        elif self.upper == "AT" and upper == "CAST":
            self._to_parenthesis()
        if self.accept("ORDER", "BY"):
            call.order += self.ordering()
        if self.accept("SEPARATOR"):
            self.string()
        if self.accept("LIMIT"):
            while self.current.kind in (NUMBER, PARAMETER) or self.upper in (",", "OFFSET"):
                self.advance()

    def _skip_type(self) -> str:
        """A type holds words, numbers and strings alone: up to the next comma or the end. The answer is its words."""
        depth = 0
        self.advance()
        mark = self.index
        while not self.ended and not (depth == 0 and self.upper in (",", ")")):
            if self.starts_query():
                raise self.stopped()
            depth += (self.upper == "(") - (self.upper == ")")
            self.advance()
        return " ".join(token.text.upper() for token in self.tokens[mark : self.index])

    def _to_parenthesis(self) -> None:
        depth = 0
        while not self.ended and not (depth == 0 and self.upper == ")"):
            if self.starts_query():
                raise self.stopped()
            depth += (self.upper == "(") - (self.upper == ")")
            self.advance()

    def against(self, call: Call) -> None:
        self.expect("(")
        call.arguments.append(self.before_in())
        while self.upper != ")" and not self.ended:  # IN BOOLEAN MODE, WITH QUERY EXPANSION
            if not self.accept_any(_MATCH_WORDS):
                raise self.stopped()
        self.expect(")")

    def window(self) -> Window:
        """`w` or `(w PARTITION BY … ORDER BY … frame)`"""
        parts: list[Expr] = []
        if self.upper != "(":
            self.name()
            return Window(parts)
        self.advance()
        if self.is_name() and self.upper not in ("PARTITION", "ROWS", "RANGE", "GROUPS"):
            self.name()
        if self.accept("PARTITION", "BY"):
            parts += self.expressions()
        if self.accept("ORDER", "BY"):
            parts += self.ordering()
        while self.upper != ")" and not self.ended:
            if not self.accept_any(_FRAME_WORDS):
                parts.append(self.sum())
        self.expect(")")
        return Window(parts)
