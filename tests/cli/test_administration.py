"""`gateway apply`, `user` and `secrets` on a store of their own: exit codes, output, and the record of each change."""

import json
from pathlib import Path

import pytest

from gateway.cli.main import run

WORKSPACE = """
[[environments]]
name = "prod"
[[instances]]
name = "pg1"
engine = "postgres"
host = "127.0.0.1"
environment = "prod"
username = "gateway"
password_env = "PG1_PASSWORD"
[[projects]]
name = "shop"
databases = ["pg1/shop"]
[[users]]
name = "alice"
roles = ["developer@shop"]
[[tokens]]
name = "ci"
user = "alice"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "gateway.toml").write_text("")
    (tmp_path / "workspace.toml").write_text(WORKSPACE)
    (tmp_path / "password").write_text("hunter2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PG1_PASSWORD", "pg1-sesame")
    return tmp_path


def records(home: Path) -> list[dict[str, object]]:
    lines = [line for path in sorted((home / "var/audit").rglob("0*.jsonl")) for line in path.read_text().splitlines()]
    return [record for record in map(json.loads, lines) if "change" in record]


def test_apply_prints_what_changed_and_then_that_nothing_did(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", "workspace.toml", "--dry-run"]) == 0
    assert "7 changes would be made (dry run)" in capsys.readouterr().out
    assert records(home) == []
    assert run(["apply", "workspace.toml"]) == 0
    shown = capsys.readouterr().out
    assert "added: instance pg1\n" in shown
    assert "shown only now: gwt_" in shown
    assert [record["change"] for record in records(home)] == [
        "workspace.environment", "workspace.project", "workspace.instance", "workspace.database", "workspace.user",
        "workspace.role", "workspace.token",
    ]  # fmt: skip
    assert run(["apply", "workspace.toml", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"dry_run": False, "changes": []}
    assert len(records(home)) == 7


def test_apply_tells_a_mistake_and_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "workspace.toml").write_text(WORKSPACE.replace('"pg1/shop"', '"pg2/shop"'))
    assert run(["apply", "workspace.toml"]) == 3
    assert "workspace.toml: project 'shop': databases: no instance 'pg2'" in capsys.readouterr().err
    assert records(home) == []
    assert run(["apply", "none.toml"]) == 3
    assert run(["apply"]) == 2


def test_without_a_place_for_the_record_nothing_is_applied(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "var").mkdir()
    (home / "var" / "audit").write_text("a file where the folder should be")
    assert run(["apply", "workspace.toml"]) == 3
    assert "audit log unavailable" in capsys.readouterr().err
    assert run(["user", "list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_users_from_the_first_to_the_last_step(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", "workspace.toml"]) == 0
    assert run(["user", "add", "bob", "--role", "developer@shop", "--password-file", "password"]) == 0
    assert run(["user", "add", "bob", "--password-file", "password"]) == 1
    assert run(["user", "add", "eve", "--role", "developer@none", "--password-file", "password"]) == 3
    assert run(["user", "passwd", "bob", "--password-file", "password"]) == 0
    assert run(["user", "grant-role", "bob", "dba"]) == 0
    assert run(["user", "revoke-role", "bob", "developer@shop"]) == 0
    assert run(["user", "revoke-role", "bob", "developer@shop"]) == 3
    assert run(["user", "disable", "bob"]) == 0
    assert run(["user", "disable", "nobody"]) == 3
    capsys.readouterr()
    assert run(["user", "list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[1] == {
        "name": "bob", "email": "", "state": "disabled", "login": "password", "roles": "dba"
    }  # fmt: skip
    assert run(["user", "remove", "bob"]) == 0
    assert run(["user", "show", "bob"]) == 3
    assert "hunter2" not in json.dumps(records(home))
    assert [record["change"] for record in records(home)][7:] == [
        "user.add", "user.password", "role.put", "role.remove", "user.change", "user.remove"
    ]  # fmt: skip


def test_the_key_is_rotated_and_everything_still_opens(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", "workspace.toml"]) == 0
    capsys.readouterr()
    assert run(["secrets", "check", "--format", "json"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert before["secrets"] == 1
    assert run(["secrets", "rotate", "--format", "json"]) == 0
    rotated = json.loads(capsys.readouterr().out)
    assert rotated["old"] == before["key"] != rotated["key"]
    assert run(["secrets", "check", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["key"] == rotated["key"]
    assert records(home)[-1]["change"] == "secrets.rotate"


def test_another_key_file_is_told_and_not_worked_around(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", "workspace.toml"]) == 0
    (home / "var" / "master.key").unlink()
    assert run(["secrets", "check"]) == 3
    assert "encrypted with key" in capsys.readouterr().err


def test_a_key_that_others_may_read_stops_everything(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["apply", "workspace.toml"]) == 0
    (home / "var" / "master.key").chmod(0o644)
    assert run(["user", "list"]) == 3
    assert "chmod 600" in capsys.readouterr().err
