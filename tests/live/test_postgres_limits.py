"""Limits of rows, bytes, days and time against real servers: where they strike, what the client hears, what goes on."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.masking import ValueMasker
from gateway.model.masker import DigitsMask, EmailMask
from tests.proxy.postgres.gatehouse import Access
from tests.support.gateway import LiveGateway

SCHEMA = """
DROP TABLE IF EXISTS many, daily, loud, silent, bytes_limited, cut, slow, sure, young, crowd CASCADE;
CREATE TABLE many (id int PRIMARY KEY, name text); INSERT INTO many SELECT g, 'name ' || g FROM generate_series(1, 5000) g;
CREATE TABLE daily AS TABLE many; CREATE TABLE loud AS TABLE many; CREATE TABLE silent AS TABLE many;
CREATE TABLE bytes_limited AS SELECT g AS id, repeat('x', 1000) AS pad FROM generate_series(1, 500) g;
CREATE TABLE cut AS TABLE many; CREATE TABLE slow AS TABLE many; CREATE TABLE sure (id int, email text);
INSERT INTO sure SELECT g, 'person' || g || '@shop.example' FROM generate_series(1, 100) g;
CREATE TABLE crowd AS SELECT g AS id,
  CASE g % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'bö' || g || '@D.ö' ELSE 'p' || g || '@shop.ex' END AS email,
  repeat('D', g % 5) AS pad, CASE g % 5 WHEN 0 THEN 'none' ELSE '+49 30 ' || g END AS phone
FROM generate_series(1, 20000) g;
"""
POLICY = """p, user:alice, *, */*, connect|temp|explain, , allow
p, user:alice, *, */*/public/**, select|insert|update|delete, , allow
p, user:erin, *, */*, connect|temp|explain, , allow
p, user:erin, *, */*/public/**, select|export, , allow
"""


def _rule(table: str, text: str) -> str:
    return f'[[rules]]\nname = "{table}"\nroles = ["*"]\nobjects = ["*/*/public/{table}"]\n{text}\n'


RULES = (
    _rule("many", "max_rows = 100")
    + _rule("daily", "max_rows_per_day = 150")
    + _rule("young", "max_rows_per_day = 150")
    + _rule("loud", 'max_rows = 10\nmode = "warn"')
    + _rule("silent", 'max_rows = 10\nmode = "shadow"')
    + _rule("bytes_limited", "max_bytes = 10000")
    + _rule("cut", 'max_rows = 7\non_limit = "truncate"')
    + _rule("slow", 'statement_timeout = "300ms"')
    + _rule("crowd", 'max_rows = 15000\non_limit = "truncate"')
)
MASKING = "".join(
    f'[[columns]]\npath = "*/*/public/{path}"\nmasker = "{masker}"\n'
    for path, masker in (("sure/email", "email"), ("crowd/email", "email"), ("crowd/phone", "digits"))
)


