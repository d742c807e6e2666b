"""Expressions: which columns a value can be recovered from, and which clauses use them on the way."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.conduct import CLOCK, TOLD, Conduct, either, gated, partial, shown, strict, unknown
from gateway.analysis.conduct import CONSTANT as STILL
from gateway.analysis.postgres import calls, conversions, query, totality, types
from gateway.analysis.postgres.context import Context, text_of
from gateway.analysis.postgres.records import NOTHING, Origins, use
from gateway.analysis.postgres.scopes import Column, Scope, Source, Value
from gateway.model.footprint import Clause

Handler = Callable[[Context, Any, Scope, Clause | None], Value]

CONSTANT: Final = Value(conduct=STILL)
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
        value = _made_of_parts(ctx, kind, message, scope, clause)
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
    builtin = total = True
    size = 0
    for value in values:
        builtin = builtin and types.is_builtin(value.type)
        if value.origins:
            origins = origins | value.origins if origins else value.origins
        size += value.conduct.size
        total = total and value.conduct.total
    return Value(origins, type=types.ANY_BUILTIN if builtin else types.UNKNOWN, conduct=Conduct(size, total, False))


def parts(ctx: Context, message: Message, scope: Scope, clause: Clause | None) -> Value:
    """Every expression anywhere below a message, mixed: nothing below it is left out."""
    return mixed(_parts(ctx, message, scope, clause))


def _made_of_parts(ctx: Context, kind: str, message: Message, scope: Scope, clause: Clause | None) -> Value:
    """A node whose value is made of its parts' and of nothing else."""
    values = _parts(ctx, message, scope, clause)
    if kind in _PASSING and len(values) == 1:
        return Value(values[0].origins, type=values[0].type, conduct=values[0].conduct)
    made = mixed(values)
    if kind in _TOTAL and not _particular(message):
        return made._replace(conduct=strict(ctx, values, clause, _said(kind)))
    if kind not in _BESIDE:
        return made._replace(conduct=unknown(ctx, values, clause, _said(kind)))
    return made


def _particular(message: Message) -> bool:
    """JSON with RETURNING a type that its value may not fit, or with keys that must differ."""
    if isinstance(message, (pb.JsonObjectConstructor, pb.JsonArrayConstructor)):
        return message.HasField("output") or (isinstance(message, pb.JsonObjectConstructor) and message.unique)
    if isinstance(message, (pb.JsonObjectAgg, pb.JsonArrayAgg)):
        return message.constructor.HasField("output") or (isinstance(message, pb.JsonObjectAgg) and message.unique)
    return False


def _said(kind: str) -> str:
    """What a refusal calls the node: `min_max_expr`, `row_expr`."""
    return kind.removesuffix("_expr").replace("_", " ").upper()


def _parts(ctx: Context, message: Message, scope: Scope, clause: Clause | None) -> list[Value]:
    values = []
    for field, content in message.ListFields():
        if field.message_type is None:
            continue
        for child in [content] if isinstance(content, Message) else content:
            if isinstance(child, pb.Node):
                values.append(evaluate(ctx, child, scope, clause))
            else:
                values.append(_dispatch(ctx, child, scope, clause))
    return values


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
        return Value(column.origins, column.exact, column.type, conduct=column.conduct)
    origins: Origins = NOTHING
    for column in columns:
        column.touched = True
        use(column.origins, clause)
        origins |= column.origins
    return Value(origins, conduct=either(columns))


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
    return Value(origins, conduct=TOLD)


def _star(ctx: Context, words: list[str], scope: Scope, clause: Clause | None) -> Value:
    """`t.*` inside an expression is the whole row; a bare `*` all rows of this level."""
    if words:
        source = scope.source(words[-1], words[-2] if len(words) > 1 else "")
        rows = [source] if source is not None else []
    else:
        rows = [source for source in scope.sources if source.plain]
    value = mixed([row.whole_row() for row in rows])
    use(value.origins, clause)
    return value._replace(conduct=strict(ctx, [value], clause, "a row"))


