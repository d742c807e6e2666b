"""What schema changes have in common: objects made and changed, and what stands inside a definition."""

from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import expressions, relations
from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.modify import statement
from gateway.analysis.postgres.records import NOTHING
from gateway.analysis.postgres.resolve import PG_TEMP
from gateway.analysis.postgres.scopes import Scope, Source
from gateway.model.footprint import (
    Action,
    Clause,
    Effect,
    EffectKind,
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
    may_exist(ctx, var.schemaname, var.relname)


def may_exist(ctx: Context, schema: str, name: str) -> bool:
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
        expression_in(ctx, child)
    elif isinstance(child, pb.Node) and kind in ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"):
        statement(ctx, child, anything(), Clause.STORED)
    elif isinstance(child, pb.SelectStmt):
        statement(ctx, pb.Node(select_stmt=child), anything(), Clause.STORED)
    else:
        inside(ctx, child, on_relation)


def expression_in(ctx: Context, node: pb.Node, clause: Clause = Clause.ARGUMENT) -> None:
    outside = ctx.defining
    ctx.defining = True
    expressions.evaluate(ctx, node, anything(), clause)
    ctx.defining = outside


def anything() -> Scope:
    """The columns of the relation being defined, old and new rows: none of them is read now."""
    return Scope(sources=[Source(name, [], rest=NOTHING) for name in ("", "old", "new")])


def read_definition(ctx: Context, var: pb.RangeVar) -> None:
    """CREATE TABLE … (LIKE t): only the definition is read, but the relation is touched."""
    relations.named(ctx, var.schemaname, var.relname, Action.SELECT)
