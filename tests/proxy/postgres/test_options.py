import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.proxy.postgres.options import BadOptions, parse_options, sort_out, split_options
from gateway.wire.postgres.startup import PROTOCOL_3_0, StartupMessage


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", []),
        ("-c a=b", [("a", "b")]),
        ("-ca=b --c-d=e", [("a", "b"), ("c_d", "e")]),
        (r"-c search_path=a\ b,\\c", [("search_path", r"a b,\c")]),
        ("  -c\ta=b=c \n", [("a", "b=c")]),
        ("-c a=", [("a", "")]),
    ],
)
def test_options(options: str, expected: list[tuple[str, str]]) -> None:
    assert parse_options(options) == expected


@pytest.mark.parametrize("options", ["-B 5", "x", "-c", "-c a", "--", "-c =b", "-d5", "-s", "-c a=b -P"])
def test_what_is_no_setting(options: str) -> None:
    with pytest.raises(BadOptions):
        parse_options(options)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=8), max_size=5))
def test_escaped_words_come_back(words: list[str]) -> None:
    escaped = " ".join("".join("\\" + character for character in word) for word in words)
    assert split_options(escaped) == words


def test_a_startup_message_sorted_out() -> None:
    pairs = {
        "user": "alice",
        "database": "shop",
        "application_name": "psql",
        "options": "-c DateStyle=ISO -c Application_Name=sneaky -c work_mem=1MB",
        "client_encoding": "UTF8",
        "datestyle": "German",
        "_pq_.x": "1",
        "replication": "off",
    }
    requested = sort_out(StartupMessage(PROTOCOL_3_0, tuple(pairs.items())))
    assert requested.application_name == "psql"  # the message itself comes after its options
    assert requested.settings == (("work_mem", "1MB"), ("client_encoding", "UTF8"), ("datestyle", "German"))
    assert requested.unrecognised == ("_pq_.x",)
    assert not requested.replication


@pytest.mark.parametrize(("value", "asked"), [("database", True), ("on", True), ("1", True), ("false", False), ("0", False)])
def test_replication(value: str, asked: bool) -> None:
    assert sort_out(StartupMessage(PROTOCOL_3_0, (("replication", value),))).replication is asked
