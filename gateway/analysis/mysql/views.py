"""Views: what a definition reads and where each of its columns comes from, walked once per catalog and copied per use."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from gateway.analysis.conduct import COLUMN, as_column
from gateway.analysis.mysql.context import Context, Field
from gateway.analysis.mysql.cursor import NotParsed
from gateway.analysis.mysql.lexer import Lexer, NotLexed
from gateway.analysis.mysql.modes import Reading
from gateway.analysis.mysql.names import Names
from gateway.analysis.mysql.types import type_of
from gateway.analysis.postgres.records import Findings, Record
from gateway.analysis.postgres.scopes import Column, Rows
from gateway.catalog import CatalogSnapshot, QName, RelationInfo
from gateway.model.footprint import AccessOrigin, Action, FunctionClass, relation

_MAX_NESTED: Final = 40
_KEPT_CATALOGS: Final = 64


@dataclass(frozen=True, slots=True)
class ViewShape:
    """A definition's records and columns, as a pattern: never used itself, only copied.

    given  records of what programs give it
    """

    records: list[Record]
    columns: list[Field]
    given: tuple[Record, ...] = ()

    def standing_on(self, view: Record, findings: Findings) -> tuple[list[Record], list[Column]]:
        """Copies for one use of the view: what stands under it, and its columns, which come from the view itself too."""
        copies = findings.shared(self.given)
        beneath = [_copy(record, copies) for record in self.records]
        columns: list[Column] = [
            Field(
                column.label,
                frozenset({(view, column.label), *((_copy(record, copies), name) for record, name in column.origins)}),
                exact=column.exact,
                type_id=column.type,
                conduct=column.conduct,
            )
            for column in self.columns
        ]
        return beneath, columns


def _copy(record: Record, copies: dict[Record, Record]) -> Record:
    made = copies.get(record)
    if made is None:
        made = copies[record] = Record(record.object, record.action, AccessOrigin.VIEW_BODY)
        made.uses = set(record.uses)
        made.narrowed_by = record.narrowed_by
        made.beneath = [_copy(under, copies) for under in record.beneath]
    return made


@dataclass(slots=True)
class _Shapes:
    """Per catalog snapshot, the oldest forgotten first."""

    kept: "OrderedDict[int, tuple[CatalogSnapshot, dict[QName, ViewShape]]]" = field(default_factory=OrderedDict)

    def of(self, catalog: CatalogSnapshot) -> dict[QName, ViewShape]:
        found = self.kept.get(id(catalog))
        if found is None or found[0] is not catalog:
            found = self.kept[id(catalog)] = (catalog, {})
            if len(self.kept) > _KEPT_CATALOGS:
                self.kept.popitem(last=False)
        return found[1]


_shapes: Final = _Shapes()


def shape(ctx: Context, info: RelationInfo) -> ViewShape | None:
    """What the view stands on; None inside itself."""
    known = _shapes.of(ctx.names.catalog)
    found = known.get(info.name)
    if found is not None:
        return found
    if info.name in ctx.views or len(ctx.views) >= _MAX_NESTED:
        return None
    made = known[info.name] = _walk(ctx, info)
    return made


def _walk(ctx: Context, info: RelationInfo) -> ViewShape:
    """The definition as the server prints it: names qualified, in backticks, under no SQL mode."""
    from gateway.analysis.mysql import query
    from gateway.analysis.mysql.parser import Parser

    findings = Findings()
    inner = Context(
        names=Names(ctx.names.catalog, info.name.schema),
        findings=findings,
        reading=Reading(frozenset(), ctx.reading.server),
        text=ctx.text,
        origin=AccessOrigin.VIEW_BODY,
        views=(*ctx.views, info.name),
        muted=True,
    )
    definition = info.definition or ""
    try:
        statement = Lexer(definition, inner.reading).statement()
        parser = Parser(statement[0] if statement is not None else [], definition)
        rows = query.walk(inner, parser.query(), None, None)
        for column in rows.columns:
            column.touched = True
        query.finish(inner.derived)
    except (NotLexed, NotParsed):
        return _itself(info)
    if findings.opaque is not None or rows.rest is not None or len(rows.columns) != len(info.columns) or not parser.ended:
        return _itself(info)
    findings.records += [
        Record(used.name, Action.CALL, AccessOrigin.VIEW_BODY)
        for used in findings.functions
        if used.function_class is not FunctionClass.HARMLESS
    ]
    return ViewShape(findings.records or [_own(info)], _named(rows, info), findings.given)


def _named(rows: Rows, info: RelationInfo) -> list[Field]:
    return [
        Field(
            known.name,
            column.origins,
            exact=column.exact,
            type_id=type_of(known.type_name),
            conduct=as_column(column.conduct),
        )
        for column, known in zip(rows.columns, info.columns, strict=True)
    ]


def _itself(info: RelationInfo) -> ViewShape:
    """A definition that was not understood: only who is granted the view itself may read it."""
    return ViewShape([_own(info)], [Field(column.name, conduct=COLUMN) for column in info.columns])


def _own(info: RelationInfo) -> Record:
    return Record(relation(*info.name), Action.SELECT, AccessOrigin.VIEW_BODY)
