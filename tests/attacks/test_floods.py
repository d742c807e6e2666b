"""Bad input costs its sender: half-open logins, huge statements, guesses. Meanwhile others log in and work."""

import contextlib
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.attacks.stage import RawSession, Stage, errors, frame, query
from tests.support.deployment import Deployment
from tests.support.servers import Certificates

LIMITS = "\n[limits]\nconnections = 100\nlogin_seconds = 30\nlogin_failures = 3\n"
SSL_REQUEST = struct.pack("!II", 8, 80877103)
STARTUP = b"\0\x03\0\0user\0alice\0database\0pg1/shop\0\0"


@pytest.fixture(scope="module")
def small(
    embedded_pg: PostgresServer, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A gateway of two workers with few places and short patience, and TLS."""
    home = tmp_path_factory.mktemp("flooded")
    with Deployment(home, embedded_pg, settings=LIMITS, workers=2, tls=certificates) as running:
        yield running


def _works(gate: Deployment, user: str = "ann") -> float:
    """Seconds that a login and a statement take."""
    began = time.monotonic()
    with psycopg.connect(gate.dsn(user), autocommit=True, connect_timeout=20) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
    return time.monotonic() - began


def _memory(gate: Deployment) -> int:
    """Resident bytes of all its processes."""
    assert gate.process is not None
    found, waiting = 0, [gate.process.pid]
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(FileNotFoundError):
            status = Path(f"/proc/{pid}/status").read_text()
            found += next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return found


OPENINGS: dict[str, Callable[[socket.socket], None]] = {
    "silent": lambda peer: None,
    "half a length": lambda peer: peer.sendall(b"\0\0"),
    "a length and nothing": lambda peer: peer.sendall(struct.pack("!I", 9_999)),
    "an SSLRequest": lambda peer: peer.sendall(SSL_REQUEST),
    "a startup message": lambda peer: peer.sendall(frame(b"", STARTUP)),
    "half a TLS handshake": lambda peer: peer.sendall(b"\x16\x03\x01\x02\x00\x01\x00"),
}


@pytest.mark.parametrize("opening", OPENINGS)
def test_a_thousand_half_open_logins_leave_room_for_others(small: Deployment, opening: str) -> None:
    before = _memory(small)
    held = []
    try:
        for _ in range(1_000):
            peer = socket.create_connection(("127.0.0.1", small.port), timeout=10)
            with contextlib.suppress(OSError):
                OPENINGS[opening](peer)
            held.append(peer)
        assert max(_works(small) for _ in range(3)) < 10
        assert _memory(small) - before < 100 * 1024 * 1024
    finally:
        for peer in held:
            peer.close()
    _works(small)


def test_a_thousand_silent_http_connections_leave_room_for_others(small: Deployment) -> None:
    held = [socket.create_connection(("127.0.0.1", small.http_port), timeout=10) for _ in range(1_000)]
    try:
        for peer in held[::2]:
            with contextlib.suppress(OSError):
                peer.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
        me = small.gateway("token", "list", user="alice")
        assert me.returncode == 0, me.stderr
    finally:
        for peer in held:
            peer.close()


def test_guessed_cancel_keys_cancel_nothing(small: Deployment) -> None:
    with psycopg.connect(small.dsn("wide"), autocommit=True) as session:
        key = session.pgconn.backend_pid
        running = threading.Thread(target=lambda: results.append(session.execute("SELECT pg_sleep(3), 7").fetchone()))
        results: list[Any] = []
        running.start()
        randomly = random.Random(1)
        for number in range(500):
            guess = struct.pack("!IIII", 16, 80877102, key, randomly.randrange(2**32) if number else 0)
            with socket.create_connection(("127.0.0.1", small.port), timeout=10) as peer:
                peer.sendall(guess)
                assert peer.recv(1) == b""  # silence, right or wrong
        running.join(20)
        assert [row[1] for row in results] == [7]


# --- texts that take long to judge


def _texts(size: int) -> dict[str, str]:
    return {
        "or": "SELECT 1 FROM products WHERE " + " OR ".join(["id = 1"] * (size // 10)),
        "statements": "SELECT 1 FROM products;" * (size // 23),
        "in": "SELECT 1 FROM products WHERE id IN (" + ",".join(map(str, range(size // 7))) + ")",
        "literal": "SELECT '" + "x" * size + "'",
        "syntax": "SELECT " + "(1,2)," * (size // 6),
        "own": "SELECT * FROM gateway.grants WHERE object = '" + "x" * size + "'",
    }


@pytest.mark.parametrize("shape", _texts(1))
def test_a_long_statement_does_not_hold_up_other_sessions(stage: Stage, shape: str) -> None:
    text = _texts(100_000)[shape].encode()
    with RawSession(stage.gateway.dsn("alice")) as slow, psycopg.connect(stage.gateway.dsn("ann"), autocommit=True) as other:
        other.execute("SELECT 1")
        slow.send(query(text))
        waits: list[float] = []
        done = threading.Event()

        def read() -> None:
            slow.until_ready()
            done.set()

        reader = threading.Thread(target=read)
        reader.start()
        while not done.is_set() and len(waits) < 2_000:
            began = time.monotonic()
            other.execute("SELECT 1")
            waits.append(time.monotonic() - began)
        reader.join(60)
        assert done.is_set()
        assert max(waits) < 1.0, f"{len(waits)} statements, the slowest {max(waits):.2f} s"


def test_a_long_statement_is_judged_as_a_short_one(stage: Stage) -> None:
    padding = " " * 50_000
    steps = stage.play(
        "SELECT 1" + padding, "SELECT * FROM hr.salaries" + padding, "COMMENT ON TABLE products IS 'x'" + padding, "SELECT 2"
    )
    assert [state for state, _, _ in steps] == ["", "42501", "42501", ""]
    assert "needs an approved change issue" in steps[2][1]


def test_statements_over_the_limit_are_told_so(stage: Stage) -> None:
    with RawSession(stage.gateway.dsn("alice")) as session:
        answers = session.ask(query(b"SELECT '" + b"x" * (17 * 1024 * 1024) + b"'"))
        assert errors(answers)[0].startswith("54000")
        assert errors(session.ask(query(b"SELECT 1"))) == []


# --- guesses


def _guess(gate: Deployment, user: str, password: str) -> str:
    try:
        psycopg.connect(gate.dsn(user), password=password, connect_timeout=60).close()
    except psycopg.OperationalError as error:
        return str(error)
    return ""


def test_plaintext_behind_an_ssl_request_is_never_used(small: Deployment, stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as peer:
        peer.sendall(SSL_REQUEST + frame(b"", STARTUP))
        answer = peer.recv(1000)
        assert not answer.startswith(b"S")
        assert b"received unencrypted data after SSL request" in answer or answer == b""
    with socket.create_connection(("127.0.0.1", stage.gateway.port), timeout=10) as peer:  # no TLS there
        peer.sendall(SSL_REQUEST)
        assert peer.recv(1) == b"N"
        peer.sendall(frame(b"", STARTUP))
        assert peer.recv(1) == b"R"


def test_direct_tls_must_name_its_protocol(small: Deployment) -> None:
    def opened(*protocols: str) -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(list(protocols))
        with (
            socket.create_connection(("127.0.0.1", small.port), timeout=10) as raw,
            context.wrap_socket(raw) as peer,
        ):
            peer.sendall(frame(b"", STARTUP))
            return peer.recv(1)

    assert opened("postgresql") == b"R"
    for protocols in ((), ("http/1.1",)):
        with contextlib.suppress(ssl.SSLError):  # the handshake ends with the alert no_application_protocol
            assert opened(*protocols) in (b"E", b"")


@pytest.mark.parametrize(("version", "options"), [(b"\0\x03\0\x02", False), (b"\0\x03\0\x09", True), (b"\0\x03\0\0", True)])
def test_newer_minor_versions_and_options_are_negotiated(small: Deployment, version: bytes, options: bool) -> None:
    more = b"_pq_.unheard_of\0x\0" if options else b""
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as peer:
        peer.sendall(frame(b"", version + STARTUP[4:-1] + more + b"\0"))
        answer = peer.recv(1000)
    negotiated = options or version == b"\0\x03\0\x09"
    assert answer[:1] == (b"v" if negotiated else b"R")
    assert (b"_pq_.unheard_of" in answer) == options


def test_guesses_made_in_parallel_slow_down(small: Deployment) -> None:
    """Three wrong passwords are free, the next ones wait for each other; the address is four times as patient."""
    user, began = "olaf", time.monotonic()
    answers: list[str] = []

    def guess(number: int) -> None:
        answers.append(_guess(small, user, f"wrong {number}"))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(24)]
    for thread in threads[:10]:
        thread.start()
    assert _works(small, "dora") < 10  # another person's login from the same address, which twelve failures would slow down
    for thread in threads[10:]:
        thread.start()
    for thread in threads:
        thread.join(120)
    seconds = time.monotonic() - began
    wrong = [answer for answer in answers if "password authentication failed" in answer]
    assert len(wrong) + sum("too many failed logins" in answer for answer in answers) == 24
    # Both workers know of all failures within a moment: each gives three answers at once, or one and the other five, and then
    # one after each of ever longer waits. Counting alone, they would give as many again.
    assert len(wrong) <= 12, f"{len(wrong)} guesses were answered in {seconds:.1f} s"
