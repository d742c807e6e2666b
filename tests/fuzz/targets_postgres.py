"""Fuzz targets of PostgreSQL's side: what reads bytes that a stranger sends. Each states its invariant first.

Under libFuzzer, without end:  python -m tests.fuzz NAME [corpus folder] [libFuzzer options]
"""

import asyncio

from gateway.proxy.postgres.login import ClientLogin, LoginDesk
from gateway.proxy.postgres.options import BadOptions, parse_options
from gateway.proxy.throttle import LoginThrottle
from gateway.wire.errors import ProtocolViolation
from gateway.wire.postgres.backend import decode_backend
from gateway.wire.postgres.frames import Frame, FrameReader, frame_end, skip_run
from gateway.wire.postgres.frontend import PasswordMessage, SaslInitialResponse, decode_frontend
from gateway.wire.postgres.scram import SCRAM, ClientExchange, ServerExchange, Verifier, WrongPassword
from gateway.wire.postgres.startup import PROTOCOL_3_0, StartupMessage, decode_startup
from tests.proxy.postgres.gatehouse import MemoryDirectory

_LIMIT = 4096
_VERIFIER = Verifier.build("pencil", 1, b"salt")


def frames(data: bytes) -> None:
    """Invariant: however the bytes are cut, the same frames and the same violation come out; no more than one frame and
    one chunk is held; every decoder answers with a message that encodes to the same bytes, or with ProtocolViolation."""
    cut = data[0] + 1 if data else 1
    whole, chunked = _read_all([data]), _read_all([data[at : at + cut] for at in range(0, len(data), cut)])
    assert whole == chunked
    for frame in whole[0]:
        for decode in (decode_frontend, decode_backend):
            try:
                message = decode(frame)
            except ProtocolViolation:
                continue
            assert message.body() == frame.payload


def hops(data: bytes) -> None:
    """Invariant: hopping always moves forward, and a run ends where frame by frame it ends."""
    kind = data[0] if data else 0
    try:
        position, count = skip_run(data, 0, kind)
    except ProtocolViolation:
        return
    at = steps = 0
    while at < len(data) and data[at] == kind and (end := frame_end(data, at)) >= 0:
        assert end > at
        at, steps = end, steps + 1
    assert (position, count) == (at, steps)


def startup(data: bytes) -> None:
    """Invariant: a startup packet decodes to what encodes to the same bytes, or is a ProtocolViolation."""
    try:
        packet = decode_startup(data)
    except ProtocolViolation:
        return
    if not isinstance(packet, StartupMessage) or packet.major == PROTOCOL_3_0 >> 16:
        assert packet.encode()[4:] == data


def options(data: bytes) -> None:
    """Invariant: options are settings with names, or BadOptions."""
    try:
        settings = parse_options(data.decode("utf-8", "surrogateescape"))
    except BadOptions:
        return
    assert all(name and "-" not in name for name, _ in settings)


def scram(data: bytes) -> None:
    """Invariant: no message proves a password without knowing it; both sides answer anything with a violation or a no."""
    first, _, rest = data.partition(b"\n")
    server, client = ServerExchange(_VERIFIER, nonce="n"), ClientExchange("other", [SCRAM], nonce="c")
    for step in (lambda: server.first(SCRAM, first), lambda: client.respond(first), lambda: client.verify(rest)):
        try:
            step()
        except ProtocolViolation:
            continue
    try:
        server.final(rest)
    except (ProtocolViolation, WrongPassword):
        return
    raise AssertionError("a login without the password")


def answers(data: bytes) -> None:
    """Invariant: a password message is what encodes to the same bytes, or a ProtocolViolation."""
    for kind in (PasswordMessage, SaslInitialResponse):
        try:
            message = kind.decode(data)
        except ProtocolViolation:
            continue
        assert message.body() == data or (isinstance(message, SaslInitialResponse) and message.response is None)


def login(data: bytes) -> None:
    """Invariant: whatever a stranger sends, nobody is authenticated, the login ends, and no exception but PeerGone escapes."""
    asyncio.run(_login(data))


async def _login(data: bytes) -> None:
    from gateway.proxy.outcome import Authenticated
    from gateway.proxy.postgres.channel import LoginChannel, PeerGone

    channel = LoginChannel()
    channel.connection_made(_Nowhere())
    channel.data_received(data)
    channel.eof_received()
    desk = LoginDesk(MemoryDirectory(), LoginThrottle(1_000), b"secret", seconds=1.0)
    try:
        outcome = await ClientLogin(desk, channel, "127.0.0.1").run()
    except PeerGone:
        return
    assert not isinstance(outcome, Authenticated)


class _Nowhere(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert len(data) < 70_000  # an answer never grows with what was sent

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Nothing more comes."""

    def resume_reading(self) -> None:
        """Nothing more comes."""


def _read_all(chunks: list[bytes]) -> tuple[list[Frame], str]:
    reader, found = FrameReader(_LIMIT), list[Frame]()
    for chunk in chunks:
        reader.feed(chunk)
        try:
            while (frame := reader.next_frame()) is not None:
                found.append(frame)
        except ProtocolViolation as violation:
            return found, str(violation)
        assert reader.buffered <= _LIMIT + 1
    return found, ""


SEEDS = {
    "startup": [b"\0\x03\0\0user\0alice\0\0", b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x2e\0\0\0\x01abcd"],
    "scram": [b"n,,n=,r=abc\nc=biws,r=abcn,p=AAAA", b"r=cx,s=AAAA,i=1\nv=AAAA"],
    "login": [b"\0\0\0\x15\0\x03\0\0user\0alice\0\0" + b"p\0\0\0\x1fSCRAM-SHA-256\0\0\0\0\x09n,,n=,r=x"],
}
TARGETS = {function.__name__: function for function in (frames, hops, startup, options, scram, answers, login)}
