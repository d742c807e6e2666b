"""SELECT, VALUES, TABLE, set operations and WITH: from a query's tree to its columns and where they come from."""

from collections.abc import Iterable, Sequence

from postgast import pg_query_pb2 as pb

from gateway.analysis.conduct import TOLD, either, partial, repeated, settled, unseen
from gateway.analysis.postgres import calls, conversions, expressions, filters, from_items, naming
from gateway.analysis.postgres.context import Context, text_of
from gateway.analysis.postgres.records import NOTHING, Origins, use
from gateway.analysis.postgres.scopes import Column, Cte, Rows, Scope, Source, Value
from gateway.model.footprint import Action, Clause


def select(ctx: Context, statement: pb.SelectStmt, parent: Scope | None, clause: Clause | None) -> Rows:
    """The columns of a query. `clause` is where its outputs go; None: whoever refers to them says so later."""
    outer = Scope(parent)
    if statement.HasField("with_clause"):
        define(ctx, statement.with_clause, outer)
    if statement.op != pb.SETOP_NONE:
        rows = _set_operation(ctx, statement, outer, clause)
    elif statement.values_lists:
        rows = _values(ctx, statement, outer, clause)
    else:
        rows = _plain(ctx, statement, outer, clause)
    for name in ("limit_count", "limit_offset"):
        if statement.HasField(name):
            expressions.evaluate(ctx, getattr(statement, name), outer, Clause.LIMIT)
    if statement.HasField("with_clause"):
        for cte in outer.ctes.values():
            cte.result()
    ctx.derived.append(rows)
    return rows


def _plain(ctx: Context, statement: pb.SelectStmt, outer: Scope, clause: Clause | None) -> Rows:
    scope = Scope(outer)
    mark = len(ctx.findings.records)
    from_items.add(ctx, statement.from_clause, scope)
    beside = ctx.findings.records[mark:]
    rows = targets(ctx, statement.target_list, scope, clause)
    if statement.HasField("where_clause"):
        filters.where(ctx, statement.where_clause, scope, beside)
    _grouping(ctx, statement, scope, rows)
    if statement.HasField("having_clause"):
        expressions.evaluate(ctx, statement.having_clause, scope, Clause.HAVING)
    for window in statement.window_clause:
        expressions.parts(ctx, window.window_def, scope, Clause.WINDOW)
    _distinct(ctx, statement, scope, rows)
    _ordering(ctx, statement, scope, rows)
    _locking(ctx, statement, scope)
    return rows


def _values(ctx: Context, statement: pb.SelectStmt, scope: Scope, clause: Clause | None) -> Rows:
    """All rows at the same position make one column."""
    columns: list[Column] = []
    before = len(ctx.findings.parted)
    for row in statement.values_lists:
        for index, node in enumerate(row.list.items):
            if index < len(columns) and node.WhichOneof("node") in expressions.CONSTANTS:
                columns[index].exact = False
                continue
            value = expressions.evaluate(ctx, node, scope, clause)
            if index == len(columns):
                made = Column(f"column{index + 1}", value.origins, exact=value.exact, type_id=value.type, conduct=value.conduct)
                columns.append(made)
            else:
                columns[index].origins |= value.origins
                columns[index].exact = False
                columns[index].conduct = either((columns[index], value))
    if len(ctx.findings.parted) != before and len(statement.values_lists) > 1:
        conversions.combined(ctx)
    rows = Rows(columns)
    _ordering(ctx, statement, scope, rows)
    return rows


def targets(ctx: Context, nodes: Iterable[pb.Node], scope: Scope, clause: Clause | None) -> Rows:
    """A target list: of SELECT or RETURNING."""
    columns: list[Column] = []
    rest: Origins | None = None
    for node in nodes:
        target = node.res_target
        star = _star_sources(target, scope)
        if star is None and _is_expanded(target.val):
            value = expressions.evaluate(ctx, target.val.a_indirection.arg, scope, clause)
            rows = from_items.rows_of_value(ctx, target.val.a_indirection.arg, value.origins)
            columns += rows.columns
            rest = rest if rows.rest is None else (rest or NOTHING) | rows.rest
            continue
        if star is None:
            value = expressions.evaluate(ctx, target.val, scope, clause)
            name = target.name or naming.of_expression(target.val)
            columns.append(Column(name, value.origins, exact=value.exact, type_id=value.type, conduct=value.conduct))
            if value.row is not None:
                columns[-1].exact = False
            continue
        for source in star:
            found, more = _expanded(source, clause)
            columns += found
            if more is not None:
                rest = (rest or NOTHING) | more
    return Rows(columns, rest)


