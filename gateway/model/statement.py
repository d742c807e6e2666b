"""What was asked, in which session state."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.identity import Engine


class Origin(StrEnum):
    """The way a statement came in. Every way takes the same road."""

    SIMPLE = "simple"
    EXTENDED = "extended"
    API = "api"
    ROLLOUT = "rollout"
    EXPLAIN = "explain"


@dataclass(frozen=True, slots=True)
class Namespace:
    """The session state that changes what a text means.

    search_path   PostgreSQL: effective schemas in order, without the implicit pg_temp and pg_catalog; MySQL: the current
                  database as the only entry, or () before USE.
    temporary     names of the session's temporary relations: they shadow and belong to the session alone.
    prepared      SQL-level PREPARE: name -> the prepared text (EXECUTE needs its footprint); sorted pairs.
    cursors       names of open SQL cursors and the text of their query; sorted pairs.
    flags         other state the lexer or resolver needs: ("standard_conforming_strings", "on"), ("sql_mode", ...).
    parameters    PostgreSQL: oids of users' types that a Parse message declared for its parameters; sorted.
    """

    search_path: tuple[str, ...] = ("public",)
    temporary: frozenset[str] = frozenset()
    prepared: tuple[tuple[str, str], ...] = ()
    cursors: tuple[tuple[str, str], ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    parameters: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A text as it came, before anybody understood it. It may hold several statements."""

    engine: Engine
    text: str
    namespace: Namespace
    origin: Origin
