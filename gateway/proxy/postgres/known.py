"""What this session has sent before and may send again at once: the shortest way from bytes to a verdict.

Keyed by whole frames. A Query whose only literals are short numbers is also known by its shape: the text with every digit made
the same. Only texts in which digits stand as numbers of their own (not in names, strings, comments or parameters) get a shape,
and a text has the same shape only if its digits stand at the same places, so both are alike in that. Numbers of up to nine
digits are all int4: the shape fixes the type of each literal. Everything here falls with the session's stamp.
"""

import re
from typing import Final

from gateway.proxy.postgres.ledger import Prepared
from gateway.verdict import Verdict

_LIMIT: Final = 48 * 1024  # bytes of keys in one session
_ALIKE: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
# Printable ASCII without quotes, backslash, dollar; no comments; every run of digits a number of one to nine digits.
_PLAIN: Final = re.compile(
    rb"(?!.*(?:--|/\*))(?:[\t\n\r !#%&()*+,\-./:;<=>?@A-Z\[\]^_`a-z{|}~]|(?<![\w.])[0-9]{1,9}(?![\w.]))*", re.DOTALL
)


class Known:
    __slots__ = ("_size", "batches", "queries", "shapes")

    def __init__(self) -> None:
        self.queries: dict[bytes, Verdict] = {}
        self.shapes: dict[bytes, Verdict] = {}
        self.batches: dict[bytes, Prepared] = {}
        self._size = 0

    def clear(self) -> None:
        self.queries.clear()
        self.shapes.clear()
        self.batches.clear()
        self._size = 0

    def shape(self, text: bytes) -> Verdict | None:
        """The verdict of a text's shape."""
        return self.shapes.get(text.translate(_ALIKE))

    def learn_query(self, frame: bytes, verdict: Verdict) -> None:
        """`frame` is a whole Query message."""
        if self._takes(len(frame)):
            text = frame[5:-1]
            if verdict.head is not None and _PLAIN.fullmatch(text) is not None:
                self.shapes[text.translate(_ALIKE)] = verdict
            else:
                self.queries[frame] = verdict

    def learn_parse(self, frame: bytes, prepared: Prepared) -> None:
        """`frame` is a whole Parse message for the unnamed statement."""
        if self._takes(len(frame)):
            self.batches[frame] = prepared

    def _takes(self, size: int) -> bool:
        if size > _LIMIT // 8:
            return False
        if self._size + size > _LIMIT:
            self.clear()
        self._size += size + 100
        return True
