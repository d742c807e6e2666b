"""INSERT, REPLACE, UPDATE, DELETE, TRUNCATE."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from gateway.analysis.conduct import TOLD
from gateway.analysis.mysql import filters, from_items, query, relations, syntax, values
from gateway.analysis.mysql.context import Context, Entry, Field, Level
from gateway.analysis.mysql.lexer import NUMBER, PARAMETER, STRING, WORD
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.mysql.parser import Parser
from gateway.analysis.postgres.records import Record, narrow_alike, with_beneath
from gateway.analysis.postgres.scopes import Rows, Source
from gateway.model.footprint import Action, Category, Clause

PRIORITIES: Final = frozenset({"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE", "CONCURRENT"})
_LITERALS: Final = frozenset({STRING, NUMBER, PARAMETER})


def target(ctx: Context, schema: str, name: str, alias: str, *actions: Action) -> tuple[list[Record], Entry]:
    """The table a statement writes to: records of its actions, and an entry to read from that leaves no trace if unread."""
    made: list[Record] = []
    for action in actions:
        for record in relations.named(ctx, schema, name, action):
            made.append(record)
    records, entry = relations.entry(ctx, schema, name, alias)
    ctx.unread += records
    _through_views(made, records)
    if not made:
        relations.own_temporary(ctx)
    return made, entry


def _through_views(changing: Sequence[Record], reading: Sequence[Record]) -> None:
    """What a view stands on is read and changed as the view is."""
    for record in changing:
        for read in reading:
            if read.object == record.object and read.beneath:
                record.beneath += read.beneath
                relations.change_beneath(record, record.action)


def assigned(records: Sequence[Record], column: str) -> None:
    for record in records:
        record.use(Clause.TARGET, column)


# --- INSERT and REPLACE


def insert(ctx: Context, p: Parser, parent: Level | None = None) -> Outcome:
    replacing = p.advance().upper == "REPLACE"
    while p.accept_any(PRIORITIES):
        pass
    p.accept("INTO")
    schema, name = p.qualified()
    actions = (Action.INSERT, Action.DELETE) if replacing else (Action.INSERT,)
    records, entry = target(ctx, schema, name, "", *actions)
    by_key([*records, *entry.records])
    inserting = [record for record in records if record.action is Action.INSERT]
    if p.upper == "PARTITION" and p.peek().upper == "(":
        p.advance()
        p.skip_parentheses()
    level = Level(parent)
    if p.upper == "(" and not p.opens_query():
        _column_list(p, inserting)
    elif p.upper != "SET":
        for column in labels(entry):
            assigned(inserting, column)
    _inserted(ctx, p, level, entry, inserting)
    if p.upper == "AS" and p.peek(1).kind is not STRING:  # MySQL 8: VALUES (…) AS new(a, b)
        p.advance()
        alias = p.name()
        columns = p.columns() if p.upper == "(" else []
        level.sources.append(_new_row(ctx, alias, columns, entry))
    if p.accept("ON", "DUPLICATE", "KEY", "UPDATE"):
        updating = relations.named(ctx, schema, name, Action.UPDATE)
        _on_duplicate(ctx, p, updating, entry, level)
        by_key(updating)
    return Outcome("REPLACE" if replacing else "INSERT", Category.WRITE, _returning(ctx, p, entry))


def by_key(records: Iterable[Record]) -> None:
    """Only rows that the statement itself gives are met."""
    for record in with_beneath(records):
        record.narrowed_by = Clause.WHERE


def _column_list(p: Parser, records: Sequence[Record]) -> None:
    p.expect("(")
    while not p.accept(")"):
        first = p.any_name()
        while p.accept("."):
            first = p.any_name()
        assigned(records, first)
        p.accept(",")
        if p.ended:
            raise p.stopped()


def labels(entry: Entry) -> list[str]:
    if entry.rest is not None:
        return ["*"]
    return [field.label for field in from_items.fields(entry)]


def _new_row(ctx: Context, alias: str, columns: list[str], entry: Entry) -> Entry:
    """The row alias: values that are stored anyway."""
    names = columns or [field.label for field in from_items.fields(entry)]
    return Entry(ctx.names.fold(alias), [Field(name, conduct=TOLD) for name in names], rest=None if names else frozenset())


def _inserted(ctx: Context, p: Parser, level: Level, entry: Entry, records: Sequence[Record]) -> None:
    ctx.target = entry
    if p.accept("SET"):
        assignments(ctx, p, Level(level, sources=[entry]), lambda parts: assigned(records, parts[-1]), Clause.STORED)
    elif (p.upper in ("VALUES", "VALUE")) and p.peek().upper in ("(", "ROW"):
        p.advance()
        _rows(ctx, p, Level(level, sources=[entry]))
    elif p.sees("VALUES") or p.sees("VALUE"):
        raise p.stopped()
    else:
        tree = p.query()
        if isinstance(tree, syntax.Select) and not tree.tail.ctes and tree.tail.into is None:
            query.select(ctx, tree, level, Clause.STORED)
        else:
            rows = query.walk(ctx, tree, level, Clause.STORED)
            level.sources.append(Entry("", rows.columns, rest=rows.rest))
    ctx.target = None


def _rows(ctx: Context, p: Parser, level: Level) -> None:
    """Rows of values; runs of plain literals, most of a long statement, are stepped over without a tree."""
    while True:
        p.accept("ROW")
        p.expect("(")
        while p.upper != ")":
            after = p.peek().upper
            if (p.current.kind in _LITERALS and after in (",", ")")) or (
                p.current.kind is WORD and p.upper in ("NULL", "DEFAULT") and after in (",", ")")
            ):
                p.advance()
            else:
                values.evaluate(ctx, p.expression(), level, Clause.STORED)
            if not p.accept(","):
                break
        p.expect(")")
        if not p.accept(","):
            return


def _on_duplicate(ctx: Context, p: Parser, updating: Sequence[Record], entry: Entry, level: Level) -> None:
    _through_views(updating, [entry.record] if entry.record is not None else [])
    ctx.target = entry
    level.sources.append(entry)
    assignments(ctx, p, level, lambda parts: assigned(updating, parts[-1]), Clause.STORED)
    ctx.target = None


def assignments(ctx: Context, p: Parser, level: Level, assign: Callable[[list[str]], None], clause: Clause) -> None:
    """`a = 1, t.b = DEFAULT`"""
    while True:
        p.accept(".")
        parts = [p.any_name()]
        while p.accept("."):
            parts.append(p.any_name())
        if not p.accept("="):
            p.expect(":=")
        assign(parts)
        values.evaluate(ctx, p.expression(), level, clause)
        if not p.accept(","):
            return


def _returning(ctx: Context, p: Parser, entry: Entry) -> Rows | None:
    """MariaDB's RETURNING: a select list over the row."""
    if not p.accept("RETURNING"):
        return None
    return query.returned(ctx, p.items(), Level(sources=[entry]))


