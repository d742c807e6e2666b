"""What breaks around the gateway: sessions end cleanly, the log proves, and nothing ran without its record."""

import os
import resource
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import Deployment, eventually
from tests.support.servers import embedded_postgres

Connection = psycopg.Connection[Any]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server that may be killed."""
    with embedded_postgres(tmp_path_factory.mktemp("mortal")) as server:
        yield server


@pytest.fixture
def gate(own_server: PostgresServer, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path / "gate", own_server).prepare().start()
    try:
        yield deployment
    finally:
        deployment.kill()


def connect(gate: Deployment, user: str = "wide") -> Connection:
    return psycopg.connect(gate.dsn(user), autocommit=True, connect_timeout=15)


def proves(gate: Deployment) -> None:
    done = gate.verify()
    assert done.returncode == 0, done.stdout + done.stderr


class Running(threading.Thread):
    """A statement on its way, in a thread of its own."""

    def __init__(self, connection: Connection, query: str) -> None:
        super().__init__(daemon=True)
        self.connection = connection
        self.query = query
        self.error: BaseException | None = None
        self.rows = 0
        self.start()

    def run(self) -> None:
        try:
            for _ in self.connection.cursor().stream(self.query):
                self.rows += 1
        except psycopg.Error as error:
            self.error = error

    def result(self, seconds: float = 20) -> BaseException | None:
        self.join(seconds)
        assert not self.is_alive(), "the statement neither ended nor failed"
        return self.error


def sleeping(gate: Deployment, marker: str) -> int:
    """How many server sessions run a statement with this marker."""
    with psycopg.connect(gate.direct()) as dba:
        query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s AND pid <> pg_backend_pid()"
        row = dba.execute(query, (f"%{marker}%",)).fetchone()
        assert row is not None
        return int(row[0])


def test_kill_9_of_the_gateway(gate: Deployment) -> None:
    connection = connect(gate)
    connection.execute("CREATE TABLE IF NOT EXISTS crash (a int)")
    for number in range(50):
        connection.execute("INSERT INTO crash VALUES (%s)", (number,))
    last = gate.segments()[-1]
    running = Running(connection, "SELECT pg_sleep(20) /* crash */")
    eventually("it runs", 10, lambda: sleeping(gate, "/* crash */") == 1)
    gate.kill()
    assert isinstance(running.result(), psycopg.OperationalError)
    eventually("the server's session ends with the gateway's", 30, lambda: sleeping(gate, "/* crash */") == 0)
    known = [record for record in gate.records() if record["kind"] == "statement" and "INSERT INTO crash" in record["text"]]
    assert len(known) == 50
    proves(gate)
    gate.start()
    with connect(gate) as again:
        assert again.execute("SELECT count(*) FROM crash").fetchone() == (50,)
        again.execute("DROP TABLE crash")
    assert gate.stop() == 0
    proves(gate)
    assert last in gate.segments()
    sequence = [record["seq"] for record in gate.records() if "command" not in str(record.get("chain", ""))]
    assert len(sequence) > 100


def test_kill_9_in_the_middle_of_traffic(gate: Deployment) -> None:
    """What the server has done, the log has."""
    with psycopg.connect(gate.direct(), autocommit=True) as dba:
        dba.execute("CREATE TABLE IF NOT EXISTS busy (session int, a int)")
        dba.execute("TRUNCATE busy")
    connections = [connect(gate) for _ in range(4)]

    def work(session: int, connection: Connection) -> None:
        try:
            for number in range(100_000):
                connection.execute(f"INSERT INTO busy VALUES ({session}, {number})")
        except psycopg.OperationalError:
            return

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(connections)]
    for thread in threads:
        thread.start()
    eventually("much is done", 30, lambda: sum(record["kind"] == "statement" for record in gate.records()) > 300)
    gate.kill()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    recorded = {record["text"] for record in gate.records() if record["kind"] == "statement"}
    with psycopg.connect(gate.direct()) as dba:
        done = {f"INSERT INTO busy VALUES ({session}, {number})" for session, number in dba.execute("SELECT * FROM busy")}
    assert len(done) > 50
    unrecorded = done - recorded
    # A record reaches the disk while the server works; results wait for it, the work itself does not. So at a kill at most the
    # statement at hand of each session is without one, and nobody was told that it succeeded.
    assert len(unrecorded) <= len(connections), unrecorded
    proves(gate)
    gate.start()
    assert gate.stop() == 0
    proves(gate)


def test_the_server_dies_in_the_middle_of_a_result(gate: Deployment, own_server: PostgresServer) -> None:
    running = Running(connect(gate), "SELECT generate_series(1, 100000000), repeat('x', 1000)")
    eventually("rows come", 15, lambda: running.rows > 1000)
    assert own_server.process is not None
    os.kill(own_server.process.pid, signal.SIGQUIT)  # immediate shutdown, as pg_ctl -m immediate
    own_server.process.wait(20)
    own_server.process = None
    error = running.result()
    assert isinstance(error, psycopg.OperationalError)
    assert error.sqlstate in {"57P01", "57P02", "08006", None}, error.sqlstate
    with pytest.raises(psycopg.OperationalError, match="cannot be reached"):
        connect(gate)
    ended = [
        record for record in gate.records() if record["kind"] == "statement.end" and (record.get("error") or {}).get("code")
    ]
    assert ended[-1]["error"]["code"] in {"57P01", "57P02", "08006"}
    assert ended[-1]["rows"] > 1000
    own_server.start()
    with connect(gate) as again:
        assert again.execute("SELECT 1").fetchone() == (1,)
    proves(gate)


def test_a_client_that_vanishes_takes_its_statement_along(gate: Deployment) -> None:
    connection = connect(gate)
    connection.pgconn.send_query(b"SELECT pg_sleep(60) /* vanished */")
    connection.pgconn.flush()
    eventually("it runs", 10, lambda: sleeping(gate, "/* vanished */") == 1)
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as network:
        network.shutdown(socket.SHUT_RDWR)  # without Terminate, as a machine that lost its power
    connection.pgconn.finish()
    eventually("it is cancelled", 10, lambda: sleeping(gate, "/* vanished */") == 0)
    eventually("its session is closed in the log", 10, lambda: any(r["kind"] == "session.close" for r in gate.records()))
    proves(gate)


def test_sigterm_lets_a_running_statement_end(gate: Deployment) -> None:
    idle, running = connect(gate), Running(connect(gate), "SELECT pg_sleep(2) /* drained */")
    eventually("it runs", 10, lambda: sleeping(gate, "/* drained */") == 1)
    gate.signal(signal.SIGTERM)

    def refused() -> bool:
        try:
            connect(gate).close()
        except psycopg.OperationalError:
            return True
        return False

    eventually("no new sessions", 2, refused)
    with pytest.raises(psycopg.OperationalError) as caught:
        idle.execute("SELECT 1")
    assert caught.value.sqlstate in {"57P01", None}
    assert running.result() is None
    assert running.rows == 1
    assert gate.stop() == 0
    proves(gate)


def test_a_second_sigterm_does_not_wait(gate: Deployment) -> None:
    running = Running(connect(gate), "SELECT pg_sleep(60) /* hurried */")
    eventually("it runs", 10, lambda: sleeping(gate, "/* hurried */") == 1)
    gate.signal(signal.SIGTERM)
    time.sleep(0.5)
    gate.signal(signal.SIGTERM)
    assert running.result(10) is not None
    assert gate.process is not None
    assert gate.process.wait(15) == 0
    eventually("the server's session ended", 10, lambda: sleeping(gate, "/* hurried */") == 0)
    gate.process = None
    proves(gate)


def test_two_workers_and_a_cancel_that_lands_on_the_other(own_server: PostgresServer, tmp_path: Path) -> None:
    gate = Deployment(tmp_path / "gate", own_server, workers=2).prepare().start()
    try:
        connections = [connect(gate) for _ in range(6)]
        workers = {str(path.parent) for path in gate.segments()}
        runnings = [Running(connection, "SELECT pg_sleep(60) /* two workers */") for connection in connections]
        eventually("all run", 15, lambda: sleeping(gate, "/* two workers */") == 6)
        for connection in connections:
            connection.cancel_safe(timeout=10)
        errors = [running.result(10) for running in runnings]
        assert [type(error) for error in errors] == [psycopg.errors.QueryCanceled] * 6
        assert len(workers) >= 2
        for connection in connections:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        # One worker is killed: its sessions end, another takes its place, the log goes on.
        assert gate.process is not None
        children = Path(f"/proc/{gate.process.pid}/task/{gate.process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        eventually("new sessions on both", 20, lambda: all(_answers(gate) for _ in range(8)))
        for connection in connections:
            connection.close()
        assert gate.stop() == 0
        proves(gate)
    finally:
        gate.kill()


def _answers(gate: Deployment) -> bool:
    try:
        with connect(gate) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_a_locked_sqlite_store(gate: Deployment) -> None:
    session = connect(gate, "alice")
    store = sqlite3.connect(gate.home / "gateway.db", isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    try:
        for _ in range(3):
            assert session.execute("SELECT count(*) FROM customers").fetchone() == (1000,)
            time.sleep(0.2)
        with pytest.raises(psycopg.Error) as caught:
            session.execute("ALTER TABLE customers ADD COLUMN while_locked int")
        assert caught.value.sqlstate in {"58000", "42501"}
        assert session.execute("SELECT count(*) FROM products").fetchone() is not None
    finally:
        store.execute("ROLLBACK")
        store.close()
    eventually("logins work again", 15, lambda: _answers(gate))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="needs an approved change issue"):
        session.execute("ALTER TABLE customers ADD COLUMN while_locked int")
    proves(gate)


def test_a_stopped_postgresql_store(embedded_pg: PostgresServer, own_server: PostgresServer, tmp_path: Path) -> None:
    url = f"postgresql://postgres:{own_server.password}@127.0.0.1:{own_server.port}/metadata"
    with psycopg.connect(own_server.dsn(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE metadata")
    gate = Deployment(tmp_path / "gate", embedded_pg, store_url=url).prepare().start()
    try:
        session = connect(gate, "alice")
        session.execute("SELECT 1")
        own_server.stop()
        for _ in range(3):
            assert session.execute("SELECT count(*) FROM customers").fetchone() == (1000,)
            time.sleep(0.3)
        with pytest.raises(psycopg.OperationalError, match="logins cannot be checked now"):
            connect(gate)
        own_server.start()
        eventually("logins work again", 20, lambda: _answers(gate))
        assert gate.stop() == 0
        proves(gate)
    finally:
        gate.kill()
        if own_server.process is None:
            own_server.start()


def test_no_room_for_the_log_and_nothing_runs(gate: Deployment) -> None:
    session, other = connect(gate), connect(gate)
    for number in range(40):
        session.execute(f"SELECT {number}, 'some statements, so that the log is longer than the limit will be'")
    assert gate.process is not None
    unlimited = resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (1024, unlimited[1]))
    with pytest.raises(psycopg.Error) as caught:
        for number in range(3):
            session.execute(f"CREATE TABLE without_record_{number} (a int)")
    assert caught.value.sqlstate == "58030"
    with pytest.raises(psycopg.Error) as caught:
        for _ in range(3):
            other.execute("CREATE TABLE without_record_x (a int)")
    assert caught.value.sqlstate == "58030"
    with pytest.raises(psycopg.OperationalError, match="audit log unavailable"):
        connect(gate)
    recorded = {record["text"] for record in gate.records() if record["kind"] == "statement"}
    with psycopg.connect(gate.direct()) as dba:
        made = [row[0] for row in dba.execute("SELECT relname FROM pg_class WHERE relname LIKE 'without_record%'")]
    # A record goes to the disk while the server works; results wait for it, the work does not. So what each session had on its
    # way when the disk gave out may have run; nobody was told that it did, and nothing behind it ran.
    assert [name for name in made if f"CREATE TABLE {name} (a int)" not in recorded] in ([], ["without_record_0"])
    resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, unlimited)
    eventually("sessions are let in again", 15, lambda: _answers(gate))
    assert gate.stop() == 0
    proves(gate)
