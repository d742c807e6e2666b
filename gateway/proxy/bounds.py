"""Counting what reaches a client against its row limits, over all fetches of one portal or cursor."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

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


class Meter:
    """`rows` and `size` (payload bytes) so far. `paths` are the relations whose rows of the day are counted.

    What is left of a day is looked at whenever rows come: other statements of the same person read at the same time.
    """

    __slots__ = ("_bounds", "_limits", "_read_today", "_rows_bound", "_size_bound", "_struck", "paths", "rows", "size")

    def __init__(self) -> None:
        self.rows = 0
        self.size = 0
        self.paths: tuple[str, ...] = ()
        self._struck: set[RowLimit] = set()
        self._bounds: list[_Bound] = []
        self._rows_bound = self._size_bound = UNBOUNDED
        self._limits: tuple[RowLimit, ...] = ()
        self._read_today: Callable[[str], int] = _nothing

    def apply(self, limits: Iterable[RowLimit], read_today: Callable[[str], int]) -> None:
        """The limits of the decision of this moment; what was counted stays. `read_today` by relation path, with the rows
        that were counted here."""
        self._limits, self._read_today = tuple(limits), read_today
        self._look()

    def _look(self) -> None:
        bounds: list[_Bound] = []
        paths: dict[str, None] = {}
        for limit in self._limits:
            if limit.max_rows_per_day is not None:
                paths |= dict.fromkeys(limit.paths)
            if limit in self._struck:
                continue
            if limit.max_rows is not None:
                bounds.append(_Bound(limit.max_rows, UNBOUNDED, _strike(limit, f"{limit.max_rows} rows")))
            if limit.max_bytes is not None:
                bounds.append(_Bound(UNBOUNDED, limit.max_bytes, _strike(limit, f"{limit.max_bytes} bytes")))
            if limit.max_rows_per_day is not None:
                for path in limit.paths:
                    left = max(limit.max_rows_per_day - self._read_today(path), 0)
                    words = f"{limit.max_rows_per_day} rows a day of {path}"
                    bounds.append(_Bound(self.rows + left, UNBOUNDED, _strike(limit, words), daily=True))
        self.paths = tuple(paths)
        self._keep(bounds)

    def _keep(self, bounds: list[_Bound]) -> None:
        self._bounds = bounds
        self._rows_bound = min((bound.rows for bound in bounds), default=UNBOUNDED)
        self._size_bound = min((bound.size for bound in bounds), default=UNBOUNDED)

    def fits(self, rows: int, size: int) -> bool:
        """Count them if no limit is passed by it."""
        if self.paths:
            self._look()
        if self.rows + rows > self._rows_bound or self.size + size > self._size_bound:
            return False
        self.rows += rows
        self.size += size
        return True

    def strike(self, rows: int, size: int) -> list[Strike]:
        """The limits that so much more would pass, each told once; those that stop come first."""
        found = [bound.strike for bound in self._bounds if self.rows + rows > bound.rows or self.size + size > bound.size]
        self._struck |= {strike.limit for strike in found if not strike.stops}
        self._keep([bound for bound in self._bounds if bound.strike.limit not in self._struck])
        return sorted(found, key=lambda strike: not strike.stops)

    @property
    def used_up(self) -> Strike | None:
        """A daily limit that leaves nothing at all."""
        spent = (bound.strike for bound in self._bounds if bound.daily and bound.rows <= self.rows and bound.strike.stops)
        return next(spent, None)


def _strike(limit: RowLimit, words: str) -> Strike:
    return Strike(limit, f"gateway: result limited to {words}; {_MORE}")


def _nothing(_: str) -> int:
    return 0
