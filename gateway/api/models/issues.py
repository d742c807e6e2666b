"""Change issues."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field

from gateway.api.models.fields import Comment, Incoming, Name, Text, _storable
from gateway.changes import Review
from gateway.model.change import Issue


class IssueIn(Incoming):
    database: Annotated[Text, Field(max_length=400, description="instance/database")]
    sql: Annotated[Text, Field(min_length=1)]
    title: Annotated[Text, Field(max_length=255)] = ""
    search_path: Annotated[list[Name], Field(max_length=100)] = Field(default_factory=lambda: ["public"])


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
