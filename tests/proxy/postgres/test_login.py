"""The login as a transcript: what the client sends (>), what the gateway answers (<), to the byte."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator

import pytest

from gateway.proxy.cancel import CancelKey
from gateway.proxy.tls import server_side
from gateway.wire.postgres import startup
from gateway.wire.postgres.authentication import AuthenticationOk, AuthenticationSasl, AuthenticationSaslFinal
from gateway.wire.postgres.backend import NegotiateProtocolVersion, decode_backend
from gateway.wire.postgres.frames import STARTUP_LIMIT, FrameReader
from gateway.wire.postgres.frontend import PasswordMessage, Query, SaslInitialResponse, SaslResponse
from gateway.wire.postgres.message import BackendMessage
from gateway.wire.postgres.report import ErrorResponse
from gateway.wire.postgres.scram import SCRAM, ClientExchange
from gateway.wire.postgres.startup import PROTOCOL_3_0, PROTOCOL_3_2, StartupMessage
from tests.proxy.postgres.gatehouse import PASSWORD, Gatehouse, gatehouse
from tests.support.servers import Certificates

ALICE = (("user", "alice"), ("database", "pg1/postgres"))


class Talk:
    """A client that speaks by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.frames = reader, writer, FrameReader(1 << 20)

    def say(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))

    async def hear(self) -> BackendMessage:
        while (frame := self.frames.next_frame()) is None:
            data = await asyncio.wait_for(self.reader.read(65536), 10)
            assert data, "the gateway hung up"
            self.frames.feed(data)
        return decode_backend(frame)

    async def hear_byte(self) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(1), 10)

    async def hear_refusal(self, code: str, words: str = "") -> ErrorResponse:
        """An ErrorResponse of severity FATAL, and nothing after it."""
        error = await self.hear()
        assert isinstance(error, ErrorResponse), error
        assert (error.severity, error.code) == ("FATAL", code), error
        assert words in error.message
        await self.hear_end()
        return error

    async def hear_end(self) -> None:
        assert self.frames.buffered == 0
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(self.reader.read(), 10) == b""

    async def prove(self, password: str = PASSWORD) -> None:
        """SCRAM up to and with the client's proof."""
        offer = await self.hear()
        assert offer == AuthenticationSasl((SCRAM,))
        exchange = ClientExchange(password, [SCRAM])
        self.say(SaslInitialResponse(SCRAM, exchange.first()).encode())
        answer = await self.hear()
        self.say(SaslResponse(exchange.respond(answer.body()[4:])).encode())


@contextlib.asynccontextmanager
async def talking(gateway: Gatehouse) -> AsyncIterator[Talk]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gatehouse]:
    async with gatehouse(seconds=3.0) as running:
        yield running


async def test_encryption_requests_without_tls(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(startup.GssEncRequest().encode())
        assert await talk.hear_byte() == b"N"
        talk.say(startup.SslRequest().encode())
        assert await talk.hear_byte() == b"N"
        talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode())
        assert isinstance(await talk.hear(), AuthenticationSasl)


@pytest.mark.parametrize("request_twice", [startup.SslRequest(), startup.GssEncRequest()], ids=repr)
async def test_an_encryption_request_may_come_once(gateway: Gatehouse, request_twice: startup.StartupPacket) -> None:
    async with talking(gateway) as talk:
        talk.say(request_twice.encode())
        assert await talk.hear_byte() == b"N"
        talk.say(request_twice.encode())
        await talk.hear_refusal("08P01", "unexpected encryption request")


async def test_plaintext_behind_an_ssl_request_is_never_used(certificates: Certificates) -> None:
    tls = server_side(certificates.server_cert, certificates.server_key)
    async with gatehouse(tls=tls) as gateway, talking(gateway) as talk:
        talk.say(startup.SslRequest().encode(), StartupMessage(PROTOCOL_3_0, ALICE).encode())
        await talk.hear_refusal("08P01", "received unencrypted data after SSL request")
        assert gateway.audit.refusals()[0][1:3] == ("", "")


