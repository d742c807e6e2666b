"""ALTER TABLE and RENAME TABLE of MySQL: whose columns come under another path, and whose values are judged or copied.

Every clause of ALTER TABLE counts at once, as the server runs them (reference manual, "ALTER TABLE Statement").
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.lexer import NAME, WORD, Token
from gateway.analysis.mysql.names import Found
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.words import words
from gateway.analysis.postgres.records import Record
from gateway.model.footprint import Clause, ObjectName, relation

_ALL: Final = "*"
_REDEFINING: Final = frozenset({"CHANGE", "MODIFY"})
# A clause that begins so is checked against the rows, or puts them elsewhere as their values are.
_JUDGING: Final = words("ADD CHANGE MODIFY PARTITION REORGANIZE ORDER CONVERT")
_PLAIN_KEYS: Final = words("INDEX KEY FULLTEXT SPATIAL VECTOR")
_PLACES: Final = frozenset({"AFTER", "COMMENT"})


class Altered:
    """One table that ALTER TABLE changes, clause by clause."""

    def __init__(self, ctx: Context, found: Found, record: Record, tokens: Sequence[Token]) -> None:
        self._ctx = ctx
        self._found = found
        self._record = record
        self._columns = {column.name.lower(): column for column in found.info.columns} if found.info is not None else {}
        self._clauses = [Parser(list(clause)) for clause in _clauses(tokens)]
        self.name = found.name
        self.renamed: dict[str, str] = {}

    def note(self) -> None:
        """Renames, and what is asked of the values or made of them."""
        for p in self._clauses:
            first = p.upper
            if first == "CHANGE" or p.sees("RENAME", "COLUMN"):
                self._renames(p)
            if first in _JUDGING and not (first == "ADD" and p.peek().upper in _PLAIN_KEYS):
                self._judged(p.tokens)
            if first in _REDEFINING:
                self._settled(p)
            self._copied(p.tokens)

    def keyed(self, tokens: Sequence[Token], *, unique: bool) -> None:
        """CREATE INDEX: a unique one, or one over expressions, is built as the values allow."""
        if unique or any(token.upper == "(" and after.upper == "(" for token, after in pairwise(tokens)):
            self._judged(tokens)

    def under(self, target: ObjectName) -> None:
        """Its columns are at this path afterwards."""
        whole(self._ctx, self._found, target, self.renamed)

    def _renames(self, p: Parser) -> None:
        p.advance()
        p.accept("COLUMN")
        p.accept("IF", "EXISTS")
        old = p.any_name()
        p.accept("TO")
        new = p.any_name()
        if self._label(old) != new:
            self.renamed[old.lower()] = new

    def _judged(self, tokens: Sequence[Token]) -> None:
        for name in self._named(tokens):
            self._record.use(Clause.CONSTRAINT, name)

    def _settled(self, p: Parser) -> None:
        """A column that was generated may keep its values as its own."""
        p.to(1)
        p.accept("COLUMN")
        p.accept("IF", "EXISTS")
        name = p.any_name()
        column = self._columns.get(name.lower())
        if column is not None and column.generated and self._found.info is not None:
            for source in self._found.info.made_of(column):
                self._ctx.findings.move(self._found.name, source, self._found.name, self.renamed.get(name.lower(), column.name))

    def _copied(self, tokens: Sequence[Token]) -> None:
        """A default that is made of other columns: rows that are there get it at once."""
        for index, token in enumerate(tokens[:-1]):
            if token.upper == "DEFAULT" and tokens[index + 1].upper == "(":
                for name in self._named(tokens[index:]):
                    self._record.use(Clause.STORED, name)

    def _named(self, tokens: Sequence[Token]) -> Iterator[str]:
        before = ""
        for token in tokens:
            if token.kind in (NAME, WORD) and token.text.lower() in self._columns and before not in _PLACES:
                yield self._columns[token.text.lower()].name
            before = token.upper

    def _label(self, name: str) -> str:
        """The column as the catalog writes it: names of columns are compared without regard to case."""
        known = self._columns.get(name.lower())
        return known.name if known is not None else name


def meant(ctx: Context, schema: str, name: str) -> ObjectName:
    """The relation that a statement makes under this name."""
    return relation(*ctx.names.full(schema, name))


def whole(ctx: Context, found: Found, target: ObjectName, renamed: Mapping[str, str] | None = None) -> None:
    """The columns of a relation come under another path. `renamed`: old names in lower case to new ones."""
    others = renamed or {}
    if found.info is None:
        ctx.findings.move(found.name, _ALL, target, _ALL)
    for column in [column.name for column in found.info.columns] if found.info is not None else others:
        other = others.get(column.lower(), column)
        if (target, other) != (found.name, column):
            ctx.findings.move(found.name, column, target, other)


def _clauses(tokens: Sequence[Token]) -> list[list[Token]]:
    """ALTER TABLE's clauses; ONLINE, IGNORE, WAIT and their like in front of the table's name are none."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.upper == "(") - (token.upper == ")")
        if token.upper == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return found
