"""Answers of the gateway's own as results of the server's protocol, text and binary.

One command is on its way at a time and none of these reaches the server, so the gateway answers at once, in the session's true
state: transaction, FOUND_ROWS() and warnings stay what they were. Prepared ones get numbers that no server gives out.
"""

from datetime import UTC, date, datetime
from struct import Struct
from typing import TYPE_CHECKING, Final

from gateway.model.own import RELATIONS, SCHEMA, Columns, ColumnType, OwnFault, OwnRefused, OwnRequest, Row, Value
from gateway.model.statement import Namespace, Origin
from gateway.proxy.mysql import refuse
from gateway.proxy.mysql.execution import Prepared
from gateway.verdict import Verdict
from gateway.verdict.mysql_rules import charset_codec
from gateway.verdict.mysql_state import CHARSET
from gateway.wire.mysql.constants import UTF8MB4_GENERAL_CI, Capability, SessionTrack, Status
from gateway.wire.mysql.packets import encode_packet
from gateway.wire.mysql.parameters import decode_parameters
from gateway.wire.mysql.payload import lenenc_bytes, lenenc_int
from gateway.wire.mysql.results import ColumnDefinition, Eof, Ok, PrepareOk

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

_INT8: Final = Struct("<q").pack
_STATE: Final = Status.IN_TRANS | Status.AUTOCOMMIT | Status.NO_BACKSLASH_ESCAPES | Status.IN_TRANS_READONLY
FIRST_ID: Final = 0x7000_0000  # servers count from 1; a number that some driver reads as signed must stay positive
_FLOAT8: Final = Struct("<d").pack
_DAY: Final = Struct("<HBB").pack
_MOMENT: Final = Struct("<HBBBBBI").pack
_VAR_STRING: Final = 253
# Of each type but text: its code, length as it is shown, and decimals.
_CODES: Final[dict[ColumnType, tuple[int, int, int]]] = {
    "int8": (8, 20, 0),
    "bool": (1, 1, 0),
    "float8": (5, 22, 31),
    "timestamptz": (12, 26, 6),
    "date": (10, 10, 0),
}
_BINARY: Final = 63
_BINARY_FLAG: Final = 128
_LONGEST: Final = 65_535 * 4  # bytes, as of a VARCHAR

# character_set_results follows character_set_client with SET NAMES: the default collation of each that is supported.
_COLLATIONS: Final = {
    "utf8mb3": 33,
    "utf8": 33,
    "ascii": 11,
    "latin1": 8,
    "latin2": 9,
    "latin5": 30,
    "latin7": 41,
    "cp1250": 26,
    "cp1251": 51,
    "cp1256": 57,
}


class OwnPrepared(Prepared):
    """A statement that the gateway has prepared. `types` are those of the parameters' last values."""

    __slots__ = ("long_data", "request", "types")

    def __init__(self, text: str, verdict: Verdict, namespace: Namespace, request: OwnRequest) -> None:
        super().__init__(text, verdict, namespace, None)
        self.request = request
        self.types: tuple[int, ...] = ()
        self.long_data = False


# Commands


def answer(c: "Conversation", verdict: Verdict, sequence: int, *, binary: bool = False) -> None:
    """The result of what was asked and answered; `sequence` is the id of the command's last packet."""
    execution = c.begin(verdict)
    if execution is None or verdict.own is None:
        c.say_error(refuse.AUDIT_UNAVAILABLE, sequence)
        return
    request = verdict.own.request
    packets = _Packets(c, sequence)
    if request.enters:
        c.state.enter()
        c.follow_state()
        packets.entered()
    else:
        rows = packets.result(request, verdict.own.rows, binary=binary)
        execution.rows, execution.size = len(rows), sum(map(len, rows))
    c.progress.ended(execution)
    if not c.ended:
        c.outlet.send(packets.taken)


def fields(c: "Conversation", verdict: Verdict, sequence: int) -> None:
    """COM_FIELD_LIST, for which the columns of a relation were described."""
    execution = c.begin(verdict)
    if execution is None or verdict.own is None:
        c.say_error(refuse.AUDIT_UNAVAILABLE, sequence)
        return
    packets = _Packets(c, sequence)
    packets.fields(verdict.own.request)
    c.progress.ended(execution)
    if not c.ended:
        c.outlet.send(packets.taken)


def prepare(c: "Conversation", text: str, verdict: Verdict, sequence: int) -> None:
    """COM_STMT_PREPARE: kept here, and described as the server would."""
    if verdict.own is None:
        raise ValueError("a verdict that the server answers")
    number = FIRST_ID
    while number in c.prepared:
        number += 1
    request = verdict.own.request
    c.prepared[number] = OwnPrepared(text, verdict, c.state.namespace, request)
    c.last_prepared = number
    packets = _Packets(c, sequence)
    packets.prepared(number, request)
    c.outlet.send(packets.taken)


def execute(c: "Conversation", prepared: OwnPrepared, payload: bytes, sequence: int) -> bool:
    """COM_STMT_EXECUTE. False: it waits. Raises ProtocolViolation."""
    try:
        values = _values(c, prepared, payload)
    except OwnRefused as refused:
        c.refuse_unread(refuse.own(refused), prepared.text.encode(), sequence)
        return True
    found = c.decider.decide(prepared.text, Origin.EXTENDED, prepared.namespace, values)
    if found is None:
        return False
    if found.refusal is not None or found.verdict is None:
        c.refuse(found, sequence)
    else:
        answer(c, found.verdict, sequence, binary=True)
    return True


