"""Schema changes that put columns under another path."""

import pytest

from tests.analysis.postgres.schema import accesses, moves, one

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
    "ALTER TABLE customers ALTER COLUMN name TYPE text USING email || card || name": {
        "public.customers.email -> public.customers.name",
        "public.customers.card -> public.customers.name",
    },
    "ALTER TABLE customers ALTER COLUMN email TYPE varchar(90) USING lower(email)": set(),
    "ALTER TABLE orders DETACH PARTITION orders_2024 CONCURRENTLY": {
        f"public.orders.{column} -> public.orders_2024.{column}"
        for column in ("id", "customer_id", "status", "total", "ordered_at")
    },
    "ALTER TABLE orders_2024 NO INHERIT orders": {
        f"public.orders.{column} -> public.orders_2024.{column}"
        for column in ("id", "customer_id", "status", "total", "ordered_at")
    },
    "ALTER TABLE orders ATTACH PARTITION items DEFAULT": set(),
    "ALTER INDEX orders_idx RENAME TO foo": set(),
    "ALTER FUNCTION secret_of(int) RENAME TO other": set(),
}


@pytest.mark.parametrize("text", MOVES)
def test_moved_columns(text: str) -> None:
    footprint = one(text)
    assert footprint.opaque is None
    assert moves(footprint) == MOVES[text]


JUDGED = {
    "ALTER TABLE customers ADD CONSTRAINT c CHECK (email LIKE 'a%')": {"constraint.email"},
    "ALTER TABLE customers ADD UNIQUE (card)": {"constraint.card"},
    "ALTER TABLE customers ADD EXCLUDE USING btree (card WITH =)": {"constraint.card"},
    "ALTER TABLE customers ADD FOREIGN KEY (card) REFERENCES items (product)": {"constraint.card"},
    "ALTER TABLE customers ALTER COLUMN card TYPE int": {"constraint.card"},
    "ALTER TABLE customers ADD COLUMN x int GENERATED ALWAYS AS (1 / length(email)) STORED": {"constraint.email"},
    "CREATE UNIQUE INDEX ON customers (card, lower(email))": {"constraint.card", "constraint.email"},
    "CREATE INDEX ON customers (card)": set(),
    "ALTER TABLE customers ADD COLUMN x int, DROP COLUMN email, ALTER COLUMN card SET NOT NULL": set(),
    "CREATE POLICY p ON customers USING (email = current_user)": {"constraint.email"},
    "CREATE RULE r AS ON UPDATE TO customers DO ALSO INSERT INTO items (product) VALUES (OLD.email)": {"stored.email"},
}


@pytest.mark.parametrize("text", JUDGED)
def test_what_is_asked_of_the_rows_or_made_of_them(text: str) -> None:
    found = next(line for line in accesses(one(text)) if line.startswith("ddl public.customers"))
    assert set(found.partition(": ")[2].split()) == JUDGED[text]
