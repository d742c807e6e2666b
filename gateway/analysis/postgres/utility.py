"""Statements around queries: EXPLAIN, PREPARE and EXECUTE, cursors, COPY, LOCK, TRUNCATE, CALL, DO, and maintenance."""

from collections.abc import Sequence
from typing import Final

from postgast import PgQueryError, scan
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import calls, expressions, parser, relations
from gateway.analysis.postgres.context import Context, constant_text
from gateway.analysis.postgres.modify import statement
from gateway.analysis.postgres.outcome import Asked, Handler, Outcome
from gateway.analysis.postgres.records import Record, use
from gateway.analysis.postgres.scopes import Column, Rows, Scope
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
    relation,
)

_PLANNED: Final = (Action.SELECT, Action.INSERT, Action.UPDATE, Action.DELETE, Action.LOCK)
_FALSE: Final = frozenset({"false", "off", "no", "0"})


def flag(options: Sequence[pb.Node], name: str) -> bool:
    """Whether a list of options turns one on: present without a value, or with any that is not a word for false. One that is
    given twice counts if either is on: the server takes the last of EXPLAIN's (ParseExplainOptionList)."""
    given = [option_value(node.def_elem) for node in options if node.def_elem.defname.lower() == name]
    return any(value is None or value.lower() not in _FALSE for value in given)


def option_value(option: pb.DefElem) -> str | None:
    if not option.HasField("arg"):
        return None
    match option.arg.WhichOneof("node"):
        case "string":
            return str(option.arg.string.sval)
        case "integer":
            return str(option.arg.integer.ival)
        case "boolean":
            return "true" if option.arg.boolean.boolval else "false"
        case _:
            return constant_text(option.arg)


# --- EXPLAIN


def explain(ctx: Context, message: pb.ExplainStmt, asked: Asked) -> Outcome:
    """ANALYZE runs the statement: all it does counts, and `explain` besides. Without, only plans are made."""
    runs = flag(message.options, "analyze")
    before = len(ctx.findings.records)
    effects = len(ctx.findings.effects)
    inner = asked.walk(ctx, message.query, asked)
    made = ctx.findings.records[before:]
    if not runs:
        del ctx.findings.records[before:]
        del ctx.findings.effects[effects:]
    ctx.findings.records += [_explained(record) for record in made if record.action in _PLANNED]
    if not runs:
        ctx.findings.records += [record for record in made if record.action not in (*_PLANNED, Action.DDL, Action.TEMP)]
    return Outcome("EXPLAIN", inner.category if runs else Category.QUERY, Rows([Column("QUERY PLAN")]))


def _explained(record: Record) -> Record:
    made = Record(record.object, Action.EXPLAIN, record.origin, record.relatives)
    made.uses = set(record.uses)
    made.beneath = [_explained(under) for under in record.beneath if under.object.kind is ObjectKind.RELATION]
    return made


# --- PREPARE, EXECUTE, cursors


def prepare(ctx: Context, message: pb.PrepareStmt, asked: Asked) -> Outcome:
    inner = asked.walk(ctx, message.query, asked)
    for node in message.argtypes:
        calls.cast(ctx, node.type_name, 0, Clause.ARGUMENT)
    ctx.findings.effects.append(Effect(EffectKind.PREPARE, message.name, after(asked.sql, "AS")))
    return Outcome("PREPARE", inner.category)


def execute(ctx: Context, message: pb.ExecuteStmt, asked: Asked) -> Outcome:
    expressions.evaluate_all(ctx, message.params, Scope(), Clause.ARGUMENT)
    text = ctx.prepared.get(message.name)
    if text is None:
        ctx.not_understood(f"prepared statement {message.name!r} is not known")
        return Outcome("EXECUTE", Category.QUERY, Rows([]), known=False)
    inner = _walk_text(ctx, text, asked)
    return Outcome("EXECUTE", inner.category, inner.rows, inner.known)


def _walk_text(ctx: Context, text: str, asked: Asked) -> Outcome:
    """The statement that a name stands for."""
    with ctx.nested_text():
        tree = parser.parse(text)
        if len(tree.stmts) != 1:
            ctx.not_understood("the named text is not one statement")
            return Outcome("", Category.QUERY, Rows([]), known=False)
        return asked.walk(ctx, tree.stmts[0].stmt, Asked(text, asked.walk))


def deallocate(ctx: Context, message: pb.DeallocateStmt, asked: Asked) -> Outcome:
    ctx.findings.effects.append(Effect(EffectKind.DEALLOCATE, "" if message.isall else message.name))
    return Outcome("DEALLOCATE ALL" if message.isall else "DEALLOCATE", Category.SESSION)


