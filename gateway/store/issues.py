"""Change issues in the metadata store: one row an issue, one a task, one an event.

Every change of an issue happens inside `IssueRepository.change(number)`, which first takes the issue's row with a write that
changes nothing; that is one lock on SQLite, PostgreSQL and MySQL alike, and what is read after it is current. Opening an
issue takes the `control` row in the same way, so that two workers that refuse the same statement find the same issue.
MySQL compares names without case, so what must be exact is compared again here.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import RowMapping, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.change import ChangeNamespace, Issue, IssueEvent, IssueState, SchemaChange, Task, TaskState
from gateway.model.errors import NotFound, StoreUnavailable
from gateway.store.schema import control, issue_events, issues, tasks
from gateway.store.secrets import SecretKey

if TYPE_CHECKING:  # the store itself calls `reencrypt`
    from gateway.store.store import Store

MAX_LISTED = 500
_SEAL = "sealed:"
_CONTEXT = "issue_tasks.text"
_PLACE = (issues.c.instance, issues.c.database_name, issues.c.project)
_HEAD = [column for column in issues.c if not column.name.startswith("snapshot_")]


@dataclass(frozen=True, slots=True)
class NewTask:
    """`secret`: the text holds a password or the like, and is ciphertext at rest."""

    text: str
    kind: str
    transactional: bool
    secret: bool = False


class Vault:
    """How statements lie in the store: digests are keyed, so that nobody guesses a password from one; secrets are sealed."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key
        self._digest_key = key.derive("issue-texts")

    def digest(self, text: str) -> str:
        """HMAC-SHA-256 of the exact text, in hexadecimal: the same for ever, for `derive` does not rotate."""
        return hmac.new(self._digest_key, text.encode(), hashlib.sha256).hexdigest()

    def store(self, text: str, *, secret: bool) -> str:
        # A statement never begins so by itself: no SQL command starts with this word, but what did would be sealed too.
        if not secret and not text.startswith(_SEAL):
            return text
        return _SEAL + base64.b64encode(self._key.encrypt(text.encode(), _CONTEXT)).decode("ascii")

    def load(self, stored: str) -> str:
        """Raises SecretUnreadable."""
        if not stored.startswith(_SEAL):
            return stored
        return self._key.decrypt(base64.b64decode(stored.removeprefix(_SEAL)), _CONTEXT).decode()


async def reencrypt(connection: AsyncConnection, key: SecretKey) -> int:
    """Seal every sealed statement with the current key; how many there were."""
    vault = Vault(key)
    sealed = select(tasks.c.id, tasks.c.text).where(tasks.c.text.startswith(_SEAL, autoescape=True))
    rows = (await connection.execute(sealed)).all()
    for identifier, stored in rows:
        renewed = vault.store(vault.load(stored), secret=True)
        await connection.execute(update(tasks).where(tasks.c.id == identifier).values(text=renewed))
    return len(rows)


@dataclass(frozen=True, slots=True)
class NewIssue:
    title: str
    requester: str
    instance: str
    database: str
    project: str
    session: str
    namespace: ChangeNamespace


class Place(NamedTuple):
    """Where issues belong: a database, and the project it was of."""

    instance: str
    database: str
    project: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose issues a listing shows: those of `requester`, and everybody's in `places`."""

    requester: str
    places: frozenset[Place]


