"""What a conversation needs from other rooms. `app.py` injects the real things; tests inject small ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.config import Limits
from gateway.model.change import IssueRef
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind
from gateway.proxy.obligations import Obligations
from gateway.proxy.own import OwnAnswers
from gateway.verdict import Judge, Ruling, SessionIdentity


class Audit(Protocol):
    """The audit log (`audit.AuditLog`)."""

    durable_position: int

    def append(self, kind: EventKind, session: bytes, body: bytes) -> int: ...

    def call_when_durable(self, position: int, callback: Callable[[AuditUnavailable | None], None]) -> None: ...


class Release(Protocol):
    """The right to run an approved statement once (`changes.Release`). Exactly one of both is called, once."""

    @property
    def number(self) -> int: ...

    async def finished(self, error: str | None) -> None: ...

    async def lost(self, reason: str) -> None: ...


class Changes(Protocol):
    """Where a statement goes that policy wants reviewed (`changes.ChangeDesk`)."""

    async def refused(
        self,
        who: SessionIdentity,
        ruling: Ruling,
        text: str,
        search_path: Sequence[str],
        flags: Sequence[tuple[str, str]] = (),
    ) -> IssueRef: ...

    async def release(
        self,
        who: SessionIdentity,
        text: str,
        search_path: Sequence[str],
        flags: Sequence[tuple[str, str]] = (),
        rulings: Sequence[Ruling] = (),
    ) -> Release | None: ...


Meter = Callable[[str, float], None]
"""Told (outcome, seconds) of every statement's end: "allow", "deny", "review", "error"."""

Waits = Callable[[float], None]
"""Told the seconds of every wait that the gateway imposed: for a decision that needed more than memory, for the disk."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything a conversation is given beside its session. The same for all of them."""

    judge: Judge
    audit: Audit
    changes: Changes | None
    limits: Limits
    meter: Meter | None = None
    waits: Waits | None = None
    obligations: Obligations | None = None
    own: OwnAnswers | None = None
