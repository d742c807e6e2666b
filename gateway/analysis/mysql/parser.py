"""Queries: SELECT, VALUES, TABLE, WITH and set operations, from tokens to a tree (MariaDB's sql_yacc.yy, MySQL 8's manual)."""

from typing import Final

from gateway.analysis.mysql import syntax
from gateway.analysis.mysql.lexer import BITS, NAME, NUMBER, PARAMETER, STRING, USER, WORD
from gateway.analysis.mysql.syntax import Compound, Item, Query, Select, Table, Tail, Values
from gateway.analysis.mysql.tables import ALIAS_STOPS, TableParser
from gateway.analysis.mysql.words import words

_MODIFIERS: Final = words(
    """ALL DISTINCT DISTINCTROW HIGH_PRIORITY STRAIGHT_JOIN SQL_SMALL_RESULT SQL_BIG_RESULT SQL_BUFFER_RESULT SQL_CACHE
    SQL_NO_CACHE SQL_CALC_FOUND_ROWS"""
)
_SETS: Final = frozenset({"UNION", "EXCEPT", "INTERSECT", "MINUS"})
_SETS_CERTAIN: Final = frozenset({"UNION", "EXCEPT", "INTERSECT"})
_STARTS: Final = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_LIMIT_WORDS: Final = words("""OFFSET ROW ROWS FIRST NEXT ONLY WITH TIES EXAMINED FETCH LIMIT ,""")
_FILE_WORDS: Final = words(
    """CHARACTER CHARSET SET FIELDS COLUMNS LINES TERMINATED ENCLOSED ESCAPED OPTIONALLY STARTING BY BINARY ASCII"""
)


