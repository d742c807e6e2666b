"""Access for a time: asked for with a reason, decided by another person, ended by the clock.

An approval writes one grant an action, bound to person, object and end, in the transaction that grows the store's version:
live sessions follow within a second. As with issues, the record is durable before the commit.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.changes.authority import Authority
from gateway.changes.ports import Clock, Recorder, Targets
from gateway.model.errors import Conflict, Forbidden, NotFound
from gateway.model.event import EventKind
from gateway.model.footprint import Action
from gateway.model.identity import Engine, Principal, Target
from gateway.policy.patterns import parse_pattern
from gateway.store.access_requests import (
    AccessRequest,
    NewRequest,
    RequestState,
    add_request,
    close_request,
    count_open,
    decide_request,
    find_request,
    list_requests,
)
from gateway.store.grants import StoredGrant, add_grant, revoke_grants_of
from gateway.store.store import Store

SHORTEST, LONGEST = 60, 90 * 24 * 3600  # seconds
MAX_OPEN = 100  # undecided requests of one person
MAX_TEXT = 2_000  # characters of a reason or comment
# What gives power over others is given by roles, never for the asking.
_PAGE = 500  # requests looked through at a time
REQUESTABLE = frozenset(Action) - {Action.APPROVE, Action.APPROVE_OWN, Action.ADMIN}


class AccessDesk:
    """Request, approve, reject, cancel, revoke and list temporary access."""

    def __init__(self, store: Store, recorder: Recorder, authority: Authority, *, targets: Targets, clock: Clock) -> None:
        self._store = store
        self._recorder = recorder
        self._authority = authority
        self._targets = targets
        self._clock = clock

    async def request(
        self, principal: Principal, path: str, actions: Sequence[Action], seconds: int, reason: str
    ) -> AccessRequest:
        """Ask for `actions` on `path` (instance/database/…, patterns allowed below the database) for `seconds`.

        Raises Conflict for what cannot be asked for, NotFound for a database that is not registered.
        """
        target = await self._target(path)
        _check(target, path, actions, seconds, reason)
        wanted = tuple(dict.fromkeys(actions))
        new = NewRequest(principal.name, target.project, path, wanted, seconds, reason.strip())
        async with self._store.write() as connection:
            number = await add_request(connection, new, self._clock())
            if await count_open(connection, principal.name) > MAX_OPEN:
                raise Conflict(f"you have {MAX_OPEN} undecided requests: cancel some before you ask for more")
            request = await find_request(connection, number)
            if request is None:
                raise NotFound(f"no access request #{number}")
            await self._record(EventKind.ACCESS_REQUESTED, principal, target, request)
        return request

    async def approve(self, principal: Principal, number: int, comment: str = "") -> AccessRequest:
        """The grants count from now on, for the time that was asked for. Raises NotFound, Forbidden, Conflict."""
        request, target = await self._visible(principal, number)
        self._authority.require_approval(principal, target, request.requester, request.object)
        async with self._store.change() as connection:
            now = self._clock()
            await _decide(connection, request, RequestState.APPROVED, by=principal.name, comment=comment, now=now)
            grants = [
                await add_grant(
                    connection,
                    StoredGrant(
                        subject=request.requester,
                        project=request.project or "*",
                        object=request.object,
                        action=action.value,
                        reason=request.reason,
                        granted_by=principal.name,
                        created_at=now,
                        expires_at=now + request.seconds,
                        request_id=request.id,
                    ),
                )
                for action in request.actions
            ]
            details = {"grants": grants, "expires_at": now + request.seconds, "comment": comment}
            await self._record(EventKind.ACCESS_APPROVED, principal, target, request, details)
        return await self._again(number)

    async def reject(self, principal: Principal, number: int, comment: str) -> AccessRequest:
        """The comment says why."""
        if not comment.strip():
            raise Conflict("a rejection needs a comment: say why")
        request, target = await self._visible(principal, number)
        self._authority.require_approval(principal, target, request.requester, request.object)
        return await self._close(principal, target, request, RequestState.REJECTED, comment)

    async def cancel(self, principal: Principal, number: int, comment: str = "") -> AccessRequest:
        request, target = await self._visible(principal, number)
        self._authority.require_cancel(principal, target, request.requester, request.object)
        return await self._close(principal, target, request, RequestState.CANCELLED, comment)

    async def revoke(self, principal: Principal, number: int, comment: str = "") -> AccessRequest:
        """End approved access before its time: by who may approve it, or by whoever has it. Live sessions follow at once.

        Raises NotFound, Forbidden, and Conflict where nothing of it counts any more."""
        request, target = await self._visible(principal, number)
        self._authority.require_cancel(principal, target, request.requester, request.object)
        async with self._store.change() as connection:
            now = self._clock()
            grants = await revoke_grants_of(connection, number, now)
            if not grants:
                raise Conflict(f"access request #{number} is {request.state.value}: there is no access that could be revoked")
            await close_request(connection, number, RequestState.REVOKED, by=principal.name, comment=comment, now=now)
            await self._record(EventKind.ACCESS_REVOKED, principal, target, request, {"grants": grants, "comment": comment})
        return await self._again(number)

    async def show(self, principal: Principal, number: int) -> AccessRequest:
        """Raises NotFound, also for what this person may not know of."""
        return (await self._visible(principal, number))[0]

    async def listing(
        self,
        principal: Principal,
        *,
        states: Sequence[RequestState] = (),
        requester: str | None = None,
        below: int | None = None,
        limit: int = 100,
    ) -> tuple[AccessRequest, ...]:
        """What this person asked for or may decide, newest first."""
        shown: list[AccessRequest] = []
        decides: dict[str, bool] = {}  # by object
        while True:
            async with self._store.read() as connection:
                page = await list_requests(connection, states=states, requester=requester, below=below, limit=_PAGE)
            for request in page:
                path = request.object
                if request.requester != principal.name and path not in decides:
                    decides[path] = await self._may_see(principal, path, request.requester)
                if request.requester == principal.name or decides[path]:
                    shown.append(request)
            if len(page) < _PAGE or len(shown) >= limit:
                return tuple(shown[:limit])
            below = page[-1].id

    async def waiting(self, principal: Principal) -> tuple[tuple[AccessRequest, bool], ...]:
        """Open requests of this person and those they may see, newest first, each with whether they may approve it."""
        found: list[tuple[AccessRequest, bool]] = []
        for request in await self.listing(principal, states=(RequestState.OPEN,)):
            try:
                target = await self._target(request.object)
                self._authority.require_approval(principal, target, request.requester, request.object)
            except (Forbidden, NotFound):
                found.append((request, False))
            else:
                found.append((request, True))
        return tuple(found)

    async def _close(
        self, principal: Principal, target: Target, request: AccessRequest, state: RequestState, comment: str
    ) -> AccessRequest:
        kind = EventKind.ACCESS_REJECTED if state is RequestState.REJECTED else EventKind.ACCESS_CANCELLED
        async with self._store.write() as connection:
            await _decide(connection, request, state, by=principal.name, comment=comment, now=self._clock())
            await self._record(kind, principal, target, request, {"comment": comment})
        return await self._again(request.id)

    async def _visible(self, principal: Principal, number: int) -> tuple[AccessRequest, Target]:
        async with self._store.read() as connection:
            request = await find_request(connection, number)
        if request is not None and (
            request.requester == principal.name or await self._may_see(principal, request.object, request.requester)
        ):
            return request, await self._target(request.object)
        raise NotFound(f"no access request #{number}")

    async def _may_see(self, principal: Principal, path: str, requester: str) -> bool:
        try:
            target = await self._target(path)
        except NotFound:
            return False
        return self._authority.may_see(principal, target, requester, path)

    async def _again(self, number: int) -> AccessRequest:
        async with self._store.read() as connection:
            request = await find_request(connection, number)
        if request is None:
            raise NotFound(f"no access request #{number}")
        return request

    async def _target(self, path: str) -> Target:
        instance, _, rest = path.partition("/")
        database = rest.partition("/")[0]
        target = await self._targets(unquote(instance), unquote(database))
        if target is None:
            raise NotFound(f"no database {instance}/{database}; write instance/database/schema/table")
        return target

    async def _record(
        self,
        kind: EventKind,
        principal: Principal,
        target: Target,
        request: AccessRequest,
        more: Mapping[str, object] | None = None,
    ) -> None:
        details: dict[str, object] = {
            "request": request.id,
            "requester": request.requester,
            "object": request.object,
            "actions": [action.value for action in request.actions],
            "seconds": request.seconds,
            "reason": request.reason,
        }
        await self._recorder.record(kind, principal, target, details | dict(more or {}))


async def _decide(
    connection: AsyncConnection, request: AccessRequest, state: RequestState, *, by: str, comment: str, now: float
) -> None:
    """Raises Conflict where another decision was first."""
    if len(comment) > MAX_TEXT:
        raise Conflict(f"the comment has {len(comment)} characters; at most {MAX_TEXT}")
    if not await decide_request(connection, request.id, state, decided_by=by, comment=comment, now=now):
        current = await find_request(connection, request.id)
        standing = current.state.value if current is not None else "gone"
        raise Conflict(f"access request #{request.id} is {standing}: nothing is left to decide")


def _check(target: Target, path: str, actions: Sequence[Action], seconds: int, reason: str) -> None:
    """What can be asked for at all. Raises Conflict."""
    if not actions:
        raise Conflict("ask for at least one action")
    forbidden = sorted(action.value for action in actions if action not in REQUESTABLE)
    if forbidden:
        raise Conflict(f"{', '.join(forbidden)} cannot be asked for; roles give it")
    if not SHORTEST <= seconds <= LONGEST:
        raise Conflict(f"access is given for {SHORTEST} seconds to {LONGEST // 86_400} days")
    if not reason.strip() or len(reason) > MAX_TEXT:
        raise Conflict(f"say why, in at most {MAX_TEXT} characters")
    try:
        segments = parse_pattern(path).segments
    except ValueError as error:
        raise Conflict(str(error)) from error
    deepest = 4 if target.engine is Engine.MYSQL else 5
    if len(segments) > deepest:
        raise Conflict("write the object as instance/database, or with schema, table and column below it")
