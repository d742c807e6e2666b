"""Connection rate: pgbench -C, a login (SCRAM on both sides), one statement, good-bye.

pgbouncer keeps its connections to the server; the gateway and haproxy open one for each client.
"""

from typing import Any

from benchmarks import pgbench
from benchmarks.compare import alternate, folder, medians, ratios, routes, served, versions
from benchmarks.machine import save

NAMES = ("direct", "pgbouncer", "haproxy", "pgpool", "relaxed", "gateway")


def run(rounds: int = 5, seconds: int = 4, clients: int = 8) -> dict[str, Any]:
    with folder() as home, served(home) as server, routes(server, home, NAMES) as present:
        pgbench.fill(present[0])
        figures = alternate(present, rounds, lambda route: pgbench.measure(route, ["-C", "-S"], clients, seconds))
        rates = ratios(figures, "tps", ["direct", "pgbouncer", "haproxy"])
        found: dict[str, dict[str, Any]] = dict(medians(figures).items())
        for name, row in found.items():
            row["rate_to"] = rates[name]
            print(
                f"{name:17} {row['tps']:7.0f} connections/s  {row['cpu_us'] / 1000:6.2f} ms CPU each  rate "
                + "  ".join(f"{value:.2f} × {other}" for other, value in rates[name].items()),
                flush=True,
            )
        result = {"versions": versions(server), "rounds": rounds, "clients": clients, "figures": found}
    print("written to", save("connections", result))
    return result
