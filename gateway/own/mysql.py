"""Statements to the gateway itself, recognised in MySQL's: the schema `gateway` belongs to it, never to a server.

Read from the server's own tokens, so that quotes, comments and modes are the session's; a query's tokens are written anew for
sqlglot. Beside queries and calls there is what clients ask for completion: USE, SHOW, DESCRIBE, information_schema.

`inside`: the session has said USE gateway. The server has not been told and stands in the database before; so what would mean
that one, because it names none, is refused.
"""

import re
from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from gateway.analysis.mysql.cursor import Cursor, NotParsed
from gateway.analysis.mysql.entry import analyse_mysql
from gateway.analysis.mysql.lexer import NAME, PARAMETER, STRING, USER, WORD, Lexer, NotLexed, Token
from gateway.analysis.mysql.modes import Reading, reading
from gateway.analysis.mysql.words import words
from gateway.catalog import CatalogSnapshot
from gateway.model.identity import Engine
from gateway.model.own import (
    ARGUMENTS,
    CALLS,
    INSIDE,
    RELATIONS,
    SCHEMA,
    OwnFault,
    OwnRefused,
    OwnRequest,
    Parameter,
    Variable,
    texts,
)
from gateway.model.statement import Statement
from gateway.own.faults import no_relation, refused
from gateway.own.mysql_schema import asks_gateway_alone, described, shown_databases, shown_tables
from gateway.own.query import parsed, read_query

_USAGE: Final = {
    "explain": "CALL gateway.explain('SELECT …')",
    "request_access": "CALL gateway.request_access('select', 'shop.t', '4h', 'why')",
}
_QUALIFIED: Final = re.compile(r"\bgateway[`\"]?\s*\.", re.IGNORECASE)
_QUERIES: Final = frozenset({"SELECT", "WITH", "TABLE", "(", "VALUES"})
_EXPLAINING: Final = frozenset({"DESCRIBE", "DESC", "EXPLAIN"})
_OF_TABLE: Final = frozenset({"COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS"})
_NAMES: Final = (NAME, WORD)
# What means nothing of the current database, or names everything in full: else it is refused inside.
_OUTSIDE: Final = words(
    """SELECT WITH TABLE ( VALUES SHOW SET BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE DO KILL HELP EXPLAIN DESCRIBE DESC
    INSERT UPDATE DELETE REPLACE CALL PREPARE EXECUTE DEALLOCATE USE XA UNLOCK"""
)
_OF_DATABASE: Final = frozenset({"TABLES", "TABLE", "TRIGGERS", "EVENTS", "OPEN", "INDEX", "INDEXES", "KEYS", "CREATE"})
_NO_DATABASE: Final = "the current database is the gateway's own: this needs USE of a database of the server's"


def own_request(statement: Statement, catalog: CatalogSnapshot) -> OwnRequest | None:
    """What the text asks the gateway; None where it asks the server. Raises OwnRefused for what names `gateway.` otherwise."""
    inside = is_inside(statement)
    if SCHEMA not in statement.text.lower() and not inside:
        return None
    pieces = _pieces(statement.text, reading(statement.namespace, catalog))
    if not pieces:
        if inside and statement.text.strip():
            raise refused(_NO_DATABASE)
        return None
    found = _Statement(statement.text, pieces[0], inside=inside)
    asked = found.request()
    if asked is not None:
        if len(pieces) > 1:
            raise refused("a statement on the schema gateway stands alone in its text")
        return asked
    if inside and any(_needs_database(piece) for piece in pieces):
        raise refused(_NO_DATABASE)
    if (inside or _QUALIFIED.search(statement.text)) and _touches(statement, catalog, inside=inside):
        raise refused("the schema gateway can be read and called, each statement by itself, and nothing else")
    return None


def is_inside(statement: Statement) -> bool:
    """Whether names without a database mean the gateway's: a prepared statement keeps the database it was made in."""
    return statement.namespace.search_path == (SCHEMA,) and INSIDE in statement.namespace.flags


def _pieces(text: str, how: Reading) -> list[list[Token]]:
    """The tokens of each statement; none where they are not certain: then the analysis says why."""
    lexer, found = Lexer(text, how), []
    if "ORACLE" in how.modes or not (how.safe_charset or text.isascii()):
        return []
    try:
        while (piece := lexer.statement()) is not None:
            found.append(list(piece[0]))
    except NotLexed:
        return []
    return found


def _needs_database(tokens: list[Token]) -> bool:
    first = tokens[0].upper
    if first == "SHOW":
        named = any(token.upper in {"FROM", "IN"} or token.upper == "." for token in tokens)
        return not named and any(token.upper in _OF_DATABASE for token in tokens[1:4])
    return first not in _OUTSIDE


