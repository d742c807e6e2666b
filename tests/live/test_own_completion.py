"""The gateway's own schema where clients look for names: psql's completion and \\d, the mariadb client's."""

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import Deployment, password_of
from tests.support.servers import MariaDbServer, distribution_bin_dir


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("own"), embedded_pg, mysql=mariadb) as running:
        yield running


@pytest.fixture(scope="module")
def psql15() -> Path:
    found = distribution_bin_dir()
    if found is None:
        pytest.skip("the distribution's PostgreSQL is not installed")
    return found / "psql"


@pytest.fixture(params=["18", "15"])
def psql(request: pytest.FixtureRequest, embedded_pg: PostgresServer) -> Path:
    """The command line of either version."""
    if request.param == "18":
        return embedded_pg.bin_dir / "psql"
    found: Path = request.getfixturevalue("psql15")
    return found


def told(gate: Deployment, psql: Path, *commands: str, user: str = "alice") -> str:
    arguments = [part for command in commands for part in ("-c", command)]
    done = subprocess.run([psql, "-XAt", gate.dsn(user), *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_what_psql_tells_of_the_schema(gate: Deployment, psql: Path) -> None:
    described = told(gate, psql, r"\d gateway.grants").splitlines()
    assert "until|timestamp with time zone|||" in described
    assert len([line for line in described if "|" in line]) == 7
    listed = told(gate, psql, r"\dv gateway.*").splitlines()
    assert [line.split("|")[:3] for line in listed][:2] == [["gateway", "columns", "view"], ["gateway", "denials", "view"]]
    assert [line.partition("|")[0] for line in told(gate, psql, r"\dn gateway").splitlines()] == ["gateway"]
    functions = told(gate, psql, r"\df gateway.*")
    assert "gateway|request_access||actions text, object text, duration text, reason text|proc" in functions
    assert "gateway.masks" not in told(gate, psql, r"\d"), "what is not asked for by name is as the server has it"
    assert "Did not find" in told(gate, psql, r"\d gateway.nothing")


def test_on_an_older_server(distro_pg: PostgresServer, psql15: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The catalogs of another version have other columns."""
    with Deployment(tmp_path_factory.mktemp("own15"), distro_pg) as gate:
        assert "until|timestamp with time zone|||" in told(gate, psql15, r"\d gateway.grants").splitlines()
        assert "gateway|explain||statement text|proc" in told(gate, psql15, r"\df gateway.*")
        queries = ["SELECT count(*) FROM information_schema.tables WHERE table_schema = 'gateway'",
                   "SELECT count(*) > 30 FROM information_schema.columns WHERE table_schema = 'gateway'",
                   "SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'gateway' ORDER BY 1 LIMIT 1",
                   "SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'gateway'"]  # fmt: skip
        assert told(gate, psql15, *queries).split() == ["6", "t", "explain", "gateway"]


def test_what_tools_ask_of_the_catalogs(gate: Deployment) -> None:
    with psycopg.connect(gate.dsn("alice"), autocommit=True) as connection:
        columns = connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'gateway'"
            " AND table_name = 'masks' ORDER BY ordinal_position"
        ).fetchall()
        assert columns == [("schema", "text"), ("relation", "text"), ("column", "text"), ("masker", "text")]
        tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'gateway' AND table_name LIKE %s"
        assert connection.execute(tables, ("g%",), prepare=True).fetchall() == [("grants",)]
        assert connection.execute("SELECT count(*) FROM pg_class WHERE relname = 'gateway'").fetchone() == (0,)
        joined = (
            "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class ON"
            " pg_class.oid = a.attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE n.nspname = 'gateway'"
            " AND relname = 'limits' AND a.attnum = 9 AND NOT a.attisdropped"
        )
        assert connection.execute(joined).fetchall() == [("require_where", "boolean")]
        whole = "SELECT nspname FROM pg_namespace WHERE nspname IN ('gateway', 'public') ORDER BY 1"
        assert connection.execute(whole).fetchall() == [("gateway",), ("public",)]


# Completion, typed into a terminal


class Terminal:
    """A client in a pty."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvpe(command[0], command, {"TERM": "dumb", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | env)

    def until(self, *words: str, typed: str = "") -> str:
        """What the client shows until all the words stand there; they are looked for behind what is typed."""
        os.write(self._fd, typed.encode())
        seen, end = "", time.monotonic() + 20
        while not all(word in seen for word in words):
            ready, _, _ = select.select([self._fd], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{words} not in {seen!r}"
            seen += os.read(self._fd, 65_536).decode("utf-8", "replace")
        return seen

    def close(self) -> None:
        os.write(self._fd, b"\x03\x15\\q\n")
        os.close(self._fd)
        os.waitpid(self._pid, 0)


@pytest.fixture
def terminal(gate: Deployment, psql15: Path) -> Iterator[Terminal]:
    """The distribution's psql: the wheel's is built without a library for editing lines, and completes nothing."""
    made = Terminal([str(psql15), "-X", gate.dsn("alice")], {})
    try:
        made.until("=> ")
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("SELECT * FROM gat\t", "eway."),
        ("SELECT * FROM gateway.den\t", "ials "),
        ("CALL gateway.req\t", "uest_access"),
        ("TABLE gateway.m\t", "asks "),
        ("\\d gateway.iss\t", "ues "),
    ],
)
def test_psql_completes(terminal: Terminal, typed: str, shown: str) -> None:
    terminal.until(shown, typed=typed)


def test_psql_lists_what_there_is(terminal: Terminal) -> None:
    terminal.until("gateway.denials", "gateway.grants", "gateway.masks", typed="SELECT * FROM gateway.\t\t")


def test_mariadb_completes_after_use(gate: Deployment) -> None:
    client = shutil.which("mariadb")
    if client is None:
        pytest.skip("mariadb is not installed")
    command = [client, "-h127.0.0.1", f"-P{gate.mysql_port}", "-ualice", "--auto-rehash", "my1/shop"]
    made = Terminal(command, {"MYSQL_PWD": password_of("alice"), "HOME": "/nonexistent"})
    try:
        made.until("> ")
        made.until("Database changed", "> ", typed="USE gateway\n")
        made.until("ials", typed="SELECT * FROM den\t")
        made.until("waits_for_me", typed="\x15SELECT issues.wai\t")
    finally:
        made.close()
