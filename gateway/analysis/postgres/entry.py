"""SQL text of PostgreSQL -> footprints. Total: what is not understood is opaque, and says why."""

from dataclasses import replace
from typing import Final

from postgast import PgQueryError
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import admin, conversions, ddl, modify, parser, query, session, utility
from gateway.analysis.postgres.bodies import BodyReader, note_unshown
from gateway.analysis.postgres.context import Context, TooDeep
from gateway.analysis.postgres.fingerprint import fingerprint_postgres
from gateway.analysis.postgres.namespace import Following
from gateway.analysis.postgres.outcome import Asked, Handler, Outcome
from gateway.analysis.postgres.records import Findings, freeze, sources
from gateway.analysis.postgres.scopes import Rows, Scope
from gateway.analysis.postgres.triggers import note_triggers
from gateway.analysis.postgres.unseen import acts_unseen
from gateway.analysis.programs import freeze_programs
from gateway.catalog import CatalogSnapshot
from gateway.model.footprint import Category, Clause, Footprint, OutputColumn
from gateway.model.statement import Namespace, Statement

SYNTAX_ERROR: Final = "SYNTAX ERROR"
"""The kind of a text that has no tree. Where PostgreSQL's own parser says so, `opaque` starts with `syntax error: `, then
holds its message and `at character N`: the conversation may answer 42601 with them, as the server would."""

_HANDLERS: Final[dict[str, Handler]] = utility.HANDLERS | session.HANDLERS | ddl.HANDLERS | admin.HANDLERS
_MODIFYING: Final = {
    "insert_stmt": "INSERT",
    "update_stmt": "UPDATE",
    "delete_stmt": "DELETE",
    "merge_stmt": "MERGE",
}


def analyse_postgres(statement: Statement, catalog: CatalogSnapshot) -> tuple[Footprint, ...]:
    """One footprint for each SQL statement of the text, in order; a text without any has one of the category EMPTY.

    What a statement does to the session (search path, temporary relations, prepared statements, cursors) counts for those
    behind it in the same text.
    """
    text = statement.text
    unreadable = _depends_on_lexing(text, statement.namespace)
    try:
        tree = parser.parse(text)
    except parser.NotParsed as error:
        return (_not_parsed(text, error),)
    if not tree.stmts:
        return (Footprint("EMPTY", Category.EMPTY, 0, len(text)),)
    following = Following(statement.namespace, catalog)
    footprints = []
    for raw, (start, end) in zip(tree.stmts, _slices(text, tree), strict=True):
        footprint = _footprint(raw.stmt, text[start:end], following)
        following.apply(footprint.effects)
        footprint = replace(footprint, start=start, end=end, fingerprint=fingerprint_postgres(text[start:end]))
        footprints.append(replace(footprint, opaque=unreadable) if unreadable and footprint.opaque is None else footprint)
    return tuple(footprints)


def _not_parsed(text: str, error: parser.NotParsed) -> Footprint:
    reason = error.reason
    if error.syntax:
        reason = f"syntax error: {reason}" + (f" at character {error.position}" if error.position else "")
    return Footprint(SYNTAX_ERROR, Category.UTILITY, 0, len(text), outputs=None, literals_matter=True, opaque=reason)


def _depends_on_lexing(text: str, namespace: Namespace) -> str | None:
    """libpg_query reads string constants as with standard_conforming_strings on."""
    flags = dict(namespace.flags)
    if "\\" in text and flags.get("standard_conforming_strings", "on") != "on":
        return "a backslash in the text, with standard_conforming_strings off"
    return None


def _slices(text: str, tree: pb.ParseResult) -> list[tuple[int, int]]:
    """Start and end of each statement in characters, white space and comments before it left out where the parser does."""
    size = len(text) if text.isascii() else len(text.encode("utf-8"))
    positions: list[int] = []
    for raw in tree.stmts:
        positions += [raw.stmt_location, raw.stmt_location + raw.stmt_len if raw.stmt_len else size]
    found = parser.offsets(text, positions)
    return [(found[index], found[index + 1]) for index in range(0, len(found), 2)]


