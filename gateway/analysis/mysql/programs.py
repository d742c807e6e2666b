"""The text of a stored program: compound statements, their declarations and control flow (MariaDB's sql_yacc.yy, sp_proc_stmt).

Which branch runs does not matter here: everything in the text counts as done. Local variables are not followed: what goes into
one is used (`Clause.STORED`), and so whatever the program gives may hold it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.analysis.mysql import query, values
from gateway.analysis.mysql.context import Context, Level
from gateway.analysis.mysql.lexer import NAME, SYSTEM, USER, WORD, Token, word
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.syntax import Expr
from gateway.analysis.mysql.utility import Walk
from gateway.analysis.programs import outputs_of
from gateway.model.footprint import Clause, EffectKind

_SILENT: Final = frozenset({"GET DIAGNOSTICS", "SIGNAL", "RESIGNAL", "CALL"})  # outcomes not known, and no result of their own
_SKIPPED: Final = frozenset({"LEAVE", "ITERATE", "GOTO", "OPEN", "CLOSE", "FETCH"})
_ASSIGNING: Final = frozenset({"=", ":="})
_SESSIONS: Final = frozenset({"SESSION", "LOCAL", "GLOBAL", "PERSIST"})
_KEEPING: Final = frozenset({"GET_LOCK", "LAST_INSERT_ID"})  # with an argument they keep it for the session
_STOP: Final = word(";")
_OF_ROW: Final = re.compile(r"((?:\bINTO|,)\s*)?\bNEW\s*\.\s*(`(?:[^`]|``)*`|[\w$]+)(\s*:?=)?", re.IGNORECASE)


class ProgramText:
    """One program's text, walked into the findings of `ctx`. Raises NotParsed."""

    def __init__(self, ctx: Context, walk: Walk, text: str) -> None:
        self._ctx = ctx
        self._walk = walk
        self._text = text
        ctx.prepared = dict(ctx.prepared)
        self._prepared: dict[str, str] = ctx.prepared

    def run(self, tokens: Sequence[Token]) -> None:
        p = Parser(list(tokens), self._text)
        self._statement(p)
        p.accept(";")
        if not p.ended:
            raise p.stopped()

    def _statement(self, p: Parser) -> None:
        if p.current.kind in (NAME, WORD) and p.peek().upper == ":":
            p.advance(2)
        match p.upper:
            case "BEGIN":
                self._block(p)
            case "IF":
                self._if(p)
            case "CASE":
                self._case(p)
            case "LOOP":
                p.advance()
                self._until_end(p, "LOOP")
            case "WHILE":
                p.advance()
                self._value(p.expression())
                p.expect("DO")
                self._until_end(p, "WHILE")
            case "REPEAT":
                self._repeat(p)
            case "FOR":
                self._for(p)
            case "DECLARE":
                self._declare(p)
            case "RETURN":
                p.advance()
                self._value(p.expression())
            case first if first in _SKIPPED:
                _slice(p)
            case _:
                self._plain(_slice(p))

    def _list(self, p: Parser, *ends: str) -> None:
        """Statements with their semicolons, up to one of these words."""
        while p.upper not in ends:
            if p.ended:
                raise p.stopped()
            self._statement(p)
            if p.upper not in ends:
                p.expect(";")

    def _until_end(self, p: Parser, kind: str) -> None:
        self._list(p, "END")
        p.expect("END", kind)
        _label(p)

    def _value(self, expression: Expr) -> None:
        """It decides what happens, or becomes the function's result."""
        values.evaluate(self._ctx, expression, Level(), Clause.STORED)

    # --- control flow

    def _block(self, p: Parser) -> None:
        p.expect("BEGIN")
        p.accept("NOT", "ATOMIC")
        self._list(p, "END")
        p.expect("END")
        _label(p)

    def _if(self, p: Parser) -> None:
        p.expect("IF")
        while True:
            self._value(p.expression())
            p.expect("THEN")
            self._list(p, "ELSEIF", "ELSE", "END")
            if not p.accept("ELSEIF"):
                break
        if p.accept("ELSE"):
            self._list(p, "END")
        p.expect("END", "IF")

    def _case(self, p: Parser) -> None:
        p.expect("CASE")
        if p.upper != "WHEN":
            self._value(p.expression())
        while p.accept("WHEN"):
            self._value(p.expression())
            p.expect("THEN")
            self._list(p, "WHEN", "ELSE", "END")
        if p.accept("ELSE"):
            self._list(p, "END")
        p.expect("END", "CASE")

    def _repeat(self, p: Parser) -> None:
        p.expect("REPEAT")
        self._list(p, "UNTIL")
        p.expect("UNTIL")
        self._value(p.expression())
        p.expect("END", "REPEAT")
        _label(p)

    def _for(self, p: Parser) -> None:
        """MariaDB: FOR row IN (query) DO, FOR row IN cursor DO. A range of numbers has tokens of its own: not understood."""
        p.expect("FOR")
        p.name()
        p.expect("IN")
        if p.accept("("):
            self._query(p)
            p.expect(")")
        else:
            p.name()
            if p.upper == "(":
                p.skip_parentheses()
        p.expect("DO")
        self._until_end(p, "FOR")

    # --- declarations

    def _declare(self, p: Parser) -> None:
        p.expect("DECLARE")
        if p.upper in ("CONTINUE", "EXIT", "UNDO") and p.peek().upper == "HANDLER":
            p.advance(2)
            p.expect("FOR")
            self._conditions(p)
            self._statement(p)
        elif p.peek().upper == "CURSOR":
            p.advance(2)
            if p.upper == "(":
                p.skip_parentheses()
            p.expect("FOR")
            self._query(p)
        else:
            self._variables(p)

    def _conditions(self, p: Parser) -> None:
        while True:
            if not (p.accept("NOT", "FOUND") or p.accept("SQLSTATE", "VALUE") or p.accept("SQLSTATE")):
                p.advance()
            elif p.current.kind not in (WORD, NAME) and p.upper != ",":
                p.advance()  # the state
            if not p.accept(","):
                return

    def _variables(self, p: Parser) -> None:
        while not p.ended and p.upper != ";":
            if p.accept("DEFAULT") or p.accept(":="):
                self._value(p.expression())
            else:
                p.advance()

    def _query(self, p: Parser) -> None:
        query.walk(self._ctx, p.query(), None, Clause.STORED)

    # --- statements

    def _plain(self, tokens: Sequence[Token]) -> None:
        p = Parser(list(tokens), self._text)
        if not tokens:
            raise p.stopped()
        effects = self._ctx.findings.effects
        before = len(effects)
        outcome = self._walk(self._ctx, p)
        if not p.ended:
            raise p.stopped()
        for effect in effects[before:]:
            if effect.kind is EffectKind.PREPARE:
                self._prepared[effect.name] = effect.value
        self._result(outcome)

    def _result(self, outcome: Outcome) -> None:
        results = self._ctx.findings.results
        if results is None:
            return
        shown = None if outcome.rows is None else outputs_of(outcome.rows, query.label)
        if shown is not None:
            results.append(shown)
        elif outcome.rows is not None or (not outcome.known and outcome.kind not in _SILENT):
            self._ctx.findings.results = None


