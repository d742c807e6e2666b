"""Point queries: pgbench -S in three protocol modes, the paths alternating, medians over the rounds."""

import contextlib
import re
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import save, version
from benchmarks.processes import Route, direct, forwarder, gateway, haproxy, pgbouncer
from tests.support.servers import distribution_bin_dir, distribution_postgres, embedded_postgres, make_certificates

MODES = ("simple", "extended", "prepared")
_TPS = re.compile(r"tps = ([0-9.]+) \(without initial connection time\)")
_DONE = re.compile(r"number of transactions actually processed: (\d+)")
_LATENCY = re.compile(r"latency average = ([0-9.]+) ms")


def run(rounds: int = 5, seconds: int = 4, clients: tuple[int, ...] = (8,)) -> dict[str, Any]:
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    home.chmod(0o755)
    with contextlib.ExitStack() as stack:
        bin_dir = distribution_bin_dir()
        server = stack.enter_context(
            embedded_postgres(home / "pg")
            if bin_dir is None
            else distribution_postgres(home / "pg", make_certificates(home / "certificates"), bin_dir)
        )
        direct_route = direct(server, "postgres")
        subprocess.run(["pgbench", "-i", "-s", "1", "-q"], env=direct_route.environment, check=True, capture_output=True)
        routes = [
            direct_route,
            stack.enter_context(pgbouncer(server, "postgres", home / "bouncer")),
            stack.enter_context(haproxy(server, "postgres", home / "haproxy")),
            stack.enter_context(forwarder(server, "postgres", home / "forwarder")),
            stack.enter_context(gateway(server, "postgres", home / "gateway")),
            stack.enter_context(gateway(server, "postgres", home / "gateway-relaxed", "relaxed")),
        ]
        present = [route for route in routes if route is not None]
        result = {
            "versions": {
                "server": version([str(bin_dir / "postgres") if bin_dir else "postgres", "--version"]),
                "pgbench": version(["pgbench", "--version"]),
                "pgbouncer": version(["pgbouncer", "--version"]),
                "haproxy": version(["haproxy", "-v"]),
            },
            "rounds": rounds,
            "seconds": seconds,
            "figures": {str(count): _compare(present, rounds, seconds, count) for count in clients},
        }
    print("written to", save("point_queries", result))
    return result


def _compare(routes: list[Route], rounds: int, seconds: int, clients: int) -> dict[str, Any]:
    figures: dict[str, dict[str, list[dict[str, float]]]] = {mode: {route.name: [] for route in routes} for mode in MODES}
    for _ in range(rounds):
        for mode in MODES:
            for route in routes:
                figures[mode][route.name].append(_measure(route, mode, seconds, clients))
    return {mode: _summary(clients, mode, figures[mode]) for mode in MODES}


def _measure(route: Route, mode: str, seconds: int, clients: int) -> dict[str, float]:
    before = route.cpu_seconds()
    command = ["pgbench", "-S", "-n", "-M", mode, "-c", str(clients), "-j", "2", "-T", str(seconds)]
    done = subprocess.run(command, env=route.environment, check=True, capture_output=True, text=True)
    used = route.cpu_seconds() - before
    count = int(_found(_DONE, done.stdout))
    return {
        "cpu_us": used / count * 1e6,
        "tps": float(_found(_TPS, done.stdout)),
        "latency_ms": float(_found(_LATENCY, done.stdout)),
    }


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise RuntimeError(f"pgbench said nothing of {pattern.pattern}: {text}")
    return match.group(1)


def _summary(clients: int, mode: str, figures: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    medians = {
        name: {key: round(statistics.median(item[key] for item in measured), 3) for key in measured[0]}
        for name, measured in figures.items()
    }
    base = figures.get("pgbouncer")
    for name, median in medians.items():
        line = f"{clients:3} clients  {mode:9} {name:16} {median['cpu_us']:7.1f} µs CPU  {median['tps']:9.0f} tps"
        if base is not None and name not in {"direct", "pgbouncer"}:
            ratios = [own["cpu_us"] / other["cpu_us"] for own, other in zip(figures[name], base, strict=True)]
            median["cpu_to_pgbouncer"] = round(statistics.median(ratios), 3)
            line += f"  {median['cpu_to_pgbouncer']:.2f} × pgbouncer"
        print(line, flush=True)
    return medians