async def test_an_encryption_request_inside_tls_is_refused(certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.ca))
    tls = server_side(certificates.server_cert, certificates.server_key)
    async with gatehouse(tls=tls) as gateway, talking(gateway) as talk:
        talk.say(startup.SslRequest().encode())
        assert await talk.hear_byte() == b"S"
        await talk.writer.start_tls(context, server_hostname="127.0.0.1")
        talk.say(startup.SslRequest().encode())
        await talk.hear_refusal("08P01", "unexpected encryption request")


async def test_a_handshake_that_never_comes(certificates: Certificates) -> None:
    async with gatehouse(tls=server_side(certificates.server_cert, certificates.server_key), seconds=0.5) as gateway:
        async with talking(gateway) as talk, talking(gateway) as silent:
            talk.say(startup.SslRequest().encode())
            assert await talk.hear_byte() == b"S"
            await talk.hear_end()
            await silent.hear_end()
        assert await gateway.listener.wait_idle(5)


@pytest.mark.parametrize(
    ("asked", "extra", "answer"),
    [
        (PROTOCOL_3_0, (), None),
        (PROTOCOL_3_2, (), None),
        (3 << 16 | 1, (), None),
        (3 << 16 | 9999, (), NegotiateProtocolVersion(PROTOCOL_3_2)),
        (PROTOCOL_3_0, (("_pq_.wish", "1"),), NegotiateProtocolVersion(PROTOCOL_3_0, ("_pq_.wish",))),
    ],
)
async def test_protocol_versions(
    gateway: Gatehouse, asked: int, extra: tuple[tuple[str, str], ...], answer: BackendMessage | None
) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(asked, ALICE + extra).encode())
        if answer is not None:
            assert await talk.hear() == answer
        assert isinstance(await talk.hear(), AuthenticationSasl)


@pytest.mark.parametrize("version", [2 << 16, 4 << 16, 0])
async def test_an_unknown_major_version(gateway: Gatehouse, version: int) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(version, ALICE).encode())
        await talk.hear_refusal("0A000", "unsupported frontend protocol")


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: db\r\n\r\n",
        b"\0\0\0\x04",
        (STARTUP_LIMIT + 1).to_bytes(4, "big"),
        b"\0\0\0\x0a\0\x03\0\0us",
        StartupMessage(PROTOCOL_3_0, (("user", "alice"), ("user", "postgres"))).encode(),
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",  # TLS where there is none
    ],
    ids=repr,
)
async def test_garbage_before_login(gateway: Gatehouse, garbage: bytes) -> None:
    async with talking(gateway) as talk:
        talk.say(garbage)
        await talk.hear_refusal("08P01")
    assert gateway.audit.refusals()[0][3] == "08P01"


async def test_no_user_name(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, (("database", "x"),)).encode())
        await talk.hear_refusal("28000", "no PostgreSQL user name specified")


async def test_a_slow_login_ends_in_time(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode())
        assert isinstance(await talk.hear(), AuthenticationSasl)
        await talk.hear_refusal("57P05", "timeout")


async def test_a_client_that_leaves_to_ask_its_user_for_a_password_is_no_failure(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode())
        assert isinstance(await talk.hear(), AuthenticationSasl)
    assert await gateway.listener.wait_idle(5)
    assert gateway.audit.events == []


async def test_the_whole_login_byte_by_byte(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        for byte in StartupMessage(PROTOCOL_3_0, ALICE).encode():
            talk.say(bytes([byte]))
            await asyncio.sleep(0)
        await talk.prove()
        assert isinstance(await talk.hear(), AuthenticationSaslFinal)
        assert await talk.hear() == AuthenticationOk()
        await talk.hear_refusal("08006", "the server cannot be reached")  # the directory knows no pg1


async def test_nothing_but_an_answer_is_taken_while_logging_in(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode(), Query(b"SELECT 1").encode())
        await talk.hear()
        await talk.hear_refusal("08P01", "expected password response, got message type 81")


async def test_an_answer_over_the_limit_takes_no_memory(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode(), b"p\x3f\xff\xff\xff")
        await talk.hear()
        await talk.hear_refusal("08P01", "over the limit")


async def test_a_sasl_answer_without_its_initial_response(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode())
        await talk.hear()
        exchange = ClientExchange(PASSWORD, [SCRAM])
        talk.say(SaslInitialResponse(SCRAM, None).encode())
        assert (await talk.hear()).body()[4:] == b""
        talk.say(SaslResponse(exchange.first()).encode())
        talk.say(SaslResponse(exchange.respond((await talk.hear()).body()[4:])).encode())
        assert isinstance(await talk.hear(), AuthenticationSaslFinal)


async def test_a_user_name_that_is_no_utf8(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, (("user", "al\udcffce"),)).encode())
        await talk.prove()
        error = await talk.hear_refusal("28P01")
        assert "al\udcffce" in error.message
    assert gateway.audit.refusals()[0][1:3] == ("al\\xffce", "al\\xffce")


