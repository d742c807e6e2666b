"""`gateway demo`: start everything, say what to type, stop everything."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import click
import httpx

from gateway.config import load_settings
from gateway.demo.home import PEOPLE, DemoHome, Ports
from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import PostgresServer
from gateway.demo.shop import fill_mysql, fill_postgres
from gateway.endpoints import require_free
from gateway.model.errors import GatewayError
from gateway.store import SecretKey, Store
from gateway.store.workspace import load_workspace
from gateway.store.workspace_apply import apply_workspace

_READY_SECONDS = 60.0


class DemoFailed(GatewayError):
    """A part of the demo did not start."""


async def run_demo(home: DemoHome, ports: Ports) -> None:
    """Runs until SIGINT or SIGTERM. Raises GatewayError where a part cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    wanted = {"--pg-port": ports.postgres, "--mysql-port": ports.mysql, "--http-port": ports.http}
    for option, port in wanted.items():
        if port:
            require_free([f"127.0.0.1:{port}"], f"; is the demo running already? {option} chooses another port")
    _progress("Preparing", str(home.folder))
    home.prepare(ports)
    server, mariadb = home.postgres(), home.mariadb() if ports.mysql else None
    _progress("Starting PostgreSQL", f"port {server.port}, only the gateway knows its password")
    try:
        await asyncio.to_thread(server.start)
        if mariadb is not None:
            _progress("Starting MariaDB", f"port {mariadb.port}, only the gateway knows its password")
            await asyncio.to_thread(mariadb.start)
        await _serve_over(home, ports, server, mariadb, stop)
    finally:
        await asyncio.gather(*(asyncio.to_thread(item.stop) for item in (server, mariadb) if item is not None))


async def _serve_over(
    home: DemoHome, ports: Ports, server: PostgresServer, mariadb: MariaDbServer | None, stop: asyncio.Event
) -> None:
    if await fill_postgres(server, home.password("gateway")):
        _progress("Filled", "the shop: 1,000 customers, 5,000 orders, 60 employees")
    if mariadb is not None and await asyncio.to_thread(fill_mysql, mariadb, home.password("gateway")):
        _progress("Filled", "the same shop on MariaDB")
    home.write_workspace(server.port, mariadb.port if mariadb is not None else 0)
    await _apply(home)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "GATEWAY_"))}
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "serve", "-c", str(home.settings_file), env=environment
    )
    ended = asyncio.create_task(gateway.wait())
    stopped = asyncio.create_task(stop.wait())
    try:
        await _await_ready(ports, ended, stopped)
        if not stop.is_set():
            await _ask_for_access(home, ports)
            click.echo(instructions(home, ports))
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        if ended.done() and not stop.is_set():
            raise DemoFailed(f"the gateway ended with status {ended.result()}; its messages are above")
    finally:
        if gateway.returncode is None:
            gateway.send_signal(signal.SIGTERM)
        await ended
        stopped.cancel()


async def _apply(home: DemoHome) -> None:
    settings = load_settings(home.settings_file)
    workspace = load_workspace([home.workspace_file], home.environment())
    store = await Store.open(settings.store.url, SecretKey.load_or_create(settings.secrets.key_file))
    try:
        await apply_workspace(store, workspace)
    finally:
        await store.close()


async def _await_ready(ports: Ports, ended: "asyncio.Task[int]", stopped: "asyncio.Task[bool]") -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    async with httpx.AsyncClient(trust_env=False) as client:
        while not ended.done() and not stopped.done():
            try:
                response = await client.get(f"http://127.0.0.1:{ports.http}/readyz", timeout=2)
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code == 200:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise DemoFailed(f"the gateway did not become ready within {_READY_SECONDS:.0f} s")
            await asyncio.wait((ended, stopped), timeout=0.1)
    if ended.done():
        raise DemoFailed(f"the gateway ended with status {ended.result()}; its messages are above")


async def _ask_for_access(home: DemoHome, ports: Ports) -> None:
    """The developer has asked for something that waits to be decided on: once, in a fresh demo."""
    developer = PEOPLE[0].name
    api = f"http://127.0.0.1:{ports.http}/api/v1/access-requests"
    wanted = {
        "object": "pg1/shop/hr/employees",
        "actions": ["select"],
        "seconds": 4 * 3600,
        "reason": "The staff directory shows wrong departments; I want to see what it reads.",
    }
    async with httpx.AsyncClient(trust_env=False, auth=(developer, home.password(developer))) as client:
        before = await client.get(api, params={"requester": developer, "limit": 1})
        before.raise_for_status()
        if not before.json()["items"]:
            (await client.post(api, json=wanted)).raise_for_status()


