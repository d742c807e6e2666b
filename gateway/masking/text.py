"""Cells that need to know no more of a type than that it is text, and the cell that shows nothing of any type."""

from collections.abc import Callable

from gateway.masking.ascii import ascii_masker
from gateway.masking.values import ValueMasker

Cell = Callable[[bytes], bytes | None]


def hide(_: bytes) -> None:
    """NULL, whatever the value is."""
    return


class TextCell:
    """Masks text in one character set. `spec` says how: many values at once are masked by it (`columns.py`)."""

    __slots__ = ("_codec", "_fast", "_mask", "spec")

    def __init__(self, masker: ValueMasker, codec: str = "utf-8") -> None:
        self.spec = masker.spec
        self._codec = codec
        self._mask = masker.text
        self._fast = ascii_masker(masker.spec)

    def __call__(self, value: bytes) -> bytes | None:
        if self._fast is not None and value.isascii():
            return self._fast(value)
        masked = self._mask(value.decode(self._codec, "surrogateescape"))
        try:
            return None if masked is None else masked.encode(self._codec, "surrogateescape")
        except UnicodeEncodeError:  # a replacement that the character set lacks
            return None
