"""Functions, procedures and triggers that a statement makes: whether they take columns that they read somewhere else.

They run with somebody's rights later; what they leave in relations then is there for everybody.
"""

from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.bodies import BodyReader
from gateway.analysis.postgres.context import Context, qualified, text_of
from gateway.analysis.postgres.ddl_parts import changed_records
from gateway.analysis.postgres.records import Record
from gateway.analysis.postgres.resolve import PG_CATALOG
from gateway.analysis.postgres.triggers import row_of
from gateway.analysis.programs import Body, made, may_write
from gateway.catalog import FunctionInfo, FunctionKind, QName, Volatility
from gateway.model.footprint import Clause, ObjectName, relation

_READ: Final = frozenset({"plpgsql"})
_ANY: Final = "*"


def function(ctx: Context, message: pb.CreateFunctionStmt, name: ObjectName, text: str) -> None:
    """SQL functions are not looked at here: their queries count as the statement's own."""
    options = {node.def_elem.defname: node.def_elem for node in message.options}
    language = text_of(options["language"].arg).lower() if "language" in options else "sql"
    if language == "sql":
        return
    own = QName(name.schema, name.name)
    definition = text if language in _READ else None
    info = FunctionInfo(
        0,
        own,
        FunctionKind.PROCEDURE if message.is_procedure else FunctionKind.FUNCTION,
        builtin=False,
        language=language,
        security_definer=False,
        volatility=Volatility.VOLATILE,
        settings=tuple(_search_path(message)),
        definition=definition,
    )
    reader = BodyReader(ctx)
    body = reader.of_new(info)
    assigned, _ = row_of(definition) if _is_trigger(message) else (frozenset[str](), None)
    made(ctx.findings, name, body, keeps=bool(assigned) or may_write(body, reader.of))
    for known in ctx.names.catalog.relations.values():
        if any(each.function == own for each in known.triggers):
            _fires(ctx, ctx.findings.show(relation(*known.name)), definition, body)


def trigger(ctx: Context, message: pb.CreateTrigStmt) -> None:
    """What the function does with the rows of this table."""
    schema, name = qualified(list(message.funcname))
    infos = list(ctx.names.functions(schema, name))
    for record in changed_records(ctx, message.relation):
        if infos and all(info.name.schema == PG_CATALOG for info in infos):
            for argument in message.args:  # tsvector_update_trigger and its like are told the columns
                record.use(Clause.STORED, text_of(argument))
        elif not infos:
            record.use(Clause.STORED, _ANY)
        for info in infos:
            if info.name.schema != PG_CATALOG:
                _fires(ctx, record, info.definition, BodyReader(ctx).of_new(info))


def _fires(ctx: Context, record: Record, definition: str | None, body: Body) -> None:
    """The function runs for each row that is written."""
    assigned, read = row_of(definition)
    elsewhere = bool(body.runs) or body.carries or may_write(body, BodyReader(ctx).of) or _ANY in assigned
    for column in read:
        record.use(Clause.STORED if elsewhere else Clause.CONSTRAINT, column)
        for other in assigned - {column}:
            ctx.findings.move(record.object, column, record.object, other)


def _is_trigger(message: pb.CreateFunctionStmt) -> bool:
    return message.HasField("return_type") and text_of(message.return_type.names[-1]) == "trigger"


def _search_path(message: pb.CreateFunctionStmt) -> list[str]:
    for node in message.options:
        setting = node.def_elem.arg.variable_set_stmt
        if node.def_elem.defname == "set" and setting.name == "search_path":
            return ["search_path=" + ", ".join(text.a_const.sval.sval for text in setting.args)]
    return []
