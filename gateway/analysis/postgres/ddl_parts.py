"""What schema changes have in common: objects made and changed, and what stands inside a definition."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import expressions, relations
from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.modify import statement
from gateway.analysis.postgres.records import NOTHING, Record
from gateway.analysis.postgres.resolve import PG_TEMP
from gateway.analysis.postgres.scopes import Scope, Source, Value
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


class Place(NamedTuple):
    """Where the columns in a definition come from, and what its expressions do with them."""

    scope: Scope
    clause: Clause = Clause.CONSTRAINT


def inside(
    ctx: Context,
    message: Message,
    on_relation: Callable[[Context, pb.RangeVar], Any] = existing,
    place: Place | None = None,
) -> None:
    """Every relation, query and expression anywhere below a message. `place`: of a relation whose rows are there already."""
    for field, content in message.ListFields():
        if field.message_type is None:
            continue
        for child in [content] if isinstance(content, Message) else content:
            _inside_one(ctx, child, on_relation, place)


def _inside_one(ctx: Context, child: Message, on_relation: Callable[[Context, pb.RangeVar], Any], place: Place | None) -> None:
    kind = child.WhichOneof("node") if isinstance(child, pb.Node) else None
    if isinstance(child, pb.RangeVar):
        on_relation(ctx, child)
    elif isinstance(child, pb.TypeName):
        pass  # naming a type converts nothing
    elif isinstance(child, pb.Node) and kind in _EXPRESSIONS:
        expression_in(ctx, child, place.clause if place else Clause.ARGUMENT, place.scope if place else None)
    elif isinstance(child, pb.Node) and kind in ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"):
        statement(ctx, child, place.scope if place else anything(), Clause.STORED)
    elif kind == "constraint" and child.constraint.contype == pb.CONSTR_DEFAULT:  # type: ignore[attr-defined]
        inside(ctx, child.constraint, on_relation, Place(place.scope if place else anything(), Clause.STORED))  # type: ignore[attr-defined]
    elif isinstance(child, pb.SelectStmt):
        statement(ctx, pb.Node(select_stmt=child), place.scope if place else anything(), Clause.STORED)
    else:
        inside(ctx, child, on_relation, place)


def expression_in(ctx: Context, node: pb.Node, clause: Clause = Clause.ARGUMENT, scope: Scope | None = None) -> Value:
    outside = ctx.defining
    ctx.defining = True
    value = expressions.evaluate(ctx, node, scope or anything(), clause)
    ctx.defining = outside
    return value


def anything() -> Scope:
    """The columns of the relation being defined, old and new rows: none of them is read now."""
    return Scope(sources=[Source(name, [], rest=NOTHING) for name in ("", "old", "new")])


def changed_records(ctx: Context, var: pb.RangeVar) -> list[Record]:
    """Those under which the statement changes this relation; none for a temporary one."""
    meant = {found.name for found in ctx.names.relation(var.schemaname, var.relname).relations}
    found = {record.object: record for record in ctx.findings.records if record.action is Action.DDL}
    return [record for name, record in found.items() if name in meant]


def own_rows(ctx: Context, var: pb.RangeVar, *names: str) -> Scope:
    """The columns of a relation whose rows are there already, under these names (its own, without any)."""
    sources: list[Source] = []
    for record in changed_records(ctx, var):
        info = ctx.names.catalog.relation(record.object.schema, record.object.name)
        for name in names or (var.relname,):
            source = relations.entry(ctx, record, info)
            source.name = name
            sources.append(source)
    return Scope(sources=[*sources, *anything().sources])


def read_definition(ctx: Context, var: pb.RangeVar) -> None:
    """CREATE TABLE … (LIKE t): only the definition is read, but the relation is touched."""
    relations.named(ctx, var.schemaname, var.relname, Action.SELECT)
