"""What users' functions and procedures do, by their definitions: SQL and PL/pgSQL. Read once per catalog and search path.

SQL's last query is the function's result and has a lineage, as a view has; all else counts as worked with. Of PL/pgSQL every
expression and statement counts, whichever branch it stands in. What a text computed at run time does nobody can tell.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

import postgast
from postgast import PgQueryError
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import parser, query
from gateway.analysis.postgres.context import MAX_NESTED_TEXTS, Context, TooDeep, text_of
from gateway.analysis.postgres.outcome import Asked, Outcome
from gateway.analysis.postgres.records import NOTHING, Findings, Origins, freeze, use
from gateway.analysis.postgres.resolve import Names
from gateway.analysis.postgres.scopes import Rows, Scope, Source
from gateway.analysis.programs import WHOLE, Bodies, Body, either, outputs_of, taint, touched, unread, worked_with, writing
from gateway.catalog import FunctionInfo, FunctionKind, QName
from gateway.model.footprint import Category, Clause, ColumnRef, EffectKind, FunctionClass, ObjectKind, ObjectName, OutputColumn

INSIDE: Final = Body()
"""Stands for a function while its own body is read."""

_bodies: Final = Bodies()
_QUERIES: Final = frozenset({"select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"})
_ROWS: Final = frozenset({"new", "old"})
_SET: Final = ObjectName(ObjectKind.FUNCTION, "pg_catalog", "set_config")
_DYNAMIC: Final = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors", "dynquery"})
_EXPRESSION: Final = 2  # RAW_PARSE_PLPGSQL_EXPR; assignments are above it, whole statements 0
_ASSIGNMENT: Final = re.compile(r"(.*?):?=(.*)", re.DOTALL)
_UNSAFE: Final = frozenset({FunctionClass.READS, FunctionClass.ADMIN})
# A trigger's own variables, as parameters: libpg_query's description of a trigger function is no JSON.
_TRIGGER: Final = (
    "CREATE FUNCTION f(new record, old record, tg_name text, tg_when text, tg_level text, tg_op text, tg_relid oid,"
    " tg_relname text, tg_table_name text, tg_table_schema text, tg_nargs int, tg_argv text[]) RETURNS record"
    " LANGUAGE plpgsql AS {body}"
)


class BodyReader:
    """Reads the programs of one catalog as a session with this search path runs them."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known = _bodies.of(ctx.names.catalog)

    def of(self, name: ObjectName) -> Body:
        key = (name, self._ctx.names.paths)
        found = self._known.get(key)
        if found is None:
            self._known[key] = INSIDE
            try:
                found = self._known[key] = self._read(QName(name.schema, name.name))
            finally:
                if found is None:
                    del self._known[key]
        return found

    def _read(self, name: QName) -> Body:
        infos = self._ctx.names.catalog.functions.get(name, ())
        if not infos:
            return unread("it is not among the functions that the gateway sees", carries=False)
        return either(list(map(self._of_function, infos)))

    def of_new(self, info: FunctionInfo) -> Body:
        """A program that a statement makes: the catalog does not hold it yet, or holds what it was before."""
        return self._of_function(info)

    def _of_function(self, info: FunctionInfo) -> Body:
        if info.language in ("c", "internal") and info.extension is not None:
            return Body()  # an extension's compiled functions work with their arguments; others of them are classed by name
        if info.kind is FunctionKind.AGGREGATE:
            return self._of_aggregate(info)
        if info.definition is None:
            return unread(f"it is written in {info.language}", carries=False)
        try:
            return _Reading(self._ctx, info).body()
        except (parser.NotParsed, PgQueryError, ValueError, KeyError) as error:
            return unread(f"its body has no tree: {error}".splitlines()[0], carries=False)
        except (RecursionError, TooDeep):
            return unread("nested too deeply", carries=False)

    def _of_aggregate(self, info: FunctionInfo) -> Body:
        found = (self._ctx.names.catalog.function_by_oid(oid) for oid in info.support)
        users = (each.name for each in found if each is not None and not each.builtin)
        return self.absorbed(Body(runs=frozenset(ObjectName(ObjectKind.FUNCTION, *name) for name in users)))

    def absorbed(self, body: Body) -> Body:
        """The body with all that the programs it runs do, as this search path reads them."""
        reads, touches, undecided, carries = set(body.reads), set(body.touches), body.undecided, body.carries
        writes = body.writes
        waiting, seen = list(body.runs), set(body.runs)
        while waiting:
            inner = self.of(waiting.pop())
            reads |= inner.reads
            reads.update(*(output for output in map(_sources, inner.results or ())))
            touches |= inner.touches
            undecided, carries = undecided or inner.undecided, carries or inner.carries
            writes = writes or inner.writes
            waiting += inner.runs - seen
            seen |= inner.runs
        return replace(
            body,
            reads=frozenset(reads),
            runs=frozenset(),
            touches=frozenset(touches),
            undecided=undecided,
            carries=carries,
            writes=writes,
        )


