"""SELECT, VALUES, set operations and WITH: accesses by clause, and where each output comes from."""

# ruff: noqa: E501 -- a statement stands on one line

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "SELECT id, email AS e, name || card FROM customers WHERE country = 'DE' ORDER BY name, 2",
        accesses=[
            "select public.customers: order.email order.name output.card output.email output.id output.name where.country"
        ],
        outputs=[
            "id==public.customers.id",
            "e==public.customers.email",
            "?column?=public.customers.card+public.customers.name",
        ],
    ),
    Case(
        "TABLE customers",
        accesses=["select public.customers: output.card output.country output.email output.id output.name"],
        outputs=[
            "id==public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
        ],
    ),
    Case(
        "VALUES (1, 'a'), ((SELECT max(amount) FROM hr.salaries), 'b')",
        accesses=["select hr.salaries: output.amount stored.amount"],
        outputs=["column1=hr.salaries.amount", "column2="],
        functions=["public.max:user"],
    ),
    Case(
        "SELECT s.x FROM (SELECT email AS x, card AS y FROM customers WHERE id = 1) s WHERE s.x > 'a'",
        accesses=["select public.customers: output.email presence.card where.email where.id"],
        outputs=["x==public.customers.email"],
    ),
    Case(
        "WITH a AS (SELECT email FROM customers), b(m) AS (SELECT * FROM a) SELECT m FROM b",
        accesses=["select public.customers: output.email"],
        outputs=["m==public.customers.email"],
    ),
    Case(
        "WITH customers AS (SELECT 1 AS email) SELECT email FROM customers",
        outputs=["email="],
    ),
    Case(
        "WITH x AS (SELECT email FROM customers) SELECT 1",
        accesses=["select public.customers: presence.email"],
        outputs=["?column?="],
    ),
    Case(
        "WITH RECURSIVE t(id, up, labels) AS (SELECT id, parent, label FROM tree UNION ALL SELECT tree.id, tree.parent, t.labels || tree.label FROM tree JOIN t ON tree.parent = t.id) SELECT labels FROM t",
        accesses=["select public.tree: join.id join.parent output.label"],
        outputs=["labels=public.tree.label"],
    ),
    Case(
        "WITH RECURSIVE t(a, b, c) AS (SELECT name, email, card FROM customers UNION SELECT b, c, a FROM t) SELECT a FROM t",
        accesses=["select public.customers: distinct.card distinct.email distinct.name output.email output.name"],
        outputs=["a=public.customers.email+public.customers.name"],
    ),
    Case(
        "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT email FROM customers) SELECT * FROM a",
        accesses=["select public.customers: output.email"],
        outputs=["email==public.customers.email"],
    ),
    Case(
        "WITH RECURSIVE s(id, l) AS (SELECT id, label FROM tree UNION ALL SELECT tree.id, tree.label FROM tree, s) SEARCH DEPTH FIRST BY l SET o CYCLE l SET c USING p SELECT * FROM s",
        accesses=["select public.tree: order.label output.id output.label"],
        outputs=["id=public.tree.id", "l=public.tree.label", "o=public.tree.label", "c=", "p=public.tree.label"],
    ),
    Case(
        "WITH gone AS (DELETE FROM items WHERE quantity = 'a' RETURNING product) SELECT product FROM gone",
        accesses=["delete public.items", "select public.items: output.product returning.product where.quantity"],
        outputs=["product==public.items.product"],
    ),
    Case(
        "SELECT email FROM customers UNION SELECT secret FROM hr.customers ORDER BY 1",
        accesses=[
            "select hr.customers: distinct.secret order.secret output.secret",
            "select public.customers: distinct.email order.email output.email",
        ],
        outputs=["email==hr.customers.secret+public.customers.email"],
    ),
    Case(
        "SELECT email FROM customers UNION ALL SELECT secret FROM hr.customers",
        accesses=["select hr.customers: output.secret", "select public.customers: output.email"],
        outputs=["email==hr.customers.secret+public.customers.email"],
    ),
    Case(
        "(SELECT email FROM customers ORDER BY card LIMIT 1) UNION ALL (SELECT name FROM customers) LIMIT 3",
        accesses=["select public.customers: order.card output.email output.name"],
        outputs=["email==public.customers.email+public.customers.name"],
    ),
    Case(
        "SELECT country, count(*) FROM customers GROUP BY 1 HAVING max(card) > 'x'",
        accesses=["select public.customers: group.country having.card output.country stored.card"],
        outputs=["country==public.customers.country", "count="],
        functions=["pg_catalog.count:harmless", "public.max:user"],
    ),
    Case(
        "SELECT country AS k FROM customers GROUP BY k",
        accesses=["select public.customers: group.country output.country"],
        outputs=["k==public.customers.country"],
    ),
    Case(
        "SELECT name AS country FROM customers GROUP BY country",
        accesses=["select public.customers: group.country output.name"],
        outputs=["country==public.customers.name"],
    ),
    Case(
        "SELECT country FROM customers GROUP BY ROLLUP (country, name)",
        accesses=["select public.customers: group.country group.name output.country"],
        outputs=["country==public.customers.country"],
    ),
    Case(
        "SELECT name AS card FROM customers ORDER BY card",
        accesses=["select public.customers: order.name output.name"],
        outputs=["card==public.customers.name"],
    ),
    Case(
        "SELECT name AS card FROM customers ORDER BY upper(card)",
        accesses=["select public.customers: order.card output.name"],
        outputs=["card==public.customers.name"],
        functions=["pg_catalog.upper:harmless"],
    ),
    Case(
        "SELECT DISTINCT email FROM customers",
        accesses=["select public.customers: distinct.email output.email"],
        outputs=["email==public.customers.email"],
    ),
    Case(
        "SELECT DISTINCT ON (card) email FROM customers",
        accesses=["select public.customers: distinct.card output.email"],
        outputs=["email==public.customers.email"],
    ),
    Case(
        "SELECT id FROM customers FOR UPDATE",
        accesses=["lock public.customers", "select public.customers: output.id"],
        outputs=["id==public.customers.id"],
    ),
    Case(
        "SELECT c.id FROM customers c JOIN items i ON true FOR SHARE OF i",
        accesses=["lock public.items", "select public.customers: output.id", "select public.items"],
        outputs=["id==public.customers.id"],
    ),
    Case(
        "SELECT * FROM ONLY orders",
        accesses=["select public.orders: output.customer_id output.id output.ordered_at output.status output.total"],
        outputs=[
            "id==public.orders.id",
            "customer_id==public.orders.customer_id",
            "status==public.orders.status",
            "total==public.orders.total",
            "ordered_at==public.orders.ordered_at",
        ],
    ),
    Case(
        "SELECT status FROM orders",
        accesses=["child select public.orders_2024", "child select public.orders_2025", "select public.orders: output.status"],
        outputs=["status==public.orders.status+public.orders_2024.status+public.orders_2025.status"],
    ),
    Case(
        "SELECT status FROM orders_2024",
        accesses=["select public.orders_2024: output.status"],
        outputs=["status==public.orders.status+public.orders_2024.status"],
    ),
    Case(
        "SELECT email FROM customers LIMIT (SELECT max(quantity) FROM items)",
        accesses=["select public.customers: output.email", "select public.items: limit.quantity stored.quantity"],
        outputs=["email==public.customers.email"],
        functions=["public.max:user"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
