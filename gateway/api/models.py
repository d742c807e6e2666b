"""What goes in and out, as JSON. No model that goes out has a field for a secret, but `NewToken`, which is shown once."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.changes import Review
from gateway.model.change import Issue
from gateway.model.footprint import Action
from gateway.model.identity import Principal, Target
from gateway.store import ServerTls, StoredBinding, StoredGrant, StoredInstance, StoredToken, StoredUser
from gateway.store.access_requests import AccessRequest
from gateway.store.servers import TlsMode


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text holds no NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("not valid Unicode") from None
    return value


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=190), AfterValidator(_storable)]
Comment = Annotated[str, Field(max_length=10_000), AfterValidator(_storable)]
Password = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_storable)]
# Unix seconds up to the year 9999.
Moment = Annotated[float, Field(ge=0, le=253_402_300_799, allow_inf_nan=False)]


class Incoming(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(BaseModel):
    name: str


class LoginRequest(Incoming):
    user: Name
    password: Password


class NewToken(BaseModel):
    """The only time the token itself is shown."""

    token: str = Field(description="shown once; keep it")
    name: str
    user: str
    expires_at: float | None


class TokenRequest(Incoming):
    name: Name
    user: Name | None = Field(default=None, description="whose; oneself where it is left away")
    expires_in: Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)] | None = Field(
        default=None, description="seconds; a token without an end needs `admin` on gateway/tokens"
    )


class TokenOut(BaseModel):
    name: str
    user: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None

    @classmethod
    def of(cls, token: StoredToken) -> Self:
        return cls(
            name=token.name,
            user=token.user,
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )


class TlsModel(Incoming):
    """How the gateway reaches the server: modes as libpq's sslmode, files in PEM form on the gateway's machine."""

    mode: TlsMode = "prefer"
    ca: Annotated[Text, Field(max_length=1000)] = ""
    cert: Annotated[Text, Field(max_length=1000)] = ""
    key: Annotated[Text, Field(max_length=1000)] = ""

    def stored(self) -> ServerTls:
        return ServerTls(self.mode, self.ca, self.cert, self.key)


class InstanceIn(Incoming):
    engine: Literal["postgres", "mysql"]
    host: Annotated[Text, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)]
    environment: Name
    username: Name
    password: Password | None = Field(default=None, description="written, never read back; left away: unchanged")
    tls: TlsModel = TlsModel()


class InstanceOut(BaseModel):
    name: str
    engine: str
    host: str
    port: int
    environment: str
    username: str
    has_password: bool
    tls_mode: str

    @classmethod
    def of(cls, instance: StoredInstance) -> Self:
        return cls(
            name=instance.name,
            engine=instance.engine.value,
            host=instance.host,
            port=instance.port,
            environment=instance.environment,
            username=instance.username,
            has_password=instance.has_password,
            tls_mode=instance.tls.mode,
        )


class DatabaseIn(Incoming):
    project: Annotated[Text, Field(max_length=190)] = Field(default="", description='"" is none')


class DatabaseOut(BaseModel):
    instance: str
    name: str
    engine: str
    environment: str
    project: str

    @classmethod
    def of(cls, target: Target) -> Self:
        return cls(
            instance=target.instance,
            name=target.database,
            engine=target.engine.value,
            environment=target.environment,
            project=target.project,
        )


class UserIn(Incoming):
    name: Name
    email: Annotated[Text, Field(max_length=255)] = ""
    password: Password | None = None
    disabled: bool = False


class UserChange(Incoming):
    email: Annotated[Text, Field(max_length=255)] | None = None
    disabled: bool | None = None


class PasswordIn(Incoming):
    password: Password
    current: Password | None = Field(default=None, description="needed for one's own")


class UserOut(BaseModel):
    name: str
    email: str
    disabled: bool
    has_password: bool

    @classmethod
    def of(cls, user: StoredUser) -> Self:
        return cls(name=user.name, email=user.email, disabled=user.disabled, has_password=user.verifier is not None)


class RoleHeld(BaseModel):
    role: str
    project: str | None
    expires_at: float | None


class Me(BaseModel):
    name: str
    kind: str
    roles: list[RoleHeld]

    @classmethod
    def of(cls, principal: Principal) -> Self:
        held = [RoleHeld(role=item.role, project=item.project, expires_at=item.expires_at) for item in principal.bindings]
        return cls(name=principal.name, kind=principal.kind.value, roles=held)


class GroupIn(Incoming):
    members: Annotated[list[Name], Field(max_length=10_000)] = []


class GroupOut(BaseModel):
    name: str
    members: list[str]


class Binding(Incoming):
    """A role that a user or group holds; project "" is every project."""

    kind: Literal["user", "group"] = "user"
    subject: Name
    role: Name
    project: Annotated[Text, Field(max_length=190)] = ""
    expires_at: Moment | None = None

    @classmethod
    def of(cls, binding: StoredBinding) -> Self:
        return cls(
            kind=binding.kind,
            subject=binding.subject,
            role=binding.role,
            project=binding.project,
            expires_at=binding.expires_at,
        )

    def stored(self) -> StoredBinding:
        return StoredBinding(self.kind, self.subject, self.role, self.project, self.expires_at)


class GrantIn(Incoming):
    """A permission beside the bundle. `project` "*" is every project."""

    subject: Name = Field(description="a user or a role")
    object: Annotated[Text, Field(min_length=1, max_length=700)]
    action: Annotated[Text, Field(max_length=32)]
    project: Name = "*"
    condition: Annotated[Text, Field(max_length=4000)] = ""
    effect: Literal["allow", "deny"] = "allow"
    reason: Comment = ""
    expires_at: Moment | None = None


class GrantOut(BaseModel):
    id: int
    subject: str
    project: str
    object: str
    action: str
    condition: str
    effect: str
    reason: str
    granted_by: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None

    @classmethod
    def of(cls, grant: StoredGrant) -> Self:
        return cls(**{name: getattr(grant, name) for name in cls.model_fields})


class IssueIn(Incoming):
    database: Annotated[Text, Field(max_length=400, description="instance/database")]
    sql: Annotated[Text, Field(min_length=1)]
    title: Annotated[Text, Field(max_length=255)] = ""
    search_path: Annotated[list[Name], Field(max_length=100)] = ["public"]


class IssueCreated(BaseModel):
    number: int
    url: str


class ApproveIn(Incoming):
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="the version that was read; 409 where it changed")
    comment: Comment = ""


class CommentIn(Incoming):
    comment: Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_storable)]


class OptionalCommentIn(Incoming):
    comment: Comment = ""


class RolloutIn(Incoming):
    assume: Literal["done", "not-done"] | None = Field(
        default=None, description="one's word on statements whose outcome nobody knows; look at the database first"
    )


class TaskOut(BaseModel):
    """`text` is what is bound and run; `formatted` is the same for reading, where its lines are long."""

    position: int
    text: str
    formatted: str | None
    kind: str
    transactional: bool
    state: str
    attempts: int
    error: str | None
    started_at: float | None
    finished_at: float | None


class FindingOut(BaseModel):
    """What the automatic review says about the statement at `position`. Advice: it stops no approval."""

    position: int
    level: Literal["info", "warning", "danger"]
    rule: str
    text: str
    advice: str


class EventOut(BaseModel):
    time: float
    actor: str
    kind: str
    comment: str


class IssueSummary(BaseModel):
    number: int
    title: str
    requester: str
    database: str
    project: str
    state: str
    version: int
    created_at: float
    updated_at: float

    @classmethod
    def of(cls, issue: Issue) -> Self:
        return cls(**_summary(issue))


class IssueOut(IssueSummary):
    url: str
    search_path: list[str]
    tasks: list[TaskOut]
    findings: list[FindingOut]
    events: list[EventOut]

    @classmethod
    def shown(cls, issue: Issue, url: str, review: Review) -> Self:
        kept = [name for name in TaskOut.model_fields if name != "formatted"]
        tasks = [
            TaskOut(**{name: getattr(task, name) for name in kept}, formatted=formatted)
            for task, formatted in zip(issue.tasks, review.formatted, strict=True)
        ]
        findings = [
            FindingOut(**{name: getattr(finding, name) for name in FindingOut.model_fields}) for finding in review.findings
        ]
        events = [EventOut(time=step.time, actor=step.actor, kind=step.kind, comment=step.comment) for step in issue.events]
        path = list(issue.namespace.search_path)
        return cls(**_summary(issue), url=url, search_path=path, tasks=tasks, findings=findings, events=events)


def _summary(issue: Issue) -> dict[str, Any]:
    return {
        "number": issue.number,
        "title": issue.title,
        "requester": issue.requester,
        "database": issue.address,
        "project": issue.project,
        "state": issue.state.value,
        "version": issue.version,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
    }


class SchemaOut(BaseModel):
    before: str | None
    after: str | None
    difference: str | None


class AccessIn(Incoming):
    """`object` is instance/database, with schema and table below it; patterns are allowed below the database."""

    object: Annotated[Text, Field(min_length=1, max_length=700)]
    actions: Annotated[list[Action], Field(min_length=1, max_length=20)]
    seconds: Annotated[int, Field(ge=1, le=366 * 86_400)]
    reason: Comment


class AccessOut(BaseModel):
    number: int
    requester: str
    project: str
    object: str
    actions: list[str]
    seconds: int
    reason: str
    state: str
    decided_by: str | None
    comment: str
    created_at: float
    decided_at: float | None

    @classmethod
    def of(cls, request: AccessRequest) -> Self:
        return cls(
            number=request.id,
            requester=request.requester,
            project=request.project,
            object=request.object,
            actions=[action.value for action in request.actions],
            seconds=request.seconds,
            reason=request.reason,
            state=request.state.value,
            decided_by=request.decided_by,
            comment=request.comment,
            created_at=request.created_at,
            decided_at=request.decided_at,
        )


class PolicyOut(BaseModel):
    version: str
    loaded_at: float
    roles: list[str]
    problem: str


class ExplainIn(Incoming):
    """Either a `statement`, or a `path` with an `action`."""

    database: Annotated[Text, Field(max_length=400, description="instance/database")]
    user: Name | None = None
    statement: Annotated[Text, Field(min_length=1)] | None = None
    search_path: Annotated[list[Name], Field(max_length=100)] = ["public"]
    path: Annotated[Text, Field(max_length=1000)] | None = None
    action: Action | None = None
    address: Annotated[Text, Field(max_length=64)] | None = Field(default=None, description="as if asked from there")


class DecisionOut(BaseModel):
    outcome: str
    code: str
    text: str
    rule: str
    hint: str
    policy_version: str
    kind: str | None = None
    opaque: str | None = None


class ExplainOut(BaseModel):
    decisions: list[DecisionOut]


class SessionOut(BaseModel):
    id: str
    user: str
    instance: str
    database: str
    project: str
    address: str
    application: str
    started_at: float
    statements: int


class AuditOut(BaseModel):
    records: list[dict[str, Any]]
    next: str | None


class Health(BaseModel):
    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = {}
