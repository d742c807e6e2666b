"""The client's login at the gateway: from the greeting to `Authenticated | Refused`.

    gateway                                      client
    HandshakeV10 with a nonce of our own
                                                 [SSLRequest, a TLS handshake] HandshakeResponse41
    [AuthSwitchRequest, for another plugin]      caching_sha2_password's scramble
    AuthMoreData: fast, where the password was seen before; else full
                                                 the password over TLS, or under the gateway's RSA key
    OK, only after the server's login (`door.py`)

Nothing of this reaches a server. COM_CHANGE_USER comes through here again, with a nonce of its own.
"""

import asyncio
import hmac
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from gateway.model.identity import ClientInfo, Principal
from gateway.proxy.credentials import TOKEN_SUFFIX, CertificateUse, can_be_a_name, settle
from gateway.proxy.mysql.address import split_user
from gateway.proxy.mysql.backend import is_local
from gateway.proxy.mysql.channel import LoginChannel
from gateway.proxy.mysql.charset import safe_collation
from gateway.proxy.mysql.face import Face
from gateway.proxy.mysql.fast import FastLogins
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.ports import Directory, UserRecord
from gateway.proxy.throttle import LoginThrottle
from gateway.proxy.tls import ServerSideTls, client_common_name
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql import auth
from gateway.wire.mysql.constants import AuthPlugin, Capability, Status
from gateway.wire.mysql.handshake import (
    NONCE_SIZE,
    AuthMoreData,
    AuthSwitchRequest,
    ChangeUser,
    HandshakeResponse41,
    HandshakeV10,
    SslRequest,
)

log = logging.getLogger(__name__)

_LONGEST_PASSWORD: Final = 1024
_SEALED_SIZE: Final = 256  # of what is encrypted with an RSA key of 2048 bits
_APPLICATION: Final = (b"program_name", b"_client_name")
_SHOWN_NAME: Final = 64
_CONNECTOR_J: Final = frozenset({b"MySQL Connector/J", b"MySQL Connector Java"})
_WITHOUT_MORE_DATA: Final = re.compile(rb"[0-4]\.|5\.[0-4]\.|5\.5\.(?:[0-9]|1[0-5])(?!\d)")

PasswordCheck = Callable[[str, str | None], bool]
"""Whether the password is the one behind the verifier; without a verifier the same work and no (`store.passwords`)."""


@dataclass(frozen=True, slots=True)
class LoginDesk:
    """What every login needs.

    native   mysql_native_password is taken from users who have a verifier for it
    seconds  the client's time for all of it, waits of the throttle not counted
    """

    directory: Directory
    throttle: LoginThrottle
    check_password: PasswordCheck
    rsa: auth.RsaKey
    fast: FastLogins
    face: Callable[[], Face]
    tls: ServerSideTls | None = None
    certificate_use: CertificateUse = CertificateUse.SECOND_FACTOR
    native: bool = False
    seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Proven:
    """A client that proved who it is, and what it asked for. Not yet allowed to use any database."""

    principal: Principal
    client: ClientInfo
    database: str
    instance: str
    capabilities: Capability
    collation: int
    attributes: tuple[tuple[bytes, bytes], ...] = ()
    method: str = "caching_sha2_password"


@dataclass(slots=True)
class _Claim:
    """Who somebody says they are, and with what."""

    plugin: bytes
    response: bytes
    nonce: bytes
    can_switch: bool
    user: str = ""
    record: UserRecord | None = field(default=None, repr=False)

    @property
    def verifier(self) -> str | None:
        return self.record.verifier if self.record is not None and not self.record.disabled else None


