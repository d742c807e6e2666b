"""The paths under test. Each is a process of its own in front of the same server, so that its CPU time can be read."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from gateway.demo.postgres_server import PostgresServer, free_port
from tests.support.gateway import PASSWORD

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Route:
    """A way to the server. `pid` is the proxy's; None for the direct way."""

    name: str
    host: str
    port: int
    user: str
    password: str
    database: str
    pid: int | None = None

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, its threads included."""
        if self.pid is None:
            return 0.0
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK

    def resident_kib(self) -> int:
        return 0 if self.pid is None else int(psutil.Process(self.pid).memory_info().rss) // 1024

    @property
    def environment(self) -> dict[str, str]:
        own = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password}
        return {**os.environ, **own, "PGDATABASE": self.database, "PGSSLMODE": "disable"}

    @property
    def dsn(self) -> str:
        return (
            f"host={self.host} port={self.port} user={self.user} password='{self.password}' "
            f"dbname={self.database} sslmode=disable"
        )


def direct(server: PostgresServer, database: str) -> Route:
    return Route("direct", server.host, server.port, server.user, server.password, database)


@contextlib.contextmanager
def gateway(server: PostgresServer, database: str, home: Path, durability: str = "strict", rules: str = "") -> Iterator[Route]:
    """The whole gateway: policy and audit on."""
    port = free_port()
    name = "gateway" if durability == "strict" else f"gateway-{durability}"
    command = [sys.executable, "-m", "benchmarks.gateway_process", str(port), str(home), database, durability]
    given = {
        **os.environ,
        "BENCH_HOST": server.host,
        "BENCH_PORT": str(server.port),
        "BENCH_USER": server.user,
        "BENCH_PASSWORD": server.password,
        "BENCH_RULES": rules,
    }
    with _running(command, given, home / "gateway.log") as pid:
        route = Route(name, "127.0.0.1", port, "alice", PASSWORD, f"pg1/{database}", pid)
        _await_ready(route)
        yield route


@contextlib.contextmanager
def forwarder(server: PostgresServer, database: str, home: Path) -> Iterator[Route]:
    """What the gateway's language and event loop cost by themselves."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.forwarder", str(port), server.host, str(server.port)]
    with _running(command, dict(os.environ), home / "forwarder.log") as pid:
        route = Route("forwarder", "127.0.0.1", port, server.user, server.password, database, pid)
        _await_ready(route)
        yield route


@contextlib.contextmanager
def pgbouncer(server: PostgresServer, database: str, home: Path) -> Iterator[Route | None]:
    """Session pooling; None where it is not installed."""
    binary = shutil.which("pgbouncer")
    if binary is None:
        yield None
        return
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    users, config = home / "users.txt", home / "pgbouncer.ini"
    users.write_text(f'"{server.user}" "{server.password}"\n')
    config.write_text(
        f"[databases]\n{database} = host={server.host} port={server.port} password={server.password}\n"
        f"[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nauth_type=scram-sha-256\nauth_file={users}\n"
        "pool_mode=session\nmax_client_conn=3000\ndefault_pool_size=100\nunix_socket_dir=\nlog_connections=0\n"
        "log_disconnections=0\nignore_startup_parameters=extra_float_digits\n"
    )
    command = [binary, str(config)]
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
        home.chmod(0o755)
        users.chmod(0o644)
        command = [binary, "-u", "postgres", str(config)]
    with _running(command, dict(os.environ), home / "pgbouncer.log") as pid:
        route = Route("pgbouncer", "127.0.0.1", port, server.user, server.password, database, pid)
        _await_ready(route)
        yield route


@contextlib.contextmanager
def haproxy(server: PostgresServer, database: str, home: Path) -> Iterator[Route | None]:
    """TCP only; None where it is not installed."""
    binary = shutil.which("haproxy")
    if binary is None:
        yield None
        return
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "haproxy.cfg"
    config.write_text(
        "global\n  nbthread 1\n  maxconn 4000\n"
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n"
        f"listen pg\n  bind 127.0.0.1:{port}\n  server s {server.host}:{server.port}\n"
    )
    with _running([binary, "-db", "-f", str(config)], dict(os.environ), home / "haproxy.log") as pid:
        route = Route("haproxy", "127.0.0.1", port, server.user, server.password, database, pid)
        _await_ready(route)
        yield route


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[int]:
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


def _await_ready(route: Route, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(route.dsn, connect_timeout=3) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
