"""What SHOW TABLES, SHOW COLUMNS and DESCRIBE say of the gateway's own schema, in the servers' columns."""

import re
from typing import Final

from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, Columns, ColumnType, OwnRequest, Row

_TYPES: Final[dict[ColumnType, str]] = {"text": "varchar(65535)", "int8": "bigint(20)", "bool": "tinyint(1)"}
_DESCRIBED: Final[Columns] = (
    ("Field", "text"),
    ("Type", "text"),
    ("Null", "text"),
    ("Key", "text"),
    ("Default", "text"),
    ("Extra", "text"),
)
_FULLY: Final[Columns] = (
    ("Field", "text"),
    ("Type", "text"),
    ("Collation", "text"),
    ("Null", "text"),
    ("Key", "text"),
    ("Default", "text"),
    ("Extra", "text"),
    ("Privileges", "text"),
    ("Comment", "text"),
)


def shown_tables(*, full: bool, pattern: str | None) -> OwnRequest:
    names = [name for name in RELATIONS if _like(name, pattern)]
    columns: Columns = (("Tables_in_gateway" + (f" ({pattern})" if pattern is not None else ""), "text"),)
    if not full:
        return _told("tables", columns, [(name,) for name in names])
    return _told("tables", (*columns, ("Table_type", "text")), [(name, "SYSTEM VIEW") for name in names])


def described(name: str, *, full: bool, pattern: str | None) -> OwnRequest:
    rows: list[Row] = []
    for column, kind in RELATIONS[name]:
        if not _like(column, pattern):
            continue
        collation = "utf8mb4_general_ci" if kind == "text" else None
        last: Row = ("YES", "", None, "")
        rows.append((column, _TYPES[kind], collation, *last, "select", "") if full else (column, _TYPES[kind], *last))
    return _told(f"columns of {name}", _FULLY if full else _DESCRIBED, rows)


def _told(name: str, columns: Columns, rows: list[Row]) -> OwnRequest:
    return OwnRequest(name, told=(columns, tuple(rows)), engine=Engine.MYSQL)


def _like(name: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    letters = (".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in pattern)
    return re.fullmatch("".join(letters), name, re.IGNORECASE) is not None
