"""Point queries: pgbench -S in three protocol modes. The gateway decides and records each of them; the others do not."""

from typing import Any

from benchmarks import pgbench
from benchmarks.compare import alternate, folder, medians, ratios, routes, served, versions
from benchmarks.machine import save
from benchmarks.processes import Route

MODES = ("simple", "extended", "prepared")
NAMES = ("direct", "pgbouncer", "haproxy", "pgpool", "forwarder", "relaxed", "gateway")


def run(rounds: int = 5, seconds: int = 4, clients: tuple[int, ...] = (1, 8, 64)) -> dict[str, Any]:
    with folder() as home, served(home) as server, routes(server, home, NAMES) as present:
        pgbench.fill(present[0])
        result = {
            "versions": versions(server),
            "rounds": rounds,
            "seconds": seconds,
            "figures": {
                str(count): {mode: _compare(present, rounds, seconds, count, mode) for mode in MODES} for count in clients
            },
        }
    print("written to", save("point_queries", result))
    return result


def _compare(present: list[Route], rounds: int, seconds: int, count: int, mode: str) -> dict[str, dict[str, Any]]:
    figures = alternate(present, rounds, lambda route: pgbench.measure(route, ["-S", "-M", mode], count, seconds))
    found: dict[str, dict[str, Any]] = dict(medians(figures).items())
    cpu, tps = ratios(figures, "cpu_us", ["pgbouncer", "relaxed"]), ratios(figures, "tps", ["direct", "pgbouncer"])
    for name, row in found.items():
        row["cpu_to"], row["tps_to"] = cpu[name], tps[name]
        to_bouncer = cpu[name].get("pgbouncer")
        print(
            f"{count:3} clients  {mode:9} {name:17} {row['cpu_us']:7.1f} µs CPU  {row['tps']:8.0f} tps"
            + (f"  CPU {to_bouncer:5.2f} × pgbouncer" if to_bouncer is not None else "")
            + (f"  tps {tps[name]['pgbouncer']:5.2f} × pgbouncer" if "pgbouncer" in tps[name] else "")
            + (f"  (index beside: {row['beside_us']:.1f} µs)" if row["beside_us"] >= 0.05 else ""),
            flush=True,
        )
    return found
