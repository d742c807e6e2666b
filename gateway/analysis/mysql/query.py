"""Queries: from a tree to its columns and where they come from."""

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.analysis.conduct import either, repeated, settled, tell, unseen
from gateway.analysis.mysql import filters, from_items, syntax, values
from gateway.analysis.mysql.context import Context, Field, Level
from gateway.analysis.mysql.syntax import Compound, Query, Select, Tail, Values
from gateway.analysis.mysql.types import NUMBERS
from gateway.analysis.postgres.records import Origins, Record, use
from gateway.analysis.postgres.scopes import Column, Cte, Rows, Scope
from gateway.model.footprint import INSTANCE, Action, Clause, ObjectName

# sql_analyse.cc, proc_analyse_init
_ANALYSED: Final = (
    "Field_name", "Min_value", "Max_value", "Min_length", "Max_length", "Empties_or_zeros", "Nulls", "Avg_value_or_avg_length",
    "Std", "Optimal_fieldtype",
)  # fmt: skip


def walk(ctx: Context, query: Query, parent: Scope | None, clause: Clause | None) -> Rows:
    """The columns of a query. `clause` is where its outputs go; None: whoever refers to them says so later."""
    level = Level(parent)
    tail = query.tail
    if tail.ctes:
        define(ctx, tail, level)
    if tail.into is not None:
        clause = _into(ctx, tail, clause)
    if isinstance(query, Select):
        rows = select(ctx, query, level, clause)
    elif isinstance(query, Compound):
        rows = _compound(ctx, query, level, clause)
    else:
        rows = _values(ctx, query, level, clause)
    for cte in level.ctes.values():  # nobody need refer to it: the server looks its names up all the same
        cte.result()
    if tail.procedure:
        rows = _analysed(rows)
    if clause is None:
        ctx.derived.append(rows)
    return rows


def _analysed(rows: Rows) -> Rows:
    """PROCEDURE ANALYSE: one row for each column, with its least and greatest value and others that stand in its type."""
    origins = frozenset().union(rows.rest or (), *(column.origins for column in rows.columns))
    for column in rows.columns:
        column.touched = True
    return Rows([Field(name, origins if name != "Field_name" else frozenset()) for name in _ANALYSED])


def _into(ctx: Context, tail: Tail, clause: Clause | None) -> Clause | None:
    """A file of the server's machine is for administrators; variables keep the values."""
    if tail.into is not None and tail.into.file:
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    return Clause.STORED if clause is not None else None


def select(ctx: Context, select: Select, level: Level, clause: Clause | None) -> Rows:
    """One SELECT; `level` holds its tables afterwards."""
    star: list[Field] = []
    mark = len(ctx.findings.records)
    if select.source is not None:
        star = from_items.add(ctx, select.source, level)
    if select.where is not None:
        filters.where(ctx, select.where, level, ctx.findings.records[mark:])
    rows = _items(ctx, select.items, level, clause, star)
    if select.distinct:
        _use(rows.columns, Clause.DISTINCT, rows.rest)
    level.seen = True
    _ordered(ctx, select.group, level, rows, Clause.GROUP)
    if select.having is not None:
        values.evaluate(ctx, select.having, level, Clause.HAVING)
    _ordered(ctx, select.tail.order, level, rows, Clause.ORDER)
    level.seen = False
    for window in select.windows:
        values.all_of(ctx, window.parts, level, Clause.WINDOW)
    for lock in select.tail.locks:
        _lock(ctx, lock, level)
    return rows


def returned(ctx: Context, items: list[syntax.Item], level: Level) -> Rows:
    """RETURNING: a select list over the rows that were written."""
    star = [field for source in level.sources for field in from_items.fields(source) if not field.hidden]
    return _items(ctx, items, level, Clause.RETURNING, star)


def _items(ctx: Context, items: list[syntax.Item], level: Level, clause: Clause | None, star: list[Field]) -> Rows:
    columns: list[Column] = []
    rest: Origins | None = None
    for item in items:
        if isinstance(item.value, syntax.Star):
            more, unknown = _star(ctx, item.value, level, star)
            for column in more:
                use(column.origins, clause)
                columns.append(column.renamed(column.label))
            if unknown is not None:
                use(unknown, clause)
                rest = (rest or frozenset()) | unknown
            continue
        value = values.evaluate(ctx, item.value, level, clause)
        made = Field(item.name, value.origins, exact=value.exact, type_id=value.type, conduct=value.conduct)
        columns.append(made)
        if item.alias:
            level.aliases.setdefault(made.name, []).append(made)
    return Rows(columns, rest)


