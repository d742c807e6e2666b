"""The paths under test. Each is a process of its own in front of the same server, so that its CPU time can be read."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil
import psycopg
import pymysql

from gateway.demo.mariadb_server import MariaDbServer
from gateway.model.identity import Engine

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")


class Server(Protocol):
    """What the paths lead to."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def user(self) -> str: ...

    @property
    def password(self) -> str: ...


def engine_of(server: Server) -> Engine:
    return Engine.MYSQL if isinstance(server, MariaDbServer) else Engine.POSTGRES


@dataclass(frozen=True, slots=True)
class Route:
    """A way to the server. `pid` is the proxy's, None for the direct way; `forks`: its child processes do the work."""

    name: str
    host: str
    port: int
    user: str
    password: str
    database: str
    pid: int | None = None
    forks: bool = False
    engine: Engine = Engine.POSTGRES

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, its threads included, and its children's where it forks."""
        if self.pid is None:
            return 0.0
        pids = [self.pid]
        if self.forks:
            pids += [child.pid for child in psutil.Process(self.pid).children(recursive=True)]
        return sum(map(_process_seconds, pids))

    def beside_seconds(self) -> float:
        """CPU time of processes beside the one that serves: the gateway's audit index, at the lowest priority."""
        if self.pid is None or self.forks:
            return 0.0
        return sum(_process_seconds(child.pid) for child in psutil.Process(self.pid).children(recursive=True))

    def memory_kib(self) -> tuple[int, int]:
        """(resident, proportional) set size of the process."""
        if self.pid is None:
            return 0, 0
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return _field(rollup, "Rss:"), _field(rollup, "Pss:")

    def forget_peak(self) -> None:
        """The highest resident size counts from now (Linux: writing 5 to clear_refs)."""
        if self.pid is not None:
            Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak_kib(self) -> int:
        return 0 if self.pid is None else _field(Path(f"/proc/{self.pid}/status").read_text(), "VmHWM:")

    @property
    def environment(self) -> dict[str, str]:
        own = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password}
        return {**os.environ, **own, "PGDATABASE": self.database, "PGSSLMODE": "disable"}

    @property
    def dsn(self) -> str:
        return (
            f"host={self.host} port={self.port} user={self.user} password='{_escaped(self.password)}' "
            f"dbname={self.database} sslmode=disable"
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _process_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _field(text: str, name: str) -> int:
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))


def direct(server: Server, database: str) -> Route:
    return Route("direct", server.host, server.port, server.user, server.password, database, engine=engine_of(server))


def through(server: Server, database: str, name: str, port: int, pid: int, *, forks: bool = False) -> Route:
    """Through a proxy on this machine, with the server's own login."""
    return Route(name, "127.0.0.1", port, server.user, server.password, database, pid, forks, engine_of(server))


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[int]:
    """The process id; ended with SIGTERM, after ten seconds with SIGKILL."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_ready(route: Route, log: Path, seconds: float = 60.0) -> None:
    """Until a statement passes. Raises RuntimeError with the end of the log where none does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            _try(route)
        except (psycopg.OperationalError, pymysql.err.OperationalError) as error:
            gone = route.pid is not None and psutil.Process(route.pid).status() == psutil.STATUS_ZOMBIE
            if gone or time.monotonic() > deadline:
                raise RuntimeError(f"{route.name} is not ready: {error}\n{log.read_text(errors='replace')[-2000:]}") from error
            time.sleep(0.1)
        else:
            return


def _try(route: Route) -> None:
    if route.engine is Engine.MYSQL:
        with mysql_connection(route, connect_timeout=3) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    else:
        with psycopg.connect(route.dsn, connect_timeout=3) as opened:
            opened.execute("SELECT 1")


def mysql_connection(route: Route, **options: Any) -> pymysql.Connection:
    return pymysql.connect(
        host=route.host, port=route.port, user=route.user, password=route.password, database=route.database, **options
    )
