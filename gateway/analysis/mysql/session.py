"""SET: which variables a session may change for itself, and what the change means for what follows."""

import re
from dataclasses import replace
from typing import Final

from gateway.analysis.mysql import values
from gateway.analysis.mysql.context import Context, Level
from gateway.analysis.mysql.lexer import NAME, NUMBER, STRING, SYSTEM, USER, WORD
from gateway.analysis.mysql.modes import modes
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.utility import Walk, skip
from gateway.model.footprint import INSTANCE, Action, Category, Clause, Effect, EffectKind

# Binary logging, replication, debugging, other people's history: not for a session to change for itself. What the optimizer
# traces holds values of rows that it read while planning.
_ADMIN: Final = re.compile(
    r"(sql_log_bin|sql_log_off|binlog_.*|gtid_.*|server_id|pseudo_.*|debug.*|skip_replication|wsrep_.*|system_versioning_.*"
    r"|secure_.*|default_storage_engine_.*|init_.*|log_.*|slow_query.*|general_log.*|transaction_write_set.*"
    r"|max_(?!statement_time|execution_time|sort_length|allowed_packet|join_size|length_for_sort|error_count|heap_table"
    r"|recursive|seeks|sp_rec|user_conn|digest|tmp).*|optimizer_trace.*|tidb_super.*|proxy_user|external_user|character_set_filesystem)\Z",
)
_MEANING: Final = frozenset({"sql_mode", "character_set_client"})
# By their names alone: sql_mode also takes the number of its bits, and both compare letters without their accents.
_NAMED: Final = {"sql_mode": re.compile(r"0?|[A-Za-z_ ,][A-Za-z0-9_ ,]*"), "character_set_client": re.compile(r"(?a:\w*)")}
# What SET STATEMENT may run under another meaning of text: its own text is read already, and it leaves no state behind.
_READ_ALREADY: Final = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "(", "INSERT", "REPLACE", "UPDATE", "DELETE"})
# They run no text that they do not hold, and set no variables.
_LEAVES_NO_STATE: Final = frozenset({"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"})
_OF_TOKENS: Final = frozenset({"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT", "IGNORE_SPACE", "ORACLE"})
_SCOPES: Final = frozenset({"GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"})
_EVERYBODYS: Final = frozenset({"GLOBAL", "PERSIST", "PERSIST_ONLY"})


