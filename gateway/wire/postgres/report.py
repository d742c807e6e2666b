"""ErrorResponse and NoticeResponse, and their fields (chapter "Error and Notice Message Fields")."""

from dataclasses import dataclass
from typing import ClassVar, Self

from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.message import BackendMessage
from gateway.wire.postgres.payload import Payload, text


@dataclass(frozen=True, slots=True)
class _Report(BackendMessage):
    """Fields as (code, value) pairs in the order they stand; unknown codes are kept, as the protocol asks."""

    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls,
        severity: str,
        code: str,
        message: str,
        *,
        detail: str = "",
        hint: str = "",
        position: int | None = None,
    ) -> Self:
        """A report of the gateway's own. `code` is a SQLSTATE; NUL bytes, which a client may have sent, are dropped."""
        fields = [("S", severity), ("V", severity), ("C", code), ("M", message)]
        fields += [("D", detail)] if detail else []
        fields += [("H", hint)] if hint else []
        fields += [("P", str(position))] if position is not None else []
        return cls(tuple((key, content.replace("\0", "")) for key, content in fields))

    def get(self, field: str) -> str:
        """The value of a field, or ""."""
        return next((content for key, content in self.fields if key == field), "")

    @property
    def severity(self) -> str:
        """Never translated; servers before 9.6 send the localised one alone."""
        return self.get("V") or self.get("S")

    @property
    def code(self) -> str:
        return self.get("C")

    @property
    def message(self) -> str:
        return self.get("M")

    @property
    def detail(self) -> str:
        return self.get("D")

    @property
    def hint(self) -> str:
        return self.get("H")

    def body(self) -> bytes:
        return b"".join(key.encode("latin-1") + text(content) for key, content in self.fields) + b"\0"

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        reader = Payload(payload)
        fields = []
        while code := reader.byte():
            fields.append((chr(code), reader.text()))
        reader.end()
        return cls(tuple(fields))


@dataclass(frozen=True, slots=True)
class ErrorResponse(_Report):
    KIND: ClassVar[int] = ord("E")


@dataclass(frozen=True, slots=True)
class NoticeResponse(_Report):
    KIND: ClassVar[int] = ord("N")


def sqlstate(payload: bytes) -> bytes:
    """The SQLSTATE in an ErrorResponse's body without decoding the rest. Raises ProtocolViolation where there is none."""
    position = 0
    while position < len(payload) and payload[position]:
        end = payload.find(b"\0", position)
        if end < 0:
            break
        if payload[position] == ord("C"):
            return payload[position + 1 : end]
        position = end + 1
    raise ProtocolViolation("an error without SQLSTATE")
