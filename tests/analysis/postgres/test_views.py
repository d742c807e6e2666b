"""Views: what stands under them, their columns' sources, and definitions that cannot be followed."""

import pytest

from tests.analysis.postgres.schema import Case, check

CASES = [
    Case(
        "SELECT contact FROM contacts WHERE contact LIKE 'a%'",
        accesses=[
            "select public.contacts: output.contact where.contact",
            "view_body select public.customers: output.email where.email",
        ],
        outputs=["contact==public.contacts.contact+public.customers.email"],
    ),
    Case(
        "SELECT contact FROM nested",
        accesses=[
            "select public.nested: output.contact",
            "view_body select public.contacts: output.contact",
            "view_body select public.customers: output.email",
        ],
        outputs=["contact=public.contacts.contact+public.customers.email+public.nested.contact"],
    ),
    Case(
        "SELECT who FROM paid",
        accesses=["select public.paid: output.who", "view_body select hr.salaries: output.employee_id where.amount"],
        outputs=["who==hr.salaries.employee_id+public.paid.who"],
    ),
    Case(
        "SELECT * FROM loop",
        accesses=["select public.loop: output.id", "view_body select public.loop: output.id"],
        outputs=["id==public.loop.id"],
    ),
    Case(
        "SELECT * FROM broken",
        accesses=["select public.broken: output.id", "view_body select public.broken"],
        outputs=["id=public.broken.id"],
    ),
    Case(
        "SELECT * FROM calling",
        accesses=[
            "view_body select public.customers: output.id stored.id",
            "view_body call function public.secret_of",
            "select public.calling: output.id",
        ],
        outputs=["id=public.calling.id+public.customers.id"],
    ),
    Case(
        "SELECT id FROM invoking",
        accesses=["select public.invoking: output.id", "view_body select public.items: output.id"],
        outputs=["id==public.invoking.id+public.items.id"],
    ),
    Case(
        "SELECT email FROM copied",
        accesses=["select public.copied: output.email", "view_body select public.customers: output.email"],
        outputs=["email==public.copied.email+public.customers.email"],
    ),
    Case(
        "SELECT id FROM contacts FOR UPDATE",
        accesses=[
            "lock public.contacts",
            "select public.contacts: output.id",
            "view_body lock public.customers",
            "view_body select public.customers: output.id",
        ],
        outputs=["id==public.contacts.id+public.customers.id"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_footprint(case: Case) -> None:
    check(case)
