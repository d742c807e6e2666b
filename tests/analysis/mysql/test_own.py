"""On MySQL's tokens: what asks the gateway itself is read, what asks a server is left alone, the rest is refused."""

import pytest

from gateway.analysis.mysql.own import own_request
from gateway.model.identity import Engine
from gateway.model.own import RELATIONS, Comparison, OwnFault, OwnRefused, OwnRequest, Parameter
from gateway.model.statement import Namespace, Origin, Statement
from tests.analysis.mysql.support import catalog

CATALOG = catalog()
FLAGS = (("character_set_client", "utf8mb4"), ("server", "10.11.6-MariaDB"), ("sql_mode", ""))


def asked(text: str, database: str = "shop", sql_mode: str = "") -> OwnRequest | None:
    flags = (*FLAGS[:2], ("sql_mode", sql_mode))
    return own_request(Statement(Engine.MYSQL, text, Namespace((database,), flags=flags), Origin.SIMPLE), CATALOG)


def read(text: str, **more: str) -> OwnRequest:
    found = asked(text, **more)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT 'gateway.grants'",
        "SELECT * FROM gateway",
        "SELECT gateway.a FROM t gateway",
        "SHOW COLUMNS FROM gateway",
        "SHOW TABLES LIKE 'gateway'",
        "DESCRIBE gateway",
        "USE gateways",
        "SELECT * FROM gateway.grants 'unterminated",
        "-- gateway.grants\nSELECT 1",
        "",
    ],
)
def test_a_server_is_asked(text: str) -> None:
    assert asked(text) is None


def test_a_query_is_read() -> None:
    found = read(
        "select g.OBJECT AS what, `until` /* kept */ FROM gateway.grants g WHERE effect = 'allow' AND (until IS NOT NULL)"
        " && object LIKE 'my1/%' AND g.source != \"x\" ORDER BY 1 DESC, source LIMIT 1, 3;"
    )
    assert found == OwnRequest(
        "grants",
        columns=(("object", "what"), ("until", "until")),
        where=(
            Comparison("effect", "=", ("allow",)),
            Comparison("until", "null", negated=True),
            Comparison("object", "ilike", ("my1/%",)),
            Comparison("source", "<>", ("x",)),
        ),
        order=(("object", True), ("source", False)),
        limit=3,
        offset=1,
        engine=Engine.MYSQL,
    )


def test_quotes_follow_the_session() -> None:
    text = 'SELECT "object" FROM gateway.grants'
    assert read(text, sql_mode="ANSI_QUOTES").columns == (("object", "object"),)
    with pytest.raises(OwnRefused):
        asked(text)
    assert read("SELECT * FROM gateway.denials WHERE statement = 'it\\'s'").where[0].values == ("it's",)


@pytest.mark.parametrize("name", RELATIONS)
def test_every_relation_its_count_and_its_description(name: str) -> None:
    assert read(f"SELECT * FROM gateway.{name}").result == RELATIONS[name]
    assert read(f"TABLE gateway.{name}").result == RELATIONS[name]
    assert read(f"SELECT {name}.* FROM `gateway`.`{name}`").result == RELATIONS[name]
    assert read(f"SELECT COUNT(*) AS n FROM gateway.{name}").result == (("n", "int8"),)
    told = read(f"DESCRIBE gateway.{name}").told
    assert told is not None
    assert [row[0] for row in told[1]] == [column for column, _ in RELATIONS[name]]
    assert asked(f"SHOW FULL COLUMNS FROM {name} IN gateway") is not None


def test_conditions_of_every_kind() -> None:
    where = read(
        "SELECT * FROM gateway.issues WHERE mine AND NOT waits_for_me AND number BETWEEN 2 AND -3 AND number IN (1, NULL, ?)"
        " AND state NOT LIKE 'o%' AND state NOT IN ('done') AND mine IS NOT TRUE AND number >= ?"
    )
    assert where.parameters == ("int8", "int8")
    assert where.where == (
        Comparison("mine", "=", (True,)),
        Comparison("waits_for_me", "=", (False,)),
        Comparison("number", ">=", (2,)),
        Comparison("number", "<=", (-3,)),
        Comparison("number", "in", (1, None, Parameter(1))),
        Comparison("state", "ilike", ("o%",), negated=True),
        Comparison("state", "in", ("done",), negated=True),
        Comparison("mine", "=", (False,)),
        Comparison("number", ">=", (Parameter(2),)),
    )


