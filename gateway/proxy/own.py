"""Who answers what a client asks the gateway itself. Injected by the composition root."""

from typing import Protocol

from gateway.model.own import OwnRequest, Row
from gateway.model.statement import Namespace, Statement
from gateway.verdict import SessionIdentity


class OwnAnswers(Protocol):
    def recognise(self, who: SessionIdentity, statement: Statement) -> OwnRequest | None:
        """None where the text asks the server. Raises OwnRefused."""

    async def answer(self, who: SessionIdentity, request: OwnRequest, namespace: Namespace) -> list[Row]:
        """Does what a CALL asks for, once; its parameters are bound. Raises OwnRefused, GatewayError."""
