"""Messages a client sends after its startup packet (chapter "Message Formats", those marked F).

Each type encodes the whole frame and decodes the body. SQL texts and names are bytes in the session's client_encoding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.frames import SMALL_LIMIT, Frame
from gateway.wire.postgres.message import FrontendMessage
from gateway.wire.postgres.payload import Payload, cstring, int32, text, uint16, value

AUTH_TOKEN_LIMIT = 65_535  # PG_MAX_AUTH_TOKEN_LENGTH: SASL messages and passwords


@dataclass(frozen=True, slots=True)
class Query(FrontendMessage):
    KIND: ClassVar[int] = ord("Q")
    sql: bytes

    def body(self) -> bytes:
        return cstring(self.sql)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        sql = reader.cstring()
        reader.end()
        return cls(sql)


@dataclass(frozen=True, slots=True)
class Parse(FrontendMessage):
    """`parameter_types` are OIDs; 0 leaves a type open, and so does a list shorter than the statement's parameters."""

    KIND: ClassVar[int] = ord("P")
    statement: bytes
    sql: bytes
    parameter_types: tuple[int, ...] = ()

    def body(self) -> bytes:
        types = b"".join(oid.to_bytes(4, "big") for oid in self.parameter_types)
        return cstring(self.statement) + cstring(self.sql) + uint16(len(self.parameter_types)) + types

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        statement, sql = reader.cstring(), reader.cstring()
        types = tuple(reader.uint32() for _ in range(reader.count(4)))
        reader.end()
        return cls(statement, sql, types)