@pytest.fixture(scope="module", params=["embedded_pg", "distro_pg"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    found: PostgresServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def gateway(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(SCHEMA)
    access = Access(server.host, server.port, server.user, server.password)
    files = {"query_rules.toml": RULES, "masking.toml": MASKING}
    home = tmp_path_factory.mktemp("limits")
    with LiveGateway(access, home, POLICY, users=("alice", "erin"), files=files) as live:
        yield live


@pytest.fixture
def alice(gateway: LiveGateway) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
        yield connection


def struck(connection: psycopg.Connection[Any], text: str, rows: int = 100) -> None:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(text).fetchall()
    assert caught.value.sqlstate == "54000"
    assert str(caught.value.diag.message_primary) == (
        f"gateway: result limited to {rows} rows; export permission is needed for more"
    )


@pytest.mark.parametrize("binary", [False, True])
def test_the_statement_ends_at_the_limit_and_the_session_lives_on(alice: psycopg.Connection[Any], binary: bool) -> None:
    assert len(alice.execute("SELECT * FROM many LIMIT 100", binary=binary).fetchall()) == 100
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        alice.execute("SELECT * FROM many LIMIT 101", binary=binary)
    struck(alice, "SELECT * FROM many")
    for _ in range(20):
        struck(alice, "SELECT * FROM many, generate_series(1, 100)")
        assert alice.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("binary", [False, True])
def test_thousands_of_rows_are_masked_as_one_is_up_to_the_limit(
    alice: psycopg.Connection[Any], server: PostgresServer, binary: bool
) -> None:
    text = "SELECT * FROM crowd ORDER BY id"
    email, digits = ValueMasker(EmailMask(), b"").text, ValueMasker(DigitsMask(), b"").text
    with psycopg.connect(server.dsn("postgres")) as direct:
        plain = direct.execute(text).fetchmany(15_000)
    expected = [(one, mail and email(mail), pad, phone and digits(phone)) for one, mail, pad, phone in plain]
    found = alice.execute(text, binary=binary).fetchall()
    assert len(found) == 15_000
    assert found == expected


def test_the_limit_in_a_simple_query_with_several_statements(alice: psycopg.Connection[Any]) -> None:
    result = alice.pgconn.exec_(b"SELECT 1; SELECT * FROM many; SELECT 2")
    assert (result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"") == b"54000"
    assert alice.execute("SELECT 3").fetchone() == (3,)


def test_the_limit_counts_over_all_fetches_of_a_cursor(alice: psycopg.Connection[Any]) -> None:
    with alice.transaction():
        alice.execute("DECLARE c CURSOR FOR SELECT * FROM many")
        assert len(alice.execute("FETCH 60 FROM c").fetchall()) == 60
        assert len(alice.execute("FETCH 40 FROM c").fetchall()) == 40
        with pytest.raises(psycopg.errors.ProgramLimitExceeded), alice.transaction():
            alice.execute("FETCH 1 FROM c").fetchall()
    with alice.transaction():
        alice.execute("DECLARE c CURSOR FOR SELECT * FROM many")
        assert len(alice.execute("FETCH 60 FROM c").fetchall()) == 60


def test_the_transaction_state_is_true(alice: psycopg.Connection[Any]) -> None:
    alice.execute("BEGIN")
    struck(alice, "SELECT * FROM many, generate_series(1, 1000)")
    assert alice.info.transaction_status is psycopg.pq.TransactionStatus.INERROR
    alice.execute("ROLLBACK")
    assert alice.execute("SELECT 1").fetchone() == (1,)


def test_a_pipeline_goes_on_behind_its_sync(alice: psycopg.Connection[Any]) -> None:
    with alice.pipeline() as pipeline:
        alice.execute("SELECT 1")
        failing = alice.execute("SELECT * FROM many")
        skipped = alice.execute("SELECT 2")
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            pipeline.sync()
        assert failing is not skipped
    assert alice.execute("SELECT 3").fetchone() == (3,)


def test_export_lifts_the_limit(gateway: LiveGateway) -> None:
    with psycopg.connect(gateway.url("erin"), autocommit=True) as erin:
        assert len(erin.execute("SELECT * FROM many").fetchall()) == 5000


def test_truncate_gives_that_many_rows_and_a_notice(alice: psycopg.Connection[Any]) -> None:
    said: list[str] = []
    alice.add_notice_handler(lambda diagnostic: said.append(diagnostic.message_primary or ""))
    cursor = alice.execute("SELECT * FROM cut ORDER BY id")
    assert [row[0] for row in cursor.fetchall()] == [1, 2, 3, 4, 5, 6, 7]
    assert cursor.statusmessage == "SELECT 7"
    assert said == ["gateway: result limited to 7 rows; export permission is needed for more"]
    with alice.pipeline():
        first, second = alice.execute("SELECT * FROM cut"), alice.execute("SELECT count(*) FROM cut")
    assert (len(first.fetchall()), second.fetchone()) == (7, (5000,))


def test_warn_tells_the_client_and_shadow_the_audit_alone(gateway: LiveGateway, alice: psycopg.Connection[Any]) -> None:
    said: list[str] = []
    alice.add_notice_handler(lambda diagnostic: said.append(diagnostic.message_primary or ""))
    assert len(alice.execute("SELECT * FROM loud").fetchall()) == 5000
    assert said == ["gateway: result limited to 10 rows; export permission is needed for more"]
    assert len(alice.execute("SELECT * FROM silent").fetchall()) == 5000
    assert len(said) == 1
    ends = [record["carried_out"]["limits"] for record in gateway.records() if "limits" in record.get("carried_out", {})]
    modes = [(limit["limit"], limit["mode"]) for limits in ends for limit in limits]
    assert ("query_rules.toml:loud", "warn") in modes
    assert ("query_rules.toml:silent", "shadow") in modes


def test_bytes_are_limited(alice: psycopg.Connection[Any]) -> None:
    assert len(alice.execute("SELECT pad FROM bytes_limited LIMIT 5").fetchall()) == 5
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="limited to 10000 bytes"):
        alice.execute("SELECT pad FROM bytes_limited")


def test_rows_of_a_day_are_counted_over_statements_and_sessions(gateway: LiveGateway) -> None:
    for _ in range(2):
        with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
            assert len(connection.execute("SELECT * FROM daily LIMIT 70").fetchall()) == 70
    with psycopg.connect(gateway.url("alice"), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="150 rows a day of pg1/postgres/public/daily"):
            connection.execute("SELECT * FROM daily LIMIT 11")
        with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="150 rows a day"):
            connection.execute("SELECT * FROM daily LIMIT 1")
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert gateway.running.usage.rows["alice", "pg1/postgres/public/daily"] == 150


def test_the_first_statement_on_a_relation_that_is_new_is_counted_too(
    server: PostgresServer, gateway: LiveGateway, alice: psycopg.Connection[Any]
) -> None:
    """It waits for the catalog; what was read today through other gateways is looked up all the same."""
    alice.execute("SELECT 1")  # the catalog of before is there
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as owner:
        owner.execute("CREATE TABLE young AS TABLE many")
    gateway.running.usage.elsewhere["alice", "pg1/postgres/public/young"] = 149
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="150 rows a day of pg1/postgres/public/young"):
        alice.execute("SELECT * FROM young LIMIT 2")


