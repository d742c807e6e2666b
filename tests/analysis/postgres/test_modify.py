"""INSERT, UPDATE, DELETE, MERGE: targets, what is stored, what is read, what RETURNING gives."""

# ruff: noqa: E501 -- a statement stands on one line

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "INSERT INTO items (order_id, product) SELECT id, name FROM customers",
        kind="INSERT",
        accesses=["insert public.items: target.order_id target.product", "select public.customers: stored.id stored.name"],
        category="write",
    ),
    Case(
        "INSERT INTO customers DEFAULT VALUES",
        kind="INSERT",
        accesses=["insert public.customers"],
        category="write",
    ),
    Case(
        "INSERT INTO nowhere (a) SELECT * FROM customers",
        kind="INSERT",
        accesses=[
            "insert public.nowhere: target.a",
            "select public.customers: stored.card stored.country stored.email stored.id stored.name",
        ],
        unknown=["public.nowhere"],
        category="write",
    ),
    Case(
        "INSERT INTO nowhere SELECT email FROM customers",
        kind="INSERT",
        accesses=["insert public.nowhere: target.*", "select public.customers: stored.email"],
        unknown=["public.nowhere"],
        category="write",
    ),
    Case(
        "INSERT INTO customers VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = customers.email || 'x' WHERE customers.card IS NULL RETURNING id, old.name, new.email",
        kind="INSERT",
        accesses=[
            "insert public.customers: target.id target.name",
            "select public.customers: conflict.id returning.email returning.id returning.name stored.email where.card",
            "update public.customers: target.email target.name",
        ],
        outputs=["id==public.customers.id", "name==public.customers.name", "email==public.customers.email"],
        category="write",
    ),
    Case(
        "INSERT INTO customers AS c (id) VALUES (1) ON CONFLICT ON CONSTRAINT x DO NOTHING RETURNING *",
        kind="INSERT",
        accesses=[
            "insert public.customers: target.id",
            "select public.customers: returning.card returning.country returning.email returning.id returning.name",
        ],
        outputs=[
            "id==public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
        ],
        category="write",
    ),
    Case(
        "WITH x AS MATERIALIZED (SELECT 1) INSERT INTO items (id) SELECT * FROM x RETURNING (SELECT max(amount) FROM hr.salaries)",
        kind="INSERT",
        accesses=["insert public.items: target.id", "select hr.salaries: returning.amount stored.amount"],
        outputs=["max=hr.salaries.amount"],
        functions=["public.max:user"],
        category="write",
    ),
    Case(
        "UPDATE customers SET name = 'x'",
        kind="UPDATE",
        accesses=["update public.customers: target.name"],
        category="write",
    ),
    Case(
        "UPDATE customers SET name = upper(name), (email, card) = (SELECT product, 'x' FROM items WHERE items.id = customers.id) FROM tree o WHERE o.id = customers.id RETURNING customers.id, o.label",
        kind="UPDATE",
        accesses=[
            "select public.customers: returning.id stored.name where.id",
            "select public.items: stored.product where.id",
            "select public.tree: returning.label where.id",
            "update public.customers: target.card target.email target.name",
        ],
        outputs=["id==public.customers.id", "label==public.tree.label"],
        functions=["pg_catalog.upper:harmless"],
        category="write",
    ),
    Case(
        "UPDATE customers SET name = 'x' WHERE id = 1 RETURNING WITH (OLD AS o) o.name, new.name",
        kind="UPDATE",
        accesses=["select public.customers: returning.name where.id", "update public.customers: target.name"],
        outputs=["name==public.customers.name", "name==public.customers.name"],
        category="write",
    ),
    Case(
        "UPDATE contacts SET contact = 'x' WHERE id = 2",
        kind="UPDATE",
        accesses=[
            "select public.contacts: where.id",
            "update public.contacts: target.contact",
            "view_body select public.customers",
            "view_body select public.customers: where.id",
            "view_body update public.customers: target.email",
        ],
        category="write",
    ),
    Case(
        "INSERT INTO contacts VALUES (1, 'x')",
        kind="INSERT",
        accesses=[
            "insert public.contacts: target.contact target.id",
            "view_body insert public.customers: target.email target.id",
            "view_body select public.customers",
        ],
        category="write",
    ),
    Case(
        "DELETE FROM contacts WHERE contact = 'x'",
        kind="DELETE",
        accesses=[
            "delete public.contacts",
            "select public.contacts: where.contact",
            "view_body delete public.customers",
            "view_body select public.customers",
            "view_body select public.customers: where.email",
        ],
        category="write",
    ),
    Case(
        "DELETE FROM items",
        kind="DELETE",
        accesses=["delete public.items"],
        category="write",
    ),
    Case(
        "DELETE FROM items USING customers WHERE items.order_id = customers.id AND customers.card = 'x'",
        kind="DELETE",
        accesses=["delete public.items", "select public.customers: where.card where.id", "select public.items: where.order_id"],
        category="write",
    ),
    Case(
        "DELETE FROM tree WHERE id = 1",
        kind="DELETE",
        accesses=[
            "delete public.tree",
            "rule insert hr.salaries: target.amount",
            "rule select public.tree: stored.label",
            "select public.tree: where.id",
        ],
        category="write",
    ),
    Case(
        "MERGE INTO customers c USING hr.customers h ON c.id = h.id WHEN MATCHED AND h.secret = 'x' THEN UPDATE SET name = h.secret WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, name) VALUES (h.id, h.secret) RETURNING merge_action(), c.*",
        kind="MERGE",
        accesses=[
            "delete public.customers",
            "insert public.customers: target.id target.name",
            "select hr.customers: join.id stored.id stored.secret where.secret",
            "select public.customers: join.id returning.card returning.country returning.email returning.id returning.name",
            "update public.customers: target.name",
        ],
        outputs=[
            "merge_action=",
            "id==public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
        ],
        category="write",
    ),
    Case(
        "MERGE INTO items USING customers c ON c.id = items.id WHEN MATCHED THEN DO NOTHING",
        kind="MERGE",
        accesses=["select public.customers: join.id", "select public.items: join.id"],
        category="write",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
