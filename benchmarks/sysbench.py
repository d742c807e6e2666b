"""sysbench as the client of MySQL's benchmarks: throughput and CPU per statement, logins left out."""

import re
import shutil
import subprocess

from benchmarks.processes import Route
from gateway.demo.mariadb_server import mariadb_on_this_machine

ROWS = 100_000
_STATEMENTS = re.compile(r"^\s*queries:\s+(\d+)\s+\(([0-9.]+) per sec\.\)", re.MULTILINE)
_LATENCY = re.compile(r"^\s*avg:\s+([0-9.]+)", re.MULTILINE)
_P99 = re.compile(r"^\s*99th percentile:\s+([0-9.]+)", re.MULTILINE)
_STARTED = "Threads started!"


def missing() -> str:
    """What these benchmarks need and the machine does not have; "" where all is there."""
    if not mariadb_on_this_machine():
        return "mariadb-server"
    return "" if shutil.which("sysbench") else "sysbench"


def fill(route: Route, rows: int = ROWS) -> None:
    """sysbench's one table, `sbtest1`."""
    subprocess.run([*_command(route, "oltp_read_write", rows), "prepare"], check=True, capture_output=True)


def measure(route: Route, script: str, mode: str, clients: int, seconds: int) -> dict[str, float]:
    """cpu_us: the proxy's CPU for one statement, from the moment all clients are logged in; tps: statements a second.

    `mode`: `text` or `prepared`. sysbench retries what deadlocks; anything else that fails raises RuntimeError."""
    command = [
        *_command(route, script, ROWS), f"--threads={clients}", f"--time={max(1, seconds)}", "--events=0", "--percentile=99",
        "--rand-type=uniform", f"--db-ps-mode={'disable' if mode == 'text' else 'auto'}", "run",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        said, before, beside = "", 0.0, 0.0
        for line in client.stdout or ():
            said += line
            if line.startswith(_STARTED):
                before, beside = route.cpu_seconds(), route.beside_seconds()
    used, beside = route.cpu_seconds() - before, route.beside_seconds() - beside
    found = _STATEMENTS.search(said)
    if client.returncode != 0 or found is None or not int(found[1]):
        raise RuntimeError(f"sysbench on {route.name} ended with {client.returncode}: {said[-2000:]}")
    return {
        "cpu_us": used / int(found[1]) * 1e6,
        "beside_us": beside / int(found[1]) * 1e6,
        "tps": float(found[2]),
        "latency_ms": _number(_LATENCY, said),
        "p99_ms": _number(_P99, said),
    }


def _number(pattern: re.Pattern[str], said: str) -> float:
    match = pattern.search(said)
    if match is None:
        raise RuntimeError(f"sysbench said nothing of {pattern.pattern}: {said[-2000:]}")
    return float(match[1])


def _command(route: Route, script: str, rows: int) -> list[str]:
    return [
        "sysbench", script, "--db-driver=mysql", f"--mysql-host={route.host}", f"--mysql-port={route.port}",
        f"--mysql-user={route.user}", f"--mysql-password={route.password}", f"--mysql-db={route.database}",
        "--mysql-ssl=off", f"--table-size={rows}", "--tables=1",
    ]  # fmt: skip
