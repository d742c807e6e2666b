"""What the demo keeps in its folder: settings, workspace, people's passwords, the policy bundle to play with."""

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import gateway
from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import PostgresServer, embedded_bin_dir, free_port
from gateway.model.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be in the demo. `part` is what they play; `roles` are as in a workspace file."""

    part: str
    name: str
    roles: tuple[str, ...]


PEOPLE = (
    Person("developer", "alice", ("developer@shop",)),
    Person("dba", "dora", ("dba",)),
    Person("auditor", "audrey", ("auditor",)),
)

SERVER_USER = "gateway"


def person(who: str) -> Person:
    """By part or by name. Raises ConfigurationError with the ones there are."""
    for candidate in PEOPLE:
        if who in (candidate.part, candidate.name):
            return candidate
    known = ", ".join(f"{item.part} ({item.name})" for item in PEOPLE)
    raise ConfigurationError(f"nobody plays {who!r} in the demo; there are {known}")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the gateway listens. `mysql` is 0 where there is no MariaDB on this machine."""

    postgres: int
    mysql: int
    http: int


class DemoHome:
    """The demo's folder. Everything in it can be thrown away with `--reset`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @property
    def settings_file(self) -> Path:
        return self.folder / "gateway.toml"

    @property
    def workspace_file(self) -> Path:
        return self.folder / "workspace.toml"

    @property
    def policies(self) -> Path:
        return self.folder / "policies"

    @property
    def _secrets_file(self) -> Path:
        return self.folder / "secrets.json"

    def reset(self) -> None:
        """Forget everything. Refuses a folder that is not a demo's, lest a slip of the finger delete something else."""
        if self.folder.exists() and any(self.folder.iterdir()) and not self.settings_file.exists():
            raise ConfigurationError(f"{self.folder} does not look like a demo's folder: no gateway.toml in it; not deleted")
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self, ports: Ports) -> None:
        """Write what is missing; settings follow the ports asked for, the bundle is left as people edited it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        if not self.policies.exists():
            shutil.copytree(shipped_policies(), self.policies)
        if not self._secrets_file.exists():
            names = [SERVER_USER, *(item.name for item in PEOPLE)]
            _write_private(self._secrets_file, json.dumps({name: secrets.token_urlsafe(9) for name in names}))
        self.settings_file.write_text(
            'log_level = "warning"\n\n[listen]\n'
            f'postgres = "127.0.0.1:{ports.postgres}"\n'
            + (f'mysql = "127.0.0.1:{ports.mysql}"\n' if ports.mysql else "")
            + f'http = "127.0.0.1:{ports.http}"\n'
            + '\n[store]\nurl = "sqlite:///gateway.db"\n'
            + '\n[audit]\ndir = "audit"\ndurability = "strict"\n'
            + '\n[policy]\ndir = "policies"\n'
            + '\n[secrets]\nkey_file = "master.key"\n'
        )

    def write_workspace(self, postgres_port: int, mysql_port: int = 0) -> None:
        """The workspace that `gateway apply` takes; passwords stay in the environment (`environment()`).

        `mysql_port` 0: no MariaDB. Its payroll is a project of its own, in which the developer has no role.
        """
        lines = [
            '[[environments]]\nname = "prod"\n',
            '[[instances]]\nname = "pg1"\nengine = "postgres"\nhost = "127.0.0.1"\n'
            f'port = {postgres_port}\nenvironment = "prod"\nusername = "{SERVER_USER}"\n'
            'password_env = "DEMO_SERVER_PASSWORD"\n\n[instances.tls]\nmode = "disable"\n',
        ]
        databases = ["pg1/shop"]
        if mysql_port:
            lines.append(
                '[[instances]]\nname = "my1"\nengine = "mysql"\nhost = "127.0.0.1"\n'
                f'port = {mysql_port}\nenvironment = "prod"\nusername = "{SERVER_USER}"\n'
                'password_env = "DEMO_SERVER_PASSWORD"\n\n[instances.tls]\nmode = "disable"\n'
            )
            lines.append('[[projects]]\nname = "payroll"\ndatabases = ["my1/hr"]\n')
            databases.append("my1/shop")
        lines.append(f'[[projects]]\nname = "shop"\ndatabases = {json.dumps(databases)}\n')
        for item in PEOPLE:
            roles = ", ".join(f'"{role}"' for role in item.roles)
            lines.append(
                f'[[users]]\nname = "{item.name}"\nemail = "{item.name}@shop.example"\n'
                f'password_env = "DEMO_{item.name.upper()}_PASSWORD"\nroles = [{roles}]\n'
            )
        self.workspace_file.write_text("\n".join(lines))

    def password(self, name: str) -> str:
        """Raises ConfigurationError where the demo has never been started in this folder."""
        try:
            kept = json.loads(self._secrets_file.read_text())
        except FileNotFoundError:
            raise ConfigurationError(f"no demo in {self.folder} yet: start one with `gateway demo`") from None
        password: str = kept[name]
        return password

    def environment(self) -> dict[str, str]:
        """The variables that the workspace file refers to."""
        people = {f"DEMO_{item.name.upper()}_PASSWORD": self.password(item.name) for item in PEOPLE}
        return people | {"DEMO_SERVER_PASSWORD": self.password(SERVER_USER)}

    def postgres(self) -> PostgresServer:
        """The embedded server; its port is chosen anew at each start and only the gateway connects to it."""
        settings = {"fsync": "off", "shared_buffers": "64MB", "max_connections": "200"}
        return PostgresServer(embedded_bin_dir(), self.folder / "postgres", free_port(), settings)

    def mariadb(self) -> MariaDbServer:
        """The machine's MariaDB over a folder of the demo's; as with PostgreSQL, only the gateway connects to it."""
        return MariaDbServer(self.folder / "mariadb", free_port())


def shipped_policies() -> Path:
    """The default bundle: beside the package in a checkout, or where an installation put it."""
    places = [Path(gateway.__file__).parent.parent / "policies", Path("/etc/gateway/policies")]
    for place in places:
        if (place / "policy.csv").is_file():
            return place
    raise ConfigurationError(f"the default policy bundle is not in any of {', '.join(map(str, places))}")


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
