"""Masking logical values: text, whole numbers, decimals, dates. Knows no wire format.

Every method answers with a masked value or None, which is SQL NULL: where a masker has no meaning for a type, nothing of
the value is shown.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from decimal import Decimal

from gateway.model.masker import (
    ConstantMask,
    DigitsMask,
    EmailMask,
    HashMask,
    Masker,
    NullMask,
    PartialMask,
    RegexMask,
    RoundMask,
    TruncateMask,
)

# A pattern runs over what a user stored: bounded, so that no value keeps the gateway busy.
_REGEX_LIMIT = 4_096
_DIGIT = re.compile(r"\d")
TextMasker = Callable[[str], str | None]


class ValueMasker:
    """One masker with the key for its hashes."""

    __slots__ = ("_key", "_pattern", "spec", "text")

    def __init__(self, spec: Masker, key: bytes) -> None:
        self.spec = spec
        self._key = key
        self._pattern = re.compile(spec.pattern) if isinstance(spec, RegexMask) else None
        self.text: TextMasker = self._text_masker()

    def whole(self, value: int, low: int, high: int) -> int | None:
        """A whole number, masked within the bounds of its type; one beyond them, which no sound server sends, is hidden."""
        spec = self.spec
        if not low <= value <= high:
            return None
        if isinstance(spec, RoundMask):
            rounded = abs(value) // spec.to * spec.to
            return -rounded if value < 0 else rounded
        if isinstance(spec, HashMask):
            return int.from_bytes(self.digest(str(value).encode())[:8]) % (high + 1)
        if isinstance(spec, ConstantMask):
            try:
                constant = int(spec.value)
            except ValueError:
                return None
            return constant if low <= constant <= high else None
        return None

    def decimal(self, value: Decimal) -> Decimal | None:
        """A number with a fraction; NaN and infinities are hidden but by a constant."""
        spec = self.spec
        if isinstance(spec, RoundMask) and value.is_finite():
            try:
                return value // spec.to * spec.to
            except ArithmeticError:  # more digits than the context's precision
                return None
        if isinstance(spec, ConstantMask):
            try:
                return Decimal(spec.value)
            except ArithmeticError:
                return None
        return None

    def day(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        """A date, as (year, month, day)."""
        if not isinstance(self.spec, TruncateMask):
            return None
        match self.spec.unit:
            case "year":
                return year, 1, 1
            case "month":
                return year, month, 1
            case _:
                return year, month, day

    def digest(self, value: bytes) -> bytes:
        """HMAC-SHA-256 of the value under the gateway's masking key."""
        return hmac.digest(self._key, value, hashlib.sha256)

    def _text_masker(self) -> TextMasker:
        match self.spec:
            case NullMask() | RoundMask() | TruncateMask():
                return _nothing
            case ConstantMask(value):
                return lambda _: value
            case PartialMask():
                return self._partial
            case EmailMask():
                return _email
            case DigitsMask(last):
                return lambda text: _digits(text, last)
            case HashMask(length):
                return lambda text: self.digest(text.encode("utf-8", "surrogateescape")).hex()[:length]
            case RegexMask():
                return self._regex

    def _partial(self, text: str) -> str:
        spec = self.spec
        if not isinstance(spec, PartialMask):
            raise TypeError(f"not a partial mask: {spec}")
        hidden = len(text) - spec.first - spec.last
        if hidden <= 0:
            return spec.fill * len(text)
        tail = text[len(text) - spec.last :] if spec.last else ""
        return text[: spec.first] + spec.fill * hidden + tail

    def _regex(self, text: str) -> str:
        spec, pattern = self.spec, self._pattern
        if not isinstance(spec, RegexMask) or pattern is None:
            raise TypeError(f"not a regex mask: {spec}")
        if len(text) > _REGEX_LIMIT:
            return "*" * 8
        masked, count = pattern.subn(spec.replacement, text)
        return masked if count else "*" * len(text)


def _nothing(_: str) -> None:
    return None


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at:
        return "*" * len(text)
    _, dot, top = domain.rpartition(".")
    return f"{local[:1]}***@***{dot}{top if dot else ''}"


def _digits(text: str, keep: int) -> str:
    """Fill all digits but the last `keep`; text with no more digits than that is filled whole."""
    count = len(_DIGIT.findall(text))
    if count <= keep:
        return "*" * len(text)
    return _DIGIT.sub("*", text, count - keep)
