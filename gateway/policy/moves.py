"""Masked columns that a schema change puts under another path: `unmask`, unless they are masked there as well.

As well means by the same masker, and for everybody for whom they are masked where they are now.
"""

from collections.abc import Iterator
from typing import Protocol

from gateway.model.footprint import Action, Footprint, Move
from gateway.model.identity import Target
from gateway.model.paths import object_path, segment
from gateway.policy.asking import Answer, View
from gateway.policy.patterns import STAR
from gateway.policy.refusals import Refusal, masked
from gateway.policy.rules import Effect, Rule


class Columns(Protocol):
    """What is masked, and for one asker (`policy.columns.ColumnCheck`)."""

    def hidden(self, path: str, column: str) -> list[tuple[str, str]]: ...

    def masker(self, path: str, column: str) -> str | None: ...

    def column(self, action: Action, path: str, column: str) -> Answer: ...


class MoveCheck:
    """The moves of one footprint, for one asker."""

    def __init__(self, columns: Columns, view: View, target: Target) -> None:
        self._columns = columns
        self._view = view
        self._target = target

    def refusals(self, footprint: Footprint) -> Iterator[Refusal]:
        for move in footprint.moves:
            yield from self._moved(move, footprint.kind)

    def _moved(self, move: Move, kind: str) -> Iterator[Refusal]:
        source = object_path(self._target, move.source.object)
        target = object_path(self._target, move.target.object)
        for column, masker in self._columns.hidden(source, move.source.column):
            name = column if move.target.column == STAR else move.target.column
            same = self._columns.masker(target, name) == masker
            if not same or self._widened((source, column), (target, name)):
                answer = self._columns.column(Action.UNMASK, source, column)
                yield Refusal(masked(Action.UNMASK, source, column, kind, answer))

    def _widened(self, source: tuple[str, str], target: tuple[str, str]) -> bool:
        """Whether somebody may be allowed `unmask` on the target who is not on the source, whoever that is."""
        here, there = self._rules(*source), self._rules(*target)
        allowing = {rule for rule in there if rule.effect is Effect.ALLOW}
        denying = {rule for rule in here if rule.effect is Effect.DENY}
        if source[0].split("/")[:2] != target[0].split("/")[:2]:  # roles and conditions may hold in one database alone
            return bool(allowing or denying)
        return STAR in source[1] or not (allowing <= here and denying <= there)

    def _rules(self, path: str, column: str) -> frozenset[Rule]:
        whole = self._view.anybodys(Action.UNMASK, path)
        return whole | self._view.anybodys(Action.UNMASK, f"{path}/{segment(column)}")
