"""Nothing in a tree is left out: every statement has a handler, every relation and call anywhere is in the footprint."""

# ruff: noqa: E501 -- a statement stands on one line

from collections.abc import Iterator
from typing import Final

import pytest
from google.protobuf.message import Message
from postgast import PgQueryError, parse
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres import admin, ddl, session, utility
from gateway.model.footprint import Access, Footprint, ObjectKind
from tests.analysis.postgres.schema import analyse, one
from tests.corpora.postgres_corpus import corpus

# Statement nodes that stand inside others, or that only the server itself makes.
_NO_STATEMENTS: Final = {
    "plassign_stmt",  # PL/pgSQL's own
    "return_stmt",  # inside CREATE FUNCTION
    "set_operation_stmt",  # made by the server's analysis
    "replica_identity_stmt",  # inside ALTER TABLE
    "select_stmt",
    "insert_stmt",
    "update_stmt",
    "delete_stmt",
    "merge_stmt",
    "raw_stmt",
}
# Functions that the grammar itself writes into the tree for special syntax; all of them are the server's own.
_HIDDEN_FUNCTIONS: Final = frozenset({"pg_catalog"})


def test_every_statement_of_the_grammar_has_a_handler() -> None:
    nodes = {field.name for field in pb.Node.DESCRIPTOR.fields if field.name.endswith("_stmt")}
    handled = utility.HANDLERS.keys() | session.HANDLERS.keys() | ddl.HANDLERS.keys() | admin.HANDLERS.keys()
    assert nodes - handled == _NO_STATEMENTS
    assert handled <= nodes


def test_no_handler_is_listed_twice() -> None:
    rooms = (utility.HANDLERS, session.HANDLERS, ddl.HANDLERS, admin.HANDLERS)
    assert sum(map(len, rooms)) == len(set().union(*rooms))


def _messages(message: Message) -> Iterator[Message]:
    """Every message in the tree, blindly."""
    yield message
    for field, content in message.ListFields():
        if field.message_type is None:
            continue
        for child in [content] if isinstance(content, Message) else content:
            yield from _messages(child)


def _named(footprints: tuple[Footprint, ...]) -> set[str]:
    found: set[str] = set()
    waiting: list[Access] = [access for footprint in footprints for access in footprint.accesses]
    while waiting:
        access = waiting.pop()
        if access.object.kind in (ObjectKind.RELATION, ObjectKind.TYPE):
            found.add(access.object.name)
        waiting += access.beneath
    return found


def _missing(text: str) -> set[str]:
    """Relations and functions that stand in the tree and not in the footprints."""
    tree = parse(text)
    footprints = analyse(text)
    if any(footprint.opaque is not None for footprint in footprints):
        return set()
    messages = list(_messages(tree))
    ctes = {message.ctename for message in messages if isinstance(message, pb.CommonTableExpr)}
    own = {effect.name for footprint in footprints for effect in footprint.effects}
    relations = {
        message.relname for message in messages if isinstance(message, pb.RangeVar) and message.schemaname != "pg_temp"
    }
    locked = {
        var.range_var.relname for message in messages if isinstance(message, pb.LockingClause) for var in message.locked_rels
    }
    called = {message.funcname[-1].string.sval for message in messages if isinstance(message, pb.FuncCall)}
    reported = {used.name.name for footprint in footprints for used in footprint.functions}
    indexes = {message.idxname for message in messages if isinstance(message, pb.IndexStmt)}
    return (relations - ctes - own - locked - indexes - _named(footprints)) | (called - reported - _columns(footprints))


def _columns(footprints: tuple[Footprint, ...]) -> set[str]:
    """`name(t)` is the column `t.name`."""
    return {use.column for footprint in footprints for access in footprint.accesses for use in access.columns}


@pytest.mark.parametrize("statement", corpus(), ids=str)
def test_every_relation_and_call_of_the_corpus_is_reported(statement: object) -> None:
    text = str(getattr(statement, "text", ""))
    try:
        parse(text)
    except PgQueryError:
        assert one(text).kind == "SYNTAX ERROR"
        return
    assert _missing(text) == set()


