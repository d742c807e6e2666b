"""Schema changes: the objects they are about, and what the queries and expressions inside them read and call."""

from collections.abc import Sequence
from typing import Any, Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import ddl_definitions, ddl_judged, ddl_moves
from gateway.analysis.postgres.context import Context, qualified, text_of
from gateway.analysis.postgres.ddl_kept import kept_rows, kept_types
from gateway.analysis.postgres.ddl_objects import ON_DATABASE, ON_INSTANCE, RELATIONS, drop_kind, named_object, object_word
from gateway.analysis.postgres.ddl_parts import (
    Place,
    changed,
    changed_records,
    created,
    existing,
    inside,
    may_exist,
    own_rows,
    read_definition,
)
from gateway.analysis.postgres.modify import statement
from gateway.analysis.postgres.outcome import Asked, Handler, Outcome
from gateway.analysis.postgres.scopes import Rows
from gateway.catalog import RelationKind
from gateway.model.footprint import (
    DATABASE,
    INSTANCE,
    Action,
    Category,
    Clause,
    Effect,
    EffectKind,
    ObjectKind,
    ObjectName,
    relation,
)

# --- tables, views, and what belongs to a relation


def create_table(ctx: Context, message: pb.CreateStmt, asked: Asked) -> Outcome:
    temporary = created(ctx, message.relation)
    if temporary:
        kept_types(ctx, message)
        for node in message.inh_relations:
            kept_types(ctx, pb.TableLikeClause(relation=node.range_var))
    rest = pb.CreateStmt()
    rest.CopyFrom(message)
    rest.ClearField("relation")
    for node in rest.table_elts:
        if node.WhichOneof("node") == "table_like_clause":
            read_definition(ctx, node.table_like_clause.relation)
            node.Clear()
    inside(ctx, rest)
    if not temporary:
        changed(ctx)
    return Outcome("CREATE TABLE", Category.DDL)


def create_foreign_table(ctx: Context, message: pb.CreateForeignTableStmt, asked: Asked) -> Outcome:
    ctx.findings.record(DATABASE, Action.ADMIN, ctx.origin)
    create_table(ctx, message.base_stmt, asked)
    return Outcome("CREATE FOREIGN TABLE", Category.DDL)


def create_table_as(ctx: Context, message: pb.CreateTableAsStmt, asked: Asked) -> Outcome:
    """CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW, also AS EXECUTE: the values are stored."""
    temporary = created(ctx, message.into.rel)
    if message.query.WhichOneof("node") == "select_stmt":
        rows: Rows | None = statement(ctx, message.query, None, Clause.STORED)
    else:
        outcome = asked.walk(ctx, message.query, asked)
        stored(outcome)
        rows = outcome.rows
    if temporary:
        kept_rows(ctx, rows)
    if not temporary:
        changed(ctx)
    kind = "CREATE MATERIALIZED VIEW" if message.objtype == pb.OBJECT_MATVIEW else "CREATE TABLE AS"
    return Outcome(kind, Category.DDL)


def select_into(ctx: Context, message: pb.SelectStmt, asked: Asked) -> Outcome:
    temporary = created(ctx, message.into_clause.rel)
    if not temporary:
        changed(ctx)
    rows = statement(ctx, pb.Node(select_stmt=message), None, Clause.STORED)
    if temporary:
        kept_rows(ctx, rows)
    return Outcome("SELECT INTO", Category.DDL)


def stored(outcome: Outcome) -> None:
    """The rows of a walked statement go into a relation instead of to the client."""
    if outcome.rows is not None:
        for column in outcome.rows.columns:
            for record, name in column.origins:
                record.use(Clause.STORED, name)


def create_view(ctx: Context, message: pb.ViewStmt, asked: Asked) -> Outcome:
    """What the view will show must be readable to its maker, and counts as stored: reading the view asks for the view alone."""
    temporary = created(ctx, message.view)
    statement(ctx, message.query, None, Clause.STORED)
    if not temporary:
        changed(ctx)
    return Outcome("CREATE VIEW", Category.DDL)


