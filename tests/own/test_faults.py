"""Each engine's words for what is wrong."""

import pytest

from gateway.model.identity import Engine
from gateway.model.own import OwnRefused
from gateway.own.query import read_query

WRONG = [
    ("SELECT titel FROM gateway.issues", 'column "titel" does not exist', "Unknown column 'titel' in 'field list'"),
    ("SELECT i.x FROM gateway.issues i", "column i.x does not exist", "Unknown column 'i.x' in 'field list'"),
    ("SELECT 1 FROM gateway.issues WHERE X = 1", 'column "x" does not exist', "Unknown column 'X' in 'where clause'"),
    ("SELECT 1 FROM gateway.issues ORDER BY x", 'column "x" does not exist', "Unknown column 'x' in 'order clause'"),
    ("SELECT 1 FROM gateway.issues GROUP BY x", 'column "x" does not exist', "Unknown column 'x' in 'group statement'"),
    ("SELECT 1 FROM gateway.issues HAVING x > 1", 'column "x" does not exist', "Unknown column 'x' in 'having clause'"),
    (
        "SELECT 1 FROM gateway.masks a JOIN gateway.masks ON a.x = 1",
        "column a.x does not exist",
        "Unknown column 'a.x' in 'on clause'",
    ),
    ("SELECT y.a FROM gateway.issues", 'missing FROM-clause entry for table "y"', "Unknown column 'y.a' in 'field list'"),
    ("SELECT 1 FROM gateway.Nothing", 'relation "gateway.nothing" does not exist', "Table 'gateway.Nothing' doesn't exist"),
    (
        "SELECT state FROM gateway.issues a, gateway.issues b",
        'column reference "state" is ambiguous',
        "Column 'state' in field list is ambiguous",
    ),
    (
        "SELECT 1 FROM gateway.masks, gateway.masks",
        'table name "masks" specified more than once',
        "Not unique table/alias: 'masks'",
    ),
]


@pytest.mark.parametrize(("text", "postgres", "mysql"), WRONG)
def test_words(text: str, postgres: str, mysql: str) -> None:
    for engine, words in ((Engine.POSTGRES, postgres), (Engine.MYSQL, mysql)):
        with pytest.raises(OwnRefused) as caught:
            read_query(engine, text)
        assert str(caught.value) == words
