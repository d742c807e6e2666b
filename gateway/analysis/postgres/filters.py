"""WHERE and ON: which relations' rows a condition tells apart.

A condition narrows what stands in FROM beside it, through subqueries and views, and what is around it only where it is itself a
part of that one's condition: a subquery in a select list leaves the rows around it as they are.
"""

from collections.abc import Iterable

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import expressions
from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.records import Record, narrow, with_beneath
from gateway.analysis.postgres.scopes import Scope
from gateway.model.footprint import Clause


def where(ctx: Context, node: pb.Node, scope: Scope, beside: Iterable[Record]) -> None:
    """`beside`: the relations of the same level."""
    beside = with_beneath(beside)
    outer, ctx.filtering = ctx.filtering, True
    try:
        for part in _conjuncts(node):
            before = len(ctx.findings.records)
            value = expressions.evaluate(ctx, part, scope, Clause.WHERE)
            inside = with_beneath(ctx.findings.records[before:])
            known = (origin for origin in value.origins if origin[0] not in inside)
            narrow(known, Clause.WHERE, None if outer else beside)
    finally:
        ctx.filtering = outer


def joined(ctx: Context, node: pb.Node, scope: Scope) -> None:
    """A condition that holds one relation against another."""
    for part in _conjuncts(node):
        origins = expressions.evaluate(ctx, part, scope, Clause.JOIN).origins
        if len({record for record, _ in origins}) > 1:
            narrow(origins, Clause.JOIN)


def _conjuncts(node: pb.Node) -> Iterable[pb.Node]:
    if node.WhichOneof("node") == "bool_expr" and node.bool_expr.boolop == pb.AND_EXPR:
        for argument in node.bool_expr.args:
            yield from _conjuncts(argument)
    else:
        yield node
