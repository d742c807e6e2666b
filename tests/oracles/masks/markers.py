"""The marker values of `schema.sql`, in every form in which they could arrive."""

import base64
import datetime
import struct
from collections.abc import Iterator

_ROWS = range(1, 9)


def _forms() -> Iterator[bytes]:
    for text in (b"MRKq", b"mrkq", b"qKRM", b"MRK"):
        yield text
        yield text.hex().encode()
    yield base64.b64encode(b"MRKq blob")[:8]
    yield b"7377"  # salary, bonus, rate, share, card, phone, token as text, in any place
    for row in _ROWS:
        yield struct.pack("!i", 73770000 + row)
        yield struct.pack("!q", 7377000000000 + row)
        yield struct.pack("!d", 73770000.25 + row)
        yield struct.pack("!hhhh", 7377, row, 5000, 0)[:6]  # numeric's digits in base 10000: 7377 | 000r | 5000
        yield bytes.fromhex("73770000737773777377")
        day = datetime.date(1937, 11, 20) + datetime.timedelta(days=row)
        yield day.isoformat().encode()
        yield struct.pack("!i", (day - datetime.date(2000, 1, 1)).days)


MARKERS = tuple(dict.fromkeys(_forms()))


def found(data: bytes) -> list[bytes]:
    return [marker for marker in MARKERS if marker in data]
