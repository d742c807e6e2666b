"""Small stand-ins for the rooms that changes asks: the log, policy, analysis."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.changes import Authority, ChangeDesk, Claims
from gateway.changes.executor import ConnectionLost
from gateway.model.change import ChangeNamespace
from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind
from gateway.model.footprint import Action, Category, Footprint
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.store.issues import IssueRepository
from gateway.verdict import Ruling, SessionIdentity

TARGET = Target(Engine.POSTGRES, "pg1", "shop", environment="prod", project="shop")
ALICE, BOB, CAROL, EVE = (Principal(name) for name in ("alice", "bob", "carol", "eve"))

# alice develops, bob and carol are DBAs, eve is nobody.
GRANTS: dict[str, set[Action]] = {
    "alice": {Action.PROPOSE},
    "bob": {Action.APPROVE, Action.DDL, Action.PROPOSE},
    "carol": {Action.APPROVE, Action.DDL, Action.PROPOSE},
    "eve": set(),
}


def decision(outcome: Outcome, text: str = "no rule allows it") -> Decision:
    return Decision(outcome, Reason(ReasonCode.NO_RULE, text), "test")


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@dataclass
class Permits:
    grants: dict[str, set[Action]] = field(default_factory=lambda: {name: set(actions) for name, actions in GRANTS.items()})
    withheld: tuple[str, ...] = ()
    asked: set[str] = field(default_factory=set)

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
    ) -> Decision:
        assert project == TARGET.project
        self.asked.add(path)
        if any(path.startswith(prefix) for prefix in self.withheld):
            return decision(Outcome.DENY)
        allowed = action in self.grants.get(principal.name, set())
        return decision(Outcome.ALLOW if allowed else Outcome.DENY, f"permission denied: {action} on {path}")


@dataclass
class Recorder:
    """The log as a list; `broken` is a full disk."""

    records: list[tuple[EventKind, str, Mapping[str, object]]] = field(default_factory=list)
    broken: bool = False

    async def record(self, kind: EventKind, actor: Principal, target: Target | None, details: Mapping[str, object]) -> None:
        if self.broken:
            raise AuditUnavailable("no space left on device")
        self.records.append((kind, actor.name, dict(details)))

    @property
    def kinds(self) -> list[EventKind]:
        return [kind for kind, _, _ in self.records]


async def targets(instance: str, database: str) -> Target | None:
    return TARGET if (instance, database) == ("pg1", "shop") else None


def session(principal: Principal = ALICE, session_id: str = "s1", target: Target = TARGET) -> SessionIdentity:
    return SessionIdentity(principal, target, ClientInfo("10.0.0.1", "psql"), session_id)


def ruling(kind: str = "ALTER TABLE", outcome: Outcome = Outcome.REVIEW, **footprint: object) -> Ruling:
    made = Footprint(kind, Category.DDL, **footprint)  # type: ignore[arg-type]
    return Ruling(made, decision(outcome), b"")


_STATEMENT = re.compile(r"[^;]+")


async def rules(
    principal: Principal, target: Target, client: ClientInfo, text: str, namespace: ChangeNamespace
) -> Sequence[Ruling]:
    """One ruling a statement: queries pass, DROP DATABASE is refused, the rest wants an issue."""
    found = []
    for match in _STATEMENT.finditer(text):
        words = match.group().split()
        if not words:
            continue
        category, outcome = Category.DDL, Outcome.REVIEW
        if words[0] == "SELECT":
            category, outcome = Category.QUERY, Outcome.ALLOW
        elif words[0] in ("BEGIN", "COMMIT"):
            category, outcome = Category.TRANSACTION, Outcome.ALLOW
        elif words[:2] == ["DROP", "DATABASE"]:
            outcome = Outcome.DENY
        alone = "CONCURRENTLY" in words or words[0] == "VACUUM"
        footprint = Footprint(" ".join(words[:2]), category, start=match.start(), end=match.end(), transactional=not alone)
        found.append(Ruling(footprint, decision(outcome), b""))
    return found


async def no_schema(target: Target) -> str:
    raise ConnectionLost(f"{target.address} cannot be reached")


@dataclass
class Desk:
    """A desk with everything around it within reach of the test."""

    repository: IssueRepository
    recorder: Recorder = field(default_factory=Recorder)
    permits: Permits = field(default_factory=Permits)
    clock: Clock = field(default_factory=Clock)
    uncovered: tuple[tuple[str, str], ...] = ()

    @property
    def authority(self) -> Authority:
        return Authority(self.permits, self.clock)

    def open(self) -> ChangeDesk:
        claims = Claims(self.repository, self.recorder, self.clock, no_schema)
        return ChangeDesk(
            self.repository,
            self.recorder,
            self.authority,
            targets=targets,
            rules=rules,
            base_url="http://127.0.0.1:6480/",
            clock=self.clock,
            claims=claims,
            uncovered=lambda _target, _footprint: self.uncovered,
        )
