"""Schema changes: the objects they are about, and what the queries and expressions inside them read and call."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis import calls, expressions, parser, relations
from gateway.analysis.context import Context, qualified, text_of
from gateway.analysis.ddl_objects import ON_DATABASE, ON_INSTANCE, RELATIONS, drop_kind, named_object, object_word
from gateway.analysis.modify import statement
from gateway.analysis.outcome import Asked, Handler, Outcome
from gateway.analysis.records import NOTHING
from gateway.analysis.resolve import PG_TEMP
from gateway.analysis.scopes import Scope, Source
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

_EXPRESSIONS: Final = frozenset(
    [
        "func_call",
        "column_ref",
        "a_expr",
        "bool_expr",
        "sub_link",
        "type_cast",
        "case_expr",
        "null_test",
        "a_indirection",
        "coalesce_expr",
    ]
)


def changed(ctx: Context) -> None:
    """What names mean may be different from here on."""
    ctx.findings.literals_matter = True
    effect = Effect(EffectKind.CATALOG)
    if effect not in ctx.findings.effects:
        ctx.findings.effects.append(effect)


def existing(ctx: Context, var: pb.RangeVar) -> None:
    """A relation that is there already; the session's own temporary ones are its own business."""
    _existing(ctx, var.schemaname, var.relname)


def _existing(ctx: Context, schema: str, name: str) -> bool:
    """Whether the name may mean a temporary relation of the session's own."""
    temporary = ctx.names.relation(schema, name).temporary
    relations.named(ctx, schema, name, Action.DDL)
    if temporary:
        relations.own_temporary(ctx)
    return temporary


def created(ctx: Context, var: pb.RangeVar) -> bool:
    """A new relation; True where it is temporary."""
    first = ctx.names.paths[-1][:1]
    if var.relpersistence == "t" or var.schemaname == PG_TEMP or (not var.schemaname and first == (PG_TEMP,)):
        relations.own_temporary(ctx)
        ctx.findings.effects.append(Effect(EffectKind.TEMP_CREATE, var.relname))
        return True
    name = ctx.names.created(var.schemaname, var.relname)
    ctx.findings.record(name, Action.DDL, ctx.origin)
    return False


# --- what stands inside


def inside(ctx: Context, message: Message, on_relation: Callable[[Context, pb.RangeVar], Any] = existing) -> None:
    """Every relation, query and expression anywhere below a message."""
    for field, content in message.ListFields():
        if field.message_type is None:
            continue
        for child in [content] if isinstance(content, Message) else content:
            _inside_one(ctx, child, on_relation)


def _inside_one(ctx: Context, child: Message, on_relation: Callable[[Context, pb.RangeVar], Any]) -> None:
    kind = child.WhichOneof("node") if isinstance(child, pb.Node) else None
    if isinstance(child, pb.RangeVar):
        on_relation(ctx, child)
    elif isinstance(child, pb.TypeName):
        pass  # naming a type converts nothing
    elif isinstance(child, pb.Node) and kind in _EXPRESSIONS:
        _expression(ctx, child)
    elif isinstance(child, pb.Node) and kind in ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"):
        statement(ctx, child, _anything(), Clause.STORED)
    elif isinstance(child, pb.SelectStmt):
        statement(ctx, pb.Node(select_stmt=child), _anything(), Clause.STORED)
    else:
        inside(ctx, child, on_relation)


def _expression(ctx: Context, node: pb.Node, clause: Clause = Clause.ARGUMENT) -> None:
    outside = ctx.defining
    ctx.defining = True
    expressions.evaluate(ctx, node, _anything(), clause)
    ctx.defining = outside


def _anything() -> Scope:
    """The columns of the relation being defined, old and new rows: none of them is read now."""
    return Scope(sources=[Source(name, [], rest=NOTHING) for name in ("", "old", "new")])


def _read_definition(ctx: Context, var: pb.RangeVar) -> None:
    """CREATE TABLE … (LIKE t): only the definition is read, but the relation is touched."""
    relations.named(ctx, var.schemaname, var.relname, Action.SELECT)


# --- tables, views, and what belongs to a relation


def create_table(ctx: Context, message: pb.CreateStmt, asked: Asked) -> Outcome:
    temporary = created(ctx, message.relation)
    rest = pb.CreateStmt()
    rest.CopyFrom(message)
    rest.ClearField("relation")
    for node in rest.table_elts:
        if node.WhichOneof("node") == "table_like_clause":
            _read_definition(ctx, node.table_like_clause.relation)
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
        statement(ctx, message.query, None, Clause.STORED)
    else:
        outcome = asked.walk(ctx, message.query, asked)
        stored(outcome)
    if not temporary:
        changed(ctx)
    kind = "CREATE MATERIALIZED VIEW" if message.objtype == pb.OBJECT_MATVIEW else "CREATE TABLE AS"
    return Outcome(kind, Category.DDL)