class ClientLogin:
    """One client's login. `user`, `database` and `application_name` hold what it read of the client, for the record."""

    def __init__(
        self,
        desk: LoginDesk,
        channel: LoginChannel,
        address: str,
        connection_id: int,
        *,
        refuse_with: Refused | None = None,
    ) -> None:
        self._desk = desk
        self._channel = channel
        self._address = address
        self._connection_id = connection_id
        self._refuse_with = refuse_with
        self._with_password = True
        self._in_clear = False
        self._bare = False
        self.user = ""
        self.database = ""
        self.application_name = ""

    async def run(self) -> Proven | Refused:
        """A new connection. Raises PeerGone. Nothing final has been told to the client in either case."""
        return await self._timed(self._new_connection)

    async def change_user(self, payload: bytes, before: Proven) -> Proven | Refused:
        """COM_CHANGE_USER on a session that is over. Raises PeerGone."""
        return await self._timed(lambda clock: self._changed_user(payload, before, clock))

    async def _timed(self, steps: Callable[[asyncio.Timeout], Awaitable[Proven | Refused]]) -> Proven | Refused:
        try:
            async with asyncio.timeout(self._desk.seconds) as clock:
                return await steps(clock)
        except TimeoutError:
            return self._refused(RefusalCode.LOGIN_TIMEOUT, "Got timeout reading communication packets", "login timeout")
        except ProtocolViolation as error:
            return self._refused(RefusalCode.PROTOCOL_VIOLATION, f"Bad handshake: {error}", f"protocol violation: {error}")

    # A new connection

    async def _new_connection(self, clock: asyncio.Timeout) -> Proven | Refused:
        face, nonce = self._desk.face(), new_nonce()
        offered = face.capabilities | (Capability.SSL if self._desk.tls is not None else Capability(0))
        greeting = HandshakeV10(
            face.version, self._connection_id, nonce, offered, face.collation, Status.AUTOCOMMIT, AuthPlugin.CACHING_SHA2
        )
        self._channel.say(greeting.encode())
        response = await self._response(offered)
        await self._read_names(response.user, response.database)
        self._read_attributes(response.attributes)
        refused = self._unfit(response)
        if refused is not None:
            return refused
        flags = response.capabilities & face.capabilities
        plugin = response.auth_plugin if flags & Capability.PLUGIN_AUTH else AuthPlugin.NATIVE
        claim = _Claim(plugin, response.auth_response, nonce, bool(flags & Capability.PLUGIN_AUTH))
        return await self._prove(claim, clock, flags, response.collation, response.attributes)

    async def _response(self, offered: Capability) -> HandshakeResponse41:
        packet = HandshakeResponse41.decode(await self._channel.packet())
        if isinstance(packet, SslRequest):
            if self._desk.tls is None or not offered & Capability.SSL:
                raise ProtocolViolation("TLS was not offered")
            await self._channel.start_tls(self._desk.tls.context, server_side=True, early=True)
            packet = HandshakeResponse41.decode(await self._channel.packet())
        if isinstance(packet, SslRequest):
            raise ProtocolViolation("TLS within TLS")
        return packet

    def _unfit(self, response: HandshakeResponse41) -> Refused | None:
        """Why this client is not even asked for its password."""
        if self._refuse_with is not None:
            return self._refused(self._refuse_with.code, self._refuse_with.message, self._refuse_with.reason)
        if self._desk.tls is not None and self._desk.tls.required and not self._channel.encrypted:
            message = "gateway: logins are taken over TLS only"
            return self._refused(RefusalCode.INVALID_AUTHORIZATION, message, "no TLS", "Connect with --ssl-mode=REQUIRED.")
        return self._unreadable(response.collation)

    def _unreadable(self, collation: int) -> Refused | None:
        if safe_collation(collation):
            return None
        message = f"gateway: the character set of collation {collation} is not supported: statements could not be read safely"
        return self._refused(RefusalCode.INVALID_PARAMETER, message, "unsafe character set", "Connect with utf8mb4.")

    # COM_CHANGE_USER

    async def _changed_user(self, payload: bytes, before: Proven, clock: asyncio.Timeout) -> Proven | Refused:
        change = ChangeUser.decode(payload, before.capabilities)
        await self._read_names(change.user, change.database)
        self._read_attributes(change.attributes or before.attributes)
        collation = change.collation or before.collation
        refused = self._unreadable(collation)
        if refused is not None:
            return refused
        # The scramble in the packet was made with the connection's first nonce, which is used up: ask anew.
        can_switch = bool(before.capabilities & Capability.PLUGIN_AUTH)
        claim = _Claim(b"", change.auth_response, b"", can_switch)
        return await self._prove(claim, clock, before.capabilities, collation, change.attributes or before.attributes)

    # Names

    async def _read_names(self, user: bytes, database: bytes) -> None:
        self._written = user.decode("utf-8", "surrogateescape")
        self.database = database.decode("utf-8", "surrogateescape")
        self.user, self._instance = await split_user(self._written, self._desk.directory)

    def _read_attributes(self, attributes: tuple[tuple[bytes, bytes], ...]) -> None:
        found = dict(attributes)
        name = next((found[key] for key in _APPLICATION if key in found), b"")
        # In front of a server that calls itself older than 5.5.16, as MariaDB 10 does ("5.5.5-10.11"), Connector/J takes the
        # packets of an authentication for data without a header, and pads for RSA as servers before 8.0.5 wanted it.
        self._bare = found.get(b"_client_name") in _CONNECTOR_J and bool(_WITHOUT_MORE_DATA.match(self._desk.face().version))
        self.application_name = name.decode("utf-8", "replace")[:_SHOWN_NAME]

    # Proof

    async def _prove(
        self,
        claim: _Claim,
        clock: asyncio.Timeout,
        flags: Capability,
        collation: int,
        attributes: tuple[tuple[bytes, bytes], ...],
    ) -> Proven | Refused:
        name = self.user.removesuffix(TOKEN_SUFFIX)
        shown = client_common_name(self._channel.transport)
        if shown is not None and not hmac.compare_digest(shown.encode(), name.encode("utf-8", "replace")):
            return self._denied(f"the certificate is of {shown!r}")
        if shown is not None and self._desk.certificate_use is CertificateUse.LOGIN:
            principal, method = await self._principal(name), "certificate"
        else:
            claim.user = name
            proof = await self._authenticate(claim, clock)
            if isinstance(proof, Refused):
                return proof
            principal, method = proof
        if principal is None:
            return self._denied("no such user, or disabled")
        client = ClientInfo(self._address, self.application_name, self._channel.encrypted)
        return Proven(principal, client, self.database, self._instance, flags, collation, attributes, method)

    async def _authenticate(self, claim: _Claim, clock: asyncio.Timeout) -> tuple[Principal | None, str] | Refused:
        if self.user.endswith(TOKEN_SUFFIX):
            return await self._by_token(claim, clock)
        claim.record = await self._desk.directory.user(claim.user) if can_be_a_name(claim.user) else None
        native = self._native_verifier(claim)
        if native is not None and claim.plugin == AuthPlugin.NATIVE and claim.nonce:
            right = auth.check_native(claim.response, claim.nonce, native)
            method = "mysql_native_password"
            self._with_password = bool(claim.response)
        else:
            answered = await self._scramble(claim)
            if isinstance(answered, Refused):
                return answered
            right = await self._by_sha2(claim)
            method = "caching_sha2_password"
        principal = await self._principal(claim.user) if right else None
        refused = await self._settle(right=principal is not None, clock=clock)
        if refused is not None:
            return refused
        return (principal, method) if principal is not None else self._denied("wrong password, unknown user, or disabled")

    def _native_verifier(self, claim: _Claim) -> bytes | None:
        record = claim.record
        if not self._desk.native or record is None or record.disabled:
            return None
        return record.native_verifier

    async def _scramble(self, claim: _Claim) -> Refused | None:
        """Make sure that `claim.response` is caching_sha2_password's, for a nonce of ours."""
        if claim.plugin == AuthPlugin.CACHING_SHA2 and claim.nonce:
            return None
        if not claim.can_switch:
            message = "Client does not support authentication protocol requested by server; consider upgrading MySQL client"
            return self._refused(RefusalCode.FEATURE_NOT_SUPPORTED, message, "the client knows no authentication plugins")
        claim.nonce = new_nonce()
        self._channel.say(AuthSwitchRequest(AuthPlugin.CACHING_SHA2, claim.nonce).encode())
        claim.response = await self._channel.packet()
        return None

    async def _by_sha2(self, claim: _Claim) -> bool:
        verifier = claim.verifier
        if claim.response in {b"", b"\0"}:  # an empty password, which nobody has
            self._with_password = False
            return False
        if verifier is not None and self._desk.fast.check(claim.user, verifier, claim.response, claim.nonce):
            self._say_more(auth.FAST_AUTH_SUCCESS)
            return True
        password = await self._full(claim.nonce)
        # As long as it takes: about two milliseconds of hashing, the same for a user who does not exist.
        right = await asyncio.to_thread(self._desk.check_password, password or "", verifier)
        if right and verifier is not None and password:
            self._desk.fast.keep(claim.user, verifier, password.encode())
        return right and bool(password)

    def _say_more(self, data: bytes) -> None:
        self._channel.say(data if self._bare else AuthMoreData(data).encode())

    async def _full(self, nonce: bytes) -> str | None:
        """The password itself: over TLS as it is, else under the gateway's own RSA key. None: nothing readable came."""
        self._say_more(auth.PERFORM_FULL_AUTHENTICATION)
        answer = await self._channel.packet()
        if self._channel.encrypted:
            secret: bytes | None = answer[:-1] if answer.endswith(b"\0") else answer
        else:
            if answer == auth.REQUEST_PUBLIC_KEY:
                self._say_more(self._desk.rsa.public_pem)
                answer = await self._channel.packet()
            secret = await self._opened(answer, nonce)
        if secret is None or len(secret) > _LONGEST_PASSWORD:
            return None
        try:
            return secret.decode()
        except UnicodeDecodeError:
            return None

    async def _opened(self, answer: bytes, nonce: bytes) -> bytes | None:
        """MariaDB's client library sends the password in clear where it has no TLS, and asks for no key: taken only where it
        has not left this machine."""
        if not answer.endswith(b"\0") or len(answer) >= _SEALED_SIZE:
            return await asyncio.to_thread(self._desk.rsa.decrypt_password, answer, nonce, oaep=not self._bare)
        if is_local(self._address or "localhost"):
            return answer[:-1]
        self._in_clear = True
        return None

    async def _by_token(self, claim: _Claim, clock: asyncio.Timeout) -> tuple[Principal | None, str] | Refused:
        answered = await self._scramble(claim)
        if isinstance(answered, Refused):
            return answered
        token = await self._full(claim.nonce)
        owner = await self._desk.directory.token_owner(token) if token and token.isascii() else None
        if owner is not None and not hmac.compare_digest(owner.name.encode(), claim.user.encode("utf-8", "replace")):
            owner = None  # a valid token, but somebody else's
        refused = await self._settle(right=owner is not None, clock=clock)
        if refused is not None:
            return refused
        return (owner, "token") if owner is not None else self._denied("token not valid")

    async def _settle(self, *, right: bool, clock: asyncio.Timeout) -> Refused | None:
        user = self.user.removesuffix(TOKEN_SUFFIX)
        refused = await settle(self._desk.throttle, user, self._address, right=right, clock=clock)
        return None if refused is None else self._refused(refused.code, refused.message, refused.reason, refused.hint)

    async def _principal(self, name: str) -> Principal | None:
        return await self._desk.directory.principal(name) if can_be_a_name(name) else None

    def _denied(self, reason: str) -> Refused:
        """The server's own words, the same for a wrong password and an unknown user."""
        password = "YES" if self._with_password else "NO"
        shown = self._written.encode("utf-8", "replace").decode()
        message = f"Access denied for user '{shown}'@'{self._address}' (using password: {password})"
        hint = "The password came in clear and was not looked at: connect over TLS." if self._in_clear else ""
        return self._refused(RefusalCode.INVALID_PASSWORD, message, reason, hint)

    def _refused(self, code: str, message: str, reason: str, hint: str = "") -> Refused:
        return Refused(code, message, reason, hint=hint, user=self.user, database=self.database)


def new_nonce() -> bytes:
    """20 random bytes without NUL and without the values that some clients take for an end."""
    return bytes(1 + byte % 127 for byte in secrets.token_bytes(NONCE_SIZE))
