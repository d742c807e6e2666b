"""Tables and JSON; nothing that came from elsewhere reaches the terminal as a control sequence."""

import json
from typing import Any

import pytest

from gateway.cli.output import local_time, plain, print_fields, print_json_line, print_rows, table

ROWS: list[dict[str, Any]] = [{"name": "alice", "roles": ["dba"], "extra": 1}, {"name": "bob", "roles": None}]


def test_rows_as_a_table_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, ["name", "roles"], "text")
    assert capsys.readouterr().out == 'NAME   ROLES\nalice  ["dba"]\nbob\n'
    print_rows(ROWS, ["name", "roles"], "json")
    assert json.loads(capsys.readouterr().out) == ROWS
    print_rows([], ["name"], "text")
    assert capsys.readouterr().out == "nothing\n"
    print_rows([], ["name"], "json")
    assert json.loads(capsys.readouterr().out) == []


def test_fields(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields({"number": 7, "sql": "SELECT 1;\nSELECT 2"}, "text")
    assert capsys.readouterr().out == "number  7\nsql     SELECT 1;\n        SELECT 2\n"
    print_fields({"number": 7}, "json")
    assert json.loads(capsys.readouterr().out) == {"number": 7}
    print_json_line({"a": "ü"})
    assert capsys.readouterr().out == '{"a": "ü"}\n'


def test_terminal_sequences_are_shown_not_sent() -> None:
    assert plain("a\x1b[31mb\x07\u202e") == "a\\x1b[31mb\\x07\\u202e"
    assert plain("a\r\nb\tc") == "a b c"
    assert "\x1b" not in plain("x\n\x1b[2J", keep_lines=True)


def test_wide_tables_are_cut_to_the_terminal() -> None:
    lines = list(table([["x" * 200, "short"]], ["text", "b"], width=60))
    assert max(map(len, lines)) <= 60
    assert lines[1].endswith("…  short")


def test_times() -> None:
    assert local_time(0.9) == "1970-01-01T00:00:00Z"
    assert local_time(None) == ""
