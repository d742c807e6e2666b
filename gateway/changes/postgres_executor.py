"""The rollout's connection to a PostgreSQL server.

Statements go through the extended protocol, where the server refuses a text that holds several commands: no statement can
bring its own COMMIT along. A session-level advisory lock on the server stands for the issue: a backend that still works for
a process that died holds it until it has really ended, so nobody resumes beside it.
"""

from typing import Any

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresConnectionError, PostgresError

from gateway.audit import redact
from gateway.changes.executor import ConnectionLost, Fate, StatementFailed, StillRunning
from gateway.changes.postgres_effects import Kind, effect_of
from gateway.changes.snapshot import SnapshotTooLarge, read_snapshot
from gateway.model.change import ChangeNamespace

_LOCK_CLASS = 0x67777900  # "gwy": the first key of the advisory lock; the number is the second
_RETRY = frozenset({"55P03", "40P01"})  # lock_not_available (lock_timeout), deadlock_detected
# What of a namespace changes a text's meaning besides search_path, and anybody may set.
_FLAGS = frozenset({"standard_conforming_strings", "transform_null_equals"})
# InternalClientError: asyncpg's word for a connection whose end it is still taking in.
_LOST = (PostgresConnectionError, InterfaceError, InternalClientError, OSError, TimeoutError)
# 57P01 admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now, 57P05 idle_session_timeout: the connection is gone.
_SHUTDOWN = frozenset({"57P01", "57P02", "57P03", "57P05"})

_INDEX = """SELECT i.indisvalid, quote_ident(n.nspname) || '.' || quote_ident(x.relname) AS name
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
    WHERE i.indrelid = to_regclass($1) AND x.relname = $2"""


