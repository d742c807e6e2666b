"""What this session has sent before and may send again at once: the shortest way from bytes to a verdict.

A text is known by its shape (`model.mysql_shape`) where that may stand for it: the text with all numbers and strings made the
same; any other by its whole packet. Everything here falls with the session's stamp.
"""

from typing import Final

from gateway.audit.encoding import json_string
from gateway.audit.redact import hints_at_secret
from gateway.model.mysql_shape import DIGITS, MOST_DIGITS, NUMBER, is_plain, shape
from gateway.verdict import Verdict

_LIMIT: Final = 48 * 1024  # bytes of keys in one session
_LONGEST: Final = 64 * 1024  # bytes of a text that is known by its shape
# The statements whose strings are values and nothing else, where the judge says that they do not matter.
_WITH_STRINGS: Final = frozenset({"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"})
# A verdict, and the record's fragment of the very text.
Found = tuple[Verdict, bytes]
# A verdict, and the fragment's parts in front of the text and behind it.
Shape = tuple[Verdict, bytes, bytes]


class Known:
    __slots__ = ("_ends", "_packets", "_shapes", "_size")

    def __init__(self) -> None:
        self._packets: dict[bytes, Found] = {}
        self._ends: dict[bytes, Shape] = {}  # by what stands in front of the number that such texts end with
        self._shapes: dict[bytes, Shape] = {}
        self._size = 0

    def clear(self) -> None:
        self._packets.clear()
        self._ends.clear()
        self._shapes.clear()
        self._size = 0

    def find(self, packet: bytes, start: int) -> Found | None:
        """`packet` is a whole COM_QUERY, its text begins at `start`."""
        found = self._packets.get(packet)
        if found is not None or not self._shapes:
            return found
        text = packet[start:]
        front = text.rstrip(DIGITS)
        known = self._ends.get(front)
        if known is not None and 0 < len(text) - len(front) <= MOST_DIGITS:
            return known[0], b'%b"%b"%b' % (known[1], text, known[2])
        known = self._shapes.get(shape(text))
        if known is None:
            return None
        inner = _inner(text)
        return None if inner is None else (known[0], b'%b"%b"%b' % (known[1], inner, known[2]))

    def learn(self, packet: bytes, text: bytes, verdict: Verdict) -> None:
        """`packet` is a whole COM_QUERY with its header, `text` what it asks."""
        size = len(packet)
        if size > _LIMIT // 8:
            return
        if self._size + size > _LIMIT:
            self.clear()
        self._size += size + 100
        head, form = verdict.head, shape(text)
        strings = b"'" in text and verdict.rulings[0].footprint.kind not in _WITH_STRINGS
        if head is None or strings or b"\\" in text or not text.isascii() or not is_plain(form):
            self._packets[packet] = verdict, verdict.rulings[0].audit_body
            return
        self._shapes[form] = known = verdict, head, verdict.tail
        numbers = [*NUMBER.finditer(text)]
        if len(numbers) == 1 and numbers[0].end() == len(text) and numbers[0][0].isdigit() and _inner(text) == text:
            self._ends[text[: numbers[0].start()]] = known


def _inner(text: bytes) -> bytes | None:
    """A text of a known shape as the inside of a JSON string. None where it must be read: its strings may go on behind their
    quotes, or hold a secret."""
    if b"'" not in text:  # of what JSON escapes only line breaks and tabs may stand in it
        if b"\n" in text or b"\r" in text or b"\t" in text:
            return text.replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")
        return text
    if b"\\" in text or not text.isascii() or len(text) > _LONGEST:
        return None
    words = text.decode("ascii")
    return None if hints_at_secret(words) else json_string(words)[1:-1]
