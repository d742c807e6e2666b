"""The workspace file of `gateway apply`: what it may say, and every mistake in it, before anything is written.

Several files are read as one. Secrets are never in them: `password_env` names an environment variable, `password_file` a file.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.model.errors import ConfigurationError
from gateway.model.footprint import Action
from gateway.model.identity import Engine
from gateway.store.directory import parse_role
from gateway.store.names import check_name, check_plain_name
from gateway.store.servers import TlsMode

DEFAULT_PORTS = {Engine.POSTGRES: 5432, Engine.MYSQL: 3306}
_SECRET_BYTES = 4096


def _checked(check: Any, kind: str) -> Any:
    def validate(value: str) -> str:
        try:
            check(kind, value)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return value

    return AfterValidator(validate)


def _role(value: str) -> str:
    try:
        parse_role(value)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
    return value


def _database(value: str) -> str:
    instance, slash, database = value.partition("/")
    if not instance or not slash or not database:
        raise ValueError('write "instance/database", for example "pg1/shop"')
    return value


def _action(value: str) -> str:
    known = ["*", *(action.value for action in Action)]
    if value not in known:
        raise ValueError(f"no such action; known: {', '.join(known)}")
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("write the time zone too, for example 2030-01-31T18:00:00Z")
    return value


Name = Annotated[str, _checked(check_name, "name")]
PlainName = Annotated[str, _checked(check_plain_name, "name")]
RoleName = Annotated[str, AfterValidator(_role)]
DatabasePath = Annotated[str, AfterValidator(_database)]
ActionName = Annotated[str, AfterValidator(_action)]
Moment = Annotated[datetime, AfterValidator(_aware)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _WithPassword(_Entry):
    password_env: str | None = None
    password_file: str | None = None

    # What a password is for, in the hint of the error.
    example: ClassVar[str] = "PASSWORD"

    @model_validator(mode="before")
    @classmethod
    def _no_literal(cls, value: Any) -> Any:
        if isinstance(value, dict) and "password" in value:
            raise ValueError(
                "`password` in the file would be readable by everyone who reads the file; "
                f'write password_env = "{cls.example}" and put it in the environment, or password_file = "path"'
            )
        return value

    @model_validator(mode="after")
    def _one_source(self) -> "_WithPassword":
        if self.password_env is not None and self.password_file is not None:
            raise ValueError("password_env and password_file exclude each other")
        return self


class Environment(_Entry):
    name: PlainName


class Tls(_Entry):
    mode: TlsMode = "prefer"
    ca: str = ""
    cert: str = ""
    key: str = ""


class Instance(_WithPassword):
    example = "PG1_PASSWORD"

    name: PlainName
    engine: Literal["postgres", "mysql"]
    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    environment: PlainName
    username: Annotated[str, Field(min_length=1, max_length=190)]
    tls: Tls = Tls()


class Project(_Entry):
    name: PlainName
    databases: tuple[DatabasePath, ...] = Field(default=(), strict=False)


class User(_WithPassword):
    example = "ALICE_PASSWORD"

    name: Name
    email: Annotated[str, Field(max_length=255)] = ""
    roles: tuple[RoleName, ...] = Field(default=(), strict=False)
    disabled: bool = False


class Group(_Entry):
    name: Name
    members: tuple[Name, ...] = Field(default=(), strict=False)
    roles: tuple[RoleName, ...] = Field(default=(), strict=False)


class Token(_Entry):
    """Without `token_env` and `token_file` a random token is made and shown once."""

    name: Name
    user: Name
    token_env: str | None = None
    token_file: str | None = None
    expires: Moment | None = None


class Grant(_Entry):
    """`subject` is a user or a role; one stored grant an action."""

    subject: Name
    object: Annotated[str, Field(min_length=1, max_length=700)]
    actions: Annotated[tuple[ActionName, ...], Field(min_length=1, strict=False)]
    project: str = "*"
    condition: str = ""
    effect: Literal["allow", "deny"] = "allow"
    reason: str = ""
    expires: Moment | None = None


class _Document(_Entry):
    environments: tuple[Environment, ...] = Field(default=(), strict=False)
    instances: tuple[Instance, ...] = Field(default=(), strict=False)
    projects: tuple[Project, ...] = Field(default=(), strict=False)
    databases: tuple[DatabasePath, ...] = Field(default=(), strict=False)
    users: tuple[User, ...] = Field(default=(), strict=False)
    groups: tuple[Group, ...] = Field(default=(), strict=False)
    tokens: tuple[Token, ...] = Field(default=(), strict=False)
    grants: tuple[Grant, ...] = Field(default=(), strict=False)


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the files say together, with the secrets they point at (hidden in reprs by never being printed).

    `databases` maps `instance/database` to a project or ""; `passwords` is keyed by ("instance" | "user" | "token", name).
    """

    environments: tuple[Environment, ...]
    instances: tuple[Instance, ...]
    projects: tuple[Project, ...]
    databases: Mapping[str, str]
    users: tuple[User, ...]
    groups: tuple[Group, ...]
    tokens: tuple[Token, ...]
    grants: tuple[Grant, ...]
    secrets: "Secrets"
    sources: Mapping[tuple[str, str], str]

    def where(self, kind: str, name: str) -> str:
        """`file: kind name`, for errors that only the store can show."""
        return f"{self.sources.get((kind, name), 'workspace')}: {kind} {name!r}"


