"""Expressions: which columns a value can be recovered from, and which clauses use them on the way."""

from collections.abc import Iterable
from typing import Final

from gateway.analysis.conduct import COLUMN, TOLD, Conduct, either, partial, shown, strict, unseen
from gateway.analysis.conduct import CONSTANT as STILL
from gateway.analysis.mysql import functions, query, syntax, totality, types
from gateway.analysis.mysql.context import Context, Level
from gateway.analysis.mysql.lexer import Token
from gateway.analysis.mysql.syntax import Assign, Call, Const, Expr, Mix, Ref, Sequence, Star, Sub, Test
from gateway.analysis.postgres.records import NOTHING, Origins, Record, use
from gateway.analysis.postgres.scopes import Column, Value
from gateway.model.footprint import Action, Clause, FunctionClass

CONSTANT: Final = Value(conduct=STILL)
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


def evaluate(ctx: Context, expression: Expr, level: Level, clause: Clause | None) -> Value:
    """The value of one expression. Columns it reads are written down under `clause`; None leaves that to whoever refers
    to the value later."""
    if isinstance(expression, Ref):
        return _column(ctx, expression, level, clause)
    if isinstance(expression, Const):
        return CONSTANT
    if isinstance(expression, Mix):
        return _mix(ctx, expression, level, clause)
    if isinstance(expression, Call):
        return _call(ctx, expression, level, clause)
    if isinstance(expression, Sub):
        return _subquery(ctx, expression, level, clause)
    if isinstance(expression, Test):
        return _presence(ctx, expression.parts, level, clause)
    if isinstance(expression, Assign):
        value = evaluate(ctx, expression.value, level, clause)
        use(value.origins, Clause.STORED)
        return Value(value.origins, type=value.type, conduct=partial(value.conduct))
    if isinstance(expression, Sequence):
        return _sequence(ctx, expression)
    if isinstance(expression, Star):
        return _star(ctx, expression, level, clause)
    if isinstance(expression, syntax.Position):
        return CONSTANT
    raise TypeError(type(expression).__name__)


def _mix(ctx: Context, mix: Mix, level: Level, clause: Clause | None) -> Value:
    """An operator's value is made of all its operands'."""
    if mix.what == syntax.CHAIN:
        values = [
            evaluate(ctx, operand, level, clause) if token is None else Value(conduct=totality.of_literal(token))
            for operand, token in zip(mix.operands, mix.literals, strict=True)
        ]
        made = mixed(values)
        return made._replace(type=_of_chain(mix, values), conduct=totality.chain(ctx, mix, values, clause))
    values = [evaluate(ctx, part, level, clause) for part in mix.parts]
    made = mixed(values)
    if mix.what == syntax.CASE:
        case = totality.case(ctx, mix, values, clause)
        return made._replace(type=case.type, conduct=case.conduct)
    if mix.what == syntax.ROW:
        return made._replace(conduct=strict(ctx, values, clause, "a row"))
    return totality.prefixed(ctx, mix.what, made._replace(type=values[0].type, conduct=values[0].conduct), clause)


def _of_chain(mix: Mix, values: Iterable[Value]) -> int:
    """Tests give numbers; what sums give is told by their operands."""
    found = {value.type for value in values if value.type != types.UNKNOWN}
    if not totality.calculates(mix):
        return types.INTEGER
    return types.DECIMAL if types.DECIMAL in found else found.pop() if len(found) == 1 else types.UNKNOWN


def all_of(ctx: Context, expressions: Iterable[Expr], level: Level, clause: Clause | None) -> Value:
    """All of them as one value that mixes what they give."""
    return mixed([evaluate(ctx, expression, level, clause) for expression in expressions])


def evaluate_items(ctx: Context, items: Iterable[syntax.Item], level: Level, clause: Clause) -> None:
    """A select list whose values reach no row."""
    for item in items:
        evaluate(ctx, item.value, level, clause)


