"""Statements to the gateway itself, recognised and read: the schema `gateway` belongs to it, never to a server."""

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import parser
from gateway.analysis.postgres.context import constant_text, text_of
from gateway.model.own import CALLS, RELATIONS, Comparison, OwnRefused, OwnRequest, Value

SCHEMA: Final = "gateway"
_OPERATORS: Final = frozenset({"=", "<>", "<", "<=", ">", ">="})
_HELP: Final = (
    "SELECT columns or * FROM one of them, WHERE with comparisons joined by AND, ORDER BY columns, LIMIT and OFFSET numbers."
)
_CLAUSES: Final = (
    "group_clause",
    "having_clause",
    "distinct_clause",
    "window_clause",
    "locking_clause",
    "with_clause",
    "into_clause",
)


def own_request(text: str) -> OwnRequest | None:
    """What the text asks the gateway; None where it asks the server. Raises OwnRefused for what names `gateway.` otherwise."""
    if SCHEMA not in text.lower():
        return None
    try:
        tree = parser.parse(text)
    except parser.NotParsed:
        return None
    if not any(_mentions(raw) for raw in tree.stmts):
        return None
    if len(tree.stmts) != 1:
        raise OwnRefused("0A000", "gateway: a statement on the schema gateway stands alone in its message")
    node = tree.stmts[0].stmt
    match node.WhichOneof("node"):
        case "call_stmt":
            return _call(node.call_stmt.funccall)
        case "select_stmt":
            return _select(node.select_stmt)
        case _:
            raise OwnRefused("0A000", "gateway: the schema gateway can be read and called, not changed", _HELP)


def _mentions(message: Message) -> bool:
    """Whether a relation or function of the schema `gateway` stands anywhere below."""
    waiting = [message]
    while waiting:
        found = waiting.pop()
        if isinstance(found, pb.RangeVar) and found.schemaname == SCHEMA:
            return True
        if isinstance(found, pb.FuncCall) and len(found.funcname) > 1 and text_of(found.funcname[-2]) == SCHEMA:
            return True
        waiting.extend(_children(found))
    return False


def _children(message: Message) -> Iterator[Message]:
    for field, content in message.ListFields():
        if field.message_type is not None:
            yield from [content] if isinstance(content, Message) else content


def _call(call: pb.FuncCall) -> OwnRequest:
    name = text_of(call.funcname[-1])
    if name not in CALLS:
        raise OwnRefused("42883", f"gateway: procedure gateway.{name} does not exist; there are: {', '.join(CALLS)}")
    arguments = [constant_text(node) for node in call.args]
    wanted = 1 if name == "explain" else 4
    if len(arguments) != wanted or any(argument is None for argument in arguments):
        usage = "gateway.explain('SELECT …')" if wanted == 1 else "gateway.request_access('select', 'public.t', '4h', 'why')"
        raise OwnRefused("42883", f"gateway: gateway.{name} takes {wanted} constant text(s)", f"CALL {usage}")
    return OwnRequest(name, call=True, arguments=tuple(argument or "" for argument in arguments))


def _select(statement: pb.SelectStmt) -> OwnRequest:
    simple = len(statement.from_clause) == 1 and statement.from_clause[0].WhichOneof("node") == "range_var"
    simple = simple and statement.from_clause[0].range_var.schemaname == SCHEMA
    used = {field.name for field, _ in statement.ListFields()}
    if not simple or used & set(_CLAUSES) or statement.op != pb.SETOP_NONE:
        raise OwnRefused("0A000", "gateway: only plain queries on one relation of the schema gateway are answered", _HELP)
    name = statement.from_clause[0].range_var.relname
    if name not in RELATIONS:
        raise OwnRefused("42P01", f'relation "gateway.{name}" does not exist', f"There are: {', '.join(RELATIONS)}.")
    known = [column for column, _ in RELATIONS[name]]
    columns, counts = _targets(statement, known)
    return OwnRequest(
        name,
        columns=columns,
        counts=counts,
        where=tuple(_conditions(statement.where_clause, known)) if statement.HasField("where_clause") else (),
        order=tuple(_order(statement, known, columns)),
        limit=_number(statement, "limit_count"),
        offset=_number(statement, "limit_offset") or 0,
    )


