"""Answers of the gateway's own as results of the server's protocol.

As with refusals, the server keeps its own state machine: in place of the statement it gets one with the same columns and no
rows. So Describe, formats, transactions and pipelines are its own; only the rows are put in front of its CommandComplete.
"""

from datetime import UTC, date, datetime
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.own import OwnRequest, Value
from gateway.own.postgres_catalog import with_gateway
from gateway.own.values import moment_text
from gateway.proxy.postgres.watch import PortalState, Watch
from gateway.wire.postgres.backend import RowDescription
from gateway.wire.postgres.frames import encode_frame

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation
    from gateway.proxy.postgres.ledger import Execution
    from gateway.proxy.postgres.obliged import Obliged

_INT8: Final = Struct("!q").pack
_FLOAT8: Final = Struct("!d").pack
_DAYS: Final = Struct("!i").pack
_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)  # of times in binary: microseconds, of dates: days
_SIZE: Final = Struct("!i").pack
_COUNT: Final = Struct("!H").pack
_NULL: Final = b"\xff\xff\xff\xff"


def stand_in(request: OwnRequest) -> bytes:
    """A statement with the columns and parameters of what is asked, and no rows."""
    columns = ", ".join(f'NULL::pg_catalog.{kind} AS "{name.replace(chr(34), chr(34) * 2)}"' for name, kind in request.result)
    used = "".join(f" AND ${number}::pg_catalog.{kind} IS NULL" for number, kind in enumerate(request.parameters, 1))
    return f"SELECT {columns} WHERE false{used}".encode()


def stand_in_query(request: OwnRequest) -> bytes:
    return encode_frame(0x51, stand_in(request) + b"\0")


def stand_in_parse(name: bytes, request: OwnRequest, types: bytes) -> bytes:
    """`types`: the parameters' types as the client declared them, with their count."""
    return encode_frame(0x50, name + b"\0" + stand_in(request) + b"\0" + types)


def catalog_text(c: "Conversation", text: str) -> bytes | None:
    """What the server gets instead of a query that asks the catalogs for the gateway's schema; None where it does not."""
    told = with_gateway(text) if c.rooms.own is not None and c.codec is not None else None
    return None if told is None else told.encode(c.codec or "", "surrogateescape")


class OwnWatch(Watch):
    """Puts the answer's rows where the stand-in has none."""

    __slots__ = ("_run", "most")

    def __init__(self, obliged: "Obliged", execution: "Execution", portal: PortalState | None) -> None:
        super().__init__(obliged, execution, portal)
        self._run = execution
        self.most = 0  # rows of this Execute; 0: all

    @property
    def undescribed(self) -> bool:
        return not self._portal.described

    def describe(self, portal: PortalState, payload: bytes | None) -> None:
        portal.described = True
        if payload is not None:
            portal.formats = tuple(column.format for column in RowDescription.decode(payload).columns)

    def completed(self, tag: bytes) -> bytes | None:
        verdict = self._run.verdict
        if verdict is None or verdict.own is None:
            return None
        request, given = verdict.own.request, self._portal.given
        rows = verdict.own.rows[given : given + self.most] if self.most else verdict.own.rows[given:]
        self._portal.given += len(rows)
        formats = self._portal.formats or (0,) * len(request.result)
        frames = [
            encode_frame(
                0x44, _COUNT(len(row)) + b"".join(_cell(value, binary) for value, binary in zip(row, formats, strict=True))
            )
            for row in rows
        ]
        self._run.rows = len(rows)
        self._run.size = sum(len(frame) - 5 for frame in frames)
        if self.most and len(rows) == self.most:
            return b"".join(frames) + encode_frame(0x73, b"")  # PortalSuspended, whether or not there are more
        word = b"CALL\0" if request.call else b"SELECT %d\0" % len(rows)
        return b"".join(frames) + encode_frame(0x43, word)


def _cell(value: Value, binary: int) -> bytes:
    if value is None:
        return _NULL
    encoded = _binary(value) if binary else _text(value)
    return _SIZE(len(encoded)) + encoded


def _text(value: Value) -> bytes:
    match value:
        case bool():
            return b"t" if value else b"f"
        case datetime():
            return moment_text(value).encode() + b"+00"
        case _:
            return str(value).replace("\0", "").encode("utf-8", "replace")


def _binary(value: Value) -> bytes:
    """The send functions of the types that a result may have (utils/adt)."""
    match value:
        case bool():
            return b"\x01" if value else b"\0"
        case int():
            return _INT8(value)
        case float():
            return _FLOAT8(value)
        case datetime():
            passed = value - _BEGIN
            return _INT8((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds)
        case date():
            return _DAYS((value - _BEGIN.date()).days)
        case _:
            return _text(value)
