"""Python's MySQL drivers against the gateway: what they do by themselves works, in text and binary protocol."""

from typing import Any

import aiomysql
import asyncmy
import mysql.connector
import pytest

from tests.live.test_mysql_conversation import access as access  # noqa: PLC0414 -- a fixture
from tests.live.test_mysql_conversation import gateway as gateway  # noqa: PLC0414 -- a fixture
from tests.support.mysql_gateway import PASSWORD, LiveGateway

TEXT = "SELECT id, note FROM allowed WHERE id = %s"


@pytest.fixture
def where(gateway: LiveGateway) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": gateway.port, "user": "alice", "password": PASSWORD}


@pytest.mark.parametrize("driver", [aiomysql, asyncmy], ids=["aiomysql", "asyncmy"])
async def test_async_drivers(where: dict[str, Any], driver: Any) -> None:
    connection = await driver.connect(db="my1/shop", **where)
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(TEXT, (1,))
            assert await cursor.fetchall() == ((1, "one"),)
        await connection.ping()
        await connection.commit()
    finally:
        connection.close()


@pytest.mark.parametrize("pure", [True, False], ids=["python", "c"])
def test_mysql_connector(where: dict[str, Any], pure: bool) -> None:
    if not pure and not mysql.connector.HAVE_CEXT:
        pytest.skip("mysql-connector-python without its C extension")
    connection = mysql.connector.connect(database="my1/shop", use_pure=pure, ssl_disabled=True, **where)
    with connection:
        with connection.cursor() as cursor:
            cursor.execute(TEXT, (2,))
            assert cursor.fetchall() == [(2, "two")]
        with connection.cursor(prepared=True) as prepared:
            for number, note in ((1, "one"), (2, "two"), (3, None)):
                prepared.execute("SELECT note FROM allowed WHERE id = ?", (number,))
                assert prepared.fetchall() == [(note,)]
        connection.cmd_reset_connection()
        connection.cmd_change_user("bob", PASSWORD, "my1/shop")
        with connection.cursor() as cursor, pytest.raises(mysql.connector.Error) as caught:
            cursor.execute("SELECT * FROM secret")
        assert caught.value.errno == 1142
