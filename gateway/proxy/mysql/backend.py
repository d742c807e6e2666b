"""The gateway's own login at a MySQL server, with the credentials that only it knows.

What goes wrong is logged in full for the operator and told to the client in the gateway's words: no address, user name or
password of the server's reaches a client.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.model.errors import ConfigurationError, GatewayError
from gateway.proxy import tls
from gateway.proxy.listener import keep_alive
from gateway.proxy.mysql.channel import LoginChannel, PeerGone, TlsFailed
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.ports import ServerAccess
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql import auth
from gateway.wire.mysql.constants import AuthPlugin, Capability
from gateway.wire.mysql.handshake import AuthMoreData, AuthSwitchRequest, HandshakeResponse41, HandshakeV10, SslRequest
from gateway.wire.mysql.results import EOF_HEADER, ERR_HEADER, OK_HEADER, Err, Ok
from gateway.wire.mysql.rows import read_rows

log = logging.getLogger(__name__)

_MESSAGE_LIMIT: Final = 1024 * 1024
_MAX_PACKET: Final = 1 << 30
_LONGEST_EXCHANGE: Final = 12  # packets of one authentication: a server that goes on and on is none
# Formats that both connections of a session must share, since results pass through as they came.
FORMATS: Final = (
    Capability.FOUND_ROWS
    | Capability.LONG_FLAG
    | Capability.LOCAL_FILES
    | Capability.IGNORE_SPACE
    | Capability.INTERACTIVE
    | Capability.MULTI_STATEMENTS
    | Capability.MULTI_RESULTS
    | Capability.PS_MULTI_RESULTS
    | Capability.DEPRECATE_EOF
    | Capability.QUERY_ATTRIBUTES
)
_REQUIRED: Final = FORMATS & ~(
    Capability.FOUND_ROWS | Capability.IGNORE_SPACE | Capability.INTERACTIVE | Capability.LOCAL_FILES
)
_ALWAYS: Final = (
    Capability.LONG_PASSWORD
    | Capability.PROTOCOL_41
    | Capability.TRANSACTIONS
    | Capability.SECURE_CONNECTION
    | Capability.PLUGIN_AUTH
    | Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA
)


# It signs with a key expanded from the password, where RFC 8032 and its libraries take a seed of 32 bytes.
_NO_ED25519: Final = (
    "the account is IDENTIFIED VIA ed25519, which the gateway cannot sign for: give it mysql_native_password or"
    " caching_sha2_password, with TLS"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The session to be made: the formats negotiated with the client, its collation, its database, its attributes."""

    capabilities: Capability
    collation: int
    database: str = ""
    attributes: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class ServerLink:
    """A server that is ready for commands, with reading paused. `capabilities` are those in force on this connection.

    state   values of `STATE_COLUMNS`, as the server told them
    """

    transport: asyncio.Transport
    greeting: HandshakeV10
    capabilities: Capability
    state: tuple[str, ...]
    status: int
    surplus: bytes = field(repr=False, default=b"")


class _Rejected(Exception):
    """The server answered with an error. `encrypted`: over TLS."""

    def __init__(self, error: Err, *, encrypted: bool) -> None:
        super().__init__(error.message.decode("utf-8", "replace"))
        self.error = error
        self.encrypted = encrypted


class ServerSilent(GatewayError):
    """A server does not greet."""


# What the session must be told of the server at its start, and again where nothing tracks it.
STATE_COLUMNS: Final = ("sql_mode", "character_set_client", "character_set_connection", "version", "lower_case_table_names")
STATE_QUERY: Final = b"SELECT " + b", ".join(b"@@" + name.encode() for name in STATE_COLUMNS) + b", DATABASE()"
TRACKED: Final = (
    "autocommit,character_set_client,character_set_connection,character_set_results,time_zone,sql_mode,"
    "session_track_schema,session_track_system_variables"
)
_LIST: Final = "@@session_track_system_variables"
# What a client asked the server to tell stays in the list.
TRACK_QUERY: Final = (
    "SET session_track_schema = ON, session_track_system_variables = IF("
    + " AND ".join(f"FIND_IN_SET('{name}', REPLACE({_LIST}, ' ', ''))" for name in TRACKED.split(","))
    + f" OR {_LIST} = '*', {_LIST}, CONCAT_WS(',', NULLIF({_LIST}, ''), '{TRACKED}'))"
).encode()


