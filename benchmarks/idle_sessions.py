"""Two thousand idle sessions: the memory each takes in the proxy, and how soon a changed policy reaches all of them.

Each session has logged in and run one statement. Memory is the growth of the process divided by the sessions.
"""

import contextlib
import select
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import pgbench
from benchmarks.compare import folder, routes, served, versions
from benchmarks.gateway import BROAD, write_rules
from benchmarks.machine import save
from benchmarks.processes import Route

SESSIONS = 2_000
NAMES = ("direct", "pgbouncer", "haproxy", "gateway")
QUERY = "SELECT abalance FROM pgbench_accounts WHERE aid = 4711"
_FORBIDDEN = BROAD + "p, bench, *, */*/public/pgbench_accounts, select, , deny\n"
_REVOKED = BROAD + "p, bench, *, */*, connect, , deny\n"
_POLL_SECONDS = 0.005


def run(sessions: int = SESSIONS) -> dict[str, Any]:
    result: dict[str, Any] = {"sessions": sessions, "memory": {}}
    with folder() as home, served(home, connections=sessions + 100) as server:
        result = {"versions": versions(server), **result}
        for name in NAMES:  # one at a time: a pooler keeps its connections to the server
            with routes(server, home, [name], sessions + 100) as present:
                for route in present:
                    if route.pid is None:
                        pgbench.fill(route)
                    else:
                        _measure(route, sessions, home, result)
    print("written to", save("idle_sessions", result))
    return result


def _measure(route: Route, sessions: int, home: Path, result: dict[str, Any]) -> None:
    before, cpu = route.memory_kib(), route.cpu_seconds()
    with contextlib.ExitStack() as stack:
        connections = _open(route, sessions)
        for connection in connections:
            stack.callback(connection.close)
        after = route.memory_kib()
        row = {
            "rss_kib_each": round((after[0] - before[0]) / sessions, 1),
            "pss_kib_each": round((after[1] - before[1]) / sessions, 1),
            "opening_cpu_seconds": round(route.cpu_seconds() - cpu, 2),
            "idle_cpu_percent": _idle_cpu(route),
        }
        result["memory"][route.name] = row
        print(
            f"{route.name:17} {row['rss_kib_each']:6.1f} KiB resident, {row['pss_kib_each']:6.1f} KiB proportional each,"
            f" {row['idle_cpu_percent']:.1f} % of a core while all are idle",
            flush=True,
        )
        if route.name == "gateway":
            result["policy"] = _policy_reach(home / "gateway", connections)


def _open(route: Route, sessions: int) -> list[psycopg.Connection[Any]]:
    def connect(_: int) -> psycopg.Connection[Any]:
        connection = psycopg.connect(route.dsn, autocommit=True, connect_timeout=60)
        connection.execute(QUERY)
        return connection

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(connect, range(sessions)))


def _idle_cpu(route: Route) -> float:
    """Percent of a core that the proxy takes while nobody asks for anything."""
    time.sleep(0.5)
    before, started = route.cpu_seconds(), time.perf_counter()
    time.sleep(3.0)
    return round((route.cpu_seconds() - before) / (time.perf_counter() - started) * 100, 1)


def _policy_reach(home: Path, connections: list[psycopg.Connection[Any]]) -> dict[str, Any]:
    """Seconds from a changed bundle until a statement is refused, and until the last session is closed when it must be."""
    started = time.perf_counter()
    write_rules(home, _FORBIDDEN)
    while _allowed(connections[0]):
        time.sleep(_POLL_SECONDS)
    refused = time.perf_counter() - started
    still_allowed = sum(map(_allowed, connections))
    if still_allowed:
        raise RuntimeError(f"{still_allowed} sessions still pass a forbidden statement")
    started = time.perf_counter()
    write_rules(home, _REVOKED)
    closed, last = _until_closed(connections)
    row = {
        "statement_refused_after_seconds": round(refused, 3),
        "all_sessions_refuse": True,
        "first_closed_after_seconds": round(closed - started, 3),
        "all_closed_after_seconds": round(last - started, 3),
    }
    print(
        f"policy: a statement is refused {row['statement_refused_after_seconds']} s after the change, in all "
        f"{len(connections)} sessions; connect revoked: first session closed after {row['first_closed_after_seconds']} s, "
        f"last after {row['all_closed_after_seconds']} s"
    )
    return row


def _allowed(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute(QUERY)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _until_closed(connections: list[psycopg.Connection[Any]]) -> tuple[float, float]:
    """When the first and when the last session heard that it is over. Raises TimeoutError after 30 s."""
    poll = select.poll()
    waiting = {connection.pgconn.socket for connection in connections}
    for number in waiting:
        poll.register(number, select.POLLIN)
    first = 0.0
    deadline = time.monotonic() + 30
    while waiting:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(waiting)} sessions are still open")
        for number, _ in poll.poll(1_000):
            first = first or time.perf_counter()
            poll.unregister(number)
            waiting.discard(number)
    return first, time.perf_counter()