_HOLES: Final = [
    "SELECT {}",
    "SELECT 1 WHERE {} IS NOT NULL",
    "SELECT 1 FROM customers ORDER BY {}",
    "SELECT 1 FROM customers GROUP BY {}",
    "SELECT count(*) FROM customers HAVING {} > 1",
    "SELECT 1 LIMIT {}",
    "SELECT 1 OFFSET {}",
    "SELECT DISTINCT ON ({}) 1",
    "SELECT sum(1) OVER (PARTITION BY {} ORDER BY {} ROWS BETWEEN {} PRECEDING AND CURRENT ROW)",
    "SELECT sum(1) OVER w FROM customers WINDOW w AS (ORDER BY {})",
    "SELECT count(*) FILTER (WHERE {} > 1), array_agg(1 ORDER BY {}), percentile_cont(0.5) WITHIN GROUP (ORDER BY {})",
    "SELECT CASE {} WHEN {} THEN {} ELSE {} END",
    'SELECT ARRAY[{}], (ARRAY[1])[{}], ROW({}, 1), ({})::text, {} COLLATE "C", {} IS TRUE, {} IN (1, {})',
    "SELECT GREATEST({}, 1), COALESCE({}, 1), NULLIF({}, 1), {} BETWEEN {} AND {}, {} LIKE {} ESCAPE {}",
    "SELECT xmlelement(name a, xmlattributes({} AS b), {}), xmlforest({} AS c), xmlparse(CONTENT {}), xmlserialize(CONTENT {} AS text)",
    "SELECT json_object('a': {}), json_array({}, 1), json_arrayagg({}), json_objectagg('a': {}), JSON_VALUE({}, '$.a' PASSING {} AS x)",
    "SELECT JSON_QUERY({}, '$' DEFAULT {} ON EMPTY), JSON({}), JSON_SCALAR({}), JSON_SERIALIZE({}), {} IS JSON",
    "SELECT * FROM JSON_TABLE({}, '$' PASSING {} AS a COLUMNS (b int PATH '$' DEFAULT {} ON ERROR)) t",
    "SELECT * FROM XMLTABLE('/a' PASSING {} COLUMNS b int PATH 'c' DEFAULT {}) t",
    "SELECT * FROM generate_series(1, {}) g, LATERAL (SELECT {}) l, ROWS FROM (abs({}), abs({})) r",
    "SELECT * FROM customers TABLESAMPLE bernoulli ({}) REPEATABLE ({})",
    "SELECT * FROM customers a JOIN customers b ON {} = 1",
    "SELECT 1 UNION SELECT {} ORDER BY 1 LIMIT {}",
    "VALUES (1), ({})",
    "INSERT INTO items (id) VALUES ({}) ON CONFLICT (id) WHERE {} > 1 DO UPDATE SET id = {} WHERE {} > 1 RETURNING {}",
    "INSERT INTO items (id) SELECT {}",
    "UPDATE items SET id = {}, (product, quantity) = (SELECT {}, {}) FROM (SELECT {}) x WHERE {} = 1 RETURNING {}",
    "DELETE FROM items USING (SELECT {}) x WHERE {} = 1 RETURNING {}",
    "MERGE INTO items USING (SELECT {} AS id) x ON {} = 1 WHEN MATCHED AND {} = 1 THEN UPDATE SET id = {} "
    "WHEN NOT MATCHED AND {} = 1 THEN INSERT (id) VALUES ({}) RETURNING {}",
    "WITH a AS (SELECT {}) SELECT 1",
    "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT {} FROM a) SELECT 1",
    "WITH a AS (DELETE FROM items WHERE {} = 1 RETURNING 1) SELECT 1",
    "EXPLAIN SELECT {}",
    "PREPARE p AS SELECT {}",
    "DECLARE c CURSOR FOR SELECT {}",
    "COPY (SELECT {}) TO STDOUT",
    "CREATE TABLE z AS SELECT {}",
    "CREATE VIEW z AS SELECT {}",
    "CREATE MATERIALIZED VIEW z AS SELECT {}",
    "CREATE POLICY p ON items USING ({} = 1) WITH CHECK ({} = 1)",
    "CREATE RULE r AS ON INSERT TO items WHERE {} = 1 DO ALSO DELETE FROM customers WHERE {} = 1",
    "CREATE FUNCTION f() RETURNS int RETURN {}",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT {}; END",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT {}'",
]


@pytest.mark.parametrize("shape", _HOLES)
@pytest.mark.parametrize("part", ["(SELECT amount FROM hr.salaries)", "secret_of(1)", "(SELECT secret_of(1) FROM hr.salaries)"])
def test_wherever_a_query_or_call_may_stand_it_is_found(shape: str, part: str) -> None:
    for place in range(shape.count("{}")):
        parts = ["1"] * shape.count("{}")
        parts[place] = part
        text = shape.replace("{}", "\0").replace("\0", "{}").format(*parts)
        footprint = one(text)
        assert footprint.opaque is None, (text, footprint.opaque)
        if "salaries" in part:
            assert "salaries" in _named((footprint,)), text
        if "secret_of" in part:
            assert "secret_of" in {used.name.name for used in footprint.functions}, text