def test_parameters_are_numbered_as_they_stand() -> None:
    found = read("SELECT number FROM gateway.issues WHERE state = ? AND mine = ? LIMIT ? OFFSET ?")
    assert found.parameters == ("text", "bool", "int8", "int8")
    assert found.bound(["open", 1, 5, "2"]).window == (2, 7)
    call = read("CALL gateway.request_access('select', ?, '4h', ?)")
    assert call.bound(["shop.t", "why"]).texts == ("select", "shop.t", "4h", "why")


def test_names_without_regard_to_case_and_what_lists_them() -> None:
    assert read("call Gateway.EXPLAIN('SELECT 1')").texts == ("SELECT 1",)
    told = read("SHOW TABLES FROM gateway LIKE '%s'").told
    assert told is not None
    assert told[0] == (("Tables_in_gateway (%s)", "text"),)
    assert len(told[1]) == len(RELATIONS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("SELECT * FROM gateway.nothing", OwnFault.NO_RELATION),
        ("DESC gateway.nothing", OwnFault.NO_RELATION),
        ("SHOW COLUMNS FROM nothing FROM gateway", OwnFault.NO_RELATION),
        ("SELECT nothing FROM gateway.grants", OwnFault.NO_COLUMN),
        ("SELECT other.object FROM gateway.grants g", OwnFault.NO_COLUMN),
        ("SELECT object FROM gateway.grants ORDER BY nothing", OwnFault.NO_COLUMN),
        ("USE gateway", OwnFault.NO_DATABASE),
        ("CALL gateway.nothing()", OwnFault.NO_PROCEDURE),
        ("CALL gateway.explain", OwnFault.WRONG_ARGUMENTS),
        ("CALL gateway.explain('a', 'b')", OwnFault.WRONG_ARGUMENTS),
        ("CALL gateway.explain(@text)", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants, t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants JOIN t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants UNION SELECT * FROM t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants WHERE object = 'a' OR 1 = 1", OwnFault.NOT_ANSWERED),
        ("SELECT UPPER(object) FROM gateway.grants", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants GROUP BY object", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants FOR UPDATE", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants INTO OUTFILE '/tmp/x'", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants; SELECT 1", OwnFault.NOT_ANSWERED),
        ("SELECT 1; SELECT * FROM gateway.grants", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM (SELECT * FROM gateway.grants) s", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM t WHERE a IN (SELECT object FROM gateway.grants)", OwnFault.NOT_ANSWERED),
        ("INSERT INTO gateway.grants VALUES (1)", OwnFault.NOT_ANSWERED),
        ("CREATE TABLE gateway.t (a INT)", OwnFault.NOT_ANSWERED),
        ("PREPARE s FROM 'SELECT * FROM gateway.grants'", OwnFault.NOT_ANSWERED),
        ("SELECT gateway.f()", OwnFault.NOT_ANSWERED),
        ("EXPLAIN SELECT * FROM gateway.grants", OwnFault.NOT_ANSWERED),
        ("SHOW TABLE STATUS FROM gateway", OwnFault.NOT_ANSWERED),
        ("/*! SELECT * FROM gateway.grants, t */", OwnFault.NOT_ANSWERED),
    ],
)
def test_what_is_not_answered_is_refused_with_a_reason(text: str, fault: OwnFault) -> None:
    with pytest.raises(OwnRefused) as caught:
        asked(text)
    assert caught.value.fault is fault
    assert str(caught.value)


def test_a_database_of_that_name_keeps_its_own_tables() -> None:
    """Names without the schema are the server's; what is written in full is the gateway's."""
    assert asked("SELECT 'gateway' FROM orders", database="gateway") is None
    assert asked("SELECT * FROM gateway.grants", database="gateway") is not None
