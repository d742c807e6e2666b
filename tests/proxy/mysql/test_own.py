"""The packets of the gateway's own answers: text and binary, with and without EOF packets, in the session's character set."""

import struct
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.model.identity import Engine
from gateway.model.own import OwnFault, OwnRefused, OwnRequest, Row
from gateway.own.mysql_schema import described
from gateway.proxy.mysql import refuse
from gateway.proxy.mysql.own import OwnPrepared, _Packets, _values
from gateway.verdict import Verdict
from gateway.wire.mysql.constants import Capability, SessionTrack, Status
from gateway.wire.mysql.packets import PacketReader
from gateway.wire.mysql.results import ColumnDefinition, Eof, Ok, PrepareOk
from gateway.wire.mysql.rows import decode_row

REQUEST = OwnRequest(
    "issues",
    (("n", "int8"), ("title", "text"), ("mine", "bool")),
    Engine.MYSQL,
    origins=(("issues", "number"), ("issues", "title"), ("issues", "mine")),
    parameters=("int8", "text"),
)
ROWS: tuple[Row, ...] = ((1, "Zürich", True), (None, None, False), (-2, "", None))
STATUS = Status.IN_TRANS | Status.AUTOCOMMIT | Status.SESSION_STATE_CHANGED | Status.MORE_RESULTS_EXISTS | Status.CURSOR_EXISTS


def conversation(*, deprecate_eof: bool = True, charset: str = "utf8mb4") -> Any:
    capabilities = Capability.PROTOCOL_41 | (Capability.DEPRECATE_EOF if deprecate_eof else Capability(0))
    state = SimpleNamespace(flag=lambda name: charset)
    return SimpleNamespace(capabilities=capabilities, status=int(STATUS), state=state)


def packets(data: bytes) -> list[bytes]:
    reader = PacketReader(expected=1)
    reader.feed(data)
    found = []
    while (packet := reader.next_packet()) is not None:
        found.append(packet.payload)
    assert not reader.buffered
    return found


@pytest.mark.parametrize("deprecate_eof", [True, False])
def test_a_text_result(deprecate_eof: bool) -> None:
    made = _Packets(conversation(deprecate_eof=deprecate_eof), 0)
    rows = made.result(REQUEST, ROWS, binary=False)
    found = packets(made.taken)
    assert found[0] == b"\x03"
    columns = [ColumnDefinition.decode(payload) for payload in found[1:4]]
    assert [(column.name, column.org_name, column.org_table, column.schema) for column in columns] == [
        (b"n", b"number", b"issues", b"gateway"),
        (b"title", b"title", b"issues", b"gateway"),
        (b"mine", b"mine", b"issues", b"gateway"),
    ]
    assert [(column.type, column.collation) for column in columns] == [(8, 63), (253, 45), (1, 63)]
    if not deprecate_eof:
        assert Eof.decode(found.pop(4)).status == Status.IN_TRANS | Status.AUTOCOMMIT
    assert [decode_row(payload) for payload in found[4:7]] == [
        (b"1", "Zürich".encode(), b"1"),
        (None, None, b"0"),
        (b"-2", b"", None),
    ]
    assert rows == found[4:7]
    end = Ok.decode(found[7], 0) if deprecate_eof else Eof.decode(found[7])
    assert end.status == Status.IN_TRANS | Status.AUTOCOMMIT
    assert len(found) == 8


def test_a_binary_result() -> None:
    made = _Packets(conversation(), 4)
    made.result(REQUEST, ROWS, binary=True)
    reader = PacketReader(expected=5)
    reader.feed(made.taken)
    found = [packet.payload for packet in iter(reader.next_packet, None)]
    assert found[4] == b"\0\0" + (1).to_bytes(8, "little") + b"\x07" + "Zürich".encode() + b"\x01"
    assert found[5] == b"\0" + bytes((0b01100,)) + b"\0"
    assert found[6] == b"\0" + bytes((0b10000,)) + (-2).to_bytes(8, "little", signed=True) + b"\0"


@pytest.mark.parametrize(
    ("charset", "collation", "word"),
    [("latin1", 8, b"Z\xfcrich"), ("ascii", 11, b"Z?rich"), ("utf8mb3", 33, "Zürich".encode())],
)
def test_texts_are_in_the_sessions_character_set(charset: str, collation: int, word: bytes) -> None:
    made = _Packets(conversation(charset=charset), 0)
    made.result(REQUEST, ROWS[:1], binary=False)
    found = packets(made.taken)
    assert ColumnDefinition.decode(found[2]).collation == collation
    assert decode_row(found[4])[1] == word


