"""The connection phase against real peers' bytes, and each type read as it is written."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.handshake import (
    AuthSwitchRequest,
    ChangeUser,
    HandshakeResponse41,
    HandshakeV10,
    SslRequest,
)
from gateway.wire.mysql.packets import PacketReader
from tests.support.servers import MariaDbServer

_FLAGS = (
    Capability.PROTOCOL_41
    | Capability.SECURE_CONNECTION
    | Capability.PLUGIN_AUTH
    | Capability.LONG_PASSWORD
    | Capability.CONNECT_ATTRS
)
_word = st.binary(min_size=1, max_size=40).filter(lambda value: b"\0" not in value)


def test_greeting_of_a_real_mariadb(mariadb: MariaDbServer) -> None:
    reader = PacketReader(expected=0)
    with socket.create_connection((mariadb.host, mariadb.port), timeout=10) as peer:
        while (packet := reader.next_packet()) is None:
            reader.feed(peer.recv(4096))
    greeting = HandshakeV10.decode(packet.payload)
    assert b"MariaDB" in greeting.server_version
    assert len(greeting.nonce) == 20
    assert greeting.auth_plugin == b"mysql_native_password"
    assert greeting.capabilities & Capability.PLUGIN_AUTH
    assert HandshakeV10.decode(greeting.encode()) == greeting


@given(
    version=_word,
    number=st.integers(0, 2**32 - 1),
    nonce=st.binary(min_size=20, max_size=20).filter(lambda value: b"\0" not in value),
    plugin=_word,
)
def test_greeting_reads_as_written(version: bytes, number: int, nonce: bytes, plugin: bytes) -> None:
    greeting = HandshakeV10(version, number, nonce, _FLAGS, 45, 2, plugin)
    assert HandshakeV10.decode(greeting.encode()) == greeting


@given(
    user=st.binary(max_size=40).filter(lambda value: b"\0" not in value),
    response=st.binary(max_size=255),
    database=_word,
    plugin=_word,
    attributes=st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=300)), max_size=5),
    lenenc=st.booleans(),
)
def test_response_reads_as_written(
    user: bytes,
    response: bytes,
    database: bytes,
    plugin: bytes,
    attributes: list[tuple[bytes, bytes]],
    lenenc: bool,
) -> None:
    flags = _FLAGS | Capability.CONNECT_WITH_DB
    if lenenc:
        flags |= Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA
    message = HandshakeResponse41(flags, 1 << 24, 45, user, response, database, plugin, tuple(attributes))
    assert HandshakeResponse41.decode(message.encode()) == message


def test_a_head_alone_asks_for_tls() -> None:
    request = SslRequest(_FLAGS | Capability.SSL, 1 << 24, 45)
    assert len(request.encode()) == SslRequest.SIZE
    assert HandshakeResponse41.decode(request.encode()) == request


def test_change_user() -> None:
    body = b"\x11alice\0\x02xyshop\0\x2d\x00plugin\0"
    assert ChangeUser.decode(body, _FLAGS) == ChangeUser(b"alice", b"xy", b"shop", 45, b"plugin")


def test_auth_switch_reads_as_written() -> None:
    request = AuthSwitchRequest(b"caching_sha2_password", b"n" * 20)
    assert AuthSwitchRequest.decode(request.encode()) == request


@given(st.binary(max_size=120))
def test_garbage_is_a_violation_or_a_message(data: bytes) -> None:
    for decode in (HandshakeV10.decode, HandshakeResponse41.decode):
        try:
            decode(data)
        except ProtocolViolation:
            continue


def test_clients_before_4_1_are_refused() -> None:
    with pytest.raises(ProtocolViolation, match="older"):
        HandshakeResponse41.decode(bytes(40))
