"""The functions that a query over the gateway's relations may call: those of SQLite that are harmless, and ours.

Ours run inside of SQLite, which cannot stop them: each takes time in proportion to what it is given, and no more.
"""

import re
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast

from gateway.model.own import ColumnType, OwnFault, OwnRefused
from gateway.own.settle import FOLDS
from gateway.own.values import Stored, moment_of, moment_text, stored

SECONDS: Final = 1.0
TOO_LONG: Final = f"gateway: the query takes longer than {SECONDS:g} s"
LONGEST_PATTERN: Final = 256  # characters of a LIKE pattern
_WILD: Final = "\0"  # one character, whichever; no text holds it
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_KEPT: Final = {"year": 4, "month": 7, "day": 10, "hour": 13, "minute": 16, "second": 19}  # characters of a moment's text
_FIRST: Final = "0001-01-01 00:00:00"

# The rest of SQLite's either reach further (load_extension, readfile) or make much of little (printf, randomblob, zeroblob,
# hex, char, json, quote).
BUILT_IN: Final = frozenset(
    (
        "count", "sum", "total", "avg", "min", "max", "group_concat", "coalesce", "ifnull", "nullif", "iif", "abs", "round",
        "sign", "length", "substr", "substring", "instr", "trim", "ltrim", "rtrim", "replace", "row_number", "rank",
        "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
    )
)  # fmt: skip


class Faults:
    """What a function of ours has refused: SQLite tells only that one has. None begins behind `until` (monotonic seconds)."""

    def __init__(self, until: float) -> None:
        self.first: OwnRefused | None = None
        self._until = until

    def check(self) -> None:
        """Raises OwnRefused."""
        if time.monotonic() > self._until:
            raise OwnRefused(OwnFault.TOO_LARGE, TOO_LONG, "Join fewer relations, or narrow them with WHERE.")

    def wrong(self, text: str) -> OwnRefused:
        self.first = self.first or OwnRefused(OwnFault.WRONG_VALUE, text)
        return self.first


def install(connection: sqlite3.Connection, now: datetime, faults: Faults) -> frozenset[str]:
    """Makes ours known to a connection; the names of all that may be called. `now` is the statement's moment."""
    moment = moment_text(now)
    ours: dict[str, tuple[int, Callable[..., Any]]] = {
        "own_now": (0, lambda: moment),
        "own_like": (4, _like),
        "own_shift": (4, _shift),
        "own_trunc": (2, _trunc),
        "own_part": (2, _part),
        "own_date": (1, lambda value: None if value is None else stored(value, "date")),
        "own_cast": (3, _cast),
        "lower": (1, lambda value: None if value is None else str(value).lower()),
        "upper": (1, lambda value: None if value is None else str(value).upper()),
        "own_left": (2, lambda value, count: None if None in (value, count) else str(value)[: int(count)]),
        "own_right": (2, _right),
        "concat_ws": (-1, _joined),
        "split_part": (3, _split_part),
    }
    for name, (count, function) in ours.items():
        connection.create_function(name, count, _told(function, faults), deterministic=True)
    connection.create_collation(FOLDS, _compare)
    return BUILT_IN | ours.keys()


def _told(function: Callable[..., Stored], faults: Faults) -> Callable[..., Stored]:
    def called(*values: Stored) -> Stored:
        try:
            faults.check()
            return function(*values)
        except OwnRefused as refused:
            faults.first = faults.first or refused
            raise
        except (ValueError, OverflowError, TypeError) as error:
            raise faults.wrong(f"invalid value: {error}") from None

    return called


def _compare(left: str, right: str) -> int:
    left, right = left.casefold(), right.casefold()
    return (left > right) - (left < right)


# LIKE


def _like(text: Stored, pattern: Stored, escape: Stored, sensitive: Stored) -> Stored:
    if text is None or pattern is None:
        return None
    if len(str(pattern)) > LONGEST_PATTERN:
        raise OwnRefused(OwnFault.TOO_LARGE, f"gateway: a pattern of LIKE has at most {LONGEST_PATTERN} characters")
    whole, parts = str(text), _parts(str(pattern), str(escape or ""))
    if not sensitive:
        whole, parts = whole.lower(), tuple(part.lower() for part in parts)
    return int(_matches(whole, parts))