def _sources(result: tuple[OutputColumn, ...] | ObjectName) -> set[ColumnRef]:
    return set() if isinstance(result, ObjectName) else {source for output in result for source in output.sources}


class _Reading:
    """One function's body, walked into findings of its own."""

    def __init__(self, ctx: Context, info: FunctionInfo) -> None:
        self._info = info
        self._findings = Findings()
        self._shown: tuple[OutputColumn, ...] | None = None
        paths = _own_path(info) or ctx.names.paths
        self._ctx = Context(
            names=Names(ctx.names.catalog, paths, account=ctx.names.account),
            findings=self._findings,
            statement=ctx.statement,
            text=ctx.text,
            texts=ctx.texts + 1,
            muted=True,
        )
        if self._ctx.texts > MAX_NESTED_TEXTS:
            raise TooDeep

    def body(self) -> Body:
        """Raises NotParsed, PgQueryError, TooDeep, RecursionError; ValueError and KeyError where a description is no JSON."""
        statement = parser.parse(self._info.definition or "").stmts[0].stmt.create_function_stmt
        if self._info.language == "sql":
            self._sql(statement)
        else:
            why = self._plpgsql(statement)
            if why is not None:
                return unread(why, carries=False)
        return self._made()

    def _made(self) -> Body:
        findings = self._findings
        query.finish(self._ctx.derived)
        unsafe = next((used.name.name for used in findings.functions if used.function_class in _UNSAFE), None)
        if findings.opaque is not None or unsafe is not None:
            return unread(findings.opaque or f"it runs {unsafe}", carries=False)
        use(given(self._ctx, _unshown(findings)).all, Clause.STORED)
        accesses = freeze([*findings.records, *findings.shown.values()])
        effects = {effect.kind for effect in findings.effects}
        body = Body(
            worked_with(accesses, findings.programs.values()),
            frozenset(findings.programs),
            touched(accesses),
            None if self._shown is None else (self._shown,),
            carries=EffectKind.TEMP_CREATE in effects or any(used.name == _SET for used in findings.functions),
            writes=writing(accesses),
        )
        return BodyReader(self._ctx).absorbed(body) if _own_path(self._info) is not None else body

    # --- SQL

    def _sql(self, statement: pb.CreateFunctionStmt) -> None:
        nodes = list(_nodes(statement))
        for node in nodes[:-1]:
            self._statement(node, "", None)
        if nodes and nodes[-1].WhichOneof("node") in _QUERIES:
            rows = self._ctx.statement(self._ctx, nodes[-1], Scope(), Clause.OUTPUT)
            for column in rows.columns:
                column.touched = True
            self._shown = outputs_of(rows, lambda column: column.name)
            if self._shown is None:
                self._work_with(rows)
        elif nodes:
            self._statement(nodes[-1], "", None)

    @staticmethod
    def _work_with(rows: Rows) -> None:
        for record, column in (rows.rest or NOTHING).union(*(column.origins for column in rows.columns)):
            record.use(Clause.STORED, column)

    # --- PL/pgSQL

    def _plpgsql(self, statement: pb.CreateFunctionStmt) -> str | None:
        """Why it cannot be told what it does; None where it can."""
        text = _text(statement)
        trigger = text_of(statement.return_type.names[-1]) == "trigger" if statement.HasField("return_type") else False
        whole = _TRIGGER.format(body=_quoted(text)) if trigger else self._info.definition or ""
        pieces: list[_Piece] = []
        for tree in postgast.parse_plpgsql(whole):
            if _collect(tree, pieces):
                return "it runs a text that is made at run time (EXECUTE)"
        if _words(text) != sum(_words(piece.text) for piece in pieces):
            return "its statements cannot all be told apart"
        scope = Scope(sources=[Source(name, [], rest=NOTHING) for name in _ROWS] if trigger else [])
        for source in scope.sources:
            source.plain = False
        for piece in pieces:
            for sql in _statements(piece):
                for raw in parser.parse(sql).stmts:
                    self._statement(raw.stmt, sql, scope)
        return None

    def _statement(self, node: pb.Node, sql: str, scope: Scope | None) -> None:
        """Values that it reads are worked with, whatever becomes of them."""
        if node.WhichOneof("node") in _QUERIES:
            self._work_with(self._ctx.statement(self._ctx, node, Scope(scope), Clause.STORED))
        else:
            from gateway.analysis.postgres.entry import walk

            outcome = walk(self._ctx, node, Asked(sql, walk))
            if outcome.rows is not None:
                self._work_with(outcome.rows)


class _Piece(NamedTuple):
    text: str
    mode: int


def _collect(tree: Any, into: list[_Piece]) -> bool:
    """Every expression below; whether some text is made at run time."""
    if isinstance(tree, list):
        return any(_collect(item, into) for item in tree)
    if not isinstance(tree, dict):
        return False
    dynamic = not _DYNAMIC.isdisjoint(tree)
    expression = tree.get("PLpgSQL_expr")
    if isinstance(expression, dict):
        into.append(_Piece(str(expression["query"]), int(expression.get("parseMode", 0))))
    return any(_collect(item, into) for item in tree.values()) or dynamic


