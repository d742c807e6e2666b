"""Texts that a session keeps or runs as statements: PREPARE, EXECUTE, EXECUTE IMMEDIATE, DEALLOCATE."""

from typing import Final

from gateway.analysis.mysql import values
from gateway.analysis.mysql.context import Context, Level, TooDeep
from gateway.analysis.mysql.lexer import STRING
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.utility import Walk, skip
from gateway.model.footprint import Category, Clause, Effect, EffectKind

_MAX_NESTED: Final = 8
# They tell what the server said of the last statement, whichever way they are run.
_OF_DIAGNOSTICS: Final = frozenset({"SHOW WARNINGS", "SHOW ERRORS", "GET DIAGNOSTICS"})


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
    kind = inner.kind if inner.kind in _OF_DIAGNOSTICS else kind
    return Outcome(kind, inner.category, inner.rows, inner.known, inner.transactional)


def _using(ctx: Context, p: Parser) -> None:
    if p.accept("USING"):
        values.all_of(ctx, p.expressions(), Level(), Clause.STORED)


def deallocate(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    p.expect("PREPARE")
    ctx.findings.effects.append(Effect(EffectKind.DEALLOCATE, p.name().lower()))
    return Outcome("DEALLOCATE PREPARE", Category.SESSION)
