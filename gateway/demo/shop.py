"""Fill the demo's server with the shop, once."""

from importlib.resources import files

import asyncpg
import pymysql
from pymysql.constants import CLIENT

from gateway.demo.home import SERVER_USER
from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import PostgresServer


async def fill_postgres(server: PostgresServer, password: str) -> bool:
    """Create the gateway's server login and the shop that it owns; False where they are there already.

    The login owns the shop and nothing else: no superuser, no server files, no other roles.
    """
    admin = await asyncpg.connect(server.dsn())
    try:
        if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = 'shop'"):
            return False
        quoted = await admin.fetchval("SELECT quote_literal($1::text)", password)
        if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", SERVER_USER):
            await admin.execute(f"CREATE ROLE {SERVER_USER} LOGIN PASSWORD {quoted}")
        # Under another name first: a start that was interrupted here is begun anew, never taken for done.
        await admin.execute("DROP DATABASE IF EXISTS shop_unfinished")
        await admin.execute(f"CREATE DATABASE shop_unfinished OWNER {SERVER_USER}")
        await _load(server, password, "shop_unfinished")
        await admin.execute("ALTER DATABASE shop_unfinished RENAME TO shop")
    finally:
        await admin.close()
    return True


async def _load(server: PostgresServer, password: str, database: str) -> None:
    script = files("gateway.demo").joinpath("shop_postgres.sql").read_text(encoding="utf-8")
    connection = await asyncpg.connect(
        host="127.0.0.1", port=server.port, user=SERVER_USER, password=password, database=database
    )
    try:
        await connection.execute(script)
    finally:
        await connection.close()


# The last thing that the script does is to make this function: without it, a start was interrupted.
_FILLED = "SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop' AND ROUTINE_NAME = 'order_total'"


def fill_mysql(server: MariaDbServer, password: str) -> bool:
    """The same on MariaDB: a server login with rights on the shop's two databases alone; False where they are there."""
    with pymysql.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        client_flag=CLIENT.MULTI_STATEMENTS,
        autocommit=True,
    ) as admin:
        cursor = admin.cursor()
        if cursor.execute(_FILLED):
            return False
        cursor.execute("DROP DATABASE IF EXISTS shop")
        cursor.execute("DROP DATABASE IF EXISTS hr")
        cursor.execute(f"CREATE USER IF NOT EXISTS {SERVER_USER}@'127.0.0.1' IDENTIFIED BY %s", (password,))
        cursor.execute(files("gateway.demo").joinpath("shop_mysql.sql").read_text(encoding="utf-8"))
        while cursor.nextset():
            pass
        for database in ("shop", "hr"):
            cursor.execute(f"GRANT ALL ON {database}.* TO {SERVER_USER}@'127.0.0.1'")
    return True