def _statements(piece: _Piece) -> Iterator[str]:
    if piece.mode < _EXPRESSION:
        yield piece.text
    elif piece.mode == _EXPRESSION:
        yield f"SELECT {piece.text}"
    else:
        found = _ASSIGNMENT.fullmatch(piece.text)
        if found is None:
            raise ValueError("an assignment without a sign")
        yield f"SELECT {found[2]}"
        if "[" in found[1]:
            yield f"SELECT {found[1]}"


def _words(text: str) -> int:
    """How many queries a text begins, for counting whether all were found: PERFORM becomes a SELECT."""
    return sum(token.lower() in ("select", "perform") for token in _tokens(text))


def _tokens(text: str) -> Iterable[str]:
    encoded = text.encode("utf-8")
    return (encoded[token.start : token.end].decode("utf-8", "replace") for token in postgast.scan(text).tokens)


def _nodes(statement: pb.CreateFunctionStmt) -> Iterator[pb.Node]:
    """The statements of an SQL function: as text, after BEGIN ATOMIC, or RETURN."""
    if not statement.HasField("sql_body"):
        yield from (raw.stmt for raw in parser.parse(_text(statement)).stmts)
        return
    waiting = [statement.sql_body]
    while waiting:
        node = waiting.pop(0)
        if node.WhichOneof("node") == "list":
            waiting = [*node.list.items, *waiting]
        elif node.WhichOneof("node") == "return_stmt":
            made = parser.parse("SELECT NULL").stmts[0].stmt
            made.select_stmt.target_list[0].res_target.val.CopyFrom(node.return_stmt.returnval)
            yield made
        elif node.WhichOneof("node") is not None:
            yield node


def _text(statement: pb.CreateFunctionStmt) -> str:
    for option in statement.options:
        if option.def_elem.defname == "as":
            return text_of(option.def_elem.arg.list.items[0])
    raise KeyError("AS")


def _quoted(text: str) -> str:
    tag = "$b$"
    while tag in text:
        tag = f"$b{len(tag)}$"
    return f"{tag}{text}{tag}"


def _own_path(info: FunctionInfo) -> tuple[tuple[str, ...], ...] | None:
    """SET search_path = … of the function; None where it has the session's."""
    for setting in info.settings:
        name, _, value = setting.partition("=")
        if name == "search_path":
            return (tuple(part.strip().strip('"') for part in value.split(",") if part.strip().strip('"')),)
    return None


# --- calls


class Given(NamedTuple):
    """What a call may give: that of its programs, and the columns that they show. `columns`: one by one, where they are known
    and no other program is meant."""

    programs: Origins = NOTHING
    shown: Origins = NOTHING
    columns: tuple[Origins, ...] | None = None

    @property
    def all(self) -> Origins:
        return self.programs | self.shown


def given(ctx: Context, names: Iterable[QName]) -> Given:
    """Of calls of these users' functions."""
    meant = [ObjectName(ObjectKind.FUNCTION, *name) for name in dict.fromkeys(names)]
    if not meant:
        return Given()
    programs = frozenset((ctx.findings.program(name), "*") for name in meant)
    if ctx.views:  # a definition's names are settled, not so those in the functions it calls: read as the session reads them
        for program, _ in programs:
            program.use(Clause.PRESENCE, WHOLE)
        return Given(programs)
    reader = BodyReader(ctx)
    results = []
    for name in meant:
        body = reader.of(name)
        if body is INSIDE and any(
            info.language == "sql" for info in ctx.names.catalog.functions[QName(name.schema, name.name)]
        ):
            ctx.not_understood("it calls itself")
        results += [result for result in body.results or () if not isinstance(result, ObjectName)]
    columns = [tuple(_origins(ctx, output) for output in result) for result in results]
    shown: Origins = frozenset().union(*(origins for each in columns for origins in each))
    return Given(programs, shown, columns[0] if len(meant) == len(columns) == 1 else None)


def note_unshown(ctx: Context, outcome: Outcome) -> None:
    """Users' functions that the statement names no call of (operators', types', checks', defaults'): any output may hold what
    they give, and any condition of a query may ask for it."""
    found = given(ctx, _unshown(ctx.findings)).all
    if outcome.category is Category.QUERY:
        use(found, Clause.ARGUMENT)
    if found and outcome.rows is not None:
        taint(outcome.rows.columns, found)


def _unshown(findings: Findings) -> list[QName]:
    return [
        QName(used.name.schema, used.name.name)
        for used in findings.functions
        if used.function_class is FunctionClass.USER and used.name not in findings.programs
    ]


def _origins(ctx: Context, output: OutputColumn) -> Origins:
    """A shown column's sources as origins in the statement that calls the function."""
    found = set()
    for source in output.sources:
        function = source.object.kind is ObjectKind.FUNCTION
        found.add((ctx.findings.program(source.object) if function else ctx.findings.show(source.object), source.column))
    return frozenset(found)
