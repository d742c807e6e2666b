"""What asks the gateway itself is read; what asks a server is left alone; the rest is refused with a reason."""

import pytest

from gateway.analysis.postgres.own import own_request
from gateway.model.own import RELATIONS, Comparison, OwnRefused, OwnRequest


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT 'gateway.grants'",
        "SELECT * FROM gateway",
        "SELECT gateway.a FROM t gateway",
        "nonsense gateway.",
        "",
    ],
)
def test_a_server_is_asked(text: str) -> None:
    assert own_request(text) is None


def test_a_query_is_read() -> None:
    asked = own_request(
        "SELECT object AS what, until FROM gateway.grants g WHERE effect = 'allow' AND until IS NOT NULL"
        " AND object LIKE 'pg1/%' ORDER BY 1 DESC, source LIMIT 3 OFFSET 1"
    )
    assert asked == OwnRequest(
        "grants",
        columns=(("object", "what"), ("until", "until")),
        where=(
            Comparison("effect", "=", ("allow",)),
            Comparison("until", "null", negated=True),
            Comparison("object", "like", ("pg1/%",)),
        ),
        order=(("object", True), ("source", False)),
        limit=3,
        offset=1,
    )
    assert asked.result == (("what", "text"), ("until", "text"))


@pytest.mark.parametrize("name", RELATIONS)
def test_every_relation_and_its_count(name: str) -> None:
    everything, counted = own_request(f"TABLE gateway.{name}"), own_request(f"select count(*) from gateway.{name}")
    assert everything is not None
    assert everything.result == RELATIONS[name]
    assert counted is not None
    assert counted.result == (("count", "int8"),)


def test_calls_are_read() -> None:
    asked = own_request("CALL gateway.request_access('select', 'public.salaries', '4h', 'why')")
    assert asked is not None
    assert (asked.name, asked.arguments) == ("request_access", ("select", "public.salaries", "4h", "why"))
    assert own_request("CALL gateway.explain($$SELECT 'x'$$)") == OwnRequest("explain", call=True, arguments=("SELECT 'x'",))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * FROM gateway.nothing", "42P01"),
        ("SELECT nothing FROM gateway.grants", "42703"),
        ("SELECT * FROM gateway.grants, t", "0A000"),
        ("SELECT * FROM gateway.grants UNION SELECT * FROM t", "0A000"),
        ("SELECT * FROM (SELECT * FROM gateway.grants) s", "0A000"),
        ("SELECT * FROM t WHERE a IN (SELECT object FROM gateway.grants)", "0A000"),
        ("INSERT INTO gateway.grants VALUES (1)", "0A000"),
        ("CREATE TABLE gateway.t (a int)", "0A000"),
        ("SELECT gateway.f()", "0A000"),
        ("CALL gateway.nothing()", "42883"),
        ("CALL gateway.explain(1, 2)", "42883"),
        ("SELECT * FROM gateway.grants WHERE object = $1", "0A000"),
        ("SELECT * FROM gateway.grants; SELECT 1", "0A000"),
        ("SELECT * FROM gateway.grants LIMIT (SELECT 1)", "0A000"),
    ],
)
def test_what_is_not_answered_is_refused_with_a_reason(text: str, code: str) -> None:
    with pytest.raises(OwnRefused) as caught:
        own_request(text)
    assert caught.value.code == code
