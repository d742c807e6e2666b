"""What the session and the server bring to the reading of a text: SQL mode, server flavour and version, character set."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gateway.analysis.mysql.words import words
from gateway.catalog import CatalogSnapshot
from gateway.model.statement import Namespace


class Flavour(StrEnum):
    MARIADB = "mariadb"
    MYSQL = "mysql"
    TIDB = "tidb"


@dataclass(frozen=True, slots=True)
class Server:
    """Which server reads the text. `version` as in executable comments: 10.11.6 is 101106."""

    flavour: Flavour
    version: int


_NUMBERS: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_MARIADB_PREFIX: Final = "5.5.5-"  # MariaDB's handshake before 11: replicas took a first digit of 1 for MySQL 1

# sql_mode's combinations (sql_class.h, expand_sql_mode; MySQL manual 5.1.11).
_COMBINED: Final[Mapping[str, frozenset[str]]] = {
    "ANSI": frozenset({"PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE"}),
    "DB2": frozenset({"PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE"}),
    "MAXDB": frozenset({"PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE"}),
    "MSSQL": frozenset({"PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE"}),
    "ORACLE": frozenset({"PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", "ORACLE"}),
    "POSTGRESQL": frozenset({"PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE"}),
}
# Character sets whose multi-byte characters never hold an ASCII byte: decoding and lexing commute.
_SAFE_CHARSETS: Final = words("""utf8 utf8mb3 utf8mb4 latin1 latin2 latin5 latin7 ascii binary cp1250 cp1251 cp1256""")

_UTF8: Final = words("""utf8 utf8mb3 utf8mb4""")


@lru_cache(maxsize=256)
def modes(value: str) -> frozenset[str]:
    """The modes that a value of sql_mode turns on."""
    found: set[str] = set()
    for word in value.upper().split(","):
        name = word.strip()
        if name:
            found |= {name, *_COMBINED.get(name, ())}
    return frozenset(found)


@lru_cache(maxsize=256)
def server(text: str) -> Server | None:
    """The server that a version names: a handshake's `5.5.5-10.11.6-MariaDB`, or `mariadb 10.11.6`. None: not known."""
    low = text.lower()
    if "tidb" in low:
        flavour = Flavour.TIDB
        low = low[low.index("tidb") :]
    elif "mariadb" in low:
        flavour = Flavour.MARIADB
        low = low.removeprefix(_MARIADB_PREFIX)
    else:
        flavour = Flavour.MYSQL
    numbers = _NUMBERS.search(low)
    if numbers is None:
        return Server(flavour, 0) if flavour is Flavour.TIDB else None
    major, minor, patch = (int(part or 0) for part in numbers.groups())
    return Server(flavour, major * 10000 + minor * 100 + patch)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text is read. `server` None: decisions that depend on it cannot be made."""

    modes: frozenset[str] = frozenset()
    server: Server | None = None
    charset: str = "utf8mb4"

    @property
    def ansi_quotes(self) -> bool:
        return "ANSI_QUOTES" in self.modes

    @property
    def backslash_escapes(self) -> bool:
        return "NO_BACKSLASH_ESCAPES" not in self.modes

    @property
    def safe_charset(self) -> bool:
        return self.charset.lower() in _SAFE_CHARSETS

    @property
    def letters(self) -> bool:
        """Whether every character beyond ASCII may stand in a name without quotes, as in UTF-8."""
        return self.charset.lower() in _UTF8

    @property
    def is_mariadb(self) -> bool:
        return self.server is None or self.server.flavour is Flavour.MARIADB


def reading(namespace: Namespace, catalog: CatalogSnapshot) -> Reading:
    """Of one session: its flags, and what the catalog says where they are silent."""
    flags = dict(namespace.flags)
    settings = catalog.settings
    return Reading(
        modes(flags.get("sql_mode", settings.get("sql_mode", ""))),
        server(flags.get("server", settings.get("version", ""))),
        flags.get("character_set_client", "utf8mb4"),
    )
