"""Views: what a definition reads and where each of its columns comes from, walked once per catalog and copied per use."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from gateway.analysis.conduct import COLUMN, as_column
from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.records import Findings, Record
from gateway.analysis.postgres.resolve import Names
from gateway.analysis.postgres.scopes import Column, Rows
from gateway.catalog import CatalogSnapshot, QName, RelationInfo
from gateway.model.footprint import AccessOrigin, Action, FunctionClass, relation

_MAX_NESTED: Final = 40
_KEPT_CATALOGS: Final = 64


@dataclass(frozen=True, slots=True)
class ViewShape:
    """A definition's records and columns, as a pattern: never used itself, only copied. `given`: records of what programs give
    it."""

    name: QName
    records: list[Record]
    columns: list[Column]
    given: tuple[Record, ...] = ()

    def standing_on(self, view: Record, findings: Findings) -> tuple[list[Record], list[Column]]:
        """Copies for one use of the view: what stands under it, and its columns, which come from the view itself too."""
        copies = findings.shared(self.given)
        beneath = [_copy(record, copies) for record in self.records]
        columns = [
            Column(
                column.name,
                frozenset({(view, column.name), *((_copy(record, copies), name) for record, name in column.origins)}),
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
        made = copies[record] = Record(record.object, record.action, AccessOrigin.VIEW_BODY, record.relatives)
        made.uses = set(record.uses)
        made.narrowed_by = record.narrowed_by
        made.beneath = [_copy(under, copies) for under in record.beneath]
        if record.origin is AccessOrigin.CHILD:
            made.origin = AccessOrigin.CHILD
    return made


@dataclass(slots=True)
class _Shapes:
    """Per catalog snapshot, the oldest forgotten first. Snapshots are compared by identity: they are large and immutable."""

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
    """What the view stands on; None where its definition cannot be followed: then only the view itself counts."""
    known = _shapes.of(ctx.names.catalog)
    found = known.get(info.name)
    if found is not None:
        return found
    if info.name in ctx.views or len(ctx.views) >= _MAX_NESTED:
        return None
    made = _walk(ctx, info)
    known[info.name] = made
    return made


def _walk(ctx: Context, info: RelationInfo) -> ViewShape:
    """The definition under the names the server printed it with: an empty search path, no temporary relations."""
    findings = Findings()
    inner = Context(
        names=Names(ctx.names.catalog, ((),)),
        findings=findings,
        statement=ctx.statement,
        text=ctx.text,
        origin=AccessOrigin.VIEW_BODY,
        views=(*ctx.views, info.name),
        texts=ctx.texts,
        muted=True,
    )
    rows = ctx.text(inner, info.definition or "", None)
    names = [column.name for column in info.columns]
    if rows is None or findings.opaque is not None or rows.rest is not None or len(rows.columns) != len(names):
        return _itself(info, names)
    _add_functions(findings)
    records = findings.records or [_own(info)]
    return ViewShape(info.name, records, _named(rows, info), findings.given)


def _named(rows: Rows, info: RelationInfo) -> list[Column]:
    return [
        Column(known.name, column.origins, exact=column.exact, type_id=known.type_id, conduct=as_column(column.conduct))
        for column, known in zip(rows.columns, info.columns, strict=True)
    ]


def _itself(info: RelationInfo, names: list[str]) -> ViewShape:
    """A definition that was not understood: only who is granted the view itself may read it."""
    record = _own(info)
    return ViewShape(info.name, [record], [Column(name, conduct=COLUMN) for name in names])


def _own(info: RelationInfo) -> Record:
    return Record(relation(*info.name), Action.SELECT, AccessOrigin.VIEW_BODY)


def _add_functions(findings: Findings) -> None:
    """Functions that are not harmless stand beneath the view as well."""
    for used in findings.functions:
        if used.function_class is not FunctionClass.HARMLESS:
            findings.records.append(Record(used.name, Action.CALL, AccessOrigin.VIEW_BODY))
