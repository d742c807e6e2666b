"""What policy answers. A bare bool never crosses rooms."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.footprint import Action, ColumnRef


class Outcome(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    REVIEW = "review"  # may not be done by hand: a change issue is opened


class ReasonCode(StrEnum):
    GRANTED = "granted"
    NO_RULE = "no_rule"
    DENIED_BY_RULE = "denied_by_rule"
    OPAQUE = "opaque"
    NEEDS_ISSUE = "needs_issue"
    APPROVED_ISSUE = "approved_issue"
    MASKED_COLUMN = "masked_column"
    WHERE_REQUIRED = "where_required"
    LIMIT_REACHED = "limit_reached"
    FUNCTION_CLASS = "function_class"
    SESSION_STATE = "session_state"
    ALWAYS = "always"  # needs no permission: SELECT 1, BEGIN


@dataclass(frozen=True, slots=True)
class Reason:
    """Why. `action` and `path` name the first access that failed; `rule` is the deciding rule, as `file:line` or "".

    `circumstance`: what of the statement asked for the action, where the path does not tell ("masked column used in WHERE").
    """

    code: ReasonCode
    text: str
    rule: str = ""
    hint: str = ""
    action: Action | None = None
    path: str = ""
    circumstance: str = ""


class Mode(StrEnum):
    ENFORCE = "enforce"
    WARN = "warn"  # passes; the client gets a notice, the audit says so
    SHADOW = "shadow"  # passes; only the audit says what would have happened


@dataclass(frozen=True, slots=True)
class MaskColumns:
    """Base columns whose values must not reach the client, with the masker's name for each."""

    columns: tuple[tuple[ColumnRef, str], ...]


@dataclass(frozen=True, slots=True)
class RowLimit:
    """At most this many rows and bytes of result (None: no bound), under the rule named. `paths`: the relations that the rule
    meets in the statement; rows of a day are counted for each."""

    max_rows: int | None
    max_bytes: int | None
    max_rows_per_day: int | None
    rule: str
    mode: Mode = Mode.ENFORCE
    truncate: bool = False
    paths: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """The server's work is cancelled after this many milliseconds."""

    milliseconds: int
    rule: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A rule in mode `warn` or `shadow` would have refused."""

    mode: Mode
    text: str
    rule: str


Obligation = MaskColumns | RowLimit | TimeLimit | Notice


@dataclass(frozen=True, slots=True)
class Decision:
    """`valid_until` (Unix seconds) is when clock-bound rules or grants may change the answer; the caller asks again then."""

    outcome: Outcome
    reason: Reason
    policy_version: str
    obligations: tuple[Obligation, ...] = ()
    valid_until: float = math.inf