def set_(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("STATEMENT"):
        return _statement(ctx, p, walk)
    if p.upper in ("PASSWORD", "ROLE", "RESOURCE") or p.sees("DEFAULT", "ROLE"):
        word = p.upper
        if p.peek().upper not in ("=", ":=", ".") or word == "PASSWORD":
            skip(p)
            ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
            return Outcome(f"SET {'DEFAULT ROLE' if word == 'DEFAULT' else word}", Category.ADMIN)
    ahead = 1 if p.upper in _SCOPES else 0
    if (p.peek(ahead) if ahead else p.current).upper == "TRANSACTION":
        if p.upper in _EVERYBODYS:
            ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        skip(p)
        return Outcome("SET TRANSACTION", Category.TRANSACTION)
    while True:
        _item(ctx, p)
        if not p.accept(","):
            return Outcome("SET", Category.SESSION)


def _item(ctx: Context, p: Parser) -> None:
    if p.accept("NAMES"):
        _charset(ctx, p)
        if p.accept("COLLATE"):
            p.advance()
    elif p.accept("CHARACTER", "SET") or p.accept("CHARSET"):
        _charset(ctx, p)
    elif p.current.kind is USER:
        name = p.advance().text
        if not p.accept("="):
            p.expect(":=")
        _user_variable(ctx, p, name)
    else:
        _variable(ctx, p)


def _charset(ctx: Context, p: Parser) -> None:
    if p.current.kind is USER or p.current.kind is SYSTEM:
        p.expression()
        ctx.not_understood("the new character set is not a constant")
        return
    value = p.advance()
    effect = "" if value.upper == "DEFAULT" else value.text.lower()
    ctx.findings.effects.append(Effect(EffectKind.SET, "character_set_client", effect))


def _variable(ctx: Context, p: Parser) -> None:
    scope = ""
    if p.current.kind is SYSTEM:
        parts = [p.advance().text or p.any_name()]
        while p.accept("."):
            parts.append(p.any_name())
        if parts[0].upper() in _SCOPES and len(parts) > 1:
            scope = parts.pop(0).upper()
    else:
        scope = p.advance().upper if p.upper in _SCOPES and p.peek().upper not in ("=", ":=") else ""
        parts = [p.any_name()]
        while p.accept("."):
            parts.append(p.any_name())
    name = parts[-1].lower()
    if not p.accept("="):
        p.expect(":=")
    value = _value(ctx, p, name)
    if scope in _EVERYBODYS:
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        return
    if _ADMIN.match(name) or len(parts) > 1:
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    if name in _MEANING and (value is None or not _NAMED[name].fullmatch(value)):
        ctx.not_understood(f"the new value of {name} is not a constant")
    ctx.findings.effects.append(Effect(EffectKind.SET, name, value or ""))


def _user_variable(ctx: Context, p: Parser, name: str) -> None:
    """A variable that keeps the SQL mode for later is followed: dumps put it back from there."""
    mark = p.index
    if p.current.kind is SYSTEM and (p.peek().upper in (",", "") and p.peek().kind != STRING):
        mode = _known(ctx, p)
        if mode is not None and p.tokens[mark].text.lower() == "sql_mode":
            ctx.findings.effects.append(Effect(EffectKind.SET, f"@{name.lower()}", mode))
            return
    p.to(mark)
    values.evaluate(ctx, p.expression(), Level(), Clause.STORED)
    ctx.findings.effects.append(Effect(EffectKind.SET, f"@{name.lower()}", "\0"))


def _value(ctx: Context, p: Parser, name: str) -> str | None:
    """The new value where the text says it; None where it must be computed. Subqueries in it are read."""
    mark = p.index
    known = _known(ctx, p)
    if known is not None and (p.ended or p.upper == ","):
        return known
    p.to(mark)
    if p.upper in ("ON", "BINARY", "ALL", "ROW") and p.peek().upper in (",", ""):
        return p.advance().text
    values.evaluate(ctx, p.expression(), Level(), Clause.STORED)
    return None


def _known(ctx: Context, p: Parser) -> str | None:
    token = p.current
    if token.kind is STRING:
        return p.string()
    if token.kind is NUMBER:
        p.advance()
        return token.text
    if token.kind is SYSTEM:
        p.advance()
        name = token.text.lower()
        while p.accept("."):
            name = f"{name}.{p.any_name().lower()}"
        return (
            ",".join(sorted(ctx.reading.modes)) if name.removeprefix("session.").removeprefix("local.") == "sql_mode" else None
        )
    if token.kind is USER:
        p.advance()
        return ctx.variables.get(f"@{token.text.lower()}")
    if token.upper in ("CONCAT", "REPLACE") and p.peek().upper == "(":
        return _computed(ctx, p, token.upper)
    if token.kind in (WORD, NAME) and p.peek().upper in (",", "") and p.peek().kind not in (STRING, NAME):
        p.advance()
        return "" if token.upper == "DEFAULT" else token.text
    return None


def _computed(ctx: Context, p: Parser, function: str) -> str | None:
    """CONCAT(@@sql_mode, ',X') and REPLACE(@@sql_mode, 'X', '')."""
    p.advance(2)
    parts: list[str] = []
    while True:
        part = _known(ctx, p)
        if part is None:
            return None
        parts.append(part)
        if not p.accept(","):
            break
    if not p.accept(")"):
        return None
    if function == "CONCAT":
        return "".join(parts)
    return parts[0].replace(parts[1], parts[2]) if len(parts) == 3 else None


def _statement(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    """MariaDB: SET STATEMENT a = 1, b = 2 FOR statement. The statement's own text was read before the settings count."""
    meaning = sets_mode = False
    while True:
        if p.accept_any(_EVERYBODYS):
            ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        p.accept_any(_SCOPES)
        name = p.any_name().lower()
        meaning = meaning or (name in _MEANING and not _reads_alike(ctx, p, name))
        if name.startswith("session_track_"):
            ctx.not_understood(f"{name} for one statement: the server would not tell what that statement sets")
        sets_mode = sets_mode or name in _MEANING
        if _ADMIN.match(name):
            ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        p.expect("=")
        if p.upper in ("ON", "DEFAULT", "BINARY", "ALL"):
            p.advance()
        else:
            values.evaluate(ctx, p.sum(), Level(), Clause.STORED)
        if not p.accept(","):
            break
    p.expect("FOR")
    if (meaning and p.upper not in _READ_ALREADY) or (sets_mode and p.upper not in _READ_ALREADY | _LEAVES_NO_STATE):
        ctx.not_understood("a text read, or a state set, under a SQL mode of SET STATEMENT")
    return replace(walk(ctx, p))


def _reads_alike(ctx: Context, p: Parser, name: str) -> bool:
    """Whether text has the same tokens under the SQL mode that stands behind `=` here as it has now."""
    value = p.peek()
    if name != "sql_mode" or value.kind is not STRING or p.peek(2).upper not in (",", "FOR"):
        return False
    if _NAMED[name].fullmatch(value.text) is None:
        return False
    return modes(value.text) & _OF_TOKENS == ctx.reading.modes & _OF_TOKENS
