"""FROM: joins, lateral items, functions, samples, table functions."""

# ruff: noqa: E501 -- a statement stands on one line

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "SELECT * FROM orders o JOIN customers c ON o.customer_id = c.id",
        accesses=[
            "child select public.orders_2024",
            "child select public.orders_2025",
            "select public.customers: join.id output.card output.country output.email output.id output.name",
            "select public.orders: join.customer_id output.customer_id output.id output.ordered_at output.status output.total",
        ],
        outputs=[
            "id==public.orders.id+public.orders_2024.id+public.orders_2025.id",
            "customer_id==public.orders.customer_id+public.orders_2024.customer_id+public.orders_2025.customer_id",
            "status==public.orders.status+public.orders_2024.status+public.orders_2025.status",
            "total==public.orders.total+public.orders_2024.total+public.orders_2025.total",
            "ordered_at==public.orders.ordered_at+public.orders_2024.ordered_at+public.orders_2025.ordered_at",
            "id==public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
        ],
    ),
    Case(
        "SELECT * FROM customers NATURAL JOIN hr.customers h",
        accesses=[
            "select hr.customers: join.id output.id output.secret",
            "select public.customers: join.id output.card output.country output.email output.id output.name",
        ],
        outputs=[
            "id==hr.customers.id+public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
            "secret==hr.customers.secret",
        ],
    ),
    Case(
        "SELECT id, name FROM customers JOIN hr.customers h USING (id)",
        accesses=["select hr.customers: join.id output.id", "select public.customers: join.id output.id output.name"],
        outputs=["id==hr.customers.id+public.customers.id", "name==public.customers.name"],
    ),
    Case(
        "SELECT j.id FROM (customers JOIN hr.customers h USING (id)) AS j",
        accesses=["select hr.customers: join.id output.id", "select public.customers: join.id output.id"],
        outputs=["id==hr.customers.id+public.customers.id"],
    ),
    Case(
        "SELECT j.b FROM customers AS j(a, b)",
        accesses=["select public.customers: output.name"],
        outputs=["b==public.customers.name"],
    ),
    Case(
        "SELECT u.id FROM customers JOIN hr.customers USING (id) AS u",
        accesses=["select hr.customers: join.id output.id", "select public.customers: join.id output.id"],
        outputs=["id==hr.customers.id+public.customers.id"],
    ),
    Case(
        "SELECT l.label FROM customers c, LATERAL (SELECT label FROM tree WHERE tree.id = c.id) l",
        accesses=["select public.customers: where.id", "select public.tree: output.label where.id"],
        outputs=["label==public.tree.label"],
    ),
    Case(
        "SELECT x.name FROM tree, (SELECT name FROM customers WHERE id = label) x",
        accesses=["select public.customers: output.name where.id where.label", "select public.tree"],
        outputs=["name==public.customers.name"],
    ),
    Case(
        "SELECT name FROM customers TABLESAMPLE bernoulli (10)",
        accesses=["select public.customers: output.name"],
        outputs=["name==public.customers.name"],
    ),
    Case(
        "SELECT * FROM generate_series(1, 3) AS g(n)",
        outputs=["n="],
        functions=["pg_catalog.generate_series:harmless"],
    ),
    Case(
        "SELECT * FROM all_customers()",
        outputs=[
            "id=public.customers.id",
            "name=public.customers.name",
            "email=public.customers.email",
            "card=public.customers.card",
            "country=public.customers.country",
        ],
        functions=["public.all_customers:user"],
    ),
    Case(
        "SELECT (all_customers()).email",
        outputs=["email="],
        functions=["public.all_customers:user"],
    ),
    Case(
        "SELECT * FROM customers c, LATERAL secret_of(c.id)",
        accesses=[
            "select public.customers: argument.id output.card output.country output.email output.id output.name stored.id"
        ],
        outputs=[
            "id==public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
            "secret_of=public.customers.id",
        ],
        functions=["public.secret_of:user"],
    ),
    Case(
        "SELECT * FROM ROWS FROM (generate_series(1,2), secret_of(1)) WITH ORDINALITY AS t(a, b, c)",
        outputs=["a=", "b=", "c="],
        functions=["pg_catalog.generate_series:harmless", "public.secret_of:user"],
    ),
    Case(
        "SELECT * FROM json_to_record('{}') AS t(a int, b email)",
        outputs=["a=", "b="],
        functions=["pg_catalog.json_to_record:harmless", "public.email_in:user"],
    ),
    Case(
        "SELECT xmltable.* FROM customers, XMLTABLE('/r' PASSING email COLUMNS a text PATH 'a')",
        accesses=["select public.customers: argument.email output.email"],
        outputs=["a=public.customers.email"],
    ),
    Case(
        "SELECT jt.* FROM customers, JSON_TABLE(email, '$' COLUMNS (a int PATH '$.a', NESTED PATH '$.x' COLUMNS (b text PATH '$.b'))) AS jt",
        accesses=["select public.customers: argument.email output.email"],
        outputs=["a=public.customers.email", "b=public.customers.email"],
    ),
    Case(
        "SELECT * FROM nowhere",
        accesses=["select public.nowhere: output.*"],
        outputs=None,
        unknown=["public.nowhere"],
    ),
    Case(
        "SELECT a, n.b FROM nowhere n JOIN customers c ON c.id = n.c",
        accesses=["select public.customers: join.id", "select public.nowhere: join.c output.a output.b"],
        outputs=["a=public.nowhere.a", "b==public.nowhere.b"],
        unknown=["public.nowhere"],
    ),
    Case(
        "SELECT * FROM pg_temp.mine",
        outputs=None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
