"""Calls: which functions an expression runs, how each is classed, and what their arguments come to."""

from collections.abc import Iterable, Sequence
from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.conduct import COLUMN, partial, shown, unknown
from gateway.analysis.postgres import bodies, conversions, expressions, parser, totality, types
from gateway.analysis.postgres.context import Context, constant_text, qualified
from gateway.analysis.postgres.functions import builtin_class, extension_class, is_builtin
from gateway.analysis.postgres.named_objects import SPECIAL, asks_by_name, registered
from gateway.analysis.postgres.records import use
from gateway.analysis.postgres.resolve import PG_CATALOG, SYSTEM_SCHEMAS
from gateway.analysis.postgres.scopes import Scope, Source, Value
from gateway.catalog import FunctionInfo, QName
from gateway.model.footprint import Clause, FunctionClass, FunctionUse, ObjectKind, ObjectName

_COUNTING: Final = frozenset({"count"})
_TYPE_NAMED: Final = frozenset({"pg_input_is_valid", "pg_input_error_info"})
# pg_type.dat: any, anyarray, anyelement, record, … : the result's type depends on the arguments'.
_POLYMORPHIC: Final = frozenset({0, 2249, 2276, 2277, 2283, 2776, 2287, 3500, 3831, 4537, *range(5077, 5081)})


def call(ctx: Context, message: pb.FuncCall, scope: Scope, clause: Clause | None) -> Value:
    """A function, aggregate or window function call, or a column written as one (`name(t)`)."""
    schema, name = qualified(list(message.funcname))
    arguments = list(message.args)
    as_rows, ctx.as_rows = ctx.as_rows, False
    if not schema and len(arguments) == 1 and (row := expressions.row_of(arguments[0], scope)) is not None:
        return _of_row_argument(ctx, name, row, message, clause)
    muted, ctx.muted = ctx.muted, ctx.muted or not shown(clause)
    values = [expressions.evaluate(ctx, argument, scope, None) for argument in arguments]
    ctx.muted = muted
    chosen = candidates(ctx, schema, name, [value.type for value in values])
    kind = note(ctx, schema, name, chosen)
    builtin = kind is not FunctionClass.USER
    plain = all(value.exact for value in values)
    inside = _argument_clause(name if builtin else "", kind, clause, distinct=message.agg_distinct, plain=plain)
    for value in values:
        use(value.origins, inside)
        if inside is Clause.STORED:
            use(value.origins, clause)
        if not builtin:  # what it does with a value nobody here has read
            use(value.origins, Clause.STORED)
        if any(info.returns_set for info in chosen):  # the number of rows tells of the value
            use(value.origins, Clause.ARGUMENT)
    around = [_around(ctx, message, values, scope, clause)]
    users = users_of(ctx, schema, name, chosen, kind)
    if users:
        own_result = bodies.given(ctx, users)
        if not as_rows:
            use(own_result.all, clause)
        around.append(Value(own_result.programs if as_rows else own_result.all))
    if builtin:
        asks_by_name(ctx, name, arguments, chosen, inside)
        if (special := SPECIAL.get(name)) is not None:
            around.append(special(ctx, name, arguments, clause))
        if name in _TYPE_NAMED:
            _converts_to_named(ctx, name, arguments, clause)
    if builtin and name in _COUNTING:
        return Value(type=20, conduct=COLUMN if all(value.conduct.total for value in values) else partial(COLUMN))
    if not chosen and len(values) == 1:
        type_id = ctx.names.type(schema, name)
        around.append(Value(type=type_id.oid if type_id else 0))
    own = builtin and all(info.builtin for info in chosen)
    conduct = totality.call(ctx, message, name if own else "", values, clause)
    result = totality.result_of(name, values) if own else 0
    given = [value.type for value in values]
    return Value(expressions.mixed([*values, *around]).origins, type=result or _result_type(chosen, given), conduct=conduct)


def users_of(ctx: Context, schema: str, name: str, chosen: Sequence[FunctionInfo], kind: FunctionClass) -> list[QName]:
    """The users' functions that a call may run: nobody knows from its name what they give."""
    if chosen:
        return [info.name for info in chosen if not info.builtin]
    if kind is not FunctionClass.USER or ctx.names.type(schema, name) is not None:
        return []
    full = ctx.names.function_name(schema, name)
    return [QName(full.schema, full.name)]


def _argument_clause(
    name: str, kind: FunctionClass, clause: Clause | None, *, distinct: bool, plain: bool = True
) -> Clause | None:
    """Under which clause the arguments' columns are used. `plain`: they are columns as they are, not conditions over them."""
    if name in _COUNTING and plain and not distinct:
        return Clause.PRESENCE
    if name in _COUNTING and clause in (None, Clause.OUTPUT, Clause.RETURNING):
        return Clause.DISTINCT if distinct else Clause.ARGUMENT
    if kind in (FunctionClass.WRITES, FunctionClass.ADMIN) or name in ("set_config", "nextval", "setval"):
        return Clause.STORED
    return clause


