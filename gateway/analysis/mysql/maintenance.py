"""Whole tables: locking, checking, flushing them."""

from gateway.analysis.mysql import relations
from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.plans import explain
from gateway.analysis.mysql.utility import Handler, Walk, administer, skip
from gateway.analysis.postgres.records import Record
from gateway.model.footprint import INSTANCE, Action, Category, Clause


def lock(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("INSTANCE"):
        skip(p)
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        return Outcome("LOCK INSTANCE", Category.ADMIN)
    if p.accept("STATS"):
        return administer(INSTANCE, "LOCK STATS")(ctx, p, walk)
    if not p.accept("TABLES"):
        p.expect("TABLE")
    while True:
        schema, name = p.qualified()
        for record in relations.named(ctx, schema, name, Action.LOCK):
            _lock_beneath(ctx, record)
        if p.accept("AS") or (p.is_name() and p.upper not in ("READ", "WRITE", "LOW_PRIORITY")):
            p.name()
        while p.accept_any(frozenset({"READ", "LOCAL", "WRITE", "LOW_PRIORITY", "CONCURRENT"})):
            pass
        if not p.accept(","):
            break
    p.accept("WAIT") and p.advance()
    p.accept("NOWAIT")
    return Outcome("LOCK TABLES", Category.UTILITY, transactional=False)


def _lock_beneath(ctx: Context, record: Record) -> None:
    """Locking a view locks what it reads."""
    mark = len(ctx.findings.records)
    reading, _ = relations.entry(ctx, record.object.schema, record.object.name, "")
    del ctx.findings.records[mark:]
    for read in reading:
        record.beneath += [_locked(under) for under in read.beneath]


def _locked(record: Record) -> Record:
    made = Record(record.object, Action.LOCK if record.action is Action.SELECT else record.action, record.origin)
    made.beneath = [_locked(under) for under in record.beneath]
    return made


def maintain(kind: str, action: Action) -> Handler:
    """CHECK, REPAIR, OPTIMIZE, ANALYZE, CHECKSUM TABLE, CHECK VIEW."""

    def handler(ctx: Context, p: Parser, walk: Walk) -> Outcome:
        if kind == "ANALYZE" and p.peek().upper not in ("TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG", "INCREMENTAL"):
            return explain(ctx, p, walk)
        p.advance()
        while p.accept_any(frozenset({"LOCAL", "NO_WRITE_TO_BINLOG", "INCREMENTAL"})):
            pass
        view = p.accept("VIEW")
        if not view and not p.accept("TABLES"):
            p.expect("TABLE")
        while True:
            for record in relations.named(ctx, *p.qualified(), action):
                if action is Action.SELECT:
                    record.use(Clause.ARGUMENT, "*")
                _lock_beneath(ctx, record)
            if not p.accept(","):
                break
        skip(p)
        return Outcome(f"{kind} {'VIEW' if view else 'TABLE'}", Category.UTILITY, known=False, transactional=False)

    return handler


def cache_index(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    p.expect("INDEX")
    while True:
        relations.named(ctx, *p.qualified(), Action.ADMIN)
        while not p.ended and p.upper not in (",", "IN"):
            if p.upper == "(":
                p.skip_parentheses()
            else:
                p.advance()
        if not p.accept(","):
            break
    skip(p)
    return Outcome("CACHE INDEX", Category.UTILITY, known=False)


def unlock(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("TABLES") or p.accept("TABLE"):
        return Outcome("UNLOCK TABLES", Category.UTILITY)
    return administer(INSTANCE, "UNLOCK")(ctx, p, walk)


def flush(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    p.accept("LOCAL") or p.accept("NO_WRITE_TO_BINLOG")
    ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    if (p.accept("TABLES") or p.accept("TABLE")) and p.is_name():
        while True:
            for record in relations.named(ctx, *p.qualified(), Action.LOCK):
                _lock_beneath(ctx, record)
            if not p.accept(","):
                break
    skip(p)
    return Outcome("FLUSH", Category.ADMIN)
