"""CREATE, ALTER, DROP, RENAME. MySQL commits around each of them, so none is transactional."""

from collections.abc import Sequence
from typing import Final

from gateway.analysis.mysql import ddl_moves, ddl_programs, query, relations
from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.ddl_definition import definition
from gateway.analysis.mysql.ddl_moves import Altered
from gateway.analysis.mysql.lexer import STRING, WORD, Token
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.utility import Walk, database, skip
from gateway.analysis.mysql.words import words
from gateway.model.footprint import INSTANCE, Action, Category, Clause, Effect, EffectKind, ObjectName, relation

_BEFORE_KIND: Final = words(
    """OR REPLACE TEMPORARY UNIQUE FULLTEXT SPATIAL VECTOR ONLINE OFFLINE IGNORE AGGREGATE UNDEFINED MERGE TEMPTABLE SQL
    SECURITY INVOKER DEFINER GLOBAL SESSION"""
)
_ADMIN_KINDS: Final = words(
    """USER ROLE SERVER TABLESPACE LOGFILE RESOURCE INSTANCE BINDING PLACEMENT UNDO LIBRARY SPATIAL RANGE POLICY STATISTICS
    EXTERNAL"""
)
_PROGRAMS: Final = frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"})
_BODY_STARTS: Final = words(
    """BEGIN SELECT INSERT UPDATE DELETE REPLACE SET CALL IF CASE LOOP WHILE REPEAT FOR RETURN DO CREATE DROP ALTER TRUNCATE
    SIGNAL WITH EXECUTE PREPARE DECLARE RENAME GRANT SHOW ANALYZE OPTIMIZE FLUSH LOAD LOCK"""
)


def _kind(p: Parser) -> tuple[str, frozenset[str]]:
    """What is created, altered or dropped, and the words in front of it."""
    before: set[str] = set()
    while not p.ended:
        if p.upper in ("ALGORITHM", "DEFINER") and p.peek().upper == "=":
            p.advance()
            p.expect("=")
            _definer(p)
        elif p.upper in _BEFORE_KIND:
            before.add(p.advance().upper)
        else:
            break
    return p.advance().upper, frozenset(before)


def _definer(p: Parser) -> None:
    p.advance()
    if p.upper == "(":
        p.skip_parentheses()
    if p.accept("@") or p.current.kind == "user":
        p.advance()


def _changed(ctx: Context, kind: str, category: Category = Category.DDL) -> Outcome:
    ctx.findings.effects.append(Effect(EffectKind.CATALOG))
    return Outcome(kind, category, transactional=False)


def _admin(ctx: Context, p: Parser, kind: str) -> Outcome:
    skip(p)
    ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    return _changed(ctx, kind, Category.ADMIN)


def _of_session(before: frozenset[str]) -> bool:
    """TiDB's GLOBAL TEMPORARY tables are everybody's: only their rows are the session's."""
    return "TEMPORARY" in before and "GLOBAL" not in before


def _exists(p: Parser) -> None:
    p.accept("IF", "NOT", "EXISTS") or p.accept("IF", "EXISTS")


# --- CREATE


