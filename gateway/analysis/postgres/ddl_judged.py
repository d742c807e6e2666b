"""What schema changes ask of rows that are there: constraints, unique keys, new types. And what they make of them."""

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context, text_of
from gateway.analysis.postgres.ddl_parts import Place, changed_records, expression_in, inside, own_rows
from gateway.analysis.postgres.records import Record
from gateway.analysis.postgres.relations import descendants, relatives
from gateway.model.footprint import Clause

_ALL: Final = "*"


def definition(command: pb.AlterTableCmd) -> pb.Node:
    """What the command is about; its field has a name that Python reserves."""
    node: pb.Node = getattr(command, "def")
    return node


def altered(ctx: Context, var: pb.RangeVar, command: pb.AlterTableCmd) -> None:
    """One command of ALTER TABLE."""
    records = changed_records(ctx, var)
    match command.subtype:
        case pb.AT_AlterColumnType:
            _converted(ctx, var, command, records)
        case pb.AT_DropExpression:
            _settled(ctx, command.name, records)
        case pb.AT_AttachPartition | pb.AT_AddInherit:
            inside(ctx, command)
            for record in _named_in(ctx, command):
                record.use(Clause.CONSTRAINT, _ALL)
        case pb.AT_DetachPartition | pb.AT_DetachPartitionFinalize | pb.AT_DropInherit:
            inside(ctx, command)
            for parent in records:
                for child in _named_in(ctx, command):
                    _parted(ctx, *((parent, child) if command.subtype != pb.AT_DropInherit else (child, parent)))
        case pb.AT_ColumnDefault:
            inside(ctx, command, place=Place(own_rows(ctx, var), Clause.STORED))
        case _:
            inside(ctx, command, place=Place(own_rows(ctx, var)))
            for column in judged(command):
                _use(records, Clause.CONSTRAINT, column)


def judged(message: Message) -> Iterator[str]:
    """The columns of keys in a definition: whether the rows fit tells which values are alike, or are in another table."""
    if isinstance(message, pb.Constraint):
        yield from (text_of(name) for name in (*message.keys, *message.fk_attrs))
    elif isinstance(message, pb.IndexElem) and message.name:
        yield message.name
    for field, content in message.ListFields():
        if field.message_type is not None:
            for child in [content] if isinstance(content, Message) else content:
                yield from judged(child)


def _converted(ctx: Context, var: pb.RangeVar, command: pb.AlterTableCmd, records: list[Record]) -> None:
    """ALTER COLUMN … TYPE … USING: whether the values can be converted is told, and the column gets what USING makes."""
    _use(records, Clause.CONSTRAINT, command.name)
    made = definition(command).column_def.raw_default
    if made.WhichOneof("node") is not None:
        value = expression_in(ctx, made, Clause.CONSTRAINT, own_rows(ctx, var))
        for source, column in value.origins:
            for record in records:
                if (source.object, column) != (record.object, command.name):
                    ctx.findings.move(source.object, column, record.object, command.name)


def _settled(ctx: Context, column: str, records: list[Record]) -> None:
    """A generated column keeps its values as its own."""
    for record in records:
        for name in (record.object, *record.relatives):
            info = ctx.names.catalog.relation(name.schema, name.name)
            known = info.column(column) if info is not None else None
            for source in info.made_of(known) if info is not None and known is not None else ():
                ctx.findings.move(name, source, name, column)


def _parted(ctx: Context, parent: Record, child: Record) -> None:
    """What was masked as the parent's is masked as its own, or not at all; so are its own partitions."""
    info = ctx.names.catalog.relation(child.object.schema, child.object.name)
    names = [child.object, *(descendants(ctx, info) if info is not None else ())]
    whose = ctx.names.catalog.relation(parent.object.schema, parent.object.name)
    above = [parent.object, *(relatives(ctx, whose, inherits=False) if whose is not None else ())]
    for name in names:
        for column in [known.name for known in info.columns] if info is not None else [_ALL]:
            for source in above:
                ctx.findings.move(source, column, name, column)


def _named_in(ctx: Context, command: pb.AlterTableCmd) -> list[Record]:
    node = definition(command)
    return changed_records(ctx, node.range_var if node.WhichOneof("node") == "range_var" else node.partition_cmd.name)


def _use(records: list[Record], clause: Clause, column: str) -> None:
    for record in records:
        record.use(clause, column)
