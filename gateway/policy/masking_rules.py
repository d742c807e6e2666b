"""`masking.toml`: which columns are masked, and how.

    [maskers.card]                  # a masker with parameters; null, email, digits and hash also exist as they are
    kind = "digits"                 # null constant partial email digits hash round truncate regex (gateway/model/masker.py)
    last = 4

    [classes]                       # a classification and its masker
    contact = "email"

    [[columns]]
    path = "*/shop/public/customers/email"
    class = "contact"               # or masker = "card"

The first entry that matches a column counts. `unmask` on the column or its relation shows values as they are.
"""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

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
from gateway.policy.patterns import DEEP
from gateway.policy.tables import PatternText, Section

Fill = Annotated[str, Field(min_length=1, max_length=1)]


class Null(Section):
    kind: Literal["null"]

    def spec(self) -> Masker:
        return NullMask()


class Constant(Section):
    kind: Literal["constant"]
    value: str

    def spec(self) -> Masker:
        return ConstantMask(self.value)


class Partial(Section):
    kind: Literal["partial"]
    first: int = Field(default=0, ge=0)
    last: int = Field(default=0, ge=0)
    fill: Fill = "*"

    def spec(self) -> Masker:
        return PartialMask(self.first, self.last, self.fill)


class Email(Section):
    kind: Literal["email"]

    def spec(self) -> Masker:
        return EmailMask()


class Digits(Section):
    kind: Literal["digits"]
    last: int = Field(default=4, ge=0)

    def spec(self) -> Masker:
        return DigitsMask(self.last)


class Hash(Section):
    kind: Literal["hash"]
    length: int = Field(default=16, ge=8, le=64)

    def spec(self) -> Masker:
        return HashMask(self.length)


class Round(Section):
    kind: Literal["round"]
    to: int = Field(default=1000, ge=1)

    def spec(self) -> Masker:
        return RoundMask(self.to)


class Truncate(Section):
    kind: Literal["truncate"]
    unit: Literal["year", "month", "day"] = "year"

    def spec(self) -> Masker:
        return TruncateMask(self.unit)


class Regex(Section):
    kind: Literal["regex"]
    pattern: str = Field(min_length=1, max_length=500)
    replacement: str

    @model_validator(mode="after")
    def _compiles(self) -> "Regex":
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from None
        return self

    def spec(self) -> Masker:
        return RegexMask(self.pattern, self.replacement)


MaskerTable = Annotated[
    Null | Constant | Partial | Email | Digits | Hash | Round | Truncate | Regex,
    Field(discriminator="kind"),
]
BUILT_IN: dict[str, Masker] = {"null": NullMask(), "email": EmailMask(), "digits": DigitsMask(), "hash": HashMask()}


class MaskedColumn(Section):
    """One entry: an object pattern whose last segment is the column's."""

    path: PatternText
    masker: str | None = None
    classification: str | None = Field(default=None, alias="class")

    @model_validator(mode="after")
    def _well_formed(self) -> "MaskedColumn":
        if (self.masker is None) == (self.classification is None):
            raise ValueError("give either `masker` or `class`")
        if self.column == DEEP or "/" not in self.path:
            raise ValueError(f"{self.path!r} must end in a column: instance/database/schema/table/column, `*` for every column")
        return self

    @property
    def relation(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def column(self) -> str:
        return self.path.rpartition("/")[2]


class MaskingRules(Section):
    maskers: dict[str, MaskerTable] = Field(default_factory=dict)
    classes: dict[str, str] = Field(default_factory=dict)
    columns: Annotated[tuple[MaskedColumn, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _names_exist(self) -> "MaskingRules":
        for classification, masker in self.classes.items():
            self._require(masker, f"classes.{classification}")
        for number, entry in enumerate(self.columns, start=1):
            if entry.classification is not None and entry.classification not in self.classes:
                known = ", ".join(sorted(self.classes)) or "none yet"
                raise ValueError(f"columns[{number}].class: no class {entry.classification!r}; there are: {known}")
            if entry.masker is not None:
                self._require(entry.masker, f"columns[{number}].masker")
        return self

    def _require(self, masker: str, key: str) -> None:
        known = self.maskers.keys() | BUILT_IN.keys()
        if masker not in known:
            raise ValueError(f"{key}: no masker {masker!r}; there are: {', '.join(sorted(known))}")

    def masker_of(self, entry: MaskedColumn) -> Masker:
        name = entry.masker if entry.masker is not None else self.classes[entry.classification or ""]
        return self.maskers[name].spec() if name in self.maskers else BUILT_IN[name]
