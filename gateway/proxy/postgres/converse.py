"""Makes conversations: what the listener calls when both logins are through."""

import asyncio

from gateway.proxy.postgres.conversation import Conversation
from gateway.proxy.postgres.ports import Rooms
from gateway.proxy.postgres.session import Session


class Running:
    """A running conversation, as the listener sees it (`session.Conversation`)."""

    __slots__ = ("_conversation",)

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

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

    def __call__(self, session: Session) -> Running:
        conversation = Conversation(self._rooms, session)
        conversation.life.start()
        return Running(conversation)
