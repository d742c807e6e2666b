"""What outputs may do with a masked value, and what is a use of it. The oracle of occurrence asks real servers the same."""

import pytest

from gateway.analysis.postgres.totality import PARAMETER
from gateway.model.footprint import Clause
from tests.analysis.postgres.schema import computed, one

TOTAL = """
SELECT card, id FROM customers
SELECT upper(card), left(card, 4), right(card, -2), md5(card), replace(card, 'a', 'b') FROM customers
SELECT card LIKE '4%', card = 'x', card IN ('a', 'b'), card BETWEEN 'a' AND 'b', card IS NULL FROM customers
SELECT CASE WHEN card LIKE '4%' THEN 'visa' ELSE left(card, 2) END FROM customers
SELECT CASE WHEN f.n > 1 THEN c.card END FROM customers c, generate_series(1, 3) f (n)
SELECT coalesce(card, secret_of(1)) FROM customers
SELECT nullif(card, ''), greatest(card, email), row(card, id), ARRAY[card::text, 'x'], card::text FROM customers
SELECT id * 2, id * 2.5, id * 2.5 / 12, id / 12, 7 - id, 1.0 * id / nullif(id, 0) FROM customers
SELECT count(card), min(card), string_agg(card, ','), json_agg(c) FROM customers c
SELECT 'x'::text || card::text FROM customers
INSERT INTO items (id) SELECT id * 1000000 FROM customers
SELECT id FROM customers WHERE card::int > 5 AND 1 / id > 0
UPDATE customers SET name = (card::int)::text
SELECT loud FROM (SELECT upper(card) AS loud, id FROM customers) s
SELECT contact FROM nested
""".strip().splitlines()

USES = {
    "SELECT CASE WHEN card LIKE '4%' THEN secret_of(1) END FROM customers": {"card": "the select list, in CASE"},
    "SELECT CASE card WHEN 'x' THEN '1'::text::int END FROM customers": {"card": "the select list, in CASE"},
    "SELECT card::int FROM customers": {"card": "the select list, in a cast to int4"},
    "SELECT 1 / id FROM customers": {"id": "the select list, in a division (/)"},
    "SELECT card LIKE '4\\' FROM customers": {"card": "the select list, in LIKE with a pattern that is no plain literal"},
    "SELECT card LIKE email FROM customers": {
        "card": "the select list, in LIKE with a pattern that is no plain literal",
        "email": "the select list, in LIKE with a pattern that is no plain literal",
    },
    "SELECT card ~ 'x' FROM customers": {"card": "the select list, in ~"},
    "SELECT regexp_replace(card, 'x', 'y') FROM customers": {"card": "the select list, in regexp_replace()"},
    "SELECT left(card, id) FROM customers": {"card": "the select list, in left()", "id": "the select list, in left()"},
    "SELECT repeat(card, 9000000) FROM customers": {"card": "the select list, in repeat()"},
    "SELECT card = 'x' AND '1'::text::int = 1 FROM customers": {"card": "the select list, in AND, OR, NOT"},
    "SELECT coalesce(nullif(card, 'x'), '1'::text::int::text) FROM customers": {"card": "the select list, in COALESCE"},
    "SELECT card IN (SELECT email FROM customers) FROM customers": {
        "card": "the select list, in a comparison with a subquery",
        "email": "the select list, in a comparison with a subquery",
    },
    "UPDATE items SET id = 1 RETURNING product::int": {"product": "RETURNING, in a cast to int4"},
    "SELECT x FROM (SELECT card::int AS x FROM customers) s": {"card": "the select list, in a cast to int4"},
    "WITH c AS (SELECT card::int FROM customers) SELECT 1 FROM c": {"card": "the select list, in a cast to int4"},
    "WITH RECURSIVE r AS (SELECT card::text AS c FROM customers UNION ALL SELECT c || c FROM r) SELECT c FROM r": {
        "card": "the select list, in ||"
    },
}


@pytest.mark.parametrize("sql", TOTAL)
def test_total_outputs_use_nothing(sql: str) -> None:
    assert not computed(one(sql))


@pytest.mark.parametrize("sql", USES)
def test_everything_else_is_a_use(sql: str) -> None:
    assert computed(one(sql)) == USES[sql]


def test_a_literal_that_was_weighed_is_said() -> None:
    assert one("SELECT left(card, 4) FROM customers").literals_weigh
    assert not one("SELECT left(card, 4) FROM customers").literals_matter
    assert not one("SELECT upper(card) FROM customers WHERE id = 5").literals_weigh


def test_growth_by_repetition_has_a_bound() -> None:
    """Each level of subqueries doubles it: a thousand times its size is no longer held to be small."""
    sql = "SELECT card::text AS c FROM customers"
    for _ in range(12):
        sql = f"SELECT c || c AS c FROM ({sql}) s"
    assert computed(one(sql)) == {"card": "the select list, in ||"}
    assert PARAMETER.total


def test_a_column_that_nobody_refers_to_counts_as_shown() -> None:
    """Other literals may then have another verdict."""
    (access,) = one("SELECT id FROM (SELECT id, upper(card) FROM customers) s").accesses
    assert {use.clause for use in access.columns if use.column == "card"} == {Clause.OUTPUT}
