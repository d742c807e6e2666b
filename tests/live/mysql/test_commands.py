"""Every command of the protocol; cancelling."""

import threading
import time

import pytest

from gateway.wire.mysql.results import Err
from tests.live.mysql.talk import one, outcome, query, refusal, thread_of
from tests.live.mysql_raw import RawClient
from tests.support.mysql_gateway import PASSWORD, LiveGateway


def test_simple_commands(client: RawClient) -> None:
    assert client.command(b"\x0e")[0] == 0  # PING
    assert client.command(b"\x09").startswith(b"Uptime")  # STATISTICS
    assert client.command(b"\x1b\x01\0")[0] == 0xFE  # SET_OPTION: several statements off
    assert client.error(query("SELECT 1; SELECT 2")).code == 1064
    assert client.command(b"\x1b\0\0")[0] == 0xFE
    assert client.rows(query("SELECT 1")) == [b"\x011"]


def test_init_db_and_field_list(client: RawClient) -> None:
    assert client.command(b"\x02shop")[0] == 0
    names = [client.command(b"\x04allowed\0%")]
    while (packet := client.packet())[0] != 0xFE:
        names.append(packet)
    assert [b"id" in names[0], b"note" in names[1]] == [True, True]
    assert client.error(b"\x02nowhere").code in {1049, 1142}


@pytest.mark.parametrize("command", [0x00, 0x05, 0x06, 0x0B, 0x0F, 0x10, 0x13, 0x14, 0x1D, 0x20, 0x7F, 0xFA])
def test_unknown_commands(client: RawClient, command: int) -> None:
    assert client.error(bytes((command,)) + b"x").code == 1047
    assert client.rows(query("SELECT 1")) == [b"\x011"]


@pytest.mark.parametrize(
    "command",
    [
        b"\x07\x01",  # REFRESH
        b"\x08\x00",  # SHUTDOWN
        b"\x0a",  # PROCESS_INFO
        b"\x0d",  # DEBUG
        b"\x12" + bytes(10),  # BINLOG_DUMP
        b"\x1e" + bytes(20),  # BINLOG_DUMP_GTID
        b"\x15" + bytes(18),  # REGISTER_SLAVE
        b"\x0c\x01\0\0\0",  # PROCESS_KILL of somebody else's
    ],
)
def test_administration_needs_admin(gateway: LiveGateway, command: bytes) -> None:
    with RawClient(gateway.port) as raw:
        assert raw.login("bob", PASSWORD, "my1/shop")[0] == 0
        error = raw.error(command)
        assert (error.code, error.sql_state) == (1142, b"42000")
        assert raw.rows(query("SELECT 1")) == [b"\x011"]


def test_administrators_see_the_processes(client: RawClient) -> None:
    assert client.more_rows(client.command(b"\x0a"))


def test_reset_connection(client: RawClient) -> None:
    client.command(query("SET sql_mode = 'ANSI_QUOTES'"))
    client.command(query("CREATE TEMPORARY TABLE scratch (a INT)"))
    assert client.command(b"\x1f")[0] == 0
    assert client.error(query("SELECT * FROM scratch")).code in {1146, 1142}
    assert client.rows(query('SELECT "x"')) == [b"\x01x"]
    client.command(query("SET sql_mode = 'ANSI_QUOTES'"))  # tracked as before
    assert client.error(query('SELECT "x"')).code in {1054, 1142}


def test_change_user_is_a_new_login(gateway: LiveGateway) -> None:
    with RawClient(gateway.port) as raw:
        assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
        assert raw.rows(query("SELECT salary FROM secret")) == [b"\x044711"]
        raw.sequence = 0
        raw.say(b"\x11bob\0\0my1/shop\0" + (45).to_bytes(2, "little") + b"caching_sha2_password\0")
        assert raw.authenticate(PASSWORD.encode(), b"")[0] == 0
        assert raw.error(query("SELECT salary FROM secret")).code == 1142
        assert raw.rows(query("SELECT count(*) FROM allowed")) == [b"\x013"]
        raw.sequence = 0
        raw.say(b"\x11alice\0\0my1/shop\0" + (45).to_bytes(2, "little") + b"caching_sha2_password\0")
        assert Err.decode(raw.authenticate(b"wrong", b"")).code == 1045
        with pytest.raises((EOFError, ConnectionError)):
            raw.command(b"\x0e")


def test_kill_query_of_ones_own(gateway: LiveGateway) -> None:
    with gateway.connect() as sleeper, gateway.connect() as killer:
        result: list[object] = []
        thread = threading.Thread(target=lambda: result.append(outcome(sleeper, "SELECT sleep(20)")))
        thread.start()
        time.sleep(0.5)
        one(killer, f"KILL QUERY {thread_of(sleeper)}")
        thread.join(10)
        assert not thread.is_alive()
        assert result
        assert one(sleeper, "SELECT 2") == ((2,),)


def test_kill_of_ones_own_session(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as victim, gateway.connect("bob") as killer:
        one(killer, f"KILL {thread_of(victim)}")
        time.sleep(0.2)
        assert refusal(victim, "SELECT 1")[0] in {1927, 2013, 2006}


def test_others_sessions_are_not_ones_own(gateway: LiveGateway) -> None:
    with gateway.connect("alice") as victim, gateway.connect("bob") as killer:
        assert refusal(killer, f"KILL QUERY {thread_of(victim)}")[0] == 1142
        assert refusal(killer, f"KILL {thread_of(victim)}")[0] == 1142
        assert one(victim, "SELECT 1") == ((1,),)


def test_an_administrator_kills_by_the_gateways_id(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as victim, gateway.connect("alice") as killer:
        one(killer, f"KILL {thread_of(victim)}")
        time.sleep(0.3)
        assert refusal(victim, "SELECT 1")[0] in {1053, 1927, 2013, 2006}
