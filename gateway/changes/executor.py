"""One connection to a database server, as a rollout uses it. `postgres_executor` is PostgreSQL's."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

from gateway.model.change import ChangeNamespace
from gateway.model.errors import GatewayError
from gateway.model.identity import Target


class Fate(StrEnum):
    """What became of work that was under way when a process or a connection ended."""

    DONE = "done"
    NOT_DONE = "not_done"  # nothing of it stayed; it may run again
    UNKNOWN = "unknown"


class StatementFailed(GatewayError):
    """The server refused the statement and nothing of it stayed. `retry` where only a lock stood in the way."""

    def __init__(self, message: str, *, code: str = "", retry: bool = False) -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.code = code
        self.retry = retry


class ConnectionLost(GatewayError):
    """The server or the way to it went away; what was sent last may or may not have happened."""


class StillRunning(GatewayError):
    """Another connection on the server still works for this issue."""


class Executor(Protocol):
    """A server connection for one issue. Every method may raise ConnectionLost.

    Work in a transaction: `begin`, `execute` …, `marker`, `commit`. The marker is stored before `commit` is sent, so that
    `fate(marker)` can tell afterwards, from any connection, what became of it. Work outside of one: `witness` notes what is
    there before, `execute_alone` runs the statement, and `fate_alone` compares, removing halves that the server left behind.
    """

    @property
    def transactional_ddl(self) -> bool:
        """Whether DDL can be part of a transaction: PostgreSQL yes, MySQL no."""

    async def enter(self, number: int, namespace: ChangeNamespace) -> None:
        """Hold the issue's lock on the server and set the namespace. Raises StillRunning."""

    async def begin(self) -> None: ...

    async def execute(self, text: str) -> None:
        """One statement in the transaction. Raises StatementFailed."""

    async def marker(self) -> str | None:
        """The transaction's name on the server; None where it has none, for it wrote nothing."""

    async def commit(self) -> None:
        """Raises StatementFailed where the server rolled back instead."""

    async def rollback(self) -> None: ...

    async def fate(self, marker: str) -> Fate: ...

    async def witness(self, text: str) -> str: ...

    async def execute_alone(self, text: str) -> None:
        """Raises StatementFailed."""

    async def fate_alone(self, text: str, witness: str) -> Fate: ...

    async def snapshot(self) -> str:
        """The database's schema as JSON lines (`snapshot`)."""

    async def close(self) -> None: ...


Connect = Callable[[Target], Awaitable[Executor]]
SchemaReader = Callable[[Target], Awaitable[str]]


def schema_reader(connect: Connect) -> SchemaReader:
    """Reads a database's schema over a connection of its own. Raises ConnectionLost, StatementFailed."""

    async def read(target: Target) -> str:
        executor = await connect(target)
        try:
            return await executor.snapshot()
        finally:
            await executor.close()

    return read
