"""Functions and types that name relations, settings or SQL by text: what the text says becomes part of the footprint."""

from collections.abc import Callable, Sequence
from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import types
from gateway.analysis.postgres.context import Context, constant_text, qualified
from gateway.analysis.postgres.functions import names_in
from gateway.analysis.postgres.identifiers import split_name
from gateway.analysis.postgres.records import Record, use
from gateway.analysis.postgres.relations import named
from gateway.analysis.postgres.resolve import PG_CATALOG
from gateway.analysis.postgres.scopes import Value
from gateway.analysis.postgres.settings import needs_admin, secret, setting_effect
from gateway.catalog import FunctionInfo
from gateway.model.footprint import (
    INSTANCE,
    Action,
    Clause,
    FunctionClass,
    FunctionUse,
    ObjectKind,
    ObjectName,
    relation,
)

# Types whose values are objects of the catalog: converting a text looks the name up (PostgreSQL manual, 8.19).
_REGISTERED: Final = {
    "regclass": "pg_class", "regproc": "pg_proc", "regprocedure": "pg_proc", "regoper": "pg_operator",
    "regoperator": "pg_operator", "regtype": "pg_type", "regrole": "pg_roles", "regnamespace": "pg_namespace",
    "regconfig": "pg_ts_config", "regdictionary": "pg_ts_dict", "regcollation": "pg_collation",
}  # fmt: skip
_REGCLASS: Final = 2205


def registered(ctx: Context, type_name: str, source: int, clause: Clause | None) -> None:
    """A conversion from text to a reg* type reads the catalog that holds the names."""
    catalog = _REGISTERED.get(type_name)
    if catalog is not None and types.may_name(source):
        _asks(ctx, catalog, clause)


def asks_by_name(
    ctx: Context, name: str, arguments: Sequence[pb.Node], chosen: Sequence[FunctionInfo], clause: Clause | None
) -> None:
    """A built-in that takes an object's name as text, or a literal where it takes a regclass, reads that catalog."""
    catalog = names_in(name)
    if catalog is not None:
        _asks(ctx, catalog, clause)
    if name in SPECIAL:
        return
    for info in chosen:
        for argument, wanted in zip(arguments, info.arguments, strict=False):
            if wanted == _REGCLASS and argument.WhichOneof("node") in ("a_const", "param_ref"):
                _asks(ctx, "pg_class", clause)


def _asks(ctx: Context, catalog: str, clause: Clause | None) -> None:
    ctx.findings.literals_matter = True
    record = ctx.findings.record(relation(PG_CATALOG, catalog), Action.SELECT, ctx.origin)
    record.use(clause or Clause.ARGUMENT, {"pg_roles": "rolname", "pg_proc": "proname"}.get(catalog, "*"))


# --- sequences


