"""A constant in place of a value of another type than text or number: read once, as that type; None where it is none.

Texts are as both servers write them: `11:12:13.5`, `2024-02-03`, `2024-02-03 04:05:06`, true, JSON. What is no JSON text is a
JSON string.
"""

import datetime
import json
import re
import uuid
from typing import Final, NamedTuple

_TIME: Final = re.compile(r"(-?)(\d{1,3}):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?$")
_BITS: Final = re.compile(r"[bB]'([01]+)'$")
_BOOLEANS: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class Span(NamedTuple):
    """A time of day, or for MySQL a span of time: seconds without sign, and microseconds."""

    negative: bool
    seconds: int
    microseconds: int

    def text(self, decimals: int) -> bytes:
        """With so many digits of a second's fraction."""
        clock = f"{self.seconds // 3600:02d}:{self.seconds // 60 % 60:02d}:{self.seconds % 60:02d}"
        fraction = f".{self.microseconds:06d}"[: decimals + 1] if decimals else ""
        return f"{'-' if self.negative else ''}{clock}{fraction}".encode()


def span(text: str) -> Span | None:
    found = _TIME.match(text)
    if found is None:
        return None
    seconds = int(found[2]) * 3600 + int(found[3]) * 60 + int(found[4] or 0)
    return Span(bool(found[1]), seconds, int((found[5] or "").ljust(6, "0")))


def moment(text: str) -> datetime.datetime | None:
    """A date is its midnight. A time zone is not part of a constant."""
    try:
        made = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return made if made.tzinfo is None else None


def json_text(text: str) -> bytes:
    try:
        json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")
    return text.encode()


def _no_json(name: str) -> None:
    raise ValueError(name)


def boolean(text: str) -> bool | None:
    return _BOOLEANS.get(text.strip().lower())


def identifier(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def bits(text: str) -> int | None:
    """`b'101'` or a whole number."""
    found = _BITS.match(text)
    if found is not None:
        return int(found[1], 2)
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 20 else None
