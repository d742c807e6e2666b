"""Calls: which functions run, users' operators and casts among them, and how each is classed."""

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "SELECT unheard_of(1)",
        outputs=["unheard_of="],
        functions=["public.unheard_of:user"],
        unknown=["function public.unheard_of"],
    ),
    Case(
        "SELECT secret_of(id) FROM customers",
        accesses=["select public.customers: output.id stored.id"],
        outputs=["secret_of=public.customers.id"],
        functions=["public.secret_of:user"],
    ),
    Case(
        "SELECT public.secret_of(1), pg_catalog.upper('x')",
        outputs=["secret_of=", "upper="],
        functions=["pg_catalog.upper:harmless", "public.secret_of:user"],
    ),
    Case(
        "SELECT '1'::email, 5::cash, 'a'::mood",
        outputs=["email=", "cash=", "mood="],
        functions=["public.email_in:user", "public.to_money:user"],
    ),
    Case(
        "SELECT 'a' <~> name FROM customers",
        accesses=["select public.customers: output.name"],
        outputs=["?column?=public.customers.name"],
        functions=["public.tangle:user"],
    ),
    Case(
        "SELECT name = 'x' FROM customers",
        accesses=["select public.customers: output.name"],
        outputs=["?column?=public.customers.name"],
    ),
    Case(
        "SELECT 'a'::mood = 'b'",
        outputs=["?column?="],
        functions=["public.mood_eq:user"],
    ),
    Case(
        "SELECT 'a' = 'b', $1 = 'b'",
        outputs=["?column?=", "?column?="],
    ),
    Case(
        "SELECT CASE 'a'::mood WHEN 'b' THEN 1 END",
        outputs=["case="],
        functions=["public.mood_eq:user"],
    ),
    Case(
        "SELECT * FROM dblink('select 1') AS t(a int)",
        outputs=["a="],
        functions=["public.dblink:admin"],
    ),
    Case(
        "SELECT dblink_exec('x', 'y'), crosstab('select 1')",
        outputs=["dblink_exec=", "crosstab="],
        functions=["public.crosstab:reads", "public.dblink_exec:admin"],
        unknown=["function public.crosstab", "function public.dblink_exec"],
    ),
    Case(
        "SELECT pg_read_file('/etc/passwd'), pg_ls_dir('.'), lo_import('/etc/passwd'), lo_get(1), lo_put(1, 0, 'x')",
        accesses=["select pg_catalog.pg_largeobject: output.data", "update pg_catalog.pg_largeobject"],
        outputs=["pg_read_file=", "pg_ls_dir=", "lo_import=", "lo_get=pg_catalog.pg_largeobject.data", "lo_put="],
        functions=[
            "pg_catalog.lo_get:reads",
            "pg_catalog.lo_import:admin",
            "pg_catalog.lo_put:writes",
            "pg_catalog.pg_ls_dir:admin",
            "pg_catalog.pg_read_file:admin",
        ],
    ),
    Case(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
        accesses=["select pg_catalog.pg_stat_activity: output.pid stored.pid"],
        outputs=["pg_terminate_backend=pg_catalog.pg_stat_activity.pid"],
        functions=["pg_catalog.pg_terminate_backend:admin"],
    ),
    Case(
        "SELECT pg_notify('x', card) FROM customers",
        accesses=["select public.customers: output.card stored.card"],
        outputs=["pg_notify=public.customers.card"],
        functions=["pg_catalog.pg_notify:writes"],
    ),
    Case(
        "SELECT pg_sleep(1), pg_advisory_lock(1), now(), gen_random_uuid()",
        outputs=["pg_sleep=", "pg_advisory_lock=", "now=", "gen_random_uuid="],
        functions=[
            "pg_catalog.gen_random_uuid:harmless",
            "pg_catalog.now:harmless",
            "pg_catalog.pg_advisory_lock:harmless",
            "pg_catalog.pg_sleep:harmless",
        ],
    ),
    Case(
        "SELECT pg_catalog.something_new(1)",
        outputs=["something_new="],
        functions=["pg_catalog.something_new:user"],
        unknown=["function pg_catalog.something_new"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
