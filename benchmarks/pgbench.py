"""pgbench as the client of several benchmarks: throughput, CPU per statement, latency of each statement."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import Route

_TPS = re.compile(r"tps = ([0-9.]+) \((?:without initial connection time|including reconnection times)\)")
_DONE = re.compile(r"number of transactions actually processed: (\d+)")
_LATENCY = re.compile(r"latency average = ([0-9.]+) ms")


def fill(route: Route, scale: int = 1) -> None:
    """pgbench's tables: 100,000 accounts times `scale`."""
    subprocess.run(["pgbench", "-i", "-s", str(scale), "-q"], env=route.environment, check=True, capture_output=True)


def measure(route: Route, arguments: Sequence[str], clients: int, seconds: float) -> dict[str, float]:
    """cpu_us: the proxy's CPU for one transaction; beside_us: of processes at its side; tps; latency_ms: the mean.

    pgbench's clock runs while its clients log in. Where that took all the time there was, there is more.
    """
    seconds += clients // 16
    for patience in (1, 4):
        found = _measured(route, arguments, clients, max(1, round(seconds * patience)))
        if found is not None:
            return found
    raise RuntimeError(f"pgbench on {route.name}: not one transaction in {4 * seconds} s")


def _measured(route: Route, arguments: Sequence[str], clients: int, seconds: int) -> dict[str, float] | None:
    """None where there was not one transaction."""
    before, beside = route.cpu_seconds(), route.beside_seconds()
    command = ["pgbench", "-n", "-c", str(clients), "-j", str(min(2, clients)), "-T", str(seconds), *arguments]
    done = subprocess.run(command, env=route.environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"pgbench on {route.name} ended with {done.returncode}: {done.stderr[-2000:]}")
    used, beside = route.cpu_seconds() - before, route.beside_seconds() - beside
    count = int(_found(_DONE, done.stdout))
    if not count:
        return None
    return {
        "cpu_us": used / count * 1e6,
        "beside_us": beside / count * 1e6,
        "tps": float(_found(_TPS, done.stdout)),
        "latency_ms": float(_found(_LATENCY, done.stdout)),
    }


def latencies(
    route: Route, arguments: Sequence[str], clients: int, seconds: float, folder: Path
) -> tuple[list[float], dict[str, float]]:
    """(microseconds of every transaction, sorted (pgbench --log), what `measure` found)."""
    prefix = folder / "latency"
    figures = measure(route, [*arguments, "--log", f"--log-prefix={prefix}"], clients, seconds)
    found: list[float] = []
    for path in folder.glob("latency.*"):
        found += [float(line.split()[2]) for line in path.read_text().splitlines()]
        path.unlink()
    return sorted(found), figures


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise RuntimeError(f"pgbench said nothing of {pattern.pattern}: {text}")
    return match.group(1)
