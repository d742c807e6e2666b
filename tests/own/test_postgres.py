"""What asks the gateway itself is read; what asks a server is left alone; the rest is refused with a reason."""

import pytest

from gateway.model.own import CALLS, RELATIONS, OwnFault, OwnRefused, OwnRequest, Parameter
from gateway.own.postgres import own_request


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
    asked = own_request("SELECT object AS what, until FROM gateway.grants g WHERE effect = 'allow' OR until IS NULL LIMIT 3")
    assert asked is not None
    assert asked.result == (("what", "text"), ("until", "timestamptz"))
    assert asked.query is not None
    assert asked.query.relations == ("grants",)


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
    explained = OwnRequest("explain", CALLS["explain"], call=True, arguments=("SELECT 'x'",))
    assert own_request("CALL gateway.explain($$SELECT 'x'$$)") == explained


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("SELECT * FROM gateway.nothing", OwnFault.NO_RELATION),
        ("SELECT nothing FROM gateway.grants", OwnFault.NO_COLUMN),
        ("SELECT * FROM gateway.grants, t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants UNION SELECT * FROM t", OwnFault.NOT_ANSWERED),
        ("SELECT * INTO t FROM gateway.grants", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants FOR UPDATE", OwnFault.NOT_ANSWERED),
        ("WITH d AS (DELETE FROM gateway.grants RETURNING *) SELECT * FROM d", OwnFault.NOT_ANSWERED),
        ("COPY gateway.grants TO STDOUT", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants, pg_catalog.pg_class", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants, generate_series(1, 10)", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM t WHERE a IN (SELECT object FROM gateway.grants)", OwnFault.NOT_ANSWERED),
        ("INSERT INTO gateway.grants VALUES (1)", OwnFault.NOT_ANSWERED),
        ("CREATE TABLE gateway.t (a int)", OwnFault.NOT_ANSWERED),
        ("SELECT gateway.f()", OwnFault.NOT_ANSWERED),
        ("CALL gateway.nothing()", OwnFault.NO_PROCEDURE),
        ("CALL gateway.explain(1, 2)", OwnFault.WRONG_ARGUMENTS),
        ("SELECT * FROM gateway.grants; SELECT 1", OwnFault.NOT_ANSWERED),
    ],
)
def test_what_is_not_answered_is_refused_with_a_reason(text: str, fault: OwnFault) -> None:
    with pytest.raises(OwnRefused) as caught:
        own_request(text)
    assert caught.value.fault is fault


def test_a_calls_parameters() -> None:
    call = own_request("CALL gateway.request_access('select', $2, $1::text, 'why')")
    assert call is not None
    assert call.parameters == ("text", "text")
    assert call.arguments[1:3] == (Parameter(2), Parameter(1))
    assert call.bound(["4h", "public.t"]).texts == ("select", "public.t", "4h", "why")


@pytest.mark.parametrize("values", [[], [None], ["a", "b"]])
def test_wrong_values_of_a_call_are_refused(values: list[str | None]) -> None:
    call = own_request("CALL gateway.explain($1)")
    assert call is not None
    with pytest.raises(OwnRefused) as caught:
        call.bound(values).texts  # noqa: B018 -- it raises
    assert caught.value.fault is OwnFault.WRONG_ARGUMENTS


def test_where_a_name_stands_is_told() -> None:
    with pytest.raises(OwnRefused) as caught:
        own_request("SELECT object,\n titel FROM gateway.grants")
    assert caught.value.position == 17