def _sequence(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    """nextval and setval change the sequence, currval and its like read it."""
    ctx.findings.literals_matter = True
    action = Action.UPDATE if name in ("nextval", "setval") else Action.SELECT
    text = constant_text(arguments[0]) if arguments else None
    if text is not None and not text.isdigit():
        named(ctx, *split_name(text), action)
    elif (table := _serial(arguments)) is not None:
        _owned_sequence(ctx, *table, action)
    elif name in ("nextval", "setval", "currval"):
        ctx.not_understood(f"{name}: the sequence is not named by a constant")
    return Value()


def _serial(arguments: Sequence[pb.Node]) -> tuple[str, str] | None:
    """(table, column) of `pg_get_serial_sequence('table', 'column')`, also under a cast."""
    if not arguments:
        return None
    node = arguments[0]
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    if node.WhichOneof("node") != "func_call":
        return None
    schema, function = qualified(list(node.func_call.funcname))
    names = [constant_text(argument) for argument in node.func_call.args]
    if function != "pg_get_serial_sequence" or schema not in ("", PG_CATALOG) or len(names) != 2:
        return None
    return (names[0], names[1]) if names[0] is not None and names[1] is not None else None


def _owned_sequence(ctx: Context, table: str, column: str, action: Action) -> None:
    """The sequence that a column owns; the table itself where the catalog does not say which."""
    schema, name = split_name(table)
    meaning = ctx.names.relation(schema, name)
    for found in meaning.relations:
        owner = (found.info.name, column) if found.info is not None else None
        sequences = [info for info in ctx.names.catalog.relations.values() if owner and info.owned_by == owner]
        for sequence in sequences:
            ctx.findings.record(relation(*sequence.name), action, ctx.origin)
        if not sequences:
            ctx.findings.record(found.name, action, ctx.origin)
            if found.info is None:
                ctx.findings.unknown.add(found.name)


# --- SQL and relations in text


def _query_text(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    """The first argument (ts_rewrite: the second) is a query that the function runs."""
    position = 1 if name == "ts_rewrite" else 0
    ctx.findings.literals_matter = True
    text = constant_text(arguments[position]) if len(arguments) > position else None
    if text is None:
        ctx.not_understood(f"{name}: the query is not a constant")
        return Value()
    rows = ctx.text(ctx, text, clause)
    if rows is None:
        ctx.not_understood(f"{name}: the query in its argument is not understood")
        return Value()
    origins = frozenset(origin for column in rows.columns for origin in column.origins) | (rows.rest or frozenset())
    return Value(origins)


def _rewrite(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    """ts_rewrite(query, text) runs the text; ts_rewrite(query, target, substitute) computes."""
    if len(arguments) != 2:
        return Value()
    ctx.findings.functions[FunctionUse(ObjectName(ObjectKind.FUNCTION, PG_CATALOG, name), FunctionClass.READS)] = None
    return _query_text(ctx, name, arguments, clause)


def _relation_text(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    """table_to_xml and its like read the whole relation named by their first argument."""
    ctx.findings.literals_matter = True
    text = constant_text(arguments[0]) if arguments else None
    if text is None or text.isdigit():
        ctx.not_understood(f"{name}: the relation is not named by a constant")
        return Value()
    records = named(ctx, *split_name(text), Action.SELECT)
    origins = frozenset((record, "*") for record in records)
    use(origins, clause)
    return Value(origins)


def _cursor_text(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    """cursor_to_xml reads on from an open cursor."""
    ctx.findings.literals_matter = True
    cursor = constant_text(arguments[0]) if arguments else None
    query = ctx.cursors.get(cursor) if cursor is not None else None
    rows = ctx.text(ctx, query, clause) if query is not None else None
    if rows is None:
        ctx.not_understood(f"{name}: the cursor is not known")
        return Value()
    return Value(frozenset(origin for column in rows.columns for origin in column.origins))


def _whole_schema(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    ctx.findings.literals_matter = True
    ctx.not_understood(f"{name} reads whole schemas")
    return Value()


def _large_object(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    action = Action.UPDATE if name in _LARGE_OBJECT_WRITES else Action.SELECT
    record: Record = ctx.findings.record(relation(PG_CATALOG, "pg_largeobject"), action, ctx.origin)
    if action is Action.SELECT:
        use([(record, "data")], clause)
        return Value(frozenset({(record, "data")}))
    return Value()


# --- settings


def _set_config(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    ctx.findings.literals_matter = True
    values = [constant_text(argument) for argument in arguments]
    if len(values) != 3 or values[0] is None or values[2] is None:
        ctx.not_understood("set_config: the setting is not named by a constant")
        return Value()
    setting_effect(ctx, values[0], values[1], local=values[2].lower() in ("true", "t", "on", "yes", "y", "1"))
    if needs_admin(values[0]):
        ctx.findings.functions[FunctionUse(ObjectName(ObjectKind.FUNCTION, PG_CATALOG, name), FunctionClass.ADMIN)] = None
    return Value()


def _current_setting(ctx: Context, name: str, arguments: Sequence[pb.Node], clause: Clause | None) -> Value:
    """Most settings are harmless to read; some are for superusers alone, and the gateway's account may be one."""
    ctx.findings.literals_matter = True
    setting = constant_text(arguments[0]) if arguments else None
    if setting is None or secret(setting):
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    return Value()


Special = Callable[[Context, str, Sequence[pb.Node], Clause | None], Value]
_LARGE_OBJECT_WRITES: Final = frozenset(
    {"lo_creat", "lo_create", "lo_from_bytea", "lo_put", "lo_truncate", "lo_truncate64", "lo_unlink", "lowrite", "lo_import"}
)
SPECIAL: Final[dict[str, Special]] = {
    **dict.fromkeys(("nextval", "setval", "currval", "pg_sequence_last_value", "pg_get_sequence_data"), _sequence),
    **dict.fromkeys(("query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat"), _query_text),
    **dict.fromkeys(("table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema"), _relation_text),
    **dict.fromkeys(("cursor_to_xml", "cursor_to_xmlschema"), _cursor_text),
    **dict.fromkeys(("schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema"), _whole_schema),
    **dict.fromkeys(("database_to_xml", "database_to_xmlschema", "database_to_xml_and_xmlschema"), _whole_schema),
    **dict.fromkeys((*_LARGE_OBJECT_WRITES, "lo_get", "lo_open", "loread", "lo_export"), _large_object),
    "ts_rewrite": _rewrite,
    "set_config": _set_config,
    "current_setting": _current_setting,
}
