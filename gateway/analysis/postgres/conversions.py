"""Conversions that a statement does not spell out, and the users' functions they run (`catalog.conversions` says which).

A column whose type is cast by a user's function counts as calling it wherever the column is named: nearly every place may need
another type. A value with parts (a row, an array) runs its parts' checks only where a string may be read as one: where the
expression that has it has something else beside it, as in `coalesce(row, '(x)')`.
"""

from collections.abc import Iterable
from typing import Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context, qualified
from gateway.analysis.postgres.functions import extension_class
from gateway.analysis.postgres.resolve import SYSTEM_SCHEMAS
from gateway.analysis.postgres.scopes import Rows, Value
from gateway.catalog import QName, TypeKind
from gateway.model.footprint import FunctionClass, FunctionUse, ObjectKind, ObjectName

_COMBINING: Final = frozenset({"a_expr", "a_array_expr", "case_expr", "coalesce_expr", "func_call", "min_max_expr", "sub_link"})
_DEEPEST: Final = 8
# They take anything and convert nothing.
_OF_ANYTHING: Final = frozenset(
    ["concat", "concat_ws", "format", "json_build_array", "json_build_object", "jsonb_build_array", "jsonb_build_object"]
)


def concern(ctx: Context) -> bool:
    """Whether the database has any such type."""
    catalog = ctx.names.catalog
    return bool(catalog.input_functions or catalog.cast_functions)


def follow(ctx: Context, kind: str, message: Message, value: Value, before: int) -> None:
    """An expression was walked; `before`: how many values with parts the statement had named then."""
    if len(ctx.findings.parted) != before and kind in _COMBINING and not _alone(message):
        combined(ctx)
    refer(ctx, value.type)
    if value.row is not None and value.row.record is not None and value.row.record.object.kind is ObjectKind.RELATION:
        name = value.row.record.object
        row = ctx.names.catalog.types.get(QName(name.schema, name.name))
        refer(ctx, row.oid if row is not None else 0)


def refer(ctx: Context, type_id: int) -> None:
    """The statement has a value of this type."""
    catalog = ctx.names.catalog
    if type_id in catalog.cast_functions:
        note_users(ctx, catalog.cast_functions[type_id])
    if type_id in catalog.input_functions:
        ctx.findings.parted.append(type_id)


def combined(ctx: Context) -> None:
    """Something else may be read as any of the values with parts that the statement has named."""
    for type_id in dict.fromkeys(ctx.findings.parted):
        note_users(ctx, ctx.names.catalog.input_functions[type_id])


def aligned(ctx: Context, arms: list[Rows]) -> None:
    """The columns of a set operation become one type by position."""
    if ctx.findings.parted and any(
        len({column.type for column in columns}) > 1 or columns[0].type == 0
        for columns in zip(*(arm.columns for arm in arms), strict=False)
    ):
        combined(ctx)


def stored(ctx: Context, rows: Rows) -> None:
    """The values are written into something that has types of its own."""
    if concern(ctx):
        for column in rows.columns:
            refer(ctx, column.type)


def kept(ctx: Context, type_id: int) -> None:
    """Values will be converted to this type later: a temporary relation's column, a parameter that was declared so."""
    to_type(ctx, type_id)
    note_users(ctx, ctx.names.catalog.cast_functions.get(type_id, ()))


def to_type(ctx: Context, oid: int, depth: int = 0) -> None:
    """A conversion that is written down: input functions and checks of a type, of the type a domain stands on, of an array's
    elements, of a row's columns."""
    info = ctx.names.catalog.type_by_oid(oid)
    if info is None or info.builtin or depth > _DEEPEST:
        return
    note_users(ctx, info.functions)
    for inner in (info.base, info.element):
        if inner:
            to_type(ctx, inner, depth + 1)
    if info.kind is TypeKind.COMPOSITE and info.relation is not None:
        rows = ctx.names.catalog.relation(*info.relation)
        for column in rows.columns if rows is not None else ():
            to_type(ctx, column.type_id, depth + 1)


def note_users(ctx: Context, functions: Iterable[QName]) -> None:
    """Writes down those that are not the server's own."""
    for function in functions:
        if function.schema not in SYSTEM_SCHEMAS:
            kind = extension_class(function.name) or FunctionClass.USER
            ctx.findings.functions[FunctionUse(ObjectName(ObjectKind.FUNCTION, *function), kind)] = None


def _alone(message: Message) -> bool:
    """A function of one argument, or of any arguments whatever they are; a subquery as a value."""
    if isinstance(message, pb.SubLink):
        return message.sub_link_type in (pb.EXPR_SUBLINK, pb.EXISTS_SUBLINK, pb.ARRAY_SUBLINK)
    if isinstance(message, pb.FuncCall):
        return len(message.args) < 2 or qualified(list(message.funcname))[1] in _OF_ANYTHING
    return False
