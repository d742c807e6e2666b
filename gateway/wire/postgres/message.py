"""The two directions. A message's type says who may send it."""

from typing import ClassVar, Self

from gateway.wire.postgres.frames import encode_frame
from gateway.wire.postgres.payload import Payload


class _Message:
    """One message of the protocol. Subclasses without fields need nothing more than their type byte."""

    __slots__ = ()
    KIND: ClassVar[int]

    def encode(self) -> bytes:
        """The whole frame."""
        return encode_frame(self.KIND, self.body())

    def body(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """The message of this body. Raises ProtocolViolation."""
        Payload(payload).end()
        return cls()


class FrontendMessage(_Message):
    """Client to server."""

    __slots__ = ()


class BackendMessage(_Message):
    """Server to client."""

    __slots__ = ()
