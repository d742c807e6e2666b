"""Statements to the gateway itself, recognised and read: the schema `gateway` belongs to it, never to a server."""

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import parser
from gateway.analysis.postgres.context import constant_text, text_of
from gateway.model.own import (
    CALLS,
    RELATIONS,
    SCHEMA,
    ColumnType,
    Comparison,
    Operand,
    OwnFault,
    OwnRefused,
    OwnRequest,
    Parameter,
)

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
        raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: a statement on the schema gateway stands alone in its message")
    node = tree.stmts[0].stmt
    match node.WhichOneof("node"):
        case "call_stmt":
            return _call(node.call_stmt.funccall)
        case "select_stmt":
            return _select(node.select_stmt)
        case _:
            raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: the schema gateway can be read and called, not changed", _HELP)


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
        raise OwnRefused(
            OwnFault.NO_PROCEDURE, f"gateway: procedure gateway.{name} does not exist; there are: {', '.join(CALLS)}"
        )
    numbers = _Numbers()
    arguments = [numbers.of(node, "text") or constant_text(node) for node in call.args]
    wanted = 1 if name == "explain" else 4
    if len(arguments) != wanted or any(argument is None for argument in arguments):
        usage = "gateway.explain('SELECT …')" if wanted == 1 else "gateway.request_access('select', 'public.t', '4h', 'why')"
        text = f"gateway: gateway.{name} takes {wanted} constant text(s)"
        raise OwnRefused(OwnFault.WRONG_ARGUMENTS, text, f"CALL {usage}")
    return OwnRequest(
        name, call=True, arguments=tuple(item for item in arguments if item is not None), parameters=numbers.types
    )


def _select(statement: pb.SelectStmt) -> OwnRequest:
    simple = len(statement.from_clause) == 1 and statement.from_clause[0].WhichOneof("node") == "range_var"
    simple = simple and statement.from_clause[0].range_var.schemaname == SCHEMA
    used = {field.name for field, _ in statement.ListFields()}
    if not simple or used & set(_CLAUSES) or statement.op != pb.SETOP_NONE:
        raise OwnRefused(
            OwnFault.NOT_ANSWERED, "gateway: only plain queries on one relation of the schema gateway are answered", _HELP
        )
    name = statement.from_clause[0].range_var.relname
    if name not in RELATIONS:
        raise OwnRefused(
            OwnFault.NO_RELATION, f'relation "gateway.{name}" does not exist', f"There are: {', '.join(RELATIONS)}."
        )
    return _Reader(statement, dict(RELATIONS[name])).request(name)


class _Numbers:
    """The parameters met so far, each with the type of what it is compared with first."""

    def __init__(self) -> None:
        self._types: dict[int, ColumnType] = {}

    def of(self, node: pb.Node, kind: ColumnType) -> Parameter | None:
        """None where the node is no parameter. `$1::text` is one."""
        while node.WhichOneof("node") == "type_cast":
            node = node.type_cast.arg
        if node.WhichOneof("node") != "param_ref":
            return None
        self._types.setdefault(node.param_ref.number, kind)
        return Parameter(node.param_ref.number)

    @property
    def types(self) -> tuple[ColumnType, ...]:
        """Of $1 to the highest number; one that is not used is text."""
        return tuple(self._types.get(number, "text") for number in range(1, max(self._types, default=0) + 1))


