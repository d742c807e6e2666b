"""The types that a temporary relation's columns get.

Later statements write to it, and nobody here knows its columns then: so what conversions to their types run of users' functions
counts as called when the relation is made.
"""

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import conversions
from gateway.analysis.postgres.context import Context, qualified
from gateway.analysis.postgres.scopes import Rows


def kept_types(ctx: Context, message: Message) -> None:
    """Every type named anywhere in a definition, and those of relations whose columns it takes over."""
    if isinstance(message, pb.TypeName):
        _kept_type(ctx, *qualified(list(message.names)))
    elif isinstance(message, pb.TableLikeClause):
        _kept_relation(ctx, message.relation)
    else:
        for field, content in message.ListFields():
            if field.message_type is not None:
                for child in [content] if isinstance(content, Message) else content:
                    kept_types(ctx, child)


def kept_rows(ctx: Context, rows: Rows | None) -> None:
    """The columns of a query; of one whose type is not known, all columns that its value comes from."""
    for column in rows.columns if rows is not None else ():
        if column.type:
            conversions.kept(ctx, column.type)
        else:
            for record, name in column.origins:
                _kept_columns(ctx, record.object.schema, record.object.name, name)
    for record, _ in (rows.rest or ()) if rows is not None else ():
        _kept_columns(ctx, record.object.schema, record.object.name, "*")


def _kept_type(ctx: Context, schema: str, name: str) -> None:
    info = ctx.names.type(schema, name)
    if info is not None:
        conversions.kept(ctx, info.oid)


def _kept_relation(ctx: Context, var: pb.RangeVar) -> None:
    for found in ctx.names.relation(var.schemaname, var.relname).relations:
        _kept_columns(ctx, found.name.schema, found.name.name, "*")


def _kept_columns(ctx: Context, schema: str, relation: str, column: str) -> None:
    info = ctx.names.catalog.relation(schema, relation)
    for known in info.columns if info is not None else ():
        if column in ("*", known.name):
            conversions.kept(ctx, known.type_id)
