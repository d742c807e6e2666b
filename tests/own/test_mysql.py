"""On MySQL's tokens: what asks the gateway itself is read, what asks a server is left alone, the rest is refused."""

import pytest

from gateway.model.identity import Engine
from gateway.model.own import INSIDE, RELATIONS, OwnFault, OwnRefused, OwnRequest, Variable
from gateway.model.statement import Namespace, Origin, Statement
from gateway.own.mysql import own_request
from tests.analysis.mysql.support import catalog

CATALOG = catalog()
FLAGS = (("character_set_client", "utf8mb4"), ("server", "10.11.6-MariaDB"), ("sql_mode", ""))


def asked(text: str, database: str = "shop", sql_mode: str = "", *, inside: bool = False) -> OwnRequest | None:
    flags = (*FLAGS[:2], ("sql_mode", sql_mode), *([INSIDE] if inside else []))
    database = "gateway" if inside else database
    return own_request(Statement(Engine.MYSQL, text, Namespace((database,), flags=flags), Origin.SIMPLE), CATALOG)


def read(text: str, sql_mode: str = "", *, inside: bool = False) -> OwnRequest:
    found = asked(text, sql_mode=sql_mode, inside=inside)
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
        "select g.OBJECT AS What, `until` /* kept */ FROM gateway.grants g WHERE effect = 'allow' OR (until IS NOT NULL)"
        " && object LIKE 'my1/%' AND g.source != \"x\" ORDER BY 1 DESC, source LIMIT 1, 3;"
    )
    assert found.result == (("What", "text"), ("until", "timestamptz"))
    assert found.origins == (("grants", "object"), ("grants", "until"))


def test_columns_are_called_as_they_are_written() -> None:
    found = read("SELECT COUNT( * ), Upper(`object`)  , OBJECT, 'a', g.*, max(until) AS M FROM gateway.grants g")
    names = [name for name, _ in found.result]
    assert names == ["COUNT( * )", "Upper(`object`)", "OBJECT", "a", *(name for name, _ in RELATIONS["grants"]), "M"]


def test_quotes_follow_the_session() -> None:
    text = 'SELECT "object" FROM gateway.grants'
    assert read(text, sql_mode="ANSI_QUOTES").origins == (("grants", "object"),)
    assert read(text).origins == (("", ""),)  # a string
    found = read("SELECT * FROM gateway.denials WHERE statement = 'it\\'s \\\\'")
    assert found.query is not None
    assert "'it''s \\'" in found.query.text


@pytest.mark.parametrize("name", RELATIONS)
def test_every_relation_its_count_and_its_description(name: str) -> None:
    assert read(f"SELECT * FROM gateway.{name}").result == RELATIONS[name]
    assert read(f"TABLE gateway.{name}").result == RELATIONS[name]
    assert read(f"SELECT {name}.* FROM `gateway`.`{name}`").result == RELATIONS[name]
    assert read(f"SELECT COUNT(*) AS n FROM gateway.{name}").result == (("n", "int8"),)
    assert [row[0] for row in read(f"DESCRIBE gateway.{name}").told] == [column for column, _ in RELATIONS[name]]
    assert asked(f"SHOW FULL COLUMNS FROM {name} IN gateway") is not None


def test_parameters_are_numbered_as_they_stand() -> None:
    found = read("SELECT number FROM gateway.issues WHERE state = ? AND mine = ? LIMIT ? OFFSET ?")
    assert found.parameters == ("text", "bool", "int8", "int8")
    call = read("CALL gateway.request_access('select', ?, '4h', ?)")
    assert call.bound(["shop.t", "why"]).texts == ("select", "shop.t", "4h", "why")


def test_names_without_regard_to_case_and_what_lists_them() -> None:
    assert read("call Gateway.EXPLAIN('SELECT 1')").texts == ("SELECT 1",)
    shown = read("SHOW TABLES FROM gateway LIKE '%s'")
    assert shown.result == (("Tables_in_gateway (%s)", "text"),)
    assert len(shown.told) == len(RELATIONS)
    assert read("SHOW DATABASES LIKE 'gateway'").told == (("gateway",),)
    assert asked("SHOW DATABASES LIKE 'g%'") is None, "the server's own may match"


