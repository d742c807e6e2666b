"""Bytes that no honest client or server of MySQL's sends: they cost the sender, a bounded amount of memory, and nobody else."""

import os
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from gateway.model.identity import Engine
from gateway.proxy.tls import server_side
from gateway.wire.mysql.constants import AuthPlugin, Capability
from gateway.wire.mysql.handshake import AuthMoreData, AuthSwitchRequest, HandshakeV10
from gateway.wire.mysql.packets import encode_packet
from gateway.wire.mysql.results import Err, Ok
from tests.live.mysql.conftest import access as access  # noqa: PLC0414 -- a fixture
from tests.live.mysql.talk import one, query
from tests.live.mysql_raw import USUAL, RawClient
from tests.proxy.postgres.gatehouse import Access
from tests.support.hostile_mysql import HostileServer, LyingProxy, Script
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import Certificates, MariaDbServer

_MEMORY_KB = 100 * 1024  # what an attack may leave the process larger by


@pytest.fixture(scope="module")
def gateway(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(access, tmp_path_factory.mktemp("gateway")) as live:
        yield live


@pytest.fixture
def bystander(gateway: LiveGateway) -> Iterator[None]:
    """Somebody else's session: it must work before, and after, what the test does."""
    with gateway.connect("bob") as connection:
        assert one(connection, "SELECT 1") == ((1,),)
        yield
        assert one(connection, "SELECT count(*) FROM allowed") == ((3,),)
    with gateway.connect() as fresh:
        assert one(fresh, "SELECT 2") == ((2,),)


pytestmark = pytest.mark.usefixtures("bystander")


def _until_closed(peer: socket.socket) -> bytes:
    """What still comes before the gateway hangs up."""
    found = b""
    try:
        while data := peer.recv(1 << 16):
            found += data
    except ConnectionError:
        pass  # it hung up with something of ours unread: that is an end, too
    return found


def _resident_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# Before the login


def _response(gateway: LiveGateway) -> bytes:
    """An honest client's handshake response, with its header."""
    said: list[bytes] = []
    with RawClient(gateway.port) as raw:
        raw.authenticate = lambda *_: b""  # type: ignore[method-assign]
        raw.say = said.append  # type: ignore[method-assign, assignment]
        raw.login("alice", PASSWORD, "my1/shop")
    return encode_packet(said[0], 1)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_truncated_handshakes(gateway: LiveGateway, share: float) -> None:
    whole = _response(gateway)
    for sent in (whole[: int(len(whole) * share)], encode_packet(whole[4 : 4 + int(len(whole) * share)], 1)):
        with RawClient(gateway.port) as raw:
            raw.socket.sendall(sent)
            raw.socket.shutdown(socket.SHUT_WR)
            assert b"\x07\0\0" not in _until_closed(raw.socket)[:3]  # no OK


@pytest.mark.parametrize("sequence", [0, 2, 3, 255])
def test_a_handshake_out_of_order(gateway: LiveGateway, sequence: int) -> None:
    with RawClient(gateway.port) as raw:
        raw.socket.sendall(encode_packet(_response(gateway)[4:], sequence))
        assert Err.decode(_until_closed(raw.socket)[4:]).code == 1043


@pytest.mark.parametrize("header", [b"\xff\xff\xff\x01", b"\0\0\x80\x01", b"\0\0\x10\x01"])
def test_huge_lengths_take_no_memory(gateway: LiveGateway, header: bytes) -> None:
    before = _resident_kb()
    peers = []
    for _ in range(60):
        peer = socket.create_connection(("127.0.0.1", gateway.port), timeout=15)
        peer.sendall(header)
        peers.append(peer)
    for peer in peers:
        assert _until_closed(peer)
        peer.close()
    assert _resident_kb() - before < _MEMORY_KB


def test_a_tls_request_with_something_else_behind_it(access: Access, tmp_path: Path, certificates: Certificates) -> None:
    tls = server_side(certificates.server_cert, certificates.server_key, required=False, alpn=None)
    flags = USUAL | Capability.SSL
    request = int(flags).to_bytes(4, "little") + (1 << 24).to_bytes(4, "little") + b"\x2d" + bytes(23)
    with LiveGateway(access, tmp_path, tls=tls) as live:
        for behind in (_response(live), b"\x16\x03\x01\x00\xc8" + os.urandom(200), bytes(50)):
            with RawClient(live.port) as raw:
                raw.socket.sendall(encode_packet(request, 1) + behind)
                answer = _until_closed(raw.socket)
                assert not answer or answer[0] == 0x15  # a TLS alert at most
        for _ in range(3):  # an honest client's handshake that comes in one piece with its request
            context = ssl.create_default_context(cafile=str(certificates.ca))
            with RawClient(live.port) as raw:
                _tls_at_once(raw.socket, context, encode_packet(request, 1))


def _tls_at_once(peer: socket.socket, context: ssl.SSLContext, request: bytes) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    ahead = request
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            peer.sendall(ahead + outgoing.read())
            ahead = b""
            incoming.write(peer.recv(1 << 16))
        else:
            return


# In a session


@pytest.fixture
def client(gateway: LiveGateway) -> Iterator[RawClient]:
    with RawClient(gateway.port) as raw:
        assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
        yield raw


@pytest.mark.parametrize("sequence", [1, 2, 200, 255])
def test_commands_out_of_order(client: RawClient, sequence: int) -> None:
    client.socket.sendall(encode_packet(query("SELECT 1"), sequence))
    assert Err.decode(_until_closed(client.socket)[4:]).code == 1156


def test_nothing_runs_behind_quit(client: RawClient, gateway: LiveGateway) -> None:
    behind = [
        encode_packet(query("SELECT 'behind quit'"), 0),
        encode_packet(b"\x0e", 0),
        encode_packet(b"\x01", 0),
        os.urandom(9000),
    ]
    client.socket.sendall(encode_packet(b"\x01", 0) + b"".join(behind))
    assert _until_closed(client.socket) == b""
    assert not [record for record in gateway.records() if "behind quit" in record.get("text", "")]


def test_half_a_packet_and_then_nothing(client: RawClient, gateway: LiveGateway) -> None:
    client.socket.sendall(b"\x20\0\0\0\x03SELECT 'half")
    time.sleep(0.1)
    client.socket.shutdown(socket.SHUT_WR)
    assert _until_closed(client.socket) == b""
    assert not [record for record in gateway.records() if "'half" in record.get("text", "")]


def test_one_byte_at_a_time(client: RawClient) -> None:
    for byte in encode_packet(query("SELECT 'slow'"), 0):
        client.socket.sendall(bytes((byte,)))
    client.sequence = 1
    assert client.more_rows(client.packet()) == [b"\x04slow"]


def test_a_pile_of_commands_sent_ahead_is_bounded(client: RawClient) -> None:
    """While one runs, what is sent ahead waits in the sender's socket, not in the gateway."""
    before = _resident_kb()
    client.socket.sendall(encode_packet(query("SELECT SLEEP(1)"), 0))
    client.socket.settimeout(0.5)
    pile = encode_packet(query("SELECT 1 /* " + "x" * 60_000 + " */"), 0) * 16
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 200 * 1024 * 1024:
            sent += client.socket.send(pile)
    assert _resident_kb() - before < _MEMORY_KB


@pytest.mark.parametrize(
    "command",
    [
        b"\x17", b"\x17\xff\xff\xff", b"\x17" + bytes(9), b"\x18\1\0\0\0", b"\x1c\1\0\0\0", b"\x19\1", b"\x1a", b"\x1b",
        b"\x0c\1",
        b"\x11alice", b"\x11", b"\x04no end", b"\x02", b"\x16", b"\x03", b"\x1e", b"\x12",
    ],
)  # fmt: skip
def test_commands_cut_short(client: RawClient, command: bytes) -> None:
    """An error, silence where the protocol has none, or the end of this session; never of another."""
    client.socket.sendall(encode_packet(command, 0) + encode_packet(b"\x01", 0))
    answer = _until_closed(client.socket)
    assert not answer or answer[4] in {0xFF, 0x00, 0xFE, 0x01}


# Hostile servers while the gateway logs in


def _greeting(plugin: bytes = AuthPlugin.NATIVE, flags: Capability = USUAL) -> bytes:
    return encode_packet(HandshakeV10(b"8.0.99", 7, b"n" * 20, flags, 45, 2, plugin).encode(), 0)


def _packet(peer: socket.socket) -> bytes:
    header = peer.recv(4, socket.MSG_WAITALL)
    return peer.recv(int.from_bytes(header[:3], "little"), socket.MSG_WAITALL)


def _switching(peer: socket.socket) -> None:
    peer.sendall(_greeting())
    _packet(peer)
    for sequence in range(2, 10_000, 2):
        peer.sendall(encode_packet(AuthSwitchRequest(AuthPlugin.NATIVE, b"m" * 20).encode(), sequence & 0xFF))
        _packet(peer)


def _more_forever(peer: socket.socket) -> None:
    peer.sendall(_greeting(AuthPlugin.CACHING_SHA2))
    _packet(peer)
    for sequence in range(2, 10_000):
        peer.sendall(encode_packet(AuthMoreData(b"\x03").encode(), sequence & 0xFF))


def _wants_it_in_clear(peer: socket.socket) -> None:
    peer.sendall(_greeting())
    _packet(peer)
    peer.sendall(encode_packet(AuthSwitchRequest(AuthPlugin.CLEAR, b"").encode(), 2))
    assert b"secret of the server" not in peer.recv(1 << 16)


def _false_key(peer: socket.socket) -> None:
    peer.sendall(_greeting(AuthPlugin.CACHING_SHA2))
    _packet(peer)
    peer.sendall(encode_packet(AuthMoreData(b"\x04").encode(), 2))
    _packet(peer)
    peer.sendall(encode_packet(AuthMoreData(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").encode(), 4))
    peer.recv(1)


def _says(data: bytes) -> Script:
    def script(peer: socket.socket) -> None:
        peer.sendall(data)
        peer.recv(1 << 16)

    return script


def _ok_and_nothing_more(peer: socket.socket) -> None:
    peer.sendall(_greeting())
    _packet(peer)
    peer.sendall(encode_packet(Ok().encode(USUAL), 2))
    _packet(peer)
    peer.sendall(encode_packet(b"\xfb/etc/passwd", 1))
    peer.recv(1 << 16)


@pytest.mark.parametrize(
    "script",
    [
        _switching,
        _more_forever,
        _wants_it_in_clear,
        _false_key,
        _ok_and_nothing_more,
        _says(encode_packet(Ok().encode(USUAL), 0)),
        _says(_greeting()[:20]),
        _says(_greeting()[:-30] + b"\0" * 5),
        _says(b"\xff\xff\xff\0" + bytes(100_000)),
        _says(os.urandom(300)),
        _says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
)
def test_a_hostile_server_while_logging_in(tmp_path: Path, script: Script) -> None:
    with HostileServer(script) as server:
        access = Access("127.0.0.1", server.port, "gateway", "secret of the server", engine=Engine.MYSQL)
        began = time.monotonic()
        with LiveGateway(access, tmp_path) as live, pytest.raises(pymysql.err.MySQLError) as refused:
            live.connect("alice")
        assert time.monotonic() - began < 25
    assert refused.value.args[0] in {1105, 2013}
    assert "secret" not in str(refused.value)


# Hostile servers in a session

_COLUMN = encode_packet(b"\x03def\0\0\0\x01a\0\x0c\x3f\0\x01\0\0\0\x03\x81\0\0\0\0", 2)
_EOF = b"\xfe\0\0\x02\0"
_LIES = {
    "a file": encode_packet(b"\xfb/etc/passwd", 1),
    "more behind an OK": encode_packet(Ok().encode(USUAL), 1) + encode_packet(b"\1\0\0\0\0", 2),
    "more results than statements": encode_packet(Ok(status=0x0A).encode(USUAL), 1) * 3,
    "an enormous count of columns": encode_packet(b"\xfe" + b"\xff" * 8, 1) + encode_packet(b"\xff", 2),
    "a huge error": b"\xff\xff\xff\x01\xff" + bytes(2_000_000),
    "an error without a code": encode_packet(b"\xff", 1),
    "an empty packet": b"\0\0\0\1",
    "a cut OK": encode_packet(b"\0", 1),
    "false session state": encode_packet(b"\0\0\0\x02\x40\0\0\0\x05\0\xff\xff\xff\xff", 1),
    "an EOF for a result": encode_packet(_EOF, 1),
    "a file in the middle of rows": encode_packet(b"\1", 1) + _COLUMN + encode_packet(_EOF, 3) + encode_packet(b"\xfe", 4) * 2,
    "an authentication": encode_packet(AuthSwitchRequest(AuthPlugin.CLEAR, b"").encode(), 1),
}


def test_a_hostile_server_in_a_session(access: Access, mariadb: MariaDbServer, tmp_path: Path) -> None:
    """It gets no file and no further command of this session; the client hears of it, and a new session works."""
    before = _resident_kb()
    markers = {f"lie {number}": lie for number, lie in enumerate(_LIES.values())}
    with LyingProxy(mariadb.port, {f"'{name}'".encode(): lie for name, lie in markers.items()}) as proxy:
        through = Access("127.0.0.1", proxy.port, access.username, access.password, engine=Engine.MYSQL)
        with LiveGateway(through, tmp_path) as live:
            for name in markers:
                with RawClient(live.port) as raw:
                    assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
                    raw.socket.settimeout(10)
                    raw.socket.sendall(encode_packet(query(f"SELECT '{name}'"), 0))
                    raw.socket.shutdown(socket.SHUT_WR)
                    answer = _until_closed(raw.socket)
                    assert b"/etc/passwd" not in answer, name
                    assert len(answer) < 4096, name
                with live.connect("bob") as fresh:
                    assert one(fresh, "SELECT count(*) FROM allowed") == ((3,),)
            ends = [record for record in live.records() if record["kind"] == "statement.end" and record.get("error")]
            assert len(ends) >= len(_LIES) - 2
    assert _resident_kb() - before < _MEMORY_KB
