"""Programs that a statement of MySQL makes: which columns they may take somewhere else."""

import pytest

from gateway.model.footprint import Clause
from tests.analysis.mysql.support import footprint, uses
from tests.analysis.postgres.schema import moves

KEEPS = {
    "CREATE PROCEDURE made () INSERT INTO orders (placed) SELECT email FROM customers": {"customers.email"},
    "CREATE EVENT made ON SCHEDULE EVERY 1 DAY DO INSERT INTO orders (placed) SELECT email FROM customers": {"customers.email"},
    "CREATE TRIGGER made BEFORE INSERT ON orders FOR EACH ROW SET NEW.placed = (SELECT email FROM customers LIMIT 1)": {
        "customers.email"
    },
    "CREATE PROCEDURE made () SELECT email FROM customers": None,
    "CREATE PROCEDURE made (n INT) BEGIN DECLARE v INT; SET v = n; DELETE FROM orders WHERE placed = 1; END": {"orders.placed"},
}


@pytest.mark.parametrize("text", KEEPS)
def test_what_is_left_in_relations(text: str) -> None:
    found = footprint(text)
    assert found.opaque is None
    kept = [program for program in found.programs if Clause.STORED in program.clauses]
    expected = KEEPS[text]
    if expected is None:
        assert not kept
    else:
        (program,) = kept
        assert {f"{read.object.name}.{read.column}" for read in program.reads} == expected


def test_a_trigger_moves_and_judges_columns_of_its_row() -> None:
    found = footprint("CREATE TRIGGER made BEFORE UPDATE ON customers FOR EACH ROW SET NEW.name = NEW.email")
    assert moves(found) == {"shop.customers.email -> shop.customers.name"}
    found = footprint("CREATE TRIGGER made BEFORE UPDATE ON customers FOR EACH ROW SET NEW.email = LOWER(NEW.email)")
    assert moves(found) == set()
    assert uses(found, "shop.customers", Clause.CONSTRAINT) == {"email"}
    found = footprint(
        "CREATE TRIGGER made AFTER UPDATE ON customers FOR EACH ROW INSERT INTO orders (placed) VALUES (OLD.email)"
    )
    assert uses(found, "shop.customers", Clause.STORED) == {"email"}


def test_dynamic_text_is_not_understood() -> None:
    (program,) = footprint("CREATE PROCEDURE made (t TEXT) EXECUTE IMMEDIATE t").programs
    assert program.undecided is not None
    assert Clause.STORED in program.clauses