def create(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    kind, before = _kind(p)
    if "TEMPORARY" in before and kind not in ("TABLE", "SEQUENCE"):
        raise p.stopped()
    match kind:
        case "TABLE":
            return _create_table(ctx, p, temporary=_of_session(before), replacing="REPLACE" in before)
        case "VIEW":
            return _view(ctx, p, "CREATE VIEW")
        case "INDEX":
            return _index(ctx, p, "CREATE INDEX", unique="UNIQUE" in before)
        case "DATABASE" | "SCHEMA":
            _exists(p)
            return _database(ctx, p, "CREATE DATABASE")
        case "SEQUENCE":
            _exists(p)
            _made(ctx, p, *p.qualified(), temporary=_of_session(before))
            skip(p)
            return _changed(ctx, "CREATE SEQUENCE")
        case _ if kind in _PROGRAMS:
            return _program(ctx, p, kind, "CREATE", walk)
        case _ if kind in _ADMIN_KINDS or before & {"GLOBAL", "SESSION"}:
            return _admin(ctx, p, f"CREATE {kind}")
    raise p.stopped()


def _made(ctx: Context, p: Parser, schema: str, name: str, *, temporary: bool) -> None:
    full = ctx.names.full(schema, name)
    if temporary:
        relations.own_temporary(ctx)
        if schema:
            ctx.findings.record(database(full.schema), Action.CONNECT, ctx.origin)
        ctx.findings.effects.append(Effect(EffectKind.TEMP_CREATE, f"{full.schema}.{full.name}"))
        return
    for record in relations.named(ctx, schema, name, Action.DDL):
        ctx.findings.unknown.discard(record.object)


def _create_table(ctx: Context, p: Parser, *, temporary: bool, replacing: bool) -> Outcome:
    _exists(p)
    schema, name = p.qualified()
    _made(ctx, p, schema, name, temporary=temporary)
    if p.accept("LIKE") or p.accept("(", "LIKE"):
        relations.named(ctx, *p.qualified(), Action.EXPLAIN)
        skip(p)
        return _finished(ctx, "CREATE TABLE", temporary=temporary)
    start = _query_start(p)
    definition(ctx, p.tokens[p.index : start], p, Action.UPDATE if temporary else Action.SELECT)
    if start < len(p.tokens):
        p.to(start)
        query.walk(ctx, p.query(), None, Clause.STORED)
        return _finished(ctx, "CREATE TABLE AS", temporary=temporary)
    skip(p)
    return _finished(ctx, "CREATE TABLE", temporary=temporary)


def _finished(ctx: Context, kind: str, *, temporary: bool) -> Outcome:
    if temporary:
        return Outcome(kind, Category.DDL)
    return _changed(ctx, kind)


def _query_start(p: Parser) -> int:
    """Where CREATE TABLE's query begins; the statement's end where it has none."""
    depth = 0
    for index in range(p.index, len(p.tokens)):
        upper = p.tokens[index].upper
        if upper == "(":
            inner = index
            while inner < len(p.tokens) and p.tokens[inner].upper == "(":
                inner += 1
            if depth == 0 and p.starts_query(inner - p.index):
                return index
            depth += 1
        elif upper == ")":
            depth -= 1
        elif depth == 0 and upper in ("SELECT", "VALUES", "TABLE", "WITH") and p.starts_query(index - p.index):
            after = p.tokens[index + 1].upper if index + 1 < len(p.tokens) else ""
            if upper != "WITH" or after not in ("SYSTEM", "PARSER"):
                return index
    return len(p.tokens)


def _view(ctx: Context, p: Parser, kind: str) -> Outcome:
    _exists(p)
    schema, name = p.qualified()
    _made(ctx, p, schema, name, temporary=False)
    if p.upper == "(":
        p.columns()
    p.expect("AS")
    query.walk(ctx, p.query(), None, Clause.STORED)
    if p.accept("WITH"):
        p.accept("CASCADED") or p.accept("LOCAL")
        p.expect("CHECK")
        p.expect("OPTION")
    return _changed(ctx, kind)


def _index(ctx: Context, p: Parser, kind: str, *, unique: bool = False) -> Outcome:
    _exists(p)
    while not p.ended and p.upper != "ON":
        p.advance()
    p.expect("ON")
    schema, name = p.qualified()
    records = relations.named(ctx, schema, name, Action.DDL)
    if not records:
        relations.own_temporary(ctx)
    for found, record in zip(ctx.names.relation(schema, name).relations, records, strict=True):
        table = Altered(ctx, found, record, ())
        table.keyed(p.rest(), unique=unique)
    skip(p)
    return _changed(ctx, kind)


def _database(ctx: Context, p: Parser, kind: str) -> Outcome:
    name = p.name() if p.is_name() and p.peek().upper not in ("=",) else ctx.names.database
    ctx.findings.record(database(ctx.names.fold_database(name)), Action.DDL, ctx.origin)
    skip(p)
    return _changed(ctx, kind)


def _program(ctx: Context, p: Parser, kind: str, verb: str, walk: Walk) -> Outcome:
    """Stored programs: DDL when made; a body runs with its definer's rights, when it is called."""
    p.accept("BODY")
    _exists(p)
    schema, name = p.qualified()
    if kind == "FUNCTION" and any(token.upper == "SONAME" for token in p.rest()):
        return _admin(ctx, p, f"{verb} FUNCTION")
    if kind == "TRIGGER" and verb == "CREATE":
        while not p.ended and p.upper != "ON":
            p.advance()
        p.expect("ON")
        table = p.qualified()
        records = relations.named(ctx, *table, Action.DDL)
    ctx.findings.record(ctx.names.routine_name(schema, name), Action.DDL, ctx.origin)
    begin = program_body(p.tokens)
    if begin is not None and begin < len(p.tokens):
        made = ddl_programs.Made(ctx, p, begin, walk, schema)
        if kind == "TRIGGER":
            made.trigger(name, table, records)
        else:
            made.routine(name, read=kind != "PACKAGE")
    skip(p)
    return _changed(ctx, f"{verb} {kind}")


def program_body(tokens: Sequence[Token]) -> int | None:
    """Where the body of a stored program begins; None where the statement makes none."""
    if not tokens or tokens[0].upper not in ("CREATE", "ALTER"):
        return None
    p = Parser(list(tokens), "")
    p.advance()
    kind, _ = _kind(p)
    if kind not in _PROGRAMS:
        return None
    p.accept("BODY")
    _exists(p)
    p.advance()
    while p.accept("."):
        p.advance()
    if kind in ("PROCEDURE", "FUNCTION") and p.upper == "(":
        p.skip_parentheses()
    if kind == "TRIGGER":
        while not p.ended and not p.accept("FOR", "EACH", "ROW"):
            p.advance()
    if kind == "EVENT":
        while not p.ended and not p.accept("DO"):
            p.advance()
    previous = ""
    while not p.ended:
        if p.upper in _BODY_STARTS and not (p.upper == "SET" and (p.peek().upper == "(" or previous == "CHARACTER")):
            return p.index
        previous = p.advance().upper
    return len(tokens)


# --- ALTER


def alter(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    kind, _ = _kind(p)
    match kind:
        case "TABLE":
            return _alter_table(ctx, p)
        case "VIEW":
            return _view(ctx, p, "ALTER VIEW")
        case "DATABASE" | "SCHEMA":
            return _database(ctx, p, "ALTER DATABASE")
        case "SEQUENCE":
            _exists(p)
            relations.named(ctx, *p.qualified(), Action.DDL)
            skip(p)
            return _changed(ctx, "ALTER SEQUENCE")
        case _ if kind in _PROGRAMS:
            if kind == "EVENT":
                _renamed_event(ctx, p)
            return _program(ctx, p, kind, "ALTER", walk)
        case _ if kind in _ADMIN_KINDS:
            return _admin(ctx, p, f"ALTER {kind}")
    raise p.stopped()


def _renamed_event(ctx: Context, p: Parser) -> None:
    mark = p.index
    while not p.ended and p.upper != "DO":
        if p.accept("RENAME", "TO"):
            ctx.findings.record(ctx.names.routine_name(*p.qualified()), Action.DDL, ctx.origin)
            break
        p.advance()
    p.to(mark)


def _alter_table(ctx: Context, p: Parser) -> Outcome:
    _exists(p)
    schema, name = p.qualified()
    records = relations.named(ctx, schema, name, Action.DDL)
    own = not records
    if own:
        relations.own_temporary(ctx)
    p.accept("WAIT") and p.advance()
    p.accept("NOWAIT")
    meanings = zip(ctx.names.relation(schema, name).relations, records, strict=True)
    altered = [Altered(ctx, found, record, p.rest()) for found, record in meanings]
    for table in altered:
        table.note()
    place = ctx.names.full(schema, name)
    definition(ctx, p.rest(), p, Action.UPDATE if own else Action.SELECT)
    while not p.ended:
        upper = p.advance().upper
        if upper == "RENAME" and p.upper not in ("COLUMN", "INDEX", "KEY"):
            p.accept("TO") or p.accept("AS") or p.accept("=")
            new_schema, new = p.qualified()
            place = ctx.names.full(new_schema or place.schema, new)
            _made(ctx, p, *place, temporary=False)
        elif upper == "EXCHANGE" and p.accept("PARTITION"):
            p.name()
            p.expect("WITH")
            p.expect("TABLE")
            _joined(ctx, p, altered, exchanged=True)
        elif upper == "CONVERT" and p.accept("TABLE"):
            _joined(ctx, p, altered, exchanged=False)
        elif upper == "CONVERT" and p.accept("PARTITION"):
            p.name()
            p.expect("TO")
            p.expect("TABLE")
            made = p.qualified()
            _made(ctx, p, *made, temporary=False)
            for table in altered:
                table.under(ddl_moves.meant(ctx, *made))
    for table in altered:
        table.under(relation(*place))
    return _changed(ctx, "ALTER TABLE")


def _joined(ctx: Context, p: Parser, altered: Sequence[Altered], *, exchanged: bool) -> None:
    """Another table becomes a partition, which its rows must fit; `exchanged`: the partition's rows are its own then."""
    schema, name = p.qualified()
    for record in relations.named(ctx, schema, name, Action.DDL):
        record.use(Clause.CONSTRAINT, "*")
    for found in ctx.names.relation(schema, name).relations:
        for table in altered:
            ddl_moves.whole(ctx, found, table.name)
            if exchanged:
                table.under(found.name)


# --- DROP and RENAME


def drop(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("PREPARE"):
        ctx.findings.effects.append(Effect(EffectKind.DEALLOCATE, p.name().lower()))
        return Outcome("DEALLOCATE PREPARE", Category.SESSION)
    kind, before = _kind(p)
    _exists(p)
    match kind:
        case "TABLE" | "TABLES" | "VIEW" | "SEQUENCE":
            _drop_relations(ctx, p, temporary=_of_session(before))
            return _changed(ctx, f"DROP {kind.removesuffix('S') if kind == 'TABLES' else kind}")
        case "INDEX":
            return _index(ctx, p, "DROP INDEX")
        case "DATABASE" | "SCHEMA":
            return _database(ctx, p, "DROP DATABASE")
        case "TRIGGER":
            return _drop_trigger(ctx, p)
        case _ if kind in _PROGRAMS:
            return _program(ctx, p, kind, "DROP", walk)
        case _ if kind in _ADMIN_KINDS or before & {"GLOBAL", "SESSION"} or kind in ("STATS", "HYPO"):
            return _admin(ctx, p, f"DROP {kind}")
    raise p.stopped()


def _drop_relations(ctx: Context, p: Parser, *, temporary: bool) -> None:
    while True:
        schema, name = p.qualified()
        full = ctx.names.full(schema, name)
        if ctx.names.is_temporary(full):
            ctx.findings.effects.append(Effect(EffectKind.TEMP_DROP, f"{full.schema}.{full.name}"))
        if temporary or not relations.named(ctx, schema, name, Action.DDL):
            relations.own_temporary(ctx)
        if not p.accept(","):
            break
    p.accept("WAIT") and p.advance()
    p.accept("NOWAIT")
    p.accept("RESTRICT") or p.accept("CASCADE")


def _drop_trigger(ctx: Context, p: Parser) -> Outcome:
    schema, name = p.qualified()
    place = ctx.names.full(schema, name).schema
    ctx.findings.record(ctx.names.routine_name(schema, name), Action.DDL, ctx.origin)
    for info in ctx.names.catalog.relations.values():
        if info.name.schema == place and any(trigger.name.lower() == name.lower() for trigger in info.triggers):
            relations.named(ctx, *info.name, Action.DDL)
    return _changed(ctx, "DROP TRIGGER")


def rename(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    if p.accept("USER"):
        return _admin(ctx, p, "RENAME USER")
    if not p.accept("TABLES"):
        p.expect("TABLE")
    _exists(p)
    while True:
        old = p.qualified()
        relations.named(ctx, *old, Action.DDL)
        p.accept("WAIT") and p.advance()
        p.accept("NOWAIT")
        p.expect("TO")
        new = p.qualified()
        _made(ctx, p, *new, temporary=False)
        for found in ctx.names.relation(*old).relations:
            ddl_moves.whole(ctx, found, ddl_moves.meant(ctx, *new))
        if not p.accept(","):
            return _changed(ctx, "RENAME TABLE")


__all__ = ["STRING", "WORD", "ObjectName", "alter", "create", "drop", "program_body", "rename"]
