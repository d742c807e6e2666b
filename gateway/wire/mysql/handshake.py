"""The connection phase: what the server says first, what the client answers, and the packets of authentication.

Each type encodes what it decodes; the clause named is the manual's ("Connection Phase Packets").
"""

from dataclasses import dataclass

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.payload import Payload, lenenc_bytes, lenenc_int, nul_bytes

NONCE_SIZE = 20
_MAX_ATTRIBUTES = 512


@dataclass(frozen=True, slots=True)
class HandshakeV10:
    """Protocol::HandshakeV10. `nonce` has 20 bytes; the NUL that the wire adds is not part of it."""

    server_version: bytes
    connection_id: int
    nonce: bytes
    capabilities: Capability
    collation: int
    status: int
    auth_plugin: bytes
    mariadb_capabilities: int = 0

    def encode(self) -> bytes:
        low, high = self.capabilities & 0xFFFF, self.capabilities >> 16 & 0xFFFF
        return b"".join(
            (
                b"\x0a",
                nul_bytes(self.server_version),
                self.connection_id.to_bytes(4, "little"),
                self.nonce[:8],
                b"\0",
                low.to_bytes(2, "little"),
                bytes((self.collation & 0xFF,)),
                self.status.to_bytes(2, "little"),
                high.to_bytes(2, "little"),
                bytes((NONCE_SIZE + 1,)),
                bytes(6),
                self.mariadb_capabilities.to_bytes(4, "little"),
                self.nonce[8:],
                b"\0",
                nul_bytes(self.auth_plugin),
            )
        )

    @classmethod
    def decode(cls, payload: bytes) -> "HandshakeV10":
        reader = Payload(payload)
        version = reader.byte()
        if version != 10:
            raise ProtocolViolation(f"server speaks handshake version {version}, not 10")
        server_version = reader.nul_bytes()
        connection_id = reader.uint(4)
        nonce = reader.take(8)
        reader.take(1)
        capabilities = reader.uint(2)
        if not reader.remaining:
            raise ProtocolViolation("server is older than MySQL 4.1")
        collation, status = reader.byte(), reader.uint(2)
        capabilities |= reader.uint(2) << 16
        nonce_size = reader.byte()
        reader.take(6)
        mariadb = reader.uint(4)
        if capabilities & Capability.LONG_PASSWORD:
            mariadb = 0  # MySQL: reserved
        nonce += reader.take(max(13, nonce_size - 8))[: NONCE_SIZE - 8]
        plugin = b""
        if capabilities & Capability.PLUGIN_AUTH:
            rest = reader.rest()
            plugin = rest[:-1] if rest.endswith(b"\0") else rest
        return cls(server_version, connection_id, nonce, Capability(capabilities), collation, status, plugin, mariadb)


@dataclass(frozen=True, slots=True)
class SslRequest:
    """Protocol::SSLRequest: the head of a HandshakeResponse41, sent in clear; everything after it is TLS."""

    capabilities: Capability
    max_packet: int
    collation: int

    SIZE = 32

    def encode(self) -> bytes:
        return _client_head(self.capabilities, self.max_packet, self.collation, 0)


