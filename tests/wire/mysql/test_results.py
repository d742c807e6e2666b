"""Answers, each read as it is written."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability, SessionTrack, Status
from gateway.wire.mysql.payload import Payload, lenenc_bytes, lenenc_int
from gateway.wire.mysql.results import ColumnDefinition, Eof, Err, Ok, PrepareOk


@given(st.integers(0, 2**64 - 1))
def test_lengths_read_as_written(number: int) -> None:
    reader = Payload(lenenc_int(number))
    assert reader.lenenc_int() == number
    assert reader.remaining == 0


@given(st.integers(0, 2**40), st.integers(0, 2**16 - 1), st.binary(max_size=50), st.booleans())
def test_ok_reads_as_written(rows: int, warnings: int, info: bytes, tracked: bool) -> None:
    flags = Capability.SESSION_TRACK if tracked else Capability(0)
    packet = Ok(rows, 7, int(Status.AUTOCOMMIT), warnings, info)
    assert Ok.decode(packet.encode(flags), flags) == packet


def test_session_track_names_what_changed() -> None:
    variable = lenenc_bytes(b"sql_mode") + lenenc_bytes(b"ANSI_QUOTES")
    state = bytes((SessionTrack.SYSTEM_VARIABLES,)) + lenenc_bytes(variable)
    state += bytes((SessionTrack.SCHEMA,)) + lenenc_bytes(lenenc_bytes(b"shop"))
    packet = Ok(status=int(Status.SESSION_STATE_CHANGED), session_state=state)
    flags = Capability.SESSION_TRACK
    assert Ok.decode(packet.encode(flags), flags).state_changes() == [
        (0, b"sql_mode", b"ANSI_QUOTES"),
        (1, b"", b"shop"),
    ]


def test_errors_with_and_without_state() -> None:
    packet = Err(1142, b"42000", b"gateway: permission denied: select on my1/shop/salaries")
    assert Err.decode(packet.encode()) == packet
    assert Err.decode(b"\xff\x10\x04Too many connections").message == b"Too many connections"


def test_columns_eof_and_prepare_read_as_written() -> None:
    column = ColumnDefinition(b"shop", b"c", b"customers", b"mail", b"email", 45, 1020, 253, 4097, 0)
    assert ColumnDefinition.decode(column.encode()) == column
    extended = ColumnDefinition(b"", b"", b"", b"x", b"", 63, 1, 3, 0, 0, extension=b"\x00\x04json")
    assert ColumnDefinition.decode(extended.encode(), extended=True) == extended
    assert Eof.decode(Eof(1, 2).encode()) == Eof(1, 2)
    assert PrepareOk.decode(PrepareOk(5, 2, 3).encode()) == PrepareOk(5, 2, 3)


@given(st.binary(max_size=80))
def test_garbage_is_a_violation_or_a_message(data: bytes) -> None:
    flags = Capability.SESSION_TRACK
    decoders = (
        lambda: Ok.decode(data, flags).state_changes(),
        lambda: Err.decode(data),
        lambda: Eof.decode(data),
        lambda: ColumnDefinition.decode(data),
        lambda: PrepareOk.decode(data),
    )
    for decode in decoders:
        try:
            decode()
        except ProtocolViolation:
            continue
