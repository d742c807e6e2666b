"""Real clients through the door to real servers."""

import asyncio
import os
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.model.errors import AuditUnavailable
from gateway.proxy.postgres.login import CertificateUse
from gateway.proxy.tls import ServerSideTls, server_side
from tests.proxy.postgres.gatehouse import PASSWORD, TOKEN, Access, Gatehouse, MemoryPolicy, Tls, gatehouse
from tests.support.servers import Certificates

Connection = psycopg.AsyncConnection[Any]
PSQL = shutil.which("psql")
needs_psql = pytest.mark.skipif(PSQL is None, reason="psql is not installed")


def plain_access(server: PostgresServer) -> Access:
    return Access(server.host, server.port, server.user, server.password)


@pytest.fixture
async def gateway(embedded_pg: PostgresServer) -> AsyncIterator[Gatehouse]:
    async with gatehouse(("pg1", plain_access(embedded_pg))) as running:
        yield running


@pytest.fixture
def own_tls(certificates: Certificates) -> ServerSideTls:
    return server_side(certificates.server_cert, certificates.server_key, certificates.ca)


async def psql(gateway: Gatehouse, sql: str, *, settings: str = "", **environment: str) -> tuple[int, str, str]:
    assert PSQL is not None
    process = await asyncio.create_subprocess_exec(
        PSQL, "-X", "-w", "-At", "-c", sql, f"{gateway.url()} {settings}",
        env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD, "PGCONNECT_TIMEOUT": "10"} | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, out.decode().strip(), error.decode().strip()


async def connect(gateway: Gatehouse, user: str = "alice", password: str = PASSWORD, **settings: Any) -> Connection:
    return await psycopg.AsyncConnection.connect(gateway.url(user), password=password, **settings)


async def refusal(gateway: Gatehouse, *, password: str = PASSWORD, **settings: Any) -> psycopg.OperationalError:
    conninfo = gateway.url(settings.pop("user", "alice"), settings.pop("database", "pg1/postgres"))
    with pytest.raises(psycopg.OperationalError) as caught:
        await psycopg.AsyncConnection.connect(conninfo, password=password, **settings)
    return caught.value


@needs_psql
async def test_psql_logs_in_and_the_dba_sees_who_it_is(gateway: Gatehouse) -> None:
    code, out, error = await psql(gateway, "SELECT current_user, current_setting('application_name')")
    assert (code, out, error) == (0, "postgres|alice via gateway: psql", "")
    assert gateway.audit.events == [("opened", "alice", "pg1/postgres", "psql")]


async def test_psycopg_and_asyncpg_run_statements(gateway: Gatehouse) -> None:
    async with await connect(gateway) as connection:
        row = await (await connection.execute("SELECT sum(n) FROM generate_series(1, %s) n", (100_000,))).fetchone()
        assert row == (5_000_050_000,)
        assert connection.info.server_version >= 180000
    other = await asyncpg.connect(
        host="127.0.0.1", port=gateway.port, user="alice", password=PASSWORD, database="postgres", ssl=False
    )
    assert await other.fetchval("SELECT $1::int + 1", 41) == 42
    await other.close()


