"""How long, as people write it: `4h`, `90m`, `2d`, or several of them together: `1d12h`."""

import re
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_PART: Final = re.compile(r"([0-9]{1,9})\s*([smhdw])\s*")
_LONGEST: Final = 64  # characters


def seconds_of(text: str) -> int | None:
    """Seconds; None where the text is no duration."""
    text = text.strip().lower()
    if not text or len(text) > _LONGEST or _PART.sub("", text):
        return None
    return sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(text))
