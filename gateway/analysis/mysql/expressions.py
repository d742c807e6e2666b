"""Expressions, from tokens to a tree. All binary operators are one: what counts is what stands under them."""

from typing import Final

from gateway.analysis.mysql import syntax
from gateway.analysis.mysql.cursor import RESERVED, Cursor, NotParsed
from gateway.analysis.mysql.lexer import BITS, NAME, NUMBER, PARAMETER, STRING, SYSTEM, USER, WORD, Token
from gateway.analysis.mysql.syntax import Call, Const, Expr, Mix, Query, Ref, Star, Sub, Window
from gateway.analysis.mysql.words import words

MAX_DEPTH: Final = 150
"""Levels of parentheses and subqueries that a statement may have."""

_BINARY: Final = words(
    """+ - * / % DIV MOD | & ^ << >> = <=> >= > <= < <> != AND && OR || XOR LIKE RLIKE REGEXP IN BETWEEN SOUNDS ESCAPE
    COLLATE MEMBER -> ->>"""
)
_SUM: Final = frozenset({"+", "-", "*", "/", "%", "DIV", "MOD"})
_PREFIX: Final = frozenset({"+", "-", "~", "!", "NOT", "BINARY"})
_NEGATED: Final = frozenset({"IN", "LIKE", "RLIKE", "REGEXP", "BETWEEN", "MEMBER"})
_TESTS: Final = frozenset({"NULL", "TRUE", "FALSE", "UNKNOWN"})
_UNITS: Final = words(
    """MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR SECOND_MICROSECOND MINUTE_MICROSECOND MINUTE_SECOND
    HOUR_MICROSECOND HOUR_SECOND HOUR_MINUTE DAY_MICROSECOND DAY_SECOND DAY_MINUTE DAY_HOUR YEAR_MONTH"""
)
_SQL_TSI: Final = frozenset({f"SQL_TSI_{unit}" for unit in _UNITS}) | _UNITS
_NO_PARENTHESES: Final = frozenset(
    [
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "LOCALTIME",
        "LOCALTIMESTAMP",
        "UTC_DATE",
        "UTC_TIME",
        "UTC_TIMESTAMP",
        "CURRENT_ROLE",
        "SESSION_USER",
    ]
)
_CERTAIN_NO_PARENTHESES: Final = _NO_PARENTHESES - {"CURRENT_ROLE", "SESSION_USER"}
# Reserved, and yet functions where a parenthesis follows.
_RESERVED_FUNCTIONS: Final = words(
    """LEFT RIGHT IF REPLACE INSERT MOD REPEAT CHAR SCHEMA VALUES DEFAULT MATCH CONVERT INTERVAL BINARY ROW CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP PERCENTILE_CONT
    PERCENTILE_DISC"""
)
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
_CHARSETS: Final = words(
    """_ARMSCII8 _ASCII _BIG5 _BINARY _CP1250 _CP1251 _CP1256 _CP1257 _CP850 _CP852 _CP866 _CP932 _DEC8 _EUCJPMS _EUCKR
    _GB18030 _GB2312 _GBK _GEOSTD8 _GREEK _HEBREW _HP8 _KEYBCS2 _KOI8R _KOI8U _LATIN1 _LATIN2 _LATIN5 _LATIN7 _MACCE
    _MACROMAN _SJIS _SWE7 _TIS620 _UCS2 _UJIS _UTF16 _UTF16LE _UTF32 _UTF8 _UTF8MB3 _UTF8MB4 _FILENAME"""
)
_LITERALS: Final = frozenset({STRING, NUMBER, BITS, PARAMETER})
_CONST: Final = Const()