@lru_cache(maxsize=64)
def _parts(pattern: str, escape: str) -> tuple[str, ...]:
    """What stands between the % of a pattern."""
    found, taken = [""], False
    for letter in pattern:
        if taken:
            found[-1] += letter
            taken = False
        elif letter == escape:
            taken = True
        elif letter == "%":
            found.append("")
        else:
            found[-1] += _WILD if letter == "_" else letter
    return tuple(found)


def _matches(text: str, parts: tuple[str, ...]) -> bool:
    """Each part as far to the left as it goes: that finds a match where there is one."""
    first, last = parts[0], parts[-1]
    if not _stands(text, first, 0):
        return False
    if len(parts) == 1:
        return len(text) == len(first)
    place, end = len(first), len(text) - len(last)
    for part in parts[1:-1]:
        place = _find(text, part, place, end)
        if place < 0:
            return False
        place += len(part)
    return place <= end and _stands(text, last, end)


def _find(text: str, part: str, start: int, end: int) -> int:
    """Where the part stands, ending before `end`; -1 for nowhere."""
    if _WILD not in part:
        return text.find(part, start, end)
    found = _pattern(part).search(text, start, end)
    return -1 if found is None else found.start()


@lru_cache(maxsize=64)
def _pattern(part: str) -> re.Pattern[str]:
    """Without repetition: it is tried once at each place."""
    return re.compile("".join("." if letter == _WILD else re.escape(letter) for letter in part), re.DOTALL)


def _stands(text: str, part: str, place: int) -> bool:
    piece = text[place : place + len(part)]
    return len(piece) == len(part) and all(wanted in (_WILD, letter) for wanted, letter in zip(part, piece, strict=True))


# Moments


def _shift(value: Stored, sign: Stored, amount: Stored, unit: Stored) -> Stored:
    if value is None or amount is None:
        return None
    moment, count = moment_of(value), int(str(sign)) * float(str(amount))
    if unit in _SECONDS:
        return moment_text(moment + timedelta(seconds=count * _SECONDS[str(unit)]))
    if unit not in _MONTHS:
        raise ValueError(f"an interval of {unit}")
    months = moment.year * 12 + moment.month - 1 + int(count) * _MONTHS[str(unit)]
    year, month = months // 12, months % 12 + 1
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return moment_text(moment.replace(year=year, month=month, day=min(moment.day, (following - timedelta(days=1)).day)))


def _trunc(value: Stored, unit: Stored) -> Stored:
    if value is None:
        return None
    moment = moment_of(value)
    if unit == "week":
        moment -= timedelta(days=moment.weekday())
        unit = "day"
    if unit not in _KEPT:
        raise ValueError(f"date_trunc of {unit}")
    kept = _KEPT[str(unit)]
    return moment_text(moment)[:kept] + _FIRST[kept:]


def _part(unit: Stored, value: Stored) -> Stored:
    if value is None:
        return None
    moment = moment_of(value)
    if unit == "epoch":
        return moment.timestamp()
    if unit in {"dow", "doy", "isodow", "week"}:
        week = {"dow": moment.isoweekday() % 7, "isodow": moment.isoweekday(), "week": moment.isocalendar().week}
        return week.get(str(unit), moment.timetuple().tm_yday)
    if unit not in {"year", "month", "day", "hour", "minute", "second"}:
        raise ValueError(f"a moment's {unit}")
    return int(getattr(moment, str(unit)))


# Texts


def _cast(value: Stored, kind: Stored, origin: Stored) -> Stored:
    if value is not None and origin == "bool" and kind == "text":
        return "true" if value else "false"
    if kind == "int8" and isinstance(value, float):
        return round(value)
    return stored(value, cast("ColumnType", kind))


def _right(value: Stored, count: Stored) -> Stored:
    if value is None or count is None:
        return None
    return str(value)[-int(count) :] if int(count) else ""


def _joined(between: Stored, *values: Stored) -> Stored:
    return None if between is None else str(between).join(str(value) for value in values if value is not None)


def _split_part(value: Stored, between: Stored, number: Stored) -> Stored:
    if None in (value, between, number):
        return None
    parts, place = str(value).split(str(between)), int(str(number))
    return parts[place - 1] if 0 < place <= len(parts) else ""
