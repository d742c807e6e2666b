"""A whole gateway as an operator runs it: gateway.toml, a workspace that was applied, and `gateway serve` as a process."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx
import pymysql

from gateway.demo.home import SERVER_USER, shipped_policies
from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import PostgresServer, free_port
from gateway.demo.shop import fill_mysql, fill_postgres
from tests.support.servers import Certificates

SERVER_PASSWORD = "server's own pass word"
WIDE = "\np, wide, *, **, *, , allow\n"
PEOPLE = {
    "alice": ["developer@shop"],
    "ann": ["analyst@shop"],
    "amy": ["analyst@shop"],
    "dora": ["dba"],
    "audrey": ["auditor"],
    "olaf": ["owner@shop"],
    "wide": ["wide"],
}
_READY_SECONDS = 30.0


def password_of(user: str) -> str:
    return f"{user}'s pass wörd"


class GatewayEnded(AssertionError):
    """`gateway serve` ended where it should run; the message holds its log's end."""


@dataclass(slots=True)
class Deployment:
    """`start` serves until `stop`; `databases` are registered beside the shop. Everything lies in `home`."""

    home: Path
    server: PostgresServer
    databases: Sequence[str] = ()
    tls: Certificates | None = None
    settings: str = ""  # more of gateway.toml
    server_tls: str = 'mode = "disable"'
    store_url: str = "sqlite:///gateway.db"
    workers: int = 1
    mysql: MariaDbServer | None = None  # in front of it too: `my1`, whose shop is in the same project
    mysql_port: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    # Folder

    @property
    def config(self) -> Path:
        return self.home / "gateway.toml"

    @property
    def bundle(self) -> Path:
        return self.home / "policies"

    @property
    def audit_dir(self) -> Path:
        return self.home / "audit"

    @property
    def log(self) -> str:
        path = self.home / "gateway.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def prepare(self) -> Self:
        """Fill the server, write the folder, apply the workspace."""
        asyncio.run(self._fill())
        if self.mysql is not None:
            fill_mysql(self.mysql, SERVER_PASSWORD)
        self.home.mkdir(parents=True, exist_ok=True)
        if not self.bundle.exists():
            shutil.copytree(shipped_policies(), self.bundle)
            with (self.bundle / "policy.csv").open("a") as rules:
                rules.write(WIDE)
        self.write_config()
        (self.home / "workspace.toml").write_text(self.workspace())
        done = self.gateway("apply", "-c", str(self.config), str(self.home / "workspace.toml"))
        assert done.returncode == 0, done.stderr
        return self

    def write_config(self, extra: str | None = None) -> None:
        tls = ""
        if self.tls is not None:
            tls = f'\n[tls]\ncert = "{self.tls.server_cert}"\nkey = "{self.tls.server_key}"\n'
        mysql = f'mysql = "127.0.0.1:{self.mysql_port}"\n' if self.mysql is not None else ""
        self.config.write_text(
            f'[listen]\npostgres = "127.0.0.1:{self.port}"\nhttp = "127.0.0.1:{self.http_port}"\n{mysql}{tls}'
            f'\n[store]\nurl = "{self.store_url}"\n\n[audit]\ndir = "audit"\ncheckpoint_seconds = 1.0\n'
            f'\n[policy]\ndir = "policies"\n\n[secrets]\nkey_file = "master.key"\n'
            f"{self.settings if extra is None else extra}"
        )

    def workspace(self, people: Mapping[str, Sequence[str]] = PEOPLE) -> str:
        databases = ", ".join(f'"pg1/{name}"' for name in ("shop", *self.databases))
        mysql = ""
        if self.mysql is not None:
            databases += ', "my1/shop"'
            mysql = (
                '[[instances]]\nname = "my1"\nengine = "mysql"\nhost = "127.0.0.1"\n'
                f'port = {self.mysql.port}\nenvironment = "prod"\nusername = "{SERVER_USER}"\n'
                'password_env = "SERVER_PASSWORD"\n\n[instances.tls]\nmode = "disable"\n\n'
                '[[projects]]\nname = "payroll"\ndatabases = ["my1/hr"]\n\n'
            )
        text = (
            '[[environments]]\nname = "prod"\n\n[[instances]]\nname = "pg1"\nengine = "postgres"\nhost = "127.0.0.1"\n'
            f'port = {self.server.port}\nenvironment = "prod"\nusername = "{SERVER_USER}"\n'
            f'password_env = "SERVER_PASSWORD"\n\n[instances.tls]\n{self.server_tls}\n\n'
            f'{mysql}[[projects]]\nname = "shop"\ndatabases = [{databases}]\n'
        )
        for name, roles in people.items():
            text += (
                f'\n[[users]]\nname = "{name}"\npassword_env = "PASSWORD_{name.upper()}"\nroles = {json.dumps(list(roles))}\n'
            )
        return text

    async def _fill(self) -> None:
        await fill_postgres(self.server, SERVER_PASSWORD)
        admin = await asyncpg.connect(self.server.dsn())
        try:
            for name in self.databases:
                if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                    await admin.execute(f'CREATE DATABASE "{name}" OWNER {SERVER_USER}')
        finally:
            await admin.close()

    # Process

    def start(self, *, limits: Sequence[str] = ()) -> Self:
        """Serve, and return when it is ready. `limits`: a command that stands before the gateway's (prlimit, say)."""
        with (self.home / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*limits, sys.executable, "-m", "gateway", "serve", "-c", str(self.config), "--workers", str(self.workers)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=clean_environment(),
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_SECONDS
        with httpx.Client(trust_env=False) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    if client.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                        return self
                except httpx.TransportError:
                    time.sleep(0.05)
        raise GatewayEnded(f"status {self.process.poll()}\n{self.log[-3000:]}")

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise GatewayEnded(f"did not drain\n{self.log[-3000:]}") from None
        self.process = None
        return status

    def kill(self) -> None:
        """kill -9 of the whole process group."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def __enter__(self) -> Self:
        self.prepare()
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is not None:
            raise GatewayEnded(f"ended by itself with {self.process.returncode}\n{self.log[-3000:]}")
        self.stop()

    # Clients

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def dsn(self, user: str, database: str = "pg1/shop", **more: str) -> str:
        return conninfo("127.0.0.1", self.port, user, password_of(user), database, **more)

    def direct(self, database: str = "shop", **more: str) -> str:
        """As the gateway's own login, past the gateway."""
        return conninfo(self.server.host, self.server.port, SERVER_USER, SERVER_PASSWORD, database, **more)

    def mysql_client(self, user: str, database: str = "my1/shop", **options: Any) -> pymysql.Connection:
        """PyMySQL through the gateway."""
        word = password_of(user).encode()  # a str would go in latin1
        return pymysql.connect(host="127.0.0.1", port=self.mysql_port, user=user, password=word, database=database, **options)

    def psql(self, dsn: str, *arguments: str, script: str | None = None, seconds: float = 60) -> "Done":
        """The psql of the server's own version."""
        return run([str(self.server.bin_dir / "psql"), "-X", *arguments, dsn], script=script, seconds=seconds)

    def gateway(
        self, *arguments: str, user: str | None = None, env: Mapping[str, str] | None = None, seconds: float = 60
    ) -> "Done":
        """The command line, as a person where one is named."""
        secrets = {f"PASSWORD_{name.upper()}": password_of(name) for name in PEOPLE} | {"SERVER_PASSWORD": SERVER_PASSWORD}
        who = {"GATEWAY_URL": self.url, "GATEWAY_USER": user, "GATEWAY_PASSWORD": password_of(user)} if user else {}
        home = {"XDG_CONFIG_HOME": str(self.home / "xdg")}
        return run(
            [sys.executable, "-m", "gateway", *arguments], env={**secrets, **who, **home, **(env or {})}, seconds=seconds
        )

    def json(self, user: str, *arguments: str) -> Any:
        done = self.gateway(*arguments, "--format", "json", user=user)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def verify(self) -> "Done":
        return self.gateway("audit", "verify", "-c", str(self.config))

    # What it wrote

    def segments(self) -> list[Path]:
        return sorted(path for path in self.audit_dir.rglob("*.jsonl") if path.stem.isdecimal())

    def records(self) -> Iterator[dict[str, Any]]:
        for path in self.segments():
            for line in path.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n") and line.strip():  # a busy segment grows by newlines first
                    yield json.loads(line)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended."""

    returncode: int
    stdout: str
    stderr: str


def run(
    command: Sequence[str], *, script: str | None = None, env: Mapping[str, str] | None = None, seconds: float = 60
) -> Done:
    done = subprocess.run(
        command,
        input=(script or "").encode(),
        capture_output=True,
        timeout=seconds,
        check=False,
        env={**clean_environment(), **(env or {})},
    )
    return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "GATEWAY_", "LC_"))}
    return kept | {"LANG": "C.UTF-8", "PAGER": "cat", "COLUMNS": "80"}


def conninfo(host: str, port: int, user: str, password: str, database: str, **more: str) -> str:
    fields = {"host": host, "port": str(port), "user": user, "password": password, "dbname": database, "sslmode": "disable"}
    escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in {**fields, **more}.items()}
    return " ".join(f"{name}='{value}'" for name, value in escaped.items())


def eventually(what: str, seconds: float, check: Any) -> None:
    """Until `check` returns something true; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
