"""A million rows of MariaDB's: plain, with a counted row limit, with two masked text columns. Rate, CPU, the proxy's memory."""

import struct
import sys
import time
from contextlib import ExitStack
from typing import Any, cast

from benchmarks import sysbench
from benchmarks.compare import DATABASE, alternate, folder, medians, ratios, served_mysql, versions
from benchmarks.gateway import gateway
from benchmarks.machine import save
from benchmarks.obligations import LIMIT, MASKS, oblige
from benchmarks.others import haproxy
from benchmarks.processes import Route, direct, mysql_connection
from gateway.demo.mariadb_server import MariaDbServer
from gateway.model.errors import GatewayError

QUERY = b"SELECT * FROM people_of_many"
_ROWS = 1_000_000
_FILL = f"""
CREATE TABLE people_of_many AS SELECT seq AS id, CONCAT('name ', seq) AS name, CONCAT('person', seq, '@shop.example') AS email,
  CONCAT('+49 30 ', LPAD(seq * 7919 % 10000000, 7, '0')) AS phone, REPEAT('x', 40) AS note FROM seq_1_to_{_ROWS}
"""
_END = b"\x05\0\0"
_SETTLE_SECONDS = 20.0


def run(rounds: int = 5) -> dict[str, Any] | None:
    """None where MariaDB or sysbench is not installed."""
    if sysbench.missing():
        print(f"skipped: {sysbench.missing()} is not installed", file=sys.stderr)
        return None
    with folder() as home, served_mysql(home) as server, ExitStack() as stack:
        _fill(server)
        present = [direct(server, DATABASE), stack.enter_context(gateway(server, DATABASE, home / "plain"))]
        beside = stack.enter_context(haproxy(server, DATABASE, home / "haproxy"))
        present += [beside] if beside is not None else []
        for name, file, rules in (("counted", "query_rules.toml", LIMIT), ("masked", "masking.toml", MASKS)):
            route = stack.enter_context(gateway(server, DATABASE, home / name))
            oblige(home / name, file, rules)
            present.append(
                Route(name, route.host, route.port, route.user, route.password, route.database, route.pid, engine=route.engine)
            )
        _settled(present[-1])
        for route in present:
            measure(route)
        figures = alternate(present, rounds, measure)
        found: dict[str, dict[str, Any]] = dict(medians(figures).items())
        times = ratios(figures, "seconds", ["direct", "haproxy", "gateway"])
        for name, row in found.items():
            row["seconds_to"] = times[name]
            print(
                f"{name:10} {row['megabytes']:4.0f} MB in {row['seconds']:5.2f} s  CPU {row['cpu_seconds']:5.2f} s"
                f"  peak +{row['peak_growth_kib'] / 1024:.1f} MiB  {times[name]}",
                flush=True,
            )
        result = {"versions": versions(server), "rounds": rounds, "rows": _ROWS, "figures": found}
    print("written to", save("mysql_large_result", result))
    return result


def measure(route: Route) -> dict[str, float]:
    before, resident = route.cpu_seconds(), route.memory_kib()[0]
    route.forget_peak()
    size, seconds = _read_all(route)
    return {
        "seconds": seconds,
        "megabytes": size / 1e6,
        "cpu_seconds": route.cpu_seconds() - before,
        "peak_growth_kib": float(max(0, route.peak_kib() - resident)),
    }


def _read_all(route: Route) -> tuple[int, float]:
    """(bytes of the answer, seconds), to a client that reads and does nothing with it."""
    with mysql_connection(route) as connection:
        raw = cast("Any", connection)._sock  # PyMySQL shows its socket to nobody
        started = time.perf_counter()
        raw.sendall(struct.pack("<I", len(QUERY) + 1) + b"\x03" + QUERY)
        buffer = bytearray(1 << 20)
        view, size, end = memoryview(buffer), 0, b""
        # The EOF behind the rows: five bytes, the first 0xFE. The one behind the column definitions stands among the first.
        while size < 4096 or not (end[-9:-6] == _END and end[-5] == 0xFE):
            got = raw.recv_into(view)
            if not got:
                raise ConnectionError(f"{route.name} closed the connection after {size} bytes")
            size += got
            end = (end + bytes(view[max(0, got - 9) : got]))[-9:]
        seconds = time.perf_counter() - started
    if size < _ROWS * 50:
        raise ConnectionError(f"{route.name} ended its answer after {size} bytes")
    return size, seconds


def _fill(server: MariaDbServer) -> None:
    with mysql_connection(direct(server, DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute(_FILL)
        connection.commit()


def _settled(route: Route) -> None:
    """The new bundle counts within a second or so."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    with mysql_connection(route) as connection, connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT email FROM people_of_many WHERE id = 7")
            if cursor.fetchone() == ("p***@***.example",):
                return
            time.sleep(0.2)
    raise GatewayError("the masks of the benchmark do not count")
