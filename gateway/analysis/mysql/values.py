"""Expressions: which columns a value can be recovered from, and which clauses use them on the way."""

from collections.abc import Iterable
from typing import Final

from gateway.analysis.mysql import functions, query, syntax
from gateway.analysis.mysql.context import Context, Level
from gateway.analysis.mysql.syntax import Assign, Call, Const, Expr, Mix, Ref, Sequence, Star, Sub, Test
from gateway.analysis.postgres.records import NOTHING, Origins, Record, use
from gateway.analysis.postgres.scopes import Column, Value
from gateway.model.footprint import Action, Clause, FunctionClass

CONSTANT: Final = Value()
_OF_TARGET: Final = frozenset({"VALUES", "VALUE", "DEFAULT"})
_COUNTING: Final = frozenset({"COUNT"})
_TELLS_PRESENCE: Final = frozenset({"COUNT", "ISNULL"})
_OF_ORDER: Final = frozenset({"PERCENTILE_CONT", "PERCENTILE_DISC"})
# The argument outlives the row: as a lock's name that others see, as what LAST_INSERT_ID() and the next OK packet tell.
_KEEPING: Final = frozenset({"GET_LOCK", "LAST_INSERT_ID"})
# How long it takes tells of the argument.
_TAKING_TIME: Final = frozenset(
    {"SLEEP", "BENCHMARK", "MASTER_POS_WAIT", "MASTER_GTID_WAIT", "SOURCE_POS_WAIT", "WAIT_FOR_EXECUTED_GTID_SET"}
)
_SHOWN: Final = frozenset({None, Clause.OUTPUT, Clause.RETURNING})


def evaluate(ctx: Context, expression: Expr, level: Level, clause: Clause | None) -> Value:
    """The value of one expression. Columns it reads are written down under `clause`; None leaves that to whoever refers
    to the value later."""
    if isinstance(expression, Ref):
        return _column(ctx, expression, level, clause)
    if isinstance(expression, Const):
        return CONSTANT
    if isinstance(expression, Mix):
        return all_of(ctx, expression.parts, level, clause)
    if isinstance(expression, Call):
        return _call(ctx, expression, level, clause)
    if isinstance(expression, Sub):
        return _subquery(ctx, expression, level, clause)
    if isinstance(expression, Test):
        return _presence(ctx, expression.parts, level, clause)
    if isinstance(expression, Assign):
        value = evaluate(ctx, expression.value, level, clause)
        use(value.origins, Clause.STORED)
        return Value(value.origins)
    if isinstance(expression, Sequence):
        return _sequence(ctx, expression)
    if isinstance(expression, Star):
        return _star(ctx, expression, level, clause)
    if isinstance(expression, syntax.Position):
        return CONSTANT
    raise TypeError(type(expression).__name__)


def all_of(ctx: Context, expressions: Iterable[Expr], level: Level, clause: Clause | None) -> Value:
    """All of them as one value that mixes what they give."""
    return mixed([evaluate(ctx, expression, level, clause) for expression in expressions])


def evaluate_items(ctx: Context, items: Iterable[syntax.Item], level: Level, clause: Clause) -> None:
    """A select list whose values reach no row."""
    for item in items:
        evaluate(ctx, item.value, level, clause)


def mixed(values: Iterable[Value]) -> Value:
    origins: Origins = NOTHING
    for value in values:
        if value.origins:
            origins = origins | value.origins if origins else value.origins
    return Value(origins) if origins else CONSTANT


def _column(ctx: Context, ref: Ref, level: Level, clause: Clause | None) -> Value:
    name = ref.parts[-1].lower()
    if len(ref.parts) == 1:
        columns, _ = level.lookup(name)
        return referred(columns, clause) if columns else _lost(ref.parts[-1], level, clause)
    schema = ctx.names.fold_database(ref.parts[-3]) if len(ref.parts) > 2 else ""
    source = level.source(ctx.names.fold(ref.parts[-2]), schema)
    if source is None:
        return _lost(ref.parts[-1], level, clause)
    if found := source.find(name):
        return referred(found, clause)
    if source.rest is not None:
        return referred([source.in_rest(ref.parts[-1])], clause)
    if source.record is not None:  # the catalog may be behind the server: it may be a new column, or _rowid
        return referred([Column(name, frozenset({(source.record, ref.parts[-1])}))], clause)
    value = source.whole_row()
    use(value.origins, clause)
    return Value(value.origins)


