"""Makes conversations: what the door calls when both logins are through."""

import asyncio
import time

from gateway.proxy.mysql.conversation import Conversation
from gateway.proxy.mysql.ending import look_again
from gateway.proxy.mysql.session import Session
from gateway.proxy.rooms import Rooms
from gateway.proxy.sessions import About
from gateway.proxy.sweep import Sweep


class Running:
    """A running conversation, as the door sees it (`session.MySqlConversation`)."""

    __slots__ = ("_conversation", "_started_at")

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._started_at = time.time()

    @property
    def about(self) -> About:
        c = self._conversation
        return About(c.session.id, c.session.principal, c.who.target, c.session.client_info, self._started_at, c.records.last)

    @property
    def closed(self) -> asyncio.Future[None]:
        return self._conversation.life.closed

    def take_rest(self) -> bytes:
        return self._conversation.client_side.take_rest()

    @property
    def change(self) -> bytes | None:
        return self._conversation.change

    def drain(self) -> None:
        self._conversation.life.drain()

    def abort(self) -> None:
        self._conversation.life.abort()

    def kill(self) -> None:
        self._conversation.life.kill()


class Converse:
    """The conversation factory (`session.ConversationFactory`) over the rooms that all conversations share."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._sweep: Sweep[Conversation] = Sweep(look_again)

    def __call__(self, session: Session) -> Running:
        conversation = Conversation(self._rooms, session)
        self._sweep.watch(conversation, conversation.life.closed)
        conversation.life.start()
        return Running(conversation)
