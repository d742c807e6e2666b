"""A session's namespace as the statements of one text change it, before any of them has run."""

from collections.abc import Callable
from dataclasses import replace

from gateway.analysis.mysql.context import Context
from gateway.analysis.mysql.modes import Reading, modes, reading
from gateway.analysis.mysql.names import Names
from gateway.analysis.mysql.outcome import Outcome
from gateway.analysis.postgres.records import Findings
from gateway.catalog import CatalogSnapshot
from gateway.model.footprint import Effect, EffectKind, Footprint
from gateway.model.statement import Namespace


class Following:
    """The namespace after what was walked so far, as if every statement succeeded: else those behind it do not run."""

    def __init__(self, namespace: Namespace, catalog: CatalogSnapshot) -> None:
        self.reading: Reading = reading(namespace, catalog)
        self._catalog = catalog
        self._database = namespace.search_path[0] if namespace.search_path else ""
        self._temporary = set(namespace.temporary)
        self._prepared = {name.lower(): text for name, text in namespace.prepared}
        self._cursors = dict(namespace.cursors)
        self._variables = {name: value for name, value in namespace.flags if name.startswith("@")}

    def context(self, findings: Findings, text: Callable[[Context, str], Outcome]) -> Context:
        return Context(
            names=Names(self._catalog, self._database, frozenset(self._temporary)),
            findings=findings,
            reading=self.reading,
            text=text,
            prepared=self._prepared,
            cursors=self._cursors,
            variables=self._variables,
        )

    def apply(self, footprint: Footprint) -> None:
        for effect in footprint.effects:
            self._apply(effect)

    def _apply(self, effect: Effect) -> None:
        match effect.kind:
            case EffectKind.USE:
                self._database = effect.value
            case EffectKind.SET if effect.name == "sql_mode":
                value = effect.value or self._catalog.settings.get("sql_mode", "")
                self.reading = replace(self.reading, modes=modes(value))
            case EffectKind.SET if effect.name == "character_set_client":
                self.reading = replace(self.reading, charset=effect.value or "utf8mb4")
            case EffectKind.SET if effect.name.startswith("@"):
                if effect.value == "\0":
                    self._variables.pop(effect.name, None)
                else:
                    self._variables[effect.name] = effect.value
            case EffectKind.PREPARE:
                self._prepared[effect.name] = effect.value
            case EffectKind.DECLARE:
                self._cursors[effect.name] = effect.value
            case EffectKind.TEMP_CREATE:
                self._temporary.add(effect.name)
            case EffectKind.TEMP_DROP:
                self._temporary.discard(effect.name)