def declare(ctx: Context, message: pb.DeclareCursorStmt, asked: Asked) -> Outcome:
    asked.walk(ctx, message.query, asked)
    ctx.findings.effects.append(Effect(EffectKind.DECLARE, message.portalname, after(asked.sql, "FOR")))
    return Outcome("DECLARE CURSOR", Category.QUERY)


def fetch(ctx: Context, message: pb.FetchStmt, asked: Asked) -> Outcome:
    kind = "MOVE" if message.ismove else "FETCH"
    text = ctx.cursors.get(message.portalname)
    if text is None:
        ctx.not_understood(f"cursor {message.portalname!r} is not known")
        return Outcome(kind, Category.QUERY, Rows([]), known=False)
    inner = _walk_text(ctx, text, asked)
    ctx.findings.effects.append(Effect(EffectKind.FETCH, message.portalname))
    return Outcome(kind, Category.QUERY, None if message.ismove else inner.rows, inner.known)


def close(ctx: Context, message: pb.ClosePortalStmt, asked: Asked) -> Outcome:
    ctx.findings.effects.append(Effect(EffectKind.CLOSE, message.portalname))
    return Outcome("CLOSE CURSOR" if message.portalname else "CLOSE CURSOR ALL", Category.SESSION)


def after(sql: str, keyword: str) -> str:
    """What stands behind the first such keyword outside parentheses: the query of PREPARE … AS, DECLARE … FOR."""
    wanted = pb.Token.Value(keyword)
    depth = 0
    encoded = sql.encode("utf-8")
    for token in scan(sql).tokens:
        match encoded[token.start : token.end]:
            case b"(":
                depth += 1
            case b")":
                depth -= 1
        if token.token == wanted and depth == 0:
            return encoded[token.end :].decode("utf-8").strip()
    raise PgQueryError(f"no {keyword} in the statement")


# --- COPY


def copy(ctx: Context, message: pb.CopyStmt, asked: Asked) -> Outcome:
    """TO reads and exports, FROM inserts; a file or program of the server's machine is for administrators."""
    if message.is_program or message.filename:
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    if message.is_from:
        return _copy_from(ctx, message)
    before = len(ctx.findings.records)
    rows = statement(ctx, message.query, None, Clause.OUTPUT) if message.HasField("query") else _copied_columns(ctx, message)
    for record in ctx.findings.records[before:]:
        if record.object.kind is ObjectKind.RELATION and record.action is Action.SELECT:
            ctx.findings.records.append(_exported(record))
    return Outcome("COPY", Category.COPY_OUT, rows)


def _exported(record: Record) -> Record:
    made = Record(record.object, Action.EXPORT, record.origin, record.relatives)
    made.uses = record.uses
    made.beneath = [_exported(under) for under in record.beneath if under.object.kind is ObjectKind.RELATION]
    return made


def _copied_columns(ctx: Context, message: pb.CopyStmt) -> Rows:
    """COPY t (a, b) TO: the columns listed, else all but the generated ones."""
    source = relations.range_var(ctx, message.relation)
    scope = Scope(sources=[source])
    names = [node.string.sval for node in message.attlist] or [column.name for column in source.columns]
    columns = []
    for name in names:
        value = expressions.field_of_row(ctx, source, name, Clause.OUTPUT)
        columns.append(Column(name, value.origins, exact=value.exact))
    if not message.attlist and source.rest is not None:
        use(source.rest, Clause.OUTPUT)
        return Rows(columns, source.rest)
    if message.HasField("where_clause"):
        expressions.evaluate(ctx, message.where_clause, scope, Clause.WHERE)
    return Rows(columns)


def _copy_from(ctx: Context, message: pb.CopyStmt) -> Outcome:
    records, source = relations.target(ctx, message.relation, Action.INSERT)
    known = source.rest is None
    names = [node.string.sval for node in message.attlist] or ([column.name for column in source.columns] if known else ["*"])
    for record in records:
        for name in names:
            record.use(Clause.TARGET, name)
    if message.HasField("where_clause"):
        expressions.evaluate(ctx, message.where_clause, Scope(sources=[source]), Clause.WHERE)
    return Outcome("COPY", Category.COPY_IN)


# --- whole relations


def lock(ctx: Context, message: pb.LockStmt, asked: Asked) -> Outcome:
    for node in message.relations:
        for record in relations.named(ctx, node.range_var.schemaname, node.range_var.relname, Action.LOCK):
            _lock_beneath(ctx, record)
    return Outcome("LOCK TABLE", Category.UTILITY)


def _lock_beneath(ctx: Context, record: Record) -> None:
    """Locking a view locks what it reads (PostgreSQL manual, LOCK)."""
    info = ctx.names.catalog.relation(record.object.schema, record.object.name)
    if info is not None and info.is_view:
        reading = Record(record.object, Action.SELECT)
        relations.entry(ctx, reading, info)
        record.beneath += [_locked(under) for under in reading.beneath]


