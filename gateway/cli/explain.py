"""`gateway explain`: what SQL statements touch and, for a user, how they would be decided."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiomysql
import asyncpg
import click
import pymysql

from gateway.analysis import analyse_mysql, analyse_postgres, split_postgres
from gateway.analysis.explain import explained
from gateway.catalog import CatalogSnapshot, SystemCatalog, read_mysql, read_postgres
from gateway.cli.administration import opened
from gateway.cli.output import Format, plain
from gateway.model.decision import Decision
from gateway.model.errors import GatewayError, NotFound
from gateway.model.footprint import Footprint
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.statement import Namespace, Origin, Statement
from gateway.policy import compile_policy, load_bundle

_UNKNOWN: Final = "-"
_SERVER_VERSIONS: Final = {Engine.POSTGRES: 180000, Engine.MYSQL: 0}
_SEARCH_PATHS: Final[dict[Engine, tuple[str, ...]]] = {Engine.POSTGRES: ("public",), Engine.MYSQL: ()}

Decide = Callable[[Footprint], Decision]


class CatalogUnreachable(GatewayError):
    """The server of `--catalog` does not answer."""


@dataclass(slots=True)
class Explainer:
    """One catalog, and whose decisions are wanted."""

    target: Target
    dsn: str | None = None
    decide: Decide | None = None
    catalog: CatalogSnapshot = field(init=False)
    search_path: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        engine = self.target.engine
        version = _SERVER_VERSIONS[engine]
        self.catalog = CatalogSnapshot(engine, "", version, SystemCatalog(version))
        named = engine is Engine.MYSQL and self.target.database != _UNKNOWN
        self.search_path = (self.target.database,) if named else _SEARCH_PATHS[engine]

    def refresh(self) -> None:
        """Reads the catalog anew; nothing to do where none was named. Raises GatewayError."""
        if self.dsn is not None:
            read = _read_mysql if self.target.engine is Engine.MYSQL else _read_postgres
            self.catalog, self.search_path = asyncio.run(read(self.dsn))

    def lines(self, text: str, search_path: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
        """One line for each statement of the text. Where a part has no tree, the others still have theirs."""
        namespace = Namespace(search_path=self.search_path if search_path is None else search_path)
        engine = self.target.engine
        pieces, analyse = ([text], analyse_mysql) if engine is Engine.MYSQL else (split_postgres(text), analyse_postgres)
        for piece in pieces:
            for footprint in analyse(Statement(engine, piece, namespace, Origin.EXPLAIN), self.catalog):
                decision = self.decide(footprint) if self.decide is not None else None
                yield explained(footprint, piece, self.target, decision)


async def _read_mysql(dsn: str) -> tuple[CatalogSnapshot, tuple[str, ...]]:
    """`mysql://user:password@host:port/database`"""
    parts = urlsplit(dsn)
    try:
        connection = await aiomysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            db=unquote(parts.path.strip("/")) or None,
            connect_timeout=15,
            charset="utf8mb4",
        )
    except (OSError, ValueError, pymysql.MySQLError) as error:
        raise CatalogUnreachable(f"the catalog cannot be read: {error}") from error
    try:
        catalog = await read_mysql(connection)
        return catalog, (catalog.database,) if catalog.database else ()
    finally:
        connection.close()


async def _read_postgres(dsn: str) -> tuple[CatalogSnapshot, tuple[str, ...]]:
    try:
        connection = await asyncpg.connect(dsn, timeout=15)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CatalogUnreachable(f"the catalog cannot be read: {error}") from error
    try:
        catalog = await read_postgres(connection)
        path = await connection.fetchval("SELECT current_schemas(false)::text[]")
        return catalog, tuple(path)
    finally:
        await connection.close()


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@click.option(
    "--engine", type=click.Choice([engine.value for engine in Engine]), default=Engine.POSTGRES.value, show_default=True
)
@click.option(
    "--catalog",
    "dsn",
    metavar="DSN",
    help="Resolve names by this database, for example postgresql://user@host/db or mysql://….",
)
@click.option("--database", help="The database's name in paths. [default: the one of the DSN]")
@click.option("--instance", help="The instance's name in paths. [default: the host of the DSN]")
@click.option("--user", help="Decide too, as for this user of the gateway; needs --instance and --database.")
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("gateway.toml"),
    show_default=True,
    help="With --user: gateway.toml, for its store and policy.",
)
@click.option("--stream", is_flag=True, help='Read JSON lines {"statement", "search_path", "refresh"}; answer each at once.')
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="json", show_default=True, help="How to print."
)
def explain(
    file: Any,
    *,
    engine: str,
    dsn: str | None,
    database: str | None,
    instance: str | None,
    user: str | None,
    config: Path,
    stream: bool,
    format_: Format,
) -> None:
    """Say what the SQL statements in FILE (or standard input) touch: one line for each.

    Without a catalog an unqualified name counts as one of the first schema of the search path.
    """
    explainer = Explainer(_target(Engine(engine), dsn, database, instance), dsn)
    if user is not None:
        explainer.decide = _decider(config, user, explainer)
    explainer.refresh()
    if stream:
        _stream(explainer, file, format_)
        return
    for line in explainer.lines(file.read()):
        _print(line, format_)


def _target(engine: Engine, dsn: str | None, database: str | None, instance: str | None) -> Target:
    """Names for paths: as given, else from the DSN, else `-`."""
    parts = urlsplit(dsn or "")
    words = dict(word.split("=", 1) for word in (dsn or "").split() if "=" in word and "://" not in word)
    host = parts.hostname or words.get("host", "").strip("'")
    named = parts.path.strip("/") or words.get("dbname", "").strip("'")
    return Target(engine, instance or host or _UNKNOWN, database or named or _UNKNOWN, "", "")


def _decider(config: Path, user: str, explainer: Explainer) -> Decide:
    """Decisions for one user by the store and the policy of a gateway.toml, as they are now."""

    async def load() -> tuple[Principal, Target, Decide]:
        async with opened(config, migrate=False) as administration:
            principal = await administration.store.principal(user)
            if principal is None:
                raise NotFound(f"no such user: {user}")
            wanted = explainer.target.address
            target = next((found for found in await administration.store.targets() if found.address == wanted), None)
            if target is None:
                raise NotFound(f"no registered database {wanted}; name it with --instance and --database")
            grants = await administration.store.active_grants()
            snapshot = compile_policy(load_bundle(administration.settings.policy.dir), grants)
            client = ClientInfo("127.0.0.1", "gateway explain")
            return principal, target, lambda footprint: snapshot.decide(principal, target, client, footprint, time.time())

    _, explainer.target, decide = asyncio.run(load())
    return decide


def _stream(explainer: Explainer, lines: Any, format_: Format) -> None:
    """A line that is no request is answered with what is wrong with it; the stream goes on."""
    for text in lines:
        if not text.strip():
            continue
        try:
            statement, path, refresh = _request(text)
            if refresh:
                explainer.refresh()
            for line in explainer.lines(statement, path):
                _print(line, format_)
        except ValueError as error:
            click.echo(json.dumps({"error": str(error)}))
        sys.stdout.flush()


def _request(text: str) -> tuple[str, tuple[str, ...] | None, bool]:
    """Raises ValueError."""
    asked = json.loads(text)
    if not isinstance(asked, dict) or not isinstance(asked.get("statement"), str):
        raise ValueError('a request is an object with "statement"')  # noqa: TRY004 -- one error for every bad line
    path = asked.get("search_path")
    if path is not None and not (isinstance(path, list) and all(isinstance(name, str) for name in path)):
        raise ValueError('"search_path" is a list of schemas, or null')
    return asked["statement"], None if path is None else tuple(path), asked.get("refresh") is True


def _print(line: dict[str, Any], format_: Format) -> None:
    if format_ == "json":
        click.echo(json.dumps(line, ensure_ascii=False))
        return
    click.echo(f"{line['kind']}: {plain(line['statement'])}")
    for access in (*line["relations"], *line["objects"]):
        click.echo(f"  {access['action']:<9} {plain(access['path'])}" + _via(access))
    for use in line["columns"]:
        click.echo(f"  {use['clause']:<9} {plain(use['path'])}.{plain(use['column'])}")
    for function in line["functions"]:
        click.echo(f"  calls     {plain(function['path'])} ({function['class']})")
    if line["opaque"] is not None:
        click.echo(f"  opaque    {plain(line['opaque'])}")
    if line["decision"] is not None:
        click.echo(f"  decision  {line['decision']['outcome']}: {plain(line['decision']['text'])}")


def _via(access: dict[str, str]) -> str:
    origin = access.get("via", "direct")
    return "" if origin == "direct" else f" ({origin.replace('_', ' ')})"
