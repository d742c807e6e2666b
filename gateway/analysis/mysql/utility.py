"""Statements about plans, prepared texts, locks, transactions, maintenance and procedures."""

from collections.abc import Callable
from typing import Final

from gateway.analysis.mysql import functions, relations, values
from gateway.analysis.mysql.context import Context, Field, Level, TooDeep
from gateway.analysis.mysql.cursor import NotParsed
from gateway.analysis.mysql.lexer import STRING
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.postgres.records import Record
from gateway.analysis.postgres.scopes import Rows
from gateway.catalog import FunctionKind
from gateway.model.footprint import (
    DATABASE,
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

_PLANNED: Final = (Action.SELECT, Action.INSERT, Action.UPDATE, Action.DELETE)
_STATEMENTS: Final = frozenset(
    {"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "VALUES", "TABLE", "(", "CREATE", "ALTER"}
)
_MAX_NESTED: Final = 8


def database(name: str) -> ObjectName:
    """One database of the server."""
    return ObjectName(ObjectKind.DATABASE, name)


def skip(p: Parser) -> None:
    """The rest of the statement says nothing about what it touches."""
    p.to(len(p.tokens))


# --- plans


def explain(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """EXPLAIN, DESCRIBE, DESC, ANALYZE, TRACE of a statement or a table. What runs counts as run, and `explain` besides."""
    runs = p.upper in ("ANALYZE", "TRACE")
    p.advance()
    runs = p.accept("ANALYZE") or runs
    while p.accept("EXTENDED") or p.accept("PARTITIONS") or p.accept("ALL"):
        pass
    if p.accept("FORMAT"):
        p.expect("=")
        p.advance()
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
    return Outcome("EXPLAIN", inner.category if runs else Category.QUERY, Rows([Field("EXPLAIN")]), known=False)


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


# --- prepared texts


def prepare(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    name = p.name().lower()
    p.expect("FROM")
    text = _constant_text(p)
    if text is None:
        skip(p)
        ctx.not_understood("PREPARE of a text that is not a constant")
        return Outcome("PREPARE", Category.SESSION)
    inner = _inside(ctx, text)
    ctx.findings.effects.append(Effect(EffectKind.PREPARE, name, text))
    return Outcome("PREPARE", inner.category)


def _constant_text(p: Parser) -> str | None:
    if p.current.kind is not STRING:
        return None
    text = p.string()
    return text if p.ended or p.upper == "USING" else None


def _inside(ctx: Context, text: str) -> Outcome:
    if ctx.texts >= _MAX_NESTED:
        raise TooDeep
    ctx.texts += 1
    effects = len(ctx.findings.effects)
    outcome = ctx.text(ctx, text)
    del ctx.findings.effects[effects:]
    ctx.texts -= 1
    return outcome


def execute(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("IMMEDIATE"):
        return _execute_immediate(ctx, p)
    name = p.name()
    _using(ctx, p)
    text = ctx.prepared.get(name.lower())
    if text is None:
        ctx.not_understood(f"prepared statement {name!r} is not known")
        return Outcome("EXECUTE", Category.QUERY, known=False)
    return _executed(ctx, text, "EXECUTE")


def _execute_immediate(ctx: Context, p: Parser) -> Outcome:
    text = _constant_text(p)
    if text is None:
        skip(p)
        ctx.not_understood("EXECUTE IMMEDIATE of a text that is not a constant")
        return Outcome("EXECUTE IMMEDIATE", Category.QUERY, known=False)
    _using(ctx, p)
    return _executed(ctx, text, "EXECUTE IMMEDIATE")


def _executed(ctx: Context, text: str, kind: str) -> Outcome:
    if ctx.texts >= _MAX_NESTED:
        raise TooDeep
    ctx.texts += 1
    inner = ctx.text(ctx, text)
    ctx.texts -= 1
    return Outcome(kind, inner.category, inner.rows, inner.known, inner.transactional)


def _using(ctx: Context, p: Parser) -> None:
    if p.accept("USING"):
        values.all_of(ctx, p.expressions(), Level(), Clause.ARGUMENT)


def deallocate(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    p.expect("PREPARE")
    ctx.findings.effects.append(Effect(EffectKind.DEALLOCATE, p.name().lower()))
    return Outcome("DEALLOCATE PREPARE", Category.SESSION)


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
    if not ctx.names.routines(schema, parts[-1], FunctionKind.PROCEDURE):
        ctx.findings.unknown.add(name)
    if p.accept("("):
        if p.upper != ")":
            values.all_of(ctx, p.expressions(), Level(), Clause.ARGUMENT)
        p.expect(")")
    return Outcome("CALL", Category.UTILITY, known=False)


def do(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    values.evaluate_items(ctx, p.items(), Level(), Clause.ARGUMENT)
    return Outcome("DO", Category.QUERY)


# --- whole tables


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


# --- session and transactions


def use(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    name = ctx.names.fold_database(p.name())
    ctx.findings.record(database(name), Action.CONNECT, ctx.origin)
    ctx.findings.effects.append(Effect(EffectKind.USE, value=name))
    return Outcome("USE", Category.SESSION)


def transaction(kind: str, effect: EffectKind | None) -> Handler:
    def handler(ctx: Context, p: Parser, walk: Walk) -> Outcome:
        skip(p)
        if effect is not None:
            ctx.findings.effects.append(Effect(effect))
        return Outcome(kind, Category.TRANSACTION)

    return handler


def begin(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("WORK") or p.ended:
        ctx.findings.effects.append(Effect(EffectKind.BEGIN))
        return Outcome("BEGIN", Category.TRANSACTION)
    return compound(ctx, p, walk)


def start(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    if p.peek().upper == "TRANSACTION":
        return transaction("START TRANSACTION", EffectKind.BEGIN)(ctx, p, walk)
    return administer(INSTANCE, "START REPLICA")(ctx, p, walk)


def rollback(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    p.accept("WORK")
    if not p.accept("TO"):
        skip(p)
        ctx.findings.effects.append(Effect(EffectKind.ROLLBACK))
        return Outcome("ROLLBACK", Category.TRANSACTION)
    p.accept("SAVEPOINT")
    ctx.findings.effects.append(Effect(EffectKind.ROLLBACK_TO, p.name()))
    return Outcome("ROLLBACK TO SAVEPOINT", Category.TRANSACTION)


def savepoint(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    ctx.findings.effects.append(Effect(EffectKind.SAVEPOINT, p.name()))
    return Outcome("SAVEPOINT", Category.TRANSACTION)


def release(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    p.expect("SAVEPOINT")
    ctx.findings.effects.append(Effect(EffectKind.RELEASE, p.name()))
    return Outcome("RELEASE SAVEPOINT", Category.TRANSACTION)


def xa(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """A prepared XA transaction outlives its session, and anybody may end it: only starting and ending one's own is plain."""
    p.advance()
    word = p.upper
    if word not in ("START", "BEGIN", "END", "PREPARE", "COMMIT", "ROLLBACK"):
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    effect = {
        "START": EffectKind.BEGIN,
        "BEGIN": EffectKind.BEGIN,
        "COMMIT": EffectKind.COMMIT,
        "ROLLBACK": EffectKind.ROLLBACK,
    }
    if word in effect:
        ctx.findings.effects.append(Effect(effect[word]))
    skip(p)
    return Outcome(f"XA {word}", Category.TRANSACTION, known=word != "RECOVER")


def unlock(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("TABLES") or p.accept("TABLE"):
        return Outcome("UNLOCK TABLES", Category.UTILITY)
    return administer(INSTANCE, "UNLOCK")(ctx, p, walk)


def plain(kind: str, category: Category = Category.UTILITY) -> Handler:
    """A statement that touches nothing that permissions know."""

    def handler(ctx: Context, p: Parser, walk: Walk) -> Outcome:
        skip(p)
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
        raise NotParsed("BATCH without a statement")
    inner = walk(ctx, p)
    return Outcome("BATCH", inner.category, known=False)


__all__ = ["DATABASE", "Handler", "Walk", "functions"]
