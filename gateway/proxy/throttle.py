"""Failed logins slow down, per user and per address.

After `free` failures in a row each further answer waits: 0.5 s, 1 s, 2 s … up to `longest`. The wait comes *before the answer,
right or wrong*, and waits of one key queue up behind each other, so that guesses made in parallel gain nothing: an answer
that would come too late is never given. A right answer clears the user's count, but not the address's, which one valid
account would else keep clear while it guesses at others; that one is four times as patient (offices share addresses) and
forgets by time alone. Unknown users count like known ones.

What one worker counts, the others of its gateway hear a moment later (`tell`, `heard`). Several gateways count by themselves: a
guess at each of them is one more a step, not one more at every count.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_FIRST_WAIT = 0.5
_ADDRESS_PATIENCE = 4


@dataclass(slots=True)
class _Record:
    failures: int
    last: float
    answers_from: float = 0.0  # when the next answer may be given


@dataclass(frozen=True, slots=True)
class LoginNews:
    """A login that failed, or one that succeeded: then `address` is ""."""

    user: str
    address: str
    failed: bool


class LoginThrottle:
    """Counts failures in this process, and those it hears of. Bounded: of more than `capacity` keys the longest untouched are
    forgotten.

    free      failures in a row without a wait
    longest   seconds; an answer that would have to wait longer is refused instead
    memory    seconds after which a failure no longer counts
    tell      hears of every login that is counted here, at once
    """

    def __init__(
        self,
        free: int,
        *,
        longest: float = 10.0,
        memory: float = 300.0,
        capacity: int = 20_000,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[LoginNews], None] | None = None,
    ) -> None:
        self._free = free
        self._longest = longest
        self._memory = memory
        self._capacity = capacity
        self._clock = clock
        self.tell = tell
        self._records: OrderedDict[tuple[str, str], _Record] = OrderedDict()

    def answer_wait(self, user: str, address: str) -> float | None:
        """Seconds to wait before this login's answer is given; None: give none, refuse.

        Call it for every login that came as far as an answer, right or wrong, after `failed` for a wrong one.
        """
        now = self._clock()
        waits = [
            self._reserve(("user", user), self._free, now),
            self._reserve(("address", address), self._free * _ADDRESS_PATIENCE, now),
        ]
        longest = max(waits)
        return None if longest > self._longest else longest

    def failed(self, user: str, address: str) -> None:
        self._count(user, address)
        if self.tell is not None:
            self.tell(LoginNews(user, address, failed=True))

    def heard(self, news: LoginNews) -> None:
        """Another worker counted it."""
        if news.failed:
            self._count(news.user, news.address)
        else:
            self._records.pop(("user", news.user), None)

    def _count(self, user: str, address: str) -> None:
        now = self._clock()
        for key in (("user", user), ("address", address)):
            record = self._current(key, now) or _Record(0, now)
            record.failures += 1
            record.last = now
            self._records[key] = record
            self._records.move_to_end(key)
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)

    def succeeded(self, user: str) -> None:
        if self._records.pop(("user", user), None) is not None and self.tell is not None:
            self.tell(LoginNews(user, "", failed=False))

    def _current(self, key: tuple[str, str], now: float) -> _Record | None:
        record = self._records.get(key)
        if record is not None and now - record.last > self._memory:
            del self._records[key]
            return None
        return record

    def _reserve(self, key: tuple[str, str], free: int, now: float) -> float:
        record = self._current(key, now)
        if record is None or record.failures <= free:
            return 0.0
        step = min(_FIRST_WAIT * 2.0 ** min(record.failures - free - 1, 16), self._longest)
        wait = max(record.answers_from - now, 0.0) + step
        if wait <= self._longest:
            record.answers_from = now + wait
        return wait
