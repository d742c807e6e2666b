"""One PostgreSQL connection from its first byte to a running session.

    accept → login at the gateway → which database → may they → login at the server → record → conversation

Each step answers with a value or with `Refused`; a refusal is recorded and told to the client as FATAL, the way a server
ends a login. A session is made from `Authenticated` alone.
"""

import asyncio
import logging
import secrets
from dataclasses import dataclass, field, replace
from functools import partial

from gateway.model.decision import Outcome
from gateway.model.identity import ClientInfo, Target
from gateway.proxy.cancel import CancelKey, CancelRegistry
from gateway.proxy.entry import ENDS, Canceller, EntryEnded, end, record_refusal, refusal_of, server_access, unreachable
from gateway.proxy.listener import Incoming, peek
from gateway.proxy.outcome import Authenticated, RefusalCode, Refused
from gateway.proxy.ports import ConnectPolicy, Directory, LoginAudit, ServerAccess, SettingPolicy
from gateway.proxy.postgres.address import resolve_database
from gateway.proxy.postgres.backend import ServerLink, application_name, cancel_server, connect_server
from gateway.proxy.postgres.channel import LoginChannel, PeerGone
from gateway.proxy.postgres.login import ClientLogin, LoginDesk
from gateway.proxy.postgres.session import ConversationFactory, Session
from gateway.proxy.sessions import Sessions
from gateway.wire.postgres.backend import BackendKeyData, ParameterStatus, ReadyForQuery
from gateway.wire.postgres.report import ErrorResponse
from gateway.wire.postgres.startup import PROTOCOL_3_2, TLS_HANDSHAKE_BYTE, CancelRequest

log = logging.getLogger(__name__)

_OVERLOADED = Refused(RefusalCode.TOO_MANY_CONNECTIONS, "sorry, too many clients already", "connection limit of the gateway")
_DRAINING = Refused(RefusalCode.SHUTTING_DOWN, "the database system is shutting down", "the gateway is draining")


@dataclass(frozen=True, slots=True)
class PostgresDoor:
    """The handler of PostgreSQL's listener: `Listener(host, port, door.serve, …)`.

    connect_seconds  for reaching a server and logging in there
    """

    desk: LoginDesk
    policy: ConnectPolicy
    setting_policy: SettingPolicy
    audit: LoginAudit
    cancels: CancelRegistry
    sessions: Sessions
    converse: ConversationFactory
    connect_seconds: float = 10.0

    async def serve(self, incoming: Incoming) -> None:
        """Owns the socket. Returns when the session is over, or was refused."""
        visit = _Visit(self, incoming, secrets.token_hex(16))
        try:
            await visit.run()
        except PeerGone as error:
            log.debug("a client at %s went away while logging in: %s", incoming.address, error)
        finally:
            visit.abandon()

    @property
    def directory(self) -> Directory:
        return self.desk.directory


