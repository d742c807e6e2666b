"""Message by message: names, portals, COPY, broken frames, peers that leave."""

import socket
import struct
from typing import Any

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.live.postgres.wire import Wire, kinds, refused, until
from tests.support.gateway import LiveGateway


def test_a_statement_over_the_limit(alice: psycopg.Connection[Any]) -> None:
    assert "larger than" in refused(alice, "SELECT '" + "x" * 3_000_000 + "'", code="54000")
    assert "larger than" in refused(alice, "SELECT %s, '" + "x" * 3_000_000 + "'", (1,), code="54000")
    assert alice.execute("SELECT length(%s)", ("x" * 5_000_000,)).fetchone() == (5_000_000,)


def test_a_pipeline_that_redefines_the_unnamed_statement(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        for text in (b"SELECT 1", b"SELECT 2", b"SELECT 3"):
            wire.send(("P", b"\0" + text + b"\0\0\0"), ("B", b"\0\0\0\0\0\0\0\0"), ("E", b"\0\0\0\0\0"))
        wire.send(("S", b""))
        frames = wire.read()
        assert kinds(frames) == "12DC12DC12DCZ"
        assert [body[-1:] for kind, body in frames if kind == "D"] == [b"1", b"2", b"3"]


def test_a_refused_parse_between_two_others(gateway: LiveGateway) -> None:
    with Wire(gateway, "bob") as wire:
        run = [("B", b"\0\0\0\0\0\0\0\0"), ("D", b"P\0"), ("E", b"\0\0\0\0\0")]
        wire.send(("P", b"\0SELECT 1\0\0\0"), *run, ("P", b"\0SELECT * FROM secret\0\0\0"), *run, ("S", b""))
        wire.send(("P", b"\0SELECT 2\0\0\0"), *run, ("S", b""))
        frames = wire.read() + wire.read()
        assert kinds(frames) == "12TDCEZ12TDCZ"
        assert b"gateway: permission denied" in frames[5][1]


def test_portals_are_suspended_and_go_on(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", b"BEGIN\0"))
        wire.read()
        wire.send(("P", b"s\0SELECT a FROM allowed ORDER BY a\0\0\0"), ("B", b"p\0s\0\0\0\0\0\0\0"), ("E", b"p\0\0\0\0\2"))
        wire.send(("H", b""))
        assert kinds(wire.read("s")) == "12DDs"
        wire.send(("E", b"p\0\0\0\0\1"), ("C", b"Pp\0"), ("S", b""))
        assert kinds(wire.read()) == "Ds3Z"
        wire.send(("E", b"p\0\0\0\0\1"), ("S", b""))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert b"34000" in frames[0][1]


def test_describe_before_and_after_bind(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("P", b"s\0SELECT a FROM allowed WHERE b = $1\0\0\0"), ("D", b"Ss\0"), ("S", b""))
        assert kinds(wire.read()) == "1tTZ"
        wire.send(("B", b"\0s\0\0\0\0\1\0\0\0\1x\0\0"), ("D", b"P\0"), ("E", b"\0\0\0\0\0"), ("S", b""))
        assert kinds(wire.read()) == "2TCZ"
        wire.send(("C", b"Ss\0"), ("D", b"Ss\0"), ("S", b""))
        assert kinds(wire.read()) == "3EZ"


def test_sql_and_protocol_share_statement_names(gateway: LiveGateway) -> None:
    with Wire(gateway, "bob") as wire:
        wire.send(("Q", b"PREPARE q AS SELECT 1\0"))
        wire.read()
        wire.send(("B", b"\0q\0\0\0\0\0\0\0"), ("E", b"\0\0\0\0\0"), ("S", b""))
        assert kinds(wire.read()) == "2DCZ"
        wire.send(("P", b"w\0SELECT count(*) FROM allowed\0\0\0"), ("S", b""))
        wire.read()
        wire.send(("Q", b"EXECUTE w\0"))
        assert kinds(wire.read()) == "TDCZ"
        wire.send(("Q", b"DEALLOCATE w\0"))
        wire.read()
        wire.send(("B", b"\0w\0\0\0\0\0\0\0"), ("S", b""))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert b"26000" in frames[0][1]


def test_copy_in_the_extended_protocol(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        start = [("P", b"\0COPY copied FROM STDIN\0\0\0"), ("B", b"\0\0\0\0\0\0\0\0"), ("E", b"\0\0\0\0\0")]
        wire.send(*start, ("S", b""))  # the server ignores this Sync: it is reading COPY data by then
        assert kinds(wire.read("G")) == "12G"
        wire.send(("d", b"1\tx\n"), ("c", b""), ("S", b""))
        assert kinds(wire.read()) == "CZ"
        wire.send(*start, ("d", b"bad\tx\n"), ("c", b""), ("S", b""))
        assert kinds(wire.read()).endswith("EZ")
        wire.send(*start, ("d", b"1\tx\n"), ("f", b"enough\0"), ("S", b""))
        assert kinds(wire.read()) == "12GEZ"
        wire.send(("Q", b"DELETE FROM copied\0"))
        assert kinds(wire.read()) == "CZ"


def test_function_calls_are_refused(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("F", struct.pack("!IHHH", 1598, 0, 0, 0)))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert b"42501" in frames[0][1]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"SELECT '\xff'\0", b"22021"), (b"SELECT 1\0 FROM x\0", b"08P01"), (b"SELECT 1", b"08P01"), (b"", b"08P01")],
)
def test_texts_that_are_none(gateway: LiveGateway, body: bytes, code: bytes) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", body))
        frames = wire.read()
        assert kinds(frames) == "EZ"
        assert code in frames[0][1]
        wire.send(("P", b"\0" + body), ("S", b""))
        assert kinds(wire.read()) == "EZ"
        wire.send(("Q", b"SELECT 1\0"))
        assert kinds(wire.read()) == "TDCZ"


