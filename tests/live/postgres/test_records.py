"""What the log says of a conversation, and how sessions drain."""

import json
from pathlib import Path
from typing import Any

import psycopg

from tests.live.postgres.wire import Wire, kinds, refused
from tests.support.gateway import LiveGateway


def test_two_records_for_each_statement(gateway: LiveGateway) -> None:
    with psycopg.connect(gateway.url("bob"), autocommit=True) as bob:
        bob.execute("SELECT b FROM allowed WHERE a < 4 /* recorded */")
        refused(bob, "SELECT 1; SELECT * FROM secret /* recorded */")
        refused(bob, "SELECT 1/(a - a) FROM allowed /* recorded */", code="22012")
        with bob.pipeline():
            bob.execute("SELECT a /* recorded */ FROM allowed WHERE a = %s", (1,))
    records = gateway.records()
    begun = [record for record in records if record["kind"] == "statement" and "recorded" in record["text"]]
    ended = {record["statement_id"]: record for record in records if record["kind"] == "statement.end"}
    assert [(record["user"], record["decision"]["outcome"]) for record in begun] == [
        ("bob", "allow"),
        ("bob", "deny"),
        ("bob", "allow"),
        ("bob", "allow"),
    ]
    ends = [ended[record["statement_id"]] for record in begun]
    assert [end.get("error", {}).get("code") for end in ends] == [None, "42501", "22012", None]
    assert (ends[0]["rows"], ends[3]["rows"]) == (3, 1)
    assert begun[0]["relations"] == [{"path": "pg1/postgres/public/allowed", "action": "select"}]
    assert all(record["statement_id"] in ended for record in records if record["kind"] == "statement")
    assert json.dumps(records).count("pass word") == 0


def test_passwords_stand_in_no_record(gateway: LiveGateway, alice: psycopg.Connection[Any], tmp_path: Path) -> None:
    alice.execute("CREATE ROLE somebody PASSWORD 'hunter2hunter2'")
    alice.execute("DROP ROLE somebody")
    assert "hunter2" not in json.dumps(gateway.records())


def _drain(sessions: list[Any]) -> None:
    for session in sessions:
        session.drain()


def test_a_session_drains_between_transactions(gateway: LiveGateway) -> None:
    with Wire(gateway) as wire:
        wire.send(("Q", b"BEGIN\0"))
        wire.read()
        sessions = list(gateway.running.sessions._running)
        gateway.call(lambda: _drain(sessions))
        wire.send(("Q", b"SELECT 1\0"))
        assert kinds(wire.read()) == "TDCZ"
        wire.send(("Q", b"COMMIT\0"))
        assert kinds(wire.read()) == "CZ"
        frames = wire.read()
        assert kinds(frames) == "E$"
        assert b"57P01" in frames[0][1]