def _slice(p: Parser) -> Sequence[Token]:
    """The tokens of one plain statement: it has no semicolon inside."""
    begin = p.index
    while not p.ended and p.upper != ";":
        p.advance()
    return p.tokens[begin : p.index]


def _label(p: Parser) -> None:
    if not p.ended and p.upper != ";" and p.is_name():
        p.advance()


def assigned(trigger: str | None) -> frozenset[str] | None:
    """The columns, in lower case, that a trigger's text may set in its row; None: any. Every NEW.column before `=`, behind
    INTO or behind a comma counts."""
    if trigger is None:
        return None
    return frozenset(name.strip("`").lower() for into, name, equals in _OF_ROW.findall(trigger) if into or equals)


def carries(tokens: Sequence[Token], own: frozenset[str]) -> bool:
    """Whether the text may leave values behind in the session: user variables, settings, named locks, temporary tables.
    `own`: its parameters and local variables, in lower case."""
    padded = [_STOP, *tokens, _STOP, _STOP]
    return any(_keeps(padded, index, own) for index in range(1, len(tokens) + 1)) or _fills_variables(tokens)


def declared(tokens: Sequence[Token]) -> frozenset[str]:
    """Local variables in lower case."""
    found: set[str] = set()
    declaring = False
    for token in tokens:
        if token.upper == "DECLARE":
            declaring = True
        elif declaring and token.kind in (NAME, WORD):
            found.add(token.text.lower())
        declaring = declaring and (token.upper in ("DECLARE", ",") or token.kind in (NAME, WORD))
    return frozenset(found)


def _keeps(tokens: Sequence[Token], index: int, own: frozenset[str]) -> bool:
    before, token, after = tokens[index - 1 : index + 2]
    if token.kind is USER:
        return after.upper in _ASSIGNING
    if token.kind is SYSTEM:
        return before.upper in ("SET", ",")
    if token.upper in _KEEPING:
        return after.upper == "(" and tokens[index + 2].upper != ")"
    if token.kind in (NAME, WORD) and before.upper in ("SET", ",") and after.upper in _ASSIGNING:
        return before.upper == "SET" and token.text.lower() not in own
    return token.upper == "TEMPORARY" or (token.upper == "SET" and after.upper in _SESSIONS)


def _fills_variables(tokens: Iterable[Token]) -> bool:
    """INTO @a, b, @c"""
    into = False
    for token in tokens:
        if token.upper == "INTO":
            into = True
        elif into and token.kind is USER:
            return True
        elif token.kind not in (NAME, WORD) and token.upper not in (",", "."):
            into = False
    return False