async def test_unknown_disabled_and_wrong_password_say_the_same(gateway: Gatehouse) -> None:
    told = {
        user: str(await refusal(gateway, user=user, password=password)).replace(user, "<user>")
        for user, password in (("alice", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("x" * 500, PASSWORD))
    }
    assert set(told.values()) == {told["alice"]}
    assert 'FATAL:  password authentication failed for user "<user>"' in told["alice"]
    assert {event[3] for event in gateway.audit.refusals()} == {"28P01"}
    assert len(gateway.audit.refusals()) == 4


async def test_missing_and_forbidden_databases_say_the_same(embedded_pg: PostgresServer) -> None:
    databases = ("pg1/postgres", "pg1/secret", "pg1/twice", "pg2/twice", "pg1/mixed", "pg2/mixed")
    servers = [(name, plain_access(embedded_pg)) for name in ("pg1", "pg2")]
    policy = MemoryPolicy(frozenset({"pg1/secret", "pg2/mixed"}))
    async with gatehouse(*servers, policy=policy, databases=databases) as gateway:
        told = {name: str(await refusal(gateway, database=name)) for name in ("pg1/secret", "secret", "pg1/nosuch", "nosuch")}
        assert len({text.replace(name, "<db>") for name, text in told.items()}) == 1
        assert "gateway: permission denied: connect on pg1/secret" in told["pg1/secret"]
        assert "Connect to pg1/twice or pg2/twice." in str(await refusal(gateway, database="twice"))
        # Only one `mixed` is permitted, so the name is enough; the server does not have it.
        assert 'database "mixed" does not exist' in str(await refusal(gateway, database="mixed"))


async def test_settings_of_the_startup_message_reach_the_server_and_reset_returns_to_them(gateway: Gatehouse) -> None:
    options = r'-c work_mem=3MB --statement-timeout=7s -csearch_path="a\ b",public'
    async with await connect(gateway, options=options) as connection:
        await connection.execute("SET work_mem = '5MB'")
        await connection.execute("RESET work_mem")
        shown = "SELECT current_setting('work_mem'), current_setting('statement_timeout'), current_setting('search_path')"
        assert await (await connection.execute(shown)).fetchone() == ("3MB", "7s", '"a b",public')
    assert ("work_mem", "3MB") in gateway.opened[0].settings


async def test_a_setting_the_policy_forbids_is_refused_before_the_server_hears_of_it(embedded_pg: PostgresServer) -> None:
    policy = MemoryPolicy(frozenset({"session_replication_role"}))
    async with gatehouse(("pg1", plain_access(embedded_pg)), policy=policy) as gateway:
        error = await refusal(gateway, options="-c Session_Replication_Role=replica")
        assert "gateway: permission denied: set Session_Replication_Role" in str(error)
        assert "policy.csv:7" in str(error)


async def test_the_servers_own_words_answer_the_clients_own_settings(gateway: Gatehouse) -> None:
    assert 'unrecognized configuration parameter "nonsense"' in str(await refusal(gateway, options="-c nonsense=1"))
    assert "invalid command-line argument" in str(await refusal(gateway, options="-B 100"))


async def test_replication_is_refused(gateway: Gatehouse) -> None:
    assert "replication connections are not served" in str(await refusal(gateway, replication="database"))


async def test_the_gateways_own_trouble_tells_no_secret(embedded_pg: PostgresServer) -> None:
    wrong = Access("127.0.0.1", embedded_pg.port, "secret_user", "secret_password")
    away = Access("127.0.0.1", 1, "secret_user", "secret_password")
    databases = ("wrong/postgres", "away/postgres", "none/postgres")
    async with gatehouse(("wrong", wrong), ("away", away), databases=databases) as gateway:
        told = [str(await refusal(gateway, database=name)) for name in databases]
        assert "the server does not let the gateway in" in told[0]
        assert all("the server cannot be reached" in text for text in told[1:])
        assert not any("secret" in text or str(embedded_pg.port) in text for text in told)
        assert "secret_password" not in repr(gateway.audit.events)


async def test_without_a_record_nobody_gets_in(gateway: Gatehouse) -> None:
    gateway.audit.failure = AuditUnavailable("disk full")
    assert "gateway: audit log unavailable, connection refused" in str(await refusal(gateway))
    assert not gateway.opened
    assert len(gateway.cancels) == 0


async def test_limits_per_user_and_over_all(embedded_pg: PostgresServer) -> None:
    async with gatehouse(("pg1", plain_access(embedded_pg)), connections=3, per_user=2) as gateway:
        first = await connect(gateway)
        second = await connect(gateway)
        assert 'too many connections for role "alice"' in str(await refusal(gateway))
        await first.close()
        await second.close()
    async with gatehouse(("pg1", plain_access(embedded_pg)), connections=2, per_user=9) as gateway:
        first = await connect(gateway)
        reader, idle = await asyncio.open_connection("127.0.0.1", gateway.port)
        second = await connect(gateway)  # who is only about to log in makes room
        assert await asyncio.wait_for(reader.read(1), 5) == b""
        assert "sorry, too many clients already" in str(await refusal(gateway))
        await first.close()
        await second.close()
        idle.close()


async def test_a_cancel_request_reaches_the_server_and_a_wrong_key_is_silence(gateway: Gatehouse) -> None:
    connection = await connect(gateway)
    running = asyncio.create_task(connection.execute("SELECT pg_sleep(30)"))
    key = next(iter(gateway.cancels._sessions.values()))[0]
    server_key = gateway.opened[0].server_key
    assert server_key is not None
    assert (server_key.process_id, server_key.secret) != (key.process_id, key.secret)
    await gateway.cancels.cancel(key.process_id, b"\0\0\0\0")
    await asyncio.sleep(0.2)
    assert not running.done()
    await connection.cancel_safe(timeout=10)
    with pytest.raises(psycopg.errors.QueryCanceled):
        await asyncio.wait_for(running, 10)
    await connection.close()


async def test_what_is_left_behind_after_a_session(gateway: Gatehouse) -> None:
    for _ in range(3):
        async with await connect(gateway) as connection:
            await connection.execute("SELECT 1")
    assert await gateway.listener.wait_idle(5)
    assert (len(gateway.cancels), len(gateway.sessions), gateway.sessions.of_user("alice")) == (0, 0, 0)


async def test_drain_ends_sessions_and_refuses_new_ones(gateway: Gatehouse) -> None:
    connection = await connect(gateway)
    assert await gateway.sessions.drain(5) == 0
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT 1")
    assert "shutting down" in str(await refusal(gateway))


@needs_psql
@pytest.mark.parametrize("settings", ["sslmode=require", "sslmode=verify-full", "sslmode=require channel_binding=require"])
async def test_tls_to_the_gateway(
    settings: str, embedded_pg: PostgresServer, own_tls: ServerSideTls, certificates: Certificates
) -> None:
    async with gatehouse(("pg1", plain_access(embedded_pg)), tls=own_tls) as gateway:
        code, out, error = await psql(gateway, "SELECT 1", settings=settings, PGSSLROOTCERT=str(certificates.ca))
        assert (code, out, error) == (0, "1", "")
        assert gateway.opened[0].client_info.tls


async def test_direct_tls_with_alpn(embedded_pg: PostgresServer, own_tls: ServerSideTls, certificates: Certificates) -> None:
    if psycopg.pq.version() < 170000:
        pytest.skip("this libpq cannot start TLS directly")
    direct = {"sslmode": "verify-full", "sslnegotiation": "direct", "sslrootcert": str(certificates.ca)}
    async with gatehouse(("pg1", plain_access(embedded_pg)), tls=own_tls) as gateway:
        connection = await connect(gateway, **direct)
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        running = asyncio.create_task(connection.execute("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.2)
        await connection.cancel_safe(timeout=10)  # over TLS too
        with pytest.raises(psycopg.errors.QueryCanceled):
            await asyncio.wait_for(running, 10)
        await connection.close()


async def test_direct_tls_without_alpn_is_refused(own_tls: ServerSideTls) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with gatehouse(tls=own_tls) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, ssl=context)
        assert b"without ALPN" in await asyncio.wait_for(reader.read(), 10)
        writer.close()


async def test_a_token_is_a_password_over_tls_only(
    embedded_pg: PostgresServer, own_tls: ServerSideTls, certificates: Certificates
) -> None:
    async with gatehouse(("pg1", plain_access(embedded_pg)), tls=own_tls) as gateway:
        secure = {"sslmode": "verify-full", "sslrootcert": str(certificates.ca)}
        async with await connect(gateway, "alice+token", TOKEN, **secure) as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        told = [
            str(await refusal(gateway, user=user, password=password, **secure)).replace(user, "<user>")
            for user, password in (("alice+token", "wrong"), ("bob+token", TOKEN), ("nobody+token", "wrong"))
        ]
        assert len(set(told)) == 1
        assert "password authentication failed" in told[0]
        assert "over TLS only" in str(await refusal(gateway, user="alice+token", password=TOKEN, sslmode="disable"))


async def test_tls_can_be_required(embedded_pg: PostgresServer, certificates: Certificates) -> None:
    strict = server_side(certificates.server_cert, certificates.server_key, required=True)
    async with gatehouse(("pg1", plain_access(embedded_pg)), tls=strict) as gateway:
        assert "TLS only" in str(await refusal(gateway, sslmode="disable"))
        await (await connect(gateway, sslmode="require")).close()


async def test_a_clients_certificate_must_be_the_users(
    embedded_pg: PostgresServer, own_tls: ServerSideTls, certificates: Certificates, tmp_path: Path
) -> None:
    key = shutil.copy(certificates.client_key, tmp_path / "client.key")
    Path(key).chmod(0o600)
    shown = {"sslmode": "require", "sslcert": str(certificates.client_cert), "sslkey": str(key)}
    async with gatehouse(("pg1", plain_access(embedded_pg)), tls=own_tls) as gateway:
        assert "certificate authentication failed" in str(await refusal(gateway, **shown))
        assert "password authentication failed" in str(await refusal(gateway, user="certified", **shown))
    access, login = plain_access(embedded_pg), CertificateUse.LOGIN
    async with gatehouse(("pg1", access), tls=own_tls, certificate_use=login) as gateway:
        gateway.directory.users["certified"] = gateway.directory.users["alice"]
        await (await connect(gateway, "certified", **shown)).close()
        assert gateway.audit.events[-1][:2] == ("opened", "certified")


@pytest.fixture(scope="module")
def many_logins(distro_pg: PostgresServer) -> PostgresServer:
    """Users for each authentication method of a server (tests.support.servers has the rules)."""
    with psycopg.connect(distro_pg.dsn(), autocommit=True) as connection:
        for user in ("scrammer", "cleartexter", "truster"):
            connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'server-secret'")
        connection.execute("CREATE ROLE certified LOGIN")
        connection.execute("SET password_encryption = 'md5'")
        connection.execute("CREATE ROLE md5er LOGIN PASSWORD 'server-secret'")
    return distro_pg


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
@pytest.mark.parametrize("user", ["scrammer", "md5er", "cleartexter", "truster", "certified"])
async def test_every_login_a_server_may_ask_for(
    user: str, mode: str, many_logins: PostgresServer, certificates: Certificates
) -> None:
    tls = Tls(mode, str(certificates.ca), str(certificates.client_cert), str(certificates.client_key))
    access = Access("127.0.0.1", many_logins.port, user, "server-secret", tls)
    async with gatehouse(("pg1", access)) as gateway:
        if user == "certified" and mode == "disable":
            assert "does not let the gateway in" in str(await refusal(gateway))
            return
        async with await connect(gateway) as connection:
            query = "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            encrypted = mode not in ("disable", "allow") or user == "certified"
            assert await (await connection.execute(query)).fetchone() == (user, encrypted)


@pytest.mark.parametrize(
    ("mode", "host", "fits"),
    [("verify-full", "127.0.0.1", True), ("verify-full", "127.0.0.2", False), ("verify-ca", "127.0.0.2", True)],
)
async def test_verification_of_the_servers_name(
    mode: str, host: str, fits: bool, many_logins: PostgresServer, certificates: Certificates
) -> None:
    if host == "127.0.0.2" and not await _reachable(host, many_logins.port):
        relay = await asyncio.start_server(_forward_to(many_logins.port), host, 0)
        port = relay.sockets[0].getsockname()[1]
    else:
        relay, port = None, many_logins.port
    access = Access(host, port, many_logins.user, many_logins.password, Tls(mode, str(certificates.ca)))
    async with gatehouse(("pg1", access)) as gateway:
        if fits:
            await (await connect(gateway)).close()
        else:
            assert "the server cannot be reached" in str(await refusal(gateway))
            assert "certificate not accepted" in gateway.audit.refusals()[-1][4]
    if relay is not None:
        relay.close()


async def test_a_server_without_tls(embedded_pg: PostgresServer) -> None:
    for mode, works in (("prefer", True), ("allow", True), ("require", False), ("verify-full", False)):
        access = Access(embedded_pg.host, embedded_pg.port, embedded_pg.user, embedded_pg.password, Tls(mode))
        async with gatehouse(("pg1", access)) as gateway:
            if works:
                await (await connect(gateway)).close()
            else:
                assert "no session with the server can be made" in str(await refusal(gateway))


async def _reachable(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _forward_to(port: int) -> Any:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, upstream_writer), pump(upstream_reader, writer), return_exceptions=True)

    return forward