@pytest.mark.parametrize("data", [b"y\0\0\0\4", b"Q\0\0\0\3", b"Q\xff\xff\xff\xff", b"S\0\0\0\x05x", b"E\0\1\0\0"])
def test_what_is_no_message_ends_the_session(gateway: LiveGateway, data: bytes) -> None:
    with Wire(gateway) as wire:
        wire.socket.sendall(data)
        frames = wire.read()
        assert kinds(frames) == "E$"
        assert b"08P01" in frames[0][1]


def test_byte_by_byte(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        message = b"Q\0\0\0\x0dSELECT 1\0" + b"P\0\0\0\x10\0SELECT 1\0\0\0" + b"S\0\0\0\4"
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in message:
            wire.socket.sendall(bytes([byte]))
        assert kinds(wire.read()) == "TDCZ"
        assert kinds(wire.read()) == "1Z"


def test_a_client_that_closes_its_sending_half_still_gets_its_result(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", b"SELECT pg_sleep(0.2), 5\0"))
        wire.socket.shutdown(socket.SHUT_WR)
        assert kinds(wire.read()).startswith("TDCZ")


def test_a_vanished_client_stops_its_statement(server: PostgresServer, gateway: LiveGateway) -> None:
    wire = Wire(gateway)
    wire.send(("Q", b"SELECT pg_sleep(60) /* vanishing */\0"))
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as observer:
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active'"
        running = f"SELECT count(*) {others} AND query LIKE '%vanishing%'"
        until(lambda: observer.execute(running).fetchone() == (1,))
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.socket.close()
        until(lambda: observer.execute(running).fetchone() == (0,))


def test_a_server_that_goes_away(server: PostgresServer, gateway: LiveGateway) -> None:
    with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(psycopg.OperationalError) as caught:
            connection.execute("SELECT 1")
        assert caught.value.sqlstate == "57P01"
