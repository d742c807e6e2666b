"""Expressions: which columns a value can be recovered from, and which clauses use them on the way."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import calls, conversions, query, types
from gateway.analysis.postgres.context import Context, text_of
from gateway.analysis.postgres.records import NOTHING, Origins, use
from gateway.analysis.postgres.scopes import Column, Scope, Source, Value
from gateway.model.footprint import Clause

Handler = Callable[[Context, Any, Scope, Clause | None], Value]

CONSTANT: Final = Value()
CONSTANTS: Final = frozenset({"a_const", "param_ref", "set_to_default"})


def evaluate(ctx: Context, node: pb.Node, scope: Scope, clause: Clause | None) -> Value:
    """The value of one expression node. Columns it reads are written down under `clause`; None leaves that to whoever
    refers to the value later."""
    kind = node.WhichOneof("node")
    if kind is None:
        return CONSTANT
    handler = _HANDLERS.get(kind)
    message = getattr(node, kind)
    before = len(ctx.findings.parted)
    if handler is not None:
        value = handler(ctx, message, scope, clause)
    else:
        if kind not in _PLAIN:
            ctx.not_understood(f"expression {type(message).__name__}")
        value = parts(ctx, message, scope, clause)
    if conversions.concern(ctx):
        conversions.follow(ctx, kind, message, value, before)
    return value


def evaluate_all(ctx: Context, nodes: Iterable[pb.Node], scope: Scope, clause: Clause | None) -> Value:
    """All of them as one value that mixes what they give. Long lists are lists of constants, mostly."""
    return mixed([evaluate(ctx, node, scope, clause) for node in nodes if node.WhichOneof("node") not in CONSTANTS])


def listed(ctx: Context, message: pb.List, scope: Scope, clause: Clause | None) -> Value:
    return evaluate_all(ctx, message.items, scope, clause)


def mixed(values: Iterable[Value]) -> Value:
    origins: Origins = NOTHING
    builtin = True
    for value in values:
        builtin = builtin and types.is_builtin(value.type)
        if value.origins:
            origins = origins | value.origins if origins else value.origins
    return Value(origins, type=types.ANY_BUILTIN if builtin else types.UNKNOWN)


def parts(ctx: Context, message: Message, scope: Scope, clause: Clause | None) -> Value:
    """Every expression anywhere below a message, mixed: nothing below it is left out."""
    values = []
    for field, content in message.ListFields():
        if field.message_type is None:
            continue
        for child in [content] if isinstance(content, Message) else content:
            if isinstance(child, pb.Node):
                values.append(evaluate(ctx, child, scope, clause))
            else:
                values.append(_dispatch(ctx, child, scope, clause))
    return mixed(values)


def _dispatch(ctx: Context, message: Message, scope: Scope, clause: Clause | None) -> Value:
    """A message that stands in a typed field rather than in a Node."""
    handler = _BY_TYPE.get(type(message).__name__)
    return handler(ctx, message, scope, clause) if handler is not None else parts(ctx, message, scope, clause)


# --- columns


def column_ref(ctx: Context, ref: pb.ColumnRef, scope: Scope, clause: Clause | None) -> Value:
    words = [text_of(field) for field in ref.fields]
    if ref.fields[-1].WhichOneof("node") == "a_star":
        return _star(ctx, words[:-1], scope, clause)
    if len(words) == 1:
        return _unqualified(ctx, words[0], scope, clause)
    schema = words[-3] if len(words) > 2 else ""
    source = scope.source(words[-2], schema)
    if source is None:
        return _lost(ctx, words[-1], scope, clause)
    return field_of_row(ctx, source, words[-1], clause)


def _unqualified(ctx: Context, name: str, scope: Scope, clause: Clause | None) -> Value:
    columns, certain = scope.columns(name)
    if not certain and (row := scope.source(name)) is not None:
        value = row.whole_row()
        use(value.origins, clause)
        return value
    return referred(columns, clause) if columns else _lost(ctx, name, scope, clause)


def referred(columns: list[Column], clause: Clause | None) -> Value:
    """The value of a reference that means one of these columns."""
    if len(columns) == 1:
        column = columns[0]
        column.touched = True
        use(column.origins, clause)
        return Value(column.origins, column.exact, column.type)
    origins: Origins = NOTHING
    for column in columns:
        column.touched = True
        use(column.origins, clause)
        origins |= column.origins
    return Value(origins)


def field_of_row(ctx: Context, source: Source, name: str, clause: Clause | None) -> Value:
    """`t.name`: a column of `t`, or else the function `name` called with the whole row."""
    if found := source.find(name):
        return referred(found, clause)
    if source.rest is not None:
        return referred([source.in_rest(name)], clause)
    if calls.is_known(ctx, "", name):
        return calls.of_row(ctx, name, source, clause)
    if source.record is not None:  # the catalog may be behind the server: it may be a new column
        return referred([Column(name, frozenset({(source.record, name)}))], clause)
    return source.whole_row()


def _lost(ctx: Context, name: str, scope: Scope, clause: Clause | None) -> Value:
    """No entry is known to have it: any relation in scope may, if the catalog is behind the server."""
    origins = frozenset((record, name) for record in scope.records())
    use(origins, clause)
    return Value(origins)


def _star(ctx: Context, words: list[str], scope: Scope, clause: Clause | None) -> Value:
    """`t.*` inside an expression is the whole row; a bare `*` all rows of this level."""
    if words:
        source = scope.source(words[-1], words[-2] if len(words) > 1 else "")
        rows = [source] if source is not None else []
    else:
        rows = [source for source in scope.sources if source.plain]
    value = mixed([row.whole_row() for row in rows])
    use(value.origins, clause)
    return value


def indirection(ctx: Context, message: pb.A_Indirection, scope: Scope, clause: Clause | None) -> Value:
    """`(row).field`, `(row).*`, `array[i]`."""
    steps = list(message.indirection)
    first = text_of(steps[0]) if steps else ""
    if first and (row := row_of(message.arg, scope)) is not None:
        value = field_of_row(ctx, row, first, clause)
        return value if len(steps) == 1 else mixed([value, evaluate_all(ctx, steps[1:], scope, clause)])
    value = evaluate(ctx, message.arg, scope, clause)
    for step in steps:
        if (name := text_of(step)) and calls.is_known(ctx, "", name):
            calls.of_value(ctx, name, value, clause)
    return mixed([value, evaluate_all(ctx, steps, scope, clause)])


def row_of(node: pb.Node, scope: Scope) -> Source | None:
    """The range table entry whose whole row an expression is: `(t).a`, `(t.*).a`."""
    if node.WhichOneof("node") != "column_ref":
        return None
    fields = node.column_ref.fields
    star = fields[-1].WhichOneof("node") == "a_star"
    words = [text_of(field) for field in fields][: -1 if star else None]
    if not words or (not star and (len(words) > 1 or scope.columns(words[0])[1])):
        return None
    return scope.source(words[-1], words[-2] if len(words) > 1 else "")


# --- subqueries


def sub_link(ctx: Context, link: pb.SubLink, scope: Scope, clause: Clause | None) -> Value:
    """EXISTS gives no value of the subquery; IN, ANY, ALL compare with it; the others give it."""
    exists = link.sub_link_type == pb.EXISTS_SUBLINK
    rows = ctx.statement(ctx, link.subselect, scope, None)
    value = query.tested_value(rows) if exists else query.row_value(rows, clause)
    tested = evaluate(ctx, link.testexpr, scope, clause) if link.HasField("testexpr") else CONSTANT
    if link.oper_name:
        calls.operator(ctx, list(link.oper_name), tested.type, types.UNKNOWN)
    if exists:
        return CONSTANT
    if link.sub_link_type == pb.EXPR_SUBLINK and len(rows.columns) == 1 and rows.rest is None:
        return Value(value.origins, type=rows.columns[0].type)
    return mixed([value, tested])


def _select(ctx: Context, statement: pb.SelectStmt, scope: Scope, clause: Clause | None) -> Value:
    return query.row_value(query.select(ctx, statement, scope, None), clause)


# --- operators, tests, casts


def a_expr(ctx: Context, expression: pb.A_Expr, scope: Scope, clause: Clause | None) -> Value:
    left = evaluate(ctx, expression.lexpr, scope, clause) if expression.HasField("lexpr") else CONSTANT
    right = evaluate(ctx, expression.rexpr, scope, clause) if expression.HasField("rexpr") else CONSTANT
    name = list(expression.name)
    prefix = not expression.HasField("lexpr")
    calls.operator(ctx, name, types.NONE if prefix else left.type, right.type)
    result = types.of_operator(text_of(name[-1]) if name else "", left.type, right.type, expression.kind)
    return Value(mixed([left, right]).origins, type=result)


def null_test(ctx: Context, test: pb.NullTest, scope: Scope, clause: Clause | None) -> Value:
    """Says only whether there is a value: in an output nothing of the value can be recovered."""
    shown = clause in (None, Clause.OUTPUT, Clause.RETURNING)
    value = evaluate(ctx, test.arg, scope, None if shown else clause)
    if shown:
        use(value.origins, Clause.PRESENCE if value.exact else Clause.ARGUMENT)
    return Value(type=types.BOOLEAN)


def array(ctx: Context, expression: pb.A_ArrayExpr, scope: Scope, clause: Clause | None) -> Value:
    values = [evaluate(ctx, node, scope, clause) for node in expression.elements]
    known = all(types.is_builtin(value.type) for value in values)
    return Value(mixed(values).origins, type=types.ANY_ARRAY if known else types.UNKNOWN)


def parameter(ctx: Context, ref: pb.ParamRef, scope: Scope, clause: Clause | None) -> Value:
    """Takes whatever type is wanted, as a string constant does."""
    return Value(type=types.LITERAL)


def bool_expr(ctx: Context, expression: pb.BoolExpr, scope: Scope, clause: Clause | None) -> Value:
    return Value(evaluate_all(ctx, expression.args, scope, clause).origins, type=types.BOOLEAN)


def type_cast(ctx: Context, cast: pb.TypeCast, scope: Scope, clause: Clause | None) -> Value:
    value = evaluate(ctx, cast.arg, scope, clause)
    target = calls.cast(ctx, cast.type_name, value.type, clause)
    return Value(value.origins, type=target)


def constant(ctx: Context, value: pb.A_Const, scope: Scope, clause: Clause | None) -> Value:
    return Value(type=types.of_constant(value))


def conditional(ctx: Context, case: pb.CaseExpr, scope: Scope, clause: Clause | None) -> Value:
    """Also what decides between the branches can be recovered from the result."""
    value = parts(ctx, case, scope, clause)
    if case.HasField("arg"):
        calls.operator_named(ctx, "=", types.UNKNOWN, types.UNKNOWN)
    return value


def aliased(ctx: Context, target: pb.ResTarget, scope: Scope, clause: Clause | None) -> Value:
    return evaluate(ctx, target.val, scope, clause)


def type_name(ctx: Context, name: pb.TypeName, scope: Scope, clause: Clause | None) -> Value:
    """A type that stands in an expression is converted to: XMLTABLE, JSON_VALUE … RETURNING."""
    calls.cast(ctx, name, types.UNKNOWN, clause)
    return CONSTANT


def func_call(ctx: Context, call: pb.FuncCall, scope: Scope, clause: Clause | None) -> Value:
    return calls.call(ctx, call, scope, clause)


_HANDLERS: Final[dict[str, Handler]] = {
    "column_ref": column_ref,
    "a_const": constant,
    "a_expr": a_expr,
    "a_array_expr": array,
    "param_ref": parameter,
    "bool_expr": bool_expr,
    "func_call": func_call,
    "type_cast": type_cast,
    "sub_link": sub_link,
    "null_test": null_test,
    "case_expr": conditional,
    "list": listed,
    "a_indirection": indirection,
    "res_target": aliased,
    "type_name": type_name,
    "select_stmt": _select,
}

_BY_TYPE: Final[dict[str, Handler]] = {
    "TypeName": type_name,
    "SelectStmt": _select,
    "FuncCall": func_call,
    "ColumnRef": column_ref,
    "TypeCast": type_cast,
    "A_Expr": a_expr,
}

# Nodes whose value is made of their parts' values and of nothing else.
_PLAIN: Final = frozenset(
    {
        "a_indices", "a_star", "bit_string", "boolean", "boolean_test", "case_when", "coalesce_expr",
        "collate_clause", "current_of_expr", "def_elem", "float", "grouping_func", "grouping_set", "integer",
        "json_agg_constructor", "json_argument", "json_array_agg", "json_array_constructor", "json_array_query_constructor",
        "json_behavior", "json_format", "json_func_expr", "json_is_predicate", "json_key_value", "json_object_agg",
        "json_object_constructor", "json_output", "json_parse_expr", "json_returning", "json_scalar_expr",
        "json_serialize_expr", "json_table_column", "json_table_path_spec", "json_value_expr",
        "merge_support_func", "min_max_expr", "multi_assign_ref", "named_arg_expr", "range_table_func_col",
        "row_expr", "set_to_default", "sort_by", "sqlvalue_function", "string", "window_def", "xml_expr", "xml_serialize",
        "index_elem", "partition_elem",
    }
)  # fmt: skip