def test_a_statement_that_takes_too_long_is_cancelled(alice: psycopg.Connection[Any]) -> None:
    began = time.monotonic()
    with pytest.raises(psycopg.errors.QueryCanceled, match="gateway: canceling statement due to statement timeout of 300 ms"):
        alice.execute("SELECT count(*) FROM slow a, slow b, slow c")
    assert time.monotonic() - began < 5
    assert alice.execute("SELECT count(*) FROM slow").fetchone() == (5000,)


def test_the_statement_of_a_message_that_is_cancelled_tells_why(alice: psycopg.Connection[Any]) -> None:
    """The server sends the answers before it together with the error, when it was told to cancel already."""
    for text in ("SELECT count(*) FROM slow; SELECT pg_sleep(5)", "SELECT 1; SELECT count(*) FROM slow; SELECT pg_sleep(5)"):
        result = alice.pgconn.exec_(text.encode())
        assert (result.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b"").startswith(
            b"gateway: canceling statement due to statement timeout of 300 ms"
        )
        assert alice.execute("SELECT count(*) FROM slow").fetchone() == (5000,)


def test_masks_and_what_the_record_says(gateway: LiveGateway, alice: psycopg.Connection[Any]) -> None:
    assert alice.execute("SELECT email FROM sure WHERE id = 1").fetchall() == [("p***@***.example",)]
    assert alice.execute("SELECT upper(email), id FROM sure WHERE id = 1").fetchall() == [(None, 1)]
    ends = [record["carried_out"] for record in gateway.records() if "masked" in record.get("carried_out", {})]
    assert {"column": "email", "masker": "email", "by": "lineage"} in [entry for end in ends for entry in end["masked"]]
    assert {"column": "upper", "masker": "hidden", "by": "lineage"} in [entry for end in ends for entry in end["masked"]]
    assert "shop.example" not in json.dumps(ends)


def test_what_runs_ends_with_its_permission(gateway: LiveGateway) -> None:
    with psycopg.connect(gateway.url("erin"), autocommit=True) as erin:
        gateway.set_policy(POLICY)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(erin.execute, "SELECT count(*) FROM many a, many b, many c")
            time.sleep(0.3)
            gateway.set_policy(POLICY.replace("p, user:erin, *, */*/public/**, select|export, , allow\n", ""))
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission ended while the statement ran"):
                running.result(timeout=10)
    gateway.set_policy(POLICY)
