"""Stored programs that a statement makes: whether they take columns that they read somewhere else.

They run with somebody's rights later; what they leave in relations then is there for everybody.
"""

from dataclasses import replace

from gateway.analysis.mysql import programs
from gateway.analysis.mysql.bodies import TRIGGER, BodyReader
from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.lexer import NAME, WORD
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.utility import Walk
from gateway.analysis.postgres.records import Record
from gateway.analysis.programs import Body, made, may_write, unread
from gateway.catalog import RelationInfo
from gateway.model.footprint import Clause, ObjectKind, ObjectName


class Made:
    """The program whose body begins at token `begin` of the statement."""

    def __init__(self, ctx: Context, p: Parser, begin: int, walk: Walk, schema: str) -> None:
        self._ctx = ctx
        self._tokens = list(p.tokens[begin:])
        self._text = p.text
        self._schema = ctx.names.fold_database(schema) if schema else ctx.names.database
        self._own = frozenset(token.text.lower() for token in p.tokens[:begin] if token.kind in (NAME, WORD))
        self._reader = BodyReader(ctx, walk)

    def routine(self, name: str, *, read: bool) -> None:
        """A procedure, a function, an event; `read`: or a package, whose programs nobody reads."""
        body = self._body(None) if read else unread("a package's programs are not read")
        made(self._ctx.findings, self._ctx.names.routine_name(self._schema, name), body, keeps=self._keeps(body))

    def trigger(self, name: str, table: tuple[str, str], records: list[Record]) -> None:
        """What it reads of the row stays in it, unless other columns are set or relations are written to."""
        program = ObjectName(ObjectKind.FUNCTION, self._schema, TRIGGER + name)
        for found, record in zip(self._ctx.names.relation(*table).relations, records, strict=True):
            body = self._body(found.info)
            row = frozenset(read for read in body.reads if read.object == record.object)
            assigned = programs.assigned(self._text[self._tokens[0].start :]) or frozenset()
            elsewhere = body.carries or self._keeps(body)
            for read in row:
                record.use(Clause.STORED if elsewhere else Clause.CONSTRAINT, read.column)
                for other in assigned - {read.column.lower()}:
                    self._ctx.findings.move(record.object, read.column, record.object, _label(found.info, other))
            rest = replace(body, reads=body.reads - row)
            made(self._ctx.findings, program, rest, keeps=bool(assigned) or elsewhere)

    def _body(self, row: RelationInfo | None) -> Body:
        return self._reader.of_new(self._schema, self._tokens, self._text, self._ctx.reading, self._own, row)

    def _keeps(self, body: Body) -> bool:
        return may_write(body, self._reader.of)


def _label(info: RelationInfo | None, name: str) -> str:
    columns = info.columns if info is not None else ()
    return next((column.name for column in columns if column.name.lower() == name), name)
