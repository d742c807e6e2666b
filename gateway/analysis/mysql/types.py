"""As much of the types of values as arithmetic and comparisons need, told from how the server prints a column's type."""

from functools import lru_cache
from typing import Final

UNKNOWN: Final = 0
TEXT: Final = 1
INTEGER: Final = 2
UNSIGNED: Final = 3
DECIMAL: Final = 4
DOUBLE: Final = 5
TEMPORAL: Final = 6
JSON: Final = 7
OTHER: Final = 8
NUMBERS: Final = frozenset({INTEGER, UNSIGNED, DECIMAL, DOUBLE})

_BY_WORD: Final = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year", "boolean"), INTEGER),
    **dict.fromkeys(("decimal", "numeric"), DECIMAL),
    **dict.fromkeys(("float", "double", "real"), DOUBLE),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"), TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), TEXT),
    **dict.fromkeys(("date", "datetime", "timestamp", "time"), TEMPORAL),
    "json": JSON,
}


@lru_cache(maxsize=4_096)
def type_of(printed: str) -> int:
    """`decimal(10,2) unsigned` -> DECIMAL"""
    words = printed.lower().replace("(", " ").split()
    found = _BY_WORD.get(words[0], OTHER) if words else UNKNOWN
    return UNSIGNED if found in NUMBERS and "unsigned" in words else found


def common(types: "list[int]") -> int:
    """The type that branches become; LITERALS, of no type of their own, are left out by whoever asks."""
    found = set(types)
    return found.pop() if len(found) == 1 else UNKNOWN
