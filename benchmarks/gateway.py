"""The gateway as an operator runs it: a workspace, the shipped bundle and a broad role, `gateway serve`."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import Route, Server, await_ready, engine_of, running
from gateway.demo.home import shipped_policies
from gateway.demo.postgres_server import free_port

USER, PASSWORD = "alice", "a benchmark's pass word"
INSTANCE = "bench1"
BROAD = "\np, bench, *, **, *, , allow\n"
_CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "GATEWAY_"))}


@contextlib.contextmanager
def gateway(server: Server, database: str, home: Path, durability: str = "strict", sessions: int = 500) -> Iterator[Route]:
    """One worker, policy and audit on. `sessions`: how many the benchmark's one user may open."""
    port = free_port()
    _write(home, server, database, port, durability, sessions)
    secrets = {**_CLEAN, "BENCH_PASSWORD": PASSWORD, "SERVER_PASSWORD": server.password}
    command = [sys.executable, "-m", "gateway"]
    config = str(home / "gateway.toml")
    subprocess.run(
        [*command, "apply", "-c", config, str(home / "workspace.toml")], env=secrets, check=True, stdout=subprocess.DEVNULL
    )
    name = "gateway" if durability == "strict" else f"gateway, {durability}"
    with running([*command, "serve", "-c", config], _CLEAN, home / "gateway.log") as pid:
        route = Route(name, "127.0.0.1", port, USER, PASSWORD, f"{INSTANCE}/{database}", pid, engine=engine_of(server))
        await_ready(route, home / "gateway.log")
        yield route


def write_rules(home: Path, rules: str) -> None:
    """The shipped bundle's rules and these, in one step as an editor or a deployment would."""
    text = (shipped_policies() / "policy.csv").read_text(encoding="utf-8") + rules
    (home / "policy.csv.new").write_text(text, encoding="utf-8")
    (home / "policy.csv.new").replace(home / "policies" / "policy.csv")


def _write(home: Path, server: Server, database: str, port: int, durability: str, sessions: int) -> None:
    home.mkdir(parents=True, exist_ok=True)
    shutil.copytree(shipped_policies(), home / "policies")
    write_rules(home, BROAD)
    (home / "gateway.toml").write_text(
        f'log_level = "warning"\n[listen]\n{engine_of(server)} = "127.0.0.1:{port}"\nhttp = "127.0.0.1:{free_port()}"\n'
        f'[store]\nurl = "sqlite:///gateway.db"\n[audit]\ndir = "audit"\ndurability = "{durability}"\n'
        '[policy]\ndir = "policies"\n[secrets]\nkey_file = "master.key"\n'
        f"[limits]\nconnections_per_user = {sessions}\n"
    )
    (home / "workspace.toml").write_text(
        '[[environments]]\nname = "bench"\n\n[[instances]]\n'
        f'name = "{INSTANCE}"\nengine = "{engine_of(server)}"\nhost = "{server.host}"\nport = {server.port}\n'
        f'environment = "bench"\nusername = "{server.user}"\n'
        'password_env = "SERVER_PASSWORD"\n[instances.tls]\nmode = "disable"\n\n'
        f'[[projects]]\nname = "bench"\ndatabases = ["{INSTANCE}/{database}"]\n\n'
        f'[[users]]\nname = "{USER}"\npassword_env = "BENCH_PASSWORD"\nroles = ["bench"]\n'
    )
