"""What this room asks of others. The composition root injects whatever fits these shapes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from gateway.model.change import ChangeNamespace
from gateway.model.decision import Decision
from gateway.model.event import EventKind
from gateway.model.footprint import Action, Footprint
from gateway.model.identity import ClientInfo, Principal, Target


class Requester(Protocol):
    """Who asks, of which database, in which session (`verdict.SessionIdentity` has this shape)."""

    @property
    def principal(self) -> Principal: ...
    @property
    def target(self) -> Target: ...
    @property
    def client(self) -> ClientInfo: ...
    @property
    def session_id(self) -> str: ...


class Ruled(Protocol):
    """A statement of a text with what was decided about it (`verdict.Ruling` has this shape)."""

    @property
    def footprint(self) -> Footprint: ...
    @property
    def decision(self) -> Decision: ...


class Recorder(Protocol):
    """The audit log. Returns once the record is durable. Raises AuditUnavailable: then the step must not happen."""

    async def record(self, kind: EventKind, actor: Principal, target: Target | None, details: Mapping[str, object]) -> None: ...


class Permits(Protocol):
    """Policy's answer for a step that is not a statement. `PolicySnapshot.permits` of the current snapshot has this shape."""

    def __call__(
        self,
        principal: Principal,
        project: str,
        path: str,
        action: Action,
        now: float,
        *,
        client: ClientInfo | None = None,
        environment: str = "",
    ) -> Decision: ...


class Rules(Protocol):
    """The one road for a script: its statements in order, each with policy's decision for this requester."""

    async def __call__(
        self, principal: Principal, target: Target, client: ClientInfo, text: str, namespace: ChangeNamespace
    ) -> Sequence[Ruled]: ...


# Paths of masked columns that a statement takes elsewhere, each with the place where no entry masks it alike.
Uncovered = Callable[[Target, Footprint], Sequence[tuple[str, str]]]
# `instance`, `database` -> the registered target, or None.
Targets = Callable[[str, str], Awaitable[Target | None]]
# A user's name -> the principal with present roles, or None.
People = Callable[[str], Awaitable[Principal | None]]
Clock = Callable[[], float]
