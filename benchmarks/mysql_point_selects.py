"""sysbench on MariaDB: point selects and its read-write mix, as text and prepared. The gateway decides and records each."""

import sys
from typing import Any

from benchmarks import sysbench
from benchmarks.compare import alternate, folder, medians, ratios, routes, served_mysql, versions
from benchmarks.machine import save
from benchmarks.processes import Route

MODES = ("text", "prepared")
SCRIPTS = {"oltp_point_select": (1, 8, 64), "oltp_read_write": (8,)}
NAMES = ("direct", "haproxy", "forwarder", "relaxed", "gateway")


def run(rounds: int = 5, seconds: int = 4, clients: tuple[int, ...] = (1, 8, 64)) -> dict[str, Any] | None:
    """None where MariaDB or sysbench is not installed. `clients`: of those that a script is run with."""
    if sysbench.missing():
        print(f"skipped: {sysbench.missing()} is not installed", file=sys.stderr)
        return None
    with folder() as home, served_mysql(home) as server:
        with routes(server, home, NAMES) as present:
            sysbench.fill(present[0])
            figures = {
                script: {
                    str(count): {mode: _compare(present, rounds, seconds, script, count, mode) for mode in MODES}
                    for count in counts
                    if count in clients
                }
                for script, counts in SCRIPTS.items()
            }
        result = {"versions": versions(server), "rounds": rounds, "seconds": seconds, "figures": figures}
    print("written to", save("mysql_point_selects", result))
    return result


def _compare(present: list[Route], rounds: int, seconds: int, script: str, count: int, mode: str) -> dict[str, dict[str, Any]]:
    figures = alternate(present, rounds, lambda route: sysbench.measure(route, script, mode, count, seconds))
    found: dict[str, dict[str, Any]] = dict(medians(figures).items())
    cpu = ratios(figures, "cpu_us", ["haproxy", "forwarder", "gateway, relaxed"])
    tps = ratios(figures, "tps", ["direct", "haproxy"])
    for name, row in found.items():
        row["cpu_to"], row["tps_to"] = cpu[name], tps[name]
        against = [f"CPU {cpu[name]['haproxy']:5.2f} × haproxy"] if cpu[name].get("haproxy") else []
        against += [f"rate {tps[name]['haproxy']:5.2f} × haproxy"] if "haproxy" in tps[name] else []
        print(
            f"{script:17} {count:3} clients  {mode:8} {name:17} {row['cpu_us']:7.1f} µs CPU  {row['tps']:8.0f} statements/s"
            f"  p99 {row['p99_ms']:6.2f} ms  "
            + "  ".join(against)
            + (f"  (index beside: {row['beside_us']:.1f} µs)" if row["beside_us"] >= 0.05 else ""),
            flush=True,
        )
    return found
