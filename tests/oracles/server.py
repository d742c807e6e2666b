"""A real server as a witness: a database with the corpus's schema, a session to run statements in, one to watch it from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import pq

from gateway.demo.postgres_server import PostgresServer
from tests.corpora.postgres_corpus import SCHEMA_FILES

_DATABASE = "oracle"
_GENERATOR_DATABASE = "oracle_generated"
_OPTIONS = "-c lock_timeout=1000 -c jit=off -c client_min_messages=error"


@dataclass(frozen=True, slots=True)
class Ran:
    """`error` is the server's primary message, or "" where the statement succeeded."""

    error: str


class Session:
    """One backend, through libpq's simple protocol (PQexec)."""

    def __init__(self, dsn: str, timeout_ms: int = 4000) -> None:
        self._dsn = dsn
        self._options = f"{_OPTIONS} -c statement_timeout={timeout_ms}"
        self.connection = self._connect()

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self._dsn, options=self._options, autocommit=True)

    @property
    def _raw(self) -> pq.abc.PGconn:
        return self.connection.pgconn

    @property
    def pid(self) -> int:
        return self._raw.backend_pid

    @contextmanager
    def attempt(self, text: str) -> Iterator[Ran]:
        """Run in a transaction that is open while the block runs, and rolled back after it. Nothing of it stays."""
        if self._raw.status == pq.ConnStatus.BAD:  # the last one ended its own session: pg_terminate_backend
            self.connection = self._connect()
        self._exec("BEGIN")
        try:
            yield Ran(self._exec(text))
        finally:
            self._exec("ROLLBACK")
            self._exec("DISCARD ALL")  # PREPARE, advisory locks and LISTEN do not end with the transaction

    def _exec(self, text: str) -> str:
        result = self._raw.exec_(text.encode())
        match result.status:
            case pq.ExecStatus.COPY_OUT:
                while self._raw.get_copy_data(0)[0] > 0:
                    continue
                result = self._raw.get_result() or result
            case pq.ExecStatus.COPY_IN:
                self._raw.put_copy_end(b"the oracle has no data")
                result = self._raw.get_result() or result
            case _:
                pass
        failed = result.status in {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE}
        return result.error_message.decode(errors="replace").strip() if failed else ""

    def column_count(self, text: str) -> int | None:
        """How many columns the statement returns; None where the server cannot prepare it."""
        if self._raw.prepare(b"", text.encode()).status != pq.ExecStatus.COMMAND_OK:
            return None
        return self._raw.describe_prepared(b"").nfields

    def close(self) -> None:
        self.connection.close()


def database(server: PostgresServer) -> str:
    """The dsn of a database with the shop and the corpus's extra schema; made at first use."""
    if not _made(server, _DATABASE, "template1"):
        with psycopg.connect(server.dsn(_DATABASE), autocommit=True) as connection:
            for path in SCHEMA_FILES:
                failed = connection.pgconn.exec_(path.read_bytes()).error_message
                if failed:
                    raise RuntimeError(f"{path.name}: {failed.decode()}")
    return server.dsn(_DATABASE)


def generator_database(server: PostgresServer) -> str:
    """A copy without what sqlsmith cannot take: names that need quoting, and the foreign table, which makes
    information_schema.tables fail."""
    database(server)
    if not _made(server, _GENERATOR_DATABASE, _DATABASE):
        with psycopg.connect(server.dsn(_GENERATOR_DATABASE), autocommit=True) as connection:
            connection.execute(
                'DROP FOREIGN TABLE extra.remote_stock; DROP TABLE extra."odd.name", "_CategoryToPost", "Post", "User"'
            )
    return server.dsn(_GENERATOR_DATABASE)


def _made(server: PostgresServer, name: str, template: str) -> bool:
    """Whether the database was there already; it is afterwards."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None:
            return True
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return False
