"""The gateway's own login at a MariaDB of another make: TLS in every mode, account plugins, table names without case."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from gateway.demo.postgres_server import free_port
from gateway.model.identity import Engine
from tests.live.mysql.talk import one, refusal
from tests.proxy.postgres.gatehouse import Access, Tls
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import Certificates, MariaDbServer, make_certificates

ACCOUNTS = """
CREATE USER encrypted IDENTIFIED BY 'p w' REQUIRE SSL; GRANT ALL ON *.* TO encrypted;
CREATE USER native IDENTIFIED VIA mysql_native_password USING PASSWORD('p w'); GRANT ALL ON *.* TO native;
CREATE USER empty IDENTIFIED BY ''; GRANT ALL ON *.* TO empty;
CREATE USER signing IDENTIFIED VIA ed25519 USING PASSWORD('p w'); GRANT ALL ON *.* TO signing;
CREATE DATABASE shop; CREATE DATABASE other;
CREATE TABLE shop.Allowed (id INT); INSERT INTO shop.Allowed VALUES (1);
CREATE TABLE shop.Secret (id INT); INSERT INTO shop.Secret VALUES (4711)
"""
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@pytest.fixture(scope="module")
def server(
    mariadb: MariaDbServer, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MariaDbServer]:
    options = (
        f"--ssl-cert={certificates.server_cert}",
        f"--ssl-key={certificates.server_key}",
        f"--ssl-ca={certificates.ca}",
        "--lower-case-table-names=1",
        "--plugin-load-add=auth_ed25519",
    )
    with MariaDbServer(tmp_path_factory.mktemp("my"), free_port(), options) as running:
        where: dict[str, Any] = {"host": running.host, "port": running.port, "user": running.user, "password": running.password}
        with pymysql.connect(autocommit=True, **where) as admin, admin.cursor() as cursor:
            for text in ACCOUNTS.split(";"):
                cursor.execute(text)
        yield running


def access(server: MariaDbServer, user: str, mode: str, certificates: Certificates, password: str = "p w") -> Access:
    tls = Tls(mode, str(certificates.ca) if mode.startswith("verify") else "")
    return Access(server.host, server.port, user, password, tls, Engine.MYSQL)


@pytest.mark.parametrize("mode", MODES)
def test_tls(server: MariaDbServer, certificates: Certificates, tmp_path: Path, mode: str) -> None:
    with LiveGateway(access(server, "native", mode, certificates), tmp_path) as live, live.connect() as connection:
        ((_, cipher),) = one(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
    assert bool(cipher) is (mode not in {"disable", "allow"})


@pytest.mark.parametrize("mode", MODES)
def test_an_account_that_asks_for_tls(server: MariaDbServer, certificates: Certificates, tmp_path: Path, mode: str) -> None:
    with LiveGateway(access(server, "encrypted", mode, certificates), tmp_path) as live:
        if mode == "disable":
            with pytest.raises(pymysql.err.MySQLError) as refused:
                live.connect()
            assert refused.value.args[1].startswith("gateway: the server does not let the gateway in")
            return
        with live.connect() as connection:
            ((_, cipher),) = one(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
        assert cipher


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_a_server_that_cannot_be_verified(
    caplog: pytest.LogCaptureFixture, server: MariaDbServer, tmp_path: Path, mode: str
) -> None:
    others = make_certificates(tmp_path / "others")
    with (
        LiveGateway(access(server, "native", mode, others), tmp_path) as live,
        pytest.raises(pymysql.err.MySQLError) as refused,
    ):
        live.connect()
    assert refused.value.args[0] == 1105
    assert "certificate not accepted" in caplog.text


@pytest.mark.parametrize(("user", "password"), [("native", "p w"), ("empty", "")])
def test_native_passwords(server: MariaDbServer, certificates: Certificates, tmp_path: Path, user: str, password: str) -> None:
    with LiveGateway(access(server, user, "disable", certificates, password), tmp_path) as live, live.connect() as connection:
        assert one(connection, "SELECT CURRENT_USER()") == ((f"{user}@%",),)


def test_a_wrong_password_is_told_without_the_account(
    caplog: pytest.LogCaptureFixture, server: MariaDbServer, certificates: Certificates, tmp_path: Path
) -> None:
    with LiveGateway(access(server, "native", "disable", certificates, "wrong"), tmp_path) as live:
        with pytest.raises(pymysql.err.MySQLError) as refused:
            live.connect()
        assert "native" not in str(refused.value)
        assert "Access denied for user 'native'" in caplog.text


def test_ed25519_is_refused_by_name(
    caplog: pytest.LogCaptureFixture, server: MariaDbServer, certificates: Certificates, tmp_path: Path
) -> None:
    with LiveGateway(access(server, "signing", "disable", certificates), tmp_path) as live:
        with pytest.raises(pymysql.err.MySQLError) as refused:
            live.connect()
        assert "no session with the server can be made" in refused.value.args[1]
        assert "IDENTIFIED VIA ed25519" in caplog.text


def test_table_names_without_case(server: MariaDbServer, certificates: Certificates, tmp_path: Path) -> None:
    with LiveGateway(access(server, "native", "disable", certificates), tmp_path) as live, live.connect("bob") as connection:
        for name in ("allowed", "ALLOWED", "`Allowed`", "SHOP.ALLOWED", "Shop.`aLLowed`"):
            assert one(connection, f"SELECT * FROM {name}") == ((1,),)
        for name in ("secret", "SECRET", "`Secret`", "SHOP.SECRET", "Shop.`sEcret`"):
            assert refusal(connection, f"SELECT * FROM {name}")[0] == 1142
        assert refusal(connection, "SELECT * FROM allowed AS SECRET, SECRET AS Allowed")[0] == 1142
        one(connection, "USE Shop")
        assert one(connection, "SELECT * FROM Allowed") == ((1,),)
        assert refusal(connection, "SELECT * FROM Secret")[0] == 1142


def test_caching_sha2_without_tls(server: MariaDbServer, certificates: Certificates, tmp_path: Path) -> None:
    """Towards the only server at hand that has a key of its own: another gateway. In full under its RSA key, then fast."""
    straight = access(server, "native", "disable", certificates)
    with LiveGateway(straight, tmp_path / "inner") as inner:
        chained = Access("127.0.0.1", inner.port, "alice", PASSWORD, engine=Engine.MYSQL)
        with LiveGateway(chained, tmp_path / "outer") as outer:
            for _ in range(2):
                with outer.connect("bob") as connection:
                    assert one(connection, "SELECT * FROM allowed") == ((1,),)
                    assert refusal(connection, "SELECT * FROM secret")[0] == 1142
