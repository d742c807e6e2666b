"""Bad input, and how sessions end."""

import os
import threading
import time
from pathlib import Path

import pymysql
import pytest

from gateway.config import Limits
from gateway.wire.mysql.results import Err
from tests.live.mysql.talk import end_of, one, query, refusal
from tests.live.mysql_raw import RawClient
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import LiveGateway
from tests.support.servers import MariaDbServer


def test_wrong_sequence_ids(client: RawClient) -> None:
    client.sequence = 3
    client.say(query("SELECT 1"))
    assert Err.decode(client.packet()).code == 1156
    with pytest.raises((EOFError, ConnectionError)):
        client.packet()


def test_empty_command(client: RawClient) -> None:
    client.socket.sendall(b"\0\0\0\0")
    client.sequence = 0
    with pytest.raises((EOFError, ConnectionError, AssertionError)):
        while True:
            client.packet()


@pytest.mark.parametrize(
    "sent", [b"", b"\x01", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\x01", b"\x20\0\0\x01" + bytes(32), os.urandom(500)]
)
def test_garbage_before_login(gateway: LiveGateway, sent: bytes) -> None:
    with RawClient(gateway.port) as raw:
        raw.socket.sendall(sent)
        raw.socket.shutdown(1)
        while raw.socket.recv(4096):
            continue
    with gateway.connect() as connection:
        assert one(connection, "SELECT 1") == ((1,),)


def test_packets_after_quit_are_ignored(client: RawClient) -> None:
    client.socket.sendall(b"\x01\0\0\0\x01" + b"\x09\0\0\0\x03SELECT 1")
    with pytest.raises((EOFError, ConnectionError)):
        client.packet()


def test_commands_sent_ahead_are_answered_in_order(client: RawClient) -> None:
    client.socket.sendall(b"\x09\0\0\0\x03SELECT 1" + b"\x01\0\0\0\x0e" + b"\x09\0\0\0\x03SELECT 2")
    client.sequence = 1
    assert client.more_rows(client.packet()) == [b"\x011"]
    client.sequence = 1
    assert client.packet()[0] == 0
    client.sequence = 1
    assert client.more_rows(client.packet()) == [b"\x012"]


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 7])
def test_bytes_one_by_one(client: RawClient, cut: int) -> None:
    client.sequence = 1
    data = b"\x09\0\0\0\x03SELECT 1"
    client.socket.sendall(data[:cut])
    time.sleep(0.02)
    client.socket.sendall(data[cut:])
    assert client.more_rows(client.packet()) == [b"\x011"]


def test_invalid_characters(client: RawClient) -> None:
    assert client.rows(b"\x03SELECT length(_binary'\xff\xfe\x00')") == [b"\x013"]
    assert client.error(b"\x03SELECT 1 FROM `sec\xffret`").code in {1142, 1146, 1300, 1054, 1105, 1064}


def test_the_servers_death_is_told_and_recorded(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    admin = pymysql.connect(host=mariadb.host, port=mariadb.port, user=mariadb.user, password=mariadb.password)
    with admin, gateway.connect() as connection:
        ((own,),) = one(connection, "SELECT CONNECTION_ID()")
        thread = threading.Timer(0.5, lambda: one(admin, f"KILL {own}"))
        thread.start()
        number, _ = refusal(connection, "SELECT sleep(20)")
        thread.join()
    assert number in {1053, 2013, 1317, 1927}
    assert end_of(gateway, "SELECT sleep(20)")["error"]["code"] in {"1053", "1317", "1927"}


def test_idle_sessions_end(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path, limits=Limits(idle_seconds=0.3)) as live, live.connect() as connection:
        time.sleep(1.2)
        assert refusal(connection, "SELECT 1")[0] in {4031, 2013, 2006}


def test_draining_lets_a_transaction_end(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path) as live, live.connect() as connection:
        one(connection, "BEGIN")
        one(connection, "SELECT * FROM allowed")
        drained = threading.Thread(target=lambda: live.run(live.running.sessions.drain(10)))
        drained.start()
        time.sleep(0.3)
        assert one(connection, "SELECT 1") == ((1,),)
        one(connection, "COMMIT")
        drained.join(5)
        assert not drained.is_alive()


def test_throttled_logins(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path, failures=1) as live:
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(pymysql.err.OperationalError):
                live.connect("alice", password="wrong")
        assert time.monotonic() - began > 1.0
    assert len(live.running.logins.refusals()) == 3