def _converts_to_named(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> None:
    """The second argument names the type that the first is converted to."""
    ctx.findings.literals_matter = True
    text = constant_text(arguments[1]) if len(arguments) == 2 else None
    try:
        tree = parser.parse(f"SELECT NULL::{text}") if text is not None else None
    except parser.NotParsed:
        tree = None
    select = tree.stmts[0].stmt.select_stmt if tree is not None and len(tree.stmts) == 1 else None
    if select is None or select.target_list[0].res_target.val.WhichOneof("node") != "type_cast":
        ctx.not_understood(f"{name}: the type is not named by a constant")
        return
    cast(ctx, select.target_list[0].res_target.val.type_cast.type_name, types.LITERAL, clause)


def _around(ctx: Context, message: pb.FuncCall, values: Sequence[Value], scope: Scope, clause: Clause | None) -> Value:
    """DISTINCT, ORDER BY, FILTER, WITHIN GROUP and OVER of a call."""
    if message.agg_distinct:
        for value in values:
            use(value.origins, Clause.DISTINCT)
    found = []
    if message.agg_order:
        ordered = expressions.evaluate_all(ctx, message.agg_order, scope, Clause.ORDER)
        if message.agg_within_group:
            use(ordered.origins, clause)
        found.append(ordered)
    if message.HasField("agg_filter"):
        found.append(expressions.evaluate(ctx, message.agg_filter, scope, Clause.WHERE))
    if message.HasField("over"):
        expressions.parts(ctx, message.over, scope, Clause.WINDOW)
    return expressions.mixed(found)


# --- which function


def candidates(ctx: Context, schema: str, name: str, given: Sequence[int]) -> list[FunctionInfo]:
    """The overloads that these arguments allow. One that takes exactly their types is the one (func_get_detail); in a
    definition, whose columns' types are not known here, the server's own stand for all of the name."""
    found = [info for info in ctx.names.functions(schema, name) if _accepts(ctx, info, given)]
    if len(found) > 1 and all(map(types.is_exact, given)):
        exact = next((info for info in found if info.arguments == tuple(given)), None)
        return [exact] if exact is not None else found
    own = [info for info in found if info.builtin]
    return own if own and ctx.defining and types.UNKNOWN in given else found


def _accepts(ctx: Context, info: FunctionInfo, given: Sequence[int]) -> bool:
    wanted = info.arguments
    if not info.variadic and not len(wanted) - info.default_count <= len(given) <= len(wanted):
        return False
    if info.variadic and len(given) < len(wanted) - 1 - info.default_count:
        return False
    if info.builtin or info.variadic:
        return True
    catalog = ctx.names.catalog
    return all(types.may_be(catalog, operand, wish) for operand, wish in zip(given, wanted, strict=False))


def note(ctx: Context, schema: str, name: str, chosen: Iterable[FunctionInfo]) -> FunctionClass:
    """Writes down every function a call can mean. The answer is the class of the server's own, or USER."""
    found = {(info.name, info.builtin) for info in chosen}
    if not found:
        return _unlisted(ctx, schema, name)
    builtin: FunctionClass | None = None
    for full, own in found:
        if own:
            builtin = builtin_class(full.name)
            _write_down(ctx, ObjectName(ObjectKind.FUNCTION, *full), builtin)
        else:
            _write_down(ctx, ObjectName(ObjectKind.FUNCTION, *full), extension_class(full.name) or FunctionClass.USER)
    return builtin or FunctionClass.USER


def _unlisted(ctx: Context, schema: str, name: str) -> FunctionClass:
    """A function the catalog does not have: the server's own where no catalog was read, a type's conversion, or a new one."""
    catalog = ctx.names.catalog
    known_empty = not catalog.system.functions
    if schema in ("", *SYSTEM_SCHEMAS) and (is_builtin(name) if known_empty else _any_builtin(ctx, schema, name)):
        kind = builtin_class(name)
        _write_down(ctx, ObjectName(ObjectKind.FUNCTION, schema or PG_CATALOG, name), kind)
        return kind
    if (target := ctx.names.type(schema, name)) is not None:
        registered(ctx, target.name.name, types.UNKNOWN, None)
        for function in target.functions:
            _write_down(ctx, ObjectName(ObjectKind.FUNCTION, *function), FunctionClass.USER)
        return FunctionClass.USER
    full = ctx.names.function_name(schema, name)
    _write_down(ctx, full, extension_class(name) or FunctionClass.USER)
    if not _any(ctx, schema, name):
        ctx.findings.unknown.add(full)
    return FunctionClass.USER


def _any_builtin(ctx: Context, schema: str, name: str) -> bool:
    return any(info.builtin for info in ctx.names.functions(schema, name))


def _any(ctx: Context, schema: str, name: str) -> bool:
    return next(iter(ctx.names.functions(schema, name)), None) is not None


def _write_down(ctx: Context, name: ObjectName, kind: FunctionClass) -> None:
    ctx.findings.functions[FunctionUse(name, kind)] = None


def _result_type(chosen: Sequence[FunctionInfo], given: Sequence[int]) -> int:
    results = {info.returns for info in chosen}
    if len(results) == 1 and not results & _POLYMORPHIC:
        return results.pop()
    known = bool(chosen) and all(map(types.is_builtin, given)) and all(info.builtin for info in chosen)
    return types.ANY_BUILTIN if known else types.UNKNOWN


# --- rows as arguments


def is_known(ctx: Context, schema: str, name: str) -> bool:
    """Whether any function of this name is known."""
    return _any(ctx, schema, name) or (not ctx.names.catalog.system.functions and is_builtin(name))


def _of_row_argument(ctx: Context, name: str, row: Source, message: pb.FuncCall, clause: Clause | None) -> Value:
    """`name(t)`: the function `name` of the whole row, or the column `t.name` where no function takes the row."""
    columns = row.find(name)
    users = [info for info in candidates(ctx, "", name, [types.UNKNOWN]) if not info.builtin]
    if columns and not users:
        return expressions.referred(columns, clause)
    value = row.whole_row()
    chosen = candidates(ctx, "", name, [types.UNKNOWN])
    certain = bool(chosen) or row.rest is None or is_known(ctx, "", name)  # else it may be a column not known
    kind = note(ctx, "", name, chosen) if certain else FunctionClass.HARMLESS
    inside = _argument_clause(name, kind, clause, distinct=message.agg_distinct)
    use(value.origins, inside)
    own_result = bodies.given(ctx, [info.name for info in chosen if not info.builtin])
    use(own_result.all, clause)
    _around(ctx, message, [value], Scope(sources=[row]), clause)
    if name in _COUNTING:
        return Value(type=20, conduct=COLUMN)
    own = kind is not FunctionClass.USER and all(info.builtin for info in chosen)
    conduct = totality.call(ctx, message, name if own and certain else "", [value], clause)
    return Value(value.origins | own_result.all, type=_result_type(chosen, [types.UNKNOWN]), conduct=conduct)


def of_row(ctx: Context, name: str, source: Source, clause: Clause | None) -> Value:
    """`t.name` where `t` has no such column: the function `name` of the whole row."""
    value = source.whole_row()
    use(value.origins, clause)
    of_value(ctx, name, value, clause)
    return Value(value.origins, conduct=unknown(ctx, [value], clause, f"{name}()"))


def of_value(ctx: Context, name: str, value: Value, clause: Clause | None) -> None:
    """`(expression).name` where `name` may be a function of a composite value. Built-in ones take no composites of users."""
    use(value.origins, clause)
    for info in candidates(ctx, "", name, [types.UNKNOWN]):
        if not info.builtin:
            note(ctx, "", name, [info])


# --- operators and casts


def operator(ctx: Context, name: Sequence[pb.Node], left: int, right: int) -> bool:
    """Writes down the functions of users' operators that these operands can reach, and says whether there are any."""
    schema, symbol = qualified(list(name))
    if ctx.names.catalog.operators and schema != PG_CATALOG:
        return operator_named(ctx, symbol, left, right, schema)
    return False


def operator_named(ctx: Context, symbol: str, left: int, right: int, schema: str = "") -> bool:
    found = False
    for info in ctx.names.catalog.operators.get(symbol, ()):
        if schema and info.name.schema != schema:
            continue
        if not schema and not any(info.name.schema in path for path in ctx.names.paths):
            continue
        if _reaches(ctx, (left, right), (info.left, info.right)):
            conversions.note_users(ctx, [info.function])
            found = True
    return found


def _reaches(ctx: Context, given: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Two constants are text, or of a built-in operand's type: something must be able to be of the user's type."""
    if (given[0] == types.NONE) != (wanted[0] == 0) or (ctx.defining and types.UNKNOWN in given):
        return False
    pairs = [pair for pair in zip(given, wanted, strict=True) if pair[0] != types.NONE]
    if not all(types.may_be(ctx.names.catalog, operand, wish) for operand, wish in pairs):
        return False
    users = max(wanted) >= types.FIRST_USER_OID
    return not (users and all(operand == types.LITERAL for operand, _ in pairs))


def cast(ctx: Context, name: pb.TypeName, source: int, clause: Clause | None) -> int:
    """A conversion to a type: its oid, or UNKNOWN. Writes down users' functions on the way and lookups by name."""
    schema, word = qualified(list(name.names))
    info = ctx.names.type(schema, word)
    is_array = bool(name.array_bounds)
    if schema in ("", PG_CATALOG):
        registered(ctx, word, source, clause)
    if info is None:
        return types.UNKNOWN
    if not info.builtin or source >= types.FIRST_USER_OID:
        for made in ctx.names.catalog.casts:
            if made.function is not None and info.oid == made.target and source in (types.UNKNOWN, made.source):
                conversions.note_users(ctx, [made.function])
    conversions.to_type(ctx, info.oid)
    if is_array:
        return types.ANY_ARRAY if info.builtin else types.UNKNOWN
    return info.oid