@dataclass(frozen=True, slots=True)
class Bind(FrontendMessage):
    """Format codes: 0 text, 1 binary; none means all text, one stands for all."""

    KIND: ClassVar[int] = ord("B")
    portal: bytes
    statement: bytes
    parameter_formats: tuple[int, ...] = ()
    parameters: tuple[bytes | None, ...] = ()
    result_formats: tuple[int, ...] = ()

    def body(self) -> bytes:
        return b"".join(
            [
                cstring(self.portal),
                cstring(self.statement),
                uint16(len(self.parameter_formats)),
                *map(uint16, self.parameter_formats),
                uint16(len(self.parameters)),
                *map(value, self.parameters),
                uint16(len(self.result_formats)),
                *map(uint16, self.result_formats),
            ]
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        portal, statement = reader.cstring(), reader.cstring()
        parameter_formats = tuple(reader.uint16() for _ in range(reader.count(2)))
        parameters = tuple(reader.value() for _ in range(reader.count(4)))
        result_formats = tuple(reader.uint16() for _ in range(reader.count(2)))
        reader.end()
        return cls(portal, statement, parameter_formats, parameters, result_formats)


@dataclass(frozen=True, slots=True)
class _Named(FrontendMessage):
    """Describe and Close: `of` is b"S" for a prepared statement, b"P" for a portal."""

    of: bytes
    name: bytes

    def body(self) -> bytes:
        return self.of + cstring(self.name)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        of, name = reader.take(1), reader.cstring()
        reader.end()
        if of not in (b"S", b"P"):
            raise ProtocolViolation(f"invalid subtype {of[0]} of a Describe or Close message")
        return cls(of, name)


@dataclass(frozen=True, slots=True)
class Describe(_Named):
    KIND: ClassVar[int] = ord("D")


@dataclass(frozen=True, slots=True)
class Close(_Named):
    KIND: ClassVar[int] = ord("C")


@dataclass(frozen=True, slots=True)
class Execute(FrontendMessage):
    """`max_rows` 0 is no limit."""

    KIND: ClassVar[int] = ord("E")
    portal: bytes
    max_rows: int = 0

    def body(self) -> bytes:
        return cstring(self.portal) + int32(self.max_rows)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        portal, max_rows = reader.cstring(), reader.int32()
        reader.end()
        return cls(portal, max_rows)


@dataclass(frozen=True, slots=True)
class Flush(FrontendMessage):
    KIND: ClassVar[int] = ord("H")


@dataclass(frozen=True, slots=True)
class Sync(FrontendMessage):
    KIND: ClassVar[int] = ord("S")


@dataclass(frozen=True, slots=True)
class Terminate(FrontendMessage):
    KIND: ClassVar[int] = ord("X")


@dataclass(frozen=True, slots=True)
class FunctionCall(FrontendMessage):
    KIND: ClassVar[int] = ord("F")
    function: int
    argument_formats: tuple[int, ...]
    arguments: tuple[bytes | None, ...]
    result_format: int

    def body(self) -> bytes:
        return b"".join(
            [
                self.function.to_bytes(4, "big"),
                uint16(len(self.argument_formats)),
                *map(uint16, self.argument_formats),
                uint16(len(self.arguments)),
                *map(value, self.arguments),
                uint16(self.result_format),
            ]
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        function = reader.uint32()
        formats = tuple(reader.uint16() for _ in range(reader.count(2)))
        arguments = tuple(reader.value() for _ in range(reader.count(4)))
        result_format = reader.uint16()
        reader.end()
        return cls(function, formats, arguments, result_format)


@dataclass(frozen=True, slots=True)
class CopyData(FrontendMessage):
    KIND: ClassVar[int] = ord("d")
    data: bytes

    def body(self) -> bytes:
        return self.data

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        return cls(payload)


@dataclass(frozen=True, slots=True)
class CopyDone(FrontendMessage):
    KIND: ClassVar[int] = ord("c")


@dataclass(frozen=True, slots=True)
class CopyFail(FrontendMessage):
    KIND: ClassVar[int] = ord("f")
    message: str

    def body(self) -> bytes:
        return text(self.message)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        message = reader.text()
        reader.end()
        return cls(message)


# The three below share the type byte `p`: which one it is follows from the authentication request before it.


@dataclass(frozen=True, slots=True)
class PasswordMessage(FrontendMessage):
    """A cleartext password or token, or an md5 answer."""

    KIND: ClassVar[int] = ord("p")
    password: str

    def body(self) -> bytes:
        return text(self.password)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        password = reader.text()
        reader.end()
        return cls(password)

    def __repr__(self) -> str:
        return "PasswordMessage(…)"


@dataclass(frozen=True, slots=True)
class SaslInitialResponse(FrontendMessage):
    KIND: ClassVar[int] = ord("p")
    mechanism: str
    response: bytes | None

    def body(self) -> bytes:
        return text(self.mechanism) + value(self.response)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        mechanism, response = reader.text(), reader.value()
        reader.end()
        return cls(mechanism, response)


@dataclass(frozen=True, slots=True)
class SaslResponse(FrontendMessage):
    KIND: ClassVar[int] = ord("p")
    response: bytes

    def body(self) -> bytes:
        return self.response

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        return cls(payload)


FRONTEND: Mapping[int, type[FrontendMessage]] = MappingProxyType(
    {
        kind.KIND: kind
        for kind in (
            Query,
            Parse,
            Bind,
            Describe,
            Close,
            Execute,
            Flush,
            Sync,
            Terminate,
            FunctionCall,
            CopyData,
            CopyDone,
            CopyFail,
        )
    }
)
"""Type byte to message, for every message a client may send in a session."""

SMALL_KINDS: frozenset[int] = frozenset(FRONTEND) - {kind.KIND for kind in (Query, Parse, Bind, FunctionCall, CopyData)}
"""Messages that the server itself holds to SMALL_LIMIT; a larger one is a protocol violation, not a large statement."""


def frame_limit(kind: int, large_limit: int) -> int:
    """The longest length field allowed for this message. Raises ProtocolViolation for a type no client may send."""
    if kind not in FRONTEND:
        raise ProtocolViolation(f"invalid frontend message type {kind}")
    return min(SMALL_LIMIT, large_limit) if kind in SMALL_KINDS else large_limit


def decode_frontend(frame: Frame) -> FrontendMessage:
    """The message of a frame in a session (after login). Raises ProtocolViolation."""
    kind = FRONTEND.get(frame.kind)
    if kind is None:
        raise ProtocolViolation(f"invalid frontend message type {frame.kind}")
    return kind.decode(frame.payload)
