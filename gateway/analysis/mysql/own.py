"""Statements to the gateway itself, recognised and read: the schema `gateway` belongs to it, never to a server.

Read from the server's own tokens. Beside queries and calls there is what clients ask for completion: SHOW TABLES, SHOW COLUMNS,
DESCRIBE. A statement that names the schema in any other way is refused: it would reach the server and fail there.
"""

import re
from typing import Final

from gateway.analysis.mysql.cursor import Cursor, NotParsed
from gateway.analysis.mysql.entry import analyse_mysql
from gateway.analysis.mysql.lexer import PARAMETER, STRING, Lexer, NotLexed, Token
from gateway.analysis.mysql.modes import Reading, reading
from gateway.analysis.mysql.own_query import Reader, is_schema, refused, relation_of, source
from gateway.analysis.mysql.own_schema import described, shown_tables
from gateway.catalog import CatalogSnapshot
from gateway.model.identity import Engine
from gateway.model.own import CALLS, RELATIONS, SCHEMA, ColumnType, OwnFault, OwnRefused, OwnRequest, Parameter
from gateway.model.statement import Statement

_USAGE: Final = {
    "explain": "CALL gateway.explain('SELECT …')",
    "request_access": "CALL gateway.request_access('select', 'shop.t', '4h', 'why')",
}
_QUALIFIED: Final = re.compile(r"\bgateway[`\"]?\s*\.", re.IGNORECASE)
_TEXTS: Final[tuple[ColumnType, ...]] = ("text",) * 4
_OF_TABLE: Final = frozenset({"COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS"})
_EXPLAINING: Final = frozenset({"DESCRIBE", "DESC", "EXPLAIN"})


def own_request(statement: Statement, catalog: CatalogSnapshot) -> OwnRequest | None:
    """What the text asks the gateway; None where it asks the server. Raises OwnRefused for what names `gateway.` otherwise."""
    if SCHEMA not in statement.text.lower():
        return None
    pieces = _pieces(statement.text, reading(statement.namespace, catalog))
    if not pieces:
        return None
    asked = _read(Cursor(pieces[0], statement.text)) if _is_own(pieces[0]) else None
    if asked is None:
        if _QUALIFIED.search(statement.text) and _touches(statement, catalog):
            raise refused("the schema gateway can be read and called, each statement by itself, and nothing else")
        return None
    if len(pieces) > 1:
        raise refused("a statement on the schema gateway stands alone in its text")
    return asked


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


def _touches(statement: Statement, catalog: CatalogSnapshot) -> bool:
    """Whether anything of the schema stands in the text, prepared texts and bodies included."""
    if SCHEMA in statement.namespace.search_path:  # a database of this name is the current one: names without it mean that
        return False
    for footprint in analyse_mysql(statement, catalog):
        names = [access.object.schema for access in footprint.accesses] + [use.name.schema for use in footprint.functions]
        if any(name.lower() == SCHEMA for name in names):
            return True
    return False


def _is_own(tokens: list[Token]) -> bool:
    """Whether the statement is about the schema, by where its name stands."""
    first = tokens[0].upper
    if first == "USE":
        return len(tokens) == 2 and is_schema(tokens[1])
    if first == "CALL" or first in _EXPLAINING:
        return len(tokens) > 2 and is_schema(tokens[1]) and tokens[2].upper == "."
    if first in ("SELECT", "TABLE"):
        return source(tokens) is not None
    return first == "SHOW" and _shows_own(tokens)


def _shows_own(tokens: list[Token]) -> bool:
    """SHOW … FROM gateway; for what is told of a table, FROM gateway.t or FROM t FROM gateway."""
    named = [index + 1 for index, token in enumerate(tokens[:-1]) if token.upper in ("FROM", "IN")]
    if not named:
        return False
    first = named[0]
    if not any(token.upper in _OF_TABLE for token in tokens[1:4]):
        return is_schema(tokens[first])
    dotted = first + 1 < len(tokens) and tokens[first + 1].upper == "."
    if dotted:
        return is_schema(tokens[first])
    return len(named) > 1 and is_schema(tokens[named[1]])


