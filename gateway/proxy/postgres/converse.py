"""Makes conversations: what the listener calls when both logins are through."""

import asyncio
import time
from typing import Final

from gateway.proxy.postgres.conversation import Conversation
from gateway.proxy.postgres.ports import Rooms
from gateway.proxy.postgres.session import Session
from gateway.proxy.sessions import About

_SWEEP_SECONDS: Final = 0.5


class Running:
    """A running conversation, as the listener sees it (`session.Conversation`)."""

    __slots__ = ("_conversation", "_started_at")

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._started_at = time.time()

    @property
    def about(self) -> About:
        session = self._conversation.session
        return About(
            session.id,
            session.principal,
            session.target,
            session.client_info,
            self._started_at,
            self._conversation.records.last,
        )

    @property
    def closed(self) -> asyncio.Future[None]:
        return self._conversation.life.closed

    def drain(self) -> None:
        self._conversation.life.drain()

    def abort(self) -> None:
        self._conversation.life.abort()


class Converse:
    """The conversation factory (`session.ConversationFactory`) over the rooms that all conversations share."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._live: set[Conversation] = set()
        self._sweep: asyncio.TimerHandle | None = None

    def __call__(self, session: Session) -> Running:
        conversation = Conversation(self._rooms, session)
        self._live.add(conversation)
        conversation.life.closed.add_done_callback(lambda _: self._live.discard(conversation))
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._look_again)
        conversation.life.start()
        return Running(conversation)

    def _look_again(self) -> None:
        """Twice a second, what runs must still be allowed. Statements pay nothing for it."""
        now = time.time()
        for conversation in tuple(self._live):
            conversation.obliged.look_again(now)
        again = bool(self._live)
        self._sweep = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._look_again) if again else None
