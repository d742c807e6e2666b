"""The HTTP API for commands: where it is, who asks, and what its answers mean for the exit code.

Where: `--url`, `GATEWAY_URL`, the `[listen] http` of `-c gateway.toml`, the last `gateway login`. Who: `GATEWAY_TOKEN`, or
`GATEWAY_USER` with `GATEWAY_PASSWORD` (for a token that is revoked when the command ends), or the kept login. Problems
(RFC 9457) become exceptions: 403 and 409 are a no (exit code 1), 400 and 422 wrong usage (2), anything else could not be
done (3).
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

import click
import httpx

from gateway.config import load_settings
from gateway.model.errors import Conflict, Forbidden, GatewayError

P = ParamSpec("P")
R = TypeVar("R")

TIMEOUT = httpx.Timeout(10.0, read=300.0)
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "[::1]"}  # noqa: S104 (compared with, not bound)


class ApiFailure(GatewayError):
    """The API could not be asked, or could not answer."""


@dataclass(frozen=True, slots=True)
class Login:
    """A kept login: for which gateway, and the token that speaks for the user."""

    url: str
    token: str = field(repr=False)
    user: str = ""
    name: str = ""

    @property
    def path(self) -> str:
        return token_path(self.user, self.name)


@dataclass(frozen=True, slots=True)
class Token:
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Password:
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made, under its name among the user's tokens."""

    token: str = field(repr=False)
    name: str
    user: str

    @property
    def path(self) -> str:
        return token_path(self.user, self.name)


def token_path(user: str, name: str) -> str:
    """Where a user's token stands below /api/v1."""
    return f"tokens/{quote(user, safe='')}/{quote(name, safe='')}"


def login_file() -> Path:
    """`$XDG_CONFIG_HOME/gateway/login.json`, by default below ~/.config."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gateway" / "login.json"


def keep_login(login: Login) -> Path:
    """Write it for this user's eyes only (0600), replacing what was there at once."""
    path = login_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"url": login.url, "token": login.token, "user": login.user, "name": login.name}, file)
    fresh.replace(path)
    return path


