"""The issue commands against an API of canned answers: what they send, what they print, how they exit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.cli import client as client_module
from gateway.cli.client import ApiClient
from gateway.cli.main import run

ISSUE: dict[str, Any] = {
    "number": 7,
    "title": "ALTER TABLE t ADD c int (+1)",
    "requester": "alice",
    "database": "pg1/shop",
    "project": "shop",
    "state": "open",
    "version": 3,
    "created_at": 0.0,
    "updated_at": 0.0,
    "url": "http://gw/api/v1/issues/7",
    "search_path": ["public"],
    "tasks": [
        {"position": 1, "text": "ALTER TABLE t\n  ADD c int", "kind": "ALTER TABLE", "transactional": True, "state": "waiting",
         "formatted": None,
         "attempts": 0, "error": None, "started_at": None, "finished_at": None},
        {"position": 2, "text": "CREATE INDEX CONCURRENTLY i ON t (c) -- \x1b[31m", "kind": "CREATE INDEX",
         "transactional": False, "state": "waiting", "formatted": None,
         "attempts": 0, "error": None, "started_at": None, "finished_at": None},
    ],
    "findings": [],
    "events": [{"time": 0.0, "actor": "alice", "kind": "opened", "comment": ""}],
}  # fmt: skip

Answer = dict[str, Any] | tuple[int, dict[str, Any]]


class Api:
    """Answers by (method, path); the last answer of a list is given again and again."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], list[Answer]] = {}
        self.asked: list[tuple[str, str, Any]] = []

    def on(self, method: str, path: str, *answers: Answer) -> None:
        self.answers[method, f"/api/v1/{path}"] = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else dict(request.url.params.multi_items())
        self.asked.append((request.method, request.url.path, body))
        queue = self.answers[request.method, request.url.path]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, json=document)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()

    def connect(url: str | None, config: Path | None) -> ApiClient:
        return ApiClient("http://gw", None, httpx.MockTransport(made))

    monkeypatch.setattr(client_module, "connect", connect)
    monkeypatch.setattr("gateway.cli.issue._POLL_SECONDS", (0.0,))
    return made


Out = Callable[[], str]


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Out:
    return lambda: capsys.readouterr().out


def state(name: str, *tasks: str, error: str | None = None) -> dict[str, Any]:
    done = [{**task, "state": task_state} for task, task_state in zip(ISSUE["tasks"], tasks, strict=True)]
    if error is not None:
        done[-1]["error"] = error
    return {**ISSUE, "state": name, "tasks": done}


def test_list_pages_and_filters(api: Api, out: Out) -> None:
    api.on("GET", "issues", {"items": [ISSUE], "next": "abc"}, {"items": [], "next": None})
    assert run(["issue", "list", "--state", "open", "--database", "pg1/shop"]) == 0
    assert api.asked[0][2] == {"limit": "100", "state": "open", "database": "pg1/shop"}
    assert api.asked[1][2]["cursor"] == "abc"
    lines = out().splitlines()
    assert lines[0].split() == ["NUMBER", "STATE", "DATABASE", "REQUESTER", "CREATED", "TITLE"]
    assert lines[1].split()[:4] == ["7", "open", "pg1/shop", "alice"]


def test_show_is_readable_and_harmless(api: Api, out: Out) -> None:
    api.on("GET", "issues/7", ISSUE)
    api.on("GET", "issues/7/schema", {"before": "x", "after": "y", "difference": "+ column public.t.c  (type: integer)\n"})
    assert run(["issue", "show", "7", "--schema"]) == 0
    text = out()
    assert "  1. [waiting]\n     ALTER TABLE t\n       ADD c int\n" in text
    assert "  2. [waiting, outside a transaction]" in text
    assert "\x1b" not in text
    assert "+ column public.t.c  (type: integer)" in text
    assert run(["issue", "show", "7", "--format", "json"]) == 0
    assert json.loads(out())["version"] == 3


def test_show_prints_the_review_and_long_statements_formatted(api: Api, out: Out) -> None:
    findings = [
        {
            "position": 2,
            "level": "danger",
            "rule": "truncate",
            "text": "removes every row of \x1b[31mt",
            "advice": "have a backup",
        },
        {"position": 1, "level": "info", "rule": "not-understood", "text": "not reviewed", "advice": "read it"},
    ]
    tasks = [ISSUE["tasks"][0] | {"formatted": "ALTER TABLE t\n  ADD COLUMN c INT"}, ISSUE["tasks"][1]]
    api.on("GET", "issues/7", ISSUE | {"findings": findings, "tasks": tasks})
    assert run(["issue", "show", "7"]) == 0
    text = out()
    assert text.index("Statements") < text.index("\nReview\n") < text.index("\nHistory\n")
    assert text.index("[danger] statement 2: removes every row of") < text.index(
        "[info] statement 1: not reviewed (not-understood)"
    )
    assert "     have a backup\n" in text
    assert "\x1b" not in text
    exact = text.index("     ALTER TABLE t\n       ADD c int\n")
    assert exact < text.index("what runs:\n       ALTER TABLE t\n         ADD COLUMN c INT\n")
    api.on("GET", "issues/7", ISSUE)
    assert run(["issue", "show", "7"]) == 0
    plain = out()
    assert "Review" not in plain
    assert "formatted" not in plain


