"""Statements to the gateway itself, recognised in PostgreSQL's: the schema `gateway` belongs to it, never to a server."""

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import parser
from gateway.analysis.postgres.context import constant_text, text_of
from gateway.model.identity import Engine
from gateway.model.own import ARGUMENTS, CALLS, RELATIONS, SCHEMA, OwnFault, OwnRefused, OwnRequest, Parameter, texts
from gateway.own.faults import refused
from gateway.own.query import read_query

_USAGE: Final = {
    "explain": "CALL gateway.explain('SELECT …')",
    "request_access": "CALL gateway.request_access('select', 'public.t', '4h', 'why')",
}
_HELP: Final = f"There are: {', '.join(f'gateway.{name}' for name in RELATIONS)}."


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
        raise refused("a statement on the schema gateway stands alone in its message")
    node = tree.stmts[0].stmt
    match node.WhichOneof("node"):
        case "call_stmt":
            return _call(node.call_stmt.funccall)
        case "select_stmt" if not node.select_stmt.HasField("into_clause"):
            return read_query(Engine.POSTGRES, text)
        case _:
            raise refused("the schema gateway can be read and called, not changed", _HELP)


def _mentions(message: Message) -> bool:
    """Whether a relation or function of the schema `gateway` stands anywhere below."""
    for found in messages(message):
        if isinstance(found, pb.RangeVar) and found.schemaname == SCHEMA:
            return True
        if isinstance(found, pb.FuncCall) and len(found.funcname) > 1 and text_of(found.funcname[-2]) == SCHEMA:
            return True
    return False


def messages(message: Message) -> Iterator[Message]:
    """A tree's parts, itself first."""
    waiting = [message]
    while waiting:
        found = waiting.pop()
        yield found
        for field, content in found.ListFields():
            if field.message_type is not None:
                waiting.extend([content] if isinstance(content, Message) else content)


def _call(call: pb.FuncCall) -> OwnRequest:
    name = text_of(call.funcname[-1])
    if name not in CALLS:
        words = f"gateway: procedure gateway.{name} does not exist"
        raise OwnRefused(OwnFault.NO_PROCEDURE, words, f"There are: {', '.join(CALLS)}.")
    arguments = [_argument(node) for node in call.args]
    wanted = len(ARGUMENTS[name])
    if len(arguments) != wanted or any(argument is None for argument in arguments):
        text = f"gateway: gateway.{name} takes {wanted} constant text(s)"
        raise OwnRefused(OwnFault.WRONG_ARGUMENTS, text, _USAGE[name])
    numbers = [item.number for item in arguments if isinstance(item, Parameter)]
    given = tuple(item for item in arguments if item is not None)
    return OwnRequest(name, CALLS[name], call=True, arguments=given, parameters=texts(max(numbers, default=0)))


def _argument(node: pb.Node) -> str | Parameter | None:
    """A text or a parameter; `$1::text` is one. None for anything else."""
    inner = node
    while inner.WhichOneof("node") == "type_cast":
        inner = inner.type_cast.arg
    return Parameter(inner.param_ref.number) if inner.WhichOneof("node") == "param_ref" else constant_text(node)
