"""The part of a MySQL session's state that changes what a text means. None of it is transactional.

The current database, sql_mode and the character set are the server's truth: SESSION_TRACK tells them, or they are asked for.
Temporary tables and SQL-level prepared statements follow from what succeeded.
"""

from typing import Final

from gateway.model.footprint import Category, Effect, EffectKind, Footprint
from gateway.model.own import INSIDE, SCHEMA
from gateway.model.statement import Namespace

SQL_MODE: Final = "sql_mode"
CHARSET: Final = "character_set_client"
SERVER: Final = "server"
UNKNOWN: Final = "\0"
_NAMES: Final = frozenset({"names", "character set", "charset"})


# No state of a session is transactional: these change none of it.
_TRANSACTION: Final = frozenset(
    {
        EffectKind.BEGIN,
        EffectKind.COMMIT,
        EffectKind.ROLLBACK,
        EffectKind.SAVEPOINT,
        EffectKind.RELEASE,
        EffectKind.ROLLBACK_TO,
    }
)


def _name(effect: Effect) -> str:
    return effect.name.lower().removeprefix("@@").removeprefix("session.").removeprefix("local.")


class MySqlState:
    """`version` changes whenever the namespace does, prepared statements left aside: only texts that name them depend on those.
    `stale`: something moved that only the server can tell. `inside`: the gateway's own schema is the current database; the
    server stands in `database` all the while."""

    __slots__ = ("_cursors", "_flags", "_namespace", "_prepared", "_temporary", "database", "inside", "stale", "version")

    def __init__(self, database: str = "", flags: tuple[tuple[str, str], ...] = ()) -> None:
        self.database = database
        self.version = 0
        self.stale = False
        self.inside = False
        self._flags = dict(flags)
        self._temporary: frozenset[str] = frozenset()
        self._prepared: dict[str, str] = {}
        self._cursors: dict[str, str] = {}
        self._namespace: Namespace | None = None

    @classmethod
    def of(cls, namespace: Namespace) -> "MySqlState":
        """A session that stands in this namespace."""
        state = cls(namespace.search_path[0] if namespace.search_path else "", namespace.flags)
        state.inside = bool(state._flags.pop(INSIDE[0], "")) and namespace.search_path == (SCHEMA,)
        state._temporary = namespace.temporary
        state._prepared = dict(namespace.prepared)
        state._cursors = dict(namespace.cursors)
        return state

    @property
    def namespace(self) -> Namespace:
        """The present namespace; the same object until it changes."""
        if self._namespace is None:
            database = SCHEMA if self.inside else self.database
            self._namespace = Namespace(
                search_path=(database,) if database else (),
                temporary=self._temporary,
                prepared=tuple(sorted(self._prepared.items())),
                cursors=tuple(sorted(self._cursors.items())),
                flags=tuple(sorted((self._flags | dict([INSIDE] if self.inside else [])).items())),
            )
        return self._namespace

    def flag(self, name: str) -> str:
        return self._flags.get(name, "")

    def prepared(self, name: str) -> str | None:
        """The text of a statement that SQL's PREPARE made."""
        return self._prepared.get(name.lower())

    def fork(self) -> "MySqlState":
        """An independent copy: what would hold if some statements had succeeded."""
        copy = MySqlState.of(self.namespace)
        copy.database = self.database
        copy.stale = self.stale
        return copy

    # What the server told

    def is_in(self, database: str) -> None:
        if database != self.database:
            self.database = database
            self._changed()

    def enter(self) -> None:
        """The gateway's own schema becomes the current database; the server is not told."""
        if not self.inside:
            self.inside = True
            self._changed()

    def leave(self) -> None:
        """The server's current database is the session's again."""
        if self.inside:
            self.inside = False
            self._changed()

    def has(self, name: str, value: str) -> None:
        """A variable that is one of the flags."""
        if self._flags.get(name) != value:
            self._flags[name] = value
            self._changed()

    def reset(self) -> None:
        """COM_RESET_CONNECTION: temporary tables and prepared statements are gone, variables are as at login."""
        self._temporary = frozenset()
        self._prepared.clear()
        self._cursors.clear()
        for name in [name for name in self._flags if name.startswith("@")]:
            del self._flags[name]
        self.stale = True
        self.inside = False
        self._changed()

    # What succeeded

    def apply(self, effect: Effect, tag: bytes = b"") -> None:
        """A statement with this effect succeeded."""
        match effect.kind:
            case EffectKind.USE:
                self.leave()
                self.is_in(effect.value or effect.name)
            case EffectKind.SET:
                self._set(_name(effect), effect.value)
            case EffectKind.PREPARE:
                self._prepared[effect.name.lower()] = effect.value
                self._namespace = None
            case EffectKind.DEALLOCATE:
                self._prepared.pop(effect.name.lower(), None)
                self._namespace = None
            case EffectKind.DECLARE:
                self._cursors[effect.name] = effect.value
                self._changed()
            case EffectKind.CLOSE:
                self._cursors.pop(effect.name, None)
                self._changed()
            case EffectKind.TEMP_CREATE:
                self._move(self._temporary | {effect.name})
            case EffectKind.TEMP_DROP:
                self._move(self._temporary - {effect.name} if effect.name else frozenset())
            case EffectKind.CATALOG:
                self._changed()
            case _:
                return

    def _set(self, name: str, value: str) -> None:
        """What the text says; the server has the last word."""
        if name.startswith("@"):
            self._variable(name, value)
        elif name == SQL_MODE:
            self.stale = True
            self.has(SQL_MODE, value)
        elif name in _NAMES or name == CHARSET:
            self.stale = True
            if value and value.lower() != "default":
                self.has(CHARSET, value.lower())

    def _variable(self, name: str, value: str) -> None:
        """A user variable whose value analysis knows; "\0" is one that it does not."""
        if value != UNKNOWN:
            self.has(name, value)
        elif self._flags.pop(name, None) is not None:
            self._changed()

    def _move(self, temporary: frozenset[str]) -> None:
        if temporary != self._temporary:
            self._temporary = temporary
            self._changed()

    def _changed(self) -> None:
        self._namespace = None
        self.version += 1


def keeps_state(footprint: Footprint) -> bool:
    """Whether a statement does no more than begin or end a transaction or a part of it."""
    return (
        footprint.category is Category.TRANSACTION
        and footprint.opaque is None
        and not footprint.functions
        and all(effect.kind in _TRANSACTION for effect in footprint.effects)
    )


def meaningful_variable(name: str) -> bool:
    """Whether setting it may change what later texts mean."""
    plain = name.lower().removeprefix("@@").removeprefix("session.").removeprefix("local.")
    return plain in {SQL_MODE, CHARSET} or plain in _NAMES