def _read(cursor: Cursor) -> OwnRequest:
    """Raises OwnRefused."""
    word = cursor.upper
    try:
        if word == "USE":
            hint = f"There are: {', '.join(f'gateway.{name}' for name in RELATIONS)}."
            raise OwnRefused(OwnFault.NO_DATABASE, "Unknown database 'gateway': it is the gateway's own, name it in full", hint)
        if word == "CALL":
            asked = _call(cursor)
        elif word == "SHOW":
            asked = _show(cursor)
        elif word in _EXPLAINING:
            cursor.advance()
            asked = described(relation_of(cursor), full=False, pattern=_column_pattern(cursor))
        else:
            asked = Reader(cursor).request()
        if not cursor.ended:
            raise cursor.stopped()
    except NotParsed as stopped:
        raise refused(f"this is not answered here, {stopped}") from None
    return asked


def _show(cursor: Cursor) -> OwnRequest:
    cursor.advance()
    cursor.accept("EXTENDED")
    full = cursor.accept("FULL")
    if cursor.accept("TABLES"):
        cursor.accept("FROM") or cursor.accept("IN")
        cursor.advance()
        return shown_tables(full=full, pattern=_like(cursor))
    if cursor.accept_any(frozenset({"COLUMNS", "FIELDS"})):
        cursor.accept("FROM") or cursor.accept("IN")
        if is_schema(cursor.current) and cursor.peek().upper == ".":
            return described(relation_of(cursor), full=full, pattern=_like(cursor))
        name = cursor.any_name()
        cursor.accept("FROM") or cursor.accept("IN")
        cursor.advance()
        if name.lower() in RELATIONS:
            return described(name.lower(), full=full, pattern=_like(cursor))
        raise OwnRefused(OwnFault.NO_RELATION, f"Table 'gateway.{name}' doesn't exist", f"There are: {', '.join(RELATIONS)}.")
    raise cursor.stopped()


def _like(cursor: Cursor) -> str | None:
    return cursor.string() if cursor.accept("LIKE") else None


def _column_pattern(cursor: Cursor) -> str | None:
    """DESCRIBE t column, DESCRIBE t 'pattern'."""
    if cursor.ended:
        return None
    return cursor.string() if cursor.current.kind is STRING else cursor.any_name()


def _call(cursor: Cursor) -> OwnRequest:
    cursor.advance(3)
    written = cursor.any_name()
    name = written.lower()
    if name not in CALLS:
        there = ", ".join(f"gateway.{known}" for known in CALLS)
        raise OwnRefused(OwnFault.NO_PROCEDURE, f"PROCEDURE gateway.{written} does not exist", f"There are: {there}.")
    arguments: list[str | Parameter] = []
    parameters = 0
    if cursor.accept("(") and not cursor.accept(")"):
        while True:
            if cursor.current.kind is PARAMETER:
                cursor.advance()
                parameters += 1
                arguments.append(Parameter(parameters))
            elif cursor.current.kind is STRING:
                arguments.append(cursor.string())
            else:
                raise OwnRefused(
                    OwnFault.NOT_ANSWERED, f"gateway: gateway.{name} takes constant texts and parameters", _USAGE[name]
                )
            if not cursor.accept(","):
                cursor.expect(")")
                break
    wanted = 1 if name == "explain" else 4
    if len(arguments) != wanted:
        text = f"Incorrect number of arguments for PROCEDURE gateway.{name}; expected {wanted}, got {len(arguments)}"
        raise OwnRefused(OwnFault.WRONG_ARGUMENTS, text, _USAGE[name])
    return OwnRequest(name, call=True, arguments=tuple(arguments), parameters=_TEXTS[:parameters], engine=Engine.MYSQL)