def create_sequence(ctx: Context, message: pb.CreateSeqStmt, asked: Asked) -> Outcome:
    if not created(ctx, message.sequence):
        changed(ctx)
    _owned_by(ctx, message.options)
    return Outcome("CREATE SEQUENCE", Category.DDL)


def alter_sequence(ctx: Context, message: pb.AlterSeqStmt, asked: Asked) -> Outcome:
    existing(ctx, message.sequence)
    _owned_by(ctx, message.options)
    changed(ctx)
    return Outcome("ALTER SEQUENCE", Category.DDL)


def _owned_by(ctx: Context, options: Sequence[pb.Node]) -> None:
    for node in options:
        if node.def_elem.defname == "owned_by":
            schema, name = qualified(list(node.def_elem.arg.list.items)[:-1])
            if name:
                may_exist(ctx, schema, name)


def create_index(ctx: Context, message: pb.IndexStmt, asked: Asked) -> Outcome:
    """An index belongs to its table: that is what is changed."""
    existing(ctx, message.relation)
    rest = pb.IndexStmt()
    rest.CopyFrom(message)
    rest.ClearField("relation")
    inside(ctx, rest, place=Place(own_rows(ctx, message.relation)))
    for record in changed_records(ctx, message.relation) if message.unique else ():
        for column in ddl_judged.judged(rest):
            record.use(Clause.CONSTRAINT, column)
    changed(ctx)
    return Outcome("CREATE INDEX", Category.DDL, transactional=not message.concurrent)


def alter_table(ctx: Context, message: pb.AlterTableStmt, asked: Asked) -> Outcome:
    _relation_or_index(ctx, message.relation)
    if ctx.names.relation(message.relation.schemaname, message.relation.relname).temporary:
        kept_types(ctx, message)
    for node in message.cmds:
        ddl_judged.altered(ctx, message.relation, node.alter_table_cmd)
    changed(ctx)
    concurrent = any(
        command.subtype == pb.AT_DetachPartition and ddl_judged.definition(command).partition_cmd.concurrent
        for command in (node.alter_table_cmd for node in message.cmds)
    )
    return Outcome(f"ALTER {object_word(message.objtype)}", Category.DDL, transactional=not concurrent)


def _relation_or_index(ctx: Context, var: pb.RangeVar) -> None:
    """An index's table is changed with it."""
    for found in ctx.names.relation(var.schemaname, var.relname).relations:
        if found.info is not None and found.info.kind is RelationKind.INDEX and found.info.table is not None:
            ctx.findings.record(relation(*found.info.table), Action.DDL, ctx.origin)
    existing(ctx, var)


def rename(ctx: Context, message: pb.RenameStmt, asked: Asked) -> Outcome:
    kind = message.rename_type
    word = object_word(kind)
    if kind in (pb.OBJECT_COLUMN, pb.OBJECT_TABCONSTRAINT, pb.OBJECT_ATTRIBUTE):
        word = object_word(message.relation_type)
    _object_of(ctx, kind, message)
    ddl_moves.renamed(ctx, message)
    changed(ctx)
    return Outcome(f"ALTER {word}", Category.DDL)


def _object_of(ctx: Context, kind: int, message: Any) -> None:
    """The relation or the object that ALTER … RENAME, SET SCHEMA, OWNER TO and DEPENDS ON are about."""
    if message.HasField("relation"):
        _relation_or_index(ctx, message.relation)
    else:
        change(ctx, kind, message.object if message.HasField("object") else None)


def alter_object(kind: str | None = None) -> Handler:
    """ALTER of one object named by kind and name, whatever is changed about it."""

    def handler(ctx: Context, message: Any, asked: Asked) -> Outcome:
        object_type = message.object_type
        _object_of(ctx, object_type, message)
        if isinstance(message, pb.AlterObjectSchemaStmt):
            ddl_moves.elsewhere(ctx, message)
        changed(ctx)
        return Outcome(kind or f"ALTER {object_word(object_type)}", Category.DDL)

    return handler


