"""The gateway's own login at a PostgreSQL server, with the credentials that only it knows.

What goes wrong is logged in full for the operator and told to the client in the gateway's words: no address, user name or
password of the server's reaches a client.
"""

import asyncio
import ipaddress
import logging
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.model.errors import ConfigurationError
from gateway.proxy import tls
from gateway.proxy.listener import keep_alive
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.ports import ServerAccess
from gateway.proxy.postgres.channel import LoginChannel, PeerGone, TlsFailed
from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres import authentication as auth
from gateway.wire.postgres.backend import (
    BackendKeyData,
    NegotiateProtocolVersion,
    ParameterStatus,
    ReadyForQuery,
    decode_backend,
)
from gateway.wire.postgres.frontend import PasswordMessage, SaslInitialResponse, SaslResponse
from gateway.wire.postgres.passwords import md5_answer
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse
from gateway.wire.postgres.scram import ClientExchange
from gateway.wire.postgres.startup import (
    ACCEPT_TLS,
    PROTOCOL_3_0,
    REFUSE_ENCRYPTION,
    CancelRequest,
    SslRequest,
    StartupMessage,
)

log = logging.getLogger(__name__)

_MESSAGE_LIMIT = 1024 * 1024  # of a single message while logging in, notices included
_TOTAL_PARAMETERS = 1_000
# Errors that answer what the client itself asked for at login, in the server's own words (classes 22 and 42).
_CLIENTS_OWN = re.compile(r"22...|42704|42501|42601|55P02")
_APPLICATION_NAME_BYTES = 63  # NAMEDATALEN - 1


@dataclass(frozen=True, slots=True)
class ServerLink:
    """A server that is ready for queries, with reading paused. `notices` are what it said while logging in."""

    transport: asyncio.Transport
    parameters: dict[str, str]
    key: BackendKeyData | None
    state: bytes
    encrypted: bool
    surplus: bytes = field(repr=False)
    notices: tuple[NoticeResponse, ...] = ()