@pytest.mark.parametrize("deprecate_eof", [True, False])
def test_a_prepared_statement_is_described(deprecate_eof: bool) -> None:
    made = _Packets(conversation(deprecate_eof=deprecate_eof), 0)
    made.prepared(0x7000_0001, REQUEST)
    found = packets(made.taken)
    assert PrepareOk.decode(found[0]) == PrepareOk(0x7000_0001, 3, 2)
    if not deprecate_eof:
        assert [found.pop(3)[0], found.pop()[0]] == [0xFE, 0xFE]
    assert [ColumnDefinition.decode(payload).name for payload in found[1:]] == [b"?", b"?", b"n", b"title", b"mine"]


def prepared() -> OwnPrepared:
    return OwnPrepared("SELECT …", cast("Verdict", None), cast("Any", None), REQUEST)


HEAD = b"\x17" + (0x7000_0000).to_bytes(4, "little") + b"\0" + (1).to_bytes(4, "little")


def test_values_of_an_execution() -> None:
    c = conversation()
    c.text = lambda raw: raw.decode()
    statement = prepared()
    sent = b"\0\x01" + b"\x08\0\xfd\0" + (9).to_bytes(8, "little") + b"\x01x"
    assert _values(c, statement, HEAD + sent) == [9, "x"]
    assert statement.types == (8, 253)
    assert _values(c, statement, HEAD + b"\x03\0") == [None, None]
    assert _values(c, statement, HEAD + b"\x02\x01" + b"\x05\0\xfd\0" + b"\0\0\0\0\0\0\xe0\x3f") == [0.5, None]
    c.text = lambda raw: refuse.charset("gbk")
    with pytest.raises(OwnRefused) as caught:
        _values(c, statement, HEAD + sent)
    assert caught.value.fault is OwnFault.WRONG_VALUE


def test_values_that_were_sent_ahead_are_refused_once() -> None:
    c = conversation()
    statement = prepared()
    statement.long_data = True
    with pytest.raises(OwnRefused, match="SEND_LONG_DATA"):
        _values(c, statement, HEAD)
    assert not statement.long_data


def test_faults_have_the_servers_numbers() -> None:
    assert refuse.own(OwnRefused(OwnFault.NO_RELATION, "Table 'gateway.x' doesn't exist", "There are: grants.")).error == (
        "1146",
        "Table 'gateway.x' doesn't exist HINT: There are: grants.",
    )
    assert all(refuse.own(OwnRefused(fault, "x")).number for fault in OwnFault)


MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
TYPED = OwnRequest("", (("at", "timestamptz"), ("day", "date"), ("half", "float8")), Engine.MYSQL)


def test_moments_and_reals() -> None:
    made = _Packets(conversation(), 0)
    made.result(TYPED, ((MOMENT, MOMENT.date(), 0.5), (None, None, None)), binary=False)
    found = packets(made.taken)
    assert [(column.type, column.decimals) for column in map(ColumnDefinition.decode, found[1:4])] == [
        (12, 6),
        (10, 0),
        (5, 31),
    ]
    assert decode_row(found[4]) == (b"2026-01-02 03:04:05.000006", b"2026-01-02", b"0.5")
    made = _Packets(conversation(), 0)
    made.result(TYPED, ((MOMENT, MOMENT.date(), 0.5),), binary=True)
    year = (2026).to_bytes(2, "little")
    moment = b"\x0b" + year + b"\1\2\3\4\5" + (6).to_bytes(4, "little")
    assert packets(made.taken)[4] == b"\0\0" + moment + b"\x04" + year + b"\1\2" + struct.pack("<d", 0.5)


def test_entering_tells_the_new_database() -> None:
    c = conversation()
    c.capabilities |= Capability.SESSION_TRACK
    made = _Packets(c, 0)
    made.entered()
    (payload,) = packets(made.taken)
    told = Ok.decode(payload, c.capabilities)
    assert told.state_changes() == [(SessionTrack.SCHEMA, b"", b"gateway")]
    assert told.status & Status.SESSION_STATE_CHANGED


@pytest.mark.parametrize("deprecate_eof", [True, False])
def test_fields_of_a_relation(deprecate_eof: bool) -> None:
    made = _Packets(conversation(deprecate_eof=deprecate_eof), 0)
    made.fields(described("masks"))
    *found, end = packets(made.taken)
    assert [ColumnDefinition.decode(payload[:-1]).name for payload in found] == [b"schema", b"relation", b"column", b"masker"]
    assert all(payload.endswith(b"\xfb") for payload in found)
    assert end[0] == 0xFE