def _locked(record: Record) -> Record:
    action = Action.LOCK if record.action is Action.SELECT else record.action
    made = Record(record.object, action, record.origin)
    made.beneath = [_locked(under) for under in record.beneath]
    return made


def truncate(ctx: Context, message: pb.TruncateStmt, asked: Asked) -> Outcome:
    """CASCADE takes every table that refers to these with it."""
    truncated: list[Record] = []
    for node in message.relations:
        var = node.range_var
        truncated += relations.named(ctx, var.schemaname, var.relname, Action.TRUNCATE, inherits=var.inh)
    if message.behavior == pb.DROP_CASCADE:
        done = {record.object for record in truncated}
        waiting = list(done)
        while waiting:
            name = waiting.pop()
            info = ctx.names.catalog.relation(name.schema, name.name)
            for key in info.referenced_by if info is not None else ():
                found = relation(*key.relation)
                if found not in done:
                    done.add(found)
                    waiting.append(found)
                    ctx.findings.record(found, Action.TRUNCATE, ctx.origin)
    return Outcome("TRUNCATE TABLE", Category.WRITE)


def refresh(ctx: Context, message: pb.RefreshMatViewStmt, asked: Asked) -> Outcome:
    """Rewrites the stored rows from what the definition reads, with its owner's rights."""
    var = message.relation
    for record in relations.named(ctx, var.schemaname, var.relname, Action.UPDATE):
        record.use(Clause.TARGET, "*")
        info = ctx.names.catalog.relation(record.object.schema, record.object.name)
        if info is not None:
            relations.entry(ctx, record, info)
    return Outcome("REFRESH MATERIALIZED VIEW", Category.WRITE)


def maintain(kind: str) -> Handler:
    """VACUUM, ANALYZE, CLUSTER, REINDEX, of relations or of the whole database."""

    def handler(ctx: Context, message: pb.VacuumStmt | pb.ClusterStmt | pb.ReindexStmt, asked: Asked) -> Outcome:
        name = kind
        transactional = True
        if isinstance(message, pb.VacuumStmt):
            variables = [node.vacuum_relation.relation for node in message.rels]
            name = "VACUUM" if message.is_vacuumcmd else "ANALYZE"
            transactional = not message.is_vacuumcmd
        else:
            variables = [message.relation] if message.HasField("relation") else []
            transactional = bool(variables) and not flag(message.params, "concurrently")
        for var in variables:
            records = relations.named(ctx, var.schemaname, var.relname, Action.ADMIN)
            if not records:
                relations.own_temporary(ctx)
        if not variables:
            ctx.findings.record(DATABASE, Action.ADMIN, ctx.origin)
        return Outcome(name, Category.UTILITY, transactional=transactional)

    return handler


# --- procedures


def call(ctx: Context, message: pb.CallStmt, asked: Asked) -> Outcome:
    ctx.as_rows = True  # its output parameters are a row for the client
    value = calls.call(ctx, message.funccall, Scope(), Clause.STORED)
    return Outcome("CALL", Category.UTILITY, Rows([], value.origins), known=False)


def do(ctx: Context, message: pb.DoStmt, asked: Asked) -> Outcome:
    ctx.not_understood("DO runs procedural code")
    return Outcome("DO", Category.UTILITY)


def notify(ctx: Context, message: pb.NotifyStmt, asked: Asked) -> Outcome:
    """The same as calling pg_notify."""
    name = ObjectName(ObjectKind.FUNCTION, "pg_catalog", "pg_notify")
    ctx.findings.functions[FunctionUse(name, FunctionClass.WRITES)] = None
    return Outcome("NOTIFY", Category.UTILITY)


def plain(kind: str, category: Category) -> Handler:
    """A statement that touches nothing that permissions know."""

    def handler(ctx: Context, message: object, asked: Asked) -> Outcome:
        return Outcome(kind, category)

    return handler


HANDLERS: Final[dict[str, Handler]] = {
    "explain_stmt": explain,
    "prepare_stmt": prepare,
    "execute_stmt": execute,
    "deallocate_stmt": deallocate,
    "declare_cursor_stmt": declare,
    "fetch_stmt": fetch,
    "close_portal_stmt": close,
    "copy_stmt": copy,
    "lock_stmt": lock,
    "truncate_stmt": truncate,
    "refresh_mat_view_stmt": refresh,
    "vacuum_stmt": maintain("VACUUM"),
    "cluster_stmt": maintain("CLUSTER"),
    "reindex_stmt": maintain("REINDEX"),
    "call_stmt": call,
    "do_stmt": do,
    "notify_stmt": notify,
    "listen_stmt": plain("LISTEN", Category.SESSION),
    "unlisten_stmt": plain("UNLISTEN", Category.SESSION),
}
