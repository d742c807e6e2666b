"""What the gateway is compared with: pgbouncer, haproxy, pgpool-II where they are installed, and a bare forwarder in Python."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import Route, Server, await_ready, running, through
from gateway.demo.postgres_server import free_port


def _found(program: str) -> str | None:
    binary = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        print(f"{program} is not installed: left out", file=sys.stderr)
    return binary


def _for_postgres(folder: Path) -> list[str]:
    """Root gives the folder to the packages' account; these programs refuse to run as root."""
    if os.geteuid() != 0:
        return []
    folder.chmod(0o755)
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "postgres")
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]


@contextlib.contextmanager
def forwarder(server: Server, database: str, home: Path) -> Iterator[Route]:
    """What the gateway's language and event loop cost by themselves."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.forwarder", str(port), server.host, str(server.port)]
    with running(command, dict(os.environ), home / "forwarder.log") as pid:
        route = through(server, database, "forwarder", port, pid)
        await_ready(route, home / "forwarder.log")
        yield route


@contextlib.contextmanager
def pgbouncer(server: Server, database: str, home: Path, sessions: int = 100) -> Iterator[Route | None]:
    """Session pooling; None where it is not installed."""
    binary = _found("pgbouncer")
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
        f"pool_mode=session\nmax_client_conn=5000\ndefault_pool_size={sessions}\nunix_socket_dir=\nlog_connections=0\n"
        "log_disconnections=0\nignore_startup_parameters=extra_float_digits\n"
    )
    with running([*_for_postgres(home), binary, str(config)], dict(os.environ), home / "pgbouncer.log") as pid:
        route = through(server, database, "pgbouncer", port, pid)
        await_ready(route, home / "pgbouncer.log")
        yield route


@contextlib.contextmanager
def haproxy(server: Server, database: str, home: Path) -> Iterator[Route | None]:
    """TCP only; None where it is not installed."""
    binary = _found("haproxy")
    if binary is None:
        yield None
        return
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "haproxy.cfg"
    config.write_text(
        "global\n  nbthread 1\n  maxconn 4000\n"
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n"
        f"listen database\n  bind 127.0.0.1:{port}\n  server s {server.host}:{server.port}\n"
    )
    with running([binary, "-db", "-f", str(config)], dict(os.environ), home / "haproxy.log") as pid:
        route = through(server, database, "haproxy", port, pid)
        await_ready(route, home / "haproxy.log")
        yield route


@contextlib.contextmanager
def pgpool(server: Server, database: str, home: Path) -> Iterator[Route | None]:
    """One backend, no load balancing, no health checks: parses SQL, a process for each session. None where not installed."""
    binary = _found("pgpool")
    if binary is None:
        yield None
        return
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    config, rules, passwords = home / "pgpool.conf", home / "pool_hba.conf", home / "pool_passwd"
    rules.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    passwords.write_text(f"{server.user}:TEXT{server.password}\n")
    config.write_text(
        f"backend_clustering_mode = 'raw'\nlisten_addresses = '127.0.0.1'\nport = {port}\npcp_port = {free_port()}\n"
        f"socket_dir = '{home}'\npcp_socket_dir = '{home}'\npid_file_name = '{home}/pgpool.pid'\nlogdir = '{home}'\n"
        f"backend_hostname0 = '{server.host}'\nbackend_port0 = {server.port}\nbackend_weight0 = 1\n"
        f"num_init_children = 80\nmax_pool = 1\nenable_pool_hba = on\npool_passwd = '{passwords}'\n"
        "load_balance_mode = off\nsr_check_period = 0\nhealth_check_period = 0\nlog_min_messages = error\n"
    )
    command = [binary, "-n", "-f", str(config), "-a", str(rules), "-F", str(home / "pcp.conf")]
    with running([*_for_postgres(home), *command], dict(os.environ), home / "pgpool.log") as pid:
        route = through(server, database, "pgpool", port, pid, forks=True)
        await_ready(route, home / "pgpool.log")
        yield route