class IssueChange:
    """An open store transaction that holds one issue's row (or, before an issue exists, the right to open one)."""

    def __init__(self, connection: AsyncConnection, vault: Vault, number: int | None) -> None:
        self._connection = connection
        self._vault = vault
        self._number = number

    async def issue(self, number: int | None = None) -> Issue:
        """The issue with tasks and events as they stand now. Raises NotFound."""
        wanted = number if number is not None else self._number
        found = None if wanted is None else await _read_issue(self._connection, self._vault, wanted)
        if found is None:
            raise NotFound(f"no issue #{wanted}")
        return found

    async def insert(self, new: NewIssue, now: float) -> int:
        """A new open issue; this change then speaks about it."""
        row = {
            "title": new.title,
            "requester": new.requester,
            "instance": new.instance,
            "database_name": new.database,
            "project": new.project,
            "session": new.session,
            "search_path": _dump_namespace(new.namespace),
            "state": IssueState.OPEN.value,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        result = await self._connection.execute(issues.insert().values(row))
        identity = result.inserted_primary_key
        if identity is None:
            raise StoreUnavailable("the store gave the new issue no number")
        self._number = number = int(identity[0])
        return number

    async def add_tasks(self, number: int, first_position: int, new: Sequence[NewTask]) -> None:
        rows = [
            {
                "issue_id": number,
                "position": position,
                "text": self._vault.store(task.text, secret=task.secret),
                "text_digest": self._vault.digest(task.text),
                "kind": task.kind[:64],
                "transactional": task.transactional,
                "state": TaskState.WAITING.value,
                "attempts": 0,
            }
            for position, task in enumerate(new, start=first_position)
        ]
        await self._connection.execute(tasks.insert(), rows)

    async def update_issue(self, number: int, now: float, *, bump: bool = False, **values: Any) -> None:
        """Set columns of the issue; `bump` makes approvals of the former version stale."""
        if bump:
            values["version"] = issues.c.version + 1
        await self._connection.execute(update(issues).where(issues.c.id == number).values(updated_at=now, **values))

    async def update_tasks(self, identifiers: Iterable[int], **values: Any) -> None:
        state = values.get("state")
        if isinstance(state, TaskState):
            values["state"] = state.value
        await self._connection.execute(update(tasks).where(tasks.c.id.in_(list(identifiers))).values(**values))

    async def add_event(self, number: int, now: float, actor: str, kind: str, comment: str) -> None:
        row = {"issue_id": number, "time": now, "actor": actor, "kind": kind, "comment": comment}
        await self._connection.execute(issue_events.insert().values(row))

    async def find_statement(self, requester: str, instance: str, database: str, text: str) -> list[tuple[Issue, Task]]:
        return await _find_statement(self._connection, requester, instance, database, text, vault=self._vault)

    async def count_open(self, requester: str) -> int:
        query = select(func.count()).select_from(issues)
        query = query.where(issues.c.requester == requester, issues.c.state == IssueState.OPEN.value)
        return int((await self._connection.execute(query)).scalar_one())

    async def find_extendable(
        self, requester: str, instance: str, database: str, session: str, namespace: ChangeNamespace
    ) -> Issue | None:
        """The newest open issue of this very session that nobody else has looked at, written in the same namespace."""
        query = (
            select(issues.c.id)
            .where(
                issues.c.requester == requester,
                issues.c.instance == instance,
                issues.c.database_name == database,
                issues.c.state == IssueState.OPEN.value,
                issues.c.session == session,
                issues.c.looked_at.is_(None),
            )
            .order_by(issues.c.id.desc())
            .limit(1)
        )
        number = (await self._connection.execute(query)).scalar_one_or_none()
        if number is None or not session:
            return None
        await _lock_issue(self._connection, number)
        found = await self.issue(number)
        exact = (found.requester, found.instance, found.database, found.session, found.namespace)
        still = found.state is IssueState.OPEN and found.looked_at is None
        return found if still and exact == (requester, instance, database, session, namespace) else None


class IssueRepository:
    """Reads and changes of issues over any of the store's back ends."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._vault = Vault(store.key)

    @asynccontextmanager
    async def change(self, number: int | None = None) -> AsyncIterator[IssueChange]:
        """Hold issue `number` (None: the right to open one) until the block ends; commits unless it raises.

        Raises NotFound, StoreUnavailable.
        """
        async with self._store.write() as connection:
            if number is None:
                await _lock_opening(connection)
            else:
                await _lock_issue(connection, number)
            yield IssueChange(connection, self._vault, number)

    async def issue(self, number: int) -> Issue | None:
        async with self._store.read() as connection:
            return await _read_issue(connection, self._vault, number)

    async def schema_change(self, number: int) -> SchemaChange:
        """Raises NotFound."""
        columns = (issues.c.snapshot_before, issues.c.snapshot_after, issues.c.snapshot_diff)
        async with self._store.read() as connection:
            row = (await connection.execute(select(*columns).where(issues.c.id == number))).first()
        if row is None:
            raise NotFound(f"no issue #{number}")
        return SchemaChange(row[0], row[1], row[2])

    async def listing(
        self,
        *,
        states: Sequence[IssueState] = (),
        requester: str | None = None,
        database: tuple[str, str] | None = None,
        seen: Seen | None = None,
        below: int | None = None,
        limit: int = 100,
    ) -> tuple[Issue, ...]:
        """Newest first, without tasks and events. `below` continues after the last number seen; `seen` None shows all."""
        query = select(*_HEAD).order_by(issues.c.id.desc()).limit(min(limit, MAX_LISTED))
        if states:
            query = query.where(issues.c.state.in_([state.value for state in states]))
        if requester is not None:
            query = query.where(issues.c.requester == requester)
        if database is not None:
            query = query.where(issues.c.instance == database[0], issues.c.database_name == database[1])
        if seen is not None:
            query = query.where(or_(issues.c.requester == seen.requester, tuple_(*_PLACE).in_(sorted(seen.places))))
        if below is not None:
            query = query.where(issues.c.id < below)
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(_issue(row, (), ()) for row in rows)

    async def places(self) -> frozenset[Place]:
        """Every database that there is an issue about."""
        async with self._store.read() as connection:
            rows = (await connection.execute(select(*_PLACE).distinct())).all()
        return frozenset(Place(*row) for row in rows)

    async def find_statement(self, requester: str, instance: str, database: str, text: str) -> list[tuple[Issue, Task]]:
        """Every task of this person on this database with exactly this text, newest issue first; issues without events."""
        async with self._store.read() as connection:
            return await _find_statement(connection, requester, instance, database, text, vault=self._vault)


async def _lock_opening(connection: AsyncConnection) -> None:
    result = await connection.execute(update(control).values(signals=control.c.signals))
    if result.rowcount != 1:
        raise StoreUnavailable("the store has no control row: it was not migrated")


async def _lock_issue(connection: AsyncConnection, number: int) -> None:
    result = await connection.execute(update(issues).where(issues.c.id == number).values(version=issues.c.version))
    if result.rowcount != 1:
        raise NotFound(f"no issue #{number}")


async def _find_statement(
    connection: AsyncConnection, requester: str, instance: str, database: str, text: str, *, vault: Vault
) -> list[tuple[Issue, Task]]:
    query = (
        select(tasks, issues.c.id.label("issue_number"))
        .join(issues, issues.c.id == tasks.c.issue_id)
        .where(
            tasks.c.text_digest == vault.digest(text),
            issues.c.requester == requester,
            issues.c.instance == instance,
            issues.c.database_name == database,
        )
        .order_by(issues.c.id.desc(), tasks.c.position)
        .limit(MAX_LISTED)
    )
    found: list[tuple[Issue, Task]] = []
    for row in (await connection.execute(query)).mappings().all():
        issue = await _read_issue(connection, vault, row["issue_number"], with_events=False)
        task = _task(vault, row)
        if issue is None or task.text != text:
            continue
        if (issue.requester, issue.instance, issue.database) == (requester, instance, database):
            found.append((issue, task))
    return found


async def _read_issue(connection: AsyncConnection, vault: Vault, number: int, *, with_events: bool = True) -> Issue | None:
    row = (await connection.execute(select(*_HEAD).where(issues.c.id == number))).mappings().first()
    if row is None:
        return None
    of_issue = select(tasks).where(tasks.c.issue_id == number).order_by(tasks.c.position)
    task_rows = (await connection.execute(of_issue)).mappings().all()
    events: tuple[IssueEvent, ...] = ()
    if with_events:
        history = select(issue_events).where(issue_events.c.issue_id == number).order_by(issue_events.c.id)
        event_rows = (await connection.execute(history)).mappings().all()
        events = tuple(IssueEvent(item["time"], item["actor"], item["kind"], item["comment"]) for item in event_rows)
    return _issue(row, tuple(_task(vault, item) for item in task_rows), events)


def _issue(row: RowMapping, its_tasks: tuple[Task, ...], events: tuple[IssueEvent, ...]) -> Issue:
    return Issue(
        number=row["id"],
        title=row["title"],
        requester=row["requester"],
        instance=row["instance"],
        database=row["database_name"],
        project=row["project"],
        session=row["session"],
        namespace=_load_namespace(row["search_path"]),
        state=IssueState(row["state"]),
        version=row["version"],
        looked_at=row["looked_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        lease_owner=row["lease_owner"],
        lease_until=row["lease_until"],
        tasks=its_tasks,
        events=events,
    )


def _task(vault: Vault, row: RowMapping) -> Task:
    return Task(
        id=row["id"],
        position=row["position"],
        text=vault.load(row["text"]),
        kind=row["kind"],
        transactional=bool(row["transactional"]),
        state=TaskState(row["state"]),
        marker=row["marker"],
        attempts=row["attempts"],
        error=row["error"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        claimed_by=row["claimed_by"],
    )


def _dump_namespace(namespace: ChangeNamespace) -> str:
    return json.dumps({"search_path": list(namespace.search_path), "flags": dict(namespace.flags)}, ensure_ascii=False)


def _load_namespace(text: str) -> ChangeNamespace:
    document = json.loads(text)
    return ChangeNamespace(tuple(document["search_path"]), tuple(sorted(document["flags"].items())))
