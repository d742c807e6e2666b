"""What an attack is played on: a gateway, its audit log, and the server as the gateway's own login sees it."""

import json
import socket
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from tests.support.deployment import Deployment, eventually

_TABLES = """
SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'm') AND nspname IN ('public', 'hr', 'analytics') ORDER BY 1
"""
_OBJECTS = """
SELECT 'class', nspname, relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_'
UNION ALL SELECT 'proc', nspname, proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname !~ '^pg_'
UNION ALL SELECT 'statistics', nspname, stxname FROM pg_statistic_ext JOIN pg_namespace n ON n.oid = stxnamespace
UNION ALL SELECT 'schema', nspname, '' FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
UNION ALL SELECT 'extension', extname, '' FROM pg_extension
UNION ALL SELECT 'role', rolname, '' FROM pg_roles
UNION ALL SELECT 'large object', oid::text, '' FROM pg_largeobject_metadata
UNION ALL SELECT 'comment', objoid::text, description FROM pg_description WHERE objoid >= 16384
ORDER BY 1, 2, 3
"""
_SEQUENCES = "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
Step = tuple[str, str, list[tuple[str | None, ...]]]


@dataclass(slots=True)
class Stage:
    """`markers`: values of hr that must never arrive."""

    gateway: Deployment
    markers: frozenset[str] = field(default_factory=frozenset)
    _admin: psycopg.Connection[Any] | None = None
    _read: dict[Path, tuple[int, list[bytes]]] = field(
        default_factory=dict, repr=False
    )  # of each segment: up to where, and its lines

    def __post_init__(self) -> None:
        with self.direct() as direct:
            rows = direct.execute("SELECT email FROM hr.employees UNION ALL SELECT amount::text FROM hr.salaries").fetchall()
        self.markers = frozenset(value for (value,) in rows)

    def direct(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.gateway.direct(), autocommit=True)

    def close(self) -> None:
        if self._admin is not None:
            self._admin.close()

    def world(self) -> tuple[object, ...]:
        """Everything permanent on the server that an attack could have moved."""
        if self._admin is None:
            self._admin = self.direct()
        tables = [name for (name,) in self._admin.execute(_TABLES).fetchall()]
        count = sql.SQL("SELECT count(*), max(xmin::text::bigint) FROM {}")
        sums = self._admin.execute(sql.SQL(" UNION ALL ").join(count.format(sql.SQL(name)) for name in tables)).fetchall()
        sequences = self._admin.execute(
            "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
        ).fetchall()
        return tuple(zip(tables, sums, strict=True)), tuple(self._admin.execute(_OBJECTS).fetchall()), tuple(sequences)

    def play(self, *texts: str, user: str = "alice") -> list[Step]:
        """Each text as one simple query of one session: (SQLSTATE, message, rows); "" where it passed."""
        with psycopg.connect(self.gateway.dsn(user), autocommit=True) as session:
            return [_simple(session, text) for text in texts]

    def recorded(self, text: str, outcome: str) -> None:
        """Asserts that a record of this very text with this outcome comes to stand in the audit log."""

        needle = f'"text":{json.dumps(text, ensure_ascii=False)},'.encode()

        def there() -> bool:
            return any(json.loads(line)["decision"]["outcome"] == outcome for line in self._lines() if needle in line)

        eventually(f"an audit record, {outcome}: {text}", 10, there)

    def records_of(self, piece: str) -> list[dict[str, Any]]:
        """The decisions on texts that hold this piece, once the log has everything."""
        self.settled()
        return [json.loads(line) for line in self._lines() if piece.encode() in line]

    def _lines(self) -> Iterator[bytes]:
        """Every record so far. A segment is read once: it is megabytes long, and most of them newlines to be written over."""
        for path in self.gateway.segments():
            end, lines = self._read.get(path, (0, []))
            with path.open("rb") as file:
                file.seek(end)
                new = file.read(256 * 1024).rstrip(b"\n")
                while b"\n" in new or new.endswith(b"}"):
                    whole = new if new.endswith(b"}") else new[: new.rindex(b"\n")]
                    lines.extend(whole.split(b"\n"))
                    end += len(whole) + 1
                    file.seek(end)
                    new = file.read(256 * 1024).rstrip(b"\n")
            self._read[path] = end, lines
            yield from lines

    def settled(self) -> None:
        """Returns when the log holds all that happened so far."""
        mark = f"SELECT '{uuid.uuid4()}'"
        self.play(mark)
        self.recorded(mark, "allow")