# --- UPDATE


def update(ctx: Context, p: Parser, parent: Level | None = None) -> Outcome:
    p.advance()
    while p.accept_any(PRIORITIES):
        pass
    level = Level(parent)
    mark = len(ctx.findings.records)
    tables = p.from_list()
    if p.accept("FOR", "PORTION", "OF"):
        _portion(ctx, p)
    from_items.add(ctx, tables, level)
    _forget_if_unread(ctx, mark, tables)
    updating: dict[int, list[Record]] = {}

    def assign(parts: list[str]) -> None:
        for source in _assignable(ctx, level, parts):
            for record in _changing(ctx, source, updating):
                record.use(Clause.TARGET, parts[-1])

    p.expect("SET")
    assignments(ctx, p, level, assign, Clause.STORED)
    _conditions(ctx, p, level, updating)
    return Outcome("UPDATE", Category.WRITE, _returning_of(ctx, p, level))


def _forget_if_unread(ctx: Context, mark: int, tables: syntax.FromItem) -> None:
    if isinstance(tables, syntax.Table):
        ctx.unread += ctx.findings.records[mark:]


def _portion(ctx: Context, p: Parser) -> None:
    p.name()
    p.expect("FROM")
    p.beside.append(p.sum())
    p.expect("TO")
    p.beside.append(p.sum())


def _assignable(ctx: Context, level: Level, parts: list[str]) -> list[Source]:
    """The tables that an assigned column may belong to."""
    if len(parts) > 1:
        source = level.source(ctx.names.fold(parts[-2]), ctx.names.fold_database(parts[-3]) if len(parts) > 2 else "")
        if source is not None:
            return [source]
    name = parts[-1].lower()
    certain = [source for source in level.sources if source.find(name)]
    return certain or list(level.sources)


