"""Messages a server sends (chapter "Message Formats", those marked B), but for authentication and errors, which stand beside.

Column and statement names are bytes in the session's client_encoding; tags, parameter names and values are text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.authentication import Authentication, decode_authentication
from gateway.wire.postgres.frames import Frame
from gateway.wire.postgres.message import BackendMessage
from gateway.wire.postgres.payload import Payload, cstring, int16, int32, text, uint16, uint32, value
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse


@dataclass(frozen=True, slots=True)
class BackendKeyData(BackendMessage):
    """What cancels this session: 4 bytes of secret in protocol 3.0, up to 256 from 3.2 on."""

    KIND: ClassVar[int] = ord("K")
    process_id: int
    secret: bytes

    def body(self) -> bytes:
        return uint32(self.process_id) + self.secret

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        process_id, secret = reader.uint32(), reader.rest()
        if not 4 <= len(secret) <= 256:
            raise ProtocolViolation(f"invalid length of cancel key: {len(secret)} bytes")
        return cls(process_id, secret)

    def __repr__(self) -> str:
        return f"BackendKeyData({self.process_id}, …)"


@dataclass(frozen=True, slots=True)
class ParameterStatus(BackendMessage):
    KIND: ClassVar[int] = ord("S")
    name: str
    value: str

    def body(self) -> bytes:
        return text(self.name) + text(self.value)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        name, setting = reader.text(), reader.text()
        reader.end()
        return cls(name, setting)


@dataclass(frozen=True, slots=True)
class NegotiateProtocolVersion(BackendMessage):
    """`version` is the whole number (major << 16 | minor) that both sides go on with, as the server sends it."""

    KIND: ClassVar[int] = ord("v")
    version: int
    unrecognised: tuple[str, ...] = ()

    def body(self) -> bytes:
        return int32(self.version) + int32(len(self.unrecognised)) + b"".join(map(text, self.unrecognised))

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        version, count = reader.int32(), reader.int32()
        if not 0 <= count <= reader.remaining:
            raise ProtocolViolation("insufficient data left in message")
        options = tuple(reader.text() for _ in range(count))
        reader.end()
        return cls(version, options)


@dataclass(frozen=True, slots=True)
class ReadyForQuery(BackendMessage):
    """`state`: b"I" idle, b"T" in a transaction block, b"E" in a failed one."""

    KIND: ClassVar[int] = ord("Z")
    state: bytes

    def body(self) -> bytes:
        return self.state

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        if payload not in (b"I", b"T", b"E"):
            raise ProtocolViolation("invalid transaction state in ReadyForQuery")
        return cls(payload)


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a RowDescription. `table` and `attribute` are 0 where the value is no column of a table."""

    name: bytes
    table: int
    attribute: int
    type: int
    size: int
    modifier: int
    format: int


@dataclass(frozen=True, slots=True)
class RowDescription(BackendMessage):
    KIND: ClassVar[int] = ord("T")
    columns: tuple[Column, ...]

    def body(self) -> bytes:
        parts = [uint16(len(self.columns))]
        for column in self.columns:
            parts += [cstring(column.name), uint32(column.table), int16(column.attribute), uint32(column.type)]
            parts += [int16(column.size), int32(column.modifier), int16(column.format)]
        return b"".join(parts)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        columns = tuple(
            Column(
                name=reader.cstring(),
                table=reader.uint32(),
                attribute=reader.int16(),
                type=reader.uint32(),
                size=reader.int16(),
                modifier=reader.int32(),
                format=reader.int16(),
            )
            for _ in range(reader.count(19))
        )
        reader.end()
        return cls(columns)


@dataclass(frozen=True, slots=True)
class DataRow(BackendMessage):
    KIND: ClassVar[int] = ord("D")
    values: tuple[bytes | None, ...]

    def body(self) -> bytes:
        return b"".join([uint16(len(self.values)), *map(value, self.values)])

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        values = tuple(reader.value() for _ in range(reader.count(4)))
        reader.end()
        return cls(values)


@dataclass(frozen=True, slots=True)
class CommandComplete(BackendMessage):
    """`tag` as `SELECT 5` or `INSERT 0 1`."""

    KIND: ClassVar[int] = ord("C")
    tag: str

    @property
    def rows(self) -> int | None:
        """The tag's row count; None for a command that counts nothing."""
        last = self.tag.rpartition(" ")[2]
        return int(last) if last.isascii() and last.isdigit() else None

    def body(self) -> bytes:
        return text(self.tag)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        tag = reader.text()
        reader.end()
        return cls(tag)


