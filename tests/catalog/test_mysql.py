"""Catalogs of a real MariaDB."""

from collections.abc import AsyncIterator
from typing import Any

import aiomysql
import pytest

from gateway.catalog import FunctionKind, QName, ReferentialAction, RelationKind, probe_mysql, read_mysql
from gateway.catalog.errors import CatalogUnreadable
from gateway.demo.mariadb_server import MariaDbServer

_SCHEMA = """
CREATE OR REPLACE DATABASE catalog_a; CREATE OR REPLACE DATABASE catalog_b;
CREATE TABLE catalog_a.customers (id INT PRIMARY KEY, Email VARCHAR(40) NOT NULL, note TEXT INVISIBLE,
  upper_mail VARCHAR(40) AS (UPPER(Email)) VIRTUAL) ENGINE=InnoDB;
CREATE TABLE catalog_b.orders (id INT PRIMARY KEY, customer INT,
  CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES catalog_a.customers (id) ON DELETE CASCADE) ENGINE=InnoDB;
CREATE VIEW catalog_b.mails AS SELECT Email FROM catalog_a.customers;
CREATE SEQUENCE catalog_a.numbers;
CREATE PROCEDURE catalog_a.Tidy() SELECT 1;
CREATE FUNCTION catalog_a.answer() RETURNS INT RETURN 42;
CREATE TRIGGER catalog_b.seen BEFORE INSERT ON catalog_b.orders FOR EACH ROW SET @seen = 1
"""


@pytest.fixture
async def connection(mariadb: MariaDbServer) -> AsyncIterator[Any]:
    connection = await aiomysql.connect(host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password)
    for text in _SCHEMA.split(";"):
        await _execute(connection, text)
    yield connection
    for name in ("catalog_b", "catalog_a"):
        await _execute(connection, f"DROP DATABASE {name}")
    connection.close()


async def _execute(connection: Any, text: str) -> None:
    cursor = await connection.cursor()
    await cursor.execute(text)
    await cursor.close()


async def test_all_databases_are_read_with_what_decisions_need(connection: Any) -> None:
    catalog = await read_mysql(connection)
    customers = catalog.relation("catalog_a", "customers")
    orders = catalog.relation("catalog_b", "orders")
    mails = catalog.relation("catalog_b", "mails")
    numbers = catalog.relation("catalog_a", "numbers")
    assert customers is not None
    assert orders is not None
    assert mails is not None
    assert numbers is not None
    assert [(c.name, c.hidden, c.generated) for c in customers.columns] == [
        ("id", False, False),
        ("Email", False, False),
        ("note", True, False),
        ("upper_mail", False, True),
    ]
    assert [sorted(customers.made_of(column)) for column in customers.columns] == [[], [], [], ["Email"]]
    [key] = orders.foreign_keys
    assert (key.columns, key.referenced, key.on_delete) == (
        ("customer",),
        QName("catalog_a", "customers"),
        ReferentialAction.CASCADE,
    )
    assert customers.referenced_by == (key,)
    assert mails.kind is RelationKind.VIEW
    assert "`catalog_a`.`customers`" in (mails.definition or "")
    assert numbers.kind is RelationKind.SEQUENCE
    assert [trigger.name for trigger in orders.triggers] == ["seen"]
    assert [info.kind for info in catalog.functions[QName("catalog_a", "tidy")]] == [FunctionKind.PROCEDURE]
    assert [info.kind for info in catalog.functions[QName("catalog_a", "answer")]] == [FunctionKind.FUNCTION]
    assert catalog.settings["lower_case_table_names"] == "0"
    assert "MariaDB" in catalog.settings["version"]
    assert catalog.server_version >= 100000
    tables = catalog.relation("information_schema", "tables")
    assert tables is not None
    assert tables.system


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE catalog_a.customers ADD phone INT",
        "ALTER VIEW catalog_b.mails AS SELECT id FROM catalog_a.customers",
        "RENAME TABLE catalog_b.orders TO catalog_b.old_orders",
        "DROP TRIGGER catalog_b.seen",
        "CREATE FUNCTION catalog_b.more() RETURNS INT RETURN 1",
        "CREATE TABLE catalog_b.fresh (a INT)",
    ],
)
async def test_the_probe_notices_changes(connection: Any, change: str) -> None:
    before = await probe_mysql(connection)
    assert await probe_mysql(connection) == before
    await _execute(connection, change)
    assert await probe_mysql(connection) != before


async def test_a_lost_connection_is_said(connection: Any, mariadb: MariaDbServer) -> None:
    lost = await aiomysql.connect(host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password)
    await _execute(connection, f"KILL {lost.thread_id()}")
    with pytest.raises(CatalogUnreadable):
        await probe_mysql(lost)
    with pytest.raises(CatalogUnreadable):
        await read_mysql(lost)
    lost.close()