def _star_sources(target: pb.ResTarget, scope: Scope) -> list[Source] | None:
    """The entries that `*` or `t.*` in a target list stands for; None where the target is something else."""
    node = target.val
    if node.WhichOneof("node") == "a_indirection":
        steps = node.a_indirection.indirection
        if len(steps) == 1 and steps[0].WhichOneof("node") == "a_star":
            row = expressions.row_of(node.a_indirection.arg, scope)
            return [row] if row is not None else None
        return None
    if node.WhichOneof("node") != "column_ref" or node.column_ref.fields[-1].WhichOneof("node") != "a_star":
        return None
    words = [text_of(field) for field in node.column_ref.fields][:-1]
    if not words:
        return [source for source in scope.sources if source.plain]
    source = scope.source(words[-1], words[-2] if len(words) > 1 else "")
    return [source] if source is not None else []


def _is_expanded(node: pb.Node) -> bool:
    """`(expression).*`: every field of a composite value."""
    if node.WhichOneof("node") != "a_indirection":
        return False
    return bool(node.a_indirection.indirection[-1].WhichOneof("node") == "a_star")


def _expanded(source: Source, clause: Clause | None) -> tuple[list[Column], Origins | None]:
    columns = []
    for column in source.columns:
        column.touched = True
        use(column.origins, clause)
        columns.append(Column(column.name, column.origins, exact=column.exact, type_id=column.type, conduct=column.conduct))
    if source.rest is not None:
        use(source.rest, clause)
    return columns, source.rest


# --- what decides over rows


def _grouping(ctx: Context, statement: pb.SelectStmt, scope: Scope, rows: Rows) -> None:
    """A bare name in GROUP BY is an input column first, an output's name second; an integer is an output's position."""
    for node in _leaves(ctx, statement.group_clause):
        name = _bare_name(node)
        if name and not scope.columns(name)[0] and (matches := [column for column in rows.columns if column.name == name]):
            _use_columns(matches, Clause.GROUP)
        elif not _by_position(ctx, node, rows, Clause.GROUP):
            expressions.evaluate(ctx, node, scope, Clause.GROUP)


def _leaves(ctx: Context, nodes: Iterable[pb.Node], *, nested: bool = False) -> Iterable[pb.Node]:
    for node in nodes:
        match node.WhichOneof("node"):
            case "grouping_set":
                yield from _leaves(ctx, node.grouping_set.content, nested=True)
            case "row_expr" if node.row_expr.row_format == pb.COERCE_IMPLICIT_CAST:
                yield from _leaves(ctx, node.row_expr.args, nested=True)
            case _:
                if nested:
                    _looked_at(ctx, node)
                yield node


def _distinct(ctx: Context, statement: pb.SelectStmt, scope: Scope, rows: Rows) -> None:
    """DISTINCT compares all outputs; DISTINCT ON its own list, which names outputs as ORDER BY does."""
    if not statement.distinct_clause:
        return
    expressions_on = [node for node in statement.distinct_clause if node.WhichOneof("node") is not None]
    if not expressions_on:
        _use_columns(rows.columns, Clause.DISTINCT, rows.rest)
    for node in expressions_on:
        _looked_at(ctx, node)
        _by_output(ctx, node, scope, rows, Clause.DISTINCT)


def _ordering(ctx: Context, statement: pb.SelectStmt, scope: Scope, rows: Rows) -> None:
    for node in statement.sort_clause:
        _by_output(ctx, node.sort_by.node, scope, rows, Clause.ORDER)
        if node.sort_by.use_op:
            calls.operator(ctx, list(node.sort_by.use_op), 0, 0)


def _by_output(ctx: Context, node: pb.Node, scope: Scope, rows: Rows, clause: Clause) -> None:
    """SQL-92: a bare name is an output's, an integer its position; anything else is an expression over the input."""
    name = _bare_name(node)
    matches = [column for column in rows.columns if column.name == name] if name else []
    if matches:
        _use_columns(matches, clause)
    elif not _by_position(ctx, node, rows, clause):
        expressions.evaluate(ctx, node, scope, clause)


