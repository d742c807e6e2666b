"""Which queries are told of the gateway's schema by the catalogs, and that nothing else is touched."""

import pytest
from postgast import parse

from gateway.model.own import RELATIONS
from gateway.own.postgres_catalog import _ROWS, with_gateway

NAMED = "SELECT c.oid FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n WHERE n.nspname = 'gateway'"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT relname FROM pg_class WHERE relname LIKE 'or%'",
        "SELECT 'gateway' FROM orders",
        "INSERT INTO t SELECT relname FROM pg_class WHERE relname = 'gateway'",
        "SELECT relname INTO t FROM pg_class WHERE relname = 'gateway'",
        "SELECT oid FROM pg_class WHERE relname = 'gateway' FOR UPDATE",
        "SELECT tableoid FROM pg_class WHERE relname = 'gateway'",
        "SELECT * FROM public.pg_class WHERE relname = 'gateway'",
        "WITH pg_class AS (SELECT 1 AS oid) SELECT oid FROM pg_class WHERE 'gateway' <> ''",
        "SELECT 1 FROM pg_class WHERE relname = 'gateway'; SELECT 2",
        "SELECT 1 FROM ONLY pg_class WHERE relname = 'gateway'",
        "SELECT 1 FROM pg_class WHERE relname = 'gateway",
        "SELECT 1 FROM pg_class WHERE relname = 'gateway'" + " " * 20_000,
    ],
)
def test_what_does_not_ask_goes_as_it_came(text: str) -> None:
    assert with_gateway(text) is None


@pytest.mark.parametrize(
    "text",
    [
        NAMED,
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'gat%'",
        "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(gateway)$' -- é",
        "SELECT attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = '4294900100'",
        "SELECT é.relname FROM \"pg_catalog\" . pg_class AS é WHERE 'ü' <> '' AND relname = 'gateway'",
        "SELECT pg_get_function_arguments(p.oid) FROM pg_proc p, pg_namespace WHERE nspname = 'gateway'",
    ],
)
def test_what_asks_gets_the_catalog_and_ours_in_its_place(text: str) -> None:
    told = with_gateway(text)
    assert told is not None
    parse(told)
    assert "UNION ALL" in told
    assert told.endswith(text[-12:])


def test_oids_are_unique() -> None:
    oids = [row["oid"] for _, rows in _ROWS.values() for row in rows if "oid" in row]
    assert len(set(oids)) == len(oids)
    assert len(_ROWS["pg_catalog", "pg_class"][1]) == len(RELATIONS)
