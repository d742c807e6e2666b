"""Programs that a statement makes: which columns they may take somewhere else."""

import pytest

from gateway.model.footprint import Clause, ObjectKind
from tests.analysis.postgres.schema import one

BODY = "CREATE FUNCTION made () RETURNS {} LANGUAGE plpgsql AS $$ BEGIN {} END $$"
KEEPS = {
    BODY.format("int", "INSERT INTO items (product) SELECT email FROM customers; RETURN 1;"): {"customers.email"},
    BODY.format("int", "UPDATE items SET product = (SELECT email FROM customers); RETURN 1;"): {"customers.email"},
    BODY.format("trigger", "NEW.product := (SELECT email FROM customers); RETURN NEW;"): {"customers.email"},
    BODY.format("text", "RETURN (SELECT email FROM customers);"): None,
    BODY.format("int", "INSERT INTO items (product) VALUES ('x'); RETURN 1;"): set(),
    BODY.format("trigger", "RETURN NEW;"): None,
}


@pytest.mark.parametrize("text", KEEPS)
def test_what_is_left_in_relations(text: str) -> None:
    footprint = one(text)
    assert footprint.opaque is None
    kept = [program for program in footprint.programs if Clause.STORED in program.clauses]
    expected = KEEPS[text]
    if expected is None:
        assert not kept
    else:
        (program,) = kept
        reads = {f"{read.object.name}.{read.column}" for read in program.reads if read.object.kind is ObjectKind.RELATION}
        assert reads == expected


def test_a_text_made_at_run_time_is_not_understood() -> None:
    (program,) = one(BODY.format("int", "EXECUTE 'SELECT 1'; RETURN 1;")).programs
    assert program.undecided == "it runs a text that is made at run time (EXECUTE)"
    assert Clause.STORED in program.clauses