def kept_login() -> Login | None:
    """The kept login, or None. Raises ApiFailure where the file is open to others or no login."""
    path = login_file()
    try:
        if path.stat().st_mode & 0o077:
            raise ApiFailure(f"{path}: others may read it; run `gateway login` again, or `chmod 600` it")
        fields = json.loads(path.read_text())
        return Login(str(fields["url"]), str(fields["token"]), str(fields.get("user", "")), str(fields.get("name", "")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ApiFailure(f"{path}: not a kept login; run `gateway login` again") from error


def forget_login() -> bool:
    """Remove the kept login; whether there was one."""
    path = login_file()
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


class ApiClient:
    """Requests below /api/v1 as one person. Use as a context manager."""

    def __init__(self, url: str, who: Token | Password | None, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._who = who
        self._session: NewToken | None = None
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1/", timeout=TIMEOUT, transport=transport, headers={"user-agent": "gateway-cli"}
        )

    def __enter__(self) -> "ApiClient":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._session is not None:
                self._http.delete(self._session.path, headers=self._authorization())
        except httpx.HTTPError as error:
            click.echo(f"gateway: the token of this command stays until it expires: {error}", err=True)
        finally:
            self._http.close()

    def login(self, user: str, password: str) -> NewToken:
        """A token for a password. Raises ApiFailure."""
        with self._reaching():
            response = self._http.post("login", json={"user": user, "password": password})
        _raise_for_problem(response)
        answer = _json_of(response)
        return NewToken(str(answer["token"]), str(answer["name"]), str(answer["user"]))

    def get(self, path: str, **parameters: Any) -> Any:
        return self.request("GET", path, params=_present(parameters))

    def post(self, path: str, body: object = None, **parameters: Any) -> Any:
        return self.request("POST", path, json=body, params=_present(parameters))

    def put(self, path: str, body: object = None) -> Any:
        return self.request("PUT", path, json=body)

    def patch(self, path: str, body: object = None) -> Any:
        return self.request("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        return self.request("DELETE", path)

    def request(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON; None where it has no body. Raises Forbidden, Conflict, click.UsageError, ApiFailure."""
        with self._reaching():
            response = self._http.request(method, path.lstrip("/"), headers=self._authorization(), **options)
        _raise_for_problem(response)
        return _json_of(response) if response.content else None

    @contextmanager
    def stream(self, path: str, **parameters: Any) -> Iterator[Iterator[str]]:
        """The lines of a streamed answer (JSON lines, CSV), as they arrive."""
        request = self._http.build_request("GET", path.lstrip("/"), params=_present(parameters), headers=self._authorization())
        with self._reaching(), closing(self._http.send(request, stream=True)) as response:
            if response.is_error:
                response.read()
            _raise_for_problem(response)
            yield response.iter_lines()

    def _authorization(self) -> dict[str, str]:
        match self._who:
            case None:
                return {}
            case Token(text):
                return {"authorization": f"Bearer {text}"}
            case Password(user, password):
                if self._session is None:
                    self._session = self.login(user, password)
                return {"authorization": f"Bearer {self._session.token}"}

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise ApiFailure(f"{self.url}: no answer in time") from error
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            raise ApiFailure(f"{self.url}: the gateway cannot be reached: {error}") from error


def connect(url: str | None, config: Path | None) -> ApiClient:
    """The client that the options, the environment and the kept login describe."""
    kept = kept_login()
    base = _base_url(url, config, kept)
    return ApiClient(base, _identity(base, kept))


def anonymous(url: str | None, config: Path | None) -> ApiClient:
    """The same gateway, without saying who asks: for logging in."""
    return ApiClient(_base_url(url, config, kept_login()), None)


def _base_url(url: str | None, config: Path | None, kept: Login | None) -> str:
    base = url or os.environ.get("GATEWAY_URL") or (_url_of(config) if config else None) or (kept.url if kept else None)
    if base is None:
        raise click.UsageError("which gateway? Give --url, GATEWAY_URL or -c gateway.toml, or run `gateway login` first")
    return base


def api_options(command: Callable[P, R]) -> Callable[..., R]:
    """Adds `--url` and `-c`, and passes the command an ApiClient as its first argument."""

    @click.option("--url", help="The gateway's HTTP address, for example http://127.0.0.1:6480.")
    @click.option("-c", "--config", type=click.Path(path_type=Path, dir_okay=False), help="gateway.toml, for its HTTP address.")
    @wraps(command)
    def with_client(*args: Any, url: str | None, config: Path | None, **options: Any) -> R:
        with connect(url, config) as client:
            return command(client, *args, **options)  # type: ignore[arg-type]

    return with_client


def _identity(url: str, kept: Login | None) -> Token | Password | None:
    token = os.environ.get("GATEWAY_TOKEN")
    if token:
        return Token(token)
    user, password = os.environ.get("GATEWAY_USER"), os.environ.get("GATEWAY_PASSWORD")
    if user and password is not None:
        return Password(user, password)
    if user:
        raise click.UsageError("GATEWAY_USER is set, GATEWAY_PASSWORD is not")
    # A token is only shown to the gateway that it was given by.
    if kept is not None and kept.url.rstrip("/") == url.rstrip("/"):
        return Token(kept.token)
    return None


def _url_of(config: Path) -> str:
    settings = load_settings(config)
    if settings.listen.http is None:
        raise click.UsageError(f"{config}: [listen] http is not set; give --url")
    host, _, port = settings.listen.http.rpartition(":")
    return f"{'http' if settings.tls is None else 'https'}://{_ANY_ADDRESS.get(host, host)}:{port}"


def _raise_for_problem(response: httpx.Response) -> None:
    if response.is_success:
        return
    message = _problem_text(response)
    match response.status_code:
        case 401:
            raise ApiFailure(f"{message}. Set GATEWAY_TOKEN, or GATEWAY_USER and GATEWAY_PASSWORD, or run `gateway login`")
        case 403:
            raise Forbidden(message)
        case 409 | 412:
            raise Conflict(message)
        case 400 | 422:
            raise click.UsageError(message)
        case _:
            raise ApiFailure(message)


def _problem_text(response: httpx.Response) -> str:
    """RFC 9457: `detail` says what happened here, `title` what kind it is; `errors` name the fields."""
    fallback = f"{response.request.url}: {response.status_code} {response.reason_phrase}"
    try:
        problem = response.json()
    except ValueError:
        return fallback
    if not isinstance(problem, dict):
        return fallback
    text = str(problem.get("detail") or problem.get("title") or fallback)
    mistakes = problem.get("errors")
    if isinstance(mistakes, list):
        text += "".join(f"\n  {item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)}" for item in mistakes)
    return text


def _json_of(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ApiFailure(f"{response.request.url}: the answer is no JSON; is this a gateway?") from error


def _present(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
