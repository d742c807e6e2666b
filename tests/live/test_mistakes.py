"""Mistakes that people make: each is told in words that name the place and what would be right, and nothing is served."""

import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer, free_port
from tests.support.deployment import Deployment, Done, password_of
from tests.support.servers import Certificates


@pytest.fixture(scope="module")
def prepared(embedded_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A folder that would serve."""
    return Deployment(tmp_path_factory.mktemp("prepared"), embedded_pg).prepare()


@pytest.fixture
def folder(prepared: Deployment, tmp_path: Path) -> Deployment:
    """A copy of it to spoil."""
    shutil.copytree(prepared.home, tmp_path / "home")
    copy = Deployment(tmp_path / "home", prepared.server)
    copy.write_config()
    return copy


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def served(folder: Deployment, config: Path | None = None) -> Done:
    """`gateway serve`, which ends by itself; nothing listened behind it."""
    done = folder.gateway("serve", "-c", str(config or folder.config), seconds=50)
    assert not listens(folder.port)
    assert "Traceback" not in done.stderr
    return done


def _append(name: str, text: str) -> Callable[[Deployment], None]:
    def spoil(folder: Deployment) -> None:
        with (folder.home / name).open("a") as file:
            file.write(text)

    return spoil


def _replace(name: str, old: str, new: str) -> Callable[[Deployment], None]:
    def spoil(folder: Deployment) -> None:
        path = folder.home / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return spoil


def _short_key(folder: Deployment) -> None:
    (folder.home / "master.key").write_text("short\n")


def _remove(name: str) -> Callable[[Deployment], None]:
    def spoil(folder: Deployment) -> None:
        path = folder.home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


SPOILED: dict[str, tuple[Callable[[Deployment], None], tuple[str, ...]]] = {
    "unknown section": (_append("gateway.toml", "\n[audits]\n"), ("gateway.toml", "audits", "unknown key", "known here")),
    "unknown key": (
        _append("gateway.toml", "\n[limits]\nconnection = 3\n"),
        ("limits.connection", "unknown key", "connections"),
    ),
    "wrong type": (_append("gateway.toml", '\n[limits]\nconnections = "many"\n'), ("limits.connections", "integer")),
    "out of range": (
        _append("gateway.toml", "\n[limits]\nconnections = 0\n"),
        ("limits.connections", "greater than or equal to 1"),
    ),
    "no TOML": (_append("gateway.toml", "\n[limits\n"), ("gateway.toml", "not valid TOML", "line")),
    "bad address": (_replace("gateway.toml", "postgres = ", 'postgres = "6432" #'), ("listen.postgres", "host:port")),
    "bad durability": (
        _replace("gateway.toml", "checkpoint_seconds", 'durability = "no" #'),
        ("audit.durability", "'strict' or 'relaxed'"),
    ),
    "no bundle": (_remove("policies"), ("policy.dir", "no such folder")),
    "no certificate": (_append("gateway.toml", '\n[tls]\ncert = "none.pem"\nkey = "none.key"\n'), ("tls.cert", "no such file")),
    "no key in TLS": (_append("gateway.toml", '\n[tls]\ncert = "gateway.toml"\n'), ("tls.key", "required")),
    "no certificate at all": (
        _append("gateway.toml", '\n[tls]\ncert = "gateway.toml"\nkey = "gateway.toml"\n'),
        ("tls.cert", "not a usable pair"),
    ),
    "short rule": (_append("policies/policy.csv", "p, developer, *\n"), ("policy.csv:", "p, role, project")),
    "unknown action": (_append("policies/policy.csv", "p, developer, *, **, selct, , allow\n"), ("policy.csv:", "selct")),
    "bad condition": (
        _append("policies/policy.csv", "p, developer, *, **, select, colour == 'red', allow\n"),
        ("policy.csv:", "colour"),
    ),
    "bad effect": (_append("policies/policy.csv", "p, developer, *, **, select, , alow\n"), ("policy.csv:", "alow")),
    "bad query rules": (
        _append("policies/query_rules.toml", "\n[[rules]]\nname = 'x'\nmax_row = 1\n"),
        ("query_rules.toml", "max_row"),
    ),
    "bad masking": (_append("policies/masking.toml", "\n[[columns]]\npath = '*'\nmasker = 'none'\n"), ("masking.toml",)),
    "no model": (_remove("policies/model.conf"), ("model.conf",)),
    "store of no kind": (_replace("gateway.toml", "sqlite:///gateway.db", "oracle://x/y"), ("store.url", "sqlite")),
    "store in no folder": (
        _replace("gateway.toml", "sqlite:///gateway.db", "sqlite:///workspace.toml/gateway.db"),
        ("workspace.toml",),
    ),
    "short master key": (_short_key, ("master.key",)),
    "master key of another": (_remove("master.key"), ("master.key does not hold",)),
    "audit is a file": (_replace("gateway.toml", 'dir = "audit"', 'dir = "workspace.toml"'), ("workspace.toml",)),
}


@pytest.mark.parametrize("mistake", SPOILED)
def test_a_wrong_setting_is_named_and_nothing_listens(folder: Deployment, mistake: str) -> None:
    spoil, words = SPOILED[mistake]
    spoil(folder)
    done = served(folder)
    assert done.returncode == 3, done
    assert [word for word in words if word not in done.stderr] == [], done.stderr


def test_no_config_at_all(folder: Deployment, tmp_path: Path) -> None:
    done = served(folder, tmp_path / "nonesuch.toml")
    assert done.returncode == 3
    assert "nonesuch.toml: no such file" in done.stderr
    done = folder.gateway("serve")
    assert done.returncode == 2
    assert "--config" in done.stderr


@pytest.mark.parametrize("which", ["port", "http_port"])
def test_a_port_that_is_taken(folder: Deployment, which: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", getattr(folder, which)))
        taken.listen()
        done = folder.gateway("serve", "-c", str(folder.config))
        assert done.returncode == 3
        assert f"cannot listen on 127.0.0.1:{getattr(folder, which)}" in done.stderr
    assert not listens(folder.port)


@pytest.mark.parametrize("which", ["port", "http_port"])
def test_a_port_that_another_gateway_shares_with_its_workers(folder: Deployment, which: str) -> None:
    """The kernel would let a second gateway join, and give it a part of the first one's connections."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", getattr(folder, which)))
        taken.listen()
        done = folder.gateway("serve", "-c", str(folder.config), "--workers", "2")
        assert done.returncode == 3
        assert f"cannot listen on 127.0.0.1:{getattr(folder, which)}" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[instance]]\nname = "pg9"\n', ("instance", "instances")),
        ('[[instances]]\nname = "pg9"\nengine = "postgress"\n', ("instances", "engine", "postgres")),
        ('[[users]]\nname = "zoe"\npassword = "secret-of-zoe"\nroles = []\n', ("password_env", "password_file")),
        ('[[users]]\nname = "zoe"\npassword_env = "NOT_SET_ANYWHERE"\nroles = []\n', ("NOT_SET_ANYWHERE",)),
        ('[[users]]\nname = "zoe"\nroles = ["developer@nonesuch"]\n', ("nonesuch",)),
        ('[[projects]]\nname = "p"\ndatabases = ["pg9/shop"]\n', ("pg9",)),
        ("[[users]\n", ("TOML",)),
    ],
)
def test_a_bad_workspace(folder: Deployment, text: str, words: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "more.toml"
    path.write_text(text)
    done = folder.gateway("apply", "-c", str(folder.config), str(path))
    assert done.returncode in {2, 3}
    assert "more.toml" in done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr
    assert "secret-of-zoe" not in done.stderr + done.stdout
    assert "zoe" not in folder.gateway("user", "list", "-c", str(folder.config)).stdout


# While it runs


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    settings = "\n[limits]\nlogin_failures = 100\n"
    with Deployment(tmp_path_factory.mktemp("mistaken"), embedded_pg, settings=settings) as running:
        yield running


def login_error(conninfo: str) -> str:
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(conninfo, connect_timeout=10)
    return str(caught.value)


def test_wrong_password_and_unknown_user_hear_the_same(gate: Deployment) -> None:
    wrong = login_error(gate.dsn("alice").replace("pass wörd", "pass word"))
    unknown = login_error(gate.dsn("nobody"))
    assert 'password authentication failed for user "alice"' in wrong
    assert unknown.replace("nobody", "alice") == wrong


def test_a_wrong_database_and_one_that_is_not_yours_hear_the_same(gate: Deployment) -> None:
    found = [login_error(gate.dsn("alice", name)) for name in ("pg1/nonesuch", "nonesuch", "pg9/shop")]
    stranger = login_error(gate.dsn("audrey", "pg1/shop"))
    assert all("nonesuch" in text or "pg9/shop" in text for text in found)
    assert {text.replace("pg9/shop", "X").replace("pg1/nonesuch", "X").replace("nonesuch", "X") for text in found} == {
        stranger.replace("pg1/shop", "X")
    }


def test_the_servers_own_login_is_nobody_here(gate: Deployment) -> None:
    assert "password authentication failed" in login_error(gate.dsn("gateway").replace(password_of("gateway"), "x"))


def test_replication_and_options_that_are_refused(gate: Deployment) -> None:
    assert "replication" in login_error(gate.dsn("wide", replication="database"))
    refused = login_error(gate.dsn("wide", options="-c session_replication_role=replica"))
    assert "session_replication_role" in refused


def test_a_second_gateway_on_the_same_audit_chain(gate: Deployment) -> None:
    other = gate.home / "second.toml"
    text = gate.config.read_text().replace(str(gate.port), str(free_port())).replace(str(gate.http_port), str(free_port()))
    other.write_text(text)
    done = gate.gateway("serve", "-c", str(other))
    assert done.returncode == 3
    assert "audit" in done.stderr
    assert "another" in done.stderr
    with psycopg.connect(gate.dsn("alice")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_command_line_without_and_with_a_bad_login(gate: Deployment) -> None:
    address = {"GATEWAY_URL": gate.url}
    done = gate.gateway("issue", "list", env=address)
    assert done.returncode in {2, 3}
    assert "gateway login" in done.stderr
    done = gate.gateway("issue", "list", env={**address, "GATEWAY_TOKEN": "gwt_nonsense"})
    assert done.returncode == 3
    assert "token" in done.stderr.lower() or "log in" in done.stderr.lower()
    done = gate.gateway("issue", "list", env={**address, "GATEWAY_USER": "alice", "GATEWAY_PASSWORD": "wrong"})
    assert done.returncode in {1, 3}
    assert "Traceback" not in done.stderr
    done = gate.gateway("issue", "list", env={"GATEWAY_URL": f"http://127.0.0.1:{free_port()}", "GATEWAY_TOKEN": "x"})
    assert done.returncode == 3
    assert re.search(r"127\.0\.0\.1:\d+", done.stderr)


def test_an_expired_token(gate: Deployment) -> None:
    made = gate.json("alice", "token", "create", "short", "--expires-in", "1s")["token"]
    env = {"GATEWAY_URL": gate.url, "GATEWAY_TOKEN": made}
    time.sleep(1.1)
    done = gate.gateway("issue", "list", env=env)
    assert done.returncode == 3
    assert "expired" in done.stderr or "token" in done.stderr


def test_no_tls_where_it_is_required(
    embedded_pg: PostgresServer, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gate = Deployment(tmp_path_factory.mktemp("tls"), embedded_pg, tls=certificates)
    gate.prepare()
    gate.config.write_text(gate.config.read_text().replace("[tls]", "[tls]\nrequire = true"))
    gate.start()
    try:
        text = login_error(gate.dsn("alice"))
        assert re.search(r"TLS|SSL", text), text
        secure = gate.dsn("alice", sslmode="verify-full", sslrootcert=str(certificates.ca), channel_binding="require")
        with psycopg.connect(secure) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        token = gate.json("alice", "token", "create", "as-password", "--expires-in", "1h")["token"]
        with psycopg.connect(secure, user="alice+token", password=token, channel_binding="prefer") as connection:
            assert connection.execute("SELECT 2").fetchone() == (2,)
    finally:
        gate.stop()
