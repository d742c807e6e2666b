"""`python -m benchmarks NAME [--rounds N] [--seconds N] [--clients N,N…]`; NAME is a benchmark or `all`."""

import argparse
from collections.abc import Callable

from benchmarks import (
    audit,
    connections,
    copying,
    decisions,
    first_seen,
    idle_sessions,
    large_result,
    latency,
    mysql_first_seen,
    mysql_idle_sessions,
    mysql_large_result,
    mysql_point_selects,
    obligations,
    point_queries,
)

BENCHMARKS: dict[str, Callable[[int, int, tuple[int, ...]], object]] = {
    "point-queries": point_queries.run,
    "latency": lambda rounds, seconds, _clients: latency.run(rounds, seconds),
    "large-result": lambda rounds, _seconds, _clients: large_result.run(rounds),
    "obligations": lambda rounds, _seconds, _clients: obligations.run(rounds),
    "copying": lambda rounds, _seconds, _clients: copying.run(rounds),
    "first-seen": lambda rounds, seconds, _clients: first_seen.run(rounds, seconds),
    "connections": lambda rounds, seconds, _clients: connections.run(rounds, seconds),
    "idle-sessions": lambda _rounds, _seconds, _clients: idle_sessions.run(),
    "decisions": lambda rounds, _seconds, _clients: decisions.run(rounds),
    "audit": audit.run,
    "mysql-point-selects": mysql_point_selects.run,
    "mysql-first-seen": lambda rounds, seconds, _clients: mysql_first_seen.run(rounds, seconds),
    "mysql-large-result": lambda rounds, _seconds, _clients: mysql_large_result.run(rounds),
    "mysql-idle-sessions": lambda _rounds, _seconds, _clients: mysql_idle_sessions.run(),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures; writes benchmarks/results/*.json.")
    parser.add_argument("name", type=lambda name: name.replace("_", "-"), choices=["all", *BENCHMARKS])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--clients", default="1,8,64")
    arguments = parser.parse_args()
    clients = tuple(map(int, arguments.clients.split(",")))
    for name, benchmark in BENCHMARKS.items():
        if arguments.name in {"all", name}:
            print(f"\n{name}", flush=True)
            benchmark(arguments.rounds, arguments.seconds, clients)


if __name__ == "__main__":
    main()
