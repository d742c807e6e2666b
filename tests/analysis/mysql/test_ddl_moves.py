"""Schema changes of MySQL that put columns under another path, and what they ask of the values."""

import pytest

from gateway.model.footprint import Clause
from tests.analysis.mysql.support import footprint, uses
from tests.analysis.postgres.schema import moves

_CUSTOMERS = ("id", "name", "email", "phone")
MOVES = {
    "ALTER TABLE customers RENAME COLUMN EMAIL TO mail": {"shop.customers.email -> shop.customers.mail"},
    "ALTER TABLE customers CHANGE email mail TEXT, CHANGE phone phone TEXT": {"shop.customers.email -> shop.customers.mail"},
    "ALTER TABLE customers WAIT 5 CHANGE COLUMN IF EXISTS `email` `mail` TEXT AFTER id": {
        "shop.customers.email -> shop.customers.mail"
    },
    "ALTER TABLE customers RENAME COLUMN email TO phone, RENAME COLUMN phone TO email": {
        "shop.customers.email -> shop.customers.phone",
        "shop.customers.phone -> shop.customers.email",
    },
    "ALTER TABLE customers RENAME hr.people, CHANGE email mail TEXT": {
        *(f"shop.customers.{column} -> hr.people.{column}" for column in ("id", "name", "phone")),
        "shop.customers.email -> hr.people.mail",
    },
    "RENAME TABLE customers TO people, hr.salaries TO hr.wages": {
        *(f"shop.customers.{column} -> shop.people.{column}" for column in _CUSTOMERS),
        *(f"hr.salaries.{column} -> hr.wages.{column}" for column in ("id", "person", "amount")),
    },
    "RENAME TABLE nowhere TO somewhere": {"shop.nowhere.* -> shop.somewhere.*"},
    "ALTER TABLE orders EXCHANGE PARTITION p WITH TABLE hr.salaries": {
        *(f"shop.orders.{column} -> hr.salaries.{column}" for column in ("id", "customer_id", "total", "placed")),
        *(f"hr.salaries.{column} -> shop.orders.{column}" for column in ("id", "person", "amount")),
    },
    "ALTER TABLE orders CONVERT PARTITION p TO TABLE old": {
        f"shop.orders.{column} -> shop.old.{column}" for column in ("id", "customer_id", "total", "placed")
    },
    "ALTER TABLE customers RENAME INDEX a TO b": set(),
    "ALTER TABLE customers ADD COLUMN x INT, DROP COLUMN email": set(),
}
JUDGED = {
    "ALTER TABLE customers ADD UNIQUE KEY (email)": {"email"},
    "ALTER TABLE customers ADD CONSTRAINT c CHECK (`phone` LIKE 'a%')": {"phone"},
    "ALTER TABLE customers MODIFY email INT": {"email"},
    "ALTER TABLE customers PARTITION BY HASH (id)": {"id"},
    "ALTER TABLE customers ADD x INT AS (1 / LENGTH(email)) STORED": {"email"},
    "ALTER TABLE customers ADD x INT AFTER email, ADD INDEX (phone), DROP COLUMN name": set(),
}


@pytest.mark.parametrize("text", MOVES)
def test_moved_columns(text: str) -> None:
    found = footprint(text)
    assert found.opaque is None
    assert moves(found) == MOVES[text]


@pytest.mark.parametrize("text", JUDGED)
def test_columns_whose_values_decide_whether_it_succeeds(text: str) -> None:
    assert uses(footprint(text), "shop.customers", Clause.CONSTRAINT) == JUDGED[text]


def test_a_default_made_of_another_column_copies_it() -> None:
    assert uses(footprint("ALTER TABLE customers ADD x TEXT DEFAULT (email)"), "shop.customers", Clause.STORED) == {"email"}
