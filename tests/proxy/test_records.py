"""What stands in the log is one JSON object a line, whatever the text."""

import json

import pytest

from gateway.audit.encoding import session_fragment
from gateway.model.event import EventKind
from gateway.proxy.records import Records


class Log:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.durable_position = 0

    def append(self, kind: EventKind, session: bytes, body: bytes) -> int:
        assert kind in {EventKind.STATEMENT, EventKind.STATEMENT_END}
        self.bodies.append(session + b"," + body)
        return len(self.bodies)

    def call_when_durable(self, position: int, callback: object) -> None:
        raise AssertionError("nothing waits here")


@pytest.mark.parametrize("text", ["SELECT 1", "SELECT 1\nFROM t", "SELECT\t1\r\nFROM t\r\n\tWHERE a = 2\n"])
def test_a_text_of_a_known_shape_stays_on_one_line(text: str) -> None:
    log = Log()
    records = Records(log, session_fragment("ab", user="alice", client="10.0.0.1"), "ab")
    assert records.statement_text(b'"text":', text.encode(), b',"statement_kind":"SELECT"') == 1
    (body,) = log.bodies
    assert b"\n" not in body
    assert b"\r" not in body
    found = json.loads(b"{" + body + b"}")
    assert (found["text"], found["statement_id"], found["statement_kind"]) == (text, "ab-1", "SELECT")


def test_a_number_is_used_once() -> None:
    log = Log()
    records = Records(log, session_fragment("ab", user="alice", client="10.0.0.1"), "ab")
    records.statement(b'"text":"SELECT 1"')
    records.statement_text(b'"text":', b"SELECT 2", b"")
    records.end(2, 1, 8, 0.25)
    found = [json.loads(b"{" + body + b"}") for body in log.bodies]
    assert [item["statement_id"] for item in found] == ["ab-1", "ab-2", "ab-2"]
    assert (found[2]["rows"], found[2]["bytes"], found[2]["duration_ms"]) == (1, 8, 250.0)
