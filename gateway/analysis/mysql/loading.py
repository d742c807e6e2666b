"""LOAD DATA, LOAD XML, LOAD INDEX."""

from collections.abc import Sequence

from gateway.analysis.mysql import relations
from gateway.analysis.mysql.context import Context, Entry, Level
from gateway.analysis.mysql.lexer import USER
from gateway.analysis.mysql.modify import PRIORITIES, assigned, assignments, labels, target
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.postgres.records import Record
from gateway.model.footprint import INSTANCE, Action, Category, Clause


def load(ctx: Context, p: Parser) -> Outcome:
    p.advance()
    if p.accept("STATS"):  # TiDB, from a file of the client's
        p.string()
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        return Outcome("LOAD STATS", Category.ADMIN)
    if not (p.accept("DATA") or p.accept("XML")):
        return _load_index(ctx, p)
    while p.accept_any(PRIORITIES):
        pass
    local = p.accept("LOCAL")
    if not local:
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    p.expect("INFILE")
    p.string()
    replacing = p.accept("REPLACE")
    p.accept("IGNORE")
    p.expect("INTO")
    p.expect("TABLE")
    schema, name = p.qualified()
    actions = (Action.INSERT, Action.DELETE) if replacing else (Action.INSERT,)
    records, entry = target(ctx, schema, name, "", *actions)
    inserting = [record for record in records if record.action is Action.INSERT]
    if p.accept("PARTITION"):
        p.skip_parentheses()
    p.file_format()
    if p.accept("ROWS"):
        p.expect("IDENTIFIED")
        p.expect("BY")
        p.string()
    if p.accept("IGNORE"):
        p.advance(2)
    _loaded_columns(ctx, p, entry, inserting)
    return Outcome("LOAD DATA", Category.COPY_IN if local else Category.ADMIN)


def _loaded_columns(ctx: Context, p: Parser, entry: Entry, records: Sequence[Record]) -> None:
    if p.accept("("):
        while not p.accept(")"):
            if p.current.kind is USER:
                p.advance()
            else:
                parts = [p.any_name()]
                while p.accept("."):
                    parts.append(p.any_name())
                assigned(records, parts[-1])
            if not p.accept(",") and p.upper != ")":
                raise p.stopped()
    else:
        for column in labels(entry):
            assigned(records, column)
    if p.accept("SET"):
        level = Level(sources=[entry])
        assignments(ctx, p, level, lambda parts: assigned(records, parts[-1]), Clause.STORED)


def _load_index(ctx: Context, p: Parser) -> Outcome:
    p.expect("INDEX")
    p.expect("INTO")
    p.expect("CACHE")
    while True:
        relations.named(ctx, *p.qualified(), Action.ADMIN)
        while not p.ended and p.upper != ",":
            if p.upper == "(":
                p.skip_parentheses()
            else:
                p.advance()
        if not p.accept(","):
            return Outcome("LOAD INDEX INTO CACHE", Category.UTILITY, known=False)