def test_approve_shows_the_review_before_it_approves(api: Api, out: Out) -> None:
    finding = {"position": 1, "level": "warning", "rule": "rename", "text": "renames it", "advice": "keep the old name"}
    api.on("GET", "issues/7", ISSUE | {"findings": [finding]})
    api.on("POST", "issues/7/approve", ISSUE | {"state": "approved"})
    assert run(["issue", "approve", "7"]) == 0
    assert "[warning] statement 1: renames it (rename)" in out()


def test_create_sends_the_script(api: Api, out: Out, tmp_path: Path) -> None:
    script = tmp_path / "change.sql"
    script.write_text("ALTER TABLE t ADD c int;\n")
    api.on("POST", "issues", {"number": 8, "url": "http://gw/api/v1/issues/8"})
    assert run(["issue", "create", "--database", "pg1/shop", "--search-path", "app, public", str(script)]) == 0
    assert api.asked[0][2] == {
        "database": "pg1/shop",
        "sql": "ALTER TABLE t ADD c int;\n",
        "title": "",
        "search_path": ["app", "public"],
    }
    assert out() == "opened #8: http://gw/api/v1/issues/8\n"
    api.on("POST", "issues", (422, {"detail": "statement 2 (SELECT 1): needs no change issue"}))
    assert run(["issue", "create", "--database", "pg1/shop", str(script)]) == 2


def test_approve_names_the_version_that_was_seen(api: Api, out: Out) -> None:
    api.on("GET", "issues/7", ISSUE)
    api.on("POST", "issues/7/approve", {**ISSUE, "state": "approved"})
    assert run(["issue", "approve", "7", "-m", "fine"]) == 0
    assert api.asked[-1][2] == {"version": 3, "comment": "fine"}
    assert out().endswith("approved #7, version 3\n")
    assert run(["issue", "approve", "7", "--version", "2"]) == 0
    assert api.asked[-1] == ("POST", "/api/v1/issues/7/approve", {"version": 2, "comment": ""})


@pytest.mark.parametrize(("status", "code"), [(403, 1), (409, 1), (404, 3), (503, 3)])
def test_a_no_and_a_failure_differ(api: Api, capsys: pytest.CaptureFixture[str], status: int, code: int) -> None:
    api.on("POST", "issues/7/approve", (status, {"detail": "another person must decide"}))
    assert run(["issue", "approve", "7", "--version", "3"]) == code
    assert "another person must decide" in capsys.readouterr().err


def test_reject_comment_cancel(api: Api, out: Out) -> None:
    for step in ("reject", "comment", "cancel"):
        api.on("POST", f"issues/7/{step}", ISSUE)
    assert run(["issue", "reject", "7"]) == 2
    assert run(["issue", "reject", "7", "-m", "use an enum"]) == 0
    assert run(["issue", "comment", "7", "why?"]) == 0
    assert run(["issue", "cancel", "7"]) == 0
    assert [body for _, _, body in api.asked] == [{"comment": "use an enum"}, {"comment": "why?"}, {"comment": ""}]


def test_rollout_follows_to_the_end(api: Api, out: Out) -> None:
    api.on("POST", "issues/7/rollout", state("rolling_out", "approved", "approved"))
    api.on("GET", "issues/7", state("rolling_out", "running", "approved"), state("done", "done", "done"))
    assert run(["issue", "rollout", "7"]) == 0
    text = out()
    assert "  1. [done]" in text
    assert text.endswith("#7 is done\n")
    assert run(["issue", "rollout", "7", "--assume", "not-done", "--no-wait"]) == 0
    assert api.asked[-1] == ("POST", "/api/v1/issues/7/rollout", {"assume": "not-done"})


def test_a_failed_rollout_is_a_no(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "issues/7/rollout", state("rolling_out", "running", "approved"))
    api.on("GET", "issues/7", state("failed", "approved", "failed", error='relation "t" does not exist (42P01)'))
    assert run(["issue", "rollout", "7"]) == 1
    assert 'the rollout of #7 failed: relation "t" does not exist (42P01)' in capsys.readouterr().err
