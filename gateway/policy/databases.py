"""Asking where one statement can name several databases: each is asked about in the project that it belongs to.

A MySQL statement reaches every database of its instance, and they may belong to different projects. A role in one project gives
nothing in another's database, however the statement gets there: named outright, or through a view. What belongs to the
instance as a whole, and databases that nobody registered, belong to no project: workspace-wide roles alone count there.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gateway.model.identity import Target
from gateway.model.paths import segment
from gateway.policy.asking import Answer, Asker
from gateway.policy.patterns import OWN_SEGMENT

# No database of its own but a view of all of them: it is read as part of the one that the session is in.
VIRTUAL: Final = frozenset({"information_schema"})


class DatabaseAsker(Asker):
    """Answers each path in its own database's project and environment.

    target     the database that is asked for
    databases  the instance's registered databases by path segment
    """

    def __init__(self, own: Asker, target: Target, databases: Mapping[str, Target], make: Callable[[Target], Asker]) -> None:
        super().__init__(own.view, own.membership, own.circumstances)
        self._target = target
        self._databases = databases
        self._make = make
        self._others: dict[Target, Asker] = {}

    def ask(self, action: str, path: str) -> Answer:
        target = self._owner(path)
        if target == self._target:
            return super().ask(action, path)
        other = self._others.get(target)
        if other is None:
            other = self._others[target] = self._make(target)
        answer = other.ask(action, path)
        self.until = min(self.until, other.until)
        return answer

    def _owner(self, path: str) -> Target:
        own = self._target
        parts = path.split("/", 2)
        if parts[0] == OWN_SEGMENT:
            return own
        if len(parts) == 1:
            return replace(own, project="")
        database = parts[1]
        if database == segment(own.database) or database.lower() in VIRTUAL:
            return own
        return self._databases.get(database) or replace(own, database=database, project="")
