"""The desk where issues are opened, looked at and decided.

Every step follows one order: take the issue's row, check that the step is legal and that policy agrees, write the audit
record and wait until it is durable, commit. Nothing takes effect before its record stands; what has effects elsewhere
(a rollout, a released statement) begins after the commit.
"""

import asyncio
from collections.abc import Sequence

from gateway.changes import texts
from gateway.changes.authority import Authority
from gateway.changes.lifecycle import LIVE_ISSUES, LIVE_TASKS, Step, TaskStep, after, task_after
from gateway.changes.ports import Clock, Recorder, Requester, Ruled, Rules, Targets, Uncovered
from gateway.changes.release import Claims, Release
from gateway.changes.review import Review, reviewed, uncovering, unread_moves, unregistered
from gateway.changes.script import ScriptReader
from gateway.model.change import ChangeNamespace, Issue, IssueRef, IssueState, SchemaChange, TaskState
from gateway.model.errors import Conflict, GatewayError, NotFound
from gateway.model.event import EventKind
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.store.issues import IssueChange, IssueRepository, NewIssue, NewTask, Place, Seen

MAX_STATEMENTS = 1_000  # in one issue
MAX_OPEN = 200  # issues of one person that nobody has decided
MAX_COMMENT = 10_000  # characters
_NO_CLIENT = ClientInfo("")


