"""The rollout's connection to a MySQL, MariaDB or TiDB server.

MySQL commits before and after every DDL statement, so each statement of an issue stands alone, and what was done before a
failure stays done. A named lock on the server stands for the issue: a connection that still works for a process that died
holds it until its statement has really ended. After a crash the schema of the statement's object is compared with what it
was before (the witness): DDL is atomic in MySQL 8 and MariaDB 10.6 and newer, so it is either as it was or as it should be.

ALTER TABLE without an algorithm of its own is tried as INSTANT, then as INPLACE without a lock, then INPLACE with a shared
lock; the server refuses at once what it cannot do. Only then does it run as it was written, which may copy the table. What
was chosen, and which lock it takes, is told before the statement that takes it.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiomysql
import pymysql

from gateway.changes.executor import ConnectionLost, Fate, StatementFailed, StillRunning
from gateway.changes.mysql_snapshot import SnapshotTooLarge, lines_of, read_mysql_snapshot
from gateway.model.change import ChangeNamespace

# 1205 lock wait timeout, 1213 deadlock, 3572 NOWAIT could not get a lock
_RETRY = frozenset({1205, 1213, 3572})
# 1053 shutdown, 1152/1158-1161 connection aborted, 2006/2013/2055 connection lost, 1927 connection killed
_LOST_CODES = frozenset({1053, 1152, 1158, 1159, 1160, 1161, 1927, 2003, 2006, 2013, 2055})
# 1845, 1846: this algorithm or lock is not supported, try another one; 1064: the clause itself is unknown to this server
_NOT_THIS_WAY = frozenset({1221, 1845, 1846})
_WAYS = (
    ("ALGORITHM=INSTANT", "changes the table's description only; writes go on"),
    ("ALGORITHM=INPLACE, LOCK=NONE", "rebuilds without stopping reads and writes"),
    ("ALGORITHM=INPLACE, LOCK=SHARED", "rebuilds in place; writes wait until it is done"),
)
_SET_OPTION, _MULTI_STATEMENTS_OFF = 0x1B, b"\x01\x00"
_FLAGS = frozenset({"sql_mode"})
_OBJECT = re.compile(
    r"""\A\s*(?:CREATE|ALTER|DROP|RENAME|TRUNCATE)\s+
    (?:OR\s+REPLACE\s+|ONLINE\s+|IGNORE\s+|UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+|DEFINER\s*=\s*\S+\s+|SQL\s+SECURITY\s+\w+\s+|
       ALGORITHM\s*=\s*\w+\s+)*
    (?P<what>TABLE|VIEW|INDEX|KEY|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE)\s+
    (?:IF\s+(?:NOT\s+)?EXISTS\s+)?
    (?P<name>(?:`(?:[^`]|``)+`|[\w$]+)(?:\s*\.\s*(?:`(?:[^`]|``)+`|[\w$]+))?)""",
    re.IGNORECASE | re.VERBOSE,
)
_ON_TABLE = re.compile(r"\bON\s+((?:`(?:[^`]|``)+`|[\w$]+)(?:\s*\.\s*(?:`(?:[^`]|``)+`|[\w$]+))?)", re.IGNORECASE)
_CHOSEN = re.compile(
    r"\b(?:ALGORITHM|LOCK)\s*=?\s*(?:DEFAULT|INSTANT|INPLACE|COPY|NOCOPY|NONE|SHARED|EXCLUSIVE)\b", re.IGNORECASE
)

Tell = Callable[[int, str], Awaitable[None]]


async def _silent(_number: int, _text: str) -> None:
    return None


class MysqlExecutor:
    """Implements `Executor` over one aiomysql connection in autocommit mode.

    lock_timeout_ms  bounds every wait for a lock (MySQL counts whole seconds; at least one)
    tell             (issue, text): how a statement will run, before it does
    """

    transactional_ddl = False

    def __init__(self, connection: "aiomysql.Connection", database: str, lock_timeout_ms: int, tell: Tell = _silent) -> None:
        self._connection = connection
        self._database = database
        self._lock_seconds = max(1, lock_timeout_ms // 1000)
        self._tell = tell
        self._number = 0

    async def enter(self, number: int, namespace: ChangeNamespace) -> None:
        self._number = number
        if await self._value("SELECT GET_LOCK(%s, 0)", f"gateway issue {number}") != 1:
            raise StillRunning(f"another connection on the server still works for issue #{number}; try again when it has ended")
        await self._one_statement_at_a_time()
        await self._run(f"SET SESSION lock_wait_timeout = {self._lock_seconds}")
        await self._run(f"SET SESSION innodb_lock_wait_timeout = {self._lock_seconds}")
        for name, value in namespace.flags:
            if name in _FLAGS:
                await self._execute("SET SESSION sql_mode = %s", value)
        for database in namespace.search_path[:1]:
            await self._run("USE `" + database.replace("`", "``") + "`")

    async def begin(self) -> None:
        await self._run("START TRANSACTION")

    async def execute(self, text: str) -> None:
        await self._run(text)

    async def marker(self) -> str | None:
        return None  # nothing to ask for afterwards: MySQL names no transaction that a client could look up

    async def commit(self) -> None:
        await self._run("COMMIT")

    async def rollback(self) -> None:
        await self._run("ROLLBACK")

    async def fate(self, marker: str) -> Fate:
        return Fate.UNKNOWN

    async def witness(self, text: str) -> str:
        """A digest of what the schema says of the statement's object; "unknown" where that cannot be told."""
        name = object_of(text)
        return "unknown" if name is None else await self._digest(name)

    async def execute_alone(self, text: str) -> None:
        if not _is_plain_alter(text):
            await self._run(text)
            return
        for clause, meaning in _WAYS:
            await self._tell(self._number, f"trying {clause}: {meaning}")
            try:
                await self._run(f"{text.rstrip().rstrip(';')}, {clause}")
            except StatementFailed as failure:
                if failure.code and int(failure.code) in _NOT_THIS_WAY:
                    continue
                raise
            return
        await self._tell(self._number, "the server offers no other way: it copies the table, and writes wait until it is done")
        await self._run(text)

    async def fate_alone(self, text: str, witness: str) -> Fate:
        name = object_of(text)
        if name is None or witness == "unknown":
            return Fate.UNKNOWN
        return Fate.NOT_DONE if await self._digest(name) == witness else Fate.DONE

    async def snapshot(self) -> str:
        try:
            return await read_mysql_snapshot(self._connection, self._database)
        except SnapshotTooLarge:
            raise StatementFailed("the schema is too large for a snapshot") from None
        except pymysql.err.MySQLError as error:
            raise _failure(error) from error
        except OSError as error:
            raise ConnectionLost(f"the connection to the server broke: {error}") from error

    async def close(self) -> None:
        self._connection.close()

    async def _one_statement_at_a_time(self) -> None:
        """COM_SET_OPTION: aiomysql always asks for multi-statements, and has no public way to give them up."""
        try:
            await self._connection._execute_command(_SET_OPTION, _MULTI_STATEMENTS_OFF)
            await self._connection._read_packet()
        except pymysql.err.MySQLError as error:
            raise _failure(error) from error
        except OSError as error:
            raise ConnectionLost(f"the connection to the server broke: {error}") from error

    async def _digest(self, name: str) -> str:
        return hashlib.sha256(lines_of(await self.snapshot(), name).encode()).hexdigest()

    async def _value(self, query: str, *arguments: object) -> Any:
        rows = await self._execute(query, *arguments)
        return rows[0][0]

    async def _run(self, text: str) -> None:
        await self._execute(text)

    async def _execute(self, query: str, *arguments: object) -> Any:
        try:
            async with self._connection.cursor() as cursor:
                await cursor.execute(query, arguments or None)
                return await cursor.fetchall()
        except pymysql.err.MySQLError as error:
            raise _failure(error) from error
        except OSError as error:
            raise ConnectionLost(f"the connection to the server broke: {error}") from error


