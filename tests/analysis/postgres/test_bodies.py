"""What users' functions do, by their definitions: what they read and show, and what nobody can tell."""

from dataclasses import replace

import pytest

from gateway.catalog import FunctionInfo, FunctionKind, QName, Volatility
from gateway.model.footprint import Clause, Footprint, ObjectKind
from gateway.model.statement import Namespace
from tests.analysis.postgres.schema import CATALOG, TEXT, analyse

NAME = QName("public", "f")


def call(body: str | None, language: str = "plpgsql", sql: str = "SELECT f()", *, extension: str | None = None) -> Footprint:
    definition = f"CREATE FUNCTION public.f() RETURNS text LANGUAGE {language} AS $b${body}$b$" if body is not None else None
    info = FunctionInfo(
        20_100, NAME, FunctionKind.FUNCTION, False, language, False, Volatility.VOLATILE,
        returns=TEXT, definition=definition, extension=extension,
    )  # fmt: skip
    made = replace(CATALOG, functions={**CATALOG.functions, NAME: (info,)})
    (found,) = analyse(sql, Namespace(search_path=("public",)), made)
    return found


def reads(found: Footprint) -> set[str]:
    return {f"{ref.object.name}.{ref.column}" for ref in found.programs[0].reads if ref.object.kind is ObjectKind.RELATION}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("BEGIN RETURN (SELECT email FROM customers LIMIT 1); END", {"customers.email"}),
        ("DECLARE v text; BEGIN SELECT card INTO v FROM customers; RETURN 'x'; END", {"customers.card"}),
        ("BEGIN IF (SELECT name FROM customers) > 'a' THEN RETURN 'b'; END IF; END", {"customers.name"}),
        ("BEGIN PERFORM email FROM customers; RETURN 'x'; END", {"customers.email"}),
        ("DECLARE r record; BEGIN FOR r IN SELECT country FROM customers LOOP NULL; END LOOP; END", {"customers.country"}),
        ("DECLARE i int := 0; BEGIN WHILE i < 3 LOOP i := i + 1; END LOOP; RETURN i; END", set()),
    ],
)
def test_what_plpgsql_works_with(body: str, expected: set[str]) -> None:
    found = call(body)
    assert found.programs[0].undecided is None
    assert reads(found) == expected


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("BEGIN EXECUTE 'SELECT 1'; END", "plpgsql"),
        ("BEGIN nonsense", "plpgsql"),
        ("SELECT FROM WHERE", "sql"),
        (None, "c"),
        (None, "plperl"),
    ],
)
def test_what_nobody_can_tell(body: str | None, language: str) -> None:
    assert call(body, language).programs[0].undecided is not None


def test_an_extensions_compiled_function_works_with_its_arguments() -> None:
    [program] = call(None, "c", extension="pgcrypto").programs
    assert program.undecided is None
    assert program.reads == frozenset()


def test_sql_shows_its_last_query_and_works_with_the_rest() -> None:
    found = call("SELECT email FROM customers WHERE card = 'x'", "sql")
    assert reads(found) == {"customers.card"}
    assert found.outputs is not None
    assert {(ref.object.name, ref.column) for ref in found.outputs[0].sources} == {("f", "*"), ("customers", "email")}
    assert found.accesses == (), "no permission is asked for what it shows"
    assert [access.object.name for access in found.shown] == ["customers"]


def test_settings_outlive_the_call() -> None:
    [program, *_] = call("BEGIN PERFORM set_config('a.b', (SELECT email FROM customers), false); END").programs
    assert Clause.STORED in program.clauses


def test_where_its_result_is_used() -> None:
    found = call("BEGIN RETURN (SELECT email FROM customers); END", sql="SELECT id FROM orders WHERE f() = 'a'")
    assert Clause.WHERE in found.programs[0].clauses
