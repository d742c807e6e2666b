"""A change issue: statements that another person looks at before they reach the database."""

from dataclasses import dataclass
from enum import StrEnum


class IssueState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    ROLLING_OUT = "rolling_out"
    DONE = "done"
    FAILED = "failed"  # a rollout stopped; it can be resumed
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class TaskState(StrEnum):
    WAITING = "waiting"  # nobody has approved it
    APPROVED = "approved"  # it may run once
    CLAIMED = "claimed"  # the requester's session is running it
    RUNNING = "running"  # a rollout is running it
    DONE = "done"
    FAILED = "failed"  # the server said no and nothing of it stayed
    UNCERTAIN = "uncertain"  # nobody knows whether it ran: a person says so


@dataclass(frozen=True, slots=True)
class ChangeNamespace:
    """The session state the statements were written in; they run in the same. `flags` as in `Namespace`."""

    search_path: tuple[str, ...] = ("public",)
    flags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One statement of an issue. `position` counts from 1; times are Unix seconds."""

    id: int
    position: int
    text: str
    kind: str
    transactional: bool
    state: TaskState
    marker: str | None = None
    attempts: int = 0
    error: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    claimed_by: str | None = None


@dataclass(frozen=True, slots=True)
class IssueEvent:
    """One step in an issue's history. `kind` is the event kind without its `issue.`."""

    time: float
    actor: str
    kind: str
    comment: str


@dataclass(frozen=True, slots=True)
class Issue:
    """`version` grows with every change of what an approver reads or decides on; an approval names the one it saw."""

    number: int
    title: str
    requester: str
    instance: str
    database: str
    project: str
    session: str
    namespace: ChangeNamespace
    state: IssueState
    version: int
    looked_at: float | None
    created_at: float
    updated_at: float
    lease_owner: str | None
    lease_until: float | None
    tasks: tuple[Task, ...] = ()
    events: tuple[IssueEvent, ...] = ()

    @property
    def address(self) -> str:
        return f"{self.instance}/{self.database}"


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """The schema before and after as JSON lines (None: not read), and their difference for people."""

    before: str | None
    after: str | None
    difference: str | None


@dataclass(frozen=True, slots=True)
class IssueRef:
    """What a refusal points at."""

    number: int
    url: str
