"""Reading a text in the session it stands in: which namespace it depends on, and what each of its statements touches."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.catalog import CatalogSnapshot, TemporaryRelation
from gateway.model.footprint import Category, Footprint, FunctionClass
from gateway.model.identity import Engine
from gateway.model.statement import Namespace, Statement
from gateway.verdict.mysql_state import MySqlState
from gateway.verdict.ports import Analyse, Catalogs, State
from gateway.verdict.state import SessionState, changes_meaning
from gateway.verdict.verdict import SessionIdentity

_EMPTY: Final = Footprint("EMPTY", Category.EMPTY)


class Reader:
    """From a text to its footprints, with the catalog of the moment."""

    def __init__(self, catalogs: Catalogs, analyse: Mapping[Engine, Analyse]) -> None:
        self._catalogs = catalogs
        self._analyse = analyse

    def footprints(self, who: SessionIdentity, statement: Statement, state: State | None) -> tuple[tuple[Footprint, ...], bool]:
        """The footprints, and whether text and namespace alone decide them."""
        catalog = self._catalogs.current(who.target)
        analyse = self._analyse[statement.engine]
        found = analyse(statement, catalog) or (_EMPTY,)
        if statement.engine is Engine.MYSQL:  # its analysis follows the session through a text by itself
            return found, True
        if len(found) == 1 or not any(changes_meaning(effect) for part in found[:-1] for effect in part.effects):
            return found, True
        return self._in_sequence(who, statement, found, state or _state_of(statement), catalog), False

    def _in_sequence(
        self,
        who: SessionIdentity,
        statement: Statement,
        found: tuple[Footprint, ...],
        state: State,
        catalog: CatalogSnapshot,
    ) -> tuple[Footprint, ...]:
        """Each statement of a text, read in the namespace that those before it leave if they succeed."""
        world = state.fork()
        analyse = self._analyse[statement.engine]
        footprints: list[Footprint] = []
        for part in found:
            text = statement.text[part.start : part.end or len(statement.text)]
            namespace = self.namespace(who, world.namespace, named=True)
            read = analyse(replace(statement, text=text, namespace=namespace), catalog)
            again = read[0] if len(read) == 1 else replace(part, opaque="cannot be told apart from its neighbours")
            footprints.append(replace(again, start=part.start, end=part.end))
            for effect in again.effects:
                world.apply(effect)
        return tuple(footprints)

    def namespace(self, who: SessionIdentity, namespace: Namespace, *, named: bool) -> Namespace:
        """The namespace as far as this text can depend on it.

        Schemas of the path that do not exist (`$user` mostly) are left out, as the server passes over them.
        A temporary relation that a permanent one of the path stands behind counts as the permanent one: it may be gone
        (ON COMMIT DROP, a function's DROP) without anybody telling, and the name would then mean the other.
        """
        if who.target.engine is Engine.POSTGRES:
            catalog = self._catalogs.current(who.target)
            path = tuple(name for name in namespace.search_path if name == "pg_temp" or catalog.is_usable(name))
            if len(path) != len(namespace.search_path):
                namespace = replace(namespace, search_path=path)
            path = tuple(name for name in path if name != "pg_temp")
            hidden = {name for name in namespace.temporary if _permanent(catalog, name, path)}
            if hidden:
                namespace = replace(namespace, temporary=namespace.temporary - hidden)
        if named or not (namespace.prepared or namespace.cursors):
            return namespace
        return replace(namespace, prepared=(), cursors=())


def _state_of(statement: Statement) -> State:
    kind: type[MySqlState] | type[SessionState] = MySqlState if statement.engine is Engine.MYSQL else SessionState
    return kind.of(statement.namespace)


def _permanent(catalog: CatalogSnapshot, name: str, path: tuple[str, ...]) -> bool:
    found = catalog.resolve(name, path)
    return found is not None and not isinstance(found, TemporaryRelation)


def unpredictable(footprint: Footprint) -> bool:
    """Whether code runs that the gateway has not read: it may change session state without showing it."""
    return footprint.opaque is not None or any(use.function_class is FunctionClass.USER for use in footprint.functions)
