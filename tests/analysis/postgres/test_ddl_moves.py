"""Schema changes that put columns under another path."""

import pytest

from tests.analysis.postgres.schema import moves, one

MOVES = {
    "ALTER TABLE customers RENAME COLUMN email TO mail": {"public.customers.email -> public.customers.mail"},
    "ALTER TABLE customers RENAME email TO mail": {"public.customers.email -> public.customers.mail"},
    "ALTER VIEW contacts RENAME COLUMN contact TO mail": {"public.contacts.contact -> public.contacts.mail"},
    "ALTER MATERIALIZED VIEW copied RENAME email TO mail": {"public.copied.email -> public.copied.mail"},
    "ALTER TABLE orders RENAME COLUMN total TO sum": {
        f"public.{name}.total -> public.{name}.sum" for name in ("orders", "orders_2024", "orders_2025")
    },
    "ALTER TABLE hr.salaries RENAME TO wages": {
        f"hr.salaries.{column} -> hr.wages.{column}" for column in ("employee_id", "amount")
    },
    "ALTER TABLE nowhere RENAME TO somewhere": {"public.nowhere.* -> public.somewhere.*"},
    "ALTER TABLE hr.salaries SET SCHEMA public": {
        f"hr.salaries.{column} -> public.salaries.{column}" for column in ("employee_id", "amount")
    },
    "ALTER MATERIALIZED VIEW copied SET SCHEMA hr": {"public.copied.email -> hr.copied.email"},
    "ALTER SCHEMA hr RENAME TO staff": {
        *(f"hr.salaries.{column} -> staff.salaries.{column}" for column in ("employee_id", "amount")),
        *(f"hr.customers.{column} -> staff.customers.{column}" for column in ("id", "secret")),
    },
    "ALTER TYPE row_of_salary RENAME ATTRIBUTE amount TO sum CASCADE": {"hr.salaries.amount -> hr.salaries.sum"},
    "ALTER TYPE row_of_salary RENAME ATTRIBUTE amount TO sum": set(),
    "ALTER TABLE customers RENAME CONSTRAINT a TO b": set(),
    "ALTER INDEX orders_idx RENAME TO foo": set(),
    "ALTER FUNCTION secret_of(int) RENAME TO other": set(),
}


@pytest.mark.parametrize("text", MOVES)
def test_moved_columns(text: str) -> None:
    footprint = one(text)
    assert footprint.opaque is None
    assert moves(footprint) == MOVES[text]