class Parser(TableParser):
    """One statement's query or a part of one. `seen` collects what is wanted beside the tree."""

    def starts_query(self, ahead: int = 0) -> bool:
        """Whether a query without parentheses stands here."""
        token = self.peek(ahead) if ahead else self.current
        if token.upper not in _STARTS:
            return False
        if token.upper == "VALUES":
            after = self.peek(ahead + 1).upper
            return after in ("(", "ROW")
        return True

    def opens_query(self) -> bool:
        """Whether a query, possibly in parentheses, stands here."""
        ahead = 0
        while (self.peek(ahead) if ahead else self.current).upper == "(":
            ahead += 1
        return self.starts_query(ahead)

    # --- queries

    def query(self) -> Query:
        """A whole query with everything that may stand around it."""
        tail = Tail()
        if self.accept("WITH"):
            self.with_(tail)
        body = self._arms(self._arm())
        return self._ended(body, tail)

    def continued(self, first: Query) -> Query:
        """A query whose first arm, in parentheses, was read already."""
        return self._ended(self._arms(first), Tail())

    def _ended(self, body: Query, tail: Tail) -> Query:
        own = body.tail
        if own.ctes or own.order or own.locks or own.into or own.procedure:
            if self._at_tail() or tail.ctes:
                body = Compound([body], False)
            else:
                return body
        self._tail(tail)
        body.tail = tail
        return body

    def _at_tail(self) -> bool:
        return self.upper in ("ORDER", "FOR", "LOCK", "INTO", "PROCEDURE") or self._at_limit()

    def _arms(self, first: Query) -> Query:
        arms = [first]
        distinct = False
        while self.upper in _SETS and (self.upper in _SETS_CERTAIN or self.peek().upper in {*_STARTS, "(", "ALL", "DISTINCT"}):
            kind = self.advance().upper
            everything = self.accept("ALL")
            if not everything:
                self.accept("DISTINCT")
            distinct = distinct or not everything or kind != "UNION"
            arms.append(self._arm())
        if len(arms) == 1:
            return first
        return Compound(arms, distinct)

    def _arm(self) -> Query:
        self.deeper()
        try:
            if self.accept("("):
                inner = self.query()
                self.expect(")")
                return inner
            if self.accept("SELECT"):
                return self._select()
            if self.accept("VALUES"):
                return self._values()
            if self.accept("TABLE"):
                schema, name = self.qualified()
                return Select([Item(syntax.Star([]), "*", False)], Table(schema, name))
            if self.sees("WITH"):
                return self.query()
            raise self.stopped()
        finally:
            self.depth -= 1

    def _values(self) -> Values:
        rows: list[list[syntax.Expr]] = []
        while True:
            self.accept("ROW")
            self.expect("(")
            rows.append([] if self.upper == ")" else self.expressions())
            self.expect(")")
            if not self.accept(","):
                return Values(rows)

    def with_(self, tail: Tail) -> None:
        tail.recursive = self.accept("RECURSIVE")
        while True:
            name = self.name()
            columns = self.columns() if self.upper == "(" else []
            self.expect("AS")
            self.expect("(")
            query = self.query()
            self.expect(")")
            if self.accept("CYCLE"):
                self.name()
                while self.accept(","):
                    self.name()
                self.expect("RESTRICT")
            tail.ctes.append(syntax.Cte(name, columns, query))
            if not self.accept(","):
                return

    # --- SELECT

    def _select(self) -> Select:
        select = Select([])
        while word := self.accept_any(_MODIFIERS):
            select.distinct = select.distinct or word.startswith("DISTINCT")
        select.items = self.items()
        self._into(select.tail)
        if self.accept("FROM") and not self._dual():
            select.source = self.from_list()
        if self.accept("WHERE"):
            select.where = self.expression()
        if self.accept("GROUP", "BY"):
            select.group = self.ordering()
            self.accept("WITH", "ROLLUP") or self.accept("WITH", "CUBE")
        if self.accept("HAVING"):
            select.having = self.expression()
        if self.upper == "WINDOW" and self.peek(2).upper == "AS":
            self.advance()
            self._windows(select)
        if self._at_tail():
            self._tail(select.tail)
        return select

    def _dual(self) -> bool:
        if self.upper == "DUAL" and self.peek().upper not in (",", ".", "JOIN"):
            self.advance()
            return True
        return False

    def _windows(self, select: Select) -> None:
        while True:
            self.name()
            self.expect("AS")
            select.windows.append(self.window())
            if not self.accept(","):
                return

    def items(self) -> list[Item]:
        """A select list."""
        found = [self._item()]
        while self.accept(","):
            found.append(self._item())
        return found

    def _item(self) -> Item:
        start = self.current
        if self.accept("*"):
            return Item(syntax.Star([]), "*", False)
        value = self.expression()
        last = self.tokens[self.index - 1]
        if self.accept("AS"):
            if self.current.kind is STRING:
                return Item(value, self.string(), True)
            return Item(value, self.any_name(), True)
        if self.current.kind is STRING:
            return Item(value, self.string(), True)
        if self.is_name() and self.upper not in ALIAS_STOPS:
            return Item(value, self.advance().text, True)
        if isinstance(value, syntax.Ref):
            return Item(value, value.parts[-1], False)
        return Item(value, self.text[start.start : last.end], False)

    # --- what follows

    def _tail(self, tail: Tail) -> None:
        """ORDER BY, LIMIT, INTO, PROCEDURE and locks, in any order: a misplaced one is the server's error."""
        while True:
            if self.accept("ORDER", "BY"):
                tail.order += self.ordering()
                self.accept("WITH", "ROLLUP")
            elif self._at_limit():
                self._limit()
            elif self.upper == "INTO":
                self._into(tail)
            elif self.accept("PROCEDURE"):
                self._procedure(tail)
            elif self.upper in ("FOR", "LOCK"):
                self._lock(tail)
            else:
                return

    def _procedure(self, tail: Tail) -> None:
        """PROCEDURE ANALYSE(n, m): the rows go into it, what comes out tells of their columns."""
        tail.procedure = True
        self.qualified()
        self.expect("(")
        if self.upper != ")":
            self.beside += self.expressions()
        self.expect(")")

    def _at_limit(self) -> bool:
        if self.upper == "LIMIT":
            return True
        if self.upper == "OFFSET":
            return self.peek().kind in (NUMBER, PARAMETER, WORD, BITS)
        return self.upper == "FETCH" and self.peek().upper in ("FIRST", "NEXT")

    def limit(self) -> None:
        """LIMIT of UPDATE, DELETE, HANDLER, SHOW; nothing where there is none."""
        while self._at_limit():
            self._limit()

    def _limit(self) -> None:
        """Literals, parameters and, in stored programs, variables."""
        self.advance()
        while True:
            if self.current.kind in (NUMBER, PARAMETER, BITS, USER) or self.upper in _LIMIT_WORDS:
                if self.upper == "WITH" and self.peek().upper != "TIES":
                    return
                self.advance()
            elif (
                self.is_name() and self.tokens[self.index - 1].upper in ("LIMIT", "OFFSET", ",", "EXAMINED", "NEXT", "FIRST")
            ) or self.upper in ("-", "+"):
                self.advance()
            else:
                return

    def _into(self, tail: Tail) -> None:
        if not self.accept("INTO"):
            return
        if self.accept("OUTFILE") or self.accept("DUMPFILE"):
            tail.into = syntax.Into(file=True)
            self.string()
            self.file_format()
            return
        tail.into = syntax.Into(file=False)
        while True:
            if self.current.kind is USER:
                self.advance()
            else:
                self.qualified()
            if not self.accept(","):
                return

    def file_format(self) -> None:
        """CHARACTER SET, FIELDS, LINES of OUTFILE and INFILE."""
        while self.upper in _FILE_WORDS or self.current.kind in (STRING, BITS):
            if self.upper == "SET" and self.tokens[self.index - 1].upper != "CHARACTER":
                return
            charset = self.upper in ("SET", "CHARSET")
            self.advance()
            if charset and (self.current.kind in (WORD, NAME, STRING)):
                self.advance()

    def _lock(self, tail: Tail) -> None:
        if self.accept("LOCK"):
            self.expect("IN")
            self.expect("SHARE")
            self.expect("MODE")
            tail.locks.append(syntax.Lock([]))
            self._lock_wait()
            return
        self.expect("FOR")
        if not (self.accept("UPDATE") or self.accept("SHARE")):
            raise self.stopped()
        names: list[str] = []
        if self.accept("OF"):
            names.append(self.qualified()[1])
            while self.accept(","):
                names.append(self.qualified()[1])
        tail.locks.append(syntax.Lock(names))
        self._lock_wait()

    def _lock_wait(self) -> None:
        if self.accept("NOWAIT") or self.accept("SKIP", "LOCKED"):
            return
        if self.accept("WAIT"):
            self.advance()
