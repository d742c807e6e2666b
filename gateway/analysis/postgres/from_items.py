"""FROM: relations, WITH queries, subqueries, functions, joins, samples, XMLTABLE and JSON_TABLE as range table entries."""

from collections.abc import Callable, Iterable
from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.conduct import TOLD, either, read_before
from gateway.analysis.postgres import bodies, calls, expressions, filters, naming, relations, types
from gateway.analysis.postgres.context import Context, qualified, text_of
from gateway.analysis.postgres.records import NOTHING, Origins, Record, narrow, use
from gateway.analysis.postgres.scopes import Column, Cte, Rows, Scope, Source, Value
from gateway.catalog import FunctionInfo, QName, TypeKind
from gateway.model.footprint import Clause, FunctionClass, FunctionUse, ObjectKind, ObjectName, relation

__all__ = ["CteWalk", "Record", "add", "aliased"]

CteWalk = Callable[[Cte], Rows]
_SAMPLERS: Final = frozenset({"bernoulli", "system", "system_rows", "system_time"})
_SERIES: Final = frozenset({"generate_series", "generate_subscripts", "string_to_table", "regexp_split_to_table"})
_SCALAR_KINDS: Final = frozenset({TypeKind.BASE, TypeKind.DOMAIN, TypeKind.ENUM, TypeKind.RANGE, TypeKind.MULTIRANGE})


def add(ctx: Context, nodes: Iterable[pb.Node], scope: Scope) -> None:
    """Adds the items to the scope, left to right: what stands further right sees what stands left of it, if lateral."""
    for node in nodes:
        _item(ctx, node, scope)


def _item(ctx: Context, node: pb.Node, scope: Scope) -> Source:
    match node.WhichOneof("node"):
        case "range_var":
            return _enter(scope, _relation(ctx, node.range_var, scope))
        case "range_subselect":
            return _enter(scope, _subquery(ctx, node.range_subselect, scope))
        case "range_function":
            return _enter(scope, _function(ctx, node.range_function, scope))
        case "join_expr":
            return _join(ctx, node.join_expr, scope)
        case "range_table_sample":
            return _sample(ctx, node.range_table_sample, scope)
        case "range_table_func":
            return _enter(scope, _xml_table(ctx, node.range_table_func, scope))
        case "json_table":
            return _enter(scope, _json_table(ctx, node.json_table, scope))
        case kind:
            ctx.not_understood(f"FROM item {kind}")
            value = expressions.evaluate(ctx, node, scope, Clause.ARGUMENT)
            return _enter(scope, Source("", [], rest=value.origins))


def _enter(scope: Scope, source: Source) -> Source:
    scope.sources.append(source)
    return source


def _relation(ctx: Context, var: pb.RangeVar, scope: Scope) -> Source:
    cte = scope.cte(var.relname) if not var.schemaname else None
    if cte is None:
        return relations.range_var(ctx, var)
    rows = cte.result()
    alias = var.alias.aliasname if var.HasField("alias") else ""
    return _derived(alias or var.relname, rows, var.alias)


def _subquery(ctx: Context, item: pb.RangeSubselect, scope: Scope) -> Source:
    # Not lateral, it looks past the items of this level, to its WITH queries and the outer levels.
    rows = ctx.statement(ctx, item.subquery, scope if item.lateral else scope.parent or Scope(), None)
    return _derived(item.alias.aliasname, rows, item.alias)


def _derived(name: str, rows: Rows, alias: pb.Alias) -> Source:
    return relations.renamed(Source(name, rows.columns, rest=rows.rest), [text_of(node) for node in alias.colnames])


def aliased(rows: Rows, names: list[str]) -> Rows:
    """A query's columns under the names of a column list."""
    if not names:
        return rows
    source = relations.renamed(Source("", rows.columns, rest=rows.rest), names)
    return Rows(source.columns, rows.rest)


# --- functions


def _function(ctx: Context, item: pb.RangeFunction, scope: Scope) -> Source:
    """One function or ROWS FROM (several): their columns side by side, and ordinality."""
    name = item.alias.aliasname
    columns: list[Column] = []
    rest: Origins | None = None
    for node in item.functions:
        function, *definition = node.list.items
        rows = _function_rows(ctx, function, [*item.coldeflist, *_definitions(definition)], name, scope)
        columns += rows.columns
        if rows.rest is not None:
            rest = (rest or NOTHING) | rows.rest
    if item.ordinality:
        columns.append(Column("ordinality", conduct=TOLD))
    name = name or (naming.of_expression(item.functions[0].list.items[0]) if item.functions else "")
    return relations.renamed(Source(name, columns, rest=rest), [text_of(node) for node in item.alias.colnames])


def _definitions(nodes: list[pb.Node]) -> list[pb.Node]:
    return [item for node in nodes if node.WhichOneof("node") == "list" for item in node.list.items]


