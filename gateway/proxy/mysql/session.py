"""What login hands to the conversation: two connected transports and everything that was agreed on the way."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.identity import ClientInfo, Principal, Target
from gateway.proxy.cancel import CancelAction
from gateway.proxy.mysql.kill import Killer
from gateway.proxy.sessions import Conversation
from gateway.wire.mysql.constants import Capability


@dataclass(frozen=True, slots=True)
class Session:
    """A session after both logins. It can only be made from a `Proven` client (habit 8).

    id                   hex, unique over all gateways; the audit's `session`
    target, database     what it is judged as, and the current database, "" before USE
    client, server       transports with reading paused and a login protocol still attached. The client has been told OK.
                         The conversation sets its own protocols, takes the surplus as the first data of each side, resumes.
    capabilities         negotiated with the client; server_capabilities: in force at the server
    state                values of `backend.STATE_COLUMNS` and the current database, as the server told them
    status               the server's status flags
    connection_id        what the client was told; server_id: the server's own
    killer               reaches the user's own sessions
    cancel               KILL QUERY at the server, over a connection of its own
    """

    id: str
    principal: Principal
    target: Target
    client_info: ClientInfo
    database: str
    client: asyncio.Transport
    server: asyncio.Transport
    capabilities: Capability
    server_capabilities: Capability
    server_version: str
    state: tuple[str, ...]
    status: int
    connection_id: int
    server_id: int
    killer: Killer
    cancel: CancelAction
    client_surplus: bytes = field(default=b"", repr=False)
    server_surplus: bytes = field(default=b"", repr=False)


class MySqlConversation(Conversation, Protocol):
    """`change` is the COM_CHANGE_USER that ended it, with the client's transport left open; else None."""

    @property
    def change(self) -> bytes | None: ...

    def take_rest(self) -> bytes:
        """What the client sent behind it."""

    def kill(self) -> None:
        """End now: KILL CONNECTION."""


class ConversationFactory(Protocol):
    def __call__(self, session: Session) -> MySqlConversation:
        """Takes both transports over and starts relaying. Must not await."""
