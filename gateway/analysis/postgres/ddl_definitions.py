"""CREATE and ALTER of functions, types, schemas, policies, rules, triggers: objects by dotted name, and their expressions."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import calls, ddl_programs, parser
from gateway.analysis.postgres.context import Context, qualified, text_of
from gateway.analysis.postgres.ddl_objects import object_word
from gateway.analysis.postgres.ddl_parts import Place, anything, changed, existing, expression_in, inside, own_rows
from gateway.analysis.postgres.modify import statement
from gateway.analysis.postgres.outcome import Asked, Handler, Outcome
from gateway.analysis.postgres.resolve import PG_TEMP
from gateway.model.footprint import (
    Action,
    Category,
    Clause,
    ObjectKind,
    ObjectName,
)


def create_function(ctx: Context, message: pb.CreateFunctionStmt, asked: Asked) -> Outcome:
    """The body does not run now; calling the function needs a permission of its own."""
    schema, name = qualified(list(message.funcname))
    full = ObjectName(ObjectKind.FUNCTION, schema or ctx.names.creation_schema, name)
    ctx.findings.record(full, Action.DDL, ctx.origin)
    _sql_body(ctx, message)
    ddl_programs.function(ctx, message, full, asked.sql)
    for node in message.parameters:
        if node.function_parameter.HasField("defexpr"):
            expression_in(ctx, node.function_parameter.defexpr)
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
            expression_in(ctx, node.return_stmt.returnval, Clause.STORED)
        case "select_stmt" | "insert_stmt" | "update_stmt" | "delete_stmt" | "merge_stmt":
            statement(ctx, node, anything(), Clause.STORED)
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


def on_relation(kind: str, field: str, *names: str) -> Handler:
    """A statement about the relation in `field`: its conditions judge the rows, its queries put them elsewhere. `names`: what
    stands for a row."""

    def handler(ctx: Context, message: Any, asked: Asked) -> Outcome:
        var = getattr(message, field)
        existing(ctx, var)
        inside(ctx, message, place=Place(own_rows(ctx, var, *names)))
        changed(ctx)
        return Outcome(kind, Category.DDL)

    return handler


def create_statistics(ctx: Context, message: pb.CreateStatsStmt, asked: Asked) -> Outcome:
    """The object has a schema of its own: where one is named, that is changed, whatever table the object is about."""
    schema, _ = qualified(list(message.defnames))
    if schema and schema != PG_TEMP:
        ctx.findings.record(ObjectName(ObjectKind.SCHEMA, schema), Action.DDL, ctx.origin)
    inside(ctx, message)
    changed(ctx)
    return Outcome("CREATE STATISTICS", Category.DDL)


def trigger(ctx: Context, message: pb.CreateTrigStmt, asked: Asked) -> Outcome:
    """The function will run with every write to the table."""
    existing(ctx, message.relation)
    inside(ctx, message, place=Place(own_rows(ctx, message.relation, "old", "new")))
    schema, name = qualified(list(message.funcname))
    calls.note(ctx, schema, name, calls.candidates(ctx, schema, name, []))
    ddl_programs.trigger(ctx, message)
    changed(ctx)
    return Outcome("CREATE TRIGGER", Category.DDL)


HANDLERS: Final[dict[str, Handler]] = {
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
    "create_stats_stmt": create_statistics,
    "create_policy_stmt": on_relation("CREATE POLICY", "table"),
    "alter_policy_stmt": on_relation("ALTER POLICY", "table"),
    "rule_stmt": on_relation("CREATE RULE", "relation", "old", "new"),
    "create_trig_stmt": trigger,
}
