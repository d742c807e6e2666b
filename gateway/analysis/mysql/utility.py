"""What handlers of statements share, and the small ones: procedures, rights, the session, TiDB's own."""

from collections.abc import Callable, Iterable

from gateway.analysis.mysql import relations, values
from gateway.analysis.mysql.context import Context, Level
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.catalog import FunctionInfo, FunctionKind
from gateway.model.footprint import (
    INSTANCE,
    Action,
    Category,
    Clause,
    Effect,
    EffectKind,
    FunctionClass,
    FunctionUse,
    ObjectKind,
    ObjectName,
)

Walk = Callable[[Context, Parser], Outcome]
Handler = Callable[[Context, Parser, Walk], Outcome]


def database(name: str) -> ObjectName:
    """One database of the server."""
    return ObjectName(ObjectKind.DATABASE, name)


def skip(p: Parser) -> None:
    """The rest of the statement says nothing about what it touches."""
    p.to(len(p.tokens))


# --- procedures


def call(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """A procedure runs with its definer's rights and may do anything: it needs `call`."""
    p.advance()
    parts = [p.name()]
    while p.accept("."):
        parts.append(p.any_name())
    schema = parts[-2] if len(parts) > 1 else ""
    name = ctx.names.routine_name(schema, parts[-1])
    ctx.findings.functions[FunctionUse(name, FunctionClass.USER)] = None
    infos = ctx.names.routines(schema, parts[-1], FunctionKind.PROCEDURE)
    if not infos:
        ctx.findings.unknown.add(name)
    _runs(ctx, name, infos)
    if p.accept("("):
        if p.upper != ")":
            values.all_of(ctx, p.expressions(), Level(), Clause.STORED)  # nobody here has read what it does with them
        p.expect(")")
    return Outcome("CALL", Category.UTILITY, known=False)


def _runs(ctx: Context, name: ObjectName, infos: Iterable[FunctionInfo]) -> None:
    """The procedure's results are the client's, its OUT parameters the session's variables."""
    program = ctx.findings.program(name)
    if ctx.findings.results is not None:
        ctx.findings.results.append(name)
    if any(mode != "IN" for info in infos for mode, _ in info.parameters):
        program.use(Clause.STORED, "*")


def do(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    values.evaluate_items(ctx, p.items(), Level(), Clause.ARGUMENT)
    return Outcome("DO", Category.QUERY)


# --- the session


def use(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    name = ctx.names.fold_database(p.name())
    ctx.findings.record(database(name), Action.CONNECT, ctx.origin)
    ctx.findings.effects.append(Effect(EffectKind.USE, value=name))
    return Outcome("USE", Category.SESSION)


def plain(kind: str, category: Category = Category.UTILITY) -> Handler:
    """A statement that touches nothing that permissions know: names, variables and constants, no expression."""

    def handler(ctx: Context, p: Parser, walk: Walk) -> Outcome:
        while not p.ended:
            if p.upper == "(":
                raise p.stopped()
            p.advance()
        return Outcome(kind, category, known=False)

    return handler


def compound(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    skip(p)
    ctx.not_understood("a compound statement runs procedural code")
    return Outcome("COMPOUND STATEMENT", Category.UTILITY, known=False)


def administer(name: ObjectName, kind: str) -> Handler:
    """`admin` on the instance or the database; what else the statement says does not matter."""

    def handler(ctx: Context, p: Parser, walk: Walk) -> Outcome:
        skip(p)
        ctx.findings.record(name, Action.ADMIN, ctx.origin)
        ctx.findings.effects.append(Effect(EffectKind.CATALOG))
        return Outcome(kind, Category.ADMIN, known=False)

    return handler


def grant(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """Rights on the server behind the gateway's back. The table or routine it names is looked up."""
    kind = p.advance().upper
    ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    while not p.ended and p.upper != "ON":
        p.advance()
    if p.accept("ON"):
        routine = p.accept("FUNCTION") or p.accept("PROCEDURE") or p.accept("PACKAGE")
        p.accept("TABLE")
        if not routine and p.is_name() and "*" not in (p.peek().upper, p.peek(2).upper):
            relations.named(ctx, *p.qualified(), Action.EXPLAIN)
    skip(p)
    return Outcome(kind, Category.ADMIN)


def split(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """TiDB: SPLIT [REGION FOR] [PARTITION] TABLE t …"""
    while not p.ended and p.upper != "TABLE":
        p.advance()
    p.expect("TABLE")
    relations.named(ctx, *p.qualified(), Action.DDL)
    skip(p)
    return Outcome("SPLIT TABLE", Category.DDL, known=False)


def import_(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """TiDB: IMPORT INTO t FROM file."""
    ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    p.advance()
    if p.accept("INTO"):
        for record in relations.named(ctx, *p.qualified(), Action.INSERT):
            record.use(Clause.TARGET, "*")
    skip(p)
    return Outcome("IMPORT", Category.ADMIN, known=False)


def batch(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """TiDB: BATCH [ON c] LIMIT n [DRY RUN] statement."""
    p.advance()
    while not p.ended and p.upper not in ("INSERT", "UPDATE", "DELETE", "REPLACE"):
        p.advance()
    if p.ended:
        raise p.stopped()
    inner = walk(ctx, p)
    return Outcome("BATCH", inner.category, known=False)
