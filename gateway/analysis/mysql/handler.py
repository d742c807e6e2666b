"""HANDLER: a table read row by row, past the language of queries."""

from typing import Final

from gateway.analysis.mysql import filters, relations, values
from gateway.analysis.mysql.context import Context, Entry, Level
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.postgres.records import narrow
from gateway.analysis.postgres.scopes import Rows
from gateway.model.footprint import Action, Category, Clause, Effect, EffectKind

_STEPS: Final = frozenset({"FIRST", "NEXT", "PREV", "LAST"})
_COMPARED: Final = frozenset({"=", "<", ">", "<=", ">="})


def handler(ctx: Context, p: Parser) -> Outcome:
    """OPEN is decided as reading the whole table; READ again, by the table the name was opened for."""
    p.advance()
    schema, name = p.qualified()
    if p.accept("OPEN"):
        alias = name
        if p.accept("AS") or p.is_name():
            alias = p.name()
        for record in relations.named(ctx, schema, name, Action.SELECT):
            record.use(Clause.OUTPUT, "*")
        full = ctx.names.full(schema, name)
        ctx.findings.effects.append(Effect(EffectKind.DECLARE, alias.lower(), f"{full.schema}\0{full.name}"))
        return Outcome("HANDLER OPEN", Category.QUERY)
    if p.accept("CLOSE"):
        ctx.findings.effects.append(Effect(EffectKind.CLOSE, name.lower()))
        return Outcome("HANDLER CLOSE", Category.QUERY)
    p.expect("READ")
    return _handler_read(ctx, p, name)


def _handler_read(ctx: Context, p: Parser, name: str) -> Outcome:
    known = ctx.cursors.get(name.lower())
    if known is None:
        ctx.not_understood(f"handler {name!r} is not known")
        return Outcome("HANDLER READ", Category.QUERY, known=False)
    schema, _, table = known.partition("\0")
    _, entry = relations.entry(ctx, schema, table, "")
    level = Level(sources=[entry])
    rows = Rows(list(entry.columns), entry.rest)
    for column in rows.columns:
        values.referred([column], Clause.OUTPUT)
    if entry.record is not None:
        entry.record.use(Clause.OUTPUT, "*")
    if not p.accept_any(_STEPS):
        _by_index(ctx, p, entry, level)
    if p.accept("WHERE"):
        filters.where(ctx, p.expression(), level, entry.records)
    p.limit()
    return Outcome("HANDLER READ", Category.QUERY, rows)


def _by_index(ctx: Context, p: Parser, entry: Entry, level: Level) -> None:
    """`i FIRST`, `i = (1, 2)`: rows in the order of an index, or found by its columns, which the catalog does not name."""
    p.name()
    if entry.record is not None:
        entry.record.use(Clause.ORDER, "*")
    if not p.accept_any(_STEPS):
        if not p.accept_any(_COMPARED):
            raise p.stopped()
        if entry.record is not None:
            entry.record.use(Clause.WHERE, "*")
            narrow({(entry.record, "*")}, Clause.WHERE)
        values.evaluate(ctx, p.expression(), level, Clause.WHERE)
