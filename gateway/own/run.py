"""One query over a person's rows, in an SQLite that lives as long as it does.

The text is ours (`gateway.own.query`), what it says is the client's: so nothing but reading is let through, and every size has
a bound. SQLite asks `authorizer` while it reads the text and `step` every few thousand instructions.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, Columns, ColumnType, OwnFault, OwnRefused, OwnRequest, Row
from gateway.own.faults import refused
from gateway.own.functions import SECONDS, TOO_LONG, Faults, install
from gateway.own.mysql_schema import VIEWS, view_rows
from gateway.own.scopes import TABLE
from gateway.own.settle import FOLDS
from gateway.own.values import Stored, shown, stored

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 8 * 1024 * 1024  # of a result
_LONGEST: Final = 256 * 1024  # bytes of a value, and of a row on its way
_STEP: Final = 2_000  # instructions
_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: _LONGEST,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 128 * 1024,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_READS: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_DECLARED: Final[dict[ColumnType, str]] = {"int8": "INTEGER", "bool": "INTEGER", "float8": "REAL"}
_TOO_LARGE: Final = f"gateway: a value of more than {_LONGEST} bytes"


class _Bounds:
    """What runs at the moment: whether it may go on, and why it may not."""

    def __init__(self, functions: frozenset[str], until: float) -> None:
        self._functions = functions
        self._until = until
        self.unknown = ""  # a function that may not be called
        self.late = False

    def authorize(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action in _READS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            if second is not None and second.lower() in self._functions:
                return sqlite3.SQLITE_OK
            self.unknown = self.unknown or str(second)
        return sqlite3.SQLITE_DENY

    def step(self) -> int:
        self.late = time.monotonic() > self._until
        return int(self.late)


def run(request: OwnRequest, relations: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The rows of a query whose parameters are bound. For a thread: it takes up to SECONDS. Raises OwnRefused."""
    query = request.query
    if query is None:
        raise ValueError("no query")
    values = {f"p{place}": stored(value, kind)
              for place, (value, kind) in enumerate(zip(request.values, request.parameters, strict=True), 1)}  # fmt: skip
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        until = time.monotonic() + SECONDS
        faults = Faults(until)
        bounds = _Bounds(install(connection, datetime.now(UTC), faults), until)
        for name in query.relations:
            _, _, view = name.partition(".")  # of information_schema
            columns, rows = (VIEWS[view], view_rows(view)) if view else (RELATIONS[name], relations[name])
            _fill(connection, name, columns, rows, request.engine)
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        connection.set_authorizer(bounds.authorize)
        connection.set_progress_handler(bounds.step, _STEP)
        try:
            return _fetched(connection.execute(query.text, values), [kind for _, kind in request.result])
        except (sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError) as error:
            raise _fault(error, bounds, faults, request.engine) from None


def _fill(connection: sqlite3.Connection, name: str, columns: Columns, rows: Sequence[Row], engine: Engine) -> None:
    """A relation; texts that are too long for the bounds are cut."""
    folds = f" COLLATE {FOLDS}" if engine is Engine.MYSQL else ""
    words = ", ".join(f'"{column}" {_DECLARED.get(kind, "TEXT" + folds)}' for column, kind in columns)
    connection.execute(f'CREATE TABLE "{TABLE}{name}" ({words})')
    marks = ", ".join("?" * len(columns))
    kept = ([_cut(stored(value, kind)) for value, (_, kind) in zip(row, columns, strict=True)] for row in rows)
    connection.executemany(f'INSERT INTO "{TABLE}{name}" VALUES ({marks})', kept)  # noqa: S608 -- names of our own


def _cut(value: Stored) -> Stored:
    return value[: _LONGEST // 16] if isinstance(value, str) else value


def _fetched(cursor: sqlite3.Cursor, kinds: Sequence[ColumnType]) -> list[Row]:
    rows: list[Row] = []
    size = 0
    for row in cursor:
        size += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
        if len(rows) >= MOST_ROWS or size > MOST_BYTES:
            raise OwnRefused(
                OwnFault.TOO_LARGE, f"gateway: a result of more than {MOST_ROWS} rows or {MOST_BYTES} bytes", "Add a LIMIT."
            )
        rows.append(tuple(shown(value, kind) for value, kind in zip(row, kinds, strict=True)))
    return rows


def _fault(error: Exception, bounds: _Bounds, faults: Faults, engine: Engine) -> OwnRefused:
    """What the client is told. SQLite's own words come without its numbers."""
    if faults.first is not None:
        return faults.first
    name = bounds.unknown or str(error).partition("no such function: ")[2].lower()
    if name:
        words = f"FUNCTION gateway.{name} does not exist" if engine is Engine.MYSQL else f"function {name} does not exist"
        return OwnRefused(OwnFault.NO_FUNCTION, words, "Queries of the schema gateway know common functions only.")
    if bounds.late:
        return OwnRefused(OwnFault.TOO_LARGE, TOO_LONG, "Join fewer relations, or narrow them with WHERE.")
    if isinstance(error, sqlite3.DataError | MemoryError | OverflowError) or "too big" in str(error):
        return OwnRefused(OwnFault.TOO_LARGE, _TOO_LARGE)
    return refused(f"this query is not answered here: {error}")
