"""Who answers what a client asks the gateway itself. Injected by the composition root."""

from typing import Protocol

from gateway.model.own import OwnRequest, Row
from gateway.verdict import SessionIdentity


class OwnAnswers(Protocol):
    def recognise(self, text: str) -> OwnRequest | None:
        """None where the text asks the server. Raises OwnRefused."""

    async def answer(self, who: SessionIdentity, request: OwnRequest, search_path: tuple[str, ...]) -> list[Row]:
        """Does what a CALL asks for, once. Raises OwnRefused, GatewayError."""
