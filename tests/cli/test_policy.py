"""`gateway policy`: exit codes, what is printed, files and the API."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.cli import client as client_module
from gateway.cli.client import ApiClient
from gateway.cli.main import run
from tests.policy.worlds import CONNECT, write_bundle

SHIPPED = str(Path(__file__).parents[2] / "policies")
POLICY = CONNECT + "p, developer, *, */*/public/*, select, , allow\n"


def gateway(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["policy", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


class TestCheck:
    def test_a_valid_bundle(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = gateway(capsys, "check", SHIPPED)
        assert code == 0
        assert re.search(r", [1-9]\d+ cases$", out.strip())

    def test_mistakes_are_a_no_with_file_and_line(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        write_bundle(tmp_path, "p, developer, *, **, fly, , allow\n")
        code, out, err = gateway(capsys, "check", str(tmp_path))
        assert (code, out) == (1, "")
        assert f"{tmp_path}/policy.csv:1: unknown action 'fly'" in err

    def test_warnings_are_a_no_only_when_strict(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        write_bundle(tmp_path, "p, developer, *, *, select, , allow\n")
        code, out, _ = gateway(capsys, "check", str(tmp_path))
        assert code == 0
        assert out.startswith("warning: ")
        assert gateway(capsys, "check", "--strict", str(tmp_path))[0] == 1

    def test_as_json(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        code, out, _ = gateway(capsys, "check", "--format", "json", str(tmp_path / "nowhere"))
        assert code == 1
        assert json.loads(out)["valid"] is False


class TestTest:
    def test_the_shipped_cases_pass(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = gateway(capsys, "test", SHIPPED)
        assert (code, err) == (0, "")
        passed = re.match(r"(\d+) of (\d+) cases pass under policy ", out)
        assert passed is not None
        assert passed[1] == passed[2]

    def test_a_failing_case_is_shown_with_the_reason(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        write_bundle(tmp_path, POLICY)
        (tmp_path / "cases").mkdir()
        (tmp_path / "cases" / "x.toml").write_text(
            '[[cases]]\nname = "salaries"\nroles = ["developer@shop"]\nsql = "SELECT * FROM hr.salaries"\nexpect = "allow"\n'
        )
        code, out, err = gateway(capsys, "test", str(tmp_path))
        assert code == 1
        assert "FAIL cases/x.toml: salaries" in out
        assert "expected allow, got deny (no_rule): permission denied: select on pg1/shop/hr/salaries" in out
        assert err == "1 cases fail\n"

    def test_no_such_case(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert gateway(capsys, "test", SHIPPED, "-k", "nothing like it")[0] == 2

    def test_a_missing_schema_is_named(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        write_bundle(tmp_path, POLICY)
        (tmp_path / "cases").mkdir()
        (tmp_path / "cases" / "x.toml").write_text(
            'catalog = "schemas/none.toml"\n[[cases]]\nname = "n"\nsql = "SELECT 1"\nexpect = "deny"\n'
        )
        code, _, err = gateway(capsys, "test", str(tmp_path))
        assert code == 3
        assert "schemas/none.toml: no such file" in err


class TestExplain:
    FILES = ("explain", "--on", "pg1/shop", "--bundle", SHIPPED, "--roles", "developer@shop", "--user", "alice")

    def test_a_statement_by_files(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = gateway(capsys, *self.FILES, "SELECT * FROM hr.salaries")
        assert code == 0
        assert "select on pg1/shop/hr/salaries: denied" in out
        assert "=> deny (denied_by_rule)" in out

    def test_an_action_by_files_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        asked = ("--action", "propose", "--object", "pg1/shop", "--format", "json")
        code, out, _ = gateway(capsys, *self.FILES, *asked)
        (found,) = json.loads(out)
        assert (code, found["outcome"], found["principal"]) == (0, "allow", "alice")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--on", "pg1/shop"),
            ("--on", "pg1", "SELECT 1"),
            ("--on", "pg1/shop", "SELECT 1", "--action", "select", "--object", "x"),
            ("--on", "pg1/shop", "--action", "select"),
            ("SELECT 1",),
            ("--on", "pg1/shop", "--bundle", SHIPPED, "--roles", "@shop", "SELECT 1"),
        ],
    )
    def test_wrong_usage(self, capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> None:
        assert gateway(capsys, "explain", *arguments)[0] == 2

    def test_by_the_gateway(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[tuple[str, Any]] = []
        decision = {
            "outcome": "deny",
            "code": "no_rule",
            "text": "permission denied: select on pg1/shop/hr/x",
            "rule": "",
            "hint": "ask",
            "policy_version": "abc",
            "kind": "SELECT",
        }

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append((request.url.path, json.loads(request.content)))
            return httpx.Response(200, json={"decisions": [decision]})

        def fake(url: str | None, config: Path | None) -> ApiClient:
            return ApiClient(url or "http://gw", None, httpx.MockTransport(answer))

        monkeypatch.setattr(client_module, "connect", fake)
        monkeypatch.setattr("gateway.cli.policy.connect", fake)
        code, out, _ = gateway(capsys, "explain", "--on", "pg1/shop", "--user", "bob", "SELECT * FROM hr.x")
        assert code == 0
        assert sent == [
            ("/api/v1/policies/explain", {"database": "pg1/shop", "statement": "SELECT * FROM hr.x", "user": "bob"})
        ]
        assert out.splitlines()[0] == "SELECT: deny (no_rule): permission denied: select on pg1/shop/hr/x"
        assert "policy version: abc" in out


class TestDiff:
    def test_the_same_is_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = gateway(capsys, "diff", SHIPPED, SHIPPED)
        assert code == 0
        assert out.splitlines()[-1].startswith("0 of ")

    def test_a_change_is_a_no(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        old = write_bundle(tmp_path / "old", POLICY)
        new = write_bundle(tmp_path / "new", POLICY + "p, developer, *, */*/hr/*, select, , allow\n")
        code, out, err = gateway(capsys, "diff", str(old), str(new))
        assert code == 1
        assert "+ allow developer select on */*/hr/*" in out
        assert "1 rules came, 0 went" in err
        code, out, _ = gateway(capsys, "diff", "--format", "json", str(old), str(new))
        assert json.loads(out)["changes"][0]["after"] == "allow"


def test_a_backtest_reads_the_gateway_of_the_folder_it_is_called_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`gateway policy backtest --bundle NEW --since 7d`"""
    monkeypatch.chdir(tmp_path)
    assert run(["policy", "backtest", "--bundle", SHIPPED, "--since", "7d"]) == 2
    assert "'gateway.toml' does not exist" in capsys.readouterr().err
    (tmp_path / "gateway.toml").write_text("[nonsense]\n")
    assert run(["policy", "backtest", "--bundle", SHIPPED, "--since", "7d"]) != 0
    assert "nonsense" in capsys.readouterr().err
