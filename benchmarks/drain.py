"""A client that reads a result and does nothing with it, so that it is never what limits the rate."""

import os
import socket
import struct
import time

import psycopg

from benchmarks.processes import Route

_READY = b"Z\0\0\0\x05I"


def read_all(route: Route, sql: str, pause: float = 0.0) -> tuple[int, float]:
    """(bytes of the answer, seconds). With `pause` the client reads 64 KB and sleeps, a hundred times, before it hurries."""
    with psycopg.connect(route.dsn, autocommit=True) as connection:
        connection.execute("SELECT 1")
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as raw:
            raw.setblocking(True)
            text = sql.encode() + b"\0"
            started = time.perf_counter()
            raw.sendall(b"Q" + struct.pack("!I", len(text) + 4) + text)
            size = _slowly(raw, pause) if pause else 0
            buffer = bytearray(1 << 20)
            view, end = memoryview(buffer), b""
            while not end.endswith(_READY):
                got = raw.recv_into(view)
                if not got:
                    raise ConnectionError(f"{route.name} closed the connection after {size} bytes")
                size += got
                end = (end + bytes(view[max(0, got - 6) : got]))[-6:]
            seconds = time.perf_counter() - started
    return size, seconds


def _slowly(raw: socket.socket, pause: float) -> int:
    size = 0
    for _ in range(100):
        size += len(raw.recv(65_536))
        time.sleep(pause)
    return size
