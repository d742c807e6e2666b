"""The audit log in the shapes that other rooms ask for."""

from collections.abc import Callable, Mapping

from gateway.audit import AuditLog, fragment, session_fragment
from gateway.model.event import EventKind
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.proxy.outcome import Refused


class StepRecorder:
    """`changes.ports.Recorder` and `api.services.Recorder`: a step is durable before it takes effect."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def record(self, kind: EventKind, actor: Principal, target: Target | None, details: Mapping[str, object]) -> None:
        """Raises AuditUnavailable: then the step must not happen."""
        place = {} if target is None else {"instance": target.instance, "database": target.database}
        # The contract's order: who and where first, then what.
        body = {"session": details.get("session"), "user": actor.name, **place}
        body |= {name: value for name, value in details.items() if name not in body}
        await self._log.durable(self._log.append(kind, b"", fragment(body)))


class LoginRecorder:
    """`proxy.ports.LoginAudit`. `count` is told each login's result: accepted or refused."""

    def __init__(self, log: AuditLog, count: Callable[[str], None]) -> None:
        self._log = log
        self._count = count

    async def opened(self, session: str, principal: Principal, target: Target, client: ClientInfo) -> None:
        who = session_fragment(
            session,
            user=principal.name,
            client=client.address,
            application=client.application,
            instance=target.instance,
            database=target.database,
        )
        body = fragment({"tls": client.tls, "login": str(principal.kind)})
        await self._log.durable(self._log.append(EventKind.SESSION_OPEN, who, body))
        self._count("accepted")

    async def vanished(self, session: str) -> None:
        body = fragment({"error": {"code": "08006", "message": "the client or the server went away during login"}})
        await self._log.durable(self._log.append(EventKind.SESSION_CLOSE, fragment({"session": session}), body))

    async def refused(self, session: str, client: ClientInfo, refusal: Refused) -> None:
        self._count("refused")
        who = session_fragment(session, user=refusal.user, client=client.address, application=client.application)
        body = fragment({"database": refusal.database or None, "error": {"code": refusal.code, "message": refusal.reason}})
        await self._log.durable(self._log.append(EventKind.SESSION_REFUSED, who, body))