class ExpressionParser(Cursor):
    """`beside` holds expressions that give no value but may call functions: moments of FOR SYSTEM_TIME."""

    def __init__(self, tokens: list[Token], text: str = "") -> None:
        super().__init__(tokens, text)
        self.depth = 0
        self.beside: list[Expr] = []

    # --- given by the parser of queries

    def query(self) -> Query:
        raise NotImplementedError

    def continued(self, first: Query) -> Query:
        raise NotImplementedError

    def starts_query(self, ahead: int = 0) -> bool:
        raise NotImplementedError

    def opens_query(self) -> bool:
        raise NotImplementedError

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
            if value is _CONST and self.index == mark + 1 and token.kind in (NUMBER, PARAMETER):
                value = syntax.Position(int(token.text) if token.text.isdigit() and len(token.text) < 10 else 0)
            found.append(value)
            self.accept("ASC") or self.accept("DESC")
            if not self.accept(","):
                return found

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotParsed(f"nested more than {MAX_DEPTH} levels deep")

    # --- operators

    def expression(self) -> Expr:
        """One expression, `:=` included."""
        return self._chain(_BINARY)

    def sum(self) -> Expr:
        """An expression that ends where AND may belong to something else."""
        return self._chain(_SUM)

    def _chain(self, operators: frozenset[str]) -> Expr:
        self.deeper()
        parts = [self._operand()]
        while upper := self.current.upper:
            if operators is _BINARY and upper == "NOT" and self.peek().upper in _NEGATED:
                self.advance()
            elif operators is _BINARY and upper == "IS":
                self.advance()
                parts[-1] = self._tested(parts[-1])
            elif upper not in operators:
                break
            else:
                self.advance()
                if upper == "COLLATE":
                    self.advance()
                else:
                    self._second_word(upper)
                    parts.append(self._operand())
        self.depth -= 1
        if len(parts) == 1:
            return parts[0]
        kept = [part for part in parts if part is not _CONST]
        return Mix(kept) if kept else _CONST

    def _tested(self, value: Expr) -> Expr:
        """IS NULL says only whether there is a value; IS TRUE tells of the value."""
        self.accept("NOT")
        found = self.accept_any(_TESTS)
        if not found:
            raise self.stopped()
        return syntax.Test([value]) if found == "NULL" else Mix([value])

    def _second_word(self, operator: str) -> None:
        """SOUNDS LIKE, MEMBER OF, and `= ANY (…)`."""
        if operator == "SOUNDS":
            self.expect("LIKE")
        elif operator == "MEMBER":
            self.accept("OF")
        elif operator not in ("IN", "LIKE") and self.upper in ("ANY", "SOME", "ALL") and self.peek().upper == "(":
            self.advance()

    def _operand(self) -> Expr:
        token = self.current
        kind = token.kind
        if kind in _LITERALS:
            self.advance()
            while kind is STRING and self.current.kind is STRING:
                self.advance()
            return _CONST
        if kind is NAME:
            return self._named()
        if kind is WORD:
            return self._word(token)
        if kind is USER:
            self.advance()
            if self.accept(":="):
                return syntax.Assign(self.expression())
            return _CONST
        if kind is SYSTEM:
            self._system_variable()
            return _CONST
        return self._operator(token)

    def _system_variable(self) -> None:
        token = self.advance()
        if not token.text:
            self.any_name()
        while self.accept("."):
            self.any_name()

    def _operator(self, token: Token) -> Expr:
        match token.upper:
            case "(":
                return self._parenthesis()
            case "*":
                self.advance()
                return Star([])
            case "." if self.peek().kind in (NAME, WORD):
                return self._named()
            case "{":  # ODBC: {d '…'}, {fn f()}
                self.advance()
                self.any_name()
                value = self.expression()
                self.expect("}")
                return value
            case ":":  # a stored program's parameter in Oracle's notation
                raise self.stopped()
            case prefix if prefix in _PREFIX:
                self.advance()
                return self._prefixed()
            case _:
                raise self.stopped()

    def _prefixed(self) -> Expr:
        self.deeper()
        value = self._operand()
        self.depth -= 1
        return value if value is _CONST else Mix([value])

    def _parenthesis(self) -> Expr:
        self.deeper()
        self.advance()
        if self.starts_query():
            value: Expr = Sub(self.query())
        else:
            value = self.expression()
            if isinstance(value, Sub) and self.upper in ("UNION", "EXCEPT", "INTERSECT", "ORDER", "LIMIT", "MINUS"):
                value = Sub(self.continued(value.query))
            elif self.upper == ",":
                parts = [value]
                while self.accept(","):
                    parts.append(self.expression())
                kept = [part for part in parts if part is not _CONST]
                value = Mix(kept) if kept else _CONST
        self.expect(")")
        self.depth -= 1
        return value

    # --- words

    def _word(self, token: Token) -> Expr:
        upper = token.upper
        after = self.peek()
        if after.upper == "(" and (upper not in RESERVED or upper in _RESERVED_FUNCTIONS) and upper != "INTERVAL":
            self.advance()
            return self._call("", token.text)
        keyword = self._keyword(upper, after)
        if keyword is not None:
            return keyword
        if upper in _CERTAIN_NO_PARENTHESES:
            self.advance()
            return Call("", token.text, [])
        if upper in RESERVED:
            raise self.stopped()
        return self._named()

    def _keyword(self, upper: str, after: Token) -> Expr | None:
        """An operand that a keyword begins; None where it is a name."""
        match upper:
            case "NULL" | "TRUE" | "FALSE" | "DEFAULT":
                self.advance()
                return _CONST
            case "EXISTS" if after.upper == "(":
                self.advance()
                value = self._parenthesis()
                return Sub(value.query, exists=True) if isinstance(value, Sub) else value
            case "CASE":
                return self._case()
            case "MATCH":  # without parentheses: so MariaDB prints it in views' definitions
                self.advance()
                call = Call("", "match", self.expressions())
                self.expect("AGAINST")
                self._against(call)
                return call
            case "INTERVAL":
                return self._interval()
            case "NEXT" | "PREVIOUS" if after.upper == "VALUE" and self.peek(2).upper == "FOR":
                self.advance(3)
                return syntax.Sequence(*self.qualified(), writes=upper == "NEXT")
            case "DATE" | "TIME" | "TIMESTAMP" if after.kind is STRING:
                self.advance(2)
                return _CONST
            case _ if upper in _PREFIX:
                self.advance()
                return self._prefixed()
            case _ if upper in _CHARSETS and after.kind in (STRING, BITS, PARAMETER):
                self.advance()
                return self._operand()
        return None

    def _named(self) -> Expr:
        """A column, a qualified star or a qualified function."""
        parts: list[str] = []
        if self.accept("."):
            parts.append(self.any_name())
        else:
            parts.append(self.advance().text)
        while self.upper == ".":
            self.advance()
            if self.accept("*"):
                return Star(parts)
            parts.append(self.any_name())
        if self.upper == "(" and len(parts) <= 3:
            if len(parts) == 1 and self.tokens[self.index - 1].kind is NAME:
                return self._call("", parts[0])
            return self._call(".".join(parts[:-1]) if len(parts) > 2 else parts[0], parts[-1])
        if len(parts) > 3:
            raise self.stopped()
        return Ref(parts)

    def _case(self) -> Expr:
        self.deeper()
        self.advance()
        parts: list[Expr] = []
        if self.upper != "WHEN":
            parts.append(self.expression())
        while self.accept("WHEN"):
            parts.append(self.expression())
            self.expect("THEN")
            parts.append(self.expression())
        if self.accept("ELSE"):
            parts.append(self.expression())
        self.expect("END")
        self.depth -= 1
        return Mix(parts)

    def _interval(self) -> Expr:
        """INTERVAL expr unit, or the function INTERVAL(n, a, b)."""
        self.advance()
        if self.upper == "(":
            self.advance()
            parts = self.expressions()
            self.expect(")")
            if len(parts) > 1:
                return Call("", "INTERVAL", parts)
            value: Expr = Mix(parts)
            if self.upper not in _UNITS:
                value = Mix([value, self._rest_of_interval()])
        else:
            value = self.expression()
        self._unit(_UNITS)
        return value

    def _rest_of_interval(self) -> Expr:
        """`INTERVAL (a) + 1 DAY`"""
        if self.current.upper not in _BINARY:
            raise self.stopped()
        self.advance()
        return self.expression()

    # --- calls

    def _call(self, schema: str, name: str) -> Expr:
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
            self._against(call)
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
        while self.upper == "." and self.peek().kind in (NAME, WORD):  # ExtractValue(…).x and its like do not exist
            raise self.stopped()
        return call

    def _sequence_argument(self, writes: bool) -> Expr | None:
        mark = self.index
        schema, name = self.qualified()
        if self.upper not in (",", ")"):
            self.to(mark)
            return None
        while self.accept(","):
            self.sum()
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
            call.arguments.append(Sub(self.query()) if self.starts_query() else self.expression())
            self._after_argument(call, upper)
            if self.accept(","):
                if upper == "CONVERT":
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
            self._unit(_UNITS)
            self.expect("FROM")
        elif upper in _UNIT_FIRST:
            self._unit(_SQL_TSI)
            self.expect(",")
        elif upper == "GET_FORMAT":
            self.advance()
            self.expect(",")
        elif upper == "POSITION":
            call.arguments.append(self._chain(_BINARY - {"IN"}))
            if not self.accept("IN"):
                self.expect(",")
        return False

    def _unit(self, units: frozenset[str]) -> None:
        if not self.accept_any(units):
            raise self.stopped()

    def _after_argument(self, call: Call, upper: str) -> None:
        """What may stand behind an argument: types, character sets, ORDER BY, SEPARATOR, LIMIT."""
        if upper in _TYPED_ARGUMENTS and self.upper in ("AS", "RETURNING", "LEVEL"):
            self._skip_type()
        elif upper in ("CONVERT", "CHAR", "CHR") and self.accept("USING"):
            self.advance()
        elif self.upper == "AT" and upper == "CAST":
            self._to_parenthesis()
        if self.accept("ORDER", "BY"):
            call.order += self.ordering()
        if self.accept("SEPARATOR"):
            self.string()
        if self.accept("LIMIT"):
            while self.current.kind in (NUMBER, PARAMETER) or self.upper in (",", "OFFSET"):
                self.advance()

    def _skip_type(self) -> None:
        """A type holds words, numbers and strings alone: up to the next comma or the end."""
        depth = 0
        while not self.ended and not (depth == 0 and self.upper in (",", ")")):
            if self.starts_query():
                raise self.stopped()
            depth += (self.upper == "(") - (self.upper == ")")
            self.advance()

    def _to_parenthesis(self) -> None:
        depth = 0
        while not self.ended and not (depth == 0 and self.upper == ")"):
            if self.starts_query():
                raise self.stopped()
            depth += (self.upper == "(") - (self.upper == ")")
            self.advance()

    def _against(self, call: Call) -> None:
        self.expect("(")
        call.arguments.append(self._chain(_BINARY - {"IN"}))
        while self.upper != ")" and not self.ended:  # IN BOOLEAN MODE, WITH QUERY EXPANSION
            if not self.accept_any(frozenset({"IN", "BOOLEAN", "MODE", "NATURAL", "LANGUAGE", "WITH", "QUERY", "EXPANSION"})):
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
            if self.accept_any(
                words(
                    """ROWS RANGE GROUPS BETWEEN AND UNBOUNDED PRECEDING FOLLOWING CURRENT ROW EXCLUDE NO OTHERS TIES GROUP"""
                )
            ):
                continue
            parts.append(self.sum())
        self.expect(")")
        return Window(parts)
