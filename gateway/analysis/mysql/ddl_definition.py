"""What a table's definition in MySQL names besides the table."""

from collections.abc import Sequence
from typing import Final

from gateway.analysis.mysql import relations
from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.lexer import Token
from gateway.analysis.mysql.parser import Parser
from gateway.model.footprint import INSTANCE, Action, Clause

_REMOTE: Final = frozenset({"FEDERATED", "CONNECT", "SPIDER", "S3", "CSV_FILE", "OQGRAPH"})


def definition(ctx: Context, tokens: Sequence[Token], p: Parser, sequences: Action = Action.SELECT) -> None:
    """What a table's definition names besides the table: referenced tables, sequences, members, remote servers, folders.

    `sequences`: what a default out of one needs. Whoever fills a temporary table of their own moves it.
    """
    inner = Parser(list(tokens), p.text)
    while not inner.ended:
        upper = inner.advance().upper
        if upper == "REFERENCES":
            _referenced(ctx, inner)
        elif upper == "UNION" and inner.upper in ("=", "("):
            inner.accept("=")
            _members(ctx, inner)
        elif (upper in ("NEXT", "PREVIOUS") and inner.accept("VALUE", "FOR")) or (
            upper in ("NEXTVAL", "LASTVAL", "SETVAL") and inner.accept("(")
        ):
            relations.named(ctx, *inner.qualified(), sequences)
        elif upper in ("ENGINE", "CONNECTION") and inner.upper == "=":
            inner.advance()
            if upper == "CONNECTION" or inner.current.text.upper() in _REMOTE:
                ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        elif upper == "DIRECTORY":
            ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        elif upper in ("SELECT", "TABLE_TYPE"):
            raise inner.stopped()


def _referenced(ctx: Context, p: Parser) -> None:
    """A foreign key tells which values the other table has."""
    schema, name = p.qualified()
    columns = p.columns() if p.upper == "(" else []
    for record in relations.named(ctx, schema, name, Action.SELECT):
        for column in columns or ["*"]:
            record.use(Clause.JOIN, column)


def _members(ctx: Context, p: Parser) -> None:
    """A MERGE table gives whoever may use it everything on its members."""
    p.expect("(")
    while not p.accept(")"):
        schema, name = p.qualified()
        for action in (Action.SELECT, Action.UPDATE, Action.DELETE):
            for record in relations.named(ctx, schema, name, action):
                record.use(Clause.STORED, "*")
        if not p.accept(",") and p.upper != ")":
            raise p.stopped()
