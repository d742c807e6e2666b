"""Statements around queries."""

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "EXPLAIN SELECT * FROM contacts",
        kind="EXPLAIN",
        accesses=[
            "explain public.contacts: output.contact output.id",
            "view_body explain public.customers: output.email output.id",
        ],
        outputs=["QUERY PLAN="],
        category="query",
    ),
    Case(
        "EXPLAIN DELETE FROM items",
        kind="EXPLAIN",
        accesses=["explain public.items"],
        outputs=["QUERY PLAN="],
        category="query",
    ),
    Case(
        "EXPLAIN ANALYZE DELETE FROM items",
        kind="EXPLAIN",
        accesses=["delete public.items", "explain public.items"],
        outputs=["QUERY PLAN="],
        category="write",
    ),
    Case(
        "EXPLAIN (ANALYZE off) DELETE FROM items",
        kind="EXPLAIN",
        accesses=["explain public.items"],
        outputs=["QUERY PLAN="],
        category="query",
    ),
    Case(
        "EXPLAIN (ANALYZE, VERBOSE) CREATE TABLE z AS SELECT email FROM customers",
        kind="EXPLAIN",
        accesses=["ddl public.z", "explain public.customers: stored.email", "select public.customers: stored.email"],
        outputs=["QUERY PLAN="],
        effects=["catalog"],
        category="ddl",
    ),
    Case(
        "PREPARE p (int) AS SELECT email FROM customers WHERE id = $1",
        kind="PREPARE",
        accesses=["select public.customers: output.email where.id"],
        effects=["prepare p=SELECT email FROM customers WHERE id = $1"],
        category="query",
    ),
    Case(
        "EXECUTE unknown_one",
        kind="EXECUTE",
        outputs=None,
        opaque="prepared statement 'unknown_one' is not known",
        category="query",
    ),
    Case(
        "DECLARE c BINARY CURSOR WITH HOLD FOR SELECT card FROM customers",
        kind="DECLARE CURSOR",
        accesses=["select public.customers: output.card"],
        effects=["declare c=SELECT card FROM customers"],
        category="query",
    ),
    Case(
        "FETCH ALL FROM nobody",
        kind="FETCH",
        outputs=None,
        opaque="cursor 'nobody' is not known",
        category="query",
    ),
    Case(
        "COPY customers (id, email) TO STDOUT",
        kind="COPY",
        accesses=["export public.customers: output.email output.id", "select public.customers: output.email output.id"],
        outputs=["id==public.customers.id", "email==public.customers.email"],
        category="copy_out",
    ),
    Case(
        "COPY customers TO STDOUT WITH (FORMAT binary)",
        kind="COPY",
        accesses=[
            "export public.customers: output.card output.country output.email output.id output.name",
            "select public.customers: output.card output.country output.email output.id output.name",
        ],
        outputs=[
            "id==public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
        ],
        category="copy_out",
    ),
    Case(
        "COPY (SELECT contact FROM contacts) TO STDOUT (FORMAT csv)",
        kind="COPY",
        accesses=[
            "export public.contacts: output.contact",
            "select public.contacts: output.contact",
            "view_body export public.customers: output.email",
            "view_body select public.customers: output.email",
        ],
        outputs=["contact==public.contacts.contact+public.customers.email"],
        category="copy_out",
    ),
    Case(
        "COPY (DELETE FROM items RETURNING product) TO STDOUT",
        kind="COPY",
        accesses=["delete public.items", "export public.items: returning.product", "select public.items: returning.product"],
        outputs=["product==public.items.product"],
        category="copy_out",
    ),
    Case(
        "COPY customers FROM STDIN",
        kind="COPY",
        accesses=["insert public.customers: target.card target.country target.email target.id target.name"],
        category="copy_in",
    ),
    Case(
        "COPY customers (id) FROM STDIN WHERE id > 1",
        kind="COPY",
        accesses=["insert public.customers: target.id where.id"],
        category="copy_in",
    ),
    Case(
        "COPY customers TO PROGRAM 'cat'",
        kind="COPY",
        accesses=[
            "admin instance",
            "export public.customers: output.card output.country output.email output.id output.name",
            "select public.customers: output.card output.country output.email output.id output.name",
        ],
        outputs=[
            "id==public.customers.id",
            "name==public.customers.name",
            "email==public.customers.email",
            "card==public.customers.card",
            "country==public.customers.country",
        ],
        category="copy_out",
    ),
    Case(
        "COPY customers FROM '/etc/passwd'",
        kind="COPY",
        accesses=["admin instance", "insert public.customers: target.card target.country target.email target.id target.name"],
        category="copy_in",
    ),
    Case(
        "LOCK TABLE customers, contacts IN EXCLUSIVE MODE",
        kind="LOCK TABLE",
        accesses=["lock public.contacts", "lock public.customers", "view_body lock public.customers"],
        category="utility",
    ),
    Case(
        "TRUNCATE orders",
        kind="TRUNCATE TABLE",
        accesses=["child truncate public.orders_2024", "child truncate public.orders_2025", "truncate public.orders"],
        category="write",
    ),
    Case(
        "TRUNCATE ONLY orders",
        kind="TRUNCATE TABLE",
        accesses=["truncate public.orders"],
        category="write",
    ),
    Case(
        "TRUNCATE orders CASCADE",
        kind="TRUNCATE TABLE",
        accesses=[
            "child truncate public.orders_2024",
            "child truncate public.orders_2025",
            "truncate public.items",
            "truncate public.orders",
        ],
        category="write",
    ),
    Case(
        "REFRESH MATERIALIZED VIEW copied",
        kind="REFRESH MATERIALIZED VIEW",
        accesses=["update public.copied: target.*", "view_body select public.customers"],
        category="write",
    ),
    Case(
        "VACUUM FULL customers",
        kind="VACUUM",
        accesses=["admin public.customers"],
        category="utility",
        transactional=False,
    ),
    Case(
        "ANALYZE",
        kind="ANALYZE",
        accesses=["admin database"],
        category="utility",
    ),
    Case(
        "CLUSTER customers USING x",
        kind="CLUSTER",
        accesses=["admin public.customers"],
        category="utility",
    ),
    Case(
        "REINDEX TABLE CONCURRENTLY customers",
        kind="REINDEX",
        accesses=["admin public.customers"],
        category="utility",
        transactional=False,
    ),
    Case(
        "REINDEX DATABASE shop",
        kind="REINDEX",
        accesses=["admin database"],
        category="utility",
        transactional=False,
    ),
    Case(
        "CALL add_note('x')",
        kind="CALL",
        outputs=None,
        functions=["public.add_note:user"],
        category="utility",
    ),
    Case(
        "DO $$ BEGIN PERFORM 1; END $$",
        kind="DO",
        opaque="DO runs procedural code",
        category="utility",
    ),
    Case(
        "LISTEN x",
        kind="LISTEN",
        category="session",
    ),
    Case(
        "UNLISTEN *",
        kind="UNLISTEN",
        category="session",
    ),
    Case(
        "NOTIFY x, 'y'",
        kind="NOTIFY",
        functions=["pg_catalog.pg_notify:writes"],
        category="utility",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
