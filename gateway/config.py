"""Settings, read once from gateway.toml. Unknown keys, wrong types and missing files are errors before anything starts.

Relative paths are relative to the folder of gateway.toml.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gateway.model.errors import ConfigurationError


def _endpoint(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ValueError('expected "host:port", for example "127.0.0.1:6432"')
    return value


Endpoint = Annotated[str, AfterValidator(_endpoint)]


def split_endpoint(endpoint: str) -> tuple[str, int]:
    """`127.0.0.1:6432` or `[::1]:6432` as (host, port)."""
    host, _, port = endpoint.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(Section):
    postgres: Endpoint | None = None
    mysql: Endpoint | None = None
    http: Endpoint | None = None


class Tls(Section):
    cert: Path
    key: Path
    client_ca: Path | None = None
    client_certificate: Literal["verify", "login"] = "verify"  # beside the password, or in place of it
    require: bool = False


class StoreSettings(Section):
    url: str = "sqlite:///var/gateway.db"


class AuditSettings(Section):
    dir: Path = Path("var/audit")
    durability: Literal["strict", "relaxed"] = "strict"
    segment_bytes: int = Field(default=256 * 1024 * 1024, ge=64 * 1024)
    checkpoint_seconds: float = Field(default=10.0, gt=0)


class PolicySettings(Section):
    dir: Path = Path("policies")


class Secrets(Section):
    key_file: Path = Path("var/master.key")


class Changes(Section):
    """`base_url` is what refusals and issues point at; without it, the HTTP address."""

    base_url: str | None = None
    lock_timeout_ms: int = Field(default=3_000, ge=1)
    lock_retries: int = Field(default=5, ge=0)


class Limits(Section):
    """Bounds on what a peer controls. Times in seconds, sizes in bytes. `connections` and `connections_per_user` bound each
    worker's memory, so they are each worker's own; failed logins count for all workers of a gateway together."""

    connections: int = Field(default=4_000, ge=1)
    connections_per_user: int = Field(default=500, ge=1)
    statement_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    login_seconds: float = Field(default=15.0, gt=0)
    login_failures: int = Field(default=5, ge=1)  # a user or address beyond this many in a row waits, longer each time
    idle_seconds: float = Field(default=0.0, ge=0)  # 0: no limit
    drain_seconds: float = Field(default=30.0, ge=0)
    connect_seconds: float = Field(default=10.0, gt=0)  # towards a database server


class Settings(Section):
    listen: Listen = Listen()
    tls: Tls | None = None
    store: StoreSettings = StoreSettings()
    audit: AuditSettings = AuditSettings()
    policy: PolicySettings = PolicySettings()
    secrets: Secrets = Secrets()
    changes: Changes = Changes()
    limits: Limits = Limits()
    mysql_native_password: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def load_settings(path: Path) -> Settings:
    """Read and check gateway.toml. Raises ConfigurationError that names file, line or key, and what would be right."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file; start from the gateway.toml in the README") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from error
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(describe_validation(path, error, document)) from None
    resolved = _resolve_paths(settings, path.resolve().parent)
    _require_files(path, resolved)
    return resolved


def describe_validation(path: Path, error: ValidationError, document: dict[str, Any]) -> str:
    """Every mistake as `file: key: what is wrong`, one a line, without echoing values that may be secret."""
    lines = []
    for mistake in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in mistake["loc"])
        message = mistake["msg"]
        if mistake["type"] == "extra_forbidden":
            known = _known_keys(document, mistake["loc"])
            message = f"unknown key{known}"
        lines.append(f"{path}: {key}: {message}")
    return "\n".join(lines)


def _known_keys(document: dict[str, Any], location: tuple[int | str, ...]) -> str:
    model: Any = Settings
    for part in map(str, location[:-1]):
        field = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, BaseModel) else None
        if field is None:
            return ""
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
        model = next((item for item in candidates if isinstance(item, type) and issubclass(item, BaseModel)), None)
    if model is None:
        return ""
    return f"; known here: {', '.join(sorted(model.model_fields))}"


def _resolve_paths(settings: Settings, base: Path) -> Settings:
    def absolute(path: Path) -> Path:
        return path if path.is_absolute() else base / path

    url = settings.store.url
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith("sqlite:////"):
        url = prefix + str(absolute(Path(url.removeprefix(prefix))))
    update: dict[str, Any] = {
        "store": settings.store.model_copy(update={"url": url}),
        "audit": settings.audit.model_copy(update={"dir": absolute(settings.audit.dir)}),
        "policy": settings.policy.model_copy(update={"dir": absolute(settings.policy.dir)}),
        "secrets": settings.secrets.model_copy(update={"key_file": absolute(settings.secrets.key_file)}),
    }
    if settings.tls is not None:
        tls = settings.tls
        files = {"cert": absolute(tls.cert), "key": absolute(tls.key)}
        if tls.client_ca is not None:
            files["client_ca"] = absolute(tls.client_ca)
        update["tls"] = tls.model_copy(update=files)
    return settings.model_copy(update=update)


def _require_files(path: Path, settings: Settings) -> None:
    if not settings.policy.dir.is_dir():
        raise ConfigurationError(f"{path}: policy.dir: no such folder: {settings.policy.dir}")
    if settings.tls is not None:
        for key in ("cert", "key", "client_ca"):
            file = getattr(settings.tls, key)
            if file is not None and not file.is_file():
                raise ConfigurationError(f"{path}: tls.{key}: no such file: {file}")
