"""What this session has sent before and may send again at once: the shortest way from bytes to a verdict.

A text whose only literals are whole numbers and strings in single quotes is known by its shape: the text with each of them made
the same. A shape stands for its texts only where what remains is printable ASCII without comments, backslashes, other quotes
and variables whose names could hide a number: then every quote opens or closes a string whatever the SQL mode, every other
byte of two texts of one shape is the same, and both are alike in that. Any other text is known by its whole packet. Everything
here falls with the session's stamp.
"""

import re
from typing import Final

from gateway.audit.encoding import json_string
from gateway.audit.redact import hints_at_secret
from gateway.verdict import Verdict

_LIMIT: Final = 48 * 1024  # bytes of keys in one session
_LONGEST: Final = 64 * 1024  # bytes of a text that is known by its shape
_DIGITS: Final = b"0123456789"
_MOST_DIGITS: Final = 9
_NUMBER: Final = re.compile(rb"[0-9](?<![\w.@$\x80-\xff][0-9])[0-9]{0,8}(?![\w.@$\x80-\xff])")
_STRING: Final = re.compile(rb"'[^']*'")
_NO_STRING: Final = b"''"
# The statements whose strings are values and nothing else, where the judge says that they do not matter.
_WITH_STRINGS: Final = frozenset({"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"})
# Printable ASCII without quotes, backslash, dollar, #, @; empty strings; no comments.
_PLAIN: Final = re.compile(rb"(?!.*(?:--|/\*))(?:[\t\n\r !%&()*+,\-./0-9:;<=>?A-Z\[\]^_a-z{|}~]|'')*", re.DOTALL)

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
        front = text.rstrip(_DIGITS)
        shape = self._ends.get(front)
        if shape is not None and 0 < len(text) - len(front) <= _MOST_DIGITS:
            return shape[0], b'%b"%b"%b' % (shape[1], text, shape[2])
        shape = self._shapes.get(_shape(text))
        if shape is None:
            return None
        inner = _inner(text)
        return None if inner is None else (shape[0], b'%b"%b"%b' % (shape[1], inner, shape[2]))

    def learn(self, packet: bytes, text: bytes, verdict: Verdict) -> None:
        """`packet` is a whole COM_QUERY with its header, `text` what it asks."""
        size = len(packet)
        if size > _LIMIT // 8:
            return
        if self._size + size > _LIMIT:
            self.clear()
        self._size += size + 100
        head = verdict.head
        if head is None or not _is_plain(text) or (b"'" in text and verdict.rulings[0].footprint.kind not in _WITH_STRINGS):
            self._packets[packet] = verdict, verdict.rulings[0].audit_body
            return
        self._shapes[_shape(text)] = shape = verdict, head, verdict.tail
        numbers = [*_NUMBER.finditer(text)]
        if len(numbers) == 1 and numbers[0].end() == len(text) and _inner(text) == text:
            self._ends[text[: numbers[0].start()]] = shape


def _shape(text: bytes) -> bytes:
    return _NUMBER.sub(b"0", _STRING.sub(_NO_STRING, text))


def _is_plain(text: bytes) -> bool:
    return text.isascii() and b"\\" not in text and _PLAIN.fullmatch(_shape(text)) is not None


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