@dataclass(frozen=True, slots=True)
class ParameterDescription(BackendMessage):
    KIND: ClassVar[int] = ord("t")
    types: tuple[int, ...]

    def body(self) -> bytes:
        return b"".join([uint16(len(self.types)), *map(uint32, self.types)])

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        types = tuple(reader.uint32() for _ in range(reader.count(4)))
        reader.end()
        return cls(types)


@dataclass(frozen=True, slots=True)
class NotificationResponse(BackendMessage):
    KIND: ClassVar[int] = ord("A")
    process_id: int
    channel: str
    payload: str

    def body(self) -> bytes:
        return uint32(self.process_id) + text(self.channel) + text(self.payload)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        process_id, channel, message = reader.uint32(), reader.text(), reader.text()
        reader.end()
        return cls(process_id, channel, message)


@dataclass(frozen=True, slots=True)
class _CopyResponse(BackendMessage):
    """`format` 0 text or 1 binary for the whole; `column_formats` per column."""

    format: int
    column_formats: tuple[int, ...]

    def body(self) -> bytes:
        return b"".join([bytes([self.format]), uint16(len(self.column_formats)), *map(uint16, self.column_formats)])

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        overall = reader.byte()
        formats = tuple(reader.uint16() for _ in range(reader.count(2)))
        reader.end()
        return cls(overall, formats)


@dataclass(frozen=True, slots=True)
class CopyInResponse(_CopyResponse):
    KIND: ClassVar[int] = ord("G")


@dataclass(frozen=True, slots=True)
class CopyOutResponse(_CopyResponse):
    KIND: ClassVar[int] = ord("H")


@dataclass(frozen=True, slots=True)
class CopyBothResponse(_CopyResponse):
    """Streaming replication only; the gateway refuses replication and so never sees it."""

    KIND: ClassVar[int] = ord("W")


@dataclass(frozen=True, slots=True)
class CopyData(BackendMessage):
    KIND: ClassVar[int] = ord("d")
    data: bytes

    def body(self) -> bytes:
        return self.data

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        return cls(payload)


@dataclass(frozen=True, slots=True)
class CopyDone(BackendMessage):
    KIND: ClassVar[int] = ord("c")


@dataclass(frozen=True, slots=True)
class FunctionCallResponse(BackendMessage):
    KIND: ClassVar[int] = ord("V")
    result: bytes | None

    def body(self) -> bytes:
        return value(self.result)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        result = reader.value()
        reader.end()
        return cls(result)


@dataclass(frozen=True, slots=True)
class ParseComplete(BackendMessage):
    KIND: ClassVar[int] = ord("1")


@dataclass(frozen=True, slots=True)
class BindComplete(BackendMessage):
    KIND: ClassVar[int] = ord("2")


@dataclass(frozen=True, slots=True)
class CloseComplete(BackendMessage):
    KIND: ClassVar[int] = ord("3")


@dataclass(frozen=True, slots=True)
class NoData(BackendMessage):
    KIND: ClassVar[int] = ord("n")


@dataclass(frozen=True, slots=True)
class EmptyQueryResponse(BackendMessage):
    KIND: ClassVar[int] = ord("I")


@dataclass(frozen=True, slots=True)
class PortalSuspended(BackendMessage):
    KIND: ClassVar[int] = ord("s")


BACKEND: Mapping[int, type[BackendMessage]] = MappingProxyType(
    {
        kind.KIND: kind
        for kind in (
            BackendKeyData,
            ParameterStatus,
            NegotiateProtocolVersion,
            ReadyForQuery,
            RowDescription,
            DataRow,
            CommandComplete,
            ParameterDescription,
            NotificationResponse,
            CopyInResponse,
            CopyOutResponse,
            CopyBothResponse,
            CopyData,
            CopyDone,
            FunctionCallResponse,
            ParseComplete,
            BindComplete,
            CloseComplete,
            NoData,
            EmptyQueryResponse,
            PortalSuspended,
            ErrorResponse,
            NoticeResponse,
        )
    }
)
"""Type byte to message. Authentication requests (`R`) are several types under one byte: `decode_backend` tells them apart."""


def decode_backend(frame: Frame) -> BackendMessage:
    """The message of a server's frame. Raises ProtocolViolation."""
    if frame.kind == Authentication.KIND:
        return decode_authentication(frame.payload)
    kind = BACKEND.get(frame.kind)
    if kind is None:
        raise ProtocolViolation(f"invalid backend message type {frame.kind}")
    return kind.decode(frame.payload)
