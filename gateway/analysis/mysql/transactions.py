"""Transactions and savepoints, XA included."""

from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.utility import Handler, Walk, administer, compound, skip
from gateway.model.footprint import INSTANCE, Action, Category, Effect, EffectKind


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