def _simple(session: psycopg.Connection[Any], text: str) -> Step:
    result = session.pgconn.exec_(text.encode())
    rows = [tuple(_text(result.get_value(row, column)) for column in range(result.nfields)) for row in range(result.ntuples)]
    state = result.error_field(67)  # PG_DIAG_SQLSTATE
    message = result.error_field(77)  # PG_DIAG_MESSAGE_PRIMARY
    if state is None and result.status in (psycopg.pq.ExecStatus.COPY_OUT, psycopg.pq.ExecStatus.COPY_IN):
        return "", "COPY", rows
    return (state or b"").decode(), (message or b"").decode(), rows


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def frame(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def parse(name: bytes, text: bytes) -> bytes:
    return frame(b"P", name + b"\0" + text + b"\0\0\0")


def bind(portal: bytes, name: bytes) -> bytes:
    return frame(b"B", portal + b"\0" + name + b"\0" + b"\0\0" * 3)


def execute(portal: bytes, rows: int = 0) -> bytes:
    return frame(b"E", portal + b"\0" + struct.pack("!I", rows))


def close(which: bytes, name: bytes) -> bytes:
    return frame(b"C", which + name + b"\0")


def query(text: bytes) -> bytes:
    return frame(b"Q", text + b"\0")


SYNC = frame(b"S")
FLUSH = frame(b"H")


class RawSession:
    """A session that psycopg logged in, spoken to in frames."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._socket = socket.socket(fileno=self._connection.pgconn.socket)
        self._socket.settimeout(15)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.detach()
        self._connection.close()

    def send(self, *frames: bytes) -> None:
        self._socket.sendall(b"".join(frames))

    def until_ready(self) -> list[tuple[str, bytes]]:
        """The answers up to ReadyForQuery, or up to the end of the connection."""
        found: list[tuple[str, bytes]] = []
        while not found or found[-1][0] != "Z":
            answer = self._next()
            if answer is None:
                break
            found.append(answer)
        return found

    def ask(self, *frames: bytes) -> list[tuple[str, bytes]]:
        self.send(*frames)
        return self.until_ready()

    def run(self, text: bytes) -> list[tuple[str, bytes]]:
        """In the extended protocol under a name, so that the unnamed statement stays. No error expected."""
        answers = self.ask(
            parse(b"own", text), bind(b"own", b"own"), execute(b"own"), close(b"P", b"own"), close(b"S", b"own"), SYNC
        )
        assert not errors(answers), answers
        return answers

    def _next(self) -> tuple[str, bytes] | None:
        while len(self._buffer) < 5 or len(self._buffer) < 1 + struct.unpack("!I", self._buffer[1:5])[0]:
            data = self._socket.recv(65536)
            if not data:
                return None
            self._buffer += data
        size = 1 + struct.unpack("!I", self._buffer[1:5])[0]
        whole, self._buffer = self._buffer[:size], self._buffer[size:]
        return whole[:1].decode(), whole[5:]


def errors(answers: list[tuple[str, bytes]]) -> list[str]:
    """`SQLSTATE message` of each error."""
    found = []
    for kind, body in answers:
        if kind == "E":
            fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
            found.append(f"{fields[b'C']} {fields[b'M']}")
    return found


def rows(answers: list[tuple[str, bytes]]) -> list[bytes]:
    return [body for kind, body in answers if kind == "D"]
