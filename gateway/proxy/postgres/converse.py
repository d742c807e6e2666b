"""Makes conversations: what the listener calls when both logins are through."""

import asyncio
import time

from gateway.proxy.postgres.conversation import Conversation
from gateway.proxy.postgres.session import Session
from gateway.proxy.rooms import Rooms
from gateway.proxy.sessions import About
from gateway.proxy.sweep import Sweep


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
        self._sweep: Sweep[Conversation] = Sweep(lambda conversation, now: conversation.obliged.look_again(now))

    def __call__(self, session: Session) -> Running:
        conversation = Conversation(self._rooms, session)
        self._sweep.watch(conversation, conversation.life.closed)
        conversation.life.start()
        return Running(conversation)
