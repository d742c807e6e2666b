"""FROM: tables, joins, derived tables and JSON_TABLE, from tokens to a tree."""

from typing import Final

from gateway.analysis.mysql import syntax
from gateway.analysis.mysql.calls import CONST
from gateway.analysis.mysql.expressions import ExpressionParser
from gateway.analysis.mysql.lexer import STRING
from gateway.analysis.mysql.syntax import Derived, FromItem, Join, Query, Table

_JOINS: Final = frozenset({"JOIN", "INNER", "CROSS", "LEFT", "RIGHT", "NATURAL", "STRAIGHT_JOIN"})
ALIAS_STOPS: Final = frozenset({"WINDOW", "EXCEPT", "INTERSECT", "MINUS", "OFFSET", "FETCH", "OF", "SYSTEM_TIME"})
_HINTS: Final = frozenset({"USE", "FORCE", "IGNORE"})


class TableParser(ExpressionParser):
    """What FROM, UPDATE and DELETE may name."""

    def columns(self) -> list[str]:
        """`(a, b)`"""
        self.expect("(")
        names = [self.any_name()]
        while self.accept(","):
            names.append(self.any_name())
        self.expect(")")
        return names

    def from_list(self) -> FromItem:
        """Items separated by commas."""
        item = self.joined()
        while self.accept(","):
            item = Join(item, self.joined())
        return item

    def joined(self) -> FromItem:
        """One item with the joins that follow it."""
        left = self._factor()
        while self.upper in _JOINS:
            left = self._join(left)
        return left

    def _join(self, left: FromItem) -> FromItem:
        join = Join(left, left)
        if self.accept("NATURAL"):
            join.natural = True
        if self.accept("STRAIGHT_JOIN"):
            word = "STRAIGHT_JOIN"
        else:
            word = self.accept_any(frozenset({"INNER", "CROSS", "LEFT", "RIGHT"}))
            self.accept("OUTER")
            self.expect("JOIN")
        join.right_first = word == "RIGHT"
        join.right = self._factor()
        # `a JOIN b JOIN c ON … ON …`: the second join belongs to the right side.
        while not join.natural and not self.sees("ON") and not self.sees("USING") and self.upper in _JOINS:
            mark = self.index
            deeper = self._join(join.right)
            if self.sees("ON") or self.sees("USING"):
                join.right = deeper
                continue
            self.to(mark)
            break
        if self.accept("ON"):
            join.on = self.expression()
        elif self.accept("USING"):
            join.using = self.columns()
        return join

    def _factor(self) -> FromItem:
        self.deeper()
        try:
            return self._table_factor()
        finally:
            self.depth -= 1

    def _table_factor(self) -> FromItem:
        if self.accept("{"):  # ODBC: { OJ … }
            self.name()
            item = self.joined()
            self.expect("}")
            return item
        lateral = self.accept("LATERAL")
        if self.upper == "(":
            if self.opens_query():
                mark = self.index
                query = self._parenthesised_query()
                if query is not None:
                    alias, columns = self._derived_alias()
                    return Derived(query, alias, columns, lateral)
                self.to(mark)
            self.advance()
            item = self.from_list()
            self.expect(")")
            return item
        if self.upper == "JSON_TABLE" and self.peek().upper == "(":
            return self._json_table()
        schema, name = self.qualified()
        return self.table(schema, name)

    def _parenthesised_query(self) -> Query | None:
        """`(query)`; None where the parenthesis turns out to hold a join."""
        self.expect("(")
        if self.starts_query():
            query = self.query()
            self.expect(")")
            return query
        first = self._parenthesised_query()
        if first is None or self.is_name() or self.upper in ("AS", ",") or self.upper in _JOINS:
            return None
        query = self.continued(first)
        self.expect(")")
        return query

    def _derived_alias(self) -> tuple[str, list[str]]:
        explicit = self.accept("AS")
        alias = ""
        if explicit or (self.is_name() and self.upper not in ALIAS_STOPS):
            alias = self.string() if self.current.kind is STRING else self.name()
        columns = self.columns() if alias and self.upper == "(" else []
        return alias, columns

    def _json_table(self) -> FromItem:
        self.advance(2)
        call = syntax.Call("", "JSON_TABLE", [self.expression()])
        self.expect(",")
        if self.expression() is not CONST:
            raise self.stopped()
        columns: list[str] = []
        self.expect("COLUMNS")
        self._json_columns(columns)
        self.expect(")")
        self.accept("AS")
        return syntax.TableFunction(call, self.name(), columns)

    def _json_columns(self, found: list[str]) -> None:
        """`(a FOR ORDINALITY, b INT PATH '…', NESTED PATH '…' COLUMNS (…))`: types, literals and new names alone."""
        self.deeper()
        self.expect("(")
        while True:
            if self.upper == "NESTED" and (self.peek().upper == "PATH" or self.peek().kind is STRING):
                self.advance()
                self.accept("PATH")
                self.string()
                self.expect("COLUMNS")
                self._json_columns(found)
            else:
                found.append(self.any_name())
                while not self.ended and self.upper not in (",", ")"):
                    if self.upper == "(":
                        self.skip_parentheses()
                    else:
                        self.advance()
            if not self.accept(","):
                break
        self.expect(")")
        self.depth -= 1

    def table(self, schema: str, name: str) -> Table:
        table = Table(schema, name)
        if self.upper == "PARTITION" and self.peek().upper == "(":
            self.advance()
            self.skip_parentheses()
        self._versioned()
        if self.accept("AS"):
            table.alias = self.string() if self.current.kind is STRING else self.name()
        elif self.is_name() and self.upper not in ALIAS_STOPS and not self.sees("TABLESAMPLE", "REGIONS"):
            table.alias = self.advance().text
        self._versioned()
        self.index_hints()
        if self.accept("TABLESAMPLE"):
            self.any_name()
            self.skip_parentheses()
        return table

    def index_hints(self) -> None:
        """USE, FORCE, IGNORE INDEX (…)"""
        while self.upper in _HINTS and self.peek().upper in ("INDEX", "KEY"):
            self.advance(2)
            if self.accept("FOR"):
                self.accept("JOIN") or self.accept("ORDER", "BY") or self.accept("GROUP", "BY")
            self.skip_parentheses()
            if self.upper == "," and self.peek().upper in _HINTS and self.peek(2).upper in ("INDEX", "KEY"):
                self.advance()

    def _versioned(self) -> None:
        """FOR SYSTEM_TIME … (MariaDB), AS OF TIMESTAMP … (TiDB). Their expressions name no columns, but may call functions."""
        if self.accept("FOR", "SYSTEM_TIME"):
            if self.accept("ALL"):
                return
            if self.accept("BETWEEN") or self.accept("FROM"):
                self.moment()
                self.accept("AND") or self.accept("TO")
                self.moment()
            else:
                self.expect("AS")
                self.expect("OF")
                self.moment()
        elif self.accept("AS", "OF"):
            self.moment()

    def moment(self) -> None:
        if self.peek().kind is not STRING:
            self.accept("TIMESTAMP") or self.accept("TRANSACTION")
        self.beside.append(self.sum())
