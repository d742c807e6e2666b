"""Passwords in statements, in the server's answers to them, and the server's own password: nowhere in clear."""

from pathlib import Path

import pytest

from tests.attacks.stage import Stage
from tests.support.deployment import SERVER_PASSWORD

PASSWORD = "hunter2.Zq"


@pytest.mark.parametrize(
    "text",
    [
        "CREATE ROLE x PASSWORD '{}'",
        "ALTER ROLE x ENCRYPTED PASSWORD '{}",
        "ALTER ROLE x PASSWORD $${}$$",
        "ALTER ROLE x PASSWORD E'{}'",
        "ALTER/**/ROLE x PASSWORD /* a */ '{}'",
        "CREATE USER x WITH PASSWORD 'a' '{}'",
        "CREATE USER x WITH PASSWORD 'a'\n'{}'",
        "CREATE ROLE x WITH PASSWORD '{}' NOSUCHOPTION",
        "ALTER ROLE x PASSWORD {}",
        "CREATE USER MAPPING FOR x SERVER y OPTIONS (password '{}')",
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password={}' PUBLICATION p",
        "DO $$BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''{}'''; END$$",
        "SELECT dblink('host=h password={}')",
    ],
)
@pytest.mark.parametrize("user", ["alice", "dora"])
def test_passwords_stay_out_of_records(stage: Stage, text: str, user: str) -> None:
    state, _, _ = stage.play(text.format(PASSWORD), user=user)[0]
    assert state
    with stage.direct() as direct:
        assert direct.execute("SELECT 1 FROM pg_roles WHERE rolname = 'x'").fetchone() is None
    stage.settled()
    for path in [
        *stage.gateway.home.rglob("*.jsonl"),
        *stage.gateway.home.glob("gateway.db*"),
        stage.gateway.home / "gateway.log",
    ]:
        assert PASSWORD.encode() not in path.read_bytes(), path.name


def test_the_servers_password_stands_nowhere_in_clear(stage: Stage) -> None:
    stage.play("SELECT 1")
    process = stage.gateway.process
    assert process is not None
    seen = [Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    assert SERVER_PASSWORD.encode() not in b"".join(seen)
    files = [path for path in stage.gateway.home.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path.name for path in files if SERVER_PASSWORD.encode() in path.read_bytes()] == []
