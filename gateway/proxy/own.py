"""What a client asks the gateway itself: who answers it, and how that becomes a verdict. The same for both engines."""

from typing import Protocol

from gateway.model.decision import Reason, ReasonCode
from gateway.model.own import OwnRefused, OwnRequest, Row
from gateway.model.statement import Namespace, Statement
from gateway.verdict import Judge, SessionIdentity, Verdict


class OwnAnswers(Protocol):
    """Injected by the composition root."""

    def recognise(self, who: SessionIdentity, statement: Statement) -> OwnRequest | None:
        """None where the text asks the server. Raises OwnRefused."""

    async def answer(self, who: SessionIdentity, request: OwnRequest, namespace: Namespace) -> list[Row]:
        """Does what a CALL asks for, once; its parameters are bound. Raises OwnRefused, GatewayError."""


async def answered(
    answers: OwnAnswers, judge: Judge, who: SessionIdentity, statement: Statement, request: OwnRequest
) -> tuple[Verdict, OwnRefused | None]:
    """The verdict with the rows, or the refusal's. Raises GatewayError where neither can be made."""
    try:
        rows = await answers.answer(who, request, statement.namespace)
    except OwnRefused as refused:
        return refused_verdict(judge, statement.text, refused), refused
    return judge.answered_here(statement.text, request, rows), None


def refused_verdict(judge: Judge, text: str, refused: OwnRefused) -> Verdict:
    reason = Reason(ReasonCode.OPAQUE, str(refused), hint=refused.hint)
    return judge.answered_here(text, None, (), reason)
