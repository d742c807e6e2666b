"""SQL text of MySQL, MariaDB and TiDB -> footprints. Total: what is not understood is opaque, and says why."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

from gateway.analysis.mysql import (
    ddl,
    handler,
    loading,
    maintenance,
    modify,
    plans,
    prepared,
    query,
    session,
    show,
    transactions,
    utility,
    values,
)
from gateway.analysis.mysql.bodies import BodyReader, note_triggers
from gateway.analysis.mysql.context import Context, Level, TooDeep
from gateway.analysis.mysql.cursor import NotParsed
from gateway.analysis.mysql.fingerprint import fingerprint_mysql
from gateway.analysis.mysql.following import Following
from gateway.analysis.mysql.lexer import USER, Lexer, NotLexed, Token, unclosed_program, word
from gateway.analysis.mysql.modes import Reading
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.syntax import Tail
from gateway.analysis.mysql.utility import Handler
from gateway.analysis.mysql.words import words
from gateway.analysis.postgres.records import Findings, freeze, sources
from gateway.analysis.programs import freeze_programs, freeze_results
from gateway.catalog import CatalogSnapshot
from gateway.model.footprint import INSTANCE, Action, Category, Clause, EffectKind, Footprint, OutputColumn
from gateway.model.statement import Statement

SYNTAX_ERROR: Final = "SYNTAX ERROR"
"""The kind of a text whose tokens are not certain, or that no statement begins with."""

_QUERIES: Final = frozenset({"SELECT", "VALUES", "TABLE", "("})
_MODIFYING: Final[dict[str, Callable[[Context, Parser, Level | None], Outcome]]] = {
    "INSERT": modify.insert,
    "REPLACE": modify.insert,
    "UPDATE": modify.update,
    "DELETE": modify.delete,
}


def _simple(handle: Callable[[Context, Parser], Outcome]) -> Handler:
    return lambda ctx, p, walk: handle(ctx, p)


def _admin(kind: str) -> Handler:
    return utility.administer(INSTANCE, kind)


_ADMINISTRATION: Final = words(
    """KILL SHUTDOWN RESTART RESET PURGE CHANGE STOP INSTALL UNINSTALL BINLOG CLONE BACKUP ADMIN RECOVER FLASHBACK RESTORE PLAN
    CANCEL PAUSE RESUME CALIBRATE QUERY REFRESH TRAFFIC"""
)
_HANDLERS: Final[dict[str, Handler]] = {
    "EXPLAIN": plans.explain,
    "DESCRIBE": plans.explain,
    "DESC": plans.explain,
    "TRACE": plans.explain,
    "ANALYZE": maintenance.maintain("ANALYZE", Action.ADMIN),
    "CHECK": maintenance.maintain("CHECK", Action.ADMIN),
    "REPAIR": maintenance.maintain("REPAIR", Action.ADMIN),
    "OPTIMIZE": maintenance.maintain("OPTIMIZE", Action.ADMIN),
    "CHECKSUM": maintenance.maintain("CHECKSUM", Action.SELECT),
    "CACHE": maintenance.cache_index,
    "PREPARE": prepared.prepare,
    "EXECUTE": prepared.execute,
    "DEALLOCATE": prepared.deallocate,
    "CALL": utility.call,
    "DO": utility.do,
    "LOCK": maintenance.lock,
    "UNLOCK": maintenance.unlock,
    "USE": utility.use,
    "BEGIN": transactions.begin,
    "START": transactions.start,
    "COMMIT": transactions.transaction("COMMIT", EffectKind.COMMIT),
    "ROLLBACK": transactions.rollback,
    "SAVEPOINT": transactions.savepoint,
    "RELEASE": transactions.release,
    "XA": transactions.xa,
    "FLUSH": maintenance.flush,
    "GRANT": utility.grant,
    "REVOKE": utility.grant,
    "SET": session.set_,
    "SHOW": show.show,
    "CREATE": ddl.create,
    "ALTER": ddl.alter,
    "DROP": ddl.drop,
    "RENAME": ddl.rename,
    "LOAD": _simple(loading.load),
    "TRUNCATE": _simple(modify.truncate),
    "HANDLER": _simple(handler.handler),
    "HELP": utility.plain("HELP"),
    "GET": utility.plain("GET DIAGNOSTICS"),
    "SIGNAL": utility.plain("SIGNAL"),
    "RESIGNAL": utility.plain("RESIGNAL"),
    "SPLIT": utility.split,
    "IMPORT": utility.import_,
    "BATCH": utility.batch,
    **dict.fromkeys(("IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR", "DECLARE", "RETURN"), utility.compound),
    **{kind: _admin(kind) for kind in _ADMINISTRATION},
}


def analyse_mysql(statement: Statement, catalog: CatalogSnapshot) -> tuple[Footprint, ...]:
    """One footprint for each SQL statement of the text, in order; a text without any has one of the category EMPTY.

    What a statement does to the session (database, SQL mode, temporary tables, prepared statements) counts for those behind
    it in the same text. Where the tokens become uncertain, everything from there on is one opaque footprint.
    """
    text = statement.text
    following = Following(statement.namespace, catalog)
    lexer = Lexer(text, following.reading)
    found: list[Footprint] = []
    unsure = False
    while True:
        start = lexer.position
        lexer.reading = following.reading
        try:
            _readable(text, following.reading)
            piece = _statement(lexer)
        except NotLexed as error:
            found.append(_opaque(error.said_of(text), start, len(text)))
            break
        if piece is None:
            break
        tokens, begun, end = piece
        if unsure:
            found.append(_opaque("it stands behind a SQL mode that only the server knows", begun, len(text)))
            break
        footprint = _footprint(tokens, text, following)
        footprint = replace(footprint, start=begun, end=end, fingerprint=fingerprint_mysql(tokens))
        found.append(footprint)
        following.apply(footprint)
        unsure = _unsure_mode(footprint, tokens)
    return tuple(found) or (Footprint("EMPTY", Category.EMPTY, 0, len(text)),)


def _unsure_mode(footprint: Footprint, tokens: list[Token]) -> bool:
    """Whether it takes SQL mode from a user variable, which any statement may have changed: the server tells it afterwards."""
    changes = any(effect.kind is EffectKind.SET and effect.name == "sql_mode" for effect in footprint.effects)
    read = any(token.kind is USER and after.upper not in ("=", ":=") for token, after in pairwise([*tokens, word(";")]))
    return changes and (footprint.kind != "SET" or read)


def _readable(text: str, reading: Reading) -> None:
    if not reading.safe_charset and not text.isascii():
        raise NotLexed(f"characters beyond ASCII in the character set {reading.charset}")
    if "ORACLE" in reading.modes:
        raise NotLexed("SQL mode ORACLE has a grammar of its own")


def _opaque(reason: str, start: int, end: int) -> Footprint:
    return Footprint(SYNTAX_ERROR, Category.UTILITY, start, end, outputs=None, literals_matter=True, opaque=reason)


def _statement(lexer: Lexer) -> tuple[list[Token], int, int] | None:
    """The next statement's tokens; a stored program's body goes on behind its semicolons."""
    piece = lexer.statement()
    if piece is None:
        return None
    tokens, begun, end = piece
    try:
        body = ddl.program_body(tokens)
    except NotParsed:
        body = None
    if body is None and _is_compound(tokens):
        body = 0
    while body is not None and unclosed_program(tokens[body:]):
        more = lexer.statement()
        if more is None:
            break
        tokens = [*tokens, word(";"), *more[0]]
        end = more[2]
    return tokens, begun, end


def _is_compound(tokens: list[Token]) -> bool:
    first = tokens[0].upper
    after = tokens[1].upper if len(tokens) > 1 else ""
    return (first == "BEGIN" and after not in ("", "WORK")) or (first in ("IF", "LOOP", "WHILE", "REPEAT", "CASE", "FOR"))


def _footprint(tokens: list[Token], text: str, following: Following) -> Footprint:
    findings = Findings()
    ctx = following.context(findings, _walk_text)
    parser = Parser(tokens, text)
    kind = tokens[0].upper or SYNTAX_ERROR
    try:
        outcome = walk(ctx, parser)
        if not parser.ended:
            raise parser.stopped()
    except NotParsed as error:
        findings.not_understood(error.said_of(text))
        outcome = Outcome(kind, Category.UTILITY, known=False)
    except (RecursionError, TooDeep):
        findings.not_understood("nested too deeply")
        outcome = Outcome(kind, Category.UTILITY, known=False)
    except (AttributeError, IndexError, KeyError, LookupError, TypeError, ValueError) as error:
        findings.not_understood(f"{kind}: {type(error).__name__} in the analysis")
        outcome = Outcome(kind, Category.UTILITY, known=False)
    return _made(ctx, outcome)


def _made(ctx: Context, outcome: Outcome) -> Footprint:
    findings = ctx.findings
    if outcome.category is not Category.QUERY:
        note_triggers(ctx, outcome)
    query.finish(ctx.derived)
    unread = {id(record) for record in ctx.unread if not record.uses}
    if unread:
        findings.records = [record for record in findings.records if id(record) not in unread]
    return Footprint(
        kind=outcome.kind,
        category=outcome.category,
        accesses=freeze(findings.records),
        functions=tuple(findings.functions),
        outputs=_outputs(outcome),
        effects=tuple(findings.effects),
        literals_matter=findings.literals_matter or outcome.category not in (Category.QUERY, Category.WRITE),
        literals_weigh=findings.literals_weigh,
        opaque=findings.opaque,
        unknown=frozenset(findings.unknown),
        transactional=outcome.transactional,
        programs=freeze_programs(findings, BodyReader(ctx, walk).of) if findings.programs else (),
        results=freeze_results(findings, BodyReader(ctx, walk).of) if findings.programs else None,
        moves=tuple(findings.moves),
    )


def _outputs(outcome: Outcome) -> tuple[OutputColumn, ...] | None:
    if not outcome.known:
        return None
    if outcome.rows is None:
        return ()
    if outcome.rows.rest is not None:
        return None
    return tuple(OutputColumn(query.label(column), sources(column.origins), column.exact) for column in outcome.rows.columns)


def walk(ctx: Context, p: Parser) -> Outcome:
    """Any statement: at the top, or inside EXPLAIN, PREPARE, EXECUTE, SET STATEMENT."""
    first = p.upper
    if first in _QUERIES:
        outcome = _query(ctx, p, None)
    elif first == "WITH":
        outcome = _with(ctx, p)
    elif first in _MODIFYING:
        outcome = _MODIFYING[first](ctx, p, None)
    else:
        handle = _HANDLERS.get(first)
        if handle is None:
            if p.peek().upper == ":":
                return utility.compound(ctx, p, walk)
            raise p.stopped()
        ctx.findings.literals_matter = True
        outcome = handle(ctx, p, walk)
    if p.beside:
        values.all_of(ctx, p.beside, Level(), Clause.ARGUMENT)
        p.beside.clear()
    return outcome


def _query(ctx: Context, p: Parser, parent: Level | None) -> Outcome:
    tree = p.query()
    rows = query.walk(ctx, tree, parent, Clause.OUTPUT)
    for column in rows.columns:
        column.touched = True
    if query.goes_elsewhere(tree):
        return Outcome("SELECT", Category.QUERY)
    return Outcome("SELECT", Category.QUERY, rows)


def _with(ctx: Context, p: Parser) -> Outcome:
    """WITH before a query, or before UPDATE and DELETE (MySQL 8)."""
    mark = p.index
    p.advance()
    tail = Tail()
    p.with_(tail)
    modifying = _MODIFYING.get(p.upper)
    if modifying is None:
        p.to(mark)
        return _query(ctx, p, None)
    level = Level()
    query.define(ctx, tail, level)
    for cte in level.ctes.values():
        ctx.derived.append(cte.result())
    return modifying(ctx, p, level)


def _walk_text(ctx: Context, text: str) -> Outcome:
    """One statement that stands in a text inside the statement."""
    try:
        lexer = Lexer(text, ctx.reading)
        piece = _statement(lexer)
        if piece is None or lexer.statement() is not None:
            ctx.not_understood("the named text is not one statement")
            return Outcome("", Category.QUERY, known=False)
        parser = Parser(piece[0], text)
        outcome = walk(ctx, parser)
        if not parser.ended:
            raise parser.stopped()
    except (NotLexed, NotParsed) as error:
        ctx.not_understood(error.said_of(text))
        return Outcome("", Category.QUERY, known=False)
    return outcome