def _bare_name(node: pb.Node) -> str:
    if node.WhichOneof("node") == "column_ref" and len(node.column_ref.fields) == 1:
        return text_of(node.column_ref.fields[0])
    return ""


def _by_position(ctx: Context, node: pb.Node, rows: Rows, clause: Clause) -> bool:
    if node.WhichOneof("node") != "a_const":
        return False
    if node.a_const.WhichOneof("val") == "ival":
        position = node.a_const.ival.ival
        if rows.rest is None and 0 < position <= len(rows.columns):
            _use_columns([rows.columns[position - 1]], clause)
        else:
            _use_columns(rows.columns, clause, rows.rest)
    return True


def _looked_at(ctx: Context, node: pb.Node) -> None:
    """Positions in ORDER BY and GROUP BY stay as they are in a statement's literal-free form; those elsewhere do not."""
    if node.WhichOneof("node") in expressions.CONSTANTS:
        ctx.findings.literals_matter = True


def _use_columns(columns: Sequence[Column], clause: Clause, rest: Origins | None = None) -> None:
    for column in columns:
        use(column.origins, clause)
    if rest is not None:
        use(rest, clause)


def _locking(ctx: Context, statement: pb.SelectStmt, scope: Scope) -> None:
    """FOR UPDATE and its like lock rows of the relations named, or of all in FROM."""
    for node in statement.locking_clause:
        names = {var.range_var.relname for var in node.locking_clause.locked_rels}
        for source in _locked(scope, names):
            if source.record is not None:
                record = ctx.findings.record(source.record.object, Action.LOCK, ctx.origin)
                record.beneath = [_locked_under(under) for under in source.record.beneath]


def _locked(scope: Scope, names: set[str]) -> list[Source]:
    return [source for source in scope.sources if not names or source.name in names]


def _locked_under(record: "from_items.Record") -> "from_items.Record":
    made = from_items.Record(record.object, Action.LOCK if record.action is Action.SELECT else record.action, record.origin)
    made.beneath = [_locked_under(under) for under in record.beneath]
    return made


# --- set operations and WITH


def _set_operation(ctx: Context, statement: pb.SelectStmt, scope: Scope, clause: Clause | None) -> Rows:
    """Left-deep chains are walked in a loop: generated statements have hundreds of them."""
    arms: list[pb.SelectStmt] = []
    node = statement
    distinct = False
    while True:
        distinct = distinct or not node.all or node.op != pb.SETOP_UNION
        arms.append(node.rarg)
        left = node.larg
        if left.op == pb.SETOP_NONE or _decorated(left):
            arms.append(left)
            break
        node = left
    results = [select(ctx, arm, scope, None) for arm in reversed(arms)]
    conversions.aligned(ctx, results)
    rows = merged(results)
    _use_columns(rows.columns, Clause.DISTINCT, rows.rest) if distinct else None
    use(_all(rows), clause)
    _ordering(ctx, statement, scope, rows)
    return rows


def _decorated(statement: pb.SelectStmt) -> bool:
    """A set operation that has clauses of its own: `(a UNION b LIMIT 1) UNION c`."""
    return bool(
        statement.HasField("with_clause")
        or statement.sort_clause
        or statement.locking_clause
        or statement.HasField("limit_count")
        or statement.HasField("limit_offset")
    )


def merged(arms: list[Rows]) -> Rows:
    """Columns by position; names are the first arm's."""
    first, *others = arms
    rests = [arm.rest for arm in arms if arm.rest is not None]
    rest: Origins | None = frozenset().union(*rests) if rests else None
    columns = [column.renamed(column.name) for column in first.columns]
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
        everything = frozenset().union(rest, *(column.origins for arm in arms for column in arm.columns))
        return Rows(columns, everything)
    return Rows(columns)


def define(ctx: Context, clause: pb.WithClause, scope: Scope) -> None:
    """Makes the WITH queries known in `scope`. Each sees those before it; under RECURSIVE all of them, and itself."""
    visible = scope
    for node in clause.ctes:
        expression = node.common_table_expr
        if clause.recursive:
            scope.ctes[expression.ctename] = Cte(_walker(ctx, expression, scope, recursive=True))
        else:
            before = Scope(visible.parent, ctes=dict(scope.ctes))
            scope.ctes[expression.ctename] = Cte(_walker(ctx, expression, before, recursive=False))


