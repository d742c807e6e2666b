"""What this session has sent before and may send again at once: the shortest way from bytes to a verdict.

Keyed by whole packets. A text whose only literals are numbers is also known by its shape: the text with each of them made the
same. Only texts without quotes, comments, backslashes and variables whose names could hide a number get a shape; every other
byte of two texts of one shape is the same, so both are alike in that. Everything here falls with the session's stamp.
"""

import re
from typing import Final

from gateway.verdict import Verdict

_LIMIT: Final = 48 * 1024  # bytes of keys in one session
_NUMBER: Final = re.compile(rb"(?<![\w.@$\x80-\xff])[0-9]{1,9}(?![\w.@$\x80-\xff])")
# Printable ASCII without quotes of any kind, backslash, dollar, #, @; no comments.
_PLAIN: Final = re.compile(rb"(?!.*(?:--|/\*))[\t\n\r !%&()*+,\-./0-9:;<=>?A-Z\[\]^_a-z{|}~]*", re.DOTALL)


class Known:
    __slots__ = ("_size", "queries", "shapes")

    def __init__(self) -> None:
        self.queries: dict[bytes, Verdict] = {}
        self.shapes: dict[bytes, Verdict] = {}
        self._size = 0

    def clear(self) -> None:
        self.queries.clear()
        self.shapes.clear()
        self._size = 0

    def shape(self, text: bytes) -> Verdict | None:
        """The verdict of a text's shape."""
        return self.shapes.get(_NUMBER.sub(b"0", text)) if self.shapes else None

    def learn(self, packet: bytes, text: bytes, verdict: Verdict) -> None:
        """`packet` is a whole COM_QUERY with its header, `text` what it asks."""
        size = len(packet)
        if size > _LIMIT // 8:
            return
        if self._size + size > _LIMIT:
            self.clear()
        self._size += size + 100
        if verdict.head is not None and _PLAIN.fullmatch(text) is not None:
            self.shapes[_NUMBER.sub(b"0", text)] = verdict
        else:
            self.queries[packet] = verdict