def _function_rows(ctx: Context, node: pb.Node, definitions: list[pb.Node], alias: str, scope: Scope) -> Rows:
    ctx.as_rows = node.WhichOneof("node") == "func_call"
    value = expressions.evaluate(ctx, node, scope, Clause.ARGUMENT)
    ctx.as_rows = False
    conduct = read_before(value.conduct)
    users = [info for info in _overloads(ctx, node.func_call) if not info.builtin] if ctx.findings.programs else []
    if users:
        return _users_rows(ctx, users, definitions, alias or naming.of_expression(node), value)
    if definitions:
        for definition in definitions:
            calls.cast(ctx, definition.column_def.type_name, 0, Clause.ARGUMENT)
        return Rows([Column(definition.column_def.colname, value.origins, conduct=conduct) for definition in definitions])
    name = naming.of_expression(node)
    if node.WhichOneof("node") != "func_call":
        return Rows([Column(alias or name, value.origins, conduct=conduct)])
    if name in _SERIES and not _users(ctx, node.func_call):
        return Rows([Column(alias or name, value.origins, type_id=value.type, conduct=conduct)])
    chosen = _overloads(ctx, node.func_call)
    if name == "unnest" and len(node.func_call.args) == 1:
        item = expressions.evaluate(ctx, node.func_call.args[0], scope, Clause.ARGUMENT).type
        made = Column(alias or name, value.origins, conduct=conduct)
        return Rows([made]) if _of_scalars(ctx, item) else Rows([], value.origins)
    if chosen and all(_gives_scalar(ctx, info) for info in chosen):
        return Rows([Column(alias or name, value.origins, type_id=value.type, conduct=conduct)])
    if len(chosen) == 1 and (relation_name := _row_type(ctx, chosen[0])) is not None:
        return _rows_of_type(ctx, relation_name, value.origins)
    return Rows([], value.origins)


def _users_rows(ctx: Context, users: list[FunctionInfo], definitions: list[pb.Node], name: str, value: Value) -> Rows:
    """What users' functions give as rows: column by column where the function's body shows them so."""
    for definition in definitions:
        calls.cast(ctx, definition.column_def.type_name, 0, Clause.ARGUMENT)
    given = bodies.given(ctx, [info.name for info in users])
    scalar = all(_gives_scalar(ctx, info) for info in users)
    names = [name] if scalar else _names(ctx, users, definitions)
    conduct = read_before(value.conduct)
    if given.columns is not None and names is not None and len(names) == len(given.columns):
        pairs = zip(names, given.columns, strict=True)
        return Rows([Column(label, value.origins | origins, conduct=conduct) for label, origins in pairs])
    whole = value.origins | given.shown
    if names is None:
        return Rows([], whole)
    if not definitions and len(users) == 1 and (row := _row_type(ctx, users[0])) is not None:
        return _rows_of_type(ctx, row, whole)
    return Rows([Column(label, whole, type_id=value.type if scalar else 0, conduct=conduct) for label in names])


def _names(ctx: Context, users: list[FunctionInfo], definitions: list[pb.Node]) -> list[str] | None:
    """The columns of rows that a function gives: as the call says, as it was declared, or a relation's."""
    if definitions:
        return [definition.column_def.colname for definition in definitions]
    if len(users) != 1:
        return None
    row = _row_type(ctx, users[0])
    info = ctx.names.catalog.relation(*row) if row is not None else None
    if info is not None:
        return [column.name for column in info.columns]
    return list(users[0].columns) or None


def _overloads(ctx: Context, call: pb.FuncCall) -> list[FunctionInfo]:
    schema, name = qualified(list(call.funcname))
    return calls.candidates(ctx, schema, name, [0] * len(call.args))


def _users(ctx: Context, call: pb.FuncCall) -> bool:
    """Whether the call may mean a function that did not come with the server."""
    return any(not info.builtin for info in _overloads(ctx, call))


def _of_scalars(ctx: Context, array: int) -> bool:
    """Whether an array's elements are certain to be no rows."""
    if array == types.ANY_ARRAY:
        return True
    info = ctx.names.catalog.type_by_oid(array)
    element = ctx.names.catalog.type_by_oid(info.element) if info is not None else None
    return element is not None and element.kind in _SCALAR_KINDS


def rows_of_value(ctx: Context, node: pb.Node, origins: Origins) -> Rows:
    """The fields of a composite value: a relation's columns where a function gives its rows, else not known."""
    if node.WhichOneof("node") == "func_call":
        chosen = _overloads(ctx, node.func_call)
        if len(chosen) == 1 and (name := _row_type(ctx, chosen[0])) is not None:
            return _rows_of_type(ctx, name, origins)
    return Rows([], origins)


def _row_type(ctx: Context, info: FunctionInfo) -> QName | None:
    returned = ctx.names.catalog.type_by_oid(info.returns)
    return returned.relation if returned is not None and returned.kind is TypeKind.COMPOSITE else None


