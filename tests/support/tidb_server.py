"""A TiDB with its embedded storage, for tests: `make tidb` builds it from its Go module."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql

from gateway.demo.postgres_server import ServerFailed

_BUILT = Path(__file__).parents[2] / "var" / "tidb" / "tidb-server"
_START_SECONDS = 120.0


def tidb_program() -> Path | None:
    """The server's program: `GATEWAY_TEST_TIDB`, else what `make tidb` built; None where there is none."""
    named = os.environ.get("GATEWAY_TEST_TIDB")
    path = Path(named) if named else _BUILT
    return path if path.exists() else None


@dataclass(slots=True)
class TidbServer:
    """One folder and the server over it, on TCP at 127.0.0.1; `user` may do everything and logs in as `plugin` says."""

    program: Path
    home: Path
    port: int
    status_port: int
    options: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    user: str = "admin"
    password: str = "tidb's pass word"
    plugin: str = "mysql_native_password"
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises ServerFailed."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [
            str(self.program), "-P", str(self.port), "--status", str(self.status_port), "--host", self.host, "--socket", "",
            "--store", "unistore", "--path", str(self.home / "data"), "--temp-dir", str(self.home / "tmp"), "-L", "error",
            *self.options,
        ]  # fmt: skip
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.home)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self._own_the_place()
            except pymysql.err.OperationalError:
                time.sleep(0.2)
            else:
                return
        self.stop()
        raise ServerFailed(f"TiDB did not start: {(self.home / 'server.log').read_text(errors='replace')[-2000:]}")

    def _own_the_place(self) -> None:
        with pymysql.connect(host=self.host, port=self.port, user="root") as root, root.cursor() as cursor:
            cursor.execute(f"CREATE USER {self.user} IDENTIFIED WITH {self.plugin} BY %s", (self.password,))
            cursor.execute(f"GRANT ALL ON *.* TO {self.user} WITH GRANT OPTION")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
