"""Rewrite rules: what the server does in addition to, or instead of, a statement on a relation that has them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.analysis.postgres import parser
from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.records import Findings
from gateway.analysis.postgres.resolve import Names
from gateway.analysis.postgres.scopes import Column, Scope, Source
from gateway.catalog import RelationInfo, RuleInfo
from gateway.model.footprint import AccessOrigin, Action, Clause, relation

_MAX_NESTED: Final = 16
_EVENTS: Final = {
    Action.SELECT: "SELECT",
    Action.INSERT: "INSERT",
    Action.UPDATE: "UPDATE",
    Action.DELETE: "DELETE",
}


def add(ctx: Context, info: RelationInfo, action: Action) -> None:
    """The accesses of every rule that fires for this action."""
    for rule in info.rules:
        if rule.event == _EVENTS.get(action):
            _follow(ctx, info, rule)


def _follow(ctx: Context, info: RelationInfo, rule: RuleInfo) -> None:
    if info.name in ctx.views or len(ctx.views) >= _MAX_NESTED:
        return
    try:
        tree = parser.parse(rule.definition)
    except parser.NotParsed:
        ctx.not_understood(f"rule {rule.name} on {info.name.schema}.{info.name.name}")
        return
    statement = tree.stmts[0].stmt.rule_stmt
    with _inside(ctx, info) as inner:
        record = inner.findings.record(relation(*info.name), Action.SELECT, AccessOrigin.RULE)
        columns = [Column(column.name, frozenset({(record, column.name)}), exact=True) for column in info.columns]
        scope = Scope(sources=[Source("old", columns, record=record), Source("new", columns, record=record)])
        for action in statement.actions:
            ctx.statement(inner, action, scope, Clause.ARGUMENT)
    unread = {*inner.unread, record}
    ctx.findings.records += [found for found in inner.findings.records if found not in unread or found.uses]
    ctx.findings.functions |= inner.findings.functions
    if inner.findings.opaque is not None:
        ctx.not_understood(f"rule {rule.name}: {inner.findings.opaque}")


@contextmanager
def _inside(ctx: Context, info: RelationInfo) -> Iterator[Context]:
    yield Context(
        names=Names(ctx.names.catalog, ((),)),
        findings=Findings(),
        statement=ctx.statement,
        text=ctx.text,
        origin=AccessOrigin.RULE,
        views=(*ctx.views, info.name),
        texts=ctx.texts,
        muted=True,
    )