class _Rejected(Exception):
    """The server answered the login with an error. `encrypted`: over TLS."""

    def __init__(self, error: ErrorResponse, *, encrypted: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.encrypted = encrypted


async def connect_server(
    access: ServerAccess, database: str, parameters: Sequence[tuple[str, str]], seconds: float
) -> ServerLink | Refused:
    """Connect, encrypt as the instance's TLS mode says, log in. `parameters` become the session's defaults at the server."""
    startup = StartupMessage(PROTOCOL_3_0, (("user", access.username), ("database", database), *parameters))
    try:
        async with asyncio.timeout(seconds):
            return await _by_mode(access, startup)
    except _Rejected as rejection:
        return _translate(rejection.error, access, database)
    except TimeoutError:
        return _unreachable(access, database, f"no answer within {seconds:g} s")
    except (PeerGone, OSError) as error:
        return _unreachable(access, database, str(error) or error.__class__.__name__)
    except (ProtocolViolation, ConfigurationError) as error:
        return _refusal(
            RefusalCode.SERVER_REJECTED, "gateway: no session with the server can be made", access, database, str(error)
        )


async def cancel_server(access: ServerAccess, encrypted: bool, key: BackendKeyData, seconds: float) -> None:
    """Ask the server to cancel what a session runs; over TLS where the session is. A server that is gone is only logged."""
    try:
        async with asyncio.timeout(seconds):
            channel = await _open(access, encrypt=encrypted, optional=False)
            try:
                channel.write(CancelRequest(key.process_id, key.secret).encode())
                await channel.wait_closed()  # the server closes without an answer when it has taken the request
            finally:
                channel.abort()
    except (PeerGone, TimeoutError, OSError, ProtocolViolation, ConfigurationError) as error:
        log.warning("a cancel request did not reach %s:%d: %s", access.host, access.port, error or error.__class__.__name__)


def application_prefix(user: str) -> str:
    """What stands before every application_name of this user's sessions, so that a DBA sees who it is."""
    return f"{user} via gateway"


def application_name(user: str, chosen: str) -> str:
    """`alice via gateway: psql`, cut to what the server keeps. The user comes first: a long name cannot push it out."""
    name = f"{application_prefix(user)}: {chosen}" if chosen else application_prefix(user)
    return name.encode("utf-8", "replace")[:_APPLICATION_NAME_BYTES].decode("utf-8", "ignore")


async def _by_mode(access: ServerAccess, startup: StartupMessage) -> ServerLink:
    """The attempts that each sslmode allows (libpq, "SSL Support")."""
    mode = tls.SslMode(access.tls.mode)
    if _is_unix_socket(access.host) or mode is tls.SslMode.DISABLE:
        return await _attempt(access, startup, encrypt=False)
    if mode is tls.SslMode.ALLOW:
        try:
            return await _attempt(access, startup, encrypt=False)
        except _Rejected as first:
            try:
                return await _attempt(access, startup, encrypt=True)
            except (ProtocolViolation, PeerGone):
                raise first from None
    if mode is tls.SslMode.PREFER:
        try:
            return await _attempt(access, startup, encrypt=True, optional=True)
        except TlsFailed:
            return await _attempt(access, startup, encrypt=False)
        except _Rejected as rejection:
            if not rejection.encrypted:
                raise
            return await _attempt(access, startup, encrypt=False)
    return await _attempt(access, startup, encrypt=True)


async def _attempt(access: ServerAccess, startup: StartupMessage, *, encrypt: bool, optional: bool = False) -> ServerLink:
    channel = await _open(access, encrypt=encrypt, optional=optional)
    try:
        channel.write(startup.encode())
        await _authenticate(channel, access)
        return await _await_ready(channel)
    except BaseException:
        channel.abort()
        raise


async def _open(access: ServerAccess, *, encrypt: bool, optional: bool) -> LoginChannel:
    loop = asyncio.get_running_loop()
    if _is_unix_socket(access.host):
        _, channel = await loop.create_unix_connection(LoginChannel, f"{access.host}/.s.PGSQL.{access.port}")
        return channel
    _, channel = await loop.create_connection(LoginChannel, access.host, access.port)
    keep_alive(channel.transport.get_extra_info("socket"))
    try:
        if encrypt:
            await _encrypt(channel, access, optional=optional)
    except BaseException:
        channel.abort()
        raise
    return channel


async def _encrypt(channel: LoginChannel, access: ServerAccess, *, optional: bool) -> None:
    context: ssl.SSLContext = tls.context_for(access.tls)
    channel.write(SslRequest().encode())
    answer = await channel.byte()
    if answer == ACCEPT_TLS:
        await channel.start_tls(context, server_side=False, server_hostname=access.host)
    elif answer != REFUSE_ENCRYPTION or not optional:
        # An error in place of S or N comes over plaintext, from anybody: its text is not read (CVE-2024-10977).
        raise ProtocolViolation("the server does not do TLS, which the instance's settings ask for")


async def _authenticate(channel: LoginChannel, access: ServerAccess) -> None:
    """Until AuthenticationOk. Raises _Rejected, ProtocolViolation."""
    exchange: ClientExchange | None = None
    proven = True
    while True:
        match await _next(channel):
            case auth.AuthenticationOk():
                if not proven:
                    raise ProtocolViolation("the server ended the login without proving that it knows the password")
                return
            case auth.AuthenticationSasl(mechanisms) if exchange is None:
                exchange = ClientExchange(_password(access), mechanisms, tls.server_binding(channel.transport))
                proven = False
                channel.write(SaslInitialResponse(exchange.mechanism, exchange.first()).encode())
            case auth.AuthenticationSaslContinue(data) if exchange is not None and not proven:
                # The key derivation is remembered per password and salt; the first one may take milliseconds.
                answer = await asyncio.to_thread(exchange.respond, data)
                channel.write(SaslResponse(answer).encode())
            case auth.AuthenticationSaslFinal(data) if exchange is not None:
                exchange.verify(data)
                proven = True
            case auth.AuthenticationMd5Password(salt) if exchange is None:
                channel.write(PasswordMessage(md5_answer(access.username, _password(access), salt)).encode())
            case auth.AuthenticationCleartextPassword() if exchange is None:
                if not (channel.encrypted or _is_local(access.host)):
                    raise ProtocolViolation(
                        "the server asks for a cleartext password without TLS; set tls mode require or better"
                    )
                channel.write(PasswordMessage(_password(access)).encode())
            case NegotiateProtocolVersion() | NoticeResponse():
                continue  # 3.0 is the least there is, and no option was asked for
            case other:
                raise ProtocolViolation(f"unexpected {other.__class__.__name__} of the server while logging in")


async def _await_ready(channel: LoginChannel) -> ServerLink:
    """What a server tells between AuthenticationOk and its first ReadyForQuery."""
    parameters: dict[str, str] = {}
    notices: list[NoticeResponse] = []
    key: BackendKeyData | None = None
    while True:
        match await _next(channel):
            case ParameterStatus(name, value) if len(parameters) < _TOTAL_PARAMETERS:
                parameters[name] = value
            case BackendKeyData() as key:
                continue
            case NoticeResponse() as notice if len(notices) < _TOTAL_PARAMETERS:
                notices.append(notice)
            case NegotiateProtocolVersion():
                continue
            case ReadyForQuery(state):
                encrypted = channel.encrypted
                transport, surplus = channel.hand_over()
                return ServerLink(transport, parameters, key, state, encrypted, surplus, tuple(notices))
            case other:
                raise ProtocolViolation(f"unexpected {other.__class__.__name__} of the server while starting the session")


async def _next(channel: LoginChannel) -> object:
    message = decode_backend(await channel.frame(_MESSAGE_LIMIT))
    if isinstance(message, ErrorResponse):
        raise _Rejected(message, encrypted=channel.encrypted)
    return message


def _password(access: ServerAccess) -> str:
    if access.password is None:
        raise ProtocolViolation("the server asks for a password and the instance has none")
    return access.password


def _is_unix_socket(host: str) -> bool:
    return host.startswith("/")


def _is_local(host: str) -> bool:
    """Whether a password in clear stays on this machine."""
    if _is_unix_socket(host) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _translate(error: ErrorResponse, access: ServerAccess, database: str) -> Refused:
    """The server's refusal in words for the client. Its own words only where they answer the client's own settings."""
    code = error.code
    reason = f"the server refused: {code} {error.message}"
    secrets = [text for text in (access.username, access.password) if text]
    if _CLIENTS_OWN.fullmatch(code) and not any(secret in error.message for secret in secrets):
        return _refusal(code, error.message, access, database, reason)
    if code == RefusalCode.NO_SUCH_DATABASE:
        return _refusal(code, f'database "{database}" does not exist', access, database, reason)
    if code == RefusalCode.TOO_MANY_CONNECTIONS:
        return _refusal(code, "gateway: the server has no connection left", access, database, reason)
    if code.startswith("57P"):
        return _refusal(code, "gateway: the server is starting up or shutting down", access, database, reason)
    message = "gateway: the server does not let the gateway in"
    return _refusal(RefusalCode.SERVER_REJECTED, message, access, database, reason)


def _unreachable(access: ServerAccess, database: str, reason: str) -> Refused:
    return _refusal(RefusalCode.CANNOT_CONNECT, "gateway: the server cannot be reached", access, database, reason)


def _refusal(code: str, message: str, access: ServerAccess, database: str, reason: str) -> Refused:
    hidden = reason.replace(access.password, "…") if access.password else reason
    log.warning("login at server %s:%d, database %s, failed: %s", access.host, access.port, database, hidden)
    return Refused(
        code, message, hidden, hint="Ask whoever runs the gateway; its log has the cause." if code[:2] == "08" else ""
    )
