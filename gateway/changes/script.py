"""A whole script becomes the statements of one issue."""

from gateway.changes import texts
from gateway.changes.ports import Ruled, Rules
from gateway.model.change import ChangeNamespace
from gateway.model.decision import Outcome
from gateway.model.errors import GatewayError
from gateway.model.footprint import Category
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.store.issues import NewTask


class ScriptRefused(GatewayError):
    """A statement of the script does not belong into an issue. The message names it and says why."""

    def __init__(self, position: int, statement: str, why: str) -> None:
        super().__init__(f"statement {position} ({texts.title_of(statement)}): {why}")
        self.position = position
        self.statement = statement


class ScriptReader:
    """Splits a script by the analysis room and holds each statement against policy, as if the requester had sent it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def read(
        self, principal: Principal, target: Target, client: ClientInfo, text: str, namespace: ChangeNamespace
    ) -> list[NewTask]:
        """The statements in order. Raises ScriptRefused for the first that policy does not want reviewed."""
        found: list[NewTask] = []
        position = 0
        for ruled in await self._rules(principal, target, client, text, namespace):
            if ruled.footprint.category is Category.EMPTY:
                continue
            position += 1
            statement = texts.statement_text(text, ruled.footprint)
            objection = _objection(ruled)
            if objection is not None:
                raise ScriptRefused(position, statement, objection)
            found.append(texts.new_task(statement, ruled.footprint))
        if not found:
            raise ScriptRefused(1, "", "the script holds no statement")
        return found


def _objection(ruled: Ruled) -> str | None:
    footprint, decision = ruled.footprint, ruled.decision
    if decision.outcome is Outcome.REVIEW:
        return None
    if footprint.category is Category.TRANSACTION:
        return "the rollout groups statements into transactions itself; leave it out"
    if decision.outcome is Outcome.DENY:
        if footprint.opaque is not None:
            return f"statement not understood: {footprint.opaque}"
        rule = f" (rule {decision.reason.rule})" if decision.reason.rule else ""
        return f"refused: {decision.reason.text}{rule}"
    return "needs no change issue: you may run it yourself"
