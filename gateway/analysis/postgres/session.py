"""Statements about the session: settings, transactions, DISCARD, SHOW."""

from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.outcome import Asked, Handler, Outcome
from gateway.analysis.postgres.scopes import Column, Rows
from gateway.analysis.postgres.settings import list_value, needs_admin, path_value, secret, setting_effect
from gateway.model.footprint import DATABASE, INSTANCE, Action, Category, Effect, EffectKind, relation

_TRANSACTION_KINDS: Final = {
    pb.TRANS_STMT_BEGIN: ("BEGIN", EffectKind.BEGIN),
    pb.TRANS_STMT_START: ("START TRANSACTION", EffectKind.BEGIN),
    pb.TRANS_STMT_COMMIT: ("COMMIT", EffectKind.COMMIT),
    pb.TRANS_STMT_ROLLBACK: ("ROLLBACK", EffectKind.ROLLBACK),
    pb.TRANS_STMT_SAVEPOINT: ("SAVEPOINT", EffectKind.SAVEPOINT),
    pb.TRANS_STMT_RELEASE: ("RELEASE", EffectKind.RELEASE),
    pb.TRANS_STMT_ROLLBACK_TO: ("ROLLBACK TO SAVEPOINT", EffectKind.ROLLBACK_TO),
    pb.TRANS_STMT_PREPARE: ("PREPARE TRANSACTION", EffectKind.COMMIT),
}
_TWO_PHASE: Final = {
    pb.TRANS_STMT_COMMIT_PREPARED: "COMMIT PREPARED",
    pb.TRANS_STMT_ROLLBACK_PREPARED: "ROLLBACK PREPARED",
}
_DISCARDS: Final = {
    pb.DISCARD_ALL: ("DISCARD ALL", Effect(EffectKind.DISCARD_ALL)),
    pb.DISCARD_TEMP: ("DISCARD TEMP", Effect(EffectKind.TEMP_DROP)),
    pb.DISCARD_PLANS: ("DISCARD PLANS", None),
    pb.DISCARD_SEQUENCES: ("DISCARD SEQUENCES", None),
}


def transaction(ctx: Context, message: pb.TransactionStmt, asked: Asked) -> Outcome:
    """Two-phase commit outlives the session and reaches into others': it is for administrators."""
    if message.kind in _TWO_PHASE:
        ctx.findings.record(DATABASE, Action.ADMIN, ctx.origin)
        return Outcome(_TWO_PHASE[message.kind], Category.TRANSACTION, transactional=False)
    kind, effect = _TRANSACTION_KINDS[message.kind]
    if message.kind == pb.TRANS_STMT_PREPARE:
        ctx.findings.record(DATABASE, Action.ADMIN, ctx.origin)
    ctx.findings.effects.append(Effect(effect, message.savepoint_name))
    if message.chain:
        ctx.findings.effects.append(Effect(EffectKind.BEGIN))
    return Outcome(kind, Category.TRANSACTION)


def variable_set(ctx: Context, message: pb.VariableSetStmt, asked: Asked) -> Outcome:
    name = message.name.lower()
    match message.kind:
        case pb.VAR_RESET_ALL:
            ctx.findings.effects.append(Effect(EffectKind.RESET_ALL))
            return Outcome("RESET ALL", Category.SESSION)
        case pb.VAR_RESET:
            ctx.findings.effects.append(Effect(EffectKind.SET, name))
            return Outcome("RESET", Category.SESSION)
        case pb.VAR_SET_DEFAULT:
            if name == "role" or (needs_admin(name) and name != "session_authorization"):
                ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
            ctx.findings.effects.append(Effect(EffectKind.SET, name, local=message.is_local))
        case pb.VAR_SET_MULTI:
            return Outcome(f"SET {message.name}", Category.SESSION)
        case pb.VAR_SET_CURRENT:
            setting_effect(ctx, name, None, local=message.is_local)
        case _:
            value = path_value(message.args) if name in ("search_path", "temp_tablespaces") else list_value(message.args)
            setting_effect(ctx, name, value, local=message.is_local)
    return Outcome("SET", Category.SESSION)


def show(ctx: Context, message: pb.VariableShowStmt, asked: Asked) -> Outcome:
    name = message.name.lower()
    if name == "all":
        record = ctx.findings.record(relation("pg_catalog", "pg_settings"), Action.SELECT, ctx.origin)
        columns = ["name", "setting", "description"]
        return Outcome("SHOW", Category.SESSION, Rows([Column(column, frozenset({(record, column)})) for column in columns]))
    if secret(name):
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    return Outcome("SHOW", Category.SESSION, Rows([Column(message.name)]))


def discard(ctx: Context, message: pb.DiscardStmt, asked: Asked) -> Outcome:
    kind, effect = _DISCARDS[message.target]
    if effect is not None:
        ctx.findings.effects.append(effect)
    return Outcome(kind, Category.SESSION, transactional=message.target != pb.DISCARD_ALL)


def constraints(ctx: Context, message: pb.ConstraintsSetStmt, asked: Asked) -> Outcome:
    return Outcome("SET CONSTRAINTS", Category.SESSION)


HANDLERS: Final[dict[str, Handler]] = {
    "transaction_stmt": transaction,
    "variable_set_stmt": variable_set,
    "variable_show_stmt": show,
    "discard_stmt": discard,
    "constraints_set_stmt": constraints,
}
