"""Several routes measured in turn, so that a noisy moment meets all of them; medians, and ratios of the same round."""

import contextlib
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.gateway import gateway
from benchmarks.machine import version
from benchmarks.others import forwarder, haproxy, pgbouncer, pgpool
from benchmarks.processes import Route, Server, direct, mysql_connection
from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import PostgresServer, embedded_bin_dir, free_port
from tests.support.servers import distribution_bin_dir

DATABASE = "postgres"
Figures = dict[str, list[dict[str, float]]]
_SETTINGS = {"fsync": "off", "shared_buffers": "256MB", "log_min_messages": "warning", "max_wal_size": "4GB"}


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder that the packages' accounts can read."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@contextlib.contextmanager
def served(home: Path, connections: int = 400) -> Iterator[PostgresServer]:
    """The distribution's PostgreSQL where there is one, else the embedded one."""
    bin_dir = distribution_bin_dir() or embedded_bin_dir()
    settings = _SETTINGS | {"max_connections": str(connections)}
    with PostgresServer(bin_dir, home / "pg", free_port(), settings) as server:
        yield server


@contextlib.contextmanager
def served_mysql(home: Path, connections: int = 400) -> Iterator[MariaDbServer]:
    """The machine's MariaDB with an empty database `DATABASE`; ask `mariadb_on_this_machine` before."""
    options = (f"--max-connections={connections}", "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=256M")
    with MariaDbServer(home / "mariadb", free_port(), options) as server:
        with mysql_connection(direct(server, "mysql")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {DATABASE}")
        yield server


@contextlib.contextmanager
def routes(server: Server, home: Path, names: Sequence[str], sessions: int = 500) -> Iterator[list[Route]]:
    """Those of `names` that are installed, running until the end of the block."""
    makers: Mapping[str, Callable[[], contextlib.AbstractContextManager[Route | None]]] = {
        "direct": lambda: contextlib.nullcontext(direct(server, DATABASE)),
        "pgbouncer": lambda: pgbouncer(server, DATABASE, home / "pgbouncer", max(100, sessions)),
        "haproxy": lambda: haproxy(server, DATABASE, home / "haproxy"),
        "pgpool": lambda: pgpool(server, DATABASE, home / "pgpool"),
        "forwarder": lambda: forwarder(server, DATABASE, home / "forwarder"),
        "gateway": lambda: gateway(server, DATABASE, home / "gateway", sessions=sessions),
        "relaxed": lambda: gateway(server, DATABASE, home / "relaxed", "relaxed", sessions),
    }
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(makers[name]()) for name in names]
        yield [route for route in found if route is not None]


def versions(server: PostgresServer | MariaDbServer) -> dict[str, str]:
    programs = {"haproxy": ["haproxy", "-v"]}
    if isinstance(server, MariaDbServer):
        programs |= {"server": ["mariadbd", "--version"], "sysbench": ["sysbench", "--version"]}
    else:
        programs |= {"server": [str(server.bin_dir / "postgres"), "--version"]}
        programs |= {name: [name, "--version"] for name in ("pgbench", "pgbouncer", "pgpool")}
    return {name: version(command) for name, command in programs.items()}


def alternate(present: Sequence[Route], rounds: int, measure: Callable[[Route], dict[str, float]]) -> Figures:
    """`rounds` measurements of each route; every other round goes through them backwards."""
    figures: Figures = {route.name: [] for route in present}
    for number in range(rounds):
        for route in present if number % 2 == 0 else reversed(present):
            figures[route.name].append(measure(route))
    return figures


def medians(figures: Figures) -> dict[str, dict[str, float]]:
    return {
        name: {key: round(statistics.median(item[key] for item in measured), 3) for key in measured[0]}
        for name, measured in figures.items()
    }


def ratio(figures: Figures, key: str, name: str, to: str) -> float | None:
    """The median over the rounds of `name`'s figure to that of `to`; None where one of them is missing or nothing."""
    pairs = zip(figures.get(name, ()), figures.get(to, ()), strict=False)
    found = [own[key] / other[key] for own, other in pairs if other[key]]
    return round(statistics.median(found), 3) if found else None


def ratios(figures: Figures, key: str, to: Sequence[str]) -> dict[str, dict[str, float]]:
    """name -> other -> ratio, for all that can be compared."""
    table: dict[str, dict[str, float]] = {}
    for name in figures:
        pairs = {other: ratio(figures, key, name, other) for other in to if other != name}
        table[name] = {other: value for other, value in pairs.items() if value is not None}
    return table
