"""What the tests of a conversation do again and again."""

import os
import socket
import struct
import time
from typing import Any

import psycopg
import pytest

from tests.support.gateway import OPEN_POLICY, LiveGateway

POLICY = (
    OPEN_POLICY
    + """p, user:bob, *, */*/public/copied, *, , allow
p, user:bob, *, */*/public/move_path, call, , allow
p, user:bob, *, */*, temp|explain, , allow
p, user:carol, *, **, select|connect|insert, , allow
p, user:carol, *, */*, propose, , allow
"""
)


def refused(connection: psycopg.Connection[Any], query: str, parameters: Any = None, code: str = "42501") -> str:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(query, parameters)
    assert caught.value.sqlstate == code, caught.value
    return str(caught.value.diag.message_primary)


class Wire:
    """A client that says what it is told to, byte by byte."""

    def __init__(self, gateway: LiveGateway, user: str = "alice") -> None:
        self._connection = psycopg.connect(gateway.url(user), autocommit=True)
        self.socket = socket.socket(fileno=os.dup(self._connection.fileno()))
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 -- a descriptor for libpq, which must not say goodbye
            os.dup2(nothing.fileno(), self._connection.fileno())
        self.socket.setblocking(True)
        self.socket.settimeout(10)

    def send(self, *frames: tuple[str, bytes]) -> None:
        self.socket.sendall(b"".join(kind.encode() + struct.pack("!I", len(body) + 4) + body for kind, body in frames))

    def read(self, until: str = "Z") -> list[tuple[str, bytes]]:
        """Frames up to one of this kind, or to the end of the connection."""
        found: list[tuple[str, bytes]] = []
        while not found or found[-1][0] != until:
            header = self._exactly(5)
            if len(header) < 5:
                found.append(("EOF", b""))
                break
            found.append((chr(header[0]), self._exactly(struct.unpack("!I", header[1:])[0] - 4)))
        return found

    def _exactly(self, size: int) -> bytes:
        parts = b""
        while len(parts) < size and (part := self.socket.recv(size - len(parts))):
            parts += part
        return parts

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self._connection.close()


def kinds(frames: list[tuple[str, bytes]]) -> str:
    return "".join(kind if kind != "EOF" else "$" for kind, _ in frames)


def until(condition: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)