def referred(columns: list[Column], clause: Clause | None) -> Value:
    """The value of a reference that means one of these columns."""
    if len(columns) == 1:
        column = columns[0]
        column.touched = True
        use(column.origins, clause)
        return Value(column.origins, column.exact)
    origins: Origins = NOTHING
    for column in columns:
        column.touched = True
        use(column.origins, clause)
        origins |= column.origins
    return Value(origins)


def _lost(name: str, level: Level, clause: Clause | None) -> Value:
    """No entry is known to have it: any relation in scope may, if the catalog is behind the server."""
    origins = frozenset((record, name) for record in level.records())
    use(origins, clause)
    return Value(origins)


def _star(ctx: Context, star: Star, level: Level, clause: Clause | None) -> Value:
    """COUNT(*) reads no column; a star elsewhere in an expression is every column."""
    if not star.parts:
        return CONSTANT
    source = level.source(ctx.names.fold(star.parts[-1]))
    value = source.whole_row() if source is not None else Value(frozenset((record, "*") for record in level.records()))
    use(value.origins, clause)
    return Value(value.origins)


def _presence(ctx: Context, tested: Iterable[Expr], level: Level, clause: Clause | None) -> Value:
    """IS NULL, COUNT(c): says only whether there is a value, so that nothing of it can be recovered from an output."""
    shown = clause in _SHOWN
    for expression in tested:
        value = evaluate(ctx, expression, level, None if shown else clause)
        if shown:
            use(value.origins, Clause.PRESENCE if value.exact else Clause.ARGUMENT)
    return CONSTANT


def _subquery(ctx: Context, sub: Sub, level: Level, clause: Clause | None) -> Value:
    """EXISTS gives no value of the subquery: its plain columns are not even looked at. Any other use compares or gives."""
    rows = query.walk(ctx, sub.query, level, None)
    for column in rows.columns:
        column.touched = True
        if sub.exists:
            use(column.origins, Clause.PRESENCE if column.exact else Clause.ARGUMENT)
    if sub.exists:
        use(rows.rest or NOTHING, Clause.ARGUMENT)
        return CONSTANT
    origins: Origins = frozenset().union(rows.rest or NOTHING, *(column.origins for column in rows.columns))
    use(origins, clause)
    return Value(origins)


def _sequence(ctx: Context, sequence: Sequence) -> Value:
    from gateway.analysis.mysql import relations

    relations.named(ctx, sequence.schema, sequence.name, Action.UPDATE if sequence.writes else Action.SELECT)
    return CONSTANT


def _call(ctx: Context, call: Call, level: Level, clause: Clause | None) -> Value:
    upper = call.name.upper() if not call.schema else ""
    if upper in _OF_TARGET and ctx.target is not None and len(call.arguments) == 1:
        return _of_target(ctx, call.arguments[0], level, clause, upper)
    found = _arguments(ctx, call, upper, level, clause)
    if call.distinct:
        use(found.origins, Clause.DISTINCT)
    if call.order:
        ordered = all_of(ctx, call.order, level, Clause.ORDER)
        if upper in _OF_ORDER:
            use(ordered.origins, clause)
        found = mixed([found, ordered])
    if call.window is not None:
        all_of(ctx, call.window.parts, level, Clause.WINDOW)
    return CONSTANT if upper in _TELLS_PRESENCE else found


def _arguments(ctx: Context, call: Call, upper: str, level: Level, clause: Clause | None) -> Value:
    """What the arguments come to, and how their columns are used besides being part of the result."""
    kind, program = functions.note(ctx, call.schema, call.name)
    if upper in _TELLS_PRESENCE and not call.distinct:
        # Counting plain columns tells no more in a condition than it would in a row.
        return _presence(ctx, call.arguments, level, None if upper in _COUNTING else clause)
    shown = upper in _COUNTING and clause in _SHOWN
    found = all_of(ctx, call.arguments, level, Clause.DISTINCT if shown else clause)
    if kind is not FunctionClass.HARMLESS or upper in _KEEPING:
        use(found.origins, Clause.STORED)
    if upper in _TAKING_TIME:
        use(found.origins, Clause.ARGUMENT)
    return found if program is None else _result_of(program, found, clause)


def _result_of(program: Record, arguments: Value, clause: Clause | None) -> Value:
    """What a stored function gives."""
    given = frozenset({(program, "*")})
    use(given, clause)
    return Value(arguments.origins | given)


def _of_target(ctx: Context, argument: Expr, level: Level, clause: Clause | None, upper: str) -> Value:
    """VALUES(c) is what the row would have got; DEFAULT(c) the column's default: no stored value."""
    if not isinstance(argument, Ref):
        return all_of(ctx, [argument], level, clause)
    return CONSTANT
