"""How a value is masked: the parameters, as policy states them. The masking room turns them into bytes.

Each has a canonical text (`str(spec)`), by which decisions, audit records and explanations name it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NullMask:
    """SQL NULL."""

    def __str__(self) -> str:
        return "null"


@dataclass(frozen=True, slots=True)
class ConstantMask:
    """The same value for all; where the column's type cannot hold it, NULL."""

    value: str

    def __str__(self) -> str:
        return f"constant({self.value!r})"


@dataclass(frozen=True, slots=True)
class PartialMask:
    """Keeps the first and last characters, fills the rest. A value that would be kept whole is filled whole."""

    first: int = 0
    last: int = 0
    fill: str = "*"

    def __str__(self) -> str:
        return f"partial(first={self.first}, last={self.last}, fill={self.fill!r})"


@dataclass(frozen=True, slots=True)
class EmailMask:
    """`a***@***.org`: the first character and the top-level domain."""

    def __str__(self) -> str:
        return "email"


@dataclass(frozen=True, slots=True)
class DigitsMask:
    """Every digit but the last ones becomes `*`; what stands between digits stays (cards, phones)."""

    last: int = 4

    def __str__(self) -> str:
        return f"digits(last={self.last})"


@dataclass(frozen=True, slots=True)
class HashMask:
    """A keyed hash, the same for the same value: can be joined and counted, not reversed."""

    length: int = 16  # characters of hexadecimal text

    def __str__(self) -> str:
        return f"hash(length={self.length})"


@dataclass(frozen=True, slots=True)
class RoundMask:
    """Numbers to a multiple of `to`, towards zero."""

    to: int = 1000

    def __str__(self) -> str:
        return f"round(to={self.to})"


@dataclass(frozen=True, slots=True)
class TruncateMask:
    """Dates and times to the start of their `unit`: year, month or day."""

    unit: str = "year"

    def __str__(self) -> str:
        return f"truncate(unit={self.unit})"


@dataclass(frozen=True, slots=True)
class RegexMask:
    """Every match of the pattern is replaced. Text that does not match at all is filled whole, never shown."""

    pattern: str
    replacement: str

    def __str__(self) -> str:
        return f"regex({self.pattern!r}, {self.replacement!r})"


Masker = NullMask | ConstantMask | PartialMask | EmailMask | DigitsMask | HashMask | RoundMask | TruncateMask | RegexMask
