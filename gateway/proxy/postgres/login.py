"""The client's login at the gateway: from its first byte to `Authenticated | Refused`.

    client                                     gateway
    SSLRequest, GSSENCRequest, or TLS at once  S and a handshake, N, or no answer at all to a CancelRequest
    StartupMessage                             NegotiateProtocolVersion where it asks for more than is known
    a certificate, where the gateway names a CA
    SCRAM-SHA-256(-PLUS), or for `user+token` over TLS an API token as cleartext password
                                               AuthenticationOk

Nothing of this reaches a server: the gateway logs in there with its own credentials (`backend.py`).
"""

import asyncio
import hmac
import logging
from dataclasses import dataclass, field

from gateway.model.identity import ClientInfo, Principal
from gateway.proxy.credentials import TOKEN_SUFFIX, CertificateUse, can_be_a_name, settle
from gateway.proxy.outcome import Authenticated, RefusalCode, Refused
from gateway.proxy.ports import Directory
from gateway.proxy.postgres.channel import LoginChannel
from gateway.proxy.postgres.options import BadOptions, Requested, negotiated_version, sort_out
from gateway.proxy.throttle import LoginThrottle
from gateway.proxy.tls import POSTGRES_ALPN, ServerSideTls, client_common_name, selected_alpn
from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.authentication import (
    AuthenticationCleartextPassword,
    AuthenticationOk,
    AuthenticationSasl,
    AuthenticationSaslContinue,
    AuthenticationSaslFinal,
)
from gateway.wire.postgres.backend import NegotiateProtocolVersion
from gateway.wire.postgres.frontend import AUTH_TOKEN_LIMIT, PasswordMessage, SaslInitialResponse
from gateway.wire.postgres.scram import (
    DEFAULT_ITERATIONS,
    ServerExchange,
    Verifier,
    WrongPassword,
    mock_verifier,
    offered_mechanisms,
)
from gateway.wire.postgres.startup import (
    ACCEPT_TLS,
    PROTOCOL_3_2,
    REFUSE_ENCRYPTION,
    CancelRequest,
    GssEncRequest,
    SslRequest,
    StartupMessage,
    decode_startup,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoginDesk:
    """What every login needs.

    mock_secret  keeps the salt of a user who does not exist the same from login to login, on every gateway
    iterations   of users' verifiers: what a client is told for a user who does not exist
    seconds      the client's time for all of it, waits of the throttle not counted
    """

    directory: Directory
    throttle: LoginThrottle
    mock_secret: bytes = field(repr=False)
    tls: ServerSideTls | None = None
    certificate_use: CertificateUse = CertificateUse.SECOND_FACTOR
    iterations: int = DEFAULT_ITERATIONS
    seconds: float = 15.0


class ClientLogin:
    """One client's login. `run` is called once; `user` and `database` hold what it read of the client, for the record."""

    def __init__(self, desk: LoginDesk, channel: LoginChannel, address: str, *, refuse_with: Refused | None = None) -> None:
        self._desk = desk
        self._channel = channel
        self._address = address
        self._refuse_with = refuse_with
        self.user = ""
        self.database = ""
        self.application_name = ""

    async def run(self) -> Authenticated | Refused | CancelRequest:
        """Raises PeerGone. On `Authenticated` the client has been told AuthenticationOk; on `Refused` nothing yet."""
        try:
            async with asyncio.timeout(self._desk.seconds) as clock:
                outcome = await self._steps(clock)
        except TimeoutError:
            outcome = self._refused(RefusalCode.LOGIN_TIMEOUT, "canceling authentication due to timeout", "login timeout")
        except ProtocolViolation as error:
            outcome = self._refused(RefusalCode.PROTOCOL_VIOLATION, str(error), f"protocol violation: {error}")
        except BadOptions as error:
            outcome = self._refused(RefusalCode.INVALID_PARAMETER, str(error), f"bad options: {error}")
        return outcome

    async def _steps(self, clock: asyncio.Timeout) -> Authenticated | Refused | CancelRequest:
        packet = await self._opening()
        if isinstance(packet, CancelRequest):
            return packet
        requested = self._sort_out(packet)
        if isinstance(requested, Refused):
            return requested
        if packet.version > PROTOCOL_3_2 or requested.unrecognised:
            self._channel.write(NegotiateProtocolVersion(negotiated_version(packet), requested.unrecognised).encode())
        proven = await self._authenticate(clock)
        if isinstance(proven, Refused):
            return proven
        principal, method = proven
        return Authenticated(
            principal=principal,
            client=ClientInfo(self._address, requested.application_name, self._channel.encrypted),
            database=self.database,
            settings=requested.settings,
            application_name=requested.application_name,
            protocol=negotiated_version(packet),
            method=method,
        )

    async def _opening(self) -> StartupMessage | CancelRequest:
        """Each encryption request may come once, TLS only while there is none (ProcessStartupPacket)."""
        may_ask_tls, may_ask_gss = not self._channel.encrypted, True
        if self._channel.encrypted:
            self._check_alpn(required=True)
        while True:
            packet = decode_startup((await self._channel.startup_packet()).payload)
            match packet:
                case SslRequest() if may_ask_tls:
                    may_ask_tls = False
                    await self._answer_ssl_request()
                case GssEncRequest() if may_ask_gss:
                    may_ask_gss = False
                    self._channel.write(REFUSE_ENCRYPTION)
                case StartupMessage() | CancelRequest():
                    return packet
                case _:
                    raise ProtocolViolation("unexpected encryption request")

    async def _answer_ssl_request(self) -> None:
        if self._desk.tls is None:
            self._channel.write(REFUSE_ENCRYPTION)
            return
        if self._channel.unread:  # before the S: whatever stands there is nobody's TLS handshake
            raise ProtocolViolation("received unencrypted data after SSL request")
        self._channel.write(ACCEPT_TLS)
        await self._channel.start_tls(self._desk.tls.context, server_side=True)
        self._check_alpn(required=False)

    def _check_alpn(self, *, required: bool) -> None:
        """Over direct TLS a client must say which protocol it means, against attacks across protocols (ALPACA)."""
        selected = selected_alpn(self._channel.transport)
        if selected is None and not required:
            return
        if selected != POSTGRES_ALPN:
            raise ProtocolViolation("received direct SSL connection request without ALPN protocol negotiation extension")

    def _sort_out(self, startup: StartupMessage) -> Requested | Refused:
        if startup.major != 3:
            message = f"unsupported frontend protocol {startup.major}.{startup.minor}: server supports 3.0 to 3.2"
            return self._refused(RefusalCode.FEATURE_NOT_SUPPORTED, message, "unknown protocol version")
        self.user = startup.get("user") or ""
        self.database = startup.get("database") or self.user.removesuffix(TOKEN_SUFFIX)
        requested = sort_out(startup)
        self.application_name = requested.application_name
        if not self.user:
            message = "no PostgreSQL user name specified in startup packet"
            return self._refused(RefusalCode.INVALID_AUTHORIZATION, message, "no user name")
        if self._refuse_with is not None:
            return self._refused(self._refuse_with.code, self._refuse_with.message, self._refuse_with.reason)
        if self._desk.tls is not None and self._desk.tls.required and not self._channel.encrypted:
            message = "gateway: logins are taken over TLS only"
            return self._refused(RefusalCode.INVALID_AUTHORIZATION, message, "no TLS", "Connect with sslmode=require.")
        if requested.replication:
            message = "gateway: replication connections are not served"
            return self._refused(RefusalCode.FEATURE_NOT_SUPPORTED, message, "replication asked for")
        return requested

    async def _authenticate(self, clock: asyncio.Timeout) -> tuple[Principal, str] | Refused:
        name = self.user.removesuffix(TOKEN_SUFFIX)
        shown = client_common_name(self._channel.transport)
        if shown is not None and not hmac.compare_digest(shown.encode(), name.encode("utf-8", "replace")):
            message = f'certificate authentication failed for user "{self.user}"'
            return self._refused(RefusalCode.INVALID_AUTHORIZATION, message, f"the certificate is of {shown!r}")
        if shown is not None and self._desk.certificate_use is CertificateUse.LOGIN:
            return await self._login_by_certificate(name)
        if self.user.endswith(TOKEN_SUFFIX):
            return await self._login_by_token(name, clock)
        return await self._login_by_scram(name, clock)

    async def _login_by_certificate(self, name: str) -> tuple[Principal, str] | Refused:
        principal = await self._principal(name)
        if principal is None:
            message = f'certificate authentication failed for user "{self.user}"'
            return self._refused(RefusalCode.INVALID_AUTHORIZATION, message, "no such user, or disabled")
        self._channel.write(AuthenticationOk().encode())
        return principal, "certificate"

    async def _login_by_token(self, name: str, clock: asyncio.Timeout) -> tuple[Principal, str] | Refused:
        if not self._channel.encrypted:
            message = "gateway: a token is taken over TLS only"
            return self._refused(
                RefusalCode.INVALID_AUTHORIZATION, message, "token without TLS", "Connect with sslmode=require."
            )
        self._channel.write(AuthenticationCleartextPassword().encode())
        token = PasswordMessage.decode(await self._answer()).password
        owner = await self._desk.directory.token_owner(token) if token.isascii() else None
        if owner is not None and not hmac.compare_digest(owner.name.encode(), name.encode("utf-8", "replace")):
            owner = None  # a valid token, but somebody else's
        refused = await self._settle(owner is not None, clock)
        if refused is not None or owner is None:
            return refused or self._wrong_password("token not valid")
        self._channel.write(AuthenticationOk().encode())
        return owner, "token"

    async def _login_by_scram(self, name: str, clock: asyncio.Timeout) -> tuple[Principal, str] | Refused:
        binding = self._desk.tls.binding if self._desk.tls is not None and self._channel.encrypted else None
        exchange = ServerExchange(await self._verifier(name), binding)
        self._channel.write(AuthenticationSasl(offered_mechanisms(binding)).encode())
        initial = SaslInitialResponse.decode(await self._answer())
        response = initial.response
        if response is None:  # RFC 4422, section 5: an empty challenge asks for the response that was left out
            self._channel.write(AuthenticationSaslContinue(b"").encode())
            response = await self._answer()
        self._channel.write(AuthenticationSaslContinue(exchange.first(initial.mechanism, response)).encode())
        try:
            final = exchange.final(await self._answer())
        except WrongPassword:
            final = None
        principal = await self._principal(name) if final is not None else None
        refused = await self._settle(principal is not None, clock)
        if refused is not None or principal is None or final is None:
            return refused or self._wrong_password("wrong password, unknown user, or disabled")
        self._channel.write(AuthenticationSaslFinal(final).encode(), AuthenticationOk().encode())
        return principal, "scram-sha-256"

    async def _settle(self, right: bool, clock: asyncio.Timeout) -> Refused | None:
        """Count a failure, wait as long as the throttle asks, right or wrong. None: the answer may be given."""
        user = self.user.removesuffix(TOKEN_SUFFIX)
        refused = await settle(self._desk.throttle, user, self._address, right=right, clock=clock)
        if refused is None:
            return None
        return self._refused(refused.code, refused.message, refused.reason, refused.hint)

    async def _verifier(self, name: str) -> Verifier:
        """A stored verifier, or one that nothing fits; both are parsed, so that both take the same time."""
        mock = str(mock_verifier(self._desk.mock_secret, name, self._desk.iterations))
        record = await self._desk.directory.user(name) if can_be_a_name(name) else None
        stored = record.verifier if record is not None and not record.disabled else None
        try:
            return Verifier.parse(stored or mock)
        except ValueError:
            log.warning("the stored verifier of user %r cannot be read; nobody can log in with it", name)
            return Verifier.parse(mock)

    async def _principal(self, name: str) -> Principal | None:
        return await self._desk.directory.principal(name) if can_be_a_name(name) else None

    async def _answer(self) -> bytes:
        """The body of the client's next `p` message."""
        frame = await self._channel.frame(AUTH_TOKEN_LIMIT)
        if frame.kind != PasswordMessage.KIND:
            raise ProtocolViolation(f"expected password response, got message type {frame.kind}")
        return frame.payload

    def _wrong_password(self, reason: str) -> Refused:
        message = f'password authentication failed for user "{self.user}"'
        return self._refused(RefusalCode.INVALID_PASSWORD, message, reason)

    def _refused(self, code: str, message: str, reason: str, hint: str = "") -> Refused:
        return Refused(code, message, reason, hint=hint, user=self.user, database=self.database)


__all__ = ["TOKEN_SUFFIX", "CertificateUse", "ClientLogin", "LoginDesk"]
