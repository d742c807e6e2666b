from dataclasses import replace

import pytest

from gateway.model.footprint import Category, Footprint
from gateway.model.identity import Engine
from gateway.model.replacing import replacer
from gateway.model.statement import Namespace, Origin, Statement


def test_a_copy_is_what_dataclasses_make() -> None:
    statement = Statement(Engine.POSTGRES, "SELECT 1", Namespace(), Origin.SIMPLE)
    elsewhere = Namespace(search_path=("sales",))
    assert replacer(Statement, "namespace")(statement, elsewhere) == replace(statement, namespace=elsewhere)
    footprint = Footprint("SELECT", Category.QUERY, 3, 9, literals_matter=True, fingerprint="ab")
    assert replacer(Footprint, "start", "end")(footprint, 0, 20) == replace(footprint, start=0, end=20)


def test_a_member_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="'meaning' is not in list"):
        replacer(Statement, "meaning")


def test_values_are_counted() -> None:
    with pytest.raises(ValueError, match="shorter"):
        replacer(Footprint, "start", "end")(Footprint("SELECT", Category.QUERY), 1)