def mixed(values: Iterable[Value]) -> Value:
    origins: Origins = NOTHING
    size, total = 0, True
    for value in values:
        if value.origins:
            origins = origins | value.origins if origins else value.origins
        size += value.conduct.size
        total = total and value.conduct.total
    return Value(origins, conduct=Conduct(size, total, False))


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
        return Value(column.origins, column.exact, column.type, conduct=column.conduct)
    origins: Origins = NOTHING
    for column in columns:
        column.touched = True
        use(column.origins, clause)
        origins |= column.origins
    return Value(origins, conduct=either(columns))


def _lost(name: str, level: Level, clause: Clause | None) -> Value:
    """No entry is known to have it: any relation in scope may, if the catalog is behind the server."""
    origins = frozenset((record, name) for record in level.records())
    use(origins, clause)
    return Value(origins, conduct=TOLD)


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
    seen, total = shown(clause), True
    for expression in tested:
        value = evaluate(ctx, expression, level, None if seen else clause)
        total = total and value.conduct.total
        if seen:
            use(value.origins, Clause.PRESENCE if value.exact else Clause.ARGUMENT)
    return Value(type=types.INTEGER, conduct=COLUMN if total else partial(COLUMN))


def _subquery(ctx: Context, sub: Sub, level: Level, clause: Clause | None) -> Value:
    """EXISTS gives no value of the subquery: its plain columns are not even looked at. Any other use compares or gives."""
    muted, ctx.muted = ctx.muted, ctx.muted or sub.exists or not shown(clause)
    rows = query.walk(ctx, sub.query, level, None)
    ctx.muted = muted
    for column in rows.columns:
        column.touched = True
        if sub.exists:
            use(column.origins, unseen(column))
    if sub.exists:
        use(rows.rest or NOTHING, Clause.ARGUMENT)
        return Value(type=types.INTEGER, conduct=partial(TOLD))
    origins: Origins = frozenset().union(rows.rest or NOTHING, *(column.origins for column in rows.columns))
    use(origins, clause)
    if rows.rest is not None or len(rows.columns) != 1:
        return Value(origins)
    return Value(origins, type=rows.columns[0].type, conduct=partial(rows.columns[0].conduct))


def _sequence(ctx: Context, sequence: Sequence) -> Value:
    from gateway.analysis.mysql import relations

    relations.named(ctx, sequence.schema, sequence.name, Action.UPDATE if sequence.writes else Action.SELECT)
    return Value(conduct=partial(TOLD))


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
        found = mixed([found, ordered])._replace(type=found.type, conduct=found.conduct)
    if call.window is not None:
        all_of(ctx, call.window.parts, level, Clause.WINDOW)
    return Value(type=types.INTEGER, conduct=found.conduct) if upper in _TELLS_PRESENCE else found


def _arguments(ctx: Context, call: Call, upper: str, level: Level, clause: Clause | None) -> Value:
    """What the arguments come to, and how their columns are used besides being part of the result."""
    kind, program = functions.note(ctx, call.schema, call.name)
    if upper in _TELLS_PRESENCE and not call.distinct:
        # Counting plain columns tells no more in a condition than it would in a row.
        return _presence(ctx, call.arguments, level, None if upper in _COUNTING else clause)
    inner = Clause.DISTINCT if upper in _COUNTING and shown(clause) else clause
    values = [
        evaluate(ctx, argument, level, inner) if token is None else Value(conduct=totality.of_literal(token))
        for argument, token in zip(call.arguments, _literals(call), strict=True)
    ]
    made = totality.call(ctx, call, upper, values, inner, own=program is None and kind is not FunctionClass.USER)
    found = mixed(values)._replace(type=made.type, conduct=made.conduct)
    if kind is not FunctionClass.HARMLESS or upper in _KEEPING:
        use(found.origins, Clause.STORED)
    if upper in _TAKING_TIME:
        use(found.origins, Clause.ARGUMENT)
    return found if program is None else _result_of(program, found, clause)


def _literals(call: Call) -> list[Token | None]:
    """One for each argument; of calls with a grammar of their own none is known."""
    return call.literals if len(call.literals) == len(call.arguments) else [None] * len(call.arguments)


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