def test_user_variables_are_arguments() -> None:
    call = read("CALL gateway.explain(@`_gateway.explain_arg1`)")
    assert call.arguments == (Variable("_gateway.explain_arg1"),)
    assert call.variables == ("_gateway.explain_arg1",)
    assert call.knowing({"_gateway.explain_arg1": "SELECT 1"}).texts == ("SELECT 1",)
    with pytest.raises(OwnRefused):
        call.knowing({"_gateway.explain_arg1": None})


def test_information_schema_is_ours_where_it_can_find_nothing_else() -> None:
    found = read("SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'gateway' ORDER BY 1")
    assert found.result == (("TABLE_NAME", "text"), ("TABLE_TYPE", "text"))
    assert read("SELECT * FROM INFORMATION_SCHEMA.COLUMNS WHERE table_schema LIKE 'gateway' AND table_name = 'grants'").result
    assert asked("SELECT * FROM information_schema.tables WHERE table_schema IN ('gateway', 'shop')") is None
    assert asked("SELECT * FROM information_schema.tables WHERE table_schema = 'gateway' OR 1") is None
    assert asked("SELECT * FROM information_schema.tables WHERE table_schema <> 'gateway'") is None
    assert (
        asked("SELECT * FROM information_schema.tables t, information_schema.columns WHERE t.table_schema = 'gateway'") is None
    )
    assert asked("SELECT x FROM information_schema.tables WHERE table_schema = 'gateway'") is None, (
        "a column that we do not know"
    )


# Inside: after USE gateway


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM grants",
        "TABLE grants",
        "SHOW TABLES",
        "SHOW FULL COLUMNS FROM grants",
        "DESC grants",
        "CALL explain('SELECT 1')",
        "SELECT DATABASE()",
        "SELECT * FROM grants g JOIN gateway.masks m ON g.object = m.relation",
        "WITH c AS (SELECT 1) SELECT * FROM c, grants",
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    ],
)
def test_inside_names_are_the_gateways(text: str) -> None:
    assert asked(text, inside=True) is not None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SET @a = 1",
        "SELECT * FROM shop.orders",
        "SHOW WARNINGS",
        "BEGIN",
        "USE shop",
        "SHOW TABLES FROM shop",
        "SHOW VARIABLES LIKE 'x'",
    ],
)
def test_inside_what_names_its_database_is_the_servers(text: str) -> None:
    assert asked(text, inside=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM orders",
        "CREATE TABLE t (a INT)",
        "SHOW TABLE STATUS",
        "SHOW TRIGGERS",
        "INSERT INTO orders VALUES (1)",
        "DROP TABLE orders",
        "SELECT f()",
        "CALL p()",
        "DELETE FROM orders",
        "GRANT SELECT ON * TO x",
        "SELECT * FROM shop.orders, products",
        "PREPARE s FROM 'SELECT * FROM orders'",
        "SELECT 1 FROM orders 'unterminated",
    ],
)
def test_inside_nothing_means_the_servers_database(text: str) -> None:
    with pytest.raises(OwnRefused):
        asked(text, inside=True)


def test_use_enters() -> None:
    assert read("USE gateway").enters
    assert read("use `Gateway`;").enters
    assert not asked("USE shop", inside=True)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("SELECT * FROM gateway.nothing", OwnFault.NO_RELATION),
        ("DESC gateway.nothing", OwnFault.NO_RELATION),
        ("SHOW COLUMNS FROM nothing FROM gateway", OwnFault.NO_RELATION),
        ("SELECT nothing FROM gateway.grants", OwnFault.NO_COLUMN),
        ("SELECT other.object FROM gateway.grants g", OwnFault.NO_COLUMN),
        ("SELECT object FROM gateway.grants ORDER BY nothing", OwnFault.NO_COLUMN),
        ("CALL gateway.nothing()", OwnFault.NO_PROCEDURE),
        ("CALL gateway.explain", OwnFault.WRONG_ARGUMENTS),
        ("CALL gateway.explain('a', 'b')", OwnFault.WRONG_ARGUMENTS),
        ("SELECT * FROM gateway.grants, t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants JOIN t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants UNION SELECT * FROM t", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants FOR UPDATE", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants INTO OUTFILE '/tmp/x'", OwnFault.NOT_ANSWERED),
        ("SELECT * FROM gateway.grants; SELECT 1", OwnFault.NOT_ANSWERED),
        ("SELECT 1; SELECT * FROM gateway.grants", OwnFault.NOT_ANSWERED),
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
