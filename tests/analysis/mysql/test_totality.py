"""What outputs may do with a masked value, and what is a use of it. The oracle of occurrence asks a real server the same."""

import pytest

from tests.analysis.mysql.support import footprint
from tests.analysis.postgres.schema import computed

# The columns of this catalog are all integers.
TOTAL = """
SELECT UPPER(name), LEFT(name, 4), MD5(name), CONCAT(name, 'x', id), REPLACE(name, 'a', 'b') FROM customers
SELECT name LIKE 'a%', id = 5, id IN (1, 2), id BETWEEN 1 AND 2, name IS NULL, NOT id FROM customers
SELECT IF(name LIKE 'a%', 'a', name), CASE WHEN name LIKE 'a%' THEN id ELSE 0 END FROM customers
SELECT id * 2, id + 1, 7 - id, id / 12, id % 10000, -id, id * 2 > 5 AND id + 1 < 9, id & 255 FROM customers
SELECT id / NULLIF(id, 0), COALESCE(id, 0) * 12, ROUND(id, 1), CAST(id AS CHAR), CAST(id AS DECIMAL(5,2)) FROM customers
SELECT SUM(id), AVG(id), MAX(name), GROUP_CONCAT(name), COUNT(name), SUM(id) / 12 FROM customers
SELECT IF(1, (SELECT id FROM orders), name) FROM customers
SELECT loud FROM (SELECT UPPER(name) AS loud, id FROM customers) s
SELECT id FROM customers WHERE EXP(id) > 5 ORDER BY CAST(name AS SIGNED)
INSERT INTO orders (id) SELECT EXP(id) FROM customers
SELECT UPPER(mail) FROM contacts
""".strip().splitlines()

USES = {
    "SELECT IF(name LIKE 'a%', 1/0, 0) FROM customers": {"name": "the select list, in IF()"},
    "SELECT CASE WHEN name = 5 THEN (SELECT id FROM orders) END FROM customers": {"name": "the select list, in CASE"},
    "SELECT name LIKE 'a%' AND (SELECT 1 FROM orders) FROM customers": {"name": "the select list, in LIKE AND"},
    "SELECT IFNULL(NULLIF(name, 'x'), (SELECT 1 FROM orders)) FROM customers": {"name": "the select list, in IFNULL()"},
    "SELECT ~0 + id FROM customers": {"id": "the select list, in +"},
    "SELECT id * 1000000 FROM customers": {"id": "the select list, in *"},
    "SELECT id * 2 * 3 FROM customers": {"id": "the select list, in *"},
    "SELECT EXP(id) FROM customers": {"id": "the select list, in EXP()"},
    "SELECT name REGEXP 'x' FROM customers": {"name": "the select list, in REGEXP"},
    "SELECT CAST(name AS DATE) FROM customers": {"name": "the select list, in a cast to DATE"},
    "SELECT LEFT(name, id) FROM customers": {
        "name": "the select list, in LEFT()",
        "id": "the select list, in LEFT()",
    },
    "SELECT x FROM (SELECT EXP(id) AS x FROM customers) s": {"id": "the select list, in EXP()"},
    "WITH RECURSIVE r AS (SELECT name AS c FROM customers UNION ALL SELECT CONCAT(c, 'x') FROM r) SELECT c FROM r": {
        "name": "the select list, in a recursive query"
    },
}


@pytest.mark.parametrize("sql", TOTAL)
def test_total_outputs_use_nothing(sql: str) -> None:
    assert not computed(footprint(sql))


@pytest.mark.parametrize("sql", USES)
def test_everything_else_is_a_use(sql: str) -> None:
    assert computed(footprint(sql)) == USES[sql]


def test_a_literal_that_was_weighed_is_said() -> None:
    assert footprint("SELECT LEFT(name, 4) FROM customers").literals_weigh
    assert not footprint("SELECT LEFT(name, 4) FROM customers").literals_matter
    assert not footprint("SELECT UPPER(name) FROM customers WHERE id = 5").literals_weigh


def test_counts_of_warnings_are_written_down() -> None:
    found = footprint("SELECT @@session.warning_count, @@version")
    assert [used.name.name for used in found.functions] == ["@@warning_count"]