def select_into(ctx: Context, message: pb.SelectStmt, asked: Asked) -> Outcome:
    if not created(ctx, message.into_clause.rel):
        changed(ctx)
    statement(ctx, pb.Node(select_stmt=message), None, Clause.STORED)
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
                _existing(ctx, schema, name)


def create_index(ctx: Context, message: pb.IndexStmt, asked: Asked) -> Outcome:
    """An index belongs to its table: that is what is changed."""
    inside(ctx, message)
    changed(ctx)
    return Outcome("CREATE INDEX", Category.DDL, transactional=not message.concurrent)


def alter_table(ctx: Context, message: pb.AlterTableStmt, asked: Asked) -> Outcome:
    _relation_or_index(ctx, message.relation)
    for node in message.cmds:
        inside(ctx, node.alter_table_cmd)
    changed(ctx)
    concurrent = any(
        node.alter_table_cmd.subtype == pb.AT_DetachPartition and node.alter_table_cmd.def_.partition_cmd.concurrent
        for node in message.cmds
        if hasattr(node.alter_table_cmd, "def_")
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
        return _existing(ctx, schema, name)
    ctx.findings.record(named_object(ctx, kind, node), Action.DDL, ctx.origin)
    return False


def drop(ctx: Context, message: pb.DropStmt, asked: Asked) -> Outcome:
    for node in message.objects:
        if change(ctx, message.remove_type, node):
            ctx.findings.effects.append(Effect(EffectKind.TEMP_DROP, qualified(list(node.list.items))[1]))
    changed(ctx)
    return Outcome(f"DROP {drop_kind(message.remove_type)}", Category.DDL, transactional=not message.concurrent)


# --- functions, types, schemas


def create_function(ctx: Context, message: pb.CreateFunctionStmt, asked: Asked) -> Outcome:
    """The body does not run now; calling the function needs a permission of its own."""
    schema, name = qualified(list(message.funcname))
    full = ObjectName(ObjectKind.FUNCTION, schema or ctx.names.creation_schema, name)
    ctx.findings.record(full, Action.DDL, ctx.origin)
    _sql_body(ctx, message)
    for node in message.parameters:
        if node.function_parameter.HasField("defexpr"):
            _expression(ctx, node.function_parameter.defexpr)
    changed(ctx)
    return Outcome("CREATE PROCEDURE" if message.is_procedure else "CREATE FUNCTION", Category.DDL)


def _sql_body(ctx: Context, message: pb.CreateFunctionStmt) -> None:
    """What an SQL function reads must be readable to its maker: who may call it gets it. Other languages are not read."""
    options = {node.def_elem.defname: node.def_elem.arg for node in message.options}
    language = text_of(options["language"]) if "language" in options else "sql"
    if language.lower() != "sql":
        return
    nodes = [message.sql_body] if message.HasField("sql_body") else []
    if not nodes and "as" in options:
        try:
            nodes = [raw.stmt for raw in parser.parse(text_of(options["as"].list.items[0])).stmts]
        except parser.NotParsed:
            return  # the server refuses it too, or the call fails
    for node in nodes:
        _body_statement(ctx, node)


def _body_statement(ctx: Context, node: pb.Node) -> None:
    match node.WhichOneof("node"):
        case "list":
            for inner in node.list.items:
                _body_statement(ctx, inner)
        case "return_stmt":
            _expression(ctx, node.return_stmt.returnval, Clause.STORED)
        case "select_stmt" | "insert_stmt" | "update_stmt" | "delete_stmt" | "merge_stmt":
            statement(ctx, node, _anything(), Clause.STORED)
        case _:
            inside(ctx, node)


def alter_function(ctx: Context, message: pb.AlterFunctionStmt, asked: Asked) -> Outcome:
    schema, name = qualified(list(message.func.objname))
    ctx.findings.record(ctx.names.function_name(schema, name), Action.DDL, ctx.origin)
    changed(ctx)
    return Outcome(f"ALTER {object_word(message.objtype)}", Category.DDL)


def of_names(
    kind: str, field: str, object_kind: ObjectKind, *, parts: Callable[[Any], Iterable[pb.Node]] | None = None
) -> Handler:
    """A statement about one object whose dotted name stands in `field`."""

    def handler(ctx: Context, message: Any, asked: Asked) -> Outcome:
        schema, name = qualified(list(parts(message) if parts is not None else getattr(message, field)))
        schema = schema or ctx.names.creation_schema
        full = ObjectName(object_kind, schema, "" if object_kind is ObjectKind.SCHEMA else name)
        ctx.findings.record(full, Action.DDL, ctx.origin)
        inside(ctx, message)
        changed(ctx)
        return Outcome(kind, Category.DDL)

    return handler


def define(ctx: Context, message: pb.DefineStmt, asked: Asked) -> Outcome:
    schema, name = qualified(list(message.defnames))
    schema = schema or ctx.names.creation_schema
    kinds = {pb.OBJECT_AGGREGATE: ObjectKind.FUNCTION, pb.OBJECT_TYPE: ObjectKind.TYPE}
    object_kind = kinds.get(message.kind, ObjectKind.SCHEMA)
    full = ObjectName(object_kind, schema, name if object_kind is not ObjectKind.SCHEMA else "")
    ctx.findings.record(full, Action.DDL, ctx.origin)
    changed(ctx)
    return Outcome(f"CREATE {object_word(message.kind)}", Category.DDL)


def composite_type(ctx: Context, message: pb.CompositeTypeStmt, asked: Asked) -> Outcome:
    name = ctx.names.created(message.typevar.schemaname, message.typevar.relname)
    ctx.findings.record(ObjectName(ObjectKind.TYPE, name.schema, name.name), Action.DDL, ctx.origin)
    changed(ctx)
    return Outcome("CREATE TYPE", Category.DDL)


def create_schema(ctx: Context, message: pb.CreateSchemaStmt, asked: Asked) -> Outcome:
    """Also what is created inside it, in the same statement."""
    schema = message.schemaname or message.authrole.rolename
    ctx.findings.record(ObjectName(ObjectKind.SCHEMA, schema), Action.DDL, ctx.origin)
    for node in message.schema_elts:
        _into_schema(node, schema)
        asked.walk(ctx, node, asked)
    changed(ctx)
    return Outcome("CREATE SCHEMA", Category.DDL)


def _into_schema(node: pb.Node, schema: str) -> None:
    """Unqualified names in the elements are of the new schema."""
    message = getattr(node, node.WhichOneof("node") or "", None)
    for field in ("relation", "view", "sequence"):
        var = getattr(message, field, None)
        if isinstance(var, pb.RangeVar) and not var.schemaname:
            var.schemaname = schema


def on_relation(kind: str, *, transactional: bool = True) -> Handler:
    """A statement about the relations it names, and the functions and queries in it."""

    def handler(ctx: Context, message: Message, asked: Asked) -> Outcome:
        inside(ctx, message)
        changed(ctx)
        return Outcome(kind, Category.DDL, transactional=transactional)

    return handler


def trigger(ctx: Context, message: pb.CreateTrigStmt, asked: Asked) -> Outcome:
    """The function will run with every write to the table."""
    inside(ctx, message)
    schema, name = qualified(list(message.funcname))
    calls.note(ctx, schema, name, calls.candidates(ctx, schema, name, []))
    changed(ctx)
    return Outcome("CREATE TRIGGER", Category.DDL)


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


HANDLERS: Final[dict[str, Handler]] = {
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
    "create_function_stmt": create_function,
    "alter_function_stmt": alter_function,
    "define_stmt": define,
    "composite_type_stmt": composite_type,
    "create_enum_stmt": of_names("CREATE TYPE", "type_name", ObjectKind.TYPE),
    "create_range_stmt": of_names("CREATE TYPE", "type_name", ObjectKind.TYPE),
    "alter_enum_stmt": of_names("ALTER TYPE", "type_name", ObjectKind.TYPE),
    "alter_type_stmt": of_names("ALTER TYPE", "type_name", ObjectKind.TYPE),
    "create_domain_stmt": of_names("CREATE DOMAIN", "domainname", ObjectKind.TYPE),
    "alter_domain_stmt": of_names("ALTER DOMAIN", "type_name", ObjectKind.TYPE),
    "alter_collation_stmt": of_names("ALTER COLLATION", "collname", ObjectKind.SCHEMA),
    "create_conversion_stmt": of_names("CREATE CONVERSION", "conversion_name", ObjectKind.SCHEMA),
    "alter_stats_stmt": of_names("ALTER STATISTICS", "defnames", ObjectKind.SCHEMA),
    "create_op_class_stmt": of_names("CREATE OPERATOR CLASS", "opclassname", ObjectKind.SCHEMA),
    "create_op_family_stmt": of_names("CREATE OPERATOR FAMILY", "opfamilyname", ObjectKind.SCHEMA),
    "alter_op_family_stmt": of_names("ALTER OPERATOR FAMILY", "opfamilyname", ObjectKind.SCHEMA),
    "alter_tsdictionary_stmt": of_names("ALTER TEXT SEARCH DICTIONARY", "dictname", ObjectKind.SCHEMA),
    "alter_tsconfiguration_stmt": of_names("ALTER TEXT SEARCH CONFIGURATION", "cfgname", ObjectKind.SCHEMA),
    "alter_operator_stmt": of_names("ALTER OPERATOR", "", ObjectKind.SCHEMA, parts=lambda message: message.opername.objname),
    "create_schema_stmt": create_schema,
    "create_stats_stmt": on_relation("CREATE STATISTICS"),
    "create_policy_stmt": on_relation("CREATE POLICY"),
    "alter_policy_stmt": on_relation("ALTER POLICY"),
    "rule_stmt": on_relation("CREATE RULE"),
    "create_trig_stmt": trigger,
    "grant_stmt": grant,
    "alter_default_privileges_stmt": default_privileges,
}