def _star(ctx: Context, star: syntax.Star, level: Level, everything: list[Field]) -> tuple[list[Field], Origins | None]:
    """The columns that a star in the select list stands for, and where further ones may come from."""
    if not star.parts:
        rests = [source.rest for source in level.sources if source.rest is not None]
        return everything, frozenset().union(*rests) if rests else None
    schema = ctx.names.fold_database(star.parts[-2]) if len(star.parts) > 1 else ""
    source = level.source(ctx.names.fold(star.parts[-1]), schema)
    if source is None:
        origins = frozenset((record, "*") for record in level.records())
        return [], origins
    return [field for field in from_items.fields(source) if not field.hidden], source.rest


def _ordered(ctx: Context, expressions: Iterable[syntax.Expr], level: Level, rows: Rows, clause: Clause) -> None:
    """ORDER BY and GROUP BY: positions count from one in the select list."""
    for expression in expressions:
        if isinstance(expression, syntax.Position):
            ctx.findings.literals_matter = True
            if rows.rest is None and 0 < expression.number <= len(rows.columns):
                _use([rows.columns[expression.number - 1]], clause)
            else:
                _use(rows.columns, clause, rows.rest)
        else:
            values.evaluate(ctx, expression, level, clause)


def _use(columns: Sequence[Column], clause: Clause, rest: Origins | None = None) -> None:
    for column in columns:
        use(column.origins, clause)
    if rest is not None:
        use(rest, clause)


def _lock(ctx: Context, lock: syntax.Lock, level: Level) -> None:
    """FOR UPDATE and its like lock rows of the tables named, or of all in FROM."""
    names = {ctx.names.fold(name) for name in lock.names}
    for source in level.sources:
        if source.record is not None and (not names or source.name in names):
            record = ctx.findings.record(source.record.object, Action.LOCK, ctx.origin)
            record.beneath = [_locked(under) for under in source.record.beneath]


def _locked(record: Record) -> Record:
    made = Record(record.object, Action.LOCK if record.action is Action.SELECT else record.action, record.origin)
    made.beneath = [_locked(under) for under in record.beneath]
    return made


# --- set operations, VALUES, WITH


def _compound(ctx: Context, compound: Compound, level: Level, clause: Clause | None) -> Rows:
    arms: list[Rows] = []
    for arm in compound.arms:
        rows = walk(ctx, arm, level, None)
        if arm.tail.into is not None:  # of the last arm: it means the whole
            clause = _into(ctx, arm.tail, clause)
        arms.append(rows)
    rows = merged(arms)
    if compound.distinct:
        _use(rows.columns, Clause.DISTINCT, rows.rest)
    _use_all(rows, clause)
    ordering = Level(level)
    ordering.seen = True
    for column in rows.columns:
        ordering.aliases.setdefault(column.name, []).append(column)
    _ordered(ctx, compound.tail.order, ordering, rows, Clause.ORDER)
    return rows


def _use_all(rows: Rows, clause: Clause | None) -> None:
    if clause is not None:
        _use(rows.columns, clause, rows.rest)


def merged(arms: list[Rows]) -> Rows:
    """Columns by position; names are the first arm's."""
    first, *others = arms
    rests = [arm.rest for arm in arms if arm.rest is not None]
    rest: Origins | None = frozenset().union(*rests) if rests else None
    columns: list[Column] = [column.renamed(label(column)) for column in first.columns]
    for arm in others:
        for index, column in enumerate(arm.columns):
            column.touched = True
            if index < len(columns):
                columns[index].origins |= column.origins
                columns[index].exact = columns[index].exact and column.exact
                columns[index].conduct = either((columns[index], column))
                if columns[index].type != column.type:
                    columns[index].type = 0
            elif rest is not None:
                rest |= column.origins
    if rest is not None:  # positions are not certain: any column may hold what any arm gives
        return Rows(columns, frozenset().union(rest, *(column.origins for arm in arms for column in arm.columns)))
    return Rows(columns)


def label(column: Column) -> str:
    return column.label if isinstance(column, Field) else column.name


def goes_elsewhere(tree: Query) -> bool:
    """Whether the rows go to a file or into variables, and none to the client."""
    if tree.tail.into is not None:
        return True
    return isinstance(tree, Compound) and goes_elsewhere(tree.arms[-1])


