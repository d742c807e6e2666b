"""What a verdict's obligations ask for, and what the record says of how they were carried out; the same for every engine."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from gateway.masking.plan import ColumnMask
from gateway.model.decision import MaskColumns, Mode, Notice, Obligation, RowLimit, TimeLimit
from gateway.model.errors import GatewayError
from gateway.model.masker import NullMask
from gateway.proxy.bounds import Strike
from gateway.proxy.claims import Claims
from gateway.proxy.obligations import Obligations
from gateway.proxy.rooms import Release
from gateway.verdict import Ruling, Verdict


def obligations_of(verdict: Verdict) -> Iterator[Obligation]:
    for ruling in verdict.rulings:
        yield from ruling.decision.obligations


def daily_paths(verdict: Verdict) -> Iterator[str]:
    """Paths of the relations whose rows of the day are counted."""
    for item in obligations_of(verdict):
        if isinstance(item, RowLimit) and item.max_rows_per_day is not None:
            yield from item.paths


def time_limit(verdict: Verdict) -> TimeLimit | None:
    """The shortest."""
    limits = [item for item in obligations_of(verdict) if isinstance(item, TimeLimit)]
    return min(limits, key=lambda item: item.milliseconds, default=None)


def warnings_of(verdict: Verdict) -> Iterator[Notice]:
    """Rules in mode `warn` that would have refused."""
    return (item for item in obligations_of(verdict) if isinstance(item, Notice) and item.mode is Mode.WARN)


def masks_of(ruling: Ruling) -> MaskColumns | None:
    return next((item for item in ruling.decision.obligations if isinstance(item, MaskColumns)), None)


class _Decision(Protocol):
    """A decider's answer, of either engine."""

    verdict: Verdict | None
    release: Release | None

    @property
    def refusal(self) -> object: ...


Decided = TypeVar("Decided", bound=_Decision)


class Counts:
    """One person's rows of the day."""

    __slots__ = ("_room", "_user")

    def __init__(self, room: Obligations | None, user: str) -> None:
        self._room = room
        self._user = user

    def ready(self, verdict: Verdict) -> bool:
        """Whether the verdict asks for no counts: they are looked at before each statement."""
        return self._room is None or not verdict.bound or next(daily_paths(verdict), None) is None

    async def looked(self, answer: Decided | None, claims: Claims) -> Decided | None:
        """The answer, once the counts are known that its verdict asks for. Raises GatewayError, its approval given back."""
        if answer is None or answer.verdict is None or answer.refusal is not None or self.ready(answer.verdict):
            return answer
        try:
            await self.look(answer.verdict)
        except GatewayError:
            if answer.release is not None:
                claims.give_back(answer.release)
            raise
        return answer

    async def look(self, verdict: Verdict) -> None:
        """Hear what was read through other gateways. Raises GatewayError."""
        if self._room is not None:
            await self._room.usage.look(self._user, dict.fromkeys(daily_paths(verdict)))

    def today(self, path: str) -> int:
        return 0 if self._room is None else self._room.usage.today(self._user, path)

    def take(self, limits: Mapping[str, int], rows: int) -> bool:
        return self._room is None or self._room.usage.take(self._user, limits, rows)

    def ended(self, verdict: Verdict) -> None:
        """A statement has ended: the store hears what it read."""
        if self._room is not None and next(daily_paths(verdict), None) is not None:
            self._room.usage.flush_soon()


class CarriedOut:
    """What was done about obligations, for the record of the statement's end."""

    __slots__ = ("_limits",)

    def __init__(self) -> None:
        self._limits: list[dict[str, object]] = []

    def struck(self, strike: Strike) -> None:
        limit = strike.limit
        said: dict[str, object] = {"limit": limit.rule, "text": strike.text, "mode": limit.mode.value}
        if strike.stops and limit.truncate:
            said["truncated"] = True
        self._limits.append(said)

    def remark(self, masks: Iterable[tuple[str, ColumnMask]]) -> bytes:
        """From its comma on; b"" where there is nothing to say. Limits are told once. `masks`: by output column."""
        masked = [
            {
                "column": name,
                "masker": str(mask.masker) if not isinstance(mask.masker, NullMask) else "hidden",
                "by": mask.because,
            }
            for name, mask in masks
        ]
        said: dict[str, object] = {}
        if masked:
            said["masked"] = masked
        if self._limits:
            said["limits"], self._limits = self._limits, []
        return b',"carried_out":' + json.dumps(said, separators=(",", ":")).encode() if said else b""
