"""`gateway demo`: everything on sample data; `gateway demo psql WHO`: be one of its people."""

import asyncio
import os
import shutil
from pathlib import Path

import click

from gateway.config import load_settings, split_endpoint
from gateway.demo.home import DemoHome, Ports, person
from gateway.model.errors import ConfigurationError

_HOME = click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True,
    help="The demo's folder.",
)  # fmt: skip


@click.group(invoke_without_command=True)
@_HOME
@click.option("--pg-port", type=click.IntRange(1, 65535), default=6432, show_default=True)
@click.option("--mysql-port", type=click.IntRange(1, 65535), default=6433, show_default=True)
@click.option("--http-port", type=click.IntRange(1, 65535), default=6480, show_default=True)
@click.option("--reset", is_flag=True, help="Begin anew: forget the demo's data.")
@click.pass_context
def demo(context: click.Context, *, home: Path, pg_port: int, mysql_port: int, http_port: int, reset: bool) -> None:
    """Start an embedded PostgreSQL with a shop (and MariaDB where it is installed), the gateway and its API.

    Ctrl-C stops all of it.
    """
    if context.invoked_subcommand is not None:
        return
    from gateway.demo.mariadb_server import mariadb_on_this_machine
    from gateway.demo.run import run_demo

    place = DemoHome(home)
    if reset:
        place.reset()
    asyncio.run(run_demo(place, Ports(pg_port, mysql_port if mariadb_on_this_machine() else 0, http_port)))


@demo.command()
@_HOME
@click.argument("who")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(who: str, home: Path, arguments: tuple[str, ...]) -> None:
    """Connect as WHO (developer, dba or auditor), with psql of this machine or the embedded one."""
    from gateway.demo.postgres_server import embedded_bin_dir

    place = DemoHome(home)
    login = person(who)
    password = place.password(login.name)
    listen = load_settings(place.settings_file).listen.postgres
    if listen is None:
        raise ConfigurationError(f"{place.settings_file}: listen.postgres is not set")
    host, port = split_endpoint(listen)
    program = shutil.which("psql") or str(embedded_bin_dir() / "psql")
    command = [program, "-h", host, "-p", str(port), "-U", login.name, "-d", "pg1/shop", *arguments]
    os.execve(program, command, os.environ | {"PGPASSWORD": password})  # noqa: S606 - no shell, our own arguments
