"""A MariaDB of the machine's in a folder of ours: initialised once, started and stopped as a child process."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql

from gateway.demo.postgres_server import ServerFailed

ADMINISTRATOR = "admin"
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


def mariadb_on_this_machine() -> bool:
    return shutil.which("mariadbd") is not None and shutil.which("mariadb-install-db") is not None


@dataclass(slots=True)
class MariaDbServer:
    """One data folder and the server over it, on TCP at 127.0.0.1; `user` may do everything."""

    home: Path
    port: int
    options: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    user: str = ADMINISTRATOR
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def password(self) -> str:
        """The administrator's, made at initialisation and kept 0600 beside the data."""
        return (self.home / "admin.password").read_text().strip()

    def start(self) -> None:
        """Initialise where needed, start, and return when the server takes connections. Raises ServerFailed."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.data / "mysql").exists():
            self._initialise()
        self._stop_leftover()
        temporary = self.home / "tmp"  # its own: a server that starts clears away what others left in the folder
        temporary.mkdir(exist_ok=True)
        program = shutil.which("mariadbd")
        if program is None:
            raise ServerFailed("mariadbd is not on this machine")
        command = [
            program, "--no-defaults", f"--datadir={self.data}", f"--tmpdir={temporary}",
            f"--port={self.port}", "--bind-address=127.0.0.1",
            "--socket=server.sock", f"--pid-file={self.home / 'server.pid'}", f"--init-file={self.home / 'init.sql'}",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--skip-log-bin",
            "--character-set-server=utf8mb4", *self.options, *_as_root(),
        ]  # fmt: skip
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._await_ready()

    def stop(self) -> None:
        """An orderly shutdown; data is kept."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _initialise(self) -> None:
        program = shutil.which("mariadb-install-db")
        if program is None:
            raise ServerFailed("mariadb-install-db is not on this machine")
        shutil.rmtree(self.data, ignore_errors=True)
        secret = secrets.token_urlsafe(18)
        _write_private(self.home / "admin.password", secret + "\n")
        _write_private(
            self.home / "init.sql",
            f"CREATE USER IF NOT EXISTS '{ADMINISTRATOR}'@'%' IDENTIFIED BY '{secret}';\n"
            f"GRANT ALL ON *.* TO '{ADMINISTRATOR}'@'%' WITH GRANT OPTION;\n",
        )
        command = [
            program, "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
            "--auth-root-authentication-method=socket", *_as_root(),
        ]  # fmt: skip
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        if done.returncode != 0:
            raise ServerFailed(f"mariadb-install-db failed: {done.stdout.decode(errors='replace')[-2000:]}")

    def _stop_leftover(self) -> None:
        """A server that outlived its parent (kill -9) still holds the data."""
        try:
            pid = int((self.home / "server.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ValueError):
            return
        if str(self.data).encode() not in command:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while Path(f"/proc/{pid}").exists():
            if time.monotonic() > deadline:
                raise ServerFailed(f"another server (process {pid}) holds {self.data} and does not stop")
            time.sleep(0.05)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            try:
                pymysql.connect(host=self.host, port=self.port, user=self.user, password=self.password).close()
            except pymysql.err.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        tail = (self.home / "server.log").read_text(errors="replace")[-2000:]
        raise ServerFailed(f"MariaDB did not start on port {self.port}; end of its log:\n{tail}")


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
