"""What the API needs from the rest of the gateway. The composition root builds one `ApiServices`."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.changes import Review
from gateway.model.change import ChangeNamespace, Issue, IssueRef, IssueState, SchemaChange
from gateway.model.decision import Decision
from gateway.model.event import EventKind
from gateway.model.footprint import Action, Footprint
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.store import Store
from gateway.store.access_requests import AccessRequest, RequestState


class Permits(Protocol):
    """`PolicySnapshot.permits` of the current snapshot."""

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


class Recorder(Protocol):
    """The audit log. Returns once the record is durable. Raises AuditUnavailable: then nothing may change."""

    async def record(self, kind: EventKind, actor: Principal, target: Target | None, details: Mapping[str, object]) -> None: ...


class Throttle(Protocol):
    """Failed logins slow down, here and in the proxy by the same counts (`proxy.throttle.LoginThrottle`)."""

    def answer_wait(self, user: str, address: str) -> float | None: ...
    def failed(self, user: str, address: str) -> None: ...
    def succeeded(self, user: str) -> None: ...


class Ruled(Protocol):
    """One statement of a text with what was decided about it (`verdict.Ruling`)."""

    @property
    def footprint(self) -> Footprint: ...
    @property
    def decision(self) -> Decision: ...


class Explain(Protocol):
    """The one road without its end: every statement of `text` as it would be decided now. Runs and records nothing."""

    async def __call__(
        self, principal: Principal, target: Target, client: ClientInfo, text: str, namespace: ChangeNamespace
    ) -> Sequence[Ruled]: ...


class Desk(Protocol):
    """Change issues (`changes.ChangeDesk`)."""

    def ref(self, number: int) -> IssueRef: ...
    async def create(
        self,
        principal: Principal,
        target: Target,
        text: str,
        *,
        client: ClientInfo = ...,
        namespace: ChangeNamespace | None = None,
        title: str = "",
    ) -> IssueRef: ...
    async def show(self, principal: Principal, number: int) -> Issue: ...
    async def review(self, issue: Issue) -> Review: ...
    async def schema_change(self, principal: Principal, number: int) -> SchemaChange: ...
    async def listing(
        self,
        principal: Principal,
        *,
        states: Sequence[IssueState] = (),
        requester: str | None = None,
        database: tuple[str, str] | None = None,
        below: int | None = None,
        limit: int = 100,
    ) -> tuple[Issue, ...]: ...
    async def approve(self, principal: Principal, number: int, version: int, comment: str = "") -> Issue: ...
    async def reject(self, principal: Principal, number: int, comment: str) -> Issue: ...
    async def cancel(self, principal: Principal, number: int, comment: str = "") -> Issue: ...
    async def comment(self, principal: Principal, number: int, comment: str) -> Issue: ...


class AccessRequests(Protocol):
    """Access for a time (`changes.access.AccessDesk`)."""

    async def request(
        self, principal: Principal, path: str, actions: Sequence[Action], seconds: int, reason: str
    ) -> AccessRequest: ...
    async def show(self, principal: Principal, number: int) -> AccessRequest: ...
    async def listing(
        self,
        principal: Principal,
        *,
        states: Sequence[RequestState] = (),
        requester: str | None = None,
        below: int | None = None,
        limit: int = 100,
    ) -> tuple[AccessRequest, ...]: ...
    async def approve(self, principal: Principal, number: int, comment: str = "") -> AccessRequest: ...
    async def reject(self, principal: Principal, number: int, comment: str) -> AccessRequest: ...
    async def cancel(self, principal: Principal, number: int, comment: str = "") -> AccessRequest: ...
    async def revoke(self, principal: Principal, number: int, comment: str = "") -> AccessRequest: ...


class StartRollout(Protocol):
    """Begin (or resume) an issue's rollout as this person; it goes on in the background. Gives the issue as it then stands.

    `assume` is the person's word on statements whose outcome nobody knows: "done" or "not-done".
    """

    async def __call__(self, principal: Principal, number: int, assume: str | None = None) -> Issue: ...


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which records: all that is given must hold. Times are Unix seconds; `since` is included, `until` is not."""

    user: str | None = None
    relation: str | None = None
    outcome: str | None = None
    kind: str | None = None
    issue: int | None = None
    session: str | None = None
    instance: str | None = None
    database: str | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Records newest first, and where the next page begins (None: there is none)."""

    records: Sequence[Mapping[str, Any]]
    next: str | None


class SearchAudit(Protocol):
    """Raises ValueError for a cursor that it did not give out."""

    async def __call__(self, query: AuditQuery, cursor: str | None, limit: int) -> AuditPage: ...


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A client's session in any process of this gateway. Times are Unix seconds."""

    id: str
    user: str
    instance: str
    database: str
    project: str
    address: str
    application: str
    started_at: float
    statements: int


class Sessions(Protocol):
    def listing(self) -> Sequence[LiveSession]: ...
    async def end(self, session_id: str) -> bool:
        """End the session in its client's protocol; False where it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What decides now. `problem` says why the newest bundle on disk was not taken, or is ""."""

    version: str
    loaded_at: float
    roles: Sequence[str]
    problem: str = ""


# None: well. Otherwise what is wrong, in words for an operator, without secrets.
Probe = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Sizes in bytes, times in seconds."""

    body_bytes: int = 16 * 1024 * 1024
    login_token_seconds: float = 12 * 3600.0
    longest_token_seconds: float = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Everything the routes use. What is None answers 503 and says that it is not part of this process."""

    store: Store
    permits: Permits
    recorder: Recorder
    throttle: Throttle
    policy: Callable[[], PolicyState]
    metrics: Callable[[], bytes]
    explain: Explain | None = None
    desk: Desk | None = None
    rollout: StartRollout | None = None
    access: AccessRequests | None = None
    search_audit: SearchAudit | None = None
    sessions: Sessions | None = None
    probes: Mapping[str, Probe] = field(default_factory=dict)
    limits: ApiLimits = ApiLimits()
    clock: Callable[[], float] = time.time
    native_passwords: bool = False
