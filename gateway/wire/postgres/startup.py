"""The packet that opens a connection, before any typed message: a startup message or one of three requests.

Chapter "Message Formats": StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.
"""

from dataclasses import dataclass
from typing import Self

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.payload import Payload, int32, text, uint32

PROTOCOL_3_0 = 3 << 16
PROTOCOL_3_2 = 3 << 16 | 2

_CANCEL_CODE = 1234 << 16 | 5678
_SSL_CODE = 1234 << 16 | 5679
_GSSENC_CODE = 1234 << 16 | 5680

ACCEPT_TLS = b"S"
REFUSE_ENCRYPTION = b"N"
TLS_HANDSHAKE_BYTE = 0x16  # a TLS record of type handshake: the client starts TLS without asking


@dataclass(frozen=True, slots=True)
class SslRequest:
    def encode(self) -> bytes:
        return int32(8) + int32(_SSL_CODE)


@dataclass(frozen=True, slots=True)
class GssEncRequest:
    def encode(self) -> bytes:
        return int32(8) + int32(_GSSENC_CODE)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    process_id: int
    secret: bytes

    def encode(self) -> bytes:
        body = int32(_CANCEL_CODE) + uint32(self.process_id) + self.secret
        return int32(len(body) + 4) + body

    def __repr__(self) -> str:
        return f"CancelRequest({self.process_id}, …)"


@dataclass(frozen=True, slots=True)
class StartupMessage:
    """`version` is major << 16 | minor. `parameters` are in the client's order; a name may not come twice."""

    version: int
    parameters: tuple[tuple[str, str], ...]

    @property
    def major(self) -> int:
        return self.version >> 16

    @property
    def minor(self) -> int:
        return self.version & 0xFFFF

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)

    def encode(self) -> bytes:
        pairs = b"".join(text(name) + text(value) for name, value in self.parameters)
        body = int32(self.version) + pairs + b"\0"
        return int32(len(body) + 4) + body

    @classmethod
    def decode(cls, version: int, reader: Payload) -> Self:
        parameters: dict[str, str] = {}
        while name := reader.text():
            if name in parameters:
                # The server takes the last one. Two readers of one packet must never differ on who the user is.
                raise ProtocolViolation(f"startup parameter {name!r} is given twice")
            parameters[name] = reader.text()
        reader.end()
        return cls(version, tuple(parameters.items()))


StartupPacket = StartupMessage | SslRequest | GssEncRequest | CancelRequest


def decode_startup(payload: bytes) -> StartupPacket:
    """The packet of this body (without its length). Raises ProtocolViolation; an unknown major version is not judged here."""
    reader = Payload(payload)
    code = reader.uint32()
    if code == _CANCEL_CODE:
        return _cancel(reader)
    if code in (_SSL_CODE, _GSSENC_CODE):
        reader.end()
        return SslRequest() if code == _SSL_CODE else GssEncRequest()
    if code >> 16 != PROTOCOL_3_0 >> 16:
        return StartupMessage(code, ())
    return StartupMessage.decode(code, reader)


def _cancel(reader: Payload) -> CancelRequest:
    process_id, secret = reader.uint32(), reader.rest()
    if not 4 <= len(secret) <= 256:
        raise ProtocolViolation("invalid length of cancel request")
    return CancelRequest(process_id, secret)