class PostgresExecutor:
    """Implements `Executor` over one asyncpg connection. `lock_timeout_ms` bounds every wait for a lock."""

    transactional_ddl = True

    def __init__(self, connection: asyncpg.Connection, lock_timeout_ms: int) -> None:
        self._connection = connection
        self._lock_timeout_ms = lock_timeout_ms

    async def enter(self, number: int, namespace: ChangeNamespace) -> None:
        if not await self._value("SELECT pg_try_advisory_lock($1, $2)", _LOCK_CLASS, number):
            raise StillRunning(f"another connection on the server still works for issue #{number}; try again when it has ended")
        path = ", ".join('"' + name.replace('"', '""') + '"' for name in namespace.search_path)
        await self._set("application_name", f"gateway issue #{number}")
        await self._set("search_path", path or '""')
        await self._set("lock_timeout", f"{self._lock_timeout_ms}ms")
        await self._set("idle_in_transaction_session_timeout", "0")
        await self._set("statement_timeout", "0")
        for name, value in namespace.flags:
            if name not in _FLAGS:
                raise StatementFailed(f"the statements were written with {name} = {value}, which a rollout cannot set")
            await self._set(name, value)

    async def begin(self) -> None:
        await self._run("BEGIN")

    async def execute(self, text: str) -> None:
        await self._run(text)

    async def marker(self) -> str | None:
        # pg_current_xact_id assigns an id even where nothing was written: then the commit can be asked for as well.
        return str(await self._value("SELECT pg_current_xact_id()::text"))

    async def commit(self) -> None:
        tag = await self._run("COMMIT")
        if tag != "COMMIT":
            raise StatementFailed("the server rolled the transaction back at COMMIT")

    async def rollback(self) -> None:
        await self._run("ROLLBACK")

    async def fate(self, marker: str) -> Fate:
        try:
            status = await self._value("SELECT pg_xact_status($1::text::xid8)", marker)
        except StatementFailed:
            return Fate.UNKNOWN  # "transaction ID is in the future": not the server that ran it
        if status == "in progress":
            raise StillRunning("the server is still at work on the transaction, or holds it prepared; try again later")
        return {"committed": Fate.DONE, "aborted": Fate.NOT_DONE}.get(status, Fate.UNKNOWN)

    async def witness(self, text: str) -> str:
        effect = effect_of(text)
        if effect.kind is Kind.CREATE_INDEX:
            return "absent" if await self._index(effect.relation, effect.index) is None else "present"
        return effect.kind.value

    async def execute_alone(self, text: str) -> None:
        """What is built concurrently blocks nobody while it waits, so it may wait as long as it takes."""
        effect = effect_of(text)
        await self._set("lock_timeout", "0" if effect.concurrent else f"{self._lock_timeout_ms}ms")
        absent = effect.kind is Kind.CREATE_INDEX and await self._index(effect.relation, effect.index) is None
        try:
            await self._run(text)
        except StatementFailed:
            if absent:
                await self._drop_invalid(effect.relation, effect.index)
            raise
        finally:
            if not self._connection.is_closed():
                await self._set("lock_timeout", f"{self._lock_timeout_ms}ms")

    async def fate_alone(self, text: str, witness: str) -> Fate:
        effect = effect_of(text)
        match effect.kind:
            case Kind.REPEATABLE:
                return Fate.NOT_DONE
            case Kind.CREATE_INDEX if witness == "absent":
                return await self._drop_invalid(effect.relation, effect.index)
            case Kind.DROP_INDEX:
                gone = await self._value("SELECT to_regclass($1) IS NULL", effect.relation)
                return Fate.DONE if gone else Fate.NOT_DONE
            case _:
                return Fate.UNKNOWN

    async def snapshot(self) -> str:
        try:
            return await read_snapshot(self._connection)
        except SnapshotTooLarge:
            raise StatementFailed("the schema is too large for a snapshot") from None
        except PostgresError as error:
            raise _failure(error) from error
        except _LOST as error:
            raise ConnectionLost(f"the connection to the server broke: {error}") from error

    async def close(self) -> None:
        if self._connection.is_closed():
            return
        try:
            await self._connection.close(timeout=5)
        except (PostgresError, *_LOST):
            self._connection.terminate()

    async def _index(self, table: str, name: str) -> "asyncpg.Record | None":
        rows = await self._fetch(_INDEX, table, name)
        return rows[0] if rows else None

    async def _drop_invalid(self, table: str, name: str) -> Fate:
        """A failed concurrent build leaves an invalid index behind (CREATE INDEX, "Building Indexes Concurrently")."""
        found = await self._index(table, name)
        if found is None:
            return Fate.NOT_DONE
        if found["indisvalid"]:
            return Fate.DONE
        await self._run(f"DROP INDEX CONCURRENTLY IF EXISTS {found['name']}")
        return Fate.NOT_DONE

    async def _set(self, name: str, value: str) -> None:
        await self._value("SELECT set_config($1, $2, false)", name, value)

    async def _value(self, query: str, *arguments: object) -> Any:
        rows = await self._fetch(query, *arguments)
        return rows[0][0]

    async def _fetch(self, query: str, *arguments: object) -> "list[asyncpg.Record]":
        try:
            return list(await self._connection.fetch(query, *arguments))
        except PostgresError as error:
            raise _failure(error) from error
        except _LOST as error:
            raise ConnectionLost(f"the connection to the server broke: {error}") from error

    async def _run(self, text: str) -> str:
        """Run one statement to its end and give its command tag."""
        try:
            statement = await self._connection.prepare(text)
            await statement.fetch()
            return str(statement.get_statusmsg())
        except PostgresError as error:
            raise _failure(error) from error
        except _LOST as error:
            raise ConnectionLost(f"the connection to the server broke: {error}") from error


def _failure(error: PostgresError) -> StatementFailed | ConnectionLost:
    code = error.sqlstate or ""
    if code in _SHUTDOWN or code.startswith("08"):
        return ConnectionLost(f"the server ended the connection: {error} ({code})")
    detail = f": {error.detail}" if getattr(error, "detail", None) else ""
    return StatementFailed(redact(f"{error}{detail}"), code=code, retry=code in _RETRY)