class ChangeDesk:
    """Open, show, approve, reject, comment, cancel; and release an approved statement to its requester."""

    def __init__(
        self,
        repository: IssueRepository,
        recorder: Recorder,
        authority: Authority,
        *,
        targets: Targets,
        rules: Rules,
        base_url: str,
        clock: Clock,
        claims: Claims,
        uncovered: Uncovered,
    ) -> None:
        self._repository = repository
        self._recorder = recorder
        self._authority = authority
        self._targets = targets
        self._script = ScriptReader(rules)
        self._rules = rules
        self._uncovered = uncovered
        self._base = base_url.rstrip("/")
        self._clock = clock
        self._claims = claims

    def ref(self, number: int) -> IssueRef:
        """The address answers with the issue itself, today through the API."""
        return IssueRef(number, f"{self._base}/api/v1/issues/{number}")

    # Opening

    async def refused(
        self,
        who: Requester,
        ruling: Ruled,
        text: str,
        search_path: Sequence[str],
        flags: Sequence[tuple[str, str]] = (),
    ) -> IssueRef:
        """The issue for a statement that policy wants reviewed; `text` is what was sent, the footprint says which part.

        The same statement of the same person on the same database in the same namespace has one issue until it has run or
        the issue is over. Raises Conflict when the person has too many undecided issues, AuditUnavailable, StoreUnavailable.
        """
        statement = texts.statement_text(text, ruling.footprint)
        namespace = ChangeNamespace(tuple(search_path), tuple(sorted(flags)))
        task = texts.new_task(statement, ruling.footprint)
        known = await self._standing(self._repository, who, statement, namespace)
        if known is not None:
            return self.ref(known)
        async with self._repository.change() as change:
            known = await self._standing(change, who, statement, namespace)
            if known is not None:
                return self.ref(known)
            return self.ref(await self._add(change, who, [task], namespace))

    async def create(
        self,
        principal: Principal,
        target: Target,
        text: str,
        *,
        client: ClientInfo = _NO_CLIENT,
        namespace: ChangeNamespace | None = None,
        title: str = "",
    ) -> IssueRef:
        """A whole script as one issue. Each of its statements must be one that policy wants reviewed for this person.

        Raises ScriptRefused, which names the statement: refused outright, needing no issue, or not understood.
        """
        namespace = namespace or ChangeNamespace()
        new = await self._script.read(principal, target, client, text, namespace)
        if len(new) > MAX_STATEMENTS:
            raise Conflict(f"{len(new)} statements; an issue holds at most {MAX_STATEMENTS}")
        who = _Submitter(principal, target, client)
        async with self._repository.change() as change:
            return self.ref(await self._open(change, who, new, namespace, title))

    async def _standing(
        self, source: IssueRepository | IssueChange, who: Requester, statement: str, namespace: ChangeNamespace
    ) -> int | None:
        target = who.target
        found = await source.find_statement(who.principal.name, target.instance, target.database, statement)
        for issue, task in found:
            if issue.state in LIVE_ISSUES and task.state in LIVE_TASKS and issue.namespace == namespace:
                return issue.number
        return None

    async def _add(self, change: IssueChange, who: Requester, new: list[NewTask], namespace: ChangeNamespace) -> int:
        target = who.target
        issue = await change.find_extendable(who.principal.name, target.instance, target.database, who.session_id, namespace)
        if issue is None or len(issue.tasks) + len(new) > MAX_STATEMENTS:
            return await self._open(change, who, new, namespace, "")
        after(issue.number, issue.state, Step.EXTEND)
        now = self._clock()
        await change.add_tasks(issue.number, len(issue.tasks) + 1, new)
        title = texts.title_of(issue.tasks[0].text, len(issue.tasks) + len(new) - 1)
        await change.update_issue(issue.number, now, bump=True, title=title)
        await change.add_event(issue.number, now, who.principal.name, "extended", _kinds(new))
        await self._record(
            EventKind.ISSUE_EXTENDED, who, issue.number, version=issue.version + 1, statements=texts.for_the_log(new)
        )
        return issue.number

    async def _open(
        self, change: IssueChange, who: Requester, new: list[NewTask], namespace: ChangeNamespace, title: str
    ) -> int:
        if await change.count_open(who.principal.name) >= MAX_OPEN:
            raise Conflict(f"you have {MAX_OPEN} undecided issues: cancel some, or have them decided, before you ask for more")
        target, now = who.target, self._clock()
        head = NewIssue(
            title=title[:255] or texts.title_of(new[0].text, len(new) - 1),
            requester=who.principal.name,
            instance=target.instance,
            database=target.database,
            project=target.project,
            session=who.session_id,
            namespace=namespace,
        )
        number = await change.insert(head, now)
        await change.add_tasks(number, 1, new)
        await change.add_event(number, now, who.principal.name, "opened", _kinds(new))
        await self._record(EventKind.ISSUE_OPENED, who, number, version=1, statements=texts.for_the_log(new))
        return number

    # Reading

    async def show(self, principal: Principal, number: int) -> Issue:
        """The issue; the first look of somebody else closes it for further statements. Raises NotFound."""
        issue, _ = await self._visible(principal, number)
        if issue.looked_at is None and issue.state is IssueState.OPEN and principal.name != issue.requester:
            async with self._repository.change(number) as change:
                await change.update_issue(number, issue.updated_at, looked_at=self._clock())
                return texts.shown(await change.issue())
        return texts.shown(issue)

    async def review(self, issue: Issue) -> Review:
        """The automatic review of an issue that `show` or a step gave back. In a thread: parsing takes its time."""
        target = await self._targets(issue.instance, issue.database)
        statements = tuple(task.text for task in issue.tasks)
        if target is None:
            return unregistered(len(statements))
        found = await asyncio.to_thread(reviewed, target.engine, statements)
        try:
            return uncovering(found, await self._moved(issue, target))
        except GatewayError as error:  # the server cannot be asked: the issue is shown nonetheless
            return unread_moves(found, str(error))

    async def _moved(self, issue: Issue, target: Target) -> list[tuple[int, str, str]]:
        """Masked columns that the statements take out from under their entries, with the statements' positions."""
        principal, client = Principal(issue.requester), _NO_CLIENT
        found = []
        for position, task in enumerate(issue.tasks, start=1):
            for ruled in await self._rules(principal, target, client, task.text, issue.namespace):
                found += [(position, *pair) for pair in self._uncovered(target, ruled.footprint)]
        return found

    async def schema_change(self, principal: Principal, number: int) -> SchemaChange:
        await self._visible(principal, number)
        return await self._repository.schema_change(number)

    async def listing(
        self,
        principal: Principal,
        *,
        states: Sequence[IssueState] = (),
        requester: str | None = None,
        database: tuple[str, str] | None = None,
        below: int | None = None,
        limit: int = 100,
    ) -> tuple[Issue, ...]:
        """What this person may see, newest first, without tasks and events."""
        seen = Seen(
            principal.name,
            frozenset([place for place in await self._repository.places() if await self._sees(principal, place)]),
        )
        return await self._repository.listing(
            states=states, requester=requester, database=database, seen=seen, below=below, limit=limit
        )

    async def _sees(self, principal: Principal, place: Place) -> bool:
        """Whether this person sees everybody's issues there."""
        return self._authority.may_see(principal, await self._target(place), "")

    # Deciding

    async def approve(self, principal: Principal, number: int, version: int, comment: str = "") -> Issue:
        """Approve the version that was seen. Raises Conflict when it changed since, Forbidden, NotFound."""
        await self._visible(principal, number)
        async with self._repository.change(number) as change:
            issue = await change.issue()
            target = await self._target(issue)
            self._authority.require_approval(principal, target, issue.requester)
            state = after(number, issue.state, Step.APPROVE)
            if issue.version != version:
                raise Conflict(
                    f"issue #{number} changed since you looked: you saw version {version}, it is now {issue.version}; "
                    "look again before you approve"
                )
            now = self._clock()
            for task in issue.tasks:
                task_after(task.position, task.state, TaskStep.APPROVE)
            await change.update_tasks((task.id for task in issue.tasks), state=TaskState.APPROVED)
            looked = issue.looked_at if issue.looked_at is not None else now
            await change.update_issue(number, now, bump=True, state=state.value, looked_at=looked)
            await self._step(change, principal, target, issue, EventKind.ISSUE_APPROVED, comment=comment, version=version)
            return texts.shown(await change.issue())

    async def reject(self, principal: Principal, number: int, comment: str) -> Issue:
        """Turn it down, or take an approval back before anything ran. The comment must say why."""
        if not comment.strip():
            raise Conflict("a rejection needs a comment: say what should change")
        await self._visible(principal, number)
        async with self._repository.change(number) as change:
            issue = await change.issue()
            target = await self._target(issue)
            self._authority.require_approval(principal, target, issue.requester)
            state = after(number, issue.state, Step.REJECT)
            _require_untouched(issue, "rejected")
            await change.update_issue(number, self._clock(), bump=True, state=state.value)
            await self._step(change, principal, target, issue, EventKind.ISSUE_REJECTED, comment=comment)
            return texts.shown(await change.issue())

    async def cancel(self, principal: Principal, number: int, comment: str = "") -> Issue:
        """Nothing more of it will run; what has run stays.

        A statement without an outcome becomes UNCERTAIN: after a rollout that broke off, and, where an approver cancels, one
        that a session had claimed.
        """
        await self._visible(principal, number)
        async with self._repository.change(number) as change:
            issue = await change.issue()
            target = await self._target(issue)
            self._authority.require_cancel(principal, target, issue.requester)
            state = after(number, issue.state, Step.CANCEL)
            if not self._authority.may_assume(principal, target):
                _require_unclaimed(issue, "cancelled")
            for task in issue.tasks:
                if task.state in (TaskState.CLAIMED, TaskState.RUNNING):
                    lost = task_after(task.position, task.state, TaskStep.LOSE)
                    await change.update_tasks([task.id], state=lost)
            await change.update_issue(number, self._clock(), bump=True, state=state.value)
            await self._step(change, principal, target, issue, EventKind.ISSUE_CANCELLED, comment=comment)
            return texts.shown(await change.issue())

    async def comment(self, principal: Principal, number: int, comment: str) -> Issue:
        if not comment.strip():
            raise Conflict("an empty comment says nothing")
        _, target = await self._visible(principal, number)
        async with self._repository.change(number) as change:
            issue = await change.issue()
            after(number, issue.state, Step.COMMENT)
            await change.update_issue(number, self._clock())
            await self._step(change, principal, target, issue, EventKind.ISSUE_COMMENTED, comment=comment)
            return texts.shown(await change.issue())

    # Sending it again

    async def release(
        self,
        who: Requester,
        text: str,
        search_path: Sequence[str],
        flags: Sequence[tuple[str, str]] = (),
        rulings: Sequence[Ruled] = (),
    ) -> Release | None:
        """Claim the approved statements of this text for this session, all or none; None where not all are approved.

        `rulings` are those whose outcome was REVIEW, in order; without them `text` counts as one statement. A claim is bound
        to person, database, namespace and the exact text, and to the order of the issue: a statement waits for those before it
        (done, or claimed by the same session). Raises AuditUnavailable, StoreUnavailable: then nothing is claimed.
        """
        pieces = [texts.statement_text(text, ruling.footprint) for ruling in rulings] or [texts.exact_text(text)]
        namespace = ChangeNamespace(tuple(search_path), tuple(sorted(flags)))
        return await self._claims.claim(who, pieces, namespace)

    # Shared steps

    async def _visible(self, principal: Principal, number: int) -> tuple[Issue, Target]:
        issue = await self._repository.issue(number)
        if issue is not None:
            target = await self._target(issue)
            if self._authority.may_see(principal, target, issue.requester):
                return issue, target
        raise NotFound(f"no issue #{number}")

    async def _target(self, issue: Issue | Place) -> Target:
        """The issue's database; where it is registered no more, what the issue remembers of it."""
        found = await self._targets(issue.instance, issue.database)
        return found or Target(Engine.POSTGRES, issue.instance, issue.database, environment="", project=issue.project)

    async def _step(
        self,
        change: IssueChange,
        principal: Principal,
        target: Target,
        issue: Issue,
        kind: EventKind,
        *,
        comment: str,
        **details: object,
    ) -> None:
        if len(comment) > MAX_COMMENT:
            raise Conflict(f"the comment has {len(comment)} characters; at most {MAX_COMMENT}")
        await change.add_event(issue.number, self._clock(), principal.name, kind.value.removeprefix("issue."), comment)
        body: dict[str, object] = {"issue": issue.number, "requester": issue.requester, "comment": comment, **details}
        await self._recorder.record(kind, principal, target, body)

    async def _record(self, kind: EventKind, who: Requester, number: int, **details: object) -> None:
        body: dict[str, object] = {"issue": number, "session": who.session_id, "requester": who.principal.name, **details}
        await self._recorder.record(kind, who.principal, who.target, body)


class _Submitter:
    """Somebody who hands in a script without a database session."""

    session_id = ""

    def __init__(self, principal: Principal, target: Target, client: ClientInfo) -> None:
        self.principal = principal
        self.target = target
        self.client = client


def _require_untouched(issue: Issue, verb: str) -> None:
    started = [task.position for task in issue.tasks if task.state not in (TaskState.WAITING, TaskState.APPROVED)]
    if started:
        raise Conflict(f"issue #{issue.number} cannot be {verb}: statement {started[0]} has already started; cancel it instead")


def _require_unclaimed(issue: Issue, verb: str) -> None:
    busy = [task for task in issue.tasks if task.state is TaskState.CLAIMED]
    if busy:
        first = busy[0]
        raise Conflict(
            f"issue #{issue.number} cannot be {verb}: statement {first.position} is running in session {first.claimed_by}"
        )


def _kinds(new: Sequence[NewTask]) -> str:
    return ", ".join(task.kind for task in new[:50]) + (", …" if len(new) > 50 else "")
