"""MySQL's types of values, as column definitions name them ("Column Definition": type and flags)."""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final


class FieldType(IntEnum):
    """Types of column definitions and of values in binary rows."""

    DECIMAL = 0
    TINY = 1
    SHORT = 2
    LONG = 3
    FLOAT = 4
    DOUBLE = 5
    NULL = 6
    TIMESTAMP = 7
    LONGLONG = 8
    INT24 = 9
    DATE = 10
    TIME = 11
    DATETIME = 12
    YEAR = 13
    NEWDATE = 14
    VARCHAR = 15
    BIT = 16
    JSON = 245
    NEWDECIMAL = 246
    ENUM = 247
    SET = 248
    TINY_BLOB = 249
    MEDIUM_BLOB = 250
    LONG_BLOB = 251
    BLOB = 252
    VAR_STRING = 253
    STRING = 254
    GEOMETRY = 255


class FieldFlag(IntFlag):
    """Flags of column definitions, as far as they say something about values."""

    NOT_NULL = 1
    UNSIGNED = 1 << 5
    ZEROFILL = 1 << 6
    ENUM = 1 << 8
    SET = 1 << 11


BINARY: Final = "binary"


@dataclass(frozen=True, slots=True)
class MySqlColumn:
    """What a column definition says about its values.

    codec   Python's for its characters; BINARY where it has bytes; None where nobody here knows its character set
    length  characters that are shown, for zero-filled numbers
    """

    type: int
    flags: int
    codec: str | None
    length: int = 0
    decimals: int = 0
