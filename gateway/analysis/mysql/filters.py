"""WHERE and ON: which relations' rows a condition tells apart, as for PostgreSQL; but AND is not told from other operators."""

from collections.abc import Iterable

from gateway.analysis.mysql import values
from gateway.analysis.mysql.context import Context, Level
from gateway.analysis.mysql.syntax import Expr
from gateway.analysis.postgres.records import Record, narrow, with_beneath
from gateway.model.footprint import Clause


def where(ctx: Context, condition: Expr, level: Level, beside: Iterable[Record]) -> None:
    """`beside`: the relations of the same level. What is around it is narrowed only where it is part of that one's WHERE."""
    outer, ctx.filtering = ctx.filtering, True
    before = len(ctx.findings.records)
    try:
        origins = values.evaluate(ctx, condition, level, Clause.WHERE).origins
    finally:
        ctx.filtering = outer
    inside = with_beneath(ctx.findings.records[before:])
    known = (origin for origin in origins if origin[0] not in inside)
    narrow(known, Clause.WHERE, None if outer else with_beneath(beside))


def joined(ctx: Context, condition: Expr, level: Level) -> None:
    """A condition that holds one relation against another."""
    origins = values.evaluate(ctx, condition, level, Clause.JOIN).origins
    if len({record for record, _ in origins}) > 1:
        narrow(origins, Clause.JOIN)