def _targets(statement: pb.SelectStmt, known: list[str]) -> tuple[tuple[tuple[str, str], ...], str | None]:
    found: list[tuple[str, str]] = []
    for node in statement.target_list:
        target = node.res_target
        value = target.val
        if value.WhichOneof("node") == "func_call" and value.func_call.agg_star and len(statement.target_list) == 1:
            return (), target.name or "count"
        if value.WhichOneof("node") != "column_ref":
            raise OwnRefused("0A000", "gateway: only columns and * are answered here", _HELP)
        if value.column_ref.fields[-1].WhichOneof("node") == "a_star":
            found += [(column, column) for column in known]
            continue
        column = _column(value, known)
        found.append((column, target.name or column))
    return tuple(found), None


def _column(node: pb.Node, known: list[str]) -> str:
    if node.WhichOneof("node") != "column_ref":
        raise OwnRefused("0A000", "gateway: a comparison has a column on its left side here", _HELP)
    name = text_of(node.column_ref.fields[-1])
    if name not in known:
        raise OwnRefused("42703", f'column "{name}" does not exist', f"There are: {', '.join(known)}.")
    return name


def _conditions(node: pb.Node, known: list[str]) -> Iterator[Comparison]:
    match node.WhichOneof("node"):
        case "bool_expr" if node.bool_expr.boolop == pb.AND_EXPR:
            for part in node.bool_expr.args:
                yield from _conditions(part, known)
        case "bool_expr" if node.bool_expr.boolop == pb.NOT_EXPR and _is_column(node.bool_expr.args[0]):
            yield Comparison(_column(node.bool_expr.args[0], known), "=", (False,))
        case "null_test":
            yield Comparison(_column(node.null_test.arg, known), "null", negated=node.null_test.nulltesttype == pb.IS_NOT_NULL)
        case "column_ref":
            yield Comparison(_column(node, known), "=", (True,))
        case "a_expr":
            yield _comparison(node.a_expr, known)
        case _:
            raise OwnRefused("0A000", "gateway: this condition is not answered here", _HELP)


def _is_column(node: pb.Node) -> bool:
    return bool(node.WhichOneof("node") == "column_ref")


def _comparison(expression: pb.A_Expr, known: list[str]) -> Comparison:
    column = _column(expression.lexpr, known)
    operator = text_of(expression.name[-1])
    match expression.kind:
        case pb.AEXPR_OP if operator in _OPERATORS:
            return Comparison(column, operator, (_constant(expression.rexpr),))
        case pb.AEXPR_LIKE:
            return Comparison(column, "like", (_constant(expression.rexpr),), negated=operator.startswith("!"))
        case pb.AEXPR_ILIKE:
            return Comparison(column, "ilike", (_constant(expression.rexpr),), negated=operator.startswith("!"))
        case pb.AEXPR_IN:
            values = tuple(_constant(item) for item in expression.rexpr.list.items)
            return Comparison(column, "in", values, negated=operator == "<>")
        case _:
            raise OwnRefused("0A000", f"gateway: the operator {operator} is not answered here", _HELP)


def _constant(node: pb.Node) -> Value:
    if node.WhichOneof("node") == "param_ref":
        raise OwnRefused("0A000", "gateway: statements on the schema gateway take no parameters; write the value", _HELP)
    if node.WhichOneof("node") == "a_const" and node.a_const.WhichOneof("val") == "boolval":
        return bool(node.a_const.boolval.boolval)
    if node.WhichOneof("node") == "a_const" and node.a_const.WhichOneof("val") == "ival":
        return int(node.a_const.ival.ival)
    text = constant_text(node)
    if text is None:
        raise OwnRefused("0A000", "gateway: a comparison has a constant on its right side here", _HELP)
    return text


def _order(statement: pb.SelectStmt, known: list[str], columns: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, bool]]:
    shown = {name: column for column, name in columns}
    for node in statement.sort_clause:
        descending = node.sort_by.sortby_dir == pb.SORTBY_DESC
        key = node.sort_by.node
        if key.WhichOneof("node") == "a_const" and 0 < key.a_const.ival.ival <= len(columns):
            yield columns[key.a_const.ival.ival - 1][0], descending
        elif key.WhichOneof("node") == "column_ref" and (name := text_of(key.column_ref.fields[-1])) in shown:
            yield shown[name], descending
        else:
            yield _column(key, known), descending


def _number(statement: pb.SelectStmt, field: str) -> int | None:
    if not statement.HasField(field):
        return None
    node = getattr(statement, field)
    if node.WhichOneof("node") == "a_const" and node.a_const.isnull:
        return None
    text = constant_text(node)
    if text is None or not text.isdigit():
        raise OwnRefused("0A000", "gateway: LIMIT and OFFSET are numbers here", _HELP)
    return int(text)