def _rows_of_type(ctx: Context, name: QName, given: Origins) -> Rows:
    """A function that gives rows of a relation's type gives, as far as one can tell, that relation's rows."""
    info = ctx.names.catalog.relation(*name)
    if info is None:
        return Rows([], given)
    record = ctx.findings.show(relation(*name))
    return Rows(
        [Column(column.name, given | {(record, column.name)}, type_id=column.type_id, conduct=TOLD) for column in info.columns]
    )


def _gives_scalar(ctx: Context, info: FunctionInfo) -> bool:
    returned = ctx.names.catalog.type_by_oid(info.returns)
    return returned is not None and returned.kind in _SCALAR_KINDS


# --- joins


def _join(ctx: Context, join: pb.JoinExpr, scope: Scope) -> Source:
    """The join's own entry answers unqualified names; its sides stay visible under their names unless it has an alias."""
    before = len(scope.sources)
    left = _item(ctx, join.larg, scope)
    right = _item(ctx, join.rarg, scope)
    merged = _merged_names(join, left, right)
    for name in merged:
        calls.operator_named(ctx, "=", _type_of(left, name), _type_of(right, name))
    made = _joined(join, left, right, merged)
    if join.HasField("quals"):  # ON sees the join's own sides, not what stands left of it
        filters.joined(ctx, join.quals, Scope(scope.parent, scope.sources[before:], scope.ctes))
    for source in scope.sources[before:]:
        source.plain = False
    if join.HasField("alias"):
        made.name = join.alias.aliasname
        made = relations.renamed(made, [text_of(node) for node in join.alias.colnames])
        del scope.sources[before:]
    elif join.HasField("join_using_alias"):
        using = [column for column in made.columns if column.name in merged]
        named = Source(join.join_using_alias.aliasname, using)
        named.plain = False
        scope.sources.append(named)
    return _enter(scope, made)


def _type_of(source: Source, name: str) -> int:
    found = source.find(name)
    return found[0].type if len(found) == 1 else 0


def _merged_names(join: pb.JoinExpr, left: Source, right: Source) -> list[str]:
    if not join.is_natural:
        return [text_of(node) for node in join.using_clause]
    rights = {column.name for column in right.columns}
    return list(dict.fromkeys(column.name for column in left.columns if column.name in rights))


def _joined(join: pb.JoinExpr, left: Source, right: Source, merged: list[str]) -> Source:
    columns = []
    for name in merged:
        pair = [*(left.find(name) or _unknown(left, name)), *(right.find(name) or _unknown(right, name))]
        for column in pair:
            column.touched = True
            use(column.origins, Clause.JOIN)
        origins = frozenset().union(*(column.origins for column in pair))
        narrow(origins, Clause.JOIN)
        exact = join.jointype in (pb.JOIN_INNER, pb.JOIN_LEFT) and bool(pair) and all(column.exact for column in pair)
        conduct = either(pair) if pair else None
        columns.append(Column(name, origins, exact=exact, type_id=pair[0].type if pair else 0, conduct=conduct))
    columns += [column for side in (left, right) for column in side.columns if column.name not in merged]
    rests = [side.rest for side in (left, right) if side.rest is not None]
    if join.is_natural and rests:  # any column may be one that both sides have
        for side in (left, right):
            use(side.whole_row().origins, Clause.JOIN)
    return Source("", columns, rest=frozenset().union(*rests) if rests else None)


def _unknown(source: Source, name: str) -> list[Column]:
    return [source.in_rest(name)] if source.rest is not None else []


# --- samples and table functions


def _sample(ctx: Context, sample: pb.RangeTableSample, scope: Scope) -> Source:
    source = _item(ctx, sample.relation, scope)
    expressions.evaluate_all(ctx, [*sample.args, sample.repeatable], scope, Clause.LIMIT)
    schema, name = qualified(list(sample.method))
    if name not in _SAMPLERS:
        full = ObjectName(ObjectKind.FUNCTION, schema, name)
        ctx.findings.functions[FunctionUse(full, FunctionClass.USER)] = None
    return source


def _xml_table(ctx: Context, table: pb.RangeTableFunc, scope: Scope) -> Source:
    value = expressions.parts(ctx, table, scope, Clause.ARGUMENT)
    columns = [Column(node.range_table_func_col.colname, value.origins) for node in table.columns]
    return relations.renamed(
        Source(table.alias.aliasname or "xmltable", columns), [text_of(node) for node in table.alias.colnames]
    )


def _json_table(ctx: Context, table: pb.JsonTable, scope: Scope) -> Source:
    value = expressions.parts(ctx, table, scope, Clause.ARGUMENT)
    columns = [Column(name, value.origins) for name in _json_columns(table.columns)]
    return relations.renamed(
        Source(table.alias.aliasname or "json_table", columns), [text_of(node) for node in table.alias.colnames]
    )


def _json_columns(nodes: Iterable[pb.Node]) -> list[str]:
    names: list[str] = []
    for node in nodes:
        column = node.json_table_column
        names += _json_columns(column.columns) if column.columns else [column.name]
    return names
