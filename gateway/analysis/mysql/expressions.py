"""Expressions, from tokens to a tree. All binary operators are one: what counts is what stands under them."""

from typing import Final

from gateway.analysis.mysql import syntax
from gateway.analysis.mysql.calls import CONST, UNITS, CallParser
from gateway.analysis.mysql.cursor import RESERVED
from gateway.analysis.mysql.functions import COUNTS_OF_WARNINGS
from gateway.analysis.mysql.lexer import BITS, NAME, NUMBER, PARAMETER, STRING, SYSTEM, USER, WORD, Token
from gateway.analysis.mysql.syntax import Call, Expr, Mix, Ref, Star, Sub
from gateway.analysis.mysql.words import words

_BINARY: Final = words(
    """+ - * / % DIV MOD | & ^ << >> = <=> >= > <= < <> != AND && OR || XOR LIKE RLIKE REGEXP IN BETWEEN SOUNDS ESCAPE
    COLLATE MEMBER -> ->>"""
)
_SUM: Final = frozenset({"+", "-", "*", "/", "%", "DIV", "MOD"})
_PREFIX: Final = frozenset({"+", "-", "~", "!", "NOT", "BINARY"})
_WITHOUT_IN: Final = _BINARY - {"IN"}
_NEGATED: Final = frozenset({"IN", "LIKE", "RLIKE", "REGEXP", "BETWEEN", "MEMBER"})
_TESTS: Final = frozenset({"NULL", "TRUE", "FALSE", "UNKNOWN"})
_NO_PARENTHESES: Final = words(
    """CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP"""
)
# Reserved, and yet functions where a parenthesis follows.
_RESERVED_FUNCTIONS: Final = words(
    """LEFT RIGHT IF REPLACE INSERT MOD REPEAT CHAR SCHEMA VALUES DEFAULT MATCH CONVERT INTERVAL BINARY ROW CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP PERCENTILE_CONT
    PERCENTILE_DISC"""
)
_CHARSETS: Final = words(
    """_ARMSCII8 _ASCII _BIG5 _BINARY _CP1250 _CP1251 _CP1256 _CP1257 _CP850 _CP852 _CP866 _CP932 _DEC8 _EUCJPMS _EUCKR
    _GB18030 _GB2312 _GBK _GEOSTD8 _GREEK _HEBREW _HP8 _KEYBCS2 _KOI8R _KOI8U _LATIN1 _LATIN2 _LATIN5 _LATIN7 _MACCE
    _MACROMAN _SJIS _SWE7 _TIS620 _UCS2 _UJIS _UTF16 _UTF16LE _UTF32 _UTF8 _UTF8MB3 _UTF8MB4 _FILENAME"""
)
_LITERALS: Final = frozenset({STRING, NUMBER, BITS, PARAMETER})