def indirection(ctx: Context, message: pb.A_Indirection, scope: Scope, clause: Clause | None) -> Value:
    """`(row).field`, `(row).*`, `array[i]`."""
    steps = list(message.indirection)
    first = text_of(steps[0]) if steps else ""
    if first and (row := row_of(message.arg, scope)) is not None:
        value = field_of_row(ctx, row, first, clause)
        return value if len(steps) == 1 else _stepped(ctx, value, steps[1:], scope, clause)
    value = evaluate(ctx, message.arg, scope, clause)
    for step in steps:
        if (name := text_of(step)) and calls.is_known(ctx, "", name):
            calls.of_value(ctx, name, value, clause)
            return mixed([value])._replace(conduct=unknown(ctx, [value], clause, f"{name}()"))
    return _stepped(ctx, value, steps, scope, clause)


def _stepped(ctx: Context, value: Value, steps: list[pb.Node], scope: Scope, clause: Clause | None) -> Value:
    """Fields and elements; a subscript may be a number out of its type's range where it is computed."""
    places = evaluate_all(ctx, steps, scope, clause)
    made = mixed([value, places])
    if places.origins or not places.conduct.total:
        return made._replace(conduct=unknown(ctx, [value, places], clause, "a subscript"))
    return made._replace(conduct=value.conduct._replace(plain=False))


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
    muted, ctx.muted = ctx.muted, ctx.muted or exists or not shown(clause)
    rows = ctx.statement(ctx, link.subselect, scope, None)
    ctx.muted = muted
    value = query.tested_value(rows) if exists else query.row_value(rows, clause)
    tested = evaluate(ctx, link.testexpr, scope, clause) if link.HasField("testexpr") else CONSTANT
    if link.oper_name:
        calls.operator(ctx, list(link.oper_name), tested.type, types.UNKNOWN)
    if exists:
        return Value(conduct=partial(TOLD))
    if link.sub_link_type == pb.EXPR_SUBLINK and len(rows.columns) == 1 and rows.rest is None:
        return Value(value.origins, type=rows.columns[0].type, conduct=partial(rows.columns[0].conduct))
    made = mixed([value, tested])
    if link.sub_link_type in _WITHOUT_TEST:
        return made._replace(conduct=value.conduct)
    return made._replace(conduct=unknown(ctx, [value, tested], clause, "a comparison with a subquery"))


def _select(ctx: Context, statement: pb.SelectStmt, scope: Scope, clause: Clause | None) -> Value:
    return query.row_value(query.select(ctx, statement, scope, None), clause)


_WITHOUT_TEST: Final = frozenset({pb.EXPR_SUBLINK, pb.ARRAY_SUBLINK, pb.MULTIEXPR_SUBLINK})

# --- operators, tests, casts


def a_expr(ctx: Context, expression: pb.A_Expr, scope: Scope, clause: Clause | None) -> Value:
    left = evaluate(ctx, expression.lexpr, scope, clause) if expression.HasField("lexpr") else CONSTANT
    right = evaluate(ctx, expression.rexpr, scope, clause) if expression.HasField("rexpr") else CONSTANT
    name = list(expression.name)
    prefix = not expression.HasField("lexpr")
    users = calls.operator(ctx, name, types.NONE if prefix else left.type, right.type)
    symbol = text_of(name[-1]) if name else ""
    result = types.of_operator(symbol, left.type, right.type, expression.kind)
    origins = left.origins | right.origins if left.origins and right.origins else left.origins or right.origins
    conduct = totality.operator(ctx, expression, symbol, (left, right), clause, users=users)
    return Value(origins, type=result, conduct=conduct)


def null_test(ctx: Context, test: pb.NullTest, scope: Scope, clause: Clause | None) -> Value:
    """Says only whether there is a value: in an output nothing of the value can be recovered."""
    shown = clause in (None, Clause.OUTPUT, Clause.RETURNING)
    value = evaluate(ctx, test.arg, scope, None if shown else clause)
    if shown:
        use(value.origins, Clause.PRESENCE if value.exact else Clause.ARGUMENT)
    return Value(type=types.BOOLEAN, conduct=TOLD if value.conduct.total else partial(TOLD))


def array(ctx: Context, expression: pb.A_ArrayExpr, scope: Scope, clause: Clause | None) -> Value:
    values = [evaluate(ctx, node, scope, clause) for node in expression.elements]
    known = all(types.is_builtin(value.type) for value in values)
    if any(totality.may_be_array(ctx, value) for value in values):  # of other dimensions than the one beside it
        conduct = unknown(ctx, values, clause, "an array of arrays")
    else:
        conduct = strict(ctx, values, clause, "ARRAY")
    return Value(mixed(values).origins, type=types.ANY_ARRAY if known else types.UNKNOWN, conduct=conduct)


