"""Expressions: what can be recovered from a value, and under which clause its columns are used."""

# ruff: noqa: E501 -- a statement stands on one line

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "SELECT customers FROM customers",
        accesses=["select public.customers: output.* output.card output.country output.email output.id output.name"],
        outputs=[
            "customers=public.customers.*+public.customers.card+public.customers.country+public.customers.email+public.customers.id+public.customers.name"
        ],
    ),
    Case(
        "SELECT c.*::text FROM customers c",
        accesses=["select public.customers: output.* output.card output.country output.email output.id output.name"],
        outputs=[
            "c=public.customers.*+public.customers.card+public.customers.country+public.customers.email+public.customers.id+public.customers.name"
        ],
    ),
    Case(
        "SELECT row_to_json(c) FROM customers c",
        accesses=["select public.customers: output.* output.card output.country output.email output.id output.name"],
        outputs=[
            "row_to_json=public.customers.*+public.customers.card+public.customers.country+public.customers.email+public.customers.id+public.customers.name"
        ],
        functions=["pg_catalog.row_to_json:harmless"],
    ),
    Case(
        "SELECT (c).email FROM customers c",
        accesses=["select public.customers: output.email"],
        outputs=["email==public.customers.email"],
    ),
    Case(
        "SELECT email(c) FROM customers c",
        accesses=["select public.customers: output.email"],
        outputs=["email==public.customers.email"],
    ),
    Case(
        "SELECT c.of_customer FROM customers c",
        accesses=["select public.customers: output.* output.card output.country output.email output.id output.name"],
        outputs=[
            "of_customer=public.customers.*+public.customers.card+public.customers.country+public.customers.email+public.customers.id+public.customers.name"
        ],
        functions=["public.of_customer:user"],
    ),
    Case(
        "SELECT of_customer(c) FROM customers c",
        accesses=["select public.customers: output.* output.card output.country output.email output.id output.name"],
        outputs=[
            "of_customer=public.customers.*+public.customers.card+public.customers.country+public.customers.email+public.customers.id+public.customers.name"
        ],
        functions=["public.of_customer:user"],
    ),
    Case(
        "SELECT count(*), count(card), max(card) FROM customers",
        accesses=["select public.customers: output.card presence.card stored.card"],
        outputs=["count=", "count=", "max=public.customers.card"],
        functions=["pg_catalog.count:harmless", "public.max:user"],
    ),
    Case(
        "SELECT count(DISTINCT card) FROM customers",
        accesses=["select public.customers: distinct.card"],
        outputs=["count="],
        functions=["pg_catalog.count:harmless"],
    ),
    Case(
        "SELECT card IS NULL FROM customers",
        accesses=["select public.customers: presence.card"],
        outputs=["?column?="],
    ),
    Case(
        "SELECT 1 FROM customers WHERE card IS NULL",
        accesses=["select public.customers: where.card"],
        outputs=["?column?="],
    ),
    Case(
        "SELECT (SELECT amount FROM hr.salaries WHERE employee_id = c.id) FROM customers c WHERE EXISTS (SELECT card FROM customers WHERE name = c.name)",
        accesses=[
            "select public.customers: presence.card where.id where.name",
            "select hr.salaries: output.amount where.employee_id",
        ],
        outputs=["amount=hr.salaries.amount"],
    ),
    Case(
        "SELECT name FROM customers WHERE id IN (SELECT employee_id FROM hr.salaries WHERE amount > 10)",
        accesses=["select hr.salaries: where.amount where.employee_id", "select public.customers: output.name where.id"],
        outputs=["name==public.customers.name"],
    ),
    Case(
        "SELECT name FROM customers WHERE (id, name) IN (SELECT employee_id, amount FROM hr.salaries) AND email = ANY (ARRAY(SELECT secret FROM hr.customers))",
        accesses=[
            "select hr.customers: where.secret",
            "select hr.salaries: where.amount where.employee_id",
            "select public.customers: output.name where.email where.id where.name",
        ],
        outputs=["name==public.customers.name"],
    ),
    Case(
        "SELECT rank() OVER (PARTITION BY country ORDER BY card) FROM customers",
        accesses=["select public.customers: window.card window.country"],
        outputs=["rank="],
        functions=["pg_catalog.rank:harmless"],
    ),
    Case(
        "SELECT sum(quantity) FILTER (WHERE product = 'x') OVER w FROM items WINDOW w AS (ORDER BY id)",
        accesses=["select public.items: output.quantity where.product window.id"],
        outputs=["sum=public.items.product+public.items.quantity"],
        functions=["pg_catalog.sum:harmless"],
    ),
    Case(
        "SELECT string_agg(DISTINCT email, ',' ORDER BY card) FROM customers",
        accesses=["select public.customers: distinct.email order.card output.email"],
        outputs=["string_agg=public.customers.card+public.customers.email"],
        functions=["pg_catalog.string_agg:harmless"],
    ),
    Case(
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM hr.salaries",
        accesses=["select hr.salaries: order.amount output.amount"],
        outputs=["percentile_cont=hr.salaries.amount"],
        functions=["pg_catalog.percentile_cont:harmless"],
    ),
    Case(
        "SELECT CASE WHEN card > 'x' THEN 1 ELSE 2 END, coalesce(email, name), greatest(id, 1), ARRAY[name], ROW(name, card), name COLLATE \"C\" FROM customers",
        accesses=["select public.customers: output.card output.email output.id output.name"],
        outputs=[
            "case=public.customers.card",
            "coalesce=public.customers.email+public.customers.name",
            "greatest=public.customers.id",
            "array=public.customers.name",
            "row=public.customers.card+public.customers.name",
            "name=public.customers.name",
        ],
    ),
    Case(
        "SELECT json_object('k': email), JSON_VALUE(card, '$.a'), xmlelement(name x, name) FROM customers",
        accesses=["select public.customers: output.card output.email output.name"],
        outputs=["json_object=public.customers.email", "json_value=public.customers.card", "xmlelement=public.customers.name"],
    ),
    Case(
        "SELECT public.customers.email, customers.ctid FROM public.customers",
        accesses=["select public.customers: output.ctid output.email"],
        outputs=["email==public.customers.email", "ctid==public.customers.ctid"],
    ),
    Case(
        "SELECT not_there FROM customers",
        accesses=["select public.customers: output.not_there"],
        outputs=["not_there=public.customers.not_there"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
