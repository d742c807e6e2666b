"""What asks the gateway itself is read; what asks a server is left alone; the rest is refused with a reason."""

import pytest

from gateway.analysis.postgres.own import own_request
from gateway.model.own import RELATIONS, Comparison, OwnFault, OwnRefused, OwnRequest, Parameter


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
    ("text", "fault"),
    [
        ("SELECT * FROM gateway.nothing", OwnFault.NO_RELATION),
        ("SELECT nothing FROM gateway.grants", OwnFault.NO_COLUMN),
        ("SELECT * FROM gateway.grants, t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants UNION SELECT * FROM t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM (SELECT * FROM gateway.grants) s", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM t WHERE a IN (SELECT object FROM gateway.grants)", OwnFault.NOT_ANSWERED),
        ("INSERT INTO gateway.grants VALUES (1)", OwnFault.NOT_ANSWERED),
        ("CREATE TABLE gateway.t (a int)", OwnFault.NOT_ANSWERED),
        ("SELECT gateway.f()", OwnFault.NOT_ANSWERED),
        ("CALL gateway.nothing()", OwnFault.NO_PROCEDURE),
        ("CALL gateway.explain(1, 2)", OwnFault.WRONG_ARGUMENTS),
        ("SELECT * FROM gateway.grants; SELECT 1", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants LIMIT (SELECT 1)", OwnFault.NOT_ANSWERED),
    ],
)
def test_what_is_not_answered_is_refused_with_a_reason(text: str, fault: OwnFault) -> None:
    with pytest.raises(OwnRefused) as caught:
        own_request(text)
    assert caught.value.fault is fault


def test_parameters_take_the_type_of_what_they_are_compared_with() -> None:
    asked = own_request(
        "SELECT number FROM gateway.issues WHERE state = $2 AND number > $1::int8 AND number BETWEEN 1 AND $1 LIMIT $3"
    )
    assert asked is not None
    assert asked.parameters == ("int8", "text", "int8")
    assert asked.where[0] == Comparison("state", "=", (Parameter(2),))
    bound = asked.bound(["2", "open", 5])
    assert bound.where[:2] == (Comparison("state", "=", ("open",)), Comparison("number", ">", ("2",)))
    assert bound.window == (0, 5)
    assert asked.bound([1, "open", None]).window == (0, None)
    call = own_request("CALL gateway.explain($1)")
    assert call is not None
    assert call.bound(["SELECT 1"]).texts == ("SELECT 1",)


@pytest.mark.parametrize("values", [[], [None], ["a", "b"]])
def test_wrong_values_of_a_call_are_refused(values: list[str | None]) -> None:
    call = own_request("CALL gateway.explain($1)")
    assert call is not None
    with pytest.raises(OwnRefused) as caught:
        call.bound(values)
    assert caught.value.fault is OwnFault.WRONG_ARGUMENTS
