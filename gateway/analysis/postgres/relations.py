"""A relation named in a statement: the record of its use, what stands under it, and its columns as a range table entry."""

from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.conduct import COLUMN, TOLD
from gateway.analysis.postgres import rules, views
from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.records import NOTHING, Origins, Record, stored_in
from gateway.analysis.postgres.resolve import Found
from gateway.analysis.postgres.scopes import Column, Source
from gateway.catalog import QName, RelationInfo, RelationKind
from gateway.model.footprint import DATABASE, AccessOrigin, Action, ObjectName, relation

_STORED_VIEWS: Final = (RelationKind.VIEW, RelationKind.MATERIALIZED_VIEW)


def named(ctx: Context, schema: str, name: str, action: Action, *, inherits: bool = True) -> list[Record]:
    """A record for everything the name can mean; none for a temporary relation of the session's own."""
    meaning = ctx.names.relation(schema, name)
    return [record_of(ctx, found, action, inherits=inherits) for found in meaning.relations]


def record_of(ctx: Context, found: Found, action: Action, *, inherits: bool = True) -> Record:
    """Writes one relation down with its action, its partitions or children, its view's body and its rules."""
    record = ctx.findings.record(found.name, action, ctx.origin)
    if found.info is None:
        ctx.findings.unknown.add(found.name)
        return record
    info = found.info
    record.relatives = relatives(ctx, info, inherits=inherits)
    if inherits:
        record.beneath += [Record(child, action, AccessOrigin.CHILD) for child in descendants(ctx, info)]
    if info.rules:
        rules.add(ctx, info, action)
    return record


def target(ctx: Context, var: pb.RangeVar, action: Action) -> tuple[list[Record], Source]:
    """The relation a statement changes, with the entry its columns are read from. What a view stands on is changed too."""
    records, entry = _entry(ctx, var, action)
    for record in records:
        _change_beneath(record, action)
    return records, entry


def _change_beneath(record: Record, action: Action) -> None:
    record.beneath += [
        changed
        for under in record.beneath
        if under.origin is AccessOrigin.VIEW_BODY and under.action is Action.SELECT
        for changed in [_changed(under, action)]
    ]


def _changed(under: Record, action: Action) -> Record:
    made = Record(under.object, action, under.origin)
    made.beneath = list(under.beneath)
    _change_beneath(made, action)
    return made


def range_var(ctx: Context, var: pb.RangeVar) -> Source:
    """A relation in FROM."""
    return _entry(ctx, var, Action.SELECT)[1]


def _entry(ctx: Context, var: pb.RangeVar, action: Action) -> tuple[list[Record], Source]:
    meaning = ctx.names.relation(var.schemaname, var.relname)
    alias = var.alias.aliasname if var.HasField("alias") else ""
    sources: list[Source] = []
    records: list[Record] = []
    for found in meaning.relations:
        record = record_of(ctx, found, action, inherits=var.inh)
        records.append(record)
        sources.append(entry(ctx, record, found.info))
    if meaning.temporary or not sources:
        sources.append(Source("", [], rest=NOTHING))
    source = sources[0] if len(sources) == 1 else _any_of(sources)
    source.name = alias or var.relname
    source.schema = "" if alias else var.schemaname or (meaning.relations[0].name.schema if meaning.relations else "")
    return records, renamed(source, [node.string.sval for node in var.alias.colnames])


def entry(ctx: Context, record: Record, info: RelationInfo | None) -> Source:
    """The columns of one relation."""
    if info is None:
        return Source("", [], rest=frozenset({(record, "*")}), record=record)
    shape = None
    if info.kind in _STORED_VIEWS and info.definition is not None and not info.system:
        shape = views.shape(ctx, info)
    if shape is not None:
        beneath, columns = shape.standing_on(record, ctx.findings)
        record.beneath += beneath
        if info.security_invoker:
            ctx.findings.records += beneath
        return Source("", columns, record=record)

    def columns_of_table() -> list[Column]:
        return [
            Column(
                column.name,
                stored_in(record, info, column),
                exact=not column.generated,
                type_id=column.type_id,
                conduct=TOLD if column.type_name == "numeric" else COLUMN,  # as large as whoever writes it likes
            )
            for column in info.columns
        ]

    return Source("", columns_of_table, record=record)


def _any_of(sources: list[Source]) -> Source:
    """A name with several meanings: a column of it is that of any of them, and there may be further ones."""
    merged: dict[str, Column] = {}
    for source in sources:
        for column in source.columns:
            known = merged.setdefault(column.name, Column(column.name, conduct=TOLD))
            known.origins |= column.origins
    rest: Origins = frozenset().union(*(source.rest or () for source in sources))
    return Source("", list(merged.values()), rest=rest)


def renamed(source: Source, names: list[str]) -> Source:
    """`t AS alias(a, b)`: the first columns under other names."""
    if not names:
        return source
    columns = source.columns
    if len(columns) < len(names) and source.rest is not None:
        columns = columns + [Column("", source.rest) for _ in names[len(columns) :]]
    made = Source(
        source.name,
        [column.renamed(new) for column, new in zip(columns, names, strict=False)] + columns[len(names) :],
        rest=source.rest,
        record=source.record,
        schema=source.schema,
        type_id=source.type,
    )
    made.plain = source.plain
    return made


def relatives(ctx: Context, info: RelationInfo, *, inherits: bool = True) -> tuple[ObjectName, ...]:
    """Relations whose rows this one's may be: its descendants, where they are read too, and its ancestors."""
    if not info.children and not info.parents:
        return ()
    return tuple(
        relation(*name) for name in (*_closure(ctx, info, up=True), *(_closure(ctx, info, up=False) if inherits else ()))
    )


def descendants(ctx: Context, info: RelationInfo) -> tuple[ObjectName, ...]:
    """Partitions and inheritance children, theirs too."""
    return tuple(relation(*name) for name in _closure(ctx, info, up=False)) if info.children else ()


def _closure(ctx: Context, info: RelationInfo, *, up: bool) -> list[QName]:
    found: dict[QName, None] = {}
    waiting = list(info.parents if up else info.children)
    while waiting:
        name = waiting.pop(0)
        if name in found or name == info.name:
            continue
        found[name] = None
        below = ctx.names.catalog.relation(*name)
        if below is not None:
            waiting += below.parents if up else below.children
    return list(found)


def own_temporary(ctx: Context) -> Record:
    """Making or changing the session's own temporary objects."""
    return ctx.findings.record(DATABASE, Action.TEMP, ctx.origin)
