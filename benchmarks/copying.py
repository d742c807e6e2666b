"""COPY of a million rows out of the server and into it, with psql."""

import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks import pgbench
from benchmarks.compare import alternate, folder, medians, ratios, routes, served, versions
from benchmarks.machine import save
from benchmarks.processes import Route

NAMES = ("direct", "pgbouncer", "haproxy", "pgpool", "relaxed", "gateway")
OUT = "COPY pgbench_accounts TO STDOUT"
IN = "COPY copied FROM STDIN"


def run(rounds: int = 5) -> dict[str, Any]:
    with folder() as home, served(home) as server, routes(server, home, NAMES) as present:
        pgbench.fill(present[0], scale=10)
        _psql(present[0], "CREATE UNLOGGED TABLE copied (LIKE pgbench_accounts)")
        data = home / "rows.copy"
        result: dict[str, Any] = {"versions": versions(server), "rounds": rounds, "figures": {}}
        for direction in ("out", "in"):

            def measure(route: Route, direction: str = direction) -> dict[str, float]:
                return _measure(route, direction, data, present[0])

            figures = alternate(present, rounds, measure)
            rates = ratios(figures, "mb_per_second", ["direct", "pgbouncer", "haproxy"])
            found: dict[str, dict[str, Any]] = dict(medians(figures).items())
            for name, row in found.items():
                row["rate_to"] = rates[name]
                print(
                    f"COPY {direction:3} {name:17} {row['seconds']:5.2f} s  {row['mb_per_second']:6.1f} MB/s"
                    f"  CPU {row['cpu_seconds']:5.2f} s  rate "
                    + "  ".join(f"{value:.2f} × {other}" for other, value in rates[name].items()),
                    flush=True,
                )
            result["figures"][direction] = found
    print("written to", save("copying", result))
    return result


def _measure(route: Route, direction: str, data: Path, owner: Route) -> dict[str, float]:
    if direction == "in":
        _psql(owner, "TRUNCATE copied")
    before, started = route.cpu_seconds(), time.perf_counter()
    if direction == "out":
        with data.open("wb") as file:
            subprocess.run(["psql", "-Xqc", OUT], env=route.environment, stdout=file, check=True)
    else:
        with data.open("rb") as file:
            subprocess.run(["psql", "-Xqc", IN], env=route.environment, stdin=file, check=True)
    seconds = time.perf_counter() - started
    rate = data.stat().st_size / 1e6 / seconds
    return {"seconds": seconds, "mb_per_second": rate, "cpu_seconds": route.cpu_seconds() - before}


def _psql(route: Route, sql: str) -> None:
    subprocess.run(["psql", "-Xqc", sql], env=route.environment, check=True, capture_output=True)
