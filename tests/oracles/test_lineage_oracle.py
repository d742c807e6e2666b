"""Every output's sources hold at least what the server says feeds it."""

from collections.abc import Callable

import pytest

from tests.corpora.postgres_corpus import corpus
from tests.oracles.conftest import Analyse
from tests.oracles.lineage_oracle import LineageOracle, Output
from tests.oracles.nodetree import Node, parse
from tests.oracles.server import Session


def test_outputs_have_the_sources_the_server_says(session: Session, analyse: Analyse, count: Callable[[object], None]) -> None:
    tally = LineageOracle(session, analyse).judge_all((str(each), each.text, each.runnable) for each in corpus())
    count(tally)
    assert tally.missing == []
    assert tally.false_exact == []
    assert tally.statements >= 400
    assert tally.unknown <= tally.statements // 20
    assert tally.identical >= tally.outputs * 0.98, tally.inexact


EMAIL = ("public", "customers", "email")
NAME = ("public", "customers", "name")


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("SELECT email FROM customers", [({EMAIL}, True)]),
        ("SELECT lower(email) AS e, 1 FROM customers", [({EMAIL}, False), (set(), False)]),
        ("SELECT contact FROM customer_contacts", [({EMAIL}, True)]),
        ("SELECT x FROM (SELECT email AS x FROM customers) q", [({EMAIL}, True)]),
        ("WITH q AS (SELECT email FROM customers) SELECT * FROM q", [({EMAIL}, True)]),
        ("SELECT (SELECT max(email) FROM customers)", [({EMAIL}, False)]),
        ("SELECT EXISTS (SELECT email FROM customers)", [(set(), False)]),
        ("SELECT name FROM customers UNION SELECT email FROM customers", [({EMAIL, NAME}, True)]),
        ("SELECT email, count(*) FROM customers GROUP BY email", [({EMAIL}, True), (set(), False)]),
        ("SELECT ARRAY(SELECT email FROM customers ORDER BY name)", [({EMAIL}, False)]),
        ("SELECT CASE WHEN name = 'x' THEN email END FROM customers", [({EMAIL, NAME}, False)]),
        ("SELECT v FROM customers, LATERAL (VALUES (email), (name)) AS t(v)", [({EMAIL, NAME}, False)]),
        (
            "WITH RECURSIVE t AS (SELECT name FROM customers UNION ALL SELECT name FROM t) SELECT name FROM t",
            [({NAME}, True)],
        ),
    ],
)
def test_the_servers_answer_is_read_rightly(
    session: Session, text: str, outputs: list[tuple[set[tuple[str, str, str]], bool]]
) -> None:
    asked = LineageOracle(session, lambda text: ()).ask(text)
    assert asked == [Output(frozenset(sources), plain) for sources, plain in outputs]


def test_what_cannot_be_a_view_has_no_answer(session: Session) -> None:
    oracle = LineageOracle(session, lambda text: ())
    assert oracle.ask("DELETE FROM customers RETURNING id") is None
    assert oracle.ask("SELECT nonsense FROM customers") is None


def test_node_trees() -> None:
    tree = parse(
        r'({QUERY :rtable ({RTE :colnames ("a" "b\"c") :relid 5}) :empty <> :name sub\ query :const 4 [ 1 0 ] :on true})'
    )
    (query,) = tree
    assert isinstance(query, Node)
    assert query.type == "QUERY"
    assert query.items("rtable")[0].number("relid") == 5
    assert query.items("rtable")[0].items("colnames") == ["a", 'b"c']
    assert query["empty"] is None
    assert query["name"] == "sub query"
    assert query["const"] == "4"
    assert query["on"] == "true"
