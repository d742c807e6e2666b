"""The server's side of a login, spoken by a server that misbehaves. Real servers are in test_door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.proxy.outcome import Refused
from gateway.proxy.postgres.backend import ServerLink, application_name, connect_server
from gateway.wire.postgres import authentication as auth
from gateway.wire.postgres.backend import BackendKeyData, ParameterStatus, ReadyForQuery
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse
from tests.proxy.postgres.gatehouse import Access, Tls

READY = auth.AuthenticationOk().encode() + ParameterStatus("a", "b").encode() + ReadyForQuery(b"I").encode()


@contextlib.asynccontextmanager
async def server(*answers: bytes, hang_up: bool = True) -> AsyncIterator[Access]:
    """Answers each message of the gateway with the next of `answers`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.read(65536)
            writer.write(answer)
        if hang_up:
            writer.close()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield Access("127.0.0.1", listening.sockets[0].getsockname()[1], "server_user", "server_password")


async def log_in(access: Access, seconds: float = 2.0) -> ServerLink | Refused:
    return await connect_server(access, "shop", (), seconds)


async def test_what_a_server_says_while_starting_is_collected() -> None:
    notice = NoticeResponse.of("WARNING", "01000", "certificate expires")
    said = auth.AuthenticationOk().encode() + notice.encode() + BackendKeyData(5, b"k" * 32).encode()
    async with server(said + READY[9:] + b"surplus", hang_up=False) as access:
        link = await log_in(access)
        assert isinstance(link, ServerLink)
        assert (link.parameters, link.key, link.state) == ({"a": "b"}, BackendKeyData(5, b"k" * 32), b"I")
        assert (link.notices, link.surplus, link.encrypted) == ((notice,), b"surplus", False)
        link.transport.abort()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([b""], ""),  # closes at once
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "over the limit"),
        ([b"R\0\0\0\x03"], "below its minimum"),
        ([auth.Authentication.KIND.to_bytes(1, "big") + b"\0\0\0\x08\0\0\0\x07"], "GSSAPI"),
        ([auth.AuthenticationSasl(("OAUTHBEARER",)).encode()], "no SASL mechanism that is supported"),
        ([auth.AuthenticationSasl(("SCRAM-SHA-256",)).encode(), READY], "without proving"),
        (
            [auth.AuthenticationSasl(("SCRAM-SHA-256",)).encode(), auth.AuthenticationSaslContinue(b"r=x,s=AAAA,i=1").encode()],
            "nonce",
        ),
        ([auth.AuthenticationSaslContinue(b"x").encode()], "unexpected AuthenticationSaslContinue"),
        ([auth.AuthenticationOk().encode() + b"D\0\0\0\x06\0\0"], "unexpected DataRow"),
        ([auth.AuthenticationOk().encode() + b"S\x7f\xff\xff\xff"], "over the limit"),
        ([auth.AuthenticationOk().encode() + ParameterStatus("n", "v").encode()], ""),
    ],
    ids=repr,
)
async def test_a_server_that_misbehaves(answers: list[bytes], reason: str) -> None:
    async with server(*answers) as access:
        refused = await log_in(access)
        assert isinstance(refused, Refused)
        assert refused.code in ("08006", "08004")
        assert reason in refused.reason
        assert "server_" not in refused.message + refused.detail + refused.hint


async def test_a_server_that_never_answers() -> None:
    async with server(b"", hang_up=False) as access:
        refused = await log_in(access, 0.2)
        assert isinstance(refused, Refused)
        assert "no answer within 0.2 s" in refused.reason


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (
            "28P01",
            'password authentication failed for user "server_user"',
            "08004: gateway: the server does not let the gateway in",
        ),
        ("28000", 'no pg_hba.conf entry for host "10.0.0.1", user "server_user"', "08004: gateway: the server does not let"),
        ("3D000", 'database "shop" does not exist', '3D000: database "shop" does not exist'),
        ("53300", "remaining connection slots are reserved", "53300: gateway: the server has no connection left"),
        ("57P03", "the database system is starting up", "57P03: gateway: the server is starting up"),
        ("22023", 'invalid value for parameter "TimeZone": "x"', '22023: invalid value for parameter "TimeZone": "x"'),
        ("42501", 'permission denied for role "server_user"', "08004: gateway: the server does not let"),
        ("XX000", "server_password", "08004: gateway"),
    ],
)
async def test_a_servers_refusal_is_translated(code: str, message: str, told: str) -> None:
    async with server(ErrorResponse.of("FATAL", code, message).encode()) as access:
        refused = await log_in(access)
        assert isinstance(refused, Refused)
        assert f"{refused.code}: {refused.message}".startswith(told)
        assert "server_password" not in refused.reason


async def test_text_in_front_of_a_handshake_is_not_believed() -> None:
    for answer in (ErrorResponse.of("FATAL", "22023", "injected").encode(), b"S" + READY, b"N"):
        async with server(answer) as access:
            secure = Access(access.host, access.port, access.username, access.password, Tls("require"))
            refused = await log_in(secure)
            assert isinstance(refused, Refused)
            assert "injected" not in refused.message


async def test_a_password_goes_in_clear_to_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(auth.AuthenticationCleartextPassword().encode(), READY, hang_up=False) as access:
        link = await log_in(access)
        assert isinstance(link, ServerLink)
        link.transport.abort()
        remote: Callable[[str], bool] = lambda host: False  # noqa: E731
        monkeypatch.setattr("gateway.proxy.postgres.backend._is_local", remote)
        refused = await log_in(access)
        assert isinstance(refused, Refused)
        assert "cleartext password without TLS" in refused.reason


@pytest.mark.parametrize(
    ("user", "chosen", "shown"),
    [
        ("alice", "psql", "alice via gateway: psql"),
        ("alice", "", "alice via gateway"),
        ("alice", "x" * 100, "alice via gateway: " + "x" * 44),
        ("alice", "ü" * 40, "alice via gateway: " + "ü" * 22),
        ("a" * 80, "psql", "a" * 63),
    ],
)
def test_the_user_stands_before_the_name_the_client_chose(user: str, chosen: str, shown: str) -> None:
    assert application_name(user, chosen) == shown
    assert len(shown.encode()) <= 63