def object_of(text: str) -> str | None:
    """The object whose schema the statement changes: for an index, its table. None where that cannot be told."""
    found = _OBJECT.match(text)
    if found is None:
        return None
    name = found["name"]
    if found["what"].upper() in ("INDEX", "KEY"):
        table = _ON_TABLE.search(text, found.end())
        if table is None:
            return None
        name = table[1]
    return name.rpartition(".")[2].strip().strip("`").replace("``", "`")


def _is_plain_alter(text: str) -> bool:
    """An ALTER TABLE that leaves the way to the server. A RENAME or partition clause takes no further clause."""
    found = _OBJECT.match(text)
    if found is None or found["what"].upper() != "TABLE" or not re.match(r"\s*ALTER\b", text, re.IGNORECASE):
        return False
    rest = text[found.end() :]
    if _CHOSEN.search(rest) or re.search(r"--|#|/\*", rest):
        return False
    return re.search(r"\b(?:PARTITION|PARTITIONS|PARTITIONING|TABLESPACE)\b", rest, re.IGNORECASE) is None


def _failure(error: pymysql.err.MySQLError) -> StatementFailed | ConnectionLost:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    if code in _LOST_CODES or isinstance(error, pymysql.err.InterfaceError):
        return ConnectionLost(f"the server ended the connection: {message} ({code})")
    return StatementFailed(message, code=str(code) if code else "", retry=code in _RETRY)
