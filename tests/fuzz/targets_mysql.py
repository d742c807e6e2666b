"""Fuzz targets of MySQL's side: what reads bytes that a stranger, or a server, sends. Each states its invariant first.

Under libFuzzer, without end:  python -m tests.fuzz mysql_NAME [corpus folder] [libFuzzer options]
"""

import asyncio
import json

from gateway.analysis.mysql.fingerprint import tokens_form
from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.footprint import Category, Footprint
from gateway.proxy.mysql.channel import LoginChannel, PeerGone
from gateway.proxy.mysql.face import Face
from gateway.proxy.mysql.fast import FastLogins
from gateway.proxy.mysql.kill import parse_kill
from gateway.proxy.mysql.known import Known
from gateway.proxy.mysql.login import ClientLogin, LoginDesk, Proven
from gateway.proxy.throttle import LoginThrottle
from gateway.verdict import Ruling, Verdict
from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.auth import RsaKey
from gateway.wire.mysql.commands import Query, StatementExecute, StatementFetch
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.handshake import AuthSwitchRequest, ChangeUser, HandshakeResponse41, HandshakeV10
from gateway.wire.mysql.packets import Packet, PacketReader
from gateway.wire.mysql.results import ColumnDefinition, Eof, Err, Ok, PrepareOk
from gateway.wire.mysql.rows import decode_row
from tests.proxy.postgres.gatehouse import MemoryDirectory

_LIMIT = 4096
_RSA = RsaKey()
_ANY = Verdict(
    (Ruling(Footprint("SELECT", Category.QUERY), Decision(Outcome.ALLOW, Reason(ReasonCode.ALWAYS, ""), "1"), b""),),
    Outcome.ALLOW,
    float("inf"),
    1,
    head=b"",
)
_ALL = Capability.QUERY_ATTRIBUTES | Capability.SESSION_TRACK | Capability.PLUGIN_AUTH | Capability.CONNECT_ATTRS


def packets(data: bytes) -> None:
    """Invariant: however the bytes are cut, the same packets and violation come out; no more than the limit is held."""
    cut = data[0] + 1 if data else 1
    assert _read_all([data]) == _read_all([data[at : at + cut] for at in range(0, len(data), cut)])


def _read_all(chunks: list[bytes]) -> tuple[list[Packet], str]:
    reader, found = PacketReader(_LIMIT), list[Packet]()
    for chunk in chunks:
        reader.feed(chunk)
        try:
            while (packet := reader.next_packet()) is not None:
                found.append(packet)
        except ProtocolViolation as violation:
            return found, str(violation)
        assert reader.buffered <= _LIMIT + 4
    return found, ""


def bodies(data: bytes) -> None:
    """Invariant: every decoder answers with a message or with ProtocolViolation, whatever the bytes."""
    for capabilities in (Capability(0), _ALL):
        for decode in (
            HandshakeV10.decode,
            HandshakeResponse41.decode,
            lambda body, flags=capabilities: ChangeUser.decode(body, flags),
            AuthSwitchRequest.decode,
            lambda body, flags=capabilities: Query.decode(body, flags),
            StatementExecute.decode,
            StatementFetch.decode,
            lambda body, flags=capabilities: Ok.decode(body, flags).state_changes(),
            Err.decode,
            Eof.decode,
            ColumnDefinition.decode,
            PrepareOk.decode,
            decode_row,
        ):
            try:
                decode(data)
            except ProtocolViolation:
                continue


def shapes(data: bytes) -> None:
    """Invariant: a text that is found by another's shape has the other's form for the judge, and its record holds it whole."""
    one, _, two = data.partition(b"\xff")
    known = Known()
    known.learn(b"\0\0\0\0\x03" + one, one, _ANY)
    found = known.find(b"\0\0\0\0\x03" + two, 5)
    if found is not None and two != one:
        assert tokens_form(one.decode()) == tokens_form(two.decode())
        assert json.loads(found[1]) == two.decode()
    kill = parse_kill(data.decode("utf-8", "replace"))
    assert kill is None or kill.connection_id >= 0


def login(data: bytes) -> None:
    """Invariant: whatever a stranger sends, nobody is authenticated, the login ends, and no exception but PeerGone escapes."""
    asyncio.run(_login(data))


async def _login(data: bytes) -> None:
    channel = LoginChannel()
    channel.connection_made(_Nowhere())
    channel.data_received(data)
    channel.eof_received()
    desk = LoginDesk(
        MemoryDirectory(), LoginThrottle(1_000), lambda password, verifier: False, _RSA, FastLogins(), Face, seconds=1.0
    )
    try:
        outcome = await ClientLogin(desk, channel, "127.0.0.1", 1).run()
    except PeerGone:
        return
    assert not isinstance(outcome, Proven)


class _Nowhere(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert len(data) < 70_000  # an answer never grows with what was sent

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Nothing more comes."""

    def resume_reading(self) -> None:
        """Nothing more comes."""


SEEDS = {
    "mysql_login": [
        b"\x54\0\0\x01\x8d\xa2\x3b\0\0\0\0\x01\x2d" + bytes(23) + b"alice\0\x14" + bytes(20) + b"caching_sha2_password\0",
    ],
    "mysql_shapes": [
        b"SELECT a FROM t WHERE id = 17\xffSELECT a FROM t WHERE id = 4",
        b"UPDATE t SET a='x' WHERE b=1\xffUPDATE t SET a='it''s' WHERE b=1",
        b"SELECT '1','a'\xffSELECT '1\\','a'",
        b"KILL QUERY 5",
    ],
}
TARGETS = {f"mysql_{function.__name__}": function for function in (packets, bodies, shapes, login)}
