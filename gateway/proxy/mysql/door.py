"""One MySQL connection from its first byte to a running session.

    greet → login at the gateway → which database → may they → login at the server → record → OK → conversation
      └──────────────────────────────── COM_CHANGE_USER begins again here ◄──────────────────────────────┘

Each step answers with a value or with `Refused`; a refusal is recorded and told to the client as an ERR packet. A session is
made from `Proven` alone.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from gateway.model.identity import ClientInfo
from gateway.proxy.entry import ENDS, Canceller, EntryEnded, end, record_refusal, refusal_of, server_access, unreachable
from gateway.proxy.listener import Incoming
from gateway.proxy.mysql import refuse
from gateway.proxy.mysql.address import Place, resolve_place
from gateway.proxy.mysql.backend import FORMATS, ServerLink, Wanted, attributes_for, connect_server, kill_at_server
from gateway.proxy.mysql.channel import LoginChannel, PeerGone
from gateway.proxy.mysql.kill import Killer
from gateway.proxy.mysql.login import ClientLogin, LoginDesk, Proven
from gateway.proxy.mysql.session import ConversationFactory, MySqlConversation, Session
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.ports import ConnectPolicy, LoginAudit, ServerAccess
from gateway.proxy.sessions import Sessions
from gateway.wire.mysql.packets import encode_packet
from gateway.wire.mysql.results import Ok

log = logging.getLogger(__name__)

_Step = TypeVar("_Step")

_OVERLOADED = Refused(RefusalCode.TOO_MANY_CONNECTIONS, "Too many connections", "connection limit of the gateway")
_DRAINING = Refused(RefusalCode.SHUTTING_DOWN, "Server shutdown in progress", "the gateway is draining")


@dataclass(frozen=True, slots=True)
class MySqlDoor:
    """The handler of MySQL's listener: `Listener(host, port, door.serve, …)`.

    connect_seconds  for reaching a server and logging in there
    """

    desk: LoginDesk
    policy: ConnectPolicy
    audit: LoginAudit
    killer: Killer
    sessions: Sessions
    converse: ConversationFactory
    connect_seconds: float = 10.0

    async def serve(self, incoming: Incoming) -> None:
        """Owns the socket. Returns when the last session is over, or was refused."""
        visit = _Visit(self, incoming, self.killer.free_id())
        try:
            await visit.run()
        except PeerGone as error:
            log.debug("a client at %s went away while logging in: %s", incoming.address, error)
        finally:
            visit.abandon()


class _Visit:
    """One connection: its logins and its sessions, one after the other."""

    def __init__(self, door: MySqlDoor, incoming: Incoming, connection_id: int) -> None:
        self._door = door
        self._incoming = incoming
        self._connection_id = connection_id
        self._session_id = secrets.token_hex(16)
        self._channel: LoginChannel | None = None
        self._login: ClientLogin | None = None
        self._link: ServerLink | None = None
        self._handed_over = False

    async def run(self) -> None:
        channel = await self._open()
        login = self._make_login(channel)
        outcome = await self._guarded(login.run())
        while isinstance(outcome, Proven):
            self._incoming.settled()
            conversation = await self._guarded(self._stay(outcome))
            if conversation is None or conversation.change is None:
                return
            channel = self._take_back(conversation)
            login = self._make_login(channel)
            outcome = await self._guarded(login.change_user(conversation.change, outcome))

    def abandon(self) -> None:
        """Whatever was opened and not handed over is closed, however the way in ended."""
        if self._channel is None:
            self._incoming.socket.close()
        elif not self._handed_over:
            self._channel.abort()
        self._drop_link()

    def _drop_link(self) -> None:
        if self._link is not None and not self._handed_over:
            self._link.transport.abort()
        self._link = None

    def _make_login(self, channel: LoginChannel) -> ClientLogin:
        self._login = ClientLogin(
            self._door.desk, channel, self._incoming.address, self._connection_id, refuse_with=self._no_entry()
        )
        return self._login

    def _no_entry(self) -> Refused | None:
        if self._door.sessions.draining:
            return _DRAINING
        return _OVERLOADED if self._incoming.overloaded else None

    async def _guarded(self, step: Awaitable[_Step | Refused]) -> _Step | None:
        """The step's value; None where the way ended, which is recorded and told."""
        try:
            value = await step
            if isinstance(value, Refused):
                end(value)
        except ENDS as error:
            user = self._login.user if self._login is not None else ""
            too_many = f"User '{user}' already has more than 'max_user_connections' active connections"
            await self._refuse(refusal_of(error, too_many=too_many))
        else:
            return value
        return None

    async def _open(self) -> LoginChannel:
        channel = LoginChannel()
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: channel, self._incoming.socket)
        except OSError as error:
            raise PeerGone(f"gone: {error.__class__.__name__}") from error
        self._channel = channel
        return channel

    def _take_back(self, conversation: MySqlConversation) -> LoginChannel:
        """The client's connection, whose session ended with COM_CHANGE_USER: the next packet has sequence id 1."""
        old = self._channel
        if old is None or old.transport.is_closing():
            raise PeerGone
        channel = LoginChannel(sequence=1)
        transport = old.transport
        channel.connection_made(transport)
        transport.set_protocol(channel)
        rest = conversation.take_rest()
        if rest:
            channel.data_received(rest)
        transport.resume_reading()
        self._channel, self._handed_over, self._link = channel, False, None
        self._session_id = secrets.token_hex(16)
        return channel

    # A session

    async def _stay(self, proven: Proven) -> MySqlConversation:
        with self._door.sessions.slot(proven.principal.name):
            return await self._session(proven)

    async def _session(self, proven: Proven) -> MySqlConversation:
        door = self._door
        place = await self._place(proven)
        access = await server_access(door.desk.directory, place.target)
        self._link = link = await self._connect(access, proven, place)
        await door.audit.opened(self._session_id, proven.principal, place.target, proven.client)
        try:
            conversation = door.converse(self._hand_over(proven, place, access, link))
        except (PeerGone, EntryEnded):
            await door.audit.vanished(self._session_id)
            raise
        self._handed_over = True
        server = place.target.instance, link.greeting.connection_id
        canceller = Canceller(partial(kill_at_server, access, link.greeting.connection_id, door.connect_seconds))
        door.killer.enter(self._connection_id, proven.principal.name, server, cancel=canceller.cancel, end=conversation.kill)
        try:
            await door.sessions.run(conversation)
        finally:
            door.killer.leave(self._connection_id)
        return conversation

    async def _place(self, proven: Proven) -> Place:
        desk = self._door.desk
        found = await resolve_place(
            proven.database, proven.instance, proven.principal, proven.client, desk.directory, self._door.policy
        )
        return found if isinstance(found, Place) else end(found)

    async def _connect(self, access: ServerAccess, proven: Proven, place: Place) -> ServerLink:
        attributes = attributes_for(proven.principal.name, proven.attributes)
        wanted = Wanted(proven.capabilities & FORMATS, proven.collation, place.database, attributes)
        link = await connect_server(access, wanted, self._door.connect_seconds)
        return link if isinstance(link, ServerLink) else end(link)

    def _hand_over(self, proven: Proven, place: Place, access: ServerAccess, link: ServerLink) -> Session:
        channel = self._channel
        if channel is None:
            raise PeerGone
        if link.transport.is_closing():
            end(unreachable("the server closed the connection"))
        sequence = channel.sequence
        client, surplus = channel.hand_over()
        client.write(encode_packet(Ok(status=link.status).encode(proven.capabilities), sequence))
        canceller = Canceller(partial(kill_at_server, access, link.greeting.connection_id, self._door.connect_seconds))
        return Session(
            id=self._session_id,
            principal=proven.principal,
            target=place.target,
            client_info=proven.client,
            database=place.database,
            client=client,
            server=link.transport,
            capabilities=proven.capabilities,
            server_capabilities=link.capabilities,
            server_version=link.greeting.server_version.decode("utf-8", "replace"),
            state=link.state,
            status=link.status,
            connection_id=self._connection_id,
            server_id=link.greeting.connection_id,
            killer=self._door.killer,
            cancel=canceller.cancel,
            client_surplus=surplus,
            server_surplus=link.surplus,
        )

    async def _refuse(self, refused: Refused) -> None:
        self._drop_link()
        login, channel = self._login, self._channel
        if channel is None:
            return
        application = login.application_name if login is not None else ""
        client = ClientInfo(self._incoming.address, application, channel.encrypted)
        await record_refusal(self._door.audit, self._session_id, login, client, refused)
        await channel.farewell(channel.last_words(refuse.of_login(refused).encode()))
