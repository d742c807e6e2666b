"""The servers that the other tests stand on."""

import asyncpg
import pymysql

from gateway.demo.postgres_server import PostgresServer
from tests.support.servers import Certificates, MariaDbServer


async def test_embedded_server_is_18_without_tls(embedded_pg: PostgresServer) -> None:
    connection = await asyncpg.connect(embedded_pg.dsn())
    try:
        assert connection.get_server_version().major == 18
        assert await connection.fetchval("SHOW ssl") == "off"
    finally:
        await connection.close()


async def test_distribution_server_speaks_tls(distro_pg: PostgresServer, certificates: Certificates) -> None:
    dsn = distro_pg.dsn().replace("127.0.0.1", "localhost") + f"?sslmode=verify-full&sslrootcert={certificates.ca}"
    connection = await asyncpg.connect(dsn)
    try:
        assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    finally:
        await connection.close()


def test_mariadb_answers(mariadb: MariaDbServer) -> None:
    with pymysql.connect(host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT VERSION()")
        assert "MariaDB" in str(cursor.fetchone())