def parameter(ctx: Context, ref: pb.ParamRef, scope: Scope, clause: Clause | None) -> Value:
    """Takes whatever type is wanted, as a string constant does."""
    return Value(type=types.LITERAL, conduct=totality.PARAMETER)


def bool_expr(ctx: Context, expression: pb.BoolExpr, scope: Scope, clause: Clause | None) -> Value:
    values = [evaluate(ctx, node, scope, clause) for node in expression.args]
    conduct = totality.told(strict(ctx, values, clause, "AND, OR, NOT"))
    return Value(mixed(values).origins, type=types.BOOLEAN, conduct=conduct)


def type_cast(ctx: Context, cast: pb.TypeCast, scope: Scope, clause: Clause | None) -> Value:
    value = evaluate(ctx, cast.arg, scope, clause)
    target = calls.cast(ctx, cast.type_name, value.type, clause)
    conduct = totality.cast(ctx, cast, value, target, clause)
    return Value(value.origins, type=target, conduct=conduct)


def constant(ctx: Context, value: pb.A_Const, scope: Scope, clause: Clause | None) -> Value:
    type_id = types.of_constant(value)
    if type_id == types.LITERAL and len(value.sval.sval) >= _KILOBYTE:
        return Value(type=type_id, conduct=STILL._replace(size=len(value.sval.sval) // _KILOBYTE))
    return Value(type=type_id, conduct=STILL)


def conditional(ctx: Context, case: pb.CaseExpr, scope: Scope, clause: Clause | None) -> Value:
    """Also what decides between the branches can be recovered from the result."""
    tested: list[Value] = []
    results: list[Value] = []

    def behind(node: pb.Node, kept: list[Value]) -> None:
        value = evaluate(ctx, node, scope, clause)
        gated(ctx, tested, value, clause, "CASE")
        kept.append(value)

    if case.HasField("arg"):
        behind(case.arg, tested)
        if calls.operator_named(ctx, "=", types.UNKNOWN, types.UNKNOWN):
            unknown(ctx, tested, clause, "CASE")
    for node in case.args:
        behind(node.case_when.expr, tested)
        behind(node.case_when.result, results)
    if case.HasField("defresult"):
        behind(case.defresult, results)
    made = mixed([*tested, *results])
    size, total = either(results).size, made.conduct.total
    return made._replace(type=types.common(results), conduct=Conduct(size, total, False))


def coalesced(ctx: Context, expression: pb.CoalesceExpr, scope: Scope, clause: Clause | None) -> Value:
    """Whether a column as it is has a value is nothing to hide; whether what is computed of it has one may be."""
    values: list[Value] = []
    for node in expression.args:
        value = evaluate(ctx, node, scope, clause)
        gated(ctx, [before for before in values if not before.exact], value, clause, "COALESCE")
        values.append(value)
    plain = all(
        value.conduct.plain or totality.is_small(ctx, node) for value, node in zip(values, expression.args, strict=True)
    )
    made = mixed(values)
    return made._replace(type=types.common(values), conduct=either(values)._replace(plain=plain))


def of_moment(ctx: Context, function: pb.SQLValueFunction, scope: Scope, clause: Clause | None) -> Value:
    return Value(type=types.of_moment(function.op), conduct=CLOCK)


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
    "coalesce_expr": coalesced,
    "sqlvalue_function": of_moment,
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

_KILOBYTE: Final = 1_024
# Their value is their only part's.
_PASSING: Final = frozenset({"collate_clause", "named_arg_expr", "json_value_expr", "json_format", "json_output"})
# Operations that are total over total parts.
_TOTAL: Final = frozenset(
    {
        "boolean_test", "min_max_expr", "row_expr", "grouping_func", "json_array_constructor", "json_object_constructor",
        "json_key_value", "json_agg_constructor", "json_array_agg", "json_object_agg", *_PASSING,
    }
)  # fmt: skip
# No values themselves: what stands beside one, or in another clause.
_BESIDE: Final = frozenset(
    {
        "a_indices", "a_star", "bit_string", "boolean", "case_when", "current_of_expr", "def_elem", "float", "grouping_set",
        "integer", "json_argument", "json_behavior", "json_returning", "merge_support_func", "set_to_default", "sort_by",
        "string", "window_def", "index_elem", "partition_elem",
    }
)  # fmt: skip

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
