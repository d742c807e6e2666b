"""What stored programs do, by their text: what they read and show, what outlives them, what nobody can tell."""

from dataclasses import replace

import pytest

from gateway.analysis.mysql.programs import assigned
from gateway.catalog import FunctionInfo, FunctionKind, QName, Volatility
from gateway.model.footprint import Clause, Footprint, ObjectKind
from tests.analysis.mysql.support import catalog, footprint

NAME = QName("shop", "p")


def call(body: str | None, *parameters: tuple[str, str], sql: str = "CALL p()") -> Footprint:
    kind = FunctionKind.PROCEDURE if sql.startswith("CALL") else FunctionKind.FUNCTION
    info = FunctionInfo(9, NAME, kind, False, "SQL", True, Volatility.VOLATILE, body=body, parameters=parameters)
    made = catalog()
    made = replace(made, functions={**made.functions, NAME: (info,)})
    return footprint(sql, snapshot=made)


def reads(found: Footprint) -> set[str]:
    return {f"{ref.object.name}.{ref.column}" for ref in found.programs[0].reads if ref.object.kind is ObjectKind.RELATION}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("SELECT id, email FROM customers", set()),
        ("SELECT id FROM customers WHERE email = 'x'", {"customers.email"}),
        ("BEGIN DECLARE v TEXT; SELECT email INTO v FROM customers; SELECT v; END", {"customers.email"}),
        ("BEGIN DECLARE c CURSOR FOR SELECT phone FROM customers; OPEN c; CLOSE c; END", {"customers.phone"}),
        ("BEGIN IF (SELECT COUNT(*) FROM customers WHERE phone = 1) THEN SELECT 1; END IF; END", {"customers.phone"}),
        ("BEGIN FOR r IN (SELECT name FROM customers) DO SELECT r.name; END FOR; END", {"customers.name"}),
        ("x: LOOP LEAVE x; END LOOP x", set()),
        ("REPEAT SET @a = 1; UNTIL (SELECT id FROM customers) END REPEAT", {"customers.id"}),
        ("CASE (SELECT name FROM customers) WHEN 'a' THEN SELECT 1; ELSE SELECT 2; END CASE", {"customers.name"}),
        ("EXECUTE IMMEDIATE 'SELECT 1 FROM customers WHERE name = 1'", {"customers.name"}),
    ],
)
def test_what_it_works_with(body: str, expected: set[str]) -> None:
    found = call(body)
    assert found.programs[0].undecided is None
    assert reads(found) == expected


@pytest.mark.parametrize(
    "body",
    [
        None,
        "BEGIN PREPARE s FROM @t; EXECUTE s; END",
        "BEGIN NOT_A_STATEMENT; END",
        "BEGIN SELECT 1;",
        "SELECT 'open",
    ],
)
def test_what_nobody_can_tell_may_keep_anything(body: str | None) -> None:
    [program] = call(body).programs
    assert program.undecided is not None
    assert Clause.STORED in program.clauses


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("SET @v = 1", True),
        ("SELECT name INTO @v FROM customers", True),
        ("SELECT @v := 1", True),
        ("CREATE TEMPORARY TABLE t (a INT)", True),
        ("SET SESSION sort_buffer_size = 1", True),
        ("DO GET_LOCK('a', 1)", True),
        ("BEGIN DECLARE v INT; SET v = 1; SET n = 2; SELECT @seen; END", False),
        ("SELECT LAST_INSERT_ID()", False),
    ],
)
def test_what_outlives_the_call(body: str, expected: bool) -> None:
    [program] = call(body, ("IN", "n")).programs
    assert program.undecided is None
    assert (Clause.STORED in program.clauses) is expected


def test_results_are_known_one_by_one() -> None:
    found = call("BEGIN SELECT id, UPPER(email) AS u FROM customers; SELECT 1 INTO @x; SELECT 'a' AS said; END")
    assert found.results is not None
    assert [[output.name for output in result] for result in found.results] == [["id", "u"], ["said"]]
    assert call("BEGIN SHOW TABLES; END").results is None


def test_an_output_parameter_carries_and_a_function_is_a_source() -> None:
    assert Clause.STORED in call("SET m = 1", ("OUT", "m"), sql="CALL p(@m)").programs[0].clauses
    found = call("RETURN (SELECT email FROM customers)", sql="SELECT p() FROM customers WHERE p() = 1")
    assert reads(found) == {"customers.email"}
    assert Clause.WHERE in found.programs[0].clauses
    assert found.outputs is not None
    assert {source.object.name for source in found.outputs[0].sources} == {"p"}


def test_what_a_trigger_sets_in_its_row() -> None:
    text = "BEGIN SET NEW.a = NEW.b, NEW.`c` = 1; SELECT x INTO NEW.d FROM t WHERE NEW.e > 1; END"
    assert sorted(assigned(text) or ()) == ["a", "c", "d"]
    assert assigned(None) is None


def test_statements_that_run_no_program_have_none() -> None:
    found = call(None, sql="SELECT email FROM customers")
    assert found.programs == ()
    assert found.results is None