def gateway_command() -> str:
    """The `gateway` command as this shell can type it."""
    beside = Path(sys.executable).with_name("gateway")
    try:
        return str(beside.relative_to(Path.cwd()))
    except ValueError:
        return str(beside)


def instructions(home: DemoHome, ports: Ports) -> str:
    """What to type, for each person, as it works in a second terminal."""
    developer, dba, auditor = PEOPLE
    command = gateway_command()
    api = f"GATEWAY_URL=http://127.0.0.1:{ports.http}"

    def psql(name: str) -> str:
        return f"PGPASSWORD={home.password(name)} psql -h 127.0.0.1 -p {ports.postgres} -U {name} -d pg1/shop"

    def cli(name: str, rest: str) -> str:
        return f"{api} GATEWAY_USER={name} GATEWAY_PASSWORD={home.password(name)} {command} {rest}"

    mysql = f"MySQL on 127.0.0.1:{ports.mysql}, " if ports.mysql else ""
    lines = [
        "",
        f"The gateway is ready: PostgreSQL on 127.0.0.1:{ports.postgres}, {mysql}HTTP API on 127.0.0.1:{ports.http}.",
        "In another terminal:",
        "",
        f"Developer ({developer.name}): reads the shop, not the payroll; changes to the schema become issues",
        f"  {psql(developer.name)}",
        "    SELECT name, city FROM customers LIMIT 3;",
        "    SELECT * FROM hr.salaries;",
        "    ALTER TABLE customers ADD COLUMN birthday date;",
        "    SELECT name, email, phone, card_number FROM customers LIMIT 3;     -- masked",
        "    SELECT * FROM order_items;                                         -- more rows than may be looked at",
        "    SELECT * FROM hr.employees LIMIT 3;                                -- asked for below; refused until then",
        "",
        *_mysql_lines(home, ports),
        "",
        f"DBA ({dba.name}): decides on the access that {developer.name} asked for; it counts in the open session, at once",
        f"  {cli(dba.name, 'access list')}",
        f"  {cli(dba.name, 'access approve 1')}",
        "",
        f"DBA ({dba.name}): reviews the change and rolls it out (1 is the issue's number)",
        f"  {cli(dba.name, 'issue list')}",
        f"  {cli(dba.name, 'issue show 1')}",
        f"  {cli(dba.name, 'issue approve 1')}",
        f"  {cli(dba.name, 'issue rollout 1')}",
        f"  {psql(dba.name)}",
        "",
        f"Auditor ({auditor.name}): sees who did what, and proves that nobody edited it",
        f"  {cli(auditor.name, 'audit search --user alice')}",
        f"  {cli(auditor.name, 'audit search --relation hr.salaries --outcome deny')}",
        f"  {command} audit verify -c {_short(home.settings_file)}",
        "",
        f"No psql on this machine? The embedded one: {command} demo psql developer --home {_short(home.folder)}",
        "Ctrl-C stops everything; the data is kept until `--reset`.",
    ]
    return "\n".join(lines)


def _mysql_lines(home: DemoHome, ports: Ports) -> list[str]:
    if not ports.mysql:
        return ["The shop on MySQL too: install MariaDB (Debian: apt-get install mariadb-server) and start the demo again.", ""]
    name = PEOPLE[0].name
    login = f"mariadb -h 127.0.0.1 -P {ports.mysql} -u {name} -p{home.password(name)} my1/shop"
    return [
        "The same on MySQL",
        f"  {login}",
        "    SELECT name, city FROM customers LIMIT 3;",
        "    SELECT * FROM hr.salaries;",
        "    ALTER TABLE customers ADD COLUMN birthday date;",
        "    SELECT name, email, phone, card_number FROM customers LIMIT 3;     -- masked",
        "    SELECT * FROM order_items;                                         -- more rows than may be looked at",
        "    SELECT id, amount FROM payments; SHOW WARNINGS;                    -- cut off, with a warning",
        "",
    ]


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _progress(verb: str, rest: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"{verb} {rest}", err=True)
