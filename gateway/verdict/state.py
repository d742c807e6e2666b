"""The part of a PostgreSQL session's state that changes what a text means, followed through transactions.

Settings and temporary relations are transactional: a rollback takes them back, ROLLBACK TO takes them back to the savepoint,
SET LOCAL ends with the transaction. SQL-level prepared statements are not transactional. A cursor ends with its transaction
unless it was declared WITH HOLD and the transaction committed. Everything here is told after the server reported success.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from gateway.model.footprint import Effect, EffectKind
from gateway.model.statement import Namespace
from gateway.verdict.mysql_state import meaningful_variable
from gateway.verdict.search_path import expand_user, split_search_path

SEARCH_PATH: Final = "search_path"
# Settings whose value decides what a text means; the names of `Namespace.flags`.
FLAGS: Final = frozenset({"standard_conforming_strings", "session_replication_role", "transform_null_equals"})
# Settings after which the search path must be asked for again: `$user` follows the role.
ROLE_SETTINGS: Final = frozenset({"role", "session_authorization"})
MEANINGFUL: Final = FLAGS | ROLE_SETTINGS | {SEARCH_PATH, "client_encoding", "names"}

_STATE_KINDS: Final = frozenset(
    {
        EffectKind.RESET_ALL,
        EffectKind.PREPARE,
        EffectKind.DEALLOCATE,
        EffectKind.DECLARE,
        EffectKind.CLOSE,
        EffectKind.DISCARD_ALL,
        EffectKind.TEMP_CREATE,
        EffectKind.TEMP_DROP,
        EffectKind.CATALOG,
        EffectKind.USE,
    }
)
_TRANSACTION_ENDS: Final = frozenset({EffectKind.COMMIT, EffectKind.ROLLBACK, EffectKind.ROLLBACK_TO})


def changes_meaning(effect: Effect) -> bool:
    """Whether what follows in the session may mean something else after this effect."""
    if effect.kind is EffectKind.SET:
        return effect.name.lower() in MEANINGFUL or meaningful_variable(effect.name)
    return effect.kind in _STATE_KINDS or effect.kind in _TRANSACTION_ENDS


# What one session may have at once of what SQL makes in it, and the characters of their texts together.
MAX_OBJECTS: Final = 2_000  # prepared statements, cursors, temporary relations: namespaces are made of them
MAX_SAVEPOINTS: Final = 20_000  # drivers leave one behind each statement of a transaction
MAX_TEXT: Final = 64 * 1024 * 1024
_MAKING: Final = frozenset({EffectKind.PREPARE, EffectKind.DECLARE, EffectKind.SAVEPOINT, EffectKind.TEMP_CREATE})


class _Scope(NamedTuple):
    """The transactional part. `path` and `flags` hold now, `session_*` from the end of the transaction on."""

    path: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    session_path: tuple[str, ...]
    session_flags: tuple[tuple[str, str], ...]
    temporary: frozenset[str]
    fleeting: frozenset[str]  # temporary relations that the end of the transaction drops


class SessionState:
    """`version` changes whenever the namespace does, prepared statements and cursors left aside: only texts that name them
    depend on those. `stale`: the search path must be asked for at the server. `committed`: how the last transaction ended."""

    __slots__ = (
        "_aborted",
        "_base",
        "_cursor_paths",
        "_cursors",
        "_default_path",
        "_held",
        "_namespace",
        "_prepared",
        "_savepoints",
        "_scope",
        "_unsure",
        "committed",
        "explicit",
        "failed",
        "stale",
        "user",
        "version",
    )

    def __init__(self, search_path: tuple[str, ...] = ("public",), user: str = "") -> None:
        self.user = user
        self.version = 0
        self.stale = False
        self.explicit = False
        self.failed = False
        self.committed = True
        self._unsure = False  # the open transaction set the search path or learned it: its end must be asked for
        self._aborted = False  # an error ended the implicit transaction since the last ReadyForQuery
        self._default_path = search_path
        self._scope = self._base = _Scope(search_path, (), search_path, (), frozenset(), frozenset())
        self._savepoints: tuple[tuple[str, _Scope], ...] = ()
        self._prepared: dict[str, str] = {}
        self._cursors: dict[str, str] = {}
        self._cursor_paths: dict[str, tuple[str, ...]] = {}  # under which their names were settled
        self._held: frozenset[str] = frozenset()
        self._namespace: Namespace | None = None

    @property
    def namespace(self) -> Namespace:
        """The present namespace; the same object until it changes."""
        if self._namespace is None:
            scope = self._scope
            self._namespace = Namespace(
                search_path=scope.path,
                temporary=scope.temporary,
                prepared=tuple(sorted(self._prepared.items())),
                cursors=tuple(sorted((name, text) for name, text in self._cursors.items() if self._in_its_path(name))),
                flags=scope.flags,
            )
        return self._namespace

    @property
    def unchanged(self) -> bool:
        """The transaction has changed nothing that its end would take back."""
        return self._scope is self._base and not self._savepoints and not self._cursors and not self._unsure

    def holds(self, effects: Iterable[Effect]) -> bool:
        """Whether there is room for what these make: prepared statements, cursors, savepoints, temporary relations."""
        making = [effect for effect in effects if effect.kind in _MAKING]
        if not making:
            return True
        savepoints = sum(effect.kind is EffectKind.SAVEPOINT for effect in making)
        if len(self._savepoints) + savepoints > MAX_SAVEPOINTS:
            return False
        there = len(self._prepared) + len(self._cursors) + len(self._scope.temporary) - savepoints
        texts = (*self._prepared.values(), *self._cursors.values(), *(effect.value for effect in making))
        return there + len(making) <= MAX_OBJECTS and sum(map(len, texts)) <= MAX_TEXT

    @property
    def depth(self) -> int:
        """How many savepoints are open."""
        return len(self._savepoints)

    def prepared(self, name: str) -> str | None:
        """The text of a statement that SQL's PREPARE made."""
        return self._prepared.get(name)

    def cursor(self, name: str) -> str | None:
        """The query of a cursor that SQL's DECLARE opened."""
        return self._cursors.get(name) if self._in_its_path(name) else None

    def fork(self) -> "SessionState":
        """An independent copy: what would hold if some statements had succeeded."""
        copy = SessionState(self._default_path, self.user)
        copy.explicit, copy.failed, copy.stale = self.explicit, self.failed, self.stale
        copy._scope, copy._base, copy._savepoints = self._scope, self._base, self._savepoints
        copy._unsure = self._unsure
        copy._prepared, copy._cursors, copy._held = dict(self._prepared), dict(self._cursors), self._held
        copy._cursor_paths = dict(self._cursor_paths)
        return copy

    @classmethod
    def of(cls, namespace: Namespace) -> "SessionState":
        """A session that stands in this namespace outside any transaction."""
        state = cls(namespace.search_path)
        scope = state._scope
        state._scope = state._base = scope._replace(
            flags=namespace.flags, session_flags=namespace.flags, temporary=namespace.temporary
        )
        state._prepared = dict(namespace.prepared)
        state._cursors = dict(namespace.cursors)
        return state

    # What the server told

    def learned(self, search_path: tuple[str, ...], user: str, *, initial: bool = False) -> None:
        """The server's own answer for the search path; with `initial` it is also what RESET goes back to."""
        self.stale = False
        self.user = user
        if initial:
            self._default_path = search_path
        scope = self._scope
        if scope.path == search_path and not initial:
            return
        self._unsure = self._unsure or self.explicit
        # A path that the session's value does not explain was set for the transaction alone, or by a function: keep it
        # until the end of the transaction, and ask again then.
        settled = not self.explicit or initial
        changed = scope._replace(path=search_path, session_path=search_path if settled else scope.session_path)
        self._move(changed)
        if settled:
            self._base = self._scope

    def apply(self, effect: Effect, tag: bytes = b"") -> None:  # noqa: PLR0912 -- one flat table
        """A statement with this effect succeeded; `tag` is its command tag (a COMMIT that rolled back says ROLLBACK)."""
        match effect.kind:
            case EffectKind.SET:
                self._set(effect.name.lower(), effect.value, local=effect.local)
            case EffectKind.RESET_ALL:
                scope = self._scope
                self._move(scope._replace(path=self._default_path, session_path=self._default_path, flags=(), session_flags=()))
                self.stale = True
            case EffectKind.PREPARE:
                self._prepared[effect.name] = effect.value
                self._namespace = None
            case EffectKind.DEALLOCATE:
                self._forget(self._prepared, effect.name)
            case EffectKind.DECLARE:
                self._declare(effect)
            case EffectKind.CLOSE:
                self._forget(self._cursors, effect.name)
            case EffectKind.DISCARD_ALL:
                self._discard()
            case EffectKind.TEMP_CREATE:
                self._create_temporary(effect)
            case EffectKind.TEMP_DROP:
                self._drop_temporary(effect.name)
            case EffectKind.BEGIN:
                self.explicit = True
            case EffectKind.COMMIT:
                self._end(committed=tag != b"ROLLBACK")
            case EffectKind.ROLLBACK:
                self._end(committed=False)
            case EffectKind.SAVEPOINT:
                self._savepoints += ((effect.name, self._scope),)
            case EffectKind.RELEASE:
                self._release(effect.name)
            case EffectKind.ROLLBACK_TO:
                self._rollback_to(effect.name)
            case EffectKind.CATALOG | EffectKind.USE:
                self._changed()

    def error(self) -> None:
        """The server reported an error: an implicit transaction is over, an explicit one has failed."""
        if self.explicit:
            self.failed = True
        else:
            self._end(committed=False)
            self._aborted = True

    def ready(self, status: int) -> None:
        """ReadyForQuery with this transaction status: it is the truth."""
        if status == 0x49:  # I
            if self.explicit or self._scope is not self._base or self._savepoints or self._cursors:
                self._end(committed=not self.failed)
            elif not self._aborted:
                self.committed = True
            self._aborted = False
        else:
            self.explicit = True
            self.failed = status == 0x45  # E

    # How each part moves

    def _in_its_path(self, cursor: str) -> bool:
        """A cursor's names were settled when it was declared: under another search path its text would say something else."""
        return self._cursor_paths.get(cursor, self._scope.path) == self._scope.path

    def _changed(self) -> None:
        self._namespace = None
        self.version += 1

    def _move(self, scope: _Scope) -> None:
        if scope != self._scope:
            self._scope = scope
            self._changed()

    def _set(self, name: str, value: str, *, local: bool) -> None:
        scope = self._scope
        if name == SEARCH_PATH or name in ROLE_SETTINGS:
            self._unsure = True
        if name == SEARCH_PATH:
            names = split_search_path(value) if value else self._default_path
            path = self._default_path if names is None else expand_user(names, self.user)
            self.stale = True  # the server has the last word on what it took
            self._move(scope._replace(path=path, session_path=scope.session_path if local else path))
        elif name in ROLE_SETTINGS:
            self.stale = True
            self._changed()
        elif name in FLAGS:
            flags = _with(scope.flags, name, value)
            self._move(scope._replace(flags=flags, session_flags=scope.session_flags if local else flags))

    def _forget(self, names: dict[str, str], name: str) -> None:
        if not name:
            names.clear()
        else:
            names.pop(name, None)
        self._namespace = None

    def _declare(self, effect: Effect) -> None:
        self._cursors[effect.name] = effect.value
        self._cursor_paths[effect.name] = self._scope.path
        if not effect.local:
            self._held |= {effect.name}
        self._namespace = None

    def _discard(self) -> None:
        self._prepared.clear()
        self._cursors.clear()
        self._held = frozenset()
        path = self._default_path
        self._move(_Scope(path, (), path, (), frozenset(), frozenset()))
        self.stale = True
        self._changed()

    def _create_temporary(self, effect: Effect) -> None:
        scope = self._scope
        fleeting = scope.fleeting | {effect.name} if effect.local else scope.fleeting
        self._move(scope._replace(temporary=scope.temporary | {effect.name}, fleeting=fleeting))

    def _drop_temporary(self, name: str) -> None:
        scope = self._scope
        self._move(scope._replace(temporary=scope.temporary - {name} if name else frozenset()))

    def _release(self, name: str) -> None:
        place = self._find_savepoint(name)
        if place >= 0:
            self._savepoints = self._savepoints[:place]

    def _rollback_to(self, name: str) -> None:
        self.failed = False
        self.stale = self.stale or self._unsure
        place = self._find_savepoint(name)
        if place >= 0:
            scope = self._savepoints[place][1]
            self._savepoints = self._savepoints[: place + 1]
            self._move(scope)

    def _find_savepoint(self, name: str) -> int:
        return next((i for i in range(len(self._savepoints) - 1, -1, -1) if self._savepoints[i][0] == name), -1)

    def _end(self, *, committed: bool) -> None:
        scope = self._base
        if committed:
            now = self._scope
            scope = _Scope(
                now.session_path,
                now.session_flags,
                now.session_path,
                now.session_flags,
                now.temporary - now.fleeting,
                frozenset(),
            )
        self._savepoints = ()
        self.explicit = self.failed = False
        self.committed = committed
        self.stale, self._unsure = self.stale or self._unsure, False
        if self._cursors:
            self._end_cursors(committed=committed)
        if scope != self._scope:
            self.stale = self.stale or scope.path != self._scope.path
            self._move(scope)
        self._base = self._scope

    def _end_cursors(self, *, committed: bool) -> None:
        """Held cursors of earlier transactions stay in either case; this one's stay if it committed."""
        kept = {name: text for name, text in self._cursors.items() if name in self._held}
        if not committed:
            self.stale = True
        if len(kept) != len(self._cursors):
            self._cursors = kept
            self._namespace = None


def _with(flags: tuple[tuple[str, str], ...], name: str, value: str) -> tuple[tuple[str, str], ...]:
    others = tuple(pair for pair in flags if pair[0] != name)
    return tuple(sorted((*others, (name, value)))) if value else others
