"""Schema changes that put the values of columns under another path: renamed, moved, taken out of a hierarchy."""

from collections.abc import Iterator
from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.ddl_objects import RELATIONS
from gateway.analysis.postgres.relations import descendants
from gateway.analysis.postgres.resolve import Found
from gateway.catalog import RelationKind
from gateway.model.footprint import ObjectName, relation

ALL: Final = "*"
_TABLES: Final = (RelationKind.TABLE, RelationKind.PARTITIONED_TABLE)


def renamed(ctx: Context, message: pb.RenameStmt) -> None:
    """ALTER … RENAME of a relation, a schema, a column, or an attribute of a type that tables are made of."""
    match message.rename_type:
        case pb.OBJECT_COLUMN:
            for found in ctx.names.relation(message.relation.schemaname, message.relation.relname).relations:
                for name in _with_descendants(ctx, found):
                    ctx.findings.move(name, message.subname, name, message.newname)
        case pb.OBJECT_ATTRIBUTE if message.behavior == pb.DROP_CASCADE:
            _attribute(ctx, message)
        case pb.OBJECT_SCHEMA:
            for info in ctx.names.catalog.relations.values():
                if info.name.schema == message.subname:
                    whole(ctx, Found(relation(*info.name), info), relation(message.newname, info.name.name))
        case kind if kind in RELATIONS:
            for found in ctx.names.relation(message.relation.schemaname, message.relation.relname).relations:
                whole(ctx, found, relation(found.name.schema, message.newname))


def _attribute(ctx: Context, message: pb.RenameStmt) -> None:
    """The columns of tables that were made OF the type follow. The catalog does not say which: all that have its columns."""
    for found in ctx.names.relation(message.relation.schemaname, message.relation.relname).relations:
        shape = None if found.info is None else [column.name for column in found.info.columns]
        for info in ctx.names.catalog.relations.values():
            columns = [column.name for column in info.columns]
            if info.kind in _TABLES and message.subname in columns and (shape is None or columns == shape):
                name = relation(*info.name)
                ctx.findings.move(name, message.subname, name, message.newname)


def elsewhere(ctx: Context, message: pb.AlterObjectSchemaStmt) -> None:
    """ALTER … SET SCHEMA."""
    if message.object_type in RELATIONS:
        for found in ctx.names.relation(message.relation.schemaname, message.relation.relname).relations:
            whole(ctx, found, relation(message.newschema, found.name.name))


def whole(ctx: Context, found: Found, target: ObjectName) -> None:
    """Every column of a relation comes under another relation's path."""
    for column in columns_of(found):
        ctx.findings.move(found.name, column, target, column)


def columns_of(found: Found) -> list[str]:
    """All of them where the catalog does not know the relation."""
    return [ALL] if found.info is None else [column.name for column in found.info.columns]


def _with_descendants(ctx: Context, found: Found) -> Iterator[ObjectName]:
    yield found.name
    if found.info is not None:
        yield from descendants(ctx, found.info)