async def greet(access: ServerAccess, seconds: float) -> HandshakeV10:
    """What a server says first; the connection is closed then. Raises ServerSilent."""
    try:
        async with asyncio.timeout(seconds):
            channel = await _connect(access)
            try:
                return HandshakeV10.decode(_no_error(await channel.packet(), channel))
            finally:
                channel.abort()
    except (_Rejected, PeerGone, ProtocolViolation, OSError) as error:
        raise ServerSilent(f"no greeting of {access.host}:{access.port}: {error or error.__class__.__name__}") from error


async def connect_server(access: ServerAccess, wanted: Wanted, seconds: float) -> ServerLink | Refused:
    """Connect, encrypt as the instance's TLS mode says, log in, ask for the session's state."""
    try:
        async with asyncio.timeout(seconds):
            return await _by_mode(access, wanted)
    except _Rejected as rejection:
        return _translate(rejection.error, access, wanted.database)
    except TimeoutError:
        return _unreachable(access, f"no answer within {seconds:g} s")
    except (PeerGone, OSError) as error:
        return _unreachable(access, str(error) or error.__class__.__name__)
    except (ProtocolViolation, ConfigurationError) as error:
        message = "gateway: no session with the server can be made"
        return _refusal(RefusalCode.SERVER_REJECTED, message, access, str(error))


async def kill_at_server(access: ServerAccess, connection_id: int, seconds: float, *, query_only: bool = True) -> None:
    """KILL [QUERY] over a connection of its own. A server that is gone, or a session that is, is only logged."""
    wanted = Wanted(Capability(0), 45)
    link = await connect_server(access, wanted, seconds)
    if isinstance(link, Refused):
        log.warning("a cancel request did not reach %s:%d: %s", access.host, access.port, link.reason)
        return
    channel = LoginChannel(_MESSAGE_LIMIT)
    link.transport.set_protocol(channel)
    channel.connection_made(link.transport)
    link.transport.resume_reading()
    try:
        async with asyncio.timeout(seconds):
            words = b"KILL QUERY " if query_only else b"KILL "
            channel.command(b"\x03" + words + str(connection_id).encode())
            _no_error(await channel.packet(), channel)
    except (_Rejected, PeerGone, TimeoutError, OSError, ProtocolViolation) as error:
        log.info("KILL at %s:%d: %s", access.host, access.port, error or error.__class__.__name__)
    finally:
        channel.abort()


async def _by_mode(access: ServerAccess, wanted: Wanted) -> ServerLink:
    """The attempts that each mode allows, as PostgreSQL's sslmode has them."""
    mode = tls.SslMode(access.tls.mode)
    if _is_unix_socket(access.host) or mode is tls.SslMode.DISABLE:
        return await _attempt(access, wanted, encrypt=False)
    if mode is tls.SslMode.ALLOW:
        try:
            return await _attempt(access, wanted, encrypt=False)
        except _Rejected as first:
            try:
                return await _attempt(access, wanted, encrypt=True)
            except (ProtocolViolation, PeerGone):
                raise first from None
    if mode is tls.SslMode.PREFER:
        try:
            return await _attempt(access, wanted, encrypt=True, optional=True)
        except TlsFailed:
            return await _attempt(access, wanted, encrypt=False)
    return await _attempt(access, wanted, encrypt=True)


async def _attempt(access: ServerAccess, wanted: Wanted, *, encrypt: bool, optional: bool = False) -> ServerLink:
    channel = await _connect(access)
    try:
        greeting = HandshakeV10.decode(_no_error(await channel.packet(), channel))
        flags = _flags(greeting, wanted)
        if encrypt and _can_encrypt(greeting, optional=optional):
            flags |= Capability.SSL
            channel.say(SslRequest(flags, _MAX_PACKET, wanted.collation).encode())
            await channel.start_tls(tls.context_for(access.tls), server_side=False, server_hostname=access.host)
        await _Exchange(channel, access, greeting).run(flags, wanted)
        return await _ask_state(channel, greeting, flags)
    except BaseException:
        channel.abort()
        raise


