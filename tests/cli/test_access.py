"""`gateway access` against an API of canned answers: what it sends, what it prints, how it exits."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import run
from tests.cli.test_issue import Api, api  # noqa: F401 -- the fixture

REQUEST: dict[str, Any] = {
    "number": 3,
    "requester": "alice",
    "project": "shop",
    "object": "pg1/shop/public/salaries",
    "actions": ["select", "export"],
    "seconds": 14_400,
    "reason": "month end",
    "state": "open",
    "decided_by": None,
    "comment": "",
    "created_at": 0.0,
    "decided_at": None,
}
APPROVED = {**REQUEST, "state": "approved", "decided_by": "dora", "decided_at": 100.0}


def test_request_reads_the_duration_and_the_actions(api: Api, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811  # noqa: E501
    api.on("POST", "access-requests", REQUEST)
    code = run(
        [
            "access",
            "request",
            "--on",
            "pg1/shop/public/salaries",
            "--actions",
            "select, export",
            "--for",
            "4h",
            "--reason",
            "why",
        ]
    )
    assert code == 0
    asked = {"object": "pg1/shop/public/salaries", "actions": ["select", "export"], "seconds": 14_400, "reason": "why"}
    assert api.asked[-1] == ("POST", "/api/v1/access-requests", asked)
    assert "#3" in capsys.readouterr().out


@pytest.mark.parametrize("duration", ["4", "h", "4x", "-1h", ""])
def test_a_wrong_duration_is_wrong_usage(api: Api, duration: str) -> None:  # noqa: F811
    code = run(["access", "request", "--on", "pg1/shop", "--actions", "select", "--for", duration, "--reason", "why"])
    assert code == 2
    assert not api.asked


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (["approve", "3", "--comment", "fine"], {"comment": "fine"}),
        (["reject", "3", "--comment", "no"], {"comment": "no"}),
        (["cancel", "3"], {"comment": ""}),
        (["revoke", "3", "--comment", "done"], {"comment": "done"}),
    ],
)
def test_decisions(api: Api, command: list[str], body: dict[str, str]) -> None:  # noqa: F811
    api.on("POST", f"access-requests/3/{command[0]}", APPROVED)
    assert run(["access", *command]) == 0
    assert api.asked[-1] == ("POST", f"/api/v1/access-requests/3/{command[0]}", body)


def test_list_and_show(api: Api, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    api.on("GET", "access-requests", {"items": [REQUEST], "next": None})
    api.on("GET", "access-requests/3", APPROVED)
    assert run(["access", "list"]) == 0
    assert "4h" in capsys.readouterr().out
    assert run(["access", "show", "3", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == APPROVED


def test_unused_names_grants_that_nobody_used(api: Api, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:  # noqa: F811
    grant = {"id": 1, "subject": "alice", "object": "pg1/shop", "action": "select", "effect": "allow", "reason": "r"}
    grant |= {"granted_by": "dora", "created_at": 0.0, "expires_at": None, "used_at": None}
    api.on("GET", "grants", {"items": [grant, {**grant, "id": 2, "used_at": 5.0}], "next": None})
    assert run(["access", "unused", "--format", "json"]) == 0
    assert [item["id"] for item in json.loads(capsys.readouterr().out)] == [1]
