"""Where the API is, who asks, and what its answers become."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import httpx
import pytest

from gateway.cli.client import (
    ApiClient,
    ApiFailure,
    Login,
    Password,
    Token,
    connect,
    forget_login,
    keep_login,
    kept_login,
    login_file,
)
from gateway.model.errors import Conflict, Forbidden

Handler = Callable[[httpx.Request], httpx.Response]
URL = "http://127.0.0.1:6480"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GATEWAY_URL", "GATEWAY_TOKEN", "GATEWAY_USER", "GATEWAY_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def client(handler: Handler, who: Token | Password | None = None) -> ApiClient:
    return ApiClient(URL, who, httpx.MockTransport(handler))


def test_requests_go_below_the_api_with_a_token_and_without_absent_parameters() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204) if request.method == "DELETE" else httpx.Response(200, json={"items": [1]})

    with client(answer, Token("t0ken")) as api:
        assert api.get("issues", state="open", user=None) == {"items": [1]}
        assert api.post("/issues", {"sql": "x"}) == {"items": [1]}
        assert api.delete("issues/1") is None
    assert [str(request.url) for request in seen] == [
        f"{URL}/api/v1/issues?state=open",
        f"{URL}/api/v1/issues",
        f"{URL}/api/v1/issues/1",
    ]
    assert {request.headers["authorization"] for request in seen} == {"Bearer t0ken"}
    assert json.loads(seen[1].content) == {"sql": "x"}


def test_a_password_becomes_a_token_that_is_revoked_at_the_end() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.raw_path.decode()} {request.headers.get('authorization', '-')}")
        if request.url.path.endswith("/login"):
            assert json.loads(request.content) == {"user": "al/ice", "password": "pw"}
            return httpx.Response(201, json={"token": "T", "name": "login 1 ab", "user": "al/ice", "expires_at": 1.0})
        return httpx.Response(200, json={})

    with client(answer, Password("al/ice", "pw")) as api:
        api.get("issues")
        api.get("issues")
    assert seen == [
        "POST /api/v1/login -",
        "GET /api/v1/issues Bearer T",
        "GET /api/v1/issues Bearer T",
        "DELETE /api/v1/tokens/al%2Fice/login%201%20ab Bearer T",
    ]


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, ApiFailure), (403, Forbidden), (404, ApiFailure), (409, Conflict), (422, click.UsageError), (503, ApiFailure)],
)
def test_problems_become_errors_with_their_detail(status: int, error: type[Exception]) -> None:
    problem = {"title": "t", "detail": "because of this", "errors": ["limit: too much"]}
    with (
        client(lambda request: httpx.Response(status, json=problem)) as api,
        pytest.raises(error, match="because of this") as raised,
    ):
        api.get("issues")
    assert "limit: too much" in str(raised.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_what_is_no_problem_document_still_says_what_happened(body: bytes) -> None:
    with client(lambda request: httpx.Response(502, content=body)) as api, pytest.raises(ApiFailure, match="502"):
        api.get("issues")


def test_what_is_no_gateway_and_what_is_not_there() -> None:
    with client(lambda request: httpx.Response(200, text="hello")) as api, pytest.raises(ApiFailure, match="is this a gateway"):
        api.get("issues")
    with ApiClient("http://127.0.0.1:1", None) as api, pytest.raises(ApiFailure, match="cannot be reached"):
        api.get("issues")


def test_streams_come_line_by_line() -> None:
    with client(lambda request: httpx.Response(200, text="a\nb\n")) as api, api.stream("audit") as lines:
        assert list(lines) == ["a", "b"]
    with (
        client(lambda request: httpx.Response(403, json={"detail": "no"})) as api,
        pytest.raises(Forbidden),
        api.stream("audit"),
    ):
        pass


def test_a_login_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    assert kept_login() is None
    path = keep_login(Login(URL, "T", "alice", "login 1"))
    assert path == login_file()
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept_login() == Login(URL, "T", "alice", "login 1")
    assert "T" not in repr(Login(URL, "T")).replace("Token", "")
    path.chmod(0o644)
    with pytest.raises(ApiFailure, match="others may read it"):
        kept_login()
    path.chmod(0o600)
    path.write_text("{")
    with pytest.raises(ApiFailure, match="not a kept login"):
        kept_login()
    assert forget_login()
    assert not forget_login()


def test_where_and_who(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="which gateway"):
        connect(None, None)
    keep_login(Login(URL, "kept", "alice"))
    assert connect(None, None)._who == Token("kept")
    assert connect("http://elsewhere:1", None)._who is None  # a token is shown to its own gateway only
    (tmp_path / "policies").mkdir()
    config = tmp_path / "gateway.toml"
    config.write_text('[listen]\nhttp = "0.0.0.0:6481"\n[policy]\ndir = "policies"\n')
    assert connect(None, config).url == "http://127.0.0.1:6481"
    monkeypatch.setenv("GATEWAY_URL", "http://there:2/")
    assert connect(None, config).url == "http://there:2"
    assert connect("http://here:3", config).url == "http://here:3"
    monkeypatch.setenv("GATEWAY_USER", "bob")
    with pytest.raises(click.UsageError, match="GATEWAY_PASSWORD is not"):
        connect(None, None)
    monkeypatch.setenv("GATEWAY_PASSWORD", "pw")
    assert connect(None, None)._who == Password("bob", "pw")
    monkeypatch.setenv("GATEWAY_TOKEN", "T")
    assert connect(None, None)._who == Token("T")