def _touches(statement: Statement, catalog: CatalogSnapshot, *, inside: bool) -> bool:
    """Whether anything of the schema stands in the text, prepared texts and bodies included."""
    if SCHEMA in statement.namespace.search_path and not inside:  # a server's database of this name is the current one
        return False
    for footprint in analyse_mysql(statement, catalog):
        if inside and footprint.opaque is not None:
            return True
        names = [access.object.schema for access in footprint.accesses] + [use.name.schema for use in footprint.functions]
        if any(name.lower() == SCHEMA for name in names):
            return True
    return False


class _Statement:
    """One statement's tokens, and what they ask."""

    def __init__(self, text: str, tokens: list[Token], *, inside: bool) -> None:
        self._tokens = tokens
        self._cursor = Cursor(tokens, text)
        self._text = text
        self._inside = inside

    def request(self) -> OwnRequest | None:
        """None where it is the server's to answer. Raises OwnRefused."""
        cursor = self._cursor
        first = cursor.upper
        try:
            if first in _QUERIES:
                return self._query()
            if first == "USE":
                return _ENTERS if len(cursor.tokens) == 2 and _is_schema(cursor.peek()) else None
            cursor.advance()
            if first == "CALL":
                found = self._call() if self._qualifies(called=True) else None
            elif first in _EXPLAINING:
                found = self._describe() if self._qualifies() else None
            elif first == "SHOW":
                found = self._show()
            else:
                return None
            if found is not None and not cursor.ended:
                raise cursor.stopped()
        except NotParsed as stopped:
            raise refused(f"this is not answered here, {stopped}") from None
        return found

    def _qualifies(self, *, called: bool = False) -> bool:
        """Whether the name here is the schema's; steps over `gateway.`."""
        cursor = self._cursor
        if _is_schema(cursor.current) and cursor.peek().upper == ".":
            cursor.advance(2)
            return True
        if not self._inside or cursor.peek().upper == ".":
            return False
        if called:
            return cursor.current.kind in _NAMES
        alone = cursor.peek().kind not in _NAMES or cursor.index + 2 == len(cursor.tokens)  # EXPLAIN FORMAT …, EXPLAIN SELECT …
        return cursor.is_name() and alone

    # Queries

    def _query(self) -> OwnRequest | None:
        text = _rewritten(self._tokens)
        named = any(_is_schema(token) for token in self._tokens) or _mentions_schema(self._tokens)
        if not (named or self._inside):
            return None
        try:
            tree = parsed(Engine.MYSQL, text)
        except OwnRefused:
            if self._inside or any(_reads_schema(self._tokens, place) for place in range(len(self._tokens))):
                raise
            return None
        tables = _relations(tree)
        if asks_gateway_alone(tree, inside=self._inside):
            try:
                return read_query(Engine.MYSQL, text, tuple(self._written()), inside=self._inside, views=True)
            except OwnRefused:
                return None  # of what the servers' information_schema holds we know the usual part
        asks_where = self._inside and any(token.upper in {"DATABASE", "SCHEMA"} for token in self._tokens)
        own = [table for table in tables if table.db.lower() == SCHEMA or (self._inside and not table.db)]
        if not own and not (asks_where and not tables):
            return None
        return read_query(Engine.MYSQL, text, tuple(self._written()), inside=self._inside)

    def _written(self) -> Iterator[str]:
        """The entries of the outermost select list as they stand in the text."""
        depth, begun = 0, -1
        for place, token in enumerate(self._tokens):
            depth += (token.upper == "(") - (token.upper == ")")
            if begun < 0:
                if token.upper == "SELECT" and not depth:
                    begun = place + 1
                    while begun < len(self._tokens) and self._tokens[begun].upper in {"DISTINCT", "ALL", "DISTINCTROW"}:
                        begun += 1
            elif place >= begun and not depth and token.upper in _ENDS:
                yield self._slice(begun, place)
                begun = place + 1
                if token.upper != ",":
                    return
        if 0 <= begun < len(self._tokens):
            yield self._slice(begun, len(self._tokens))

    def _slice(self, begin: int, end: int) -> str:
        return self._text[self._tokens[begin].start : self._tokens[end - 1].end] if begin < end else ""

    # SHOW, DESCRIBE

    def _describe(self) -> OwnRequest:
        """DESCRIBE t column, DESCRIBE t 'pattern'."""
        cursor = self._cursor
        name = self._relation()
        if cursor.ended:
            return described(name)
        return described(name, pattern=cursor.string() if cursor.current.kind is STRING else cursor.any_name())

    def _show(self) -> OwnRequest | None:
        cursor = self._cursor
        cursor.accept("EXTENDED")
        full = cursor.accept("FULL")
        if cursor.accept_any(frozenset({"DATABASES", "SCHEMAS"})):
            found = shown_databases(cursor.string()) if cursor.accept("LIKE") and cursor.current.kind is STRING else None
            return found if cursor.ended else None
        if cursor.accept("TABLES"):
            return shown_tables(full=full, pattern=self._like()) if self._of_schema() else None
        if cursor.accept_any(frozenset({"COLUMNS", "FIELDS"})):
            return self._columns(full=full)
        named = [place + 1 for place, token in enumerate(cursor.tokens[:-1]) if token.upper in {"FROM", "IN"}]
        if named and any(_is_schema(cursor.tokens[place]) for place in named[:2]):
            raise cursor.stopped()
        return None

    def _of_schema(self) -> bool:
        cursor = self._cursor
        if not (cursor.accept("FROM") or cursor.accept("IN")):
            return self._inside
        return _is_schema(cursor.advance())

    def _columns(self, *, full: bool) -> OwnRequest | None:
        """SHOW COLUMNS FROM gateway.t, FROM t FROM gateway."""
        cursor = self._cursor
        if not (cursor.accept("FROM") or cursor.accept("IN")):
            return None
        if _is_schema(cursor.current) and cursor.peek().upper == ".":
            cursor.advance(2)
        elif cursor.peek().upper in {"FROM", "IN"}:
            if not _is_schema(cursor.peek(2)):
                return None
            name = self._relation()
            cursor.advance(2)
            return described(name, full=full, pattern=self._like())
        elif not self._inside or cursor.peek().upper == ".":
            return None
        return described(self._relation(), full=full, pattern=self._like())

    def _relation(self) -> str:
        name = self._cursor.any_name()
        if name.lower() not in RELATIONS:
            raise no_relation(name, Engine.MYSQL)
        return name.lower()

    def _like(self) -> str | None:
        return self._cursor.string() if self._cursor.accept("LIKE") else None

    # CALL

    def _call(self) -> OwnRequest:
        cursor = self._cursor
        written = cursor.any_name()
        name = written.lower()
        if name not in CALLS:
            there = ", ".join(f"gateway.{known}" for known in CALLS)
            raise OwnRefused(OwnFault.NO_PROCEDURE, f"PROCEDURE gateway.{written} does not exist", f"There are: {there}.")
        arguments: list[str | Parameter | Variable] = []
        if cursor.accept("(") and not cursor.accept(")"):
            while True:
                numbers = sum(isinstance(item, Parameter) for item in arguments)
                arguments.append(self._argument(name, numbers + 1))
                if not cursor.accept(","):
                    cursor.expect(")")
                    break
        wanted = len(ARGUMENTS[name])
        if len(arguments) != wanted:
            text = f"Incorrect number of arguments for PROCEDURE gateway.{name}; expected {wanted}, got {len(arguments)}"
            raise OwnRefused(OwnFault.WRONG_ARGUMENTS, text, _USAGE[name])
        numbers = sum(isinstance(item, Parameter) for item in arguments)
        return OwnRequest(name, CALLS[name], Engine.MYSQL, call=True, arguments=tuple(arguments), parameters=texts(numbers))

    def _argument(self, name: str, number: int) -> str | Parameter | Variable:
        cursor = self._cursor
        if cursor.current.kind is PARAMETER:
            cursor.advance()
            return Parameter(number)
        if cursor.current.kind is USER:
            return Variable(cursor.advance().text)
        if cursor.current.kind is STRING:
            return cursor.string()
        raise refused(f"gateway.{name} takes constant texts, parameters and user variables", _USAGE[name])