def _values(c: "Conversation", prepared: OwnPrepared, payload: bytes) -> list[Value]:
    if prepared.long_data:
        prepared.long_data = False
        raise OwnRefused(OwnFault.NOT_ANSWERED, "gateway: values sent ahead (COM_STMT_SEND_LONG_DATA) are not read here")
    decoded, prepared.types = decode_parameters(payload, len(prepared.request.parameters), prepared.types, c.capabilities)
    values: list[Value] = []
    for value in decoded:
        if isinstance(value, bytes):
            text = c.text(value)
            if isinstance(text, refuse.Refusal):
                raise OwnRefused(OwnFault.WRONG_VALUE, text.message)
            values.append(text)
        else:
            values.append(value)
    return values


# Packets


class _Packets:
    """An answer's packets in order, each with the next sequence id."""

    def __init__(self, c: "Conversation", sequence: int) -> None:
        self._capabilities = c.capabilities
        self._sequence = sequence
        self._status = int(c.status & _STATE)
        charset = c.state.flag(CHARSET).lower()
        self._codec = charset_codec(charset) or "utf-8"
        self._collation = _COLLATIONS.get(charset, UTF8MB4_GENERAL_CI)
        self._parts: list[bytes] = []

    @property
    def taken(self) -> bytes:
        return b"".join(self._parts)

    def result(self, request: OwnRequest, rows: tuple[Row, ...], *, binary: bool) -> list[bytes]:
        """A whole result; the payloads of its rows."""
        columns = request.result
        self._add(lenenc_int(len(columns)))
        self._definitions(request, columns)
        encode = self._binary_row if binary else self._text_row
        payloads = [encode(row) for row in rows]
        for payload in payloads:
            self._add(payload)
        self._end(self._status)
        return payloads

    def entered(self) -> None:
        """The gateway's schema is the current database now."""
        tracked = bytes((SessionTrack.SCHEMA,)) + lenenc_bytes(lenenc_bytes(SCHEMA.encode()))
        status = self._status | Status.SESSION_STATE_CHANGED
        self._add(Ok(status=status, session_state=tracked).encode(self._capabilities))

    def fields(self, request: OwnRequest) -> None:
        """The definitions of a relation's columns, each with its default, which is none."""
        for name, kind in RELATIONS[request.name]:
            self._add(self._definition(name, kind, request.name, name).encode() + b"\xfb")
        self._end(self._status)

    def _end(self, status: int) -> None:
        if self._capabilities & Capability.DEPRECATE_EOF:
            self._add(Ok(status=status, ends_result=True).encode(self._capabilities))
        else:
            self._add(Eof(0, status).encode())

    def prepared(self, number: int, request: OwnRequest) -> None:
        columns = request.result
        self._add(PrepareOk(number, len(columns), len(request.parameters)).encode())
        if request.parameters:
            for kind in request.parameters:
                self._add(self._definition("?", kind).encode())
            self._end_of_definitions()
        self._definitions(request, columns)

    def _add(self, payload: bytes) -> None:
        self._sequence += 1
        self._parts.append(encode_packet(payload, self._sequence))

    def _definitions(self, request: OwnRequest, columns: Columns) -> None:
        origins = request.origins or [("", "")] * len(columns)
        for (name, kind), (table, source) in zip(columns, origins, strict=True):
            self._add(self._definition(name, kind, table, source).encode())
        self._end_of_definitions()

    def _end_of_definitions(self) -> None:
        if not self._capabilities & Capability.DEPRECATE_EOF:
            self._add(Eof(0, self._status).encode())

    def _definition(self, name: str, kind: ColumnType, table: str = "", source: str = "") -> ColumnDefinition:
        where, shown = table.encode(), name.encode(self._codec, "replace")
        schema = b"gateway" if table else b""
        if kind == "text":
            return ColumnDefinition(schema, where, where, shown, source.encode(), self._collation, _LONGEST, _VAR_STRING, 0, 0)
        code, length, decimals = _CODES[kind]
        return ColumnDefinition(schema, where, where, shown, source.encode(), _BINARY, length, code, _BINARY_FLAG, decimals)

    def _text_row(self, row: Row) -> bytes:
        return b"".join(b"\xfb" if value is None else lenenc_bytes(self._text(value)) for value in row)

    def _text(self, value: Value) -> bytes:
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").encode()
        return str(int(value) if isinstance(value, bool) else value).encode(self._codec, "replace")

    def _binary_row(self, row: Row) -> bytes:
        """ProtocolBinary::ResultsetRow: the bitmap of NULLs begins with two bits that stand for nothing."""
        nulls, cells = 0, []
        for index, value in enumerate(row):
            if value is None:
                nulls |= 1 << index + 2
            else:
                cells.append(self._binary(value))
        return b"\0" + nulls.to_bytes((len(row) + 9) // 8, "little") + b"".join(cells)

    def _binary(self, value: Value) -> bytes:
        match value:
            case bool():
                return b"\x01" if value else b"\0"
            case int():
                return _INT8(value)
            case float():
                return _FLOAT8(value)
            case datetime():
                moment = value.astimezone(UTC)
                day = (moment.year, moment.month, moment.day)
                return b"\x0b" + _MOMENT(*day, moment.hour, moment.minute, moment.second, moment.microsecond)
            case date():
                return b"\x04" + _DAY(value.year, value.month, value.day)
            case _:
                return lenenc_bytes(self._text(value))
