"""EXPLAIN, DESCRIBE, ANALYZE, TRACE: plans of statements, and columns of tables."""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.analysis.mysql import relations
from gateway.analysis.mysql.context import Context, Field
from gateway.analysis.mysql.modes import Flavour
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.utility import Walk
from gateway.analysis.postgres.records import Origin, Origins, Record
from gateway.analysis.postgres.scopes import Rows
from gateway.model.footprint import INSTANCE, Action, Category, Clause, ObjectKind

_PLANNED: Final = (Action.SELECT, Action.INSERT, Action.UPDATE, Action.DELETE)
_STATEMENTS: Final = frozenset(
    {"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE", "(", "CREATE", "ALTER"}
)
# A plan shows conditions and sort keys, with values of rows that were read while planning; never what a row would show.
_NOT_SHOWN: Final = frozenset({Clause.OUTPUT, Clause.RETURNING, Clause.PRESENCE, Clause.TARGET})
_MORE: Final = frozenset({"EXTENDED", "PARTITIONS", "ALL"})
_ONE_COLUMN: Final = frozenset({"JSON", "TREE"})
# Columns of a plan as a table: MariaDB's (sql_class.cc, fields_for_explain), MySQL's manual 10.8.2.
_MARIADB_COLUMNS: Final = 10
_MARIADB_ANALYZED: Final = 13
_MYSQL_COLUMNS: Final = 12


def explain(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """EXPLAIN, DESCRIBE, DESC, ANALYZE, TRACE of a statement or a table. What runs counts as run, and `explain` besides."""
    traced = p.upper == "TRACE"
    runs = p.upper in ("ANALYZE", "TRACE")
    p.advance()
    runs = p.accept("ANALYZE") or runs
    more, form = 0, ""
    while word := p.accept_any(_MORE):
        more += word != "ALL"
    if p.accept("FORMAT"):
        p.expect("=")
        form = p.advance().text.upper()
        p.accept("ANALYZE") and (runs := True)
    if p.accept("FOR"):
        if p.accept("CONNECTION"):
            p.advance()
            ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
            return Outcome("EXPLAIN FOR CONNECTION", Category.ADMIN, known=False)
        p.expect("SCHEMA")
        p.name()
    if p.upper not in _STATEMENTS:
        return _describe(ctx, p)
    inner, shown = _planned(ctx, p, walk, runs=runs)
    width = None if traced else _width(ctx, form, runs=runs, more=more)
    category = inner.category if runs else Category.QUERY
    if width is None:
        return Outcome("EXPLAIN", category, known=False)
    return Outcome("EXPLAIN", category, Rows([Field("EXPLAIN", shown) for _ in range(width)]))


def _planned(ctx: Context, p: Parser, walk: Walk, *, runs: bool) -> tuple[Outcome, Origins]:
    """The statement whose plan is wanted, and the columns whose values the plan may show."""
    before = len(ctx.findings.records)
    effects = len(ctx.findings.effects)
    inner = walk(ctx, p)
    made = ctx.findings.records[before:]
    if not runs:
        del ctx.findings.records[before:]
        del ctx.findings.effects[effects:]
    explained = [(record, _explained(record)) for record in made if record.action in _PLANNED]
    ctx.unread += [plan for record, plan in explained if record in ctx.unread]
    ctx.findings.records += [plan for _, plan in explained]
    if not runs:
        ctx.findings.records += [record for record in made if record.action not in (*_PLANNED, Action.DDL, Action.TEMP)]
    return inner, frozenset(_conditions(made))


def _conditions(records: Iterable[Record]) -> Iterator[Origin]:
    for record in records:
        for use in record.uses:
            if use.clause not in _NOT_SHOWN:
                yield record, use.column
        yield from _conditions(record.beneath)


def _width(ctx: Context, form: str, *, runs: bool, more: int) -> int | None:
    """How many columns the plan has; None where that is not certain. `more`: how many its words add."""
    server = ctx.reading.server
    if server is None or server.flavour is Flavour.TIDB:
        return None
    if form in _ONE_COLUMN:
        return 1
    if server.flavour is Flavour.MYSQL:
        return 1 if runs else _MYSQL_COLUMNS
    return _MARIADB_ANALYZED if runs else _MARIADB_COLUMNS + more


def _explained(record: Record) -> Record:
    """Shares its uses with what is planned: columns may still be found to be read."""
    made = Record(record.object, Action.EXPLAIN, record.origin)
    made.uses = record.uses
    made.beneath = [_explained(under) for under in record.beneath if under.object.kind is ObjectKind.RELATION]
    return made


def _describe(ctx: Context, p: Parser) -> Outcome:
    relations.named(ctx, *p.qualified(), Action.EXPLAIN)
    if not p.ended:
        p.advance()
    return Outcome("DESCRIBE", Category.QUERY, known=False)
