"""Who may do what to an issue. Policy decides; this says which question is asked."""

from gateway.changes.ports import Clock, Permits
from gateway.model.decision import Decision, Outcome
from gateway.model.errors import Forbidden
from gateway.model.footprint import DATABASE, Action
from gateway.model.identity import Principal, Target
from gateway.model.paths import object_path


class Authority:
    """Asks policy about the issue's database; for temporary access about the object asked for, where `path` names it.

    approve, reject   `approve` on the database; for one's own issue `approve_own` besides, so nobody approves their own
                      change unless a rule says so by that name
    see, comment      the requester, and whoever may `approve`, `ddl` or `admin` there
    cancel            the requester, and whoever may `approve` or `admin` there
    roll out          whoever may `approve` or `ddl` there, and the requester while they may still `propose`: they could as
                      well send each statement again
    """

    def __init__(self, permits: Permits, clock: Clock) -> None:
        self._permits = permits
        self._clock = clock

    def require_approval(self, principal: Principal, target: Target, requester: str, path: str | None = None) -> None:
        self._require(principal, target, Action.APPROVE, path)
        if principal.name == requester:
            own = self._decide(principal, target, Action.APPROVE_OWN, path)
            if own.outcome is not Outcome.ALLOW:
                raise Forbidden("another person must decide: you asked for this change yourself")

    def may_see(self, principal: Principal, target: Target, requester: str, path: str | None = None) -> bool:
        return principal.name == requester or self._any(principal, target, Action.APPROVE, Action.DDL, Action.ADMIN, path=path)

    def require_cancel(self, principal: Principal, target: Target, requester: str, path: str | None = None) -> None:
        if principal.name != requester and not self._any(principal, target, Action.ADMIN, path=path):
            self._require(principal, target, Action.APPROVE, path)

    def require_rollout(self, principal: Principal, target: Target, requester: str) -> None:
        if self._any(principal, target, Action.APPROVE, Action.DDL):
            return
        if principal.name == requester and self._any(principal, target, Action.PROPOSE):
            return
        self._require(principal, target, Action.APPROVE)

    def may_assume(self, principal: Principal, target: Target) -> bool:
        return self._any(principal, target, Action.APPROVE)

    def require_assumption(self, principal: Principal, target: Target) -> None:
        """To say what happened to an uncertain statement takes more than having asked for it."""
        self._require(principal, target, Action.APPROVE)

    def _any(self, principal: Principal, target: Target, *actions: Action, path: str | None = None) -> bool:
        return any(self._decide(principal, target, action, path).outcome is Outcome.ALLOW for action in actions)

    def _require(self, principal: Principal, target: Target, action: Action, path: str | None = None) -> None:
        decision = self._decide(principal, target, action, path)
        if decision.outcome is not Outcome.ALLOW:
            reason = decision.reason
            rule = f" (rule {reason.rule})" if reason.rule else ""
            raise Forbidden(f"{reason.text}{rule}")

    def _decide(self, principal: Principal, target: Target, action: Action, path: str | None = None) -> Decision:
        asked = path or object_path(target, DATABASE)
        return self._permits(
            principal, target.project, asked, action, self._clock(), client=None, environment=target.environment
        )