def _changing(ctx: Context, source: Source, known: dict[int, list[Record]], action: Action = Action.UPDATE) -> list[Record]:
    made = known.get(id(source))
    if made is None:
        reading = source.records if isinstance(source, Entry) else []
        made = [ctx.findings.record(record.object, action, ctx.origin) for record in reading]
        _through_views(made, reading)
        if isinstance(source, Entry) and source.of_table and not made:
            relations.own_temporary(ctx)
        known[id(source)] = made
    return made


def _read(source: Source) -> list[Record]:
    return source.records if isinstance(source, Entry) else []


def _conditions(ctx: Context, p: Parser, level: Level, changed: Mapping[int, list[Record]]) -> None:
    """WHERE, ORDER BY, LIMIT of UPDATE and DELETE."""
    if p.accept("WHERE"):
        filters.where(ctx, p.expression(), level, [record for source in level.sources for record in _read(source)])
    for source in level.sources:
        for record in _read(source):
            for written in changed.get(id(source), ()):
                narrow_alike(written, record)
    if p.accept("ORDER", "BY"):
        values.all_of(ctx, p.ordering(), level, Clause.ORDER)
    p.limit()


def _returning_of(ctx: Context, p: Parser, level: Level) -> Rows | None:
    if not p.accept("RETURNING"):
        return None
    return query.returned(ctx, p.items(), level)


# --- DELETE


def delete(ctx: Context, p: Parser, parent: Level | None = None) -> Outcome:
    p.advance()
    while p.accept_any(PRIORITIES):
        pass
    if p.accept("HISTORY"):
        return _delete_history(ctx, p)
    level = Level(parent)
    if p.accept("FROM"):
        mark = p.index
        targets = _delete_targets(p)
        if p.accept("USING"):
            return _delete_many(ctx, p, level, targets)
        p.to(mark)
        return _delete_one(ctx, p, level)
    targets = _delete_targets(p)
    p.expect("FROM")
    return _delete_many(ctx, p, level, targets)


def _delete_targets(p: Parser) -> list[tuple[str, str]]:
    """`t, db.t, t.*`"""
    found: list[tuple[str, str]] = []
    while True:
        parts = [p.name()]
        while p.accept("."):
            if p.accept("*"):
                break
            parts.append(p.any_name())
        found.append((parts[-2] if len(parts) > 1 else "", parts[-1]))
        if not p.accept(","):
            return found


def _delete_one(ctx: Context, p: Parser, level: Level) -> Outcome:
    schema, name = p.qualified()
    mark = len(ctx.findings.records)
    table = p.table(schema, name)
    if p.accept("FOR", "PORTION", "OF"):
        _portion(ctx, p)
        relations.named(ctx, schema, name, Action.INSERT)
    from_items.add(ctx, table, level)
    ctx.unread += ctx.findings.records[mark:]
    known: dict[int, list[Record]] = {}
    for source in level.sources:
        _changing(ctx, source, known, Action.DELETE)
    _conditions(ctx, p, level, known)
    return Outcome("DELETE", Category.WRITE, _returning_of(ctx, p, level))


def _delete_many(ctx: Context, p: Parser, level: Level, targets: list[tuple[str, str]]) -> Outcome:
    from_items.add(ctx, p.from_list(), level)
    known: dict[int, list[Record]] = {}
    for schema, name in targets:
        source = level.source(ctx.names.fold(name), ctx.names.fold_database(schema) if schema else "")
        if source is None:
            relations.named(ctx, schema, name, Action.DELETE)
        else:
            _changing(ctx, source, known, Action.DELETE)
    _conditions(ctx, p, level, known)
    return Outcome("DELETE", Category.WRITE, _returning_of(ctx, p, level))


def _delete_history(ctx: Context, p: Parser) -> Outcome:
    p.expect("FROM")
    relations.named(ctx, *p.qualified(), Action.ADMIN)
    if p.accept("PARTITION"):
        p.skip_parentheses()
    if p.accept("BEFORE"):
        p.accept("SYSTEM_TIME")
        p.moment()
    return Outcome("DELETE HISTORY", Category.WRITE)


# --- TRUNCATE


def truncate(ctx: Context, p: Parser) -> Outcome:
    p.advance()
    p.accept("TABLE")
    if not relations.named(ctx, *p.qualified(), Action.TRUNCATE):
        relations.own_temporary(ctx)
    p.accept("WAIT") and p.advance()
    p.accept("NOWAIT")
    return Outcome("TRUNCATE TABLE", Category.WRITE, transactional=False)