class ExpressionParser(CallParser):
    """Operators, operands and the keywords that begin one."""

    def expression(self) -> Expr:
        """One expression, `:=` included."""
        return self._chain(_BINARY)

    def sum(self) -> Expr:
        """An expression that ends where AND may belong to something else."""
        return self._chain(_SUM)

    def before_in(self) -> Expr:
        """An expression that ends where IN belongs to something else."""
        return self._chain(_WITHOUT_IN)

    def _chain(self, operators: frozenset[str]) -> Expr:
        self.deeper()
        mark = self.index
        parts = [self._operand()]
        if not self.current.upper:
            self.depth -= 1
            return parts[0]
        literals = [self.literal(parts[0], mark)]
        written: list[str] = []
        while upper := self.current.upper:
            if operators is _BINARY and upper == "NOT" and self.peek().upper in _NEGATED:
                self.advance()
            elif operators is _BINARY and upper == "IS":
                self.advance()
                parts[-1] = self._tested(parts[-1])
                literals[-1] = None
            elif upper not in operators:
                break
            else:
                self.advance()
                if upper == "COLLATE":
                    self.advance()
                else:
                    self._second_word(upper)
                    mark = self.index
                    parts.append(self._operand())
                    literals.append(self.literal(parts[-1], mark))
                    written.append(upper)
        self.depth -= 1
        if len(parts) == 1:
            return parts[0]
        kept = [part for part in parts if part is not CONST]
        if not kept and (operators is _SUM or not _SUM.intersection(written)):
            return CONST
        return Mix(kept, syntax.CHAIN, written, parts, literals)

    def _tested(self, value: Expr) -> Expr:
        """IS NULL says only whether there is a value; IS TRUE tells of the value."""
        self.accept("NOT")
        found = self.accept_any(_TESTS)
        if not found:
            raise self.stopped()
        return syntax.Test([value]) if found == "NULL" else Mix([value], "IS")

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
            return CONST
        if kind is NAME:
            return self._named()
        if kind is WORD:
            return self._word(token)
        if kind is USER:
            self.advance()
            if self.accept(":="):
                return syntax.Assign(self.expression())
            return CONST
        if kind is SYSTEM:
            return self._system_variable()
        return self._operator(token)

    def _system_variable(self) -> Expr:
        name = self.advance().text or self.any_name()
        while self.accept("."):
            name = self.any_name()
        variable = f"@@{name.lower()}"
        return Call("", variable, []) if variable in COUNTS_OF_WARNINGS else CONST

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
                return self._prefixed(prefix)
            case _:
                raise self.stopped()

    def _prefixed(self, operator: str) -> Expr:
        self.deeper()
        value = self._operand()
        self.depth -= 1
        return value if value is CONST else Mix([value], operator)

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
                kept = [part for part in parts if part is not CONST]
                value = Mix(kept, syntax.ROW) if kept else CONST
        self.expect(")")
        self.depth -= 1
        return value

    # --- words

    def _word(self, token: Token) -> Expr:
        upper = token.upper
        after = self.peek()
        if after.upper == "(" and (upper not in RESERVED or upper in _RESERVED_FUNCTIONS) and upper != "INTERVAL":
            self.advance()
            return self.call("", token.text)
        keyword = self._keyword(upper, after)
        if keyword is not None:
            return keyword
        if upper in _NO_PARENTHESES:
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
                return CONST
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
                self.against(call)
                return call
            case "INTERVAL":
                return self._interval()
            case "NEXT" | "PREVIOUS" if after.upper == "VALUE" and self.peek(2).upper == "FOR":
                self.advance(3)
                return syntax.Sequence(*self.qualified(), writes=upper == "NEXT")
            case "DATE" | "TIME" | "TIMESTAMP" if after.kind is STRING:
                self.advance(2)
                return CONST
            case _ if upper in _PREFIX:
                self.advance()
                return self._prefixed(upper)
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
                return self.call("", parts[0])
            return self.call(".".join(parts[:-1]) if len(parts) > 2 else parts[0], parts[-1])
        if len(parts) > 3:
            raise self.stopped()
        return Ref(parts)

    def _case(self) -> Expr:
        self.deeper()
        self.advance()
        parts: list[Expr] = []
        words: list[str] = []
        if self.upper != "WHEN":
            parts.append(self.expression())
            words.append("CASE")
        while self.accept("WHEN"):
            parts.append(self.expression())
            self.expect("THEN")
            parts.append(self.expression())
            words += ("WHEN", "THEN")
        if self.accept("ELSE"):
            parts.append(self.expression())
            words.append("ELSE")
        self.expect("END")
        self.depth -= 1
        return Mix(parts, syntax.CASE, words)

    def _interval(self) -> Expr:
        """INTERVAL expr unit, or the function INTERVAL(n, a, b)."""
        self.advance()
        if self.upper == "(":
            self.advance()
            parts = self.expressions()
            self.expect(")")
            if len(parts) > 1:
                return Call("", "INTERVAL", parts)
            value: Expr = Mix(parts, syntax.INTERVAL)
            if self.upper not in UNITS:
                value = Mix([value, self._rest_of_interval()])
        else:
            value = Mix([self.expression()], syntax.INTERVAL)
        self.unit(UNITS)
        return value

    def _rest_of_interval(self) -> Expr:
        """`INTERVAL (a) + 1 DAY`"""
        if self.current.upper not in _BINARY:
            raise self.stopped()
        self.advance()
        return self.expression()
