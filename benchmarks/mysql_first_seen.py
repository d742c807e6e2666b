"""MySQL statements that nobody has sent before: as `first_seen`, with sysbench on MariaDB.

number   a known shape: only numbers differ
string   a known shape, a string constant that was not seen
shape    a new shape each time: a column alias differs
"""

import sys
from typing import Any

from benchmarks import sysbench
from benchmarks.compare import alternate, folder, medians, ratios, routes, served_mysql, versions
from benchmarks.machine import save
from benchmarks.processes import Route

NAMES = ("direct", "haproxy", "relaxed", "gateway")
_SCRIPT = """require("oltp_common")
function prepare_statements() end
function event()
  local id, n = sysbench.rand.uniform(1, 100000), sysbench.rand.uniform(1, 999999999)
  con:query(string.format({text}))
end
"""
TEXTS = {
    "number": '"SELECT k FROM sbtest1 WHERE id=%d AND k<%d", id, n',
    "string": "\"SELECT k FROM sbtest1 WHERE id=%d AND c<>'number %d'\", id, n",
    "shape": '"SELECT k AS c%d FROM sbtest1 WHERE id=%d", n, id',
}


def run(rounds: int = 5, seconds: int = 4, clients: int = 8) -> dict[str, Any] | None:
    """None where MariaDB or sysbench is not installed."""
    if sysbench.missing():
        print(f"skipped: {sysbench.missing()} is not installed", file=sys.stderr)
        return None
    with folder() as home, served_mysql(home) as server, routes(server, home, NAMES) as present:
        sysbench.fill(present[0])
        result: dict[str, Any] = {"versions": versions(server), "rounds": rounds, "clients": clients, "figures": {}}
        for name, text in TEXTS.items():
            path = home / f"{name}.lua"
            path.write_text(_SCRIPT.format(text=text))

            def measure(route: Route, path: str = str(path)) -> dict[str, float]:
                return sysbench.measure(route, path, "text", clients, seconds)

            figures = alternate(present, rounds, measure)
            cpu = ratios(figures, "cpu_us", ["haproxy"])
            found: dict[str, dict[str, Any]] = dict(medians(figures).items())
            for route, row in found.items():
                row["cpu_to"] = cpu[route]
                print(
                    f"{name:7} {route:17} {row['cpu_us']:7.1f} µs CPU  {row['tps']:8.0f} statements/s  {cpu[route]}", flush=True
                )
            result["figures"][name] = found
    print("written to", save("mysql_first_seen", result))
    return result
