"""Authentication requests of a server: one type byte `R`, an Int32 that tells them apart (chapter "Message Formats")."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.message import BackendMessage
from gateway.wire.postgres.payload import Payload, int32, text


class Authentication(BackendMessage):
    __slots__ = ()
    KIND: ClassVar[int] = ord("R")
    CODE: ClassVar[int]

    def body(self) -> bytes:
        return int32(self.CODE) + self.content()

    def content(self) -> bytes:
        return b""


@dataclass(frozen=True, slots=True)
class AuthenticationOk(Authentication):
    CODE: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class AuthenticationCleartextPassword(Authentication):
    CODE: ClassVar[int] = 3


@dataclass(frozen=True, slots=True)
class AuthenticationMd5Password(Authentication):
    CODE: ClassVar[int] = 5
    salt: bytes

    def content(self) -> bytes:
        return self.salt


@dataclass(frozen=True, slots=True)
class AuthenticationSasl(Authentication):
    CODE: ClassVar[int] = 10
    mechanisms: tuple[str, ...]

    def content(self) -> bytes:
        return b"".join(map(text, self.mechanisms)) + b"\0"


@dataclass(frozen=True, slots=True)
class AuthenticationSaslContinue(Authentication):
    CODE: ClassVar[int] = 11
    data: bytes

    def content(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class AuthenticationSaslFinal(Authentication):
    CODE: ClassVar[int] = 12
    data: bytes

    def content(self) -> bytes:
        return self.data


UNSUPPORTED = {2: "Kerberos V5", 6: "SCM credentials", 7: "GSSAPI", 8: "GSSAPI", 9: "SSPI"}


def decode_authentication(payload: bytes) -> Authentication:
    """The request of this body. Raises ProtocolViolation, which names methods that the gateway does not speak."""
    reader = Payload(payload)
    code = reader.int32()
    message: Authentication
    match code:
        case AuthenticationOk.CODE:
            message = AuthenticationOk()
        case AuthenticationCleartextPassword.CODE:
            message = AuthenticationCleartextPassword()
        case AuthenticationMd5Password.CODE:
            message = AuthenticationMd5Password(reader.take(4))
        case AuthenticationSasl.CODE:
            message = AuthenticationSasl(_mechanisms(reader))
        case AuthenticationSaslContinue.CODE:
            message = AuthenticationSaslContinue(reader.rest())
        case AuthenticationSaslFinal.CODE:
            message = AuthenticationSaslFinal(reader.rest())
        case _:
            name = UNSUPPORTED.get(code, f"code {code}")
            raise ProtocolViolation(f"the server asks for an authentication method that is not supported: {name}")
    reader.end()
    return message


def _mechanisms(reader: Payload) -> tuple[str, ...]:
    names = []
    while name := reader.text():
        names.append(name)
    return tuple(names)
