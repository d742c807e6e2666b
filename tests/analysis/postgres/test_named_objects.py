"""Relations, settings and SQL named by text inside calls."""

# ruff: noqa: E501 -- a statement stands on one line

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "SELECT nextval('customers_id_seq'), currval('public.customers_id_seq'::regclass), setval('\"customers_id_seq\"', 3), lastval()",
        accesses=["select pg_catalog.pg_class: argument.*", "select public.customers_id_seq", "update public.customers_id_seq"],
        outputs=["nextval=", "currval=", "setval=", "lastval="],
        functions=[
            "pg_catalog.currval:harmless",
            "pg_catalog.lastval:harmless",
            "pg_catalog.nextval:harmless",
            "pg_catalog.setval:harmless",
        ],
        literals_matter=True,
    ),
    Case(
        "SELECT nextval(name) FROM customers",
        accesses=["select public.customers: output.name stored.name"],
        outputs=["nextval=public.customers.name"],
        functions=["pg_catalog.nextval:harmless"],
        opaque="nextval: the sequence is not named by a constant",
        literals_matter=True,
    ),
    Case(
        "SELECT nextval($1)",
        outputs=["nextval="],
        functions=["pg_catalog.nextval:harmless"],
        opaque="nextval: the sequence is not named by a constant",
        literals_matter=True,
    ),
    Case(
        "SELECT setval(pg_get_serial_sequence('customers', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) FROM customers",
        accesses=[
            "select pg_catalog.pg_class: argument.*",
            "select public.customers: argument.id output.id stored.id",
            "update public.customers_id_seq",
        ],
        outputs=["setval=public.customers.id"],
        functions=["pg_catalog.pg_get_serial_sequence:harmless", "pg_catalog.setval:harmless", "public.max:user"],
        literals_matter=True,
    ),
    Case(
        "SELECT setval(pg_get_serial_sequence('items', 'id'), 1)",
        accesses=["select pg_catalog.pg_class: argument.*", "update public.items"],
        outputs=["setval="],
        functions=["pg_catalog.pg_get_serial_sequence:harmless", "pg_catalog.setval:harmless"],
        literals_matter=True,
    ),
    Case(
        "SELECT query_to_xml('select amount from hr.salaries', true, false, '')",
        accesses=["select hr.salaries: output.amount"],
        outputs=["query_to_xml=hr.salaries.amount"],
        functions=["pg_catalog.query_to_xml:reads"],
        literals_matter=True,
    ),
    Case(
        "SELECT query_to_xml('select 1; select 2', true, false, '')",
        outputs=["query_to_xml="],
        functions=["pg_catalog.query_to_xml:reads"],
        opaque="query_to_xml: the query in its argument is not understood",
        literals_matter=True,
    ),
    Case(
        "SELECT query_to_xml('delete from items returning product', true, false, '')",
        accesses=["delete public.items", "select public.items: returning.product"],
        outputs=["query_to_xml=public.items.product"],
        functions=["pg_catalog.query_to_xml:reads"],
        literals_matter=True,
    ),
    Case(
        "SELECT query_to_xml('nonsense', true, false, '')",
        outputs=["query_to_xml="],
        functions=["pg_catalog.query_to_xml:reads"],
        opaque="query_to_xml: the query in its argument is not understood",
        literals_matter=True,
    ),
    Case(
        "SELECT query_to_xml(name, true, false, '') FROM customers",
        accesses=["select public.customers: output.name"],
        outputs=["query_to_xml=public.customers.name"],
        functions=["pg_catalog.query_to_xml:reads"],
        opaque="query_to_xml: the query is not a constant",
        literals_matter=True,
    ),
    Case(
        "SELECT query_to_xml($1, true, false, '')",
        outputs=["query_to_xml="],
        functions=["pg_catalog.query_to_xml:reads"],
        opaque="query_to_xml: the query is not a constant",
        literals_matter=True,
    ),
    Case(
        "SELECT table_to_xml('hr.salaries', true, false, '')",
        accesses=["select hr.salaries: output.*"],
        outputs=["table_to_xml=hr.salaries.*"],
        functions=["pg_catalog.table_to_xml:reads"],
        literals_matter=True,
    ),
    Case(
        "SELECT table_to_xml('hr.salaries'::regclass, true, false, '')",
        accesses=["select hr.salaries: output.*", "select pg_catalog.pg_class: argument.*"],
        outputs=["table_to_xml=hr.salaries.*"],
        functions=["pg_catalog.table_to_xml:reads"],
        literals_matter=True,
    ),
    Case(
        "SELECT cursor_to_xml('c', 10, true, true, '')",
        outputs=["cursor_to_xml="],
        functions=["pg_catalog.cursor_to_xml:reads"],
        opaque="cursor_to_xml: the cursor is not known",
        literals_matter=True,
    ),
    Case(
        "SELECT database_to_xml(true, true, ''), schema_to_xml('hr', true, true, '')",
        outputs=["database_to_xml=", "schema_to_xml="],
        functions=["pg_catalog.database_to_xml:reads", "pg_catalog.schema_to_xml:reads"],
        opaque="database_to_xml reads whole schemas",
        literals_matter=True,
    ),
    Case(
        "SELECT * FROM ts_stat('select email from customers')",
        accesses=["select public.customers: argument.email output.email"],
        outputs=None,
        functions=["pg_catalog.ts_stat:reads"],
        literals_matter=True,
    ),
    Case(
        "SELECT ts_rewrite('a'::tsquery, 'select amount from hr.salaries')",
        accesses=["select hr.salaries: output.amount"],
        outputs=["ts_rewrite=hr.salaries.amount"],
        functions=["pg_catalog.ts_rewrite:harmless", "pg_catalog.ts_rewrite:reads"],
        literals_matter=True,
    ),
    Case(
        "SELECT ts_rewrite('a'::tsquery, 'a'::tsquery, 'b'::tsquery)",
        outputs=["ts_rewrite="],
        functions=["pg_catalog.ts_rewrite:harmless"],
    ),
    Case(
        "SELECT 'hr.salaries'::regclass",
        accesses=["select pg_catalog.pg_class: output.*"],
        outputs=["regclass="],
        literals_matter=True,
    ),
    Case(
        "SELECT $1::regclass",
        accesses=["select pg_catalog.pg_class: output.*"],
        outputs=["regclass="],
        literals_matter=True,
    ),
    Case(
        "SELECT to_regclass('hr.salaries'), regclass('x'), has_table_privilege('hr.salaries', 'select')",
        accesses=["select pg_catalog.pg_class: output.*"],
        outputs=["to_regclass=", "regclass=", "has_table_privilege="],
        functions=[
            "pg_catalog.has_table_privilege:harmless",
            "pg_catalog.regclass:harmless",
            "pg_catalog.to_regclass:harmless",
        ],
        literals_matter=True,
    ),
    Case(
        "SELECT oid::regclass FROM pg_class",
        accesses=["select pg_catalog.pg_class: output.oid"],
        outputs=["oid=pg_catalog.pg_class.oid"],
    ),
    Case(
        "SELECT set_config('work_mem', '1MB', true)",
        outputs=["set_config="],
        functions=["pg_catalog.set_config:harmless"],
        effects=["set work_mem=1MB local"],
        literals_matter=True,
    ),
    Case(
        "SELECT set_config('role', 'x', false)",
        accesses=["admin instance"],
        outputs=["set_config="],
        functions=["pg_catalog.set_config:admin", "pg_catalog.set_config:harmless"],
        effects=["set role=x"],
        literals_matter=True,
    ),
    Case(
        "SELECT set_config('search_path', name, false) FROM customers",
        accesses=["select public.customers: output.name stored.name"],
        outputs=["set_config=public.customers.name"],
        functions=["pg_catalog.set_config:harmless"],
        effects=["set search_path"],
        opaque="set_config: the new value of search_path is not a constant",
        literals_matter=True,
    ),
    Case(
        "SELECT set_config(name, 'x', false) FROM customers",
        accesses=["select public.customers: output.name stored.name"],
        outputs=["set_config=public.customers.name"],
        functions=["pg_catalog.set_config:harmless"],
        opaque="set_config: the setting is not named by a constant",
        literals_matter=True,
    ),
    Case(
        "SELECT set_config('myapp.stash', card, false) FROM customers",
        accesses=["select public.customers: output.card stored.card"],
        outputs=["set_config=public.customers.card"],
        functions=["pg_catalog.set_config:harmless"],
        effects=["set myapp.stash"],
        literals_matter=True,
    ),
    Case(
        "SELECT current_setting('search_path')",
        outputs=["current_setting="],
        functions=["pg_catalog.current_setting:harmless"],
        literals_matter=True,
    ),
    Case(
        "SELECT current_setting('primary_conninfo')",
        accesses=["admin instance"],
        outputs=["current_setting="],
        functions=["pg_catalog.current_setting:harmless"],
        literals_matter=True,
    ),
    Case(
        "SELECT current_setting($1)",
        accesses=["admin instance"],
        outputs=["current_setting="],
        functions=["pg_catalog.current_setting:harmless"],
        literals_matter=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