def _can_encrypt(greeting: HandshakeV10, *, optional: bool) -> bool:
    can = bool(greeting.capabilities & Capability.SSL)
    if not can and not optional:
        raise ProtocolViolation("the server does not do TLS, which the instance's settings ask for")
    return can


def _flags(greeting: HandshakeV10, wanted: Wanted) -> Capability:
    """The client's formats, and what the gateway wants for itself. Raises ProtocolViolation where the server lacks one."""
    offered = greeting.capabilities
    missing = wanted.capabilities & _REQUIRED & ~offered
    if missing:
        raise ProtocolViolation(f"the server lacks {missing!r}, which the client was offered")
    flags = wanted.capabilities & FORMATS & offered
    flags |= _ALWAYS & (offered | Capability.LONG_PASSWORD)
    flags |= offered & (Capability.SESSION_TRACK | Capability.MULTI_RESULTS)
    if wanted.database:
        flags |= Capability.CONNECT_WITH_DB
    if wanted.attributes and offered & Capability.CONNECT_ATTRS:
        flags |= Capability.CONNECT_ATTRS
    return flags


async def _connect(access: ServerAccess) -> LoginChannel:
    loop = asyncio.get_running_loop()
    make = lambda: LoginChannel(_MESSAGE_LIMIT)  # noqa: E731 -- a protocol factory
    if _is_unix_socket(access.host):
        _, channel = await loop.create_unix_connection(make, access.host)
        return channel
    _, channel = await loop.create_connection(make, access.host, access.port)
    keep_alive(channel.transport.get_extra_info("socket"))
    return channel


class _Exchange:
    """The authentication, from the handshake response to OK."""

    def __init__(self, channel: LoginChannel, access: ServerAccess, greeting: HandshakeV10) -> None:
        self._channel = channel
        self._access = access
        self._password = (access.password or "").encode()
        self._nonce = greeting.nonce
        self._plugin = greeting.auth_plugin or AuthPlugin.NATIVE

    async def run(self, flags: Capability, wanted: Wanted) -> None:
        if self._plugin not in {AuthPlugin.NATIVE, AuthPlugin.CACHING_SHA2}:
            self._plugin = AuthPlugin.NATIVE  # the server asks for what it wants with an AuthSwitchRequest
        response = HandshakeResponse41(
            capabilities=flags,
            max_packet=_MAX_PACKET,
            collation=wanted.collation,
            user=self._access.username.encode(),
            auth_response=self._first(),
            database=wanted.database.encode(),
            auth_plugin=self._plugin,
            attributes=wanted.attributes if flags & Capability.CONNECT_ATTRS else (),
        )
        self._channel.say(response.encode())
        for _ in range(_LONGEST_EXCHANGE):
            packet = _no_error(await self._channel.packet(), self._channel)
            if packet[0] == OK_HEADER:
                return
            if packet[0] == EOF_HEADER:
                self._switch(AuthSwitchRequest.decode(packet))
            elif packet[0] == 1:
                await self._more(AuthMoreData.decode(packet).data)
            else:
                raise ProtocolViolation("unexpected packet of the server while logging in")
        raise ProtocolViolation("the server's authentication does not end")

    def _first(self) -> bytes:
        if self._plugin == AuthPlugin.NATIVE:
            return auth.native_scramble(self._password, self._nonce)
        return auth.sha2_scramble(self._password, self._nonce)

    def _switch(self, request: AuthSwitchRequest) -> None:
        self._plugin, self._nonce = request.plugin, request.data[: len(self._nonce)]
        if self._plugin in {AuthPlugin.NATIVE, AuthPlugin.CACHING_SHA2}:
            self._channel.say(self._first())
        elif self._plugin == AuthPlugin.CLEAR and self._is_safe:
            self._channel.say(self._password + b"\0")
        else:
            name = self._plugin.decode("ascii", "replace")
            if self._plugin == AuthPlugin.ED25519:
                raise ProtocolViolation(_NO_ED25519)
            raise ProtocolViolation(f"the server asks for {name!r}, which the gateway does not speak here")

    async def _more(self, data: bytes) -> None:
        """caching_sha2_password: the server knows the password (fast), or wants it in full."""
        if self._plugin != AuthPlugin.CACHING_SHA2:
            raise ProtocolViolation("unexpected data of the server while logging in")
        if data == auth.FAST_AUTH_SUCCESS:
            return
        if data != auth.PERFORM_FULL_AUTHENTICATION:
            raise ProtocolViolation("unexpected data of the server while logging in")
        if self._is_safe:
            self._channel.say(self._password + b"\0")
            return
        self._channel.say(auth.REQUEST_PUBLIC_KEY)
        answer = _no_error(await self._channel.packet(), self._channel)
        if answer[0] != 1:
            raise ProtocolViolation("the server has no public key and there is no TLS")
        sealed = await asyncio.to_thread(auth.encrypt_password, self._password, self._nonce, answer[1:])
        self._channel.say(sealed)

    @property
    def _is_safe(self) -> bool:
        return self._channel.encrypted or _is_unix_socket(self._access.host)


