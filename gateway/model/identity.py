"""Who asks, and which database is asked."""

from dataclasses import dataclass
from enum import StrEnum


class Engine(StrEnum):
    """The wire protocol and SQL dialect of an instance."""

    POSTGRES = "postgres"
    MYSQL = "mysql"


class PrincipalKind(StrEnum):
    USER = "user"
    TOKEN = "token"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """A role held in one project, or in all (`project is None`), until `expires_at` (Unix seconds; None: for good)."""

    role: str
    project: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated person or machine. Made by the rooms that authenticate, never by those that decide."""

    name: str
    bindings: tuple[RoleBinding, ...] = ()
    kind: PrincipalKind = PrincipalKind.USER


@dataclass(frozen=True, slots=True)
class Target:
    """One registered database. `project` is Casbin's domain; "" where the database belongs to none."""

    engine: Engine
    instance: str
    database: str
    environment: str
    project: str

    @property
    def address(self) -> str:
        """`instance/database`, as people write it in `dbname`, policies and issues."""
        return f"{self.instance}/{self.database}"


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Where a session comes from: the peer's address (no port for Unix sockets), and the name the client gives itself."""

    address: str
    application: str = ""
    tls: bool = False
