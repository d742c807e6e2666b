"""Access that was given and never used is told as soon as it ends, once: in the audit, and in `gateway.issues` of whoever had
it and whoever gave it. Standing grants with an end and access for a time are the same here.
"""

import asyncio
import logging
from typing import Final

from gateway.changes.ports import Clock, Recorder
from gateway.model.errors import AuditUnavailable, StoreUnavailable
from gateway.model.event import EventKind
from gateway.model.identity import Principal, PrincipalKind
from gateway.store.grants import StoredGrant, claim_report, count_unused, ended_unused
from gateway.store.store import Store

_log = logging.getLogger("gateway.access")
LOOK_SECONDS: Final = 2.0
GRACE_SECONDS: Final = 5.0
"""Every worker of every gateway stores first uses within a second: so much later nothing is under way any more."""
ITSELF: Final = Principal("gateway", kind=PrincipalKind.SYSTEM)


class UnusedAccess:
    """Looks for access that ended unused. `running`: how much of what counts now was not used yet."""

    def __init__(self, store: Store, recorder: Recorder, *, clock: Clock) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self.running = 0

    async def run(self) -> None:
        """Until cancelled. What cannot be stored or recorded now is looked at again."""
        while True:
            try:
                await self.look()
            except (StoreUnavailable, AuditUnavailable) as error:
                _log.warning("unused access is reported later: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> list[StoredGrant]:
        """Report what has ended; what was reported. Raises StoreUnavailable, AuditUnavailable."""
        now = self._clock()
        async with self._store.read() as connection:
            ended = await ended_unused(connection, now - GRACE_SECONDS)
            self.running = await count_unused(connection, now)
        return [grant for grant in ended if await self._report(grant, now)]

    async def _report(self, grant: StoredGrant, now: float) -> bool:
        """The record is durable before the claim is: a crash between them reports twice rather than never."""
        async with self._store.write() as connection:
            if not await claim_report(connection, grant.id, now):
                return False
            await self._recorder.record(EventKind.ACCESS_UNUSED, ITSELF, None, _details(grant))
        _log.info("access ended and was never used", extra={"grant": grant.id, "subject": grant.subject})
        return True


def _details(grant: StoredGrant) -> dict[str, object]:
    revoked = grant.revoked_at is not None
    return {
        "grant": grant.id,
        "request": grant.request_id,
        "requester": grant.subject,
        "granted_by": grant.granted_by,
        "object": grant.object,
        "actions": [grant.action],
        "reason": grant.reason,
        "ended": "revoked" if revoked else "expired",
        "ended_at": grant.revoked_at if revoked else grant.expires_at,
    }
