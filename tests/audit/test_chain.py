"""Records as bytes: order of fields, hashes, and what does not fit."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.chain import NO_HASH, Chain, record_fault
from gateway.audit.encoding import end_body, fragment, identified, session_fragment, statement_body
from gateway.model.decision import Decision, MaskColumns, Mode, Notice, Outcome, Reason, ReasonCode, RowLimit, TimeLimit
from gateway.model.event import EventKind
from gateway.model.footprint import ColumnRef, relation
from tests.audit.logs import ALLOWED

WHEN = 1_767_323_045.000006


def test_a_record_has_the_contracts_fields_and_chains_to_the_one_before() -> None:
    who = session_fragment("s1", user="alice", client="10.0.0.1", application="psql", instance="pg1", database="shop")
    decision = Decision(
        Outcome.ALLOW,
        Reason(ReasonCode.GRANTED, "granted", rule="policy.csv:3"),
        "v1",
        (
            MaskColumns(((ColumnRef(relation("hr", "salaries"), "amount"), "null"),)),
            RowLimit(10, None, None, "query_rules.toml:2"),
            TimeLimit(500, "query_rules.toml:3"),
            Notice(Mode.SHADOW, "would have been refused", "policy.csv:9"),
        ),
    )
    body = statement_body(
        text="SELECT 'ü'",
        fingerprint="f",
        statement_kind="SELECT",
        relations=[("pg1/shop/hr/salaries", "select")],
        decision=decision,
        issue=7,
    )
    end = end_body(b"s1-1", 3, 120, 1.23456, ("22012", "division by zero"), 7)
    group = Chain().encode(
        [(EventKind.STATEMENT, who, identified("s1-1", body), WHEN), (EventKind.STATEMENT_END, who, end, WHEN + 1)]
    )
    lines = group.data.splitlines()
    first, second = map(json.loads, lines)
    assert list(first) == [
        *("seq", "time", "kind", "session", "user", "client", "application", "instance", "database", "statement_id", "text"),
        *("fingerprint", "statement_kind", "relations", "decision", "obligations", "issue", "prev", "hash"),
    ]
    assert first["time"] == "2026-01-02T03:04:05.000006Z"
    assert first["text"] == "SELECT 'ü'"
    assert first["relations"] == [{"path": "pg1/shop/hr/salaries", "action": "select"}]
    assert first["decision"] == {"outcome": "allow", "code": "granted", "rule": "policy.csv:3", "policy_version": "v1"}
    assert first["obligations"] == [
        {"mask": ["hr.salaries.amount"]},
        {"max_rows": 10, "rule": "query_rules.toml:2", "mode": "enforce"},
        {"statement_timeout_ms": 500, "rule": "query_rules.toml:3", "mode": "enforce"},
        {"notice": "would have been refused", "rule": "policy.csv:9", "mode": "shadow"},
    ]
    assert (second["rows"], second["bytes"], second["duration_ms"], second["issue"]) == (3, 120, 1.235, 7)
    assert second["error"] == {"code": "22012", "message": "division by zero"}
    assert second["prev"] == first["hash"]
    assert hashlib.sha256(lines[1].partition(b',"hash":')[0]).hexdigest() == second["hash"]


def test_events_without_a_session_or_a_body_are_json_too() -> None:
    chain = Chain()
    group = chain.encode(
        [
            (EventKind.POLICY_LOADED, b"", fragment({"policy_version": "v1", "absent": None}), WHEN),
            (EventKind.SESSION_CLOSE, session_fragment("s", user="u", client="c"), b"", WHEN),
            (EventKind.ADMIN_CHANGE, b"", b"", WHEN),
        ]
    )
    records = [json.loads(line) for line in group.data.splitlines()]
    assert [record["kind"] for record in records] == ["policy.loaded", "session.close", "admin.change"]
    assert "absent" not in records[0]
    assert "application" not in records[1]
    assert (group.first, group.last, chain.seq, chain.head) == (1, 3, 3, group.head)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=60), name=st.text(max_size=20))
def test_any_text_is_one_line_of_json_and_comes_back(text: str, name: str) -> None:
    """Also NUL, line separators and lone surrogates. Texts with secrets are the other test's."""
    who = session_fragment(name, user=text, client="c")
    body = fragment({"text": text, "list": [text, {"k": text}]})
    group = Chain().encode([(EventKind.ADMIN_CHANGE, who, body, WHEN)])
    assert group.data.count(b"\n") == 1
    record = json.loads(group.data)
    assert record["user"] == text
    assert record["session"] == name
    if "***" not in record["text"]:
        assert record["list"] == [text, {"k": text}]


def test_secrets_are_redacted_in_texts_and_errors() -> None:
    body = statement_body(
        text="ALTER ROLE a PASSWORD 'hunter2'", fingerprint="", statement_kind="ALTER ROLE", relations=(), decision=ALLOWED
    )
    assert b"hunter2" not in body
    assert b"hunter2" not in end_body(b"s-1", 0, 0, 0.0, ("42601", "at or near: PASSWORD 'hunter2"))
    assert b"hunter2" not in fragment({"details": {"sql": ["ALTER ROLE a PASSWORD 'hunter2'"]}})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: line.replace(b"admin", b"abmin"), "changed"),
        (lambda line: line[:-1], "changed"),
        (lambda line: b"", "changed"),
    ],
)
def test_a_changed_line_is_a_fault(change: object, reason: str) -> None:
    group = Chain().encode([(EventKind.ADMIN_CHANGE, b"", b"", WHEN)])
    line = group.data[:-1]
    assert record_fault(line, 1, NO_HASH) == (group.head, "")
    assert callable(change)
    assert reason in record_fault(change(line), 1, NO_HASH)[1]


def test_a_line_in_the_wrong_place_is_a_fault() -> None:
    chain = Chain()
    first = chain.encode([(EventKind.ADMIN_CHANGE, b"", b"", WHEN)])
    second = chain.encode([(EventKind.ADMIN_CHANGE, b"", b"", WHEN)])
    line = second.data[:-1]
    assert record_fault(line, 2, first.head) == (second.head, "")
    assert "expected record 1, found 2" in record_fault(line, 1, first.head)[1]
    assert "prev is another hash" in record_fault(line, 2, NO_HASH)[1]


def test_times_move_on_within_and_over_seconds() -> None:
    chain = Chain()
    times = [WHEN, WHEN + 0.5, WHEN + 0.999_999, WHEN + 1, WHEN - 3600]
    group = chain.encode([(EventKind.ADMIN_CHANGE, b"", b"", when) for when in times])
    assert [json.loads(line)["time"][11:] for line in group.data.splitlines()] == [
        "03:04:05.000006Z",
        "03:04:05.500006Z",
        "03:04:06.000005Z",
        "03:04:06.000006Z",
        "02:04:05.000006Z",
    ]


def test_a_refusals_reason_quotes_nothing_of_a_statement_with_a_secret() -> None:
    said = 'syntax error: unterminated quoted string at or near "\'hunter2"'
    decision = Decision(Outcome.DENY, Reason(ReasonCode.OPAQUE, said, hint="write it in a simpler form"), "v1")
    texts = ("ALTER ROLE x PASSWORD 'hunter2", "SELECT 'hunter2")
    reasons = [
        json.loads(
            b"{%b}" % statement_body(text=text, fingerprint="", statement_kind="UNKNOWN", relations=(), decision=decision)
        )["decision"]["reason"]
        for text in texts
    ]
    assert reasons == ["syntax error: unterminated quoted string at or near ***", said]
