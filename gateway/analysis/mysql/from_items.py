"""FROM: tables, WITH queries, subqueries, JSON_TABLE and joins as range table entries."""

from collections.abc import Callable

from gateway.analysis.conduct import TOLD
from gateway.analysis.mysql import filters, query, relations, values
from gateway.analysis.mysql.context import Context, Entry, Field, Level, as_field
from gateway.analysis.mysql.syntax import Derived, FromItem, Join, Table, TableFunction
from gateway.analysis.postgres.records import Origins, narrow, use
from gateway.analysis.postgres.scopes import Column, Cte, Rows, Source
from gateway.model.footprint import Clause

CteWalk = Callable[[Cte], Rows]


def add(ctx: Context, item: FromItem, level: Level) -> list[Field]:
    """Adds an item's tables to the level. The answer is what `*` stands for: common columns of USING and NATURAL once."""
    if isinstance(item, Join):
        return _join(ctx, item, level)
    if isinstance(item, Table):
        source = _table(ctx, item, level)
    elif isinstance(item, Derived):
        source = _derived(ctx, item, level)
    else:
        source = _function(ctx, item, level)
    level.sources.append(source)
    return [field for field in fields(source) if not field.hidden]


def fields(source: Source) -> list[Field]:
    return [column if isinstance(column, Field) else as_field(column) for column in source.columns]


def _table(ctx: Context, item: Table, level: Level) -> Source:
    cte = level.cte(ctx.names.fold(item.name)) if not item.schema else None
    if cte is None:
        return relations.entry(ctx, item.schema, item.name, item.alias)[1]
    rows = cte.result()
    return Entry(ctx.names.fold(item.alias or item.name), rows.columns, rest=rows.rest)


def _derived(ctx: Context, item: Derived, level: Level) -> Source:
    """MySQL's derived tables see no items of their own level unless LATERAL; MariaDB has none: seeing more over-reports."""
    parent = level if item.lateral else Level(level.parent, ctes=level.ctes)
    rows = query.renamed(query.walk(ctx, item.query, parent, None), item.columns)
    return Entry(ctx.names.fold(item.alias), rows.columns, rest=rows.rest)


def _function(ctx: Context, item: TableFunction, level: Level) -> Source:
    value = values.evaluate(ctx, item.call, level, Clause.ARGUMENT)
    return Entry(ctx.names.fold(item.alias), [Field(name, value.origins, conduct=TOLD) for name in item.columns])


def _join(ctx: Context, join: Join, level: Level) -> list[Field]:
    left = add(ctx, join.left, level)
    right = add(ctx, join.right, level)
    if join.on is not None:
        filters.joined(ctx, join.on, level)
    if not join.natural and join.using is None:
        return left + right
    return _common(join, left, right, level)


def _common(join: Join, left: list[Field], right: list[Field], level: Level) -> list[Field]:
    """NATURAL and USING: common columns are compared and stand once, in front."""
    first, second = (right, left) if join.right_first else (left, right)
    unknown = [source for source in level.sources if source.rest is not None]
    if join.natural:
        names = {column.name for column in first} & {column.name for column in second}
        for source in unknown:  # columns that are not known may be common ones
            use(source.rest or (), Clause.JOIN)
            for column in [*left, *right]:
                use(column.origins, Clause.JOIN)
    else:
        names = {name.lower() for name in join.using or ()}
        for source in unknown:
            for name in names:
                use(source.in_rest(name).origins, Clause.JOIN)
    common: list[Field] = []
    for column in first:
        if column.name not in names:
            continue
        others = [other for other in second if other.name == column.name]
        origins: Origins = column.origins.union(*(other.origins for other in others))
        use(origins, Clause.JOIN)
        narrow(origins, Clause.JOIN)
        made = Field(column.label, origins, exact=column.exact and not others, type_id=column.type, conduct=column.conduct)
        _forward_touch([column, *others])
        common.append(made)
    return [
        *common,
        *(column for column in first if column.name not in names),
        *(column for column in second if column.name not in names),
    ]


def _forward_touch(columns: list[Field]) -> None:
    for column in columns:
        column.touched = True


__all__ = ["Column", "CteWalk", "add", "fields"]
