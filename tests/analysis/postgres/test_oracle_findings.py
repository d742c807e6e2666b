"""What the oracles found, one test each, so that it stays found without them. The first comment says what had been wrong."""

import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.model.footprint import Footprint
from tests.oracles.conftest import Analyse, analyser
from tests.oracles.server import database


@pytest.fixture(scope="module")
def analyse(embedded_pg: PostgresServer) -> Analyse:
    return analyser(database(embedded_pg))


def one(analyse: Analyse, text: str) -> Footprint:
    (footprint,) = analyse(text)
    assert footprint.opaque is None
    return footprint


def sources_of(footprint: Footprint, place: int) -> set[tuple[str, str]]:
    """(table, column) of an output, counted from 0; nothing claimed is nothing wrong."""
    assert footprint.outputs is not None
    return {(ref.object.name, ref.column) for ref in footprint.outputs[place].sources}


def test_rows_of_a_composite_array_are_as_many_columns_as_the_type_has(analyse: Analyse) -> None:
    # One output was claimed where the server sends two: everything to the right stood under the wrong column.
    footprint = one(analyse, "SELECT * FROM unnest(ARRAY[ROW(1, 'x')::extra.money_amount]) AS u, customers c")
    if footprint.outputs is not None:
        assert len(footprint.outputs) == 2 + 9
        assert sources_of(footprint, 4) == {("customers", "email")}


def test_a_star_behind_a_functions_row_is_all_its_columns(analyse: Analyse) -> None:
    # The same, in the target list.
    footprint = one(analyse, "SELECT (extra.orders_of(c.id)).*, c.email FROM customers c")
    if footprint.outputs is not None:
        assert len(footprint.outputs) == 5 + 1
        assert ("customers", "email") in sources_of(footprint, 5)


def test_a_star_behind_a_polymorphic_functions_row(analyse: Analyse) -> None:
    # The row type comes from an argument.
    footprint = one(
        analyse, "SELECT (json_populate_record(NULL::products, row_to_json(p))).*, c.email FROM products p, customers c"
    )
    if footprint.outputs is not None:
        assert len(footprint.outputs) == 7 + 1
        assert ("customers", "email") in sources_of(footprint, 7)
