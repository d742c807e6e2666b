"""Commands that work on the store itself: opened from gateway.toml, every change on record before it commits."""

import asyncio
import getpass
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import AuditKeys, AuditLog, chain_name, fragment, session_fragment
from gateway.config import Settings, load_settings
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind
from gateway.store import SecretKey, Store

P = ParamSpec("P")
R = TypeVar("R")

# Commands that run at the same time each write a chain of their own; more of them wait for nobody and fail.
_CHAINS = 8


@dataclass(frozen=True, slots=True)
class Administration:
    """The store of one gateway.toml, and the audit log that its changes go to."""

    settings: Settings
    store: Store

    @asynccontextmanager
    async def change(self, what: str, name: str, **details: object) -> AsyncIterator[AsyncConnection]:
        """A change that decisions depend on. Its record is durable before it commits: no record, no change."""
        async with self.store.change() as connection:
            yield connection
            await self.record([{"change": what, "object": name, "details": details or None}])

    async def record(self, changes: list[Mapping[str, object]]) -> None:
        """Raises AuditUnavailable: then nothing may change."""
        log = await self._open_log()
        try:
            who = session_fragment("", user=_operator(), client="local", application="gateway command")
            position = 0
            for body in changes:
                position = log.append(EventKind.ADMIN_CHANGE, who, fragment(body))
            await log.durable(position)
        finally:
            await log.close()

    async def _open_log(self) -> AuditLog:
        audit = self.settings.audit
        keys = AuditKeys.derive(self.store.key.derive)
        for number in range(_CHAINS):
            try:
                return await AuditLog.open(audit.dir, chain_name(f"{socket.gethostname()}-command", number), keys)
            except AuditUnavailable:
                if number == _CHAINS - 1:
                    raise
        raise AuditUnavailable("audit log unavailable: too many commands run at once")


@asynccontextmanager
async def opened(config: Path, *, migrate: bool = True) -> AsyncIterator[Administration]:
    """Raises ConfigurationError, StoreUnavailable."""
    settings = load_settings(config)
    key = SecretKey.load_or_create(settings.secrets.key_file)
    store = await Store.open(settings.store.url, key, migrate=migrate)
    try:
        yield Administration(settings, store)
    finally:
        await store.close()


def store_command(command: Callable[P, Coroutine[Any, Any, R]]) -> Callable[..., R]:
    """Adds `-c`; runs the coroutine function with an Administration as its first argument."""

    @click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("gateway.toml"),
        show_default=True,
        help="gateway.toml",
    )
    @wraps(command)
    def run(*args: Any, config: Path, **options: Any) -> R:
        async def with_store() -> R:
            async with opened(config) as administration:
                return await command(administration, *args, **options)  # type: ignore[arg-type]

        return asyncio.run(with_store())

    return run


def read_password(prompt: str, file: Path | None) -> str:
    """From the file, or asked twice on the terminal. Never from an argument: the process list shows those to everyone."""
    if file is not None:
        value = file.read_text(encoding="utf-8").rstrip("\r\n")
    else:
        value = click.prompt(prompt, hide_input=True, confirmation_prompt=True)
    if not value:
        raise click.UsageError("an empty password is none")
    return value


def _operator() -> str:
    """The operating system's user: whoever may write the store may be anyone, so it is marked as local."""
    try:
        return f"{getpass.getuser()} (local)"
    except (KeyError, OSError):
        return "unknown (local)"


__all__ = ["Administration", "opened", "read_password", "store_command"]
