"""What masks and limits cost: a million rows plain, with a counted row limit, and with two masked text columns."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.compare import DATABASE, alternate, folder, medians, ratios, served, versions
from benchmarks.drain import read_all
from benchmarks.gateway import BROAD, gateway, write_rules
from benchmarks.large_result import measure as measure_query
from benchmarks.machine import save
from benchmarks.processes import Route, direct
from gateway.demo.postgres_server import PostgresServer
from gateway.model.errors import GatewayError

QUERY = "SELECT * FROM people_of_many"
_ROWS = 1_000_000
_FILL = f"""
CREATE TABLE people_of_many AS SELECT g AS id, 'name ' || g AS name, 'person' || g || '@shop.example' AS email,
  '+49 30 ' || lpad((g::bigint * 7919 % 10000000)::text, 7, '0') AS phone, repeat('x', 40) AS note
FROM generate_series(1, {_ROWS}) g;
VACUUM ANALYZE people_of_many;
"""
_NO_MORE = "p, bench, *, **, export|unmask, , deny\n"
LIMIT = '[[rules]]\nname = "counted"\nroles = ["bench"]\nobjects = ["**"]\nmax_rows = 100_000_000\n'
MASKS = (
    '[maskers.phone]\nkind = "digits"\nlast = 3\n'
    '[[columns]]\npath = "**/people_of_many/email"\nmasker = "email"\n'
    '[[columns]]\npath = "**/people_of_many/phone"\nmasker = "phone"\n'
)
_SETTLE_SECONDS = 20.0


def run(rounds: int = 5) -> dict[str, Any]:
    with folder() as home, served(home) as server, ExitStack() as stack:
        _fill(server)
        plain = stack.enter_context(gateway(server, DATABASE, home / "plain"))
        present = [direct(server, DATABASE), plain]
        for name, file, rules in (("counted", "query_rules.toml", LIMIT), ("masked", "masking.toml", MASKS)):
            route = stack.enter_context(gateway(server, DATABASE, home / name))
            oblige(home / name, file, rules)
            present.append(Route(name, route.host, route.port, route.user, route.password, route.database, route.pid))
        _settled(present[-1])
        for route in present:
            read_all(route, QUERY)
        figures = alternate(present, rounds, lambda route: measure_query(route, QUERY))
        found: dict[str, dict[str, Any]] = dict(medians(figures).items())
        per_row = ratios(figures, "seconds", ["direct", "gateway"])
        for name, row in found.items():
            row["seconds_to"] = per_row[name]
            print(f"{name:10} {row['seconds']:5.2f} s  CPU {row['cpu_seconds']:5.2f} s  {per_row[name]}", flush=True)
    result = {"versions": versions(server), "rounds": rounds, "rows": _ROWS, "figures": found}
    print("written to", save("obligations", result))
    return result


def _fill(server: PostgresServer) -> None:
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as connection:
        for statement in _FILL.split(";"):
            if statement.strip():
                connection.execute(statement.encode())


def oblige(home: Path, file: str, rules: str) -> None:
    """Give a running gateway these rules beside the broad one, without the right to see or export what they bind."""
    (home / "policies" / "masking.toml").write_text("", encoding="utf-8")
    (home / "policies" / file).write_text(rules, encoding="utf-8")
    write_rules(home, BROAD + _NO_MORE)


def _settled(route: Route) -> None:
    """The new bundle counts within a second or so."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    with psycopg.connect(
        host=route.host,
        port=route.port,
        user=route.user,
        password=route.password,
        dbname=route.database,
        sslmode="disable",
        autocommit=True,
    ) as connection:
        while time.monotonic() < deadline:
            row = connection.execute("SELECT email FROM people_of_many WHERE id = 7").fetchone()
            if row == ("p***@***.example",):
                return
            time.sleep(0.2)
    raise GatewayError("the masks of the benchmark do not count")
