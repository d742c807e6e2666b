"""Conditions: what can be said, what it means, what is refused when it is loaded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.identity import ClientInfo
from gateway.policy.conditions import parse_condition
from gateway.policy.variables import Circumstances

# 2026-05-28 20:26:40 UTC, a Thursday; 22:26 in Berlin.
FACTS = Circumstances(
    now=1_780_000_000.0,
    user="alice",
    project="shop",
    environment="prod",
    instance="pg1",
    database="shop",
    engine="postgres",
    client=ClientInfo("10.1.2.3", "DBeaver 24.1", tls=True),
    roles=frozenset({"developer", "member"}),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "True",
        "environment == 'prod'",
        "environment != 'dev' and project == 'shop'",
        "environment in ('prod', 'stage')",
        "environment in ['prod']",
        "environment in ('prod')",
        "environment not in ('dev', 'test')",
        "user == 'alice' or user == 'bob'",
        "instance == 'pg1' and database == 'shop' and engine == 'postgres'",
        "client.tls",
        "not (not client.tls)",
        "client.tls == True",
        "client.address == '10.1.2.3'",
        "client.address in '10.0.0.0/8'",
        "client.address in ('192.168.0.0/16', '10.1.2.3')",
        "client.address not in ('192.168.0.0/16', '2001:db8::/32')",
        "like(client.application, 'DBeaver*')",
        "'developer' in roles",
        "'dba' not in roles",
        "not 'dba' in roles",
        "hour == 20",
        "20 == hour",
        "8 <= hour < 21",
        "minute == 26",
        "weekday == 'thu'",
        "weekday in ('mon', 'thu')",
        "weekday < 'sat'",
        "'20:00' <= time < '20:27'",
        "date == '2026-05-28'",
        "date < '2026-06-01'",
        "now < '2026-05-28T20:27Z'",
        "now >= '2026-05-28T20:26Z'",
        "zone('Europe/Berlin').hour == 22",
        "'22:00' <= zone('Europe/Berlin').time < '23:00'",
        "zone('Pacific/Auckland').weekday == 'fri' and zone('Pacific/Auckland').date == '2026-05-29'",
        "database == project",
    ],
)
def test_holds(text: str) -> None:
    assert parse_condition(text).holds(FACTS)
    if text:
        assert not parse_condition(f"not ({text})").holds(FACTS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("environment = 'prod'", "cannot be read"),
        ("environment ==", "cannot be read"),
        ("environ == 'prod'", "no known variable"),
        ("client.port == 1", "no known variable"),
        ("environment", "no yes-or-no value"),
        ("environment < 'prod'", "has no order"),
        ("hour == '8'", "hour is compared with a whole number"),
        ("hour == True", "hour is compared with a whole number"),
        ("time < '8:00'", "a time like '08:00'"),
        ("time < '24:00'", "a time like '08:00'"),
        ("weekday == 'Thursday'", "one of 'mon'"),
        ("date < '28.05.2026'", "no date like"),
        ("now < '2026-05-28T20:26:30Z'", "whole minutes"),
        ("client.address in '10.0.0.1/8'", "no network like"),
        ("client.address == 'home'", "an address like"),
        ("environment in project", "needs a list"),
        ("environment in (project,)", "needs a list of constants"),
        ("environment in ()", "needs a list of constants"),
        ("roles == 'dba'", "'dba' in roles"),
        ("'a' == 'a'", "compares two constants"),
        ("hour == environment", "two different kinds"),
        ("zone('Mars/Olympus').hour == 1", "no time zone"),
        ("zone('../etc/passwd').hour == 1", "no time zone"),
        ("__import__('os').system('true')", "not part of the condition language"),
        ("(lambda: True)()", "not part of the condition language"),
        ("environment.upper() == 'PROD'", "one side must be a variable"),
        ("[x for x in (1,)]", "not part of the condition language"),
        ("hour + 1 == 2", "one side must be a variable"),
        ("like(environment, project)", "write like("),
        ("like(hour, 'x')", "write like("),
        ("environment is 'prod'", "compare with =="),
        ("1", "not part of the condition language"),
        ("environment == 'a\0b'", "cannot be read"),
        ("not " * 50 + "client.tls", "nests deeper"),
        ("(" * 300 + "client.tls" + ")" * 300, "cannot be read"),
        (" or ".join(["client.tls"] * 70), "too large"),
        ("user == '" + "x" * 1000 + "'", "longer than"),
    ],
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_mistakes_say_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="condition") as failure:
        parse_condition(text)
    assert says in str(failure.value)


@pytest.mark.parametrize("address", ["", "/tmp/socket", "unknown"])
def test_an_address_that_is_none_is_in_no_network(address: str) -> None:
    facts = Circumstances(now=0.0, client=ClientInfo(address))
    assert not parse_condition("client.address in '0.0.0.0/0'").holds(facts)
    assert parse_condition("client.address not in ('10.0.0.0/8',)").holds(facts)


def test_an_ipv4_client_of_a_dual_stack_listener_counts_as_ipv4() -> None:
    facts = Circumstances(now=0.0, client=ClientInfo("::ffff:10.0.0.1"))
    assert parse_condition("client.address in '10.0.0.0/8'").holds(facts)


def test_without_a_client_nothing_is_known_of_it() -> None:
    facts = Circumstances(now=0.0)
    assert not parse_condition("client.tls or client.address in '0.0.0.0/0' or client.application == 'psql'").holds(facts)


@pytest.mark.parametrize("text", ["hour == 1", "now < '2026-01-01T00:00Z'", "client.tls or zone('Europe/Berlin').hour == 1"])
def test_clock_bound(text: str) -> None:
    assert parse_condition(text).clock_bound
    assert not parse_condition("client.tls").clock_bound


@given(st.text(max_size=60) | st.text("()'\"[]andornotin =<>.hour,", max_size=60))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_any_text_is_a_condition_or_a_value_error(text: str) -> None:
    try:
        condition = parse_condition(text)
    except ValueError:
        return
    assert condition.holds(FACTS) in (True, False)
