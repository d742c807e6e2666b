"""Values that go elsewhere than to a row, and what plans and handlers show of them."""

import pytest

from gateway.model.footprint import Clause
from tests.analysis.mysql.support import Case, check, footprint, footprints, uses
from tests.analysis.postgres.schema import outputs

CASES = [
    Case(
        "SET @a = (SELECT phone FROM customers LIMIT 1), @b = 1",
        accesses=["select shop.customers: stored.phone"],
        outputs=[],
    ),
    Case(
        "DO (SELECT @x := phone FROM customers)",
        accesses=["select shop.customers: argument.phone stored.phone"],
        outputs=[],
    ),
    Case(
        "CALL close_day((SELECT phone FROM customers LIMIT 1))",
        accesses=["select shop.customers: stored.phone"],
        outputs=None,
    ),
    Case(
        "EXECUTE IMMEDIATE 'SELECT ?' USING (SELECT phone FROM customers LIMIT 1)",
        accesses=["select shop.customers: stored.phone"],
        outputs=["?="],
    ),
    Case(
        "INSERT INTO orders (total) SELECT phone FROM customers ON DUPLICATE KEY UPDATE placed = email",
        accesses=[
            "insert shop.orders: target.total",
            "select shop.customers: stored.email stored.phone",
            "update shop.orders: target.placed",
        ],
        outputs=[],
    ),
    Case(
        "INSERT INTO orders VALUES (1, 2, 3, 4) ON DUPLICATE KEY UPDATE total = VALUES(total) + total",
        accesses=[
            "insert shop.orders: target.customer_id target.id target.placed target.total",
            "select shop.orders: stored.total",
            "update shop.orders: target.total",
        ],
        outputs=[],
    ),
    Case(
        "INSERT INTO orders (id, total) VALUES (1, (SELECT phone FROM customers LIMIT 1)) RETURNING total, UPPER(placed)",
        accesses=[
            "insert shop.orders: target.id target.total",
            "select shop.customers: stored.phone",
            "select shop.orders: returning.placed returning.total",
        ],
        outputs=["total==shop.orders.total", "UPPER(placed)=shop.orders.placed"],
    ),
    Case(
        "UPDATE customers SET name = phone WHERE id = 1 ORDER BY email LIMIT 1",
        accesses=["select shop.customers: order.email stored.phone where.id", "update shop.customers: target.name"],
        outputs=[],
    ),
    Case(
        "UPDATE customers c JOIN hr.salaries s ON s.id = c.id SET c.name = s.person",
        accesses=[
            "select hr.salaries: join.id stored.person",
            "select shop.customers: join.id",
            "update shop.customers: target.name",
        ],
        outputs=[],
    ),
    Case(
        "DELETE FROM customers WHERE phone = 'x' ORDER BY email RETURNING name",
        accesses=["delete shop.customers", "select shop.customers: order.email returning.name where.phone"],
        outputs=["name==shop.customers.name"],
    ),
    Case(
        "DELETE c FROM customers c JOIN orders o USING (id)",
        accesses=["delete shop.customers", "select shop.customers: join.id", "select shop.orders: join.id"],
        outputs=[],
    ),
    Case(
        "CREATE TABLE copy AS SELECT phone FROM customers",
        accesses=["ddl shop.copy", "select shop.customers: stored.phone"],
        outputs=[],
    ),
    Case(
        "CREATE TEMPORARY TABLE copy SELECT phone FROM customers",
        accesses=["select shop.customers: stored.phone", "temp database"],
        outputs=[],
    ),
    Case(
        "CREATE VIEW v AS SELECT phone FROM customers",
        accesses=["ddl shop.v", "select shop.customers: stored.phone"],
        outputs=[],
    ),
    Case(
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE orders (id) SET total = (SELECT phone FROM customers LIMIT 1)",
        accesses=["insert shop.orders: target.id target.total", "select shop.customers: stored.phone"],
        outputs=[],
    ),
    Case(
        "EXPLAIN SELECT phone FROM customers WHERE email = 'x'",
        accesses=["explain shop.customers: output.phone where.email"],
        outputs=[
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
            "EXPLAIN=shop.customers.email",
        ],
    ),
    Case(
        "EXPLAIN FORMAT=JSON SELECT phone, COUNT(name) FROM customers",
        accesses=["explain shop.customers: output.phone presence.name"],
        outputs=["EXPLAIN="],
    ),
    Case(
        "ANALYZE FORMAT=JSON SELECT id FROM customers ORDER BY phone",
        accesses=["explain shop.customers: order.phone output.id", "select shop.customers: order.phone output.id"],
        outputs=["EXPLAIN=shop.customers.phone"],
    ),
    Case(
        "EXPLAIN EXTENDED UPDATE customers SET name = 'x' WHERE phone = 'y'",
        accesses=["explain shop.customers: target.name where.phone"],
        outputs=[
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
            "EXPLAIN=shop.customers.phone",
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lineage(case: Case) -> None:
    check(case)


def test_a_handler_that_follows_an_index_tells_of_its_columns() -> None:
    plain = footprints("HANDLER customers OPEN; HANDLER customers READ NEXT")[1]
    assert uses(plain, "shop.customers", Clause.ORDER) == set()
    ordered = footprints("HANDLER customers OPEN; HANDLER customers READ by_phone NEXT")[1]
    assert uses(ordered, "shop.customers", Clause.ORDER) == {"*"}
    found = footprints("HANDLER customers OPEN; HANDLER customers READ by_phone >= ('a') LIMIT 3")[1]
    assert uses(found, "shop.customers", Clause.WHERE) == {"*"}
    assert outputs(found) == [f"{name}==shop.customers.{name}" for name in ("id", "name", "email", "phone")]


def test_a_plan_s_width_is_the_server_s() -> None:
    assert len(footprint("EXPLAIN SELECT 1 FROM orders").outputs or ()) == 10
    assert len(footprint("EXPLAIN EXTENDED SELECT 1 FROM orders").outputs or ()) == 11
    assert len(footprint("EXPLAIN EXTENDED ALL SELECT 1 FROM orders").outputs or ()) == 11
    assert len(footprint("ANALYZE SELECT 1 FROM orders").outputs or ()) == 13
    assert len(footprint("EXPLAIN FORMAT=JSON SELECT 1 FROM orders").outputs or ()) == 1