class _Reader:
    """One query on one relation, whose columns and types are `known`."""

    def __init__(self, statement: pb.SelectStmt, known: dict[str, ColumnType]) -> None:
        self._statement = statement
        self._known = known
        self._numbers = _Numbers()

    def request(self, name: str) -> OwnRequest:
        statement = self._statement
        columns, counts = self._targets()
        where = tuple(self._conditions(statement.where_clause)) if statement.HasField("where_clause") else ()
        return OwnRequest(
            name,
            columns=columns,
            counts=counts,
            where=where,
            order=tuple(self._order(columns)),
            limit=self._number("limit_count"),
            offset=self._number("limit_offset") or 0,
            parameters=self._numbers.types,
        )

    def _targets(self) -> tuple[tuple[tuple[str, str], ...], str | None]:
        found: list[tuple[str, str]] = []
        for node in self._statement.target_list:
            target = node.res_target
            value = target.val
            counted = value.WhichOneof("node") == "func_call" and value.func_call.agg_star
            if counted and text_of(value.func_call.funcname[-1]) == "count" and len(self._statement.target_list) == 1:
                return (), target.name or "count"
            if value.WhichOneof("node") != "column_ref":
                raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: only columns and * are answered here", _HELP)
            if value.column_ref.fields[-1].WhichOneof("node") == "a_star":
                found += [(column, column) for column in self._known]
                continue
            column = self._column(value)
            found.append((column, target.name or column))
        return tuple(found), None

    def _column(self, node: pb.Node) -> str:
        if node.WhichOneof("node") != "column_ref":
            raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: a comparison has a column on its left side here", _HELP)
        name = text_of(node.column_ref.fields[-1])
        if name not in self._known:
            raise OwnRefused(OwnFault.NO_COLUMN, f'column "{name}" does not exist', f"There are: {', '.join(self._known)}.")
        return name

    def _conditions(self, node: pb.Node) -> Iterator[Comparison]:
        match node.WhichOneof("node"):
            case "bool_expr" if node.bool_expr.boolop == pb.AND_EXPR:
                for part in node.bool_expr.args:
                    yield from self._conditions(part)
            case "bool_expr" if node.bool_expr.boolop == pb.NOT_EXPR and _is_column(node.bool_expr.args[0]):
                yield Comparison(self._column(node.bool_expr.args[0]), "=", (False,))
            case "null_test":
                negated = node.null_test.nulltesttype == pb.IS_NOT_NULL
                yield Comparison(self._column(node.null_test.arg), "null", negated=negated)
            case "column_ref":
                yield Comparison(self._column(node), "=", (True,))
            case "a_expr":
                yield from self._comparison(node.a_expr)
            case _:
                raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: this condition is not answered here", _HELP)

    def _comparison(self, expression: pb.A_Expr) -> Iterator[Comparison]:
        column = self._column(expression.lexpr)
        operator = text_of(expression.name[-1])
        match expression.kind:
            case pb.AEXPR_OP if operator in _OPERATORS:
                yield Comparison(column, operator, (self._constant(expression.rexpr, column),))
            case pb.AEXPR_LIKE:
                value = self._constant(expression.rexpr, column)
                yield Comparison(column, "like", (value,), negated=operator.startswith("!"))
            case pb.AEXPR_ILIKE:
                value = self._constant(expression.rexpr, column)
                yield Comparison(column, "ilike", (value,), negated=operator.startswith("!"))
            case pb.AEXPR_IN:
                values = tuple(self._constant(item, column) for item in expression.rexpr.list.items)
                yield Comparison(column, "in", values, negated=operator == "<>")
            case pb.AEXPR_BETWEEN:
                low, high = (self._constant(item, column) for item in expression.rexpr.list.items)
                yield Comparison(column, ">=", (low,))
                yield Comparison(column, "<=", (high,))
            case _:
                raise OwnRefused(OwnFault.NOT_ANSWERED, f"gateway: the operator {operator} is not answered here", _HELP)

    def _constant(self, node: pb.Node, column: str) -> Operand:
        parameter = self._numbers.of(node, self._known[column])
        if parameter is not None:
            return parameter
        if node.WhichOneof("node") == "a_const" and node.a_const.WhichOneof("val") == "boolval":
            return bool(node.a_const.boolval.boolval)
        if node.WhichOneof("node") == "a_const" and node.a_const.WhichOneof("val") == "ival":
            return int(node.a_const.ival.ival)
        text = constant_text(node)
        if text is None:
            raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: a comparison has a constant on its right side here", _HELP)
        return text

    def _order(self, columns: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, bool]]:
        shown = {name: column for column, name in columns}
        for node in self._statement.sort_clause:
            descending = node.sort_by.sortby_dir == pb.SORTBY_DESC
            key = node.sort_by.node
            if key.WhichOneof("node") == "a_const" and 0 < key.a_const.ival.ival <= len(columns):
                yield columns[key.a_const.ival.ival - 1][0], descending
            elif key.WhichOneof("node") == "column_ref" and (name := text_of(key.column_ref.fields[-1])) in shown:
                yield shown[name], descending
            else:
                yield self._column(key), descending

    def _number(self, field: str) -> int | Parameter | None:
        if not self._statement.HasField(field):
            return None
        node = getattr(self._statement, field)
        parameter = self._numbers.of(node, "int8")
        if parameter is not None:
            return parameter
        if node.WhichOneof("node") == "a_const" and node.a_const.isnull:
            return None
        text = constant_text(node)
        if text is None or not text.isdigit():
            raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: LIMIT and OFFSET are numbers here", _HELP)
        return int(text)


def _is_column(node: pb.Node) -> bool:
    return bool(node.WhichOneof("node") == "column_ref")