@dataclass(slots=True)
class _Visit:
    """One connection on its way in."""

    door: PostgresDoor
    incoming: Incoming
    session_id: str
    channel: LoginChannel | None = None
    login: ClientLogin | None = None
    link: ServerLink | None = field(default=None)
    handed_over: bool = False

    async def run(self) -> None:
        self.channel = channel = await self._open()
        self.login = login = ClientLogin(self.door.desk, channel, self.incoming.address, refuse_with=self._no_entry())
        try:
            match await login.run():
                case CancelRequest(process_id, secret):
                    await channel.farewell()  # first: whether and when the key was found is nobody's business
                    await self.door.cancels.cancel(process_id, secret)
                case Refused() as refused:
                    end(refused)
                case Authenticated() as authenticated:
                    self.incoming.settled()
                    with self.door.sessions.slot(authenticated.principal.name):
                        await self._session(channel, authenticated)
        except ENDS as error:
            too_many = f'too many connections for role "{login.user}"'
            await self._refuse(channel, refusal_of(error, too_many=too_many))

    def abandon(self) -> None:
        """Whatever was opened and not handed over is closed, however the way in ended."""
        if self.channel is None:
            self.incoming.socket.close()
        elif not self.handed_over:
            self.channel.abort()
        if self.link is not None and not self.handed_over:
            self.link.transport.abort()

    def _no_entry(self) -> Refused | None:
        if self.door.sessions.draining:
            return _DRAINING
        return _OVERLOADED if self.incoming.overloaded else None

    async def _open(self) -> LoginChannel:
        """The client's socket as a transport; with TLS at once where its first byte says so."""
        loop = asyncio.get_running_loop()
        channel = LoginChannel()  # not taken from the answer below: uvloop gives its own TLS protocol there
        tls = self.door.desk.tls
        try:
            async with asyncio.timeout(self.door.desk.seconds):
                first = await peek(self.incoming.socket) if tls is not None else None
                if tls is not None and first is None:
                    raise PeerGone
                context = tls.context if tls is not None and first == TLS_HANDSHAKE_BYTE else None
                await loop.connect_accepted_socket(lambda: channel, self.incoming.socket, ssl=context)
        except OSError as error:  # ssl.SSLError and TimeoutError are such
            raise PeerGone(f"no first byte, or no TLS: {error.__class__.__name__}") from error
        return channel

    async def _session(self, channel: LoginChannel, authenticated: Authenticated) -> None:
        target = await self._target(authenticated)
        await self._judge_settings(authenticated, target)
        access = await server_access(self.door.directory, target)
        self.link = link = await self._connect(access, authenticated, target)
        await self.door.audit.opened(self.session_id, authenticated.principal, target, authenticated.client)
        canceller = Canceller(partial(_cancel, access, link, self.door.connect_seconds))
        key = self.door.cancels.register(canceller.cancel, 32 if authenticated.protocol >= PROTOCOL_3_2 else 4)
        try:
            session = self._hand_over(channel, authenticated, target, link, key)
            conversation = self.door.converse(replace(session, cancel=canceller.cancel))
            self.handed_over = True
            await self.door.sessions.run(conversation)
        except (PeerGone, EntryEnded):
            await self.door.audit.vanished(self.session_id)
            raise
        finally:
            self.door.cancels.forget(key)

    async def _target(self, authenticated: Authenticated) -> Target:
        found = await resolve_database(
            authenticated.database, authenticated.principal, authenticated.client, self.door.directory, self.door.policy
        )
        return found if isinstance(found, Target) else end(found)

    async def _judge_settings(self, authenticated: Authenticated, target: Target) -> None:
        """What `SET name = value` would be refused, a startup parameter is too."""
        for name, value in authenticated.settings:
            decision = await self.door.setting_policy.may_set(
                authenticated.principal, target, authenticated.client, name, value
            )
            if decision.outcome is not Outcome.ALLOW:
                reason = decision.reason
                detail = f"Rule {reason.rule}, policy {decision.policy_version}." if reason.rule else ""
                message = f"gateway: permission denied: set {name}"
                end(Refused(RefusalCode.PERMISSION_DENIED, message, reason.text, detail=detail, hint=reason.hint))

    async def _connect(self, access: ServerAccess, authenticated: Authenticated, target: Target) -> ServerLink:
        shown = application_name(authenticated.principal.name, authenticated.application_name)
        parameters = [("application_name", shown), *authenticated.settings]
        link = await connect_server(access, target.database, parameters, self.door.connect_seconds)
        return link if isinstance(link, ServerLink) else end(link)

    def _hand_over(
        self, channel: LoginChannel, authenticated: Authenticated, target: Target, link: ServerLink, key: CancelKey
    ) -> Session:
        if link.transport.is_closing():
            end(unreachable("the server closed the connection"))
        client, surplus = channel.hand_over()
        client.write(_welcome(link, key))
        return Session(
            id=self.session_id,
            principal=authenticated.principal,
            target=target,
            client_info=authenticated.client,
            protocol=authenticated.protocol,
            client=client,
            server=link.transport,
            parameters=link.parameters,
            settings=authenticated.settings,
            client_surplus=surplus,
            server_surplus=link.surplus,
            state=link.state,
            server_key=link.key,
        )

    async def _refuse(self, channel: LoginChannel, refused: Refused) -> None:
        application = self.login.application_name if self.login is not None else ""
        client = ClientInfo(self.incoming.address, application, channel.encrypted)
        await record_refusal(self.door.audit, self.session_id, self.login, client, refused)
        report = ErrorResponse.of("FATAL", refused.code, refused.message, detail=refused.detail, hint=refused.hint)
        await channel.farewell(report.encode())


async def _cancel(access: ServerAccess, link: ServerLink, seconds: float) -> None:
    """At the server, with the server's own key."""
    if link.key is not None:
        await cancel_server(access, link.encrypted, link.key, seconds)


def _welcome(link: ServerLink, key: CancelKey) -> bytes:
    """What a server says between AuthenticationOk and its first ReadyForQuery, but with the gateway's own cancel key."""
    statuses = (ParameterStatus(name, value) for name, value in link.parameters.items())
    own_key = BackendKeyData(key.process_id, key.secret)
    return b"".join(message.encode() for message in (*link.notices, *statuses, own_key, ReadyForQuery(link.state)))
