"""Command packets ("Command Phase"): the bodies that the gateway must read, each with its layout."""

from dataclasses import dataclass

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability, Command
from gateway.wire.mysql.payload import Payload, lenenc_int

_NULL_TYPE = 6
_MAX_PARAMETERS = 65_535
# Protocol::ParameterValue: how many bytes a value of each column type takes; None is a length-encoded string.
_FIXED_SIZES = {1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 8: 8, 9: 4, 13: 2, _NULL_TYPE: 0}
_LENGTH_BYTE_TYPES = frozenset({7, 10, 11, 12})  # timestamps, dates and times start with their length


@dataclass(frozen=True, slots=True)
class Query:
    """COM_QUERY: the text, and where it starts in the packet (after query attributes, which pass through untouched)."""

    text: bytes
    text_start: int

    @classmethod
    def decode(cls, payload: bytes, capabilities: int) -> "Query":
        if not capabilities & Capability.QUERY_ATTRIBUTES:
            return cls(payload[1:], 1)
        reader = Payload(payload, 1)
        parameters, _sets = reader.lenenc_int(), reader.lenenc_int()
        if parameters:
            _skip_parameters(reader, parameters, named=True)
        start = reader.position
        return cls(reader.rest(), start)


def _skip_parameters(reader: Payload, count: int, *, named: bool) -> None:
    """A null bitmap, the new-params flag, types (and names), values."""
    if count > _MAX_PARAMETERS or count > reader.remaining * 8:
        raise ProtocolViolation("malformed packet: more parameters than bytes")
    nulls = reader.take((count + 7) // 8)
    if reader.byte() != 1:
        raise ProtocolViolation("malformed packet: parameters without their types")
    types = []
    for _ in range(count):
        types.append(reader.uint(2) & 0xFF)
        if named:
            reader.lenenc_bytes()
    for index, kind in enumerate(types):
        if nulls[index // 8] >> index % 8 & 1:
            continue
        if kind in _LENGTH_BYTE_TYPES:
            reader.take(reader.byte())
        elif kind in _FIXED_SIZES:
            reader.take(_FIXED_SIZES[kind])
        else:
            reader.lenenc_bytes()


@dataclass(frozen=True, slots=True)
class StatementExecute:
    """COM_STMT_EXECUTE's head; parameter values pass through untouched."""

    statement_id: int
    flags: int  # 0 no cursor, 1 read-only cursor
    iterations: int

    @classmethod
    def decode(cls, payload: bytes) -> "StatementExecute":
        reader = Payload(payload, 1)
        return cls(reader.uint(4), reader.byte(), reader.uint(4))


@dataclass(frozen=True, slots=True)
class StatementFetch:
    """COM_STMT_FETCH: rows of an open cursor."""

    statement_id: int
    rows: int

    @classmethod
    def decode(cls, payload: bytes) -> "StatementFetch":
        reader = Payload(payload, 1)
        return cls(reader.uint(4), reader.uint(4))


def statement_id(payload: bytes) -> int:
    """The id that STMT_CLOSE, STMT_RESET and STMT_SEND_LONG_DATA begin with."""
    return Payload(payload, 1).uint(4)


def encode_query(text: bytes, capabilities: int) -> bytes:
    """COM_QUERY without attributes, in the layout that the capabilities ask for."""
    if capabilities & Capability.QUERY_ATTRIBUTES:
        return bytes((Command.QUERY,)) + lenenc_int(0) + lenenc_int(1) + text
    return bytes((Command.QUERY,)) + text
