"""A session's namespace as the statements of one text change it, before any of them has run."""

from collections.abc import Callable, Iterable

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.identifiers import split_list
from gateway.analysis.postgres.records import Findings
from gateway.analysis.postgres.resolve import Names
from gateway.analysis.postgres.scopes import Rows, Scope
from gateway.catalog import CatalogSnapshot
from gateway.model.footprint import Clause, Effect, EffectKind
from gateway.model.statement import Namespace

_UNDOING = (EffectKind.ROLLBACK, EffectKind.ROLLBACK_TO, EffectKind.COMMIT, EffectKind.RESET_ALL, EffectKind.DISCARD_ALL)


class Following:
    """The namespace after what was walked so far.

    `parameters` are types that values will be converted to when the text runs.
    A search path set inside the text may be undone inside it too; then names count in every path there has been.
    """

    def __init__(self, namespace: Namespace, catalog: CatalogSnapshot) -> None:
        self._catalog = catalog
        self.parameters = namespace.parameters
        self._paths = [namespace.search_path]
        self._uncertain = False
        self._temporary = set(namespace.temporary)
        self._prepared = dict(namespace.prepared)
        self._cursors = dict(namespace.cursors)
        self._flags = dict(namespace.flags)
        self._known: Names | None = None

    def names(self) -> Names:
        if self._known is None:
            paths = tuple(dict.fromkeys(self._paths)) if self._uncertain else (self._paths[-1],)
            self._known = Names(self._catalog, paths, frozenset(self._temporary), self._account)
        return self._known

    @property
    def _account(self) -> str:
        return self._flags.get("user", self._catalog.account)

    def context(
        self,
        findings: Findings,
        statement: Callable[[Context, pb.Node, Scope, Clause | None], Rows],
        text: Callable[[Context, str, Clause | None], Rows | None],
    ) -> Context:
        return Context(self.names(), findings, statement, text, prepared=self._prepared, cursors=self._cursors)

    def apply(self, effects: Iterable[Effect]) -> None:
        """What the statement will have done if it succeeds."""
        for effect in effects:
            self._known = None
            self._apply(effect)

    def _apply(self, effect: Effect) -> None:
        match effect.kind:
            case EffectKind.SET if effect.name == "search_path":
                self._set_path(effect)
            case EffectKind.PREPARE:
                self._prepared[effect.name] = effect.value
            case EffectKind.DECLARE:
                self._cursors[effect.name] = effect.value
            case EffectKind.DEALLOCATE | EffectKind.CLOSE:
                pass  # a name that is gone is the server's error; one that came back is known
            case EffectKind.TEMP_CREATE:
                self._temporary.add(effect.name)
            case EffectKind.TEMP_DROP if effect.name:
                self._temporary.discard(effect.name)
            case kind if kind in _UNDOING and len(self._paths) > 1:
                self._uncertain = True

    def _set_path(self, effect: Effect) -> None:
        if effect.value == "":  # DEFAULT: what the account's login gives; the present one where that is not known
            default = self._catalog.settings.get("search_path")
            self._uncertain = self._uncertain or default is None
            words = split_list(default) if default is not None else list(self._paths[0])
        else:
            words = split_list(effect.value)
        self._uncertain = self._uncertain or effect.local
        self._paths.append(tuple(self._account if word == "$user" else word for word in words if word))
