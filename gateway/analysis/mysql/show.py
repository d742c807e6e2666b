"""SHOW: whose metadata it tells. Tables and routines count as planned; lists count as reading information_schema."""

from collections.abc import Mapping
from typing import Final

from gateway.analysis.mysql import relations, values
from gateway.analysis.mysql.context import Context, Entry, Level
from gateway.analysis.mysql.lexer import WORD
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.mysql.utility import Walk, database, skip
from gateway.analysis.mysql.words import words
from gateway.model.footprint import INSTANCE, Action, Category, Clause, relation

_SCHEMA: Final = "information_schema"
_OF_TABLE: Final = frozenset({"COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS"})
_LISTS: Final[Mapping[str, str]] = {
    "TABLES": "tables",
    "TRIGGERS": "triggers",
    "EVENTS": "events",
    "DATABASES": "schemata",
    "SCHEMAS": "schemata",
    "PROCESSLIST": "processlist",
    "USER_STATISTICS": "user_statistics",
    "CLIENT_STATISTICS": "client_statistics",
    "INDEX_STATISTICS": "index_statistics",
    "TABLE_STATISTICS": "table_statistics",
    "LOCALES": "locales",
    "QUERY_RESPONSE_TIME": "query_response_time",
}
_PLAIN: Final = words(
    """VARIABLES STATUS WARNINGS ERRORS ENGINES CHARSET COLLATION PRIVILEGES PLUGINS PROFILE PROFILES AUTHORS CONTRIBUTORS
    COUNT BUILTINS STORAGE"""
)
_ADMIN: Final = words(
    """BINARY MASTER SLAVE REPLICA ALL RELAYLOG BINLOG ENGINE EXPLAIN ANALYZE REPLICAS MUTEX INNODB PARSE_TREE CONFIG
    STATS_META STATS_HISTOGRAMS STATS_TOPN STATS_BUCKETS STATS_HEALTHY STATS_LOCKED BINDINGS BACKUPS RESTORES IMPORT
    PLACEMENT PUMP DRAINER MASKING SESSION_STATES COLUMN_STATS_USAGE HISTOGRAMS_IN_FLIGHT BR"""
)
_ROUTINES: Final = frozenset({"PROCEDURE", "FUNCTION", "PACKAGE"})


def show(ctx: Context, p: Parser, walk: Walk) -> Outcome:
    p.advance()
    while p.accept_any(frozenset({"FULL", "EXTENDED", "GLOBAL", "SESSION", "LOCAL"})):
        pass
    word = p.upper
    if word in _OF_TABLE:
        p.advance()
        _of_table(ctx, p)
    elif word == "CREATE":
        p.advance()
        return _create(ctx, p)
    elif word in _ROUTINES:
        p.advance()
        p.accept("BODY")
        _routine(ctx, p)
    elif word == "GRANTS":
        p.advance()
        _grants(ctx, p)
    elif word == "TABLE" and p.peek().upper not in ("STATUS", "TYPES"):  # TiDB: SHOW TABLE t REGIONS
        p.advance()
        relations.named(ctx, *p.qualified(), Action.EXPLAIN)
        skip(p)
    elif word in ("TABLE", "OPEN"):
        p.advance(2)
        _list(ctx, p, "tables")
    elif word in _LISTS:
        p.advance()
        _list(ctx, p, _LISTS[word])
    elif word in _PLAIN or (word == "CHARACTER" and p.peek().upper == "SET"):
        _plain(ctx, p)
    elif word in _ADMIN:
        skip(p)
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    elif word and p.current.kind is WORD:
        p.advance()
        _list(ctx, p, word.lower())  # a plugin's table of information_schema
    else:
        raise p.stopped()
    return Outcome(f"SHOW {word}", Category.QUERY, known=False)


def _of_table(ctx: Context, p: Parser) -> None:
    if not p.accept("FROM"):
        p.expect("IN")
    schema, name = p.qualified()
    if p.accept("FROM") or p.accept("IN"):
        schema = p.name()
    relations.named(ctx, schema, name, Action.EXPLAIN)
    _filter(ctx, p)


def _list(ctx: Context, p: Parser, table: str) -> None:
    record = ctx.findings.record(relation(_SCHEMA, table), Action.SELECT, ctx.origin)
    record.use(Clause.OUTPUT, "*")
    if p.accept("FROM") or p.accept("IN"):
        _in(ctx, p.name())
    _filter(ctx, p)


def _filter(ctx: Context, p: Parser) -> None:
    """LIKE 'x' or WHERE over the result's columns; a subquery in it reads what it names."""
    if p.accept("LIKE"):
        p.string()
    elif p.accept("WHERE"):
        values.evaluate(ctx, p.expression(), Level(sources=[Entry("", [], rest=frozenset())]), Clause.WHERE)
    p.limit()


def _plain(ctx: Context, p: Parser) -> None:
    while not p.ended and p.upper not in ("LIKE", "WHERE", "LIMIT"):
        p.advance()
    _filter(ctx, p)


def _routine(ctx: Context, p: Parser) -> None:
    if p.accept("STATUS"):
        _list(ctx, p, "routines")
        return
    p.expect("CODE")
    schema, name = p.qualified()
    ctx.findings.record(ctx.names.routine_name(schema, name), Action.CALL, ctx.origin)


def _grants(ctx: Context, p: Parser) -> None:
    if p.accept("FOR") and p.upper not in ("CURRENT_USER", "CURRENT_ROLE"):
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    skip(p)


def _in(ctx: Context, schema: str) -> None:
    """What stands in a database is for those who may connect to it."""
    if schema:
        ctx.findings.record(database(ctx.names.fold_database(schema)), Action.CONNECT, ctx.origin)


def _create(ctx: Context, p: Parser) -> Outcome:
    word = p.advance().upper
    match word:
        case "TABLE" | "VIEW" | "SEQUENCE":
            relations.named(ctx, *p.qualified(), Action.EXPLAIN)
        case "DATABASE" | "SCHEMA":
            p.accept("IF", "NOT", "EXISTS")
            _in(ctx, p.name())
        case "PROCEDURE" | "FUNCTION" | "PACKAGE":
            p.accept("BODY")
            ctx.findings.record(ctx.names.routine_name(*p.qualified()), Action.CALL, ctx.origin)
        case "TRIGGER":
            schema, name = p.qualified()
            _in(ctx, schema)
            for info in ctx.names.catalog.relations.values():
                if any(trigger.name.lower() == name.lower() for trigger in info.triggers):
                    ctx.findings.record(relation(*info.name), Action.EXPLAIN, ctx.origin)
            ctx.findings.record(relation(_SCHEMA, "triggers"), Action.SELECT, ctx.origin).use(Clause.OUTPUT, "*")
        case "EVENT":
            _in(ctx, p.qualified()[0])
            ctx.findings.record(relation(_SCHEMA, "events"), Action.SELECT, ctx.origin).use(Clause.OUTPUT, "*")
        case _:
            ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
            skip(p)
    return Outcome(f"SHOW CREATE {word}", Category.QUERY, known=False)
