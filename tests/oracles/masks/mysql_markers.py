"""The marker values of `mysql_schema.sql`, in every form in which a MySQL server could send them."""

import base64
import datetime
import struct
from collections.abc import Iterator
from typing import Final

_ROWS: Final = range(1, 9)


def _forms() -> Iterator[bytes]:
    for text in (b"MRKq", b"mrkq", b"qKRM", b"MRK"):
        yield text
        yield text.hex().encode()
        yield text.hex().upper().encode()
    yield base64.b64encode(b"MRKq blob")[:8]
    yield b"7377-"  # card
    yield b"73770"  # salary, rate, share, token as text, whole or in front of other digits
    yield b"73,770"  # FORMAT()
    yield b"7377000000"  # bonus
    yield bytes.fromhex("73770000737773777377")
    yield b"137:37:0"  # lasts
    yield struct.pack("<BIBB", 0, 5, 17, 37)  # the same in a binary row: sign, days, hours, minutes
    for row in _ROWS:
        yield struct.pack("<i", 73770000 + row)
        yield struct.pack("<q", 7377000000000 + row)
        yield struct.pack("<d", 73770000.25 + row)
        day = datetime.date(1937, 11, 20) + datetime.timedelta(days=row)
        yield day.isoformat().encode()
        yield day.strftime("%Y%m%d").encode()
        yield struct.pack("<HBB", day.year, day.month, day.day)


MARKERS: Final = tuple(dict.fromkeys(_forms()))


def found(data: bytes) -> list[bytes]:
    return [marker for marker in MARKERS if marker in data]
