"""A relation named in a statement: the record of its use, and its columns as a range table entry."""

from gateway.analysis.conduct import COLUMN
from gateway.analysis.mysql import views
from gateway.analysis.mysql.context import Context, Entry, Field
from gateway.analysis.mysql.names import Found
from gateway.analysis.mysql.types import type_of
from gateway.analysis.postgres.records import NOTHING, Origins, Record, stored_in
from gateway.analysis.postgres.scopes import Column
from gateway.catalog import RelationInfo
from gateway.model.footprint import DATABASE, Action


def named(ctx: Context, schema: str, name: str, action: Action) -> list[Record]:
    """A record for everything the name can mean; none for a temporary table of the session's own."""
    return [record_of(ctx, found, action) for found in ctx.names.relation(schema, name).relations]


def record_of(ctx: Context, found: Found, action: Action) -> Record:
    record = ctx.findings.record(found.name, action, ctx.origin)
    if found.info is None:
        ctx.findings.unknown.add(found.name)
    return record


def entry(ctx: Context, schema: str, name: str, alias: str, action: Action = Action.SELECT) -> tuple[list[Record], Entry]:
    """The relation in FROM or as a target: its records, and what columns can be read from it."""
    meaning = ctx.names.relation(schema, name)
    records: list[Record] = []
    entries: list[Entry] = []
    for found in meaning.relations:
        record = record_of(ctx, found, action)
        records.append(record)
        entries.append(_columns(ctx, record, found.info))
    if meaning.temporary or not entries:
        entries.append(Entry("", [], rest=NOTHING))
    made = entries[0] if len(entries) == 1 else _any_of(entries)
    made.records = records
    made.of_table = True
    made.name = ctx.names.fold(alias or name)
    made.schema = ctx.names.full(schema, name).schema
    return records, made


def _columns(ctx: Context, record: Record, info: RelationInfo | None) -> Entry:
    if info is None:
        return Entry("", [], rest=frozenset({(record, "*")}), record=record)
    if info.definition is not None:
        shape = views.shape(ctx, info)
        if shape is not None:
            beneath, columns = shape.standing_on(record, ctx.findings)
            record.beneath += beneath
            return Entry("", columns, record=record)

    def columns_of_table() -> list[Column]:
        return [
            Field(
                column.name,
                stored_in(record, info, column),
                exact=not column.generated,
                hidden=column.hidden,
                type_id=type_of(column.type_name),
                conduct=COLUMN,
            )
            for column in info.columns
        ]

    return Entry("", columns_of_table, record=record)


def _any_of(entries: list[Entry]) -> Entry:
    """A name with several meanings: its columns are those of all of them."""
    rest: Origins = frozenset().union(
        *(entry.rest or () for entry in entries),
        *(column.origins for entry in entries for column in entry.columns),
        *({(entry.record, "*")} for entry in entries if entry.record is not None),
    )
    return Entry("", [], rest=rest)


def change_beneath(record: Record, action: Action) -> None:
    """What a view stands on is changed through it too."""
    record.beneath += [
        changed for under in record.beneath if under.action is Action.SELECT for changed in [_changed(under, action)]
    ]


def _changed(under: Record, action: Action) -> Record:
    made = Record(under.object, action, under.origin)
    made.beneath = list(under.beneath)
    change_beneath(made, action)
    return made


def own_temporary(ctx: Context) -> Record:
    """Making or changing the session's own temporary tables."""
    return ctx.findings.record(DATABASE, Action.TEMP, ctx.origin)