def _walker(ctx: Context, expression: pb.CommonTableExpr, scope: Scope, *, recursive: bool) -> "from_items.CteWalk":
    def walk(cte: Cte) -> Rows:
        query = expression.ctequery
        names = [text_of(node) for node in expression.aliascolnames]
        if recursive and query.WhichOneof("node") == "select_stmt" and query.select_stmt.op != pb.SETOP_NONE:
            rows = _recursive(ctx, query.select_stmt, scope, cte, names)
        else:
            rows = from_items.aliased(ctx.statement(ctx, query, scope, None), names)
        return _search_and_cycle(expression, rows)

    return walk


def _recursive(ctx: Context, statement: pb.SelectStmt, parent: Scope, cte: Cte, names: list[str]) -> Rows:
    """The first arm gives the columns; what the recursive arm adds to them flows back until nothing changes."""
    scope = Scope(parent)
    if statement.HasField("with_clause"):
        define(ctx, statement.with_clause, scope)
    first = select(ctx, statement.larg, scope, None)
    columns = [
        Column(column.name, column.origins, type_id=column.type, conduct=repeated(column.conduct)) for column in first.columns
    ]
    for column in first.columns:
        column.touched = True
    rows = from_items.aliased(Rows(columns, first.rest), names)
    cte.rows = rows
    for _ in range(len(rows.columns) + 1):
        before = sum(len(column.origins) for column in rows.columns)
        records = len(ctx.findings.records)
        again = select(ctx, statement.rarg, scope, None)
        for column, more in zip(rows.columns, again.columns, strict=False):
            more.touched = True
            column.origins |= more.origins
        if sum(len(column.origins) for column in rows.columns) == before or len(ctx.findings.records) == records:
            break
        if before > 4096:  # wide and tangled: everything may flow everywhere
            everything = frozenset().union(*(column.origins for column in rows.columns))
            for column in rows.columns:
                column.origins = everything
            break
    for column in rows.columns:
        column.conduct = settled(column.conduct)
    if not statement.all:
        _use_columns(rows.columns, Clause.DISTINCT, rows.rest)
    conversions.aligned(ctx, [first, again])
    return rows


def _search_and_cycle(expression: pb.CommonTableExpr, rows: Rows) -> Rows:
    """SEARCH and CYCLE add columns made of the listed ones, and compare them."""
    columns = list(rows.columns)
    added: list[tuple[str, list[str]]] = []
    if expression.HasField("search_clause"):
        search = expression.search_clause
        added.append((search.search_seq_column, [text_of(node) for node in search.search_col_list]))
    if expression.HasField("cycle_clause"):
        cycle = expression.cycle_clause
        listed = [text_of(node) for node in cycle.cycle_col_list]
        added += [(cycle.cycle_mark_column, []), (cycle.cycle_path_column, listed)]
    for name, listed in added:
        origins = frozenset().union(*(column.origins for column in rows.columns if column.name in listed))
        use(origins, Clause.ORDER)
        columns.append(Column(name, origins, conduct=TOLD))
    return Rows(columns, rows.rest)


# --- rows as values


def _all(rows: Rows) -> Origins:
    for column in rows.columns:
        column.touched = True
    return frozenset().union(rows.rest or NOTHING, *(column.origins for column in rows.columns))


def row_value(rows: Rows, clause: Clause | None) -> Value:
    """A subquery as an expression."""
    origins = _all(rows)
    use(origins, clause)
    if rows.rest is not None:
        return Value(origins)
    return Value(origins, conduct=partial(either(rows.columns)))


def tested_value(rows: Rows) -> Value:
    """A subquery of which only is asked whether it has rows: its plain columns are not even looked at."""
    for column in rows.columns:
        use(column.origins, unseen(column))
    origins = _all(rows)
    if rows.rest is not None:
        use(rows.rest, Clause.ARGUMENT)
    return Value(origins)


def finish(derived: Iterable[Rows]) -> None:
    """Columns of subqueries that nothing referred to are still read."""
    for rows in derived:
        for column in rows.columns:
            if not column.touched:
                for record, name in column.origins:
                    if not any(used.column == name for used in record.uses):
                        record.use(unseen(column), name)
