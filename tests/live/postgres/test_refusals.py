"""What a refusal says, what it leaves as it was, and the way of a change into an issue."""

from typing import Any

import psycopg
import pytest

from tests.live.postgres.wire import POLICY, refused
from tests.support.gateway import LiveGateway


def test_a_refusal_says_what_and_why_and_the_session_goes_on(bob: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
        bob.execute("SELECT * FROM secret")
    diagnostic = caught.value.diag
    assert diagnostic.message_primary == "gateway: permission denied: select on pg1/postgres/public/secret"
    assert "policy version" in (diagnostic.message_detail or "")
    assert diagnostic.message_hint
    assert bob.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert bob.execute("SELECT count(*) FROM allowed").fetchone() == (1000,)


def test_missing_and_forbidden_are_refused_alike(bob: psycopg.Connection[Any]) -> None:
    forbidden = refused(bob, "SELECT * FROM secret")
    missing = refused(bob, "SELECT * FROM nonesuch")
    assert missing.replace("nonesuch", "secret") == forbidden


def test_a_refusal_in_a_transaction_aborts_it(bob: psycopg.Connection[Any]) -> None:
    bob.execute("BEGIN")
    bob.execute("INSERT INTO copied VALUES (9, 'x')")
    refused(bob, "SELECT * FROM secret")
    assert bob.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    refused(bob, "SELECT 1", code="25P02")
    refused(bob, "SELECT * FROM secret WHERE a = %s", (1,))
    assert bob.execute("COMMIT").statusmessage == "ROLLBACK"
    assert bob.execute("SELECT count(*) FROM copied").fetchone() == (0,)


def test_one_refused_statement_of_a_text_and_none_runs(bob: psycopg.Connection[Any]) -> None:
    refused(bob, "INSERT INTO copied VALUES (5, 'x'); SELECT * FROM secret")
    assert bob.execute("SELECT count(*) FROM copied").fetchone() == (0,)


def test_a_refusal_in_a_pipeline(bob: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), bob.pipeline():
        before = bob.execute("SELECT 1")
        bob.execute("SELECT * FROM secret")
        bob.execute("INSERT INTO copied VALUES (5, 'x')")
    assert before.fetchone() == (1,)
    assert bob.execute("SELECT 2").fetchone() == (2,)
    assert bob.execute("SELECT count(*) FROM copied").fetchone() == (0,)


def test_a_prepared_statement_is_decided_again(gateway: LiveGateway, bob: psycopg.Connection[Any]) -> None:
    for _ in range(8):
        assert bob.execute("SELECT b FROM allowed WHERE a = %s", (1,), prepare=True).fetchone() == ("row 1",)
    bob.execute("PREPARE again AS SELECT b FROM allowed WHERE a = $1")
    try:
        gateway.set_policy(POLICY.replace("p, user:bob, *, */*/public/allowed, *, , allow\n", ""))
        refused(bob, "SELECT b FROM allowed WHERE a = %s", (1,))
        refused(bob, "EXECUTE again(1)")
    finally:
        gateway.set_policy(POLICY)
    assert bob.execute("EXECUTE again(1)").fetchone() == ("row 1",)


def test_a_revoked_connection_ends(gateway: LiveGateway) -> None:
    connection = psycopg.connect(gateway.url("bob"), autocommit=True)
    connection.execute("SELECT 1")
    try:
        gateway.set_policy(POLICY.replace("p, user:bob, *, */*, connect, , allow\n", ""))
        with pytest.raises(psycopg.OperationalError, match="was revoked") as caught:
            connection.execute("SELECT 1")
        assert caught.value.sqlstate == "57P01"
    finally:
        gateway.set_policy(POLICY)


def test_ddl_becomes_an_issue_and_passes_once_when_approved(gateway: LiveGateway) -> None:
    reviews = gateway.running.reviews
    text = "ALTER TABLE copied ADD COLUMN c int"
    with psycopg.connect(gateway.url("carol"), autocommit=True) as carol:
        message = refused(carol, text)
        number = reviews.seen.index(text) + 1
        assert message == f"gateway: ALTER TABLE on pg1/postgres needs an approved change issue: #{number}"
        reviews.approved.add(text)
        carol.execute("BEGIN")
        carol.execute(text)
        assert reviews.outcomes == []
        carol.execute("ROLLBACK")
        carol.execute("SELECT 1")
        assert reviews.outcomes == [(number, "rolled back")]
        refused(carol, text)
        reviews.approved.add(text)
        carol.execute(text)
        carol.execute("SELECT c FROM copied")
        assert reviews.outcomes[1:] == [(number, None)]
        reviews.approved.add("ALTER TABLE copied DROP COLUMN c")
        carol.execute("ALTER TABLE copied DROP COLUMN c", prepare=True)
        assert reviews.outcomes[2:] == [(0, None)]
