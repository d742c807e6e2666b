"""Statements that nobody has sent before: every text different, of a known shape or of a new one.

number   the usual point query: only numbers differ
string   a shape seen before, a string constant that was not
shape    a new shape each time: a column alias differs
"""

from typing import Any

from benchmarks import pgbench
from benchmarks.compare import alternate, folder, medians, ratios, routes, served, versions
from benchmarks.machine import save
from benchmarks.processes import Route

NAMES = ("direct", "pgbouncer", "pgpool", "relaxed", "gateway")
_DRAW = "\\set aid random(1, 100000)\n\\set n random(1, 999999999)\n"
SCRIPTS = {
    "number": _DRAW + "SELECT abalance FROM pgbench_accounts WHERE aid = :aid AND bid < :n;\n",
    "string": _DRAW + "SELECT abalance FROM pgbench_accounts WHERE aid = :aid AND filler <> 'number :n';\n",
    "shape": _DRAW + "SELECT abalance AS c:n FROM pgbench_accounts WHERE aid = :aid;\n",
}


def run(rounds: int = 5, seconds: int = 4, clients: int = 8) -> dict[str, Any]:
    with folder() as home, served(home) as server, routes(server, home, NAMES) as present:
        pgbench.fill(present[0])
        result: dict[str, Any] = {"versions": versions(server), "rounds": rounds, "clients": clients, "figures": {}}
        for name, script in SCRIPTS.items():
            path = home / f"{name}.sql"
            path.write_text(script)

            def measure(route: Route, path: str = str(path)) -> dict[str, float]:
                return pgbench.measure(route, ["-M", "simple", "-f", path], clients, seconds)

            figures = alternate(present, rounds, measure)
            cpu = ratios(figures, "cpu_us", ["pgbouncer", "pgpool"])
            found: dict[str, dict[str, Any]] = dict(medians(figures).items())
            for route, row in found.items():
                row["cpu_to"] = cpu[route]
                print(
                    f"{name:7} {route:17} {row['cpu_us']:7.1f} µs CPU  {row['tps']:8.0f} tps  CPU "
                    + "  ".join(f"{value:.2f} × {other}" for other, value in cpu[route].items()),
                    flush=True,
                )
            result["figures"][name] = found
    print("written to", save("first_seen", result))
    return result