class Secrets:
    """Values behind `password_env` and its like. No repr, so that none is logged."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)})"

    def put(self, kind: str, name: str, value: str) -> None:
        self._values[kind, name] = value

    def get(self, kind: str, name: str) -> str | None:
        return self._values.get((kind, name))


def load_workspace(paths: Iterable[Path], environ: Mapping[str, str] = os.environ) -> Workspace:
    """Read the files as one workspace. Raises ConfigurationError with every mistake found, one a line: file, key, remedy."""
    documents = [(path, _read(path)) for path in paths]
    mistakes: list[str] = []
    sources: dict[tuple[str, str], str] = {}
    secrets = Secrets()
    databases: dict[str, str] = {}
    for path, document in documents:
        for kind, name in _named(document):
            if (kind, name) in sources:
                mistakes.append(f"{path}: {kind} {name!r} is already in {sources[kind, name]}")
            sources[kind, name] = str(path)
        _collect_secrets(path, document, environ, secrets, mistakes)
        _collect_databases(path, document, databases, mistakes)
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))

    def together(section: str) -> Any:
        return tuple(entry for _, document in documents for entry in getattr(document, section))

    return Workspace(
        environments=together("environments"),
        instances=together("instances"),
        projects=together("projects"),
        databases=databases,
        users=together("users"),
        groups=together("groups"),
        tokens=together("tokens"),
        grants=together("grants"),
        secrets=secrets,
        sources=sources,
    )


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.astimezone(UTC).timestamp()


def _read(path: Path) -> _Document:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from error
    try:
        return _Document.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_describe(path, mistake, content) for mistake in _errors(error))) from None


def _errors(error: ValidationError) -> list[Any]:
    # Never the input: it may be the very secret that does not belong here.
    return list(error.errors(include_url=False, include_input=False, include_context=False))


def _describe(path: Path, mistake: Any, content: dict[str, Any]) -> str:
    section, *rest = mistake["loc"] or ("",)
    key = str(section)
    if rest and isinstance(rest[0], int):
        entries = content.get(str(section))
        entry = entries[rest[0]] if isinstance(entries, list) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        key += f"[{name if isinstance(name, str) else rest[0] + 1}]"
        rest = rest[1:]
    key = ".".join([key, *map(str, rest)])
    message = str(mistake["msg"]).removeprefix("Value error, ")
    if mistake["type"] == "extra_forbidden":
        message = f"unknown key; known here: {', '.join(_known(str(section), len(mistake['loc'])))}"
    return f"{path}: {key}: {message}"


def _known(section: str, depth: int) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "environments": Environment,
        "instances": Instance,
        "projects": Project,
        "users": User,
        "groups": Group,
        "tokens": Token,
        "grants": Grant,
    }
    if depth == 1:
        return sorted(_Document.model_fields)
    return sorted((Tls if depth > 3 else models.get(section, _Document)).model_fields)


def _named(document: _Document) -> list[tuple[str, str]]:
    entries: list[tuple[str, str]] = []
    for kind, section in (
        ("environment", document.environments),
        ("instance", document.instances),
        ("project", document.projects),
        ("user", document.users),
        ("group", document.groups),
    ):
        entries += [(kind, entry.name) for entry in section]
    return entries + [("token", f"{token.user}:{token.name}") for token in document.tokens]


def _collect_databases(path: Path, document: _Document, databases: dict[str, str], mistakes: list[str]) -> None:
    for database in document.databases:
        databases.setdefault(database, "")
    for project in document.projects:
        for database in project.databases:
            if databases.get(database, "") not in ("", project.name):
                mistakes.append(f"{path}: project {project.name!r}: {database} already belongs to {databases[database]!r}")
            databases[database] = project.name


def _collect_secrets(
    path: Path, document: _Document, environ: Mapping[str, str], secrets: Secrets, mistakes: list[str]
) -> None:
    wanted: list[tuple[str, str, str, str | None, str | None]] = [
        ("instance", entry.name, "password", entry.password_env, entry.password_file) for entry in document.instances
    ]
    wanted += [("user", entry.name, "password", entry.password_env, entry.password_file) for entry in document.users]
    wanted += [("token", f"{token.user}:{token.name}", "token", token.token_env, token.token_file) for token in document.tokens]
    for kind, name, what, variable, file in wanted:
        try:
            value = _secret(path, variable, file, environ)
        except ConfigurationError as error:
            key = f"{what}_env" if variable is not None else f"{what}_file"
            mistakes.append(f"{path}: {kind} {name!r}: {key}: {error}")
        else:
            if value is not None:
                secrets.put(kind, name, value)


def _secret(path: Path, variable: str | None, file: str | None, environ: Mapping[str, str]) -> str | None:
    if variable is not None:
        if not environ.get(variable):
            raise ConfigurationError(f"the environment variable {variable} is not set")
        return environ[variable]
    if file is None:
        return None
    source = path.resolve().parent / file
    try:
        with source.open(encoding="utf-8") as opened:
            value = opened.read(_SECRET_BYTES + 1).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{source}: cannot be read: {error}") from error
    if not value or len(value) > _SECRET_BYTES:
        raise ConfigurationError(f"{source}: is empty or longer than {_SECRET_BYTES} characters")
    return value