def _values(ctx: Context, query: Values, level: Level, clause: Clause | None) -> Rows:
    rows = [[values.evaluate(ctx, expression, level, clause) for expression in row] for row in query.rows]
    width = max((len(row) for row in rows), default=0)
    columns: list[Column] = []
    for index in range(width):
        origins = frozenset().union(*(row[index].origins for row in rows if index < len(row)))
        conduct = either([row[index] for row in rows if index < len(row)])
        columns.append(Field(f"column_{index}", origins, conduct=conduct))
    result = Rows(columns)
    _ordered(ctx, query.tail.order, level, result, Clause.ORDER)
    return result


def define(ctx: Context, tail: Tail, level: Level) -> None:
    """Makes the WITH queries known. Each sees those before it; under RECURSIVE all of them, and itself."""
    for cte in tail.ctes:
        name = ctx.names.fold(cte.name)
        if tail.recursive:
            level.ctes[name] = Cte(_walker(ctx, cte, level, recursive=True))
        else:
            before = Level(level.parent, ctes=dict(level.ctes))
            level.ctes[name] = Cte(_walker(ctx, cte, before, recursive=False))


def _walker(ctx: Context, cte: syntax.Cte, level: Level, *, recursive: bool) -> "from_items.CteWalk":
    def result(entry: Cte) -> Rows:
        if recursive and isinstance(cte.query, Compound):
            return _recursive(ctx, cte, level, entry)
        return renamed(walk(ctx, cte.query, level, None), cte.columns)

    return result


def _recursive(ctx: Context, cte: syntax.Cte, level: Level, entry: Cte) -> Rows:
    """The first arm gives the columns; what recursive arms add flows back until nothing changes."""
    compound = cte.query
    if not isinstance(compound, Compound):
        raise TypeError(type(compound).__name__)
    inner = Level(level)
    if compound.tail.ctes:
        define(ctx, compound.tail, inner)
    first = walk(ctx, compound.arms[0], inner, None)
    columns: list[Column] = [
        Field(label(column), column.origins, type_id=column.type, conduct=repeated(column.conduct)) for column in first.columns
    ]
    for column in first.columns:
        column.touched = True
    rows = entry.rows = renamed(Rows(columns, first.rest), cte.columns)
    for _ in range(len(rows.columns) + 1):
        before = sum(len(column.origins) for column in rows.columns)
        mark = len(ctx.findings.records)
        for arm in compound.arms[1:]:
            again = walk(ctx, arm, inner, None)
            _flow(ctx, rows.columns, again, first)
        if sum(len(column.origins) for column in rows.columns) == before or len(ctx.findings.records) == mark or before > 4096:
            break
    if sum(len(column.origins) for column in rows.columns) > 4096:
        everything = frozenset().union(*(column.origins for column in rows.columns))
        for column in rows.columns:
            column.origins = everything
    for column in rows.columns:
        column.conduct = settled(column.conduct)
    if compound.distinct:
        _use(rows.columns, Clause.DISTINCT, rows.rest)
    return rows


def _flow(ctx: Context, columns: Sequence[Column], again: Rows, first: Rows) -> None:
    """What a recursive arm gives flows back into the columns."""
    for column, more, start in zip(columns, again.columns, first.columns, strict=False):
        _fits(ctx, column, start, more)
        more.touched = True
        column.origins |= more.origins
    if again.rest is not None:
        for column in columns:
            column.origins |= again.rest


def _fits(ctx: Context, column: Column, first: Column, more: Column) -> None:
    """The first arm makes the column as wide as its own values; a longer one of a recursive arm is an error."""
    if more.exact and first.exact and _names(more) == _names(first):
        return
    if more.conduct == column.conduct and more.origins <= column.origins:  # the column itself
        return
    if first.type not in NUMBERS or more.type not in NUMBERS:
        tell(ctx, more.origins, None, "a recursive query")


def _names(column: Column) -> set[tuple[ObjectName, str]]:
    return {(record.object, name) for record, name in column.origins}


def renamed(rows: Rows, names: list[str]) -> Rows:
    """A query's columns under the names of a column list."""
    if not names:
        return rows
    columns = list(rows.columns)
    if len(columns) < len(names) and rows.rest is not None:
        columns += [Field("", rows.rest) for _ in names[len(columns) :]]
    made = [column.renamed(name) for column, name in zip(columns, names, strict=False)]
    return Rows(made + columns[len(names) :], rows.rest)


def finish(derived: Iterable[Rows]) -> None:
    """Columns of subqueries that nothing referred to are still read."""
    for rows in derived:
        for column in rows.columns:
            if not column.touched:
                for record, name in column.origins:
                    if not any(used.column == name for used in record.uses):
                        record.use(unseen(column), name)
