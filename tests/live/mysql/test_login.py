"""Logins, and which database a client means."""

from pathlib import Path

import pymysql
import pytest

from gateway.proxy.tls import server_side
from gateway.wire.mysql.constants import AuthPlugin, Capability
from gateway.wire.mysql.results import Err
from tests.live.mysql.talk import one
from tests.live.mysql_raw import USUAL, RawClient
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, TOKEN, LiveGateway
from tests.support.servers import Certificates, MariaDbServer


@pytest.mark.parametrize(
    ("user", "database", "current"),
    [("alice", "my1/shop", "shop"), ("alice", "other", "other"), ("alice@my1", None, None), ("alice", None, None)],
)
def test_addresses(gateway: LiveGateway, user: str, database: str | None, current: str | None) -> None:
    with gateway.connect(user, database) as connection:
        assert one(connection, "SELECT DATABASE()") == ((current,),)


def test_the_greeting_is_the_servers_but_the_challenge_is_ours(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    with RawClient(gateway.port) as ours, RawClient(mariadb.port) as theirs:
        assert ours.greeting.server_version == theirs.greeting.server_version
        assert ours.greeting.auth_plugin == AuthPlugin.CACHING_SHA2
        assert not ours.greeting.capabilities & (Capability.COMPRESS | Capability.SSL)
        assert ours.greeting.capabilities & Capability.LONG_PASSWORD


def test_second_login_is_fast(gateway: LiveGateway) -> None:
    with gateway.connect(), RawClient(gateway.port) as raw:
        seen: list[bytes] = []
        keep = raw.packet

        def packet() -> bytes:
            seen.append(keep())
            return seen[-1]

        raw.packet = packet  # type: ignore[method-assign]
        assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
    assert seen[0] == b"\x01\x03"


@pytest.mark.parametrize("user", ["alice", "nobody", "+token", "alice+token"])
def test_a_wrong_login_is_the_servers_own_words(gateway: LiveGateway, user: str) -> None:
    with pytest.raises(pymysql.err.OperationalError) as caught:
        gateway.connect(user, password="wrong")
    assert caught.value.args == (1045, f"Access denied for user '{user}'@'127.0.0.1' (using password: YES)")


def test_no_password(gateway: LiveGateway) -> None:
    with pytest.raises(pymysql.err.OperationalError) as caught:
        gateway.connect("alice", password="")
    assert caught.value.args == (1045, "Access denied for user 'alice'@'127.0.0.1' (using password: NO)")


def test_a_token_is_a_password_for_its_owner_alone(gateway: LiveGateway) -> None:
    with gateway.connect("alice+token", password=TOKEN) as connection:
        assert one(connection, "SELECT 1") == ((1,),)
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        gateway.connect("bob+token", password=TOKEN)


def test_other_plugins_are_switched(gateway: LiveGateway) -> None:
    with RawClient(gateway.port) as raw:
        assert raw.login("alice", PASSWORD, "my1/shop", plugin=AuthPlugin.NATIVE)[0] == 0


def test_a_client_without_plugins_hears_why_not(gateway: LiveGateway) -> None:
    with RawClient(gateway.port, USUAL & ~Capability.PLUGIN_AUTH) as raw:
        error = Err.decode(raw.login("alice", PASSWORD))
    assert (error.code, error.sql_state) == (1251, b"08004")


@pytest.mark.parametrize("database", ["my1/nothing", "nothing", "my2/shop"])
def test_a_missing_database_is_refused_as_a_forbidden_one(gateway: LiveGateway, database: str) -> None:
    with pytest.raises(pymysql.err.OperationalError) as caught:
        gateway.connect("alice", database)
    assert caught.value.args[0] == 1044
    assert f"permission denied: connect on {database}" in caught.value.args[1]


@pytest.mark.parametrize("collation", [28, 13, 1, 95, 35])  # gbk, sjis, big5, cp932, ucs2
def test_unsafe_character_sets_are_refused_at_login(gateway: LiveGateway, collation: int) -> None:
    with RawClient(gateway.port) as raw:
        error = Err.decode(raw.login("alice", PASSWORD, "my1/shop", collation=collation))
    assert error.code == 1115


def test_tls(access: Access, tmp_path: Path, certificates: Certificates) -> None:
    tls = server_side(certificates.server_cert, certificates.server_key, required=True, alpn=None)
    with LiveGateway(access, tmp_path, tls=tls) as live:
        with live.connect(ssl={"ca": str(certificates.ca)}) as connection:
            assert one(connection, "SELECT 1") == ((1,),)
        with live.connect(ssl={"ca": str(certificates.ca)}) as connection:  # fast this time
            assert one(connection, "SELECT 1") == ((1,),)
        with pytest.raises(pymysql.err.OperationalError) as caught:
            live.connect(ssl_disabled=True)
        assert "TLS only" in caught.value.args[1]
