"""A person's rows, and queries over them."""

from datetime import UTC, datetime
from typing import Any

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, Row, Value
from gateway.own.query import read_query
from gateway.own.run import run

MOMENT = datetime(2026, 11, 20, 5, 6, 7, 120_000, UTC)
ROWS: dict[str, list[Row]] = {
    "grants": [
        ("*/*", "connect", "allow", None, None, "developer", "policy.csv:1"),
        ("pg1/shop/Public/x", "select", "deny", MOMENT, "hours(9-17)", "alice", "policy.csv:2"),
    ],
    "issues": [
        (1, "open", "Title A", "alice", "pg1/shop", True, False, MOMENT, "change"),
        (2, "done", "title b", "bob", "pg1/shop", False, True, MOMENT, "change"),
        (3, "done", None, "bob", "pg1/hr", False, False, None, "access"),
    ],
    "masks": [("public", "customers", "email", "email")],
    "limits": [],
    "denials": [(MOMENT, "x" * 60_000, "deny", "no_rule", "", None, "permission denied", None)] * 50,
    "columns": [(name, column, kind) for name, columns in RELATIONS.items() for column, kind in columns],
}


def asked(text: str, *values: Value, engine: Engine = Engine.POSTGRES) -> list[Any]:
    """The rows; those of one column without their brackets."""
    request = read_query(engine, text)
    rows = run(request.bound(values), ROWS)
    return [row[0] for row in rows] if len(request.result) == 1 else list(rows)


def mysql(text: str, *values: Value) -> list[Any]:
    return asked(text, *values, engine=Engine.MYSQL)


def described(text: str, engine: Engine = Engine.POSTGRES) -> list[tuple[str, str]]:
    return list(read_query(engine, text).result)
