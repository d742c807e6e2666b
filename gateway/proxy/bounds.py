"""Counting what reaches a client against its row limits, over all fetches of one portal or cursor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.model.decision import Mode, RowLimit

_MORE: Final = "export permission is needed for more"
UNBOUNDED: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Strike:
    """A limit that the next row would pass."""

    limit: RowLimit
    text: str

    @property
    def stops(self) -> bool:
        return self.limit.mode is Mode.ENFORCE


@dataclass(frozen=True, slots=True)
class _Bound:
    rows: int
    size: int
    strike: Strike
    daily: bool = False


class DayRows(Protocol):
    """A person's rows of the day, by relation path; over all that the person reads at the same time."""

    def today(self, path: str) -> int: ...

    def take(self, limits: Mapping[str, int], rows: int) -> bool:
        """Count so many rows of each path, unless one of them would pass its limit."""


class _NoRows:
    def today(self, _path: str) -> int:
        return 0

    def take(self, _limits: Mapping[str, int], _rows: int) -> bool:
        return True


class Meter:
    """`rows` and `size` (payload bytes) so far."""

    __slots__ = ("_bounds", "_daily", "_day", "_limits", "_rows_bound", "_size_bound", "_struck", "rows", "size")

    def __init__(self) -> None:
        self.rows = 0
        self.size = 0
        self._struck: set[RowLimit] = set()
        self._bounds: list[_Bound] = []
        self._rows_bound = self._size_bound = UNBOUNDED
        self._limits: tuple[RowLimit, ...] = ()
        self._daily: dict[str, int] = {}
        self._day: DayRows = _NoRows()

    def apply(self, limits: Iterable[RowLimit], day: DayRows) -> None:
        """The limits of the decision of this moment; what was counted stays."""
        self._limits, self._day = tuple(limits), day
        self._look()

    def _look(self) -> None:
        """The limits that count, and what is left of the day just now."""
        bounds: list[_Bound] = []
        self._daily = {}
        for limit in self._limits:
            speaks = limit not in self._struck
            if speaks and limit.max_rows is not None:
                bounds.append(_Bound(limit.max_rows, UNBOUNDED, _strike(limit, f"{limit.max_rows} rows")))
            if speaks and limit.max_bytes is not None:
                bounds.append(_Bound(UNBOUNDED, limit.max_bytes, _strike(limit, f"{limit.max_bytes} bytes")))
            if limit.max_rows_per_day is not None:
                for path in limit.paths:
                    most = limit.max_rows_per_day if speaks else UNBOUNDED
                    self._daily[path] = min(most, self._daily.get(path, UNBOUNDED))
                    if speaks:
                        words = f"{limit.max_rows_per_day} rows a day of {path}"
                        left = max(limit.max_rows_per_day - self._day.today(path), 0)
                        bounds.append(_Bound(self.rows + left, UNBOUNDED, _strike(limit, words), daily=True))
        self._keep(bounds)

    def _keep(self, bounds: list[_Bound]) -> None:
        self._bounds = bounds
        self._rows_bound = min((bound.rows for bound in bounds if not bound.daily), default=UNBOUNDED)
        self._size_bound = min((bound.size for bound in bounds), default=UNBOUNDED)

    def fits(self, rows: int, size: int) -> bool:
        """Count them if no limit is passed by it."""
        if self.rows + rows > self._rows_bound or self.size + size > self._size_bound:
            return False
        if self._daily and not self._day.take(self._daily, rows):
            return False
        self.rows += rows
        self.size += size
        return True

    def strike(self, rows: int, size: int) -> list[Strike]:
        """The limits that so much more would pass, each told once; those that stop come first. None where it fits after all:
        the day is another."""
        self._look()
        found = [bound.strike for bound in self._bounds if self.rows + rows > bound.rows or self.size + size > bound.size]
        self._struck |= {strike.limit for strike in found if not strike.stops}
        self._look()
        return sorted(found, key=lambda strike: not strike.stops)

    @property
    def used_up(self) -> Strike | None:
        """A daily limit that leaves nothing at all."""
        spent = (bound.strike for bound in self._bounds if bound.daily and bound.rows <= self.rows and bound.strike.stops)
        return next(spent, None)


def _strike(limit: RowLimit, words: str) -> Strike:
    return Strike(limit, f"gateway: result limited to {words}; {_MORE}")