async def test_a_parameter_that_is_no_utf8(gateway: Gatehouse) -> None:
    for name in ("application_name", "TimeZone"):
        async with talking(gateway) as talk:
            talk.say(StartupMessage(PROTOCOL_3_0, (*ALICE, (name, "\udcff"))).encode())
            await talk.hear_refusal("22023", f"invalid byte sequence for encoding UTF8 in parameter {name}")


async def test_a_token_over_plaintext_is_refused_before_it_is_sent(gateway: Gatehouse) -> None:
    async with talking(gateway) as talk:
        talk.say(StartupMessage(PROTOCOL_3_0, (("user", "alice+token"),)).encode())
        await talk.hear_refusal("28000", "over TLS only")


async def test_failures_slow_down_and_a_right_password_waits_as_well() -> None:
    async with gatehouse(failures=1, seconds=20) as gateway:
        times = []
        for password in ("wrong", "wrong", PASSWORD):
            async with talking(gateway) as talk:
                talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode())
                began = time.monotonic()
                await talk.prove(password)
                await talk.hear()
                times.append(time.monotonic() - began)
        assert times[0] < 0.4
        assert times[1] >= 0.45
        assert times[2] >= 0.45


async def test_guesses_in_parallel_gain_nothing() -> None:
    async def guess(gateway: Gatehouse) -> str:
        async with talking(gateway) as talk:
            talk.say(StartupMessage(PROTOCOL_3_0, ALICE).encode())
            await talk.prove("wrong")
            error = await talk.hear()
            assert isinstance(error, ErrorResponse)
            return error.message

    async with gatehouse(failures=2, seconds=20) as gateway:
        told = await asyncio.gather(*(guess(gateway) for _ in range(12)))
        answered = [text for text in told if "password authentication failed" in text]
        assert len(answered) <= 2 + 5  # 0.5 + 1 + 2 + 4 s are all that fit into ten seconds
        assert any("too many failed logins" in text for text in told)


async def test_a_cancel_request_is_never_answered(gateway: Gatehouse) -> None:
    called = []

    async def cancel() -> None:
        called.append(True)

    key = gateway.cancels.register(cancel, 4)
    for secret in (b"\0\0\0\0" if key.secret != b"\0\0\0\0" else b"1111", key.secret, b"k" * 256):
        async with talking(gateway) as talk:
            talk.say(startup.CancelRequest(key.process_id, secret).encode())
            await talk.hear_end()
    assert await gateway.listener.wait_idle(5)
    assert called == [True]
    assert gateway.audit.events == []


async def test_a_cancel_request_for_another_worker_is_passed_on_as_a_digest() -> None:
    forwarded: list[str] = []

    class Forwarder:
        async def forward(self, digest: str) -> None:
            forwarded.append(digest)

    async with gatehouse(forwarder=Forwarder()) as gateway, talking(gateway) as talk:
        talk.say(startup.CancelRequest(7, b"k" * 32).encode())
        await talk.hear_end()
        assert await gateway.listener.wait_idle(5)
        assert forwarded == [CancelKey(7, b"k" * 32).digest]
        assert b"kkkk".hex() not in forwarded[0]


async def test_a_token_is_not_shown_in_any_repr() -> None:
    assert "gwt_" not in repr(PasswordMessage("gwt_secret"))