def comment(ctx: Context, message: pb.CommentStmt | pb.SecLabelStmt, asked: Asked) -> Outcome:
    change(ctx, message.objtype, message.object)
    kind = "COMMENT" if isinstance(message, pb.CommentStmt) else "SECURITY LABEL"
    changed(ctx)
    return Outcome(kind, Category.DDL)


def change(ctx: Context, kind: int, node: pb.Node | None) -> bool:
    """One object is changed or dropped. True where it may be a temporary relation of the session's own."""
    if kind in ON_INSTANCE:
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
        return False
    if kind in ON_DATABASE:
        ctx.findings.record(DATABASE, Action.ADMIN, ctx.origin)
        return False
    if kind in RELATIONS or kind in (
        pb.OBJECT_TRIGGER,
        pb.OBJECT_RULE,
        pb.OBJECT_POLICY,
        pb.OBJECT_COLUMN,
        pb.OBJECT_TABCONSTRAINT,
    ):
        parts = list(node.list.items) if node is not None else []
        schema, name = qualified(parts if kind in RELATIONS else parts[:-1])
        for found in ctx.names.relation(schema, name).relations:
            if found.info is not None and found.info.table is not None:
                ctx.findings.record(relation(*found.info.table), Action.DDL, ctx.origin)
        return may_exist(ctx, schema, name)
    ctx.findings.record(named_object(ctx, kind, node), Action.DDL, ctx.origin)
    return False


def drop(ctx: Context, message: pb.DropStmt, asked: Asked) -> Outcome:
    for node in message.objects:
        if change(ctx, message.remove_type, node):
            ctx.findings.effects.append(Effect(EffectKind.TEMP_DROP, qualified(list(node.list.items))[1]))
    changed(ctx)
    return Outcome(f"DROP {drop_kind(message.remove_type)}", Category.DDL, transactional=not message.concurrent)


# --- rights


def grant(ctx: Context, message: pb.GrantStmt, asked: Asked) -> Outcome:
    kind = "GRANT" if message.is_grant else "REVOKE"
    for node in message.objects:
        match message.objtype:
            case _ if message.targtype == pb.ACL_TARGET_ALL_IN_SCHEMA or message.objtype == pb.OBJECT_SCHEMA:
                ctx.findings.record(ObjectName(ObjectKind.SCHEMA, text_of(node)), Action.DDL, ctx.origin)
            case pb.OBJECT_TABLE | pb.OBJECT_SEQUENCE if node.WhichOneof("node") == "range_var":
                existing(ctx, node.range_var)
            case object_type:
                change(ctx, object_type, node)
    changed(ctx)
    return Outcome(kind, Category.DDL)


def default_privileges(ctx: Context, message: pb.AlterDefaultPrivilegesStmt, asked: Asked) -> Outcome:
    schemas = [
        text_of(name) for node in message.options if node.def_elem.defname == "schemas" for name in node.def_elem.arg.list.items
    ]
    for schema in schemas:
        ctx.findings.record(ObjectName(ObjectKind.SCHEMA, schema), Action.DDL, ctx.origin)
    if not schemas:
        ctx.findings.record(DATABASE, Action.ADMIN, ctx.origin)
    return Outcome("ALTER DEFAULT PRIVILEGES", Category.DDL)


HANDLERS: Final[dict[str, Handler]] = ddl_definitions.HANDLERS | {
    "create_stmt": create_table,
    "create_foreign_table_stmt": create_foreign_table,
    "create_table_as_stmt": create_table_as,
    "view_stmt": create_view,
    "create_seq_stmt": create_sequence,
    "alter_seq_stmt": alter_sequence,
    "index_stmt": create_index,
    "alter_table_stmt": alter_table,
    "rename_stmt": rename,
    "alter_object_schema_stmt": alter_object(),
    "alter_owner_stmt": alter_object(),
    "alter_object_depends_stmt": alter_object(),
    "comment_stmt": comment,
    "sec_label_stmt": comment,
    "drop_stmt": drop,
    "grant_stmt": grant,
    "alter_default_privileges_stmt": default_privileges,
}
