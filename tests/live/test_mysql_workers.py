"""MySQL's port of a gateway with several workers: KILL finds one's own session, whichever worker has it."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer, free_port
from gateway.demo.shop import fill_mysql
from tests.support.deployment import PEOPLE, SERVER_PASSWORD, Deployment, password_of
from tests.support.servers import MariaDbServer

_KILLERS = 6  # with two workers, one in 32 runs has all of them beside their victim


@dataclass(slots=True)
class BothEngines(Deployment):
    mariadb_port: int = 0
    mysql_port: int = field(default_factory=free_port)

    def write_config(self, extra: str | None = None) -> None:
        Deployment.write_config(self, extra)
        text = self.config.read_text().replace("\nhttp = ", f'\nmysql = "127.0.0.1:{self.mysql_port}"\nhttp = ', 1)
        self.config.write_text(text)

    def workspace(self, people: Any = PEOPLE) -> str:
        instance = (
            f'\n[[instances]]\nname = "my1"\nengine = "mysql"\nhost = "127.0.0.1"\nport = {self.mariadb_port}\n'
            'environment = "prod"\nusername = "gateway"\npassword_env = "SERVER_PASSWORD"\n\n'
            '[instances.tls]\nmode = "disable"\n'
        )
        return Deployment.workspace(self, people).replace('databases = ["', 'databases = ["my1/shop", "', 1) + instance

    def connect(self, user: str = "wide") -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1", port=self.mysql_port, user=user, password=password_of(user).encode(), database="my1/shop"
        )


@pytest.fixture(scope="module")
def workers(
    embedded_pg: PostgresServer, mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BothEngines]:
    fill_mysql(mariadb, SERVER_PASSWORD)
    home = tmp_path_factory.mktemp("workers")
    with BothEngines(home, embedded_pg, workers=2, mariadb_port=mariadb.port) as running:
        yield running


def _ended(connection: pymysql.Connection, seen: list[object]) -> None:
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT SLEEP(30)")
            seen.append(cursor.fetchall())
        except pymysql.err.MySQLError as error:
            seen.append(error.args[0])


def test_kill_query_reaches_every_worker(workers: BothEngines) -> None:
    with workers.connect() as victim:
        number = int(victim.thread_id())  # type: ignore[no-untyped-call]
        for _ in range(_KILLERS):
            seen: list[object] = []
            thread = threading.Thread(target=_ended, args=(victim, seen))
            thread.start()
            time.sleep(0.5)
            with workers.connect() as killer, killer.cursor() as cursor:
                cursor.execute(f"KILL QUERY {number}")
            thread.join(15)
            assert not thread.is_alive()
            assert seen in ([((1,),)], [1317])


def test_kill_ends_a_session_of_every_worker(workers: BothEngines) -> None:
    for _ in range(_KILLERS):
        with workers.connect() as victim, workers.connect() as killer:
            with killer.cursor() as cursor:
                cursor.execute(f"KILL {victim.thread_id()}")  # type: ignore[no-untyped-call]
            time.sleep(1.0)
            with pytest.raises(pymysql.err.MySQLError) as over:
                victim.query("SELECT 1")
            assert over.value.args[0] in {1927, 2013, 2006}


def test_others_sessions_stay(workers: BothEngines) -> None:
    with workers.connect() as victim:
        for _ in range(3):
            with workers.connect("alice") as killer, killer.cursor() as cursor:
                try:
                    cursor.execute(f"KILL {victim.thread_id()}")  # type: ignore[no-untyped-call]
                except pymysql.err.MySQLError as refused:
                    assert refused.args[0] == 1142  # noqa: PT017 -- silence where another worker has it
        time.sleep(1.0)
        victim.query("SELECT 1")
