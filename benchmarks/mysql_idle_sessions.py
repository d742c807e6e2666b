"""Idle MySQL sessions: the memory each takes in the proxy. Each has logged in and run one statement."""

import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymysql

from benchmarks import sysbench
from benchmarks.compare import folder, routes, served_mysql, versions
from benchmarks.machine import save
from benchmarks.processes import Route, mysql_connection

SESSIONS = 500
NAMES = ("direct", "haproxy", "gateway")
QUERY = "SELECT c FROM sbtest1 WHERE id = 4711"


def run(sessions: int = SESSIONS) -> dict[str, Any] | None:
    """None where MariaDB or sysbench is not installed."""
    if sysbench.missing():
        print(f"skipped: {sysbench.missing()} is not installed", file=sys.stderr)
        return None
    with folder() as home, served_mysql(home, connections=3 * sessions) as server:
        with routes(server, home, NAMES, sessions + 100) as present:
            sysbench.fill(present[0])
            memory = {route.name: _measure(route, sessions) for route in present if route.pid is not None}
        result = {"versions": versions(server), "sessions": sessions, "memory": memory}
    print("written to", save("mysql_idle_sessions", result))
    return result


def _measure(route: Route, sessions: int) -> dict[str, float]:
    def connect(_: int) -> pymysql.Connection:
        connection = mysql_connection(route, connect_timeout=60)
        with connection.cursor() as cursor:
            cursor.execute(QUERY)
        return connection

    for connection in map(connect, range(8)):  # what the first sessions alone bring is no session's
        connection.close()
    before = route.memory_kib()
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        for connection in pool.map(connect, range(sessions)):
            stack.callback(connection.close)
        after = route.memory_kib()
    row = {
        "rss_kib_each": round((after[0] - before[0]) / sessions, 1),
        "pss_kib_each": round((after[1] - before[1]) / sessions, 1),
    }
    print(
        f"{route.name:10} {row['rss_kib_each']:6.1f} KiB resident, {row['pss_kib_each']:6.1f} KiB proportional each", flush=True
    )
    return row
