"""What login hands to the conversation: two connected transports and everything that was agreed on the way."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.identity import ClientInfo, Principal, Target
from gateway.proxy.cancel import CancelAction
from gateway.proxy.sessions import Conversation
from gateway.wire.postgres.backend import BackendKeyData


@dataclass(frozen=True, slots=True)
class Session:
    """A session after both logins. It can only be made from an `Authenticated` client (habit 8).

    id                  hex, unique over all gateways; the audit's `session`
    protocol            the client's negotiated version, major << 16 | minor
    client, server      transports with reading paused and a login protocol still attached. The client has been told
                        ReadyForQuery. The conversation sets its own protocols with `set_protocol` (both transports
                        take it, TLS or not), takes the surplus as the first data of each side, then resumes reading.
    parameters          the server's ParameterStatus values as the client was told them
    settings            run-time parameters that the client asked for at login; the server has taken them, and RESET
                        goes back to them. They were judged like SET.
    state               the transaction state of the server's first ReadyForQuery: b"I"
    server_key          what cancels the session's statement at the server; None where the server gave none
    cancel              cancels what the session runs at the server; None where the server gave no key
    """

    id: str
    principal: Principal
    target: Target
    client_info: ClientInfo
    protocol: int
    client: asyncio.Transport
    server: asyncio.Transport
    parameters: dict[str, str]
    settings: tuple[tuple[str, str], ...] = ()
    client_surplus: bytes = field(default=b"", repr=False)
    server_surplus: bytes = field(default=b"", repr=False)
    state: bytes = b"I"
    server_key: BackendKeyData | None = None
    cancel: CancelAction | None = None


class ConversationFactory(Protocol):
    def __call__(self, session: Session) -> Conversation:
        """Takes both transports over and starts relaying. Must not await."""