@dataclass(frozen=True, slots=True)
class HandshakeResponse41:
    """Protocol::HandshakeResponse41. Strings are bytes in the client's character set."""

    capabilities: Capability
    max_packet: int
    collation: int
    user: bytes
    auth_response: bytes
    database: bytes = b""
    auth_plugin: bytes = b""
    attributes: tuple[tuple[bytes, bytes], ...] = ()
    mariadb_capabilities: int = 0

    def encode(self) -> bytes:
        flags = self.capabilities
        parts = [_client_head(flags, self.max_packet, self.collation, self.mariadb_capabilities), nul_bytes(self.user)]
        if flags & Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA:
            parts.append(lenenc_bytes(self.auth_response))
        else:
            parts.append(bytes((len(self.auth_response),)) + self.auth_response)
        if flags & Capability.CONNECT_WITH_DB:
            parts.append(nul_bytes(self.database))
        if flags & Capability.PLUGIN_AUTH:
            parts.append(nul_bytes(self.auth_plugin))
        if flags & Capability.CONNECT_ATTRS:
            pairs = b"".join(lenenc_bytes(name) + lenenc_bytes(value) for name, value in self.attributes)
            parts.append(lenenc_int(len(pairs)) + pairs)
        return b"".join(parts)

    @classmethod
    def decode(cls, payload: bytes) -> "HandshakeResponse41 | SslRequest":
        """An SSLRequest where the client asks for TLS and has sent no more than the head."""
        reader = Payload(payload)
        flags = Capability(reader.uint(4))
        if not flags & Capability.PROTOCOL_41:
            raise ProtocolViolation("client is older than MySQL 4.1")
        max_packet, collation = reader.uint(4), reader.byte()
        reader.take(19)
        mariadb = reader.uint(4)
        if flags & Capability.SSL and not reader.remaining:
            return SslRequest(flags, max_packet, collation)
        user = reader.nul_bytes()
        if flags & Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA:
            auth_response = reader.lenenc_bytes()
        elif flags & Capability.SECURE_CONNECTION:
            auth_response = reader.take(reader.byte())
        else:
            auth_response = reader.nul_bytes()
        database = reader.nul_bytes() if flags & Capability.CONNECT_WITH_DB and reader.remaining else b""
        plugin = _final_nul(reader) if flags & Capability.PLUGIN_AUTH and reader.remaining else b""
        attributes: tuple[tuple[bytes, bytes], ...] = ()
        if flags & Capability.CONNECT_ATTRS and reader.remaining:
            attributes = _attributes(reader.lenenc_bytes())
        if flags & Capability.LONG_PASSWORD:
            mariadb = 0
        return cls(flags, max_packet, collation, user, auth_response, database, plugin, attributes, mariadb)


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """COM_CHANGE_USER's body after the command byte; its layout depends on the session's capabilities."""

    user: bytes
    auth_response: bytes
    database: bytes
    collation: int
    auth_plugin: bytes
    attributes: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def decode(cls, payload: bytes, capabilities: Capability) -> "ChangeUser":
        reader = Payload(payload, 1)
        user = reader.nul_bytes()
        auth_response = reader.take(reader.byte())
        database = reader.nul_bytes()
        collation = reader.uint(2) if reader.remaining else 0
        plugin = _final_nul(reader) if capabilities & Capability.PLUGIN_AUTH and reader.remaining else b""
        attributes: tuple[tuple[bytes, bytes], ...] = ()
        if capabilities & Capability.CONNECT_ATTRS and reader.remaining:
            attributes = _attributes(reader.lenenc_bytes())
        return cls(user, auth_response, database, collation, plugin, attributes)


@dataclass(frozen=True, slots=True)
class AuthSwitchRequest:
    """Protocol::AuthSwitchRequest (0xFE): authenticate anew with this plugin and nonce."""

    plugin: bytes
    data: bytes

    def encode(self) -> bytes:
        return b"\xfe" + nul_bytes(self.plugin) + self.data + b"\0"

    @classmethod
    def decode(cls, payload: bytes) -> "AuthSwitchRequest":
        reader = Payload(payload, 1)
        if not reader.remaining:
            raise ProtocolViolation("server asks for mysql_old_password, which is not supported")
        plugin = reader.nul_bytes()
        rest = reader.rest()
        return cls(plugin, rest[:-1] if rest.endswith(b"\0") else rest)


@dataclass(frozen=True, slots=True)
class AuthMoreData:
    """Protocol::AuthMoreData (0x01)."""

    data: bytes

    def encode(self) -> bytes:
        return b"\x01" + self.data

    @classmethod
    def decode(cls, payload: bytes) -> "AuthMoreData":
        return cls(payload[1:])


def _client_head(capabilities: int, max_packet: int, collation: int, mariadb: int) -> bytes:
    return b"".join(
        (
            (capabilities & 0xFFFFFFFF).to_bytes(4, "little"),
            max_packet.to_bytes(4, "little"),
            bytes((collation & 0xFF,)),
            bytes(19),
            mariadb.to_bytes(4, "little"),
        )
    )


def _final_nul(reader: Payload) -> bytes:
    """A NUL-terminated string whose terminator some clients leave out at the packet's end."""
    rest = reader.rest()
    value, nul, after = rest.partition(b"\0")
    if nul and after:
        reader.put_back(len(after))
    return value


def _attributes(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    reader = Payload(data)
    pairs: list[tuple[bytes, bytes]] = []
    while reader.remaining:
        if len(pairs) >= _MAX_ATTRIBUTES:
            raise ProtocolViolation("too many connection attributes")
        pairs.append((reader.lenenc_bytes(), reader.lenenc_bytes()))
    return tuple(pairs)