async def _ask_state(channel: LoginChannel, greeting: HandshakeV10, flags: Capability) -> ServerLink:
    """Turn tracking on where the server has it, and ask how things stand."""
    status = 0
    if flags & Capability.SESSION_TRACK:
        channel.command(_query(TRACK_QUERY, flags))
        status = Ok.decode(_no_error(await channel.packet(), channel), flags).status
    channel.command(_query(STATE_QUERY, flags))
    rows, status = await read_rows(lambda: _packet(channel), flags)
    if len(rows) != 1 or len(rows[0]) != len(STATE_COLUMNS) + 1:
        raise ProtocolViolation("the server does not tell the session's state")
    state = tuple((value or b"").decode("utf-8", "replace") for value in rows[0])
    transport, surplus = channel.hand_over()
    return ServerLink(transport, greeting, flags, state, status, surplus)


async def _packet(channel: LoginChannel) -> bytes:
    return _no_error(await channel.packet(), channel)


def _query(text: bytes, flags: Capability) -> bytes:
    return (b"\x03\x00\x01" if flags & Capability.QUERY_ATTRIBUTES else b"\x03") + text


def _no_error(packet: bytes, channel: LoginChannel) -> bytes:
    if not packet:
        raise ProtocolViolation("empty packet of the server")
    if packet[0] == ERR_HEADER:
        raise _Rejected(Err.decode(packet), encrypted=channel.encrypted)
    return packet


def _is_unix_socket(host: str) -> bool:
    return host.startswith("/")


def is_local(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    if _is_unix_socket(host) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _translate(error: Err, access: ServerAccess, database: str) -> Refused:
    """The server's refusal in words for the client; never its own, which name the gateway's account."""
    reason = f"the server refused: {error.code} {error.message.decode('utf-8', 'replace')}"
    if error.code == 1049:
        return _refusal(RefusalCode.NO_SUCH_DATABASE, f"Unknown database '{database}'", access, reason)
    if error.code in {1040, 1203, 1226}:
        return _refusal(RefusalCode.TOO_MANY_CONNECTIONS, "gateway: the server has no connection left", access, reason)
    if error.code == 1053:
        return _refusal(RefusalCode.SHUTTING_DOWN, "gateway: the server is shutting down", access, reason)
    return _refusal(RefusalCode.SERVER_REJECTED, "gateway: the server does not let the gateway in", access, reason)


def _unreachable(access: ServerAccess, reason: str) -> Refused:
    return _refusal(RefusalCode.CANNOT_CONNECT, "gateway: the server cannot be reached", access, reason)


def _refusal(code: str, message: str, access: ServerAccess, reason: str) -> Refused:
    hidden = reason.replace(access.password, "…") if access.password else reason
    log.warning("login at server %s:%d failed: %s", access.host, access.port, hidden)
    hint = "Ask whoever runs the gateway; its log has the cause." if code[:2] == "08" else ""
    return Refused(code, message, hidden, hint=hint)


def attributes_for(user: str, given: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The client's connection attributes, and who it is, so that the DBA sees it (performance_schema)."""
    kept = tuple(pair for pair in given if not pair[0].startswith(b"_gateway"))
    return (*kept, (b"_gateway_user", user.encode("utf-8", "replace")))