def _footprint(node: pb.Node, sql: str, following: Following) -> Footprint:
    findings = Findings()
    ctx = following.context(findings, modify.statement, walk_text)
    for oid in following.parameters:
        conversions.kept(ctx, oid)
    try:
        outcome = walk(ctx, node, Asked(sql, walk))
    except (RecursionError, TooDeep):
        findings.not_understood("nested too deeply")
        outcome = Outcome(_kind(node), Category.UTILITY, known=False)
    except (parser.NotParsed, PgQueryError) as error:
        findings.not_understood(f"a text inside the statement has no tree: {error}")
        outcome = Outcome(_kind(node), Category.UTILITY, known=False)
    except (AttributeError, IndexError, KeyError, LookupError, TypeError, ValueError) as error:
        findings.not_understood(f"{_kind(node)}: {type(error).__name__} in the analysis")
        outcome = Outcome(_kind(node), Category.UTILITY, known=False)
    unseen = acts_unseen(node, findings)
    if unseen is not None:
        findings.not_understood(unseen)
    _settle(ctx)
    if outcome.category is Category.WRITE:
        note_triggers(ctx, outcome.rows)
    if findings.functions:
        note_unshown(ctx, outcome)
    return Footprint(
        kind=outcome.kind,
        category=outcome.category,
        accesses=freeze(findings.records),
        functions=tuple(findings.functions),
        outputs=_outputs(outcome),
        effects=tuple(findings.effects),
        literals_matter=findings.literals_matter or outcome.category not in (Category.QUERY, Category.WRITE),
        literals_weigh=findings.literals_weigh,
        opaque=findings.opaque,
        unknown=frozenset(findings.unknown),
        transactional=outcome.transactional,
        programs=freeze_programs(findings, BodyReader(ctx).of) if findings.programs else (),
        shown=freeze(findings.shown.values()) if findings.shown else (),
        moves=tuple(findings.moves),
    )


def walk(ctx: Context, node: pb.Node, asked: Asked) -> Outcome:
    """Any statement: at the top, or inside EXPLAIN, PREPARE, a cursor, CREATE TABLE AS EXECUTE."""
    kind = node.WhichOneof("node") or ""
    if kind == "select_stmt":
        return _select(ctx, node, asked)
    if kind in _MODIFYING:
        rows = modify.statement(ctx, node, None, Clause.OUTPUT)
        return Outcome(_MODIFYING[kind], Category.WRITE, rows if rows.columns or rows.rest is not None else None)
    handler = _HANDLERS.get(kind)
    if handler is None:
        ctx.not_understood(f"statement {_kind(node)}")
        return Outcome(_kind(node), Category.UTILITY, known=False)
    ctx.findings.literals_matter = True
    return handler(ctx, getattr(node, kind), asked)


def _select(ctx: Context, node: pb.Node, asked: Asked) -> Outcome:
    if node.select_stmt.HasField("into_clause"):
        return ddl.select_into(ctx, node.select_stmt, asked)
    rows = query.select(ctx, node.select_stmt, None, Clause.OUTPUT)
    for column in rows.columns:
        column.touched = True
    return Outcome("SELECT", Category.QUERY, rows)


def walk_text(ctx: Context, text: str, clause: Clause | None) -> Rows | None:
    """SQL found inside a statement or a catalog: its rows, or None where it is not one query."""
    with ctx.nested_text():
        try:
            tree = parser.parse(text)
        except parser.NotParsed:
            return None
        if len(tree.stmts) != 1 or tree.stmts[0].stmt.WhichOneof("node") not in ("select_stmt", *_MODIFYING):
            return None
        return modify.statement(ctx, tree.stmts[0].stmt, Scope(), clause)


def _settle(ctx: Context) -> None:
    query.finish(ctx.derived)
    unread = {id(record) for record in ctx.unread if not record.uses}
    if unread:
        ctx.findings.records = [record for record in ctx.findings.records if id(record) not in unread]


def _outputs(outcome: Outcome) -> tuple[OutputColumn, ...] | None:
    if not outcome.known:
        return None
    if outcome.rows is None:
        return ()
    if outcome.rows.rest is not None:
        return None
    return tuple(OutputColumn(column.name, sources(column.origins), column.exact) for column in outcome.rows.columns)


def _kind(node: pb.Node) -> str:
    return (node.WhichOneof("node") or "nothing").removesuffix("_stmt").replace("_", " ").upper()
