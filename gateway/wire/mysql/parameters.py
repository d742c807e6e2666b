"""Parameter values of COM_STMT_EXECUTE ("Binary Protocol Value"), for statements that no server executes."""

from collections.abc import Sequence
from struct import unpack
from typing import Final

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.payload import Payload

ParameterValue = int | float | str | bytes | None
"""Dates and times are text, as the server would write them; bytes are a string in the session's character set."""

_HEAD: Final = 10  # command, statement id, flags, iterations
_COUNT_GIVEN: Final = 8  # PARAMETER_COUNT_AVAILABLE
_INTEGERS: Final = {1: 1, 2: 2, 3: 4, 8: 8, 9: 4, 13: 2}
_FLOAT, _DOUBLE, _NULL, _TIMESTAMP, _DATE, _TIME, _DATETIME = 4, 5, 6, 7, 10, 11, 12
_UNSIGNED: Final = 0x8000


def decode_parameters(
    payload: bytes, count: int, types: Sequence[int], capabilities: int
) -> tuple[list[ParameterValue], tuple[int, ...]]:
    """The values and their types; `types` are those of the last execution, which hold where none are sent.

    Raises ProtocolViolation for a malformed packet, or one whose types nobody told."""
    reader = Payload(payload)
    flags = reader.take(_HEAD)[5]
    if capabilities & Capability.QUERY_ATTRIBUTES and flags & _COUNT_GIVEN:
        given = reader.lenenc_int()
        if given < count:
            raise ProtocolViolation("fewer parameters than the statement has")
    else:
        given = count
    if not given:
        return [], ()
    nulls = reader.take((given + 7) // 8)
    if reader.byte() == 1:
        sent = []
        for _ in range(given):
            sent.append(reader.uint(2))
            if capabilities & Capability.QUERY_ATTRIBUTES:
                reader.lenenc_bytes()  # the parameter's name
        types = tuple(sent)
    if len(types) < given:
        raise ProtocolViolation("parameters without their types")
    values: list[ParameterValue] = []
    for index in range(given):
        null = nulls[index // 8] >> index % 8 & 1
        values.append(None if null else _value(reader, types[index]))
    return values[:count], tuple(types)


def _value(reader: Payload, kind: int) -> ParameterValue:
    code = kind & 0xFF
    if code in _INTEGERS:
        raw = reader.take(_INTEGERS[code])
        return int.from_bytes(raw, "little", signed=not kind & _UNSIGNED)
    if code == _FLOAT:
        return float(unpack("<f", reader.take(4))[0])
    if code == _DOUBLE:
        return float(unpack("<d", reader.take(8))[0])
    if code == _NULL:
        return None
    if code in {_TIMESTAMP, _DATE, _DATETIME}:
        return _moment(reader.take(reader.byte()), dated=code == _DATE)
    if code == _TIME:
        return _time(reader.take(reader.byte()))
    return reader.lenenc_bytes()


def _moment(raw: bytes, *, dated: bool) -> str:
    if len(raw) not in {0, 4, 7, 11}:
        raise ProtocolViolation("malformed date")
    full = raw.ljust(11, b"\0")
    date = f"{int.from_bytes(full[:2], 'little'):04}-{full[2]:02}-{full[3]:02}"
    if dated:
        return date
    fraction = f".{int.from_bytes(full[7:11], 'little'):06}" if len(raw) == 11 else ""
    return f"{date} {full[4]:02}:{full[5]:02}:{full[6]:02}{fraction}"


def _time(raw: bytes) -> str:
    if len(raw) not in {0, 8, 12}:
        raise ProtocolViolation("malformed time")
    full = raw.ljust(12, b"\0")
    hours = int.from_bytes(full[1:5], "little") * 24 + full[5]
    fraction = f".{int.from_bytes(full[8:12], 'little'):06}" if len(raw) == 12 else ""
    return f"{'-' if full[0] else ''}{hours:02}:{full[6]:02}:{full[7]:02}{fraction}"
