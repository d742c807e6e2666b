"""A million rows: `SELECT *` of pgbench_accounts at scale 10. Rate, CPU and the proxy's memory; then with a slow reader."""

from typing import Any

from benchmarks import pgbench
from benchmarks.compare import alternate, folder, medians, ratios, routes, served, versions
from benchmarks.drain import read_all
from benchmarks.machine import save
from benchmarks.processes import Route

NAMES = ("direct", "pgbouncer", "haproxy", "pgpool", "relaxed", "gateway")
QUERY = "SELECT * FROM pgbench_accounts"
_SLOW = 0.01  # seconds between two reads of 64 KB


def run(rounds: int = 5) -> dict[str, Any]:
    with folder() as home, served(home) as server, routes(server, home, NAMES) as present:
        pgbench.fill(present[0], scale=10)
        for route in present:
            read_all(route, QUERY)
        figures = alternate(present, rounds, measure)
        found: dict[str, dict[str, Any]] = dict(medians(figures).items())
        rates = ratios(figures, "mb_per_second", ["direct", "pgbouncer", "haproxy"])
        for name, row in found.items():
            row["rate_to"] = rates[name]
            print(
                f"{name:17} {row['megabytes']:5.0f} MB in {row['seconds']:5.2f} s  {row['mb_per_second']:6.1f} MB/s"
                f"  CPU {row['cpu_seconds']:5.2f} s  {_peak(row)}  rate "
                + "  ".join(f"{value:.2f} × {other}" for other, value in rates[name].items()),
                flush=True,
            )
        slow = {route.name: slow_reader(route) for route in present if route.pid is not None and not route.forks}
    result = {"versions": versions(server), "rounds": rounds, "figures": found, "slow_reader_peak_growth_kib": slow}
    print("written to", save("large_result", result))
    return result


def measure(route: Route, query: str = QUERY) -> dict[str, float]:
    before, resident = route.cpu_seconds(), route.memory_kib()[0]
    route.forget_peak()
    size, seconds = read_all(route, query)
    figures = {
        "seconds": seconds,
        "megabytes": size / 1e6,
        "mb_per_second": size / 1e6 / seconds,
        "cpu_seconds": route.cpu_seconds() - before,
    }
    if route.pid is not None and not route.forks:
        figures["peak_growth_kib"] = float(max(0, route.peak_kib() - resident))
    return figures


def _peak(row: dict[str, Any]) -> str:
    return f"peak +{row['peak_growth_kib'] / 1024:.1f} MiB" if "peak_growth_kib" in row else "          -   "


def slow_reader(route: Route) -> float:
    """How much memory piles up in the proxy while the client hardly reads, KiB."""
    resident = route.memory_kib()[0]
    route.forget_peak()
    read_all(route, QUERY, _SLOW)
    growth = float(max(0, route.peak_kib() - resident))
    print(f"{route.name:17} with a slow reader: peak +{growth / 1024:.1f} MiB", flush=True)
    return growth