_ENDS: Final = frozenset(
    {",", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "WINDOW", "FOR", "INTO"}
)
_ENTERS: Final = OwnRequest("gateway", (), Engine.MYSQL, enters=True)


def _is_schema(token: Token) -> bool:
    return token.kind in _NAMES and token.text.lower() == SCHEMA


def _mentions_schema(tokens: list[Token]) -> bool:
    return any(token.kind is STRING and token.text.lower() == SCHEMA for token in tokens)


def _reads_schema(tokens: list[Token], place: int) -> bool:
    """Whether `gateway.` stands here where only a relation's name can."""
    if not _is_schema(tokens[place]) or place + 1 >= len(tokens) or tokens[place + 1].upper != "." or not place:
        return False
    return tokens[place - 1].upper in {"FROM", "JOIN", "TABLE"}


def _relations(tree: exp.Expr) -> list[exp.Table]:
    """What the query reads but its own WITH queries."""
    made = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.db or table.name.lower() not in made]


def _rewritten(tokens: list[Token]) -> str:
    """The statement for sqlglot, with every quote the way it reads them. Parameters become `:p1`, `:p2`."""
    parts: list[str] = []
    number = 0
    for token in tokens:
        if token.kind is PARAMETER:
            number += 1
            parts.append(f":p{number}")
        elif token.kind is STRING:
            escaped = token.text.replace("\\", "\\\\").replace("'", "''")
            parts.append(f"'{escaped}'")
        elif token.kind is NAME or (token.kind is WORD and not token.text.isascii()):
            parts.append("`" + token.text.replace("`", "``") + "`")
        elif token.kind is USER:
            raise refused("user variables stand in CALL alone here")
        else:
            parts.append(token.text)
    return " ".join(parts)
