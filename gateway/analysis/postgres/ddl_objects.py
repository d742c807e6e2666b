"""PostgreSQL's kinds of objects: how commands call them, and what in a path stands for each."""

from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context, text_of
from gateway.model.footprint import ObjectKind, ObjectName

RELATIONS: Final = frozenset(
    {pb.OBJECT_TABLE, pb.OBJECT_VIEW, pb.OBJECT_MATVIEW, pb.OBJECT_INDEX, pb.OBJECT_SEQUENCE, pb.OBJECT_FOREIGN_TABLE}
)
# Outside every database, or able to reach out of one.
ON_INSTANCE: Final = frozenset(
    {pb.OBJECT_DATABASE, pb.OBJECT_ROLE, pb.OBJECT_TABLESPACE, pb.OBJECT_SUBSCRIPTION, pb.OBJECT_PARAMETER_ACL}
)
# They run code in the server, or change how the whole database behaves.
ON_DATABASE: Final = frozenset(
    {
        pb.OBJECT_ACCESS_METHOD, pb.OBJECT_CAST, pb.OBJECT_EVENT_TRIGGER, pb.OBJECT_EXTENSION, pb.OBJECT_FDW,
        pb.OBJECT_FOREIGN_SERVER, pb.OBJECT_LANGUAGE, pb.OBJECT_LARGEOBJECT, pb.OBJECT_PUBLICATION,
        pb.OBJECT_TRANSFORM, pb.OBJECT_USER_MAPPING,
    }
)  # fmt: skip
_FUNCTIONS: Final = frozenset({pb.OBJECT_FUNCTION, pb.OBJECT_PROCEDURE, pb.OBJECT_ROUTINE, pb.OBJECT_AGGREGATE})
_TYPES: Final = frozenset({pb.OBJECT_TYPE, pb.OBJECT_DOMAIN, pb.OBJECT_DOMCONSTRAINT, pb.OBJECT_ATTRIBUTE})
_WORDS: Final = {
    pb.OBJECT_MATVIEW: "MATERIALIZED VIEW",
    pb.OBJECT_FDW: "FOREIGN DATA WRAPPER",
    pb.OBJECT_FOREIGN_SERVER: "SERVER",
    pb.OBJECT_TSCONFIGURATION: "TEXT SEARCH CONFIGURATION",
    pb.OBJECT_TSDICTIONARY: "TEXT SEARCH DICTIONARY",
    pb.OBJECT_TSPARSER: "TEXT SEARCH PARSER",
    pb.OBJECT_TSTEMPLATE: "TEXT SEARCH TEMPLATE",
    pb.OBJECT_OPCLASS: "OPERATOR CLASS",
    pb.OBJECT_OPFAMILY: "OPERATOR FAMILY",
    pb.OBJECT_STATISTIC_EXT: "STATISTICS",
    pb.OBJECT_LARGEOBJECT: "LARGE OBJECT",
    pb.OBJECT_TABCONSTRAINT: "TABLE",
    pb.OBJECT_DOMCONSTRAINT: "DOMAIN",
    pb.OBJECT_COLUMN: "TABLE",
    pb.OBJECT_ATTRIBUTE: "TYPE",
}


def object_word(kind: int) -> str:
    """`ALTER <word>`."""
    return _WORDS.get(kind) or pb.ObjectType.Name(kind).removeprefix("OBJECT_").replace("_", " ")


def drop_kind(kind: int) -> str:
    return object_word(kind)


def named_object(ctx: Context, kind: int, node: pb.Node | None) -> ObjectName:
    """A function, type or schema by name; whatever lives in a schema and has no path of its own is its schema."""
    words = _words(node)
    schema = words[-2] if len(words) > 1 else ""
    if kind == pb.OBJECT_SCHEMA:
        return ObjectName(ObjectKind.SCHEMA, words[-1] if words else "")
    if kind in _FUNCTIONS:
        return _function(ctx, schema, words[-1] if words else "")
    if kind in _TYPES:
        known = ctx.names.type(schema, words[-1]) if words else None
        schema = known.name.schema if known is not None else schema or ctx.names.creation_schema
        return ObjectName(ObjectKind.TYPE, schema, words[-1] if words else "")
    return ObjectName(ObjectKind.SCHEMA, schema or ctx.names.creation_schema)


def _function(ctx: Context, schema: str, name: str) -> ObjectName:
    for info in ctx.names.functions(schema, name):
        return ObjectName(ObjectKind.FUNCTION, *info.name)
    return ctx.names.function_name(schema, name)


def _words(node: pb.Node | None) -> list[str]:
    if node is None:
        return []
    match node.WhichOneof("node"):
        case "string":
            return [node.string.sval]
        case "list":
            items = list(node.list.items)
            if items and items[0].WhichOneof("node") == "type_name":
                return [text_of(part) for part in items[0].type_name.names]
            return [text_of(part) for part in items]
        case "object_with_args":
            return [text_of(part) for part in node.object_with_args.objname]
        case "type_name":
            return [text_of(part) for part in node.type_name.names]
        case _:
            return []
