"""What a route adds to a statement's latency: p50 and p99 against the direct way of the same round.

One client in a closed loop; and eight clients that together ask 2,000 times a second, so that no core is full. There the CPU
of a statement is comparable, too: all proxies sleep and wake up as often.
"""

from typing import Any

from benchmarks import pgbench
from benchmarks.compare import alternate, folder, medians, routes, served, versions
from benchmarks.machine import save
from benchmarks.processes import Route

NAMES = ("direct", "pgbouncer", "haproxy", "pgpool", "relaxed", "gateway")
LOADS: dict[str, tuple[int, list[str]]] = {
    "1 client": (1, ["-S", "-M", "simple"]),
    "8 clients, 2,000/s": (8, ["-S", "-M", "simple", "-R", "2000"]),
    "8 clients, 2,000/s, prepared": (8, ["-S", "-M", "prepared", "-R", "2000"]),
}


def run(rounds: int = 5, seconds: int = 4) -> dict[str, Any]:
    with folder() as home, served(home) as server, routes(server, home, NAMES) as present:
        pgbench.fill(present[0])
        result: dict[str, Any] = {"versions": versions(server), "rounds": rounds, "figures": {}}
        for load, (clients, arguments) in LOADS.items():

            def measure(route: Route, clients: int = clients, arguments: list[str] = arguments) -> dict[str, float]:
                found, figures = pgbench.latencies(route, arguments, clients, seconds, home)
                quantiles = {"p50_us": found[len(found) // 2], "p99_us": found[len(found) * 99 // 100]}
                return {**quantiles, "cpu_us": figures["cpu_us"]}

            figures = alternate(present, rounds, measure)
            for number, base in enumerate(figures["direct"]):
                for measured in figures.values():
                    measured[number]["added_p50_us"] = measured[number]["p50_us"] - base["p50_us"]
                    measured[number]["added_p99_us"] = measured[number]["p99_us"] - base["p99_us"]
            result["figures"][load] = found = medians(figures)
            for name, row in found.items():
                print(
                    f"{load:29} {name:17} p50 {row['p50_us']:6.0f} µs (+{row['added_p50_us']:.0f})"
                    f"  p99 {row['p99_us']:6.0f} µs (+{row['added_p99_us']:.0f})  {row['cpu_us']:6.1f} µs CPU",
                    flush=True,
                )
    print("written to", save("latency", result))
    return result
