"""No relation that the server locks goes unexplained; and the oracle itself would notice one that did."""

from collections.abc import Callable

import psycopg
import pytest

from gateway.model.footprint import Access, Action, Category, Clause, ColumnUse, Footprint, ObjectName, relation
from tests.corpora.postgres_corpus import corpus
from tests.oracles.conftest import Analyse
from tests.oracles.lock_oracle import LockOracle, Tally
from tests.oracles.server import Session

_WHOLE_ROW = frozenset({ColumnUse(Clause.OUTPUT, "*")})


def test_the_corpus_is_large_and_diverse() -> None:
    statements = corpus()
    assert len(statements) >= 500
    assert len({statement.family for statement in statements}) >= 10


def test_every_lock_of_the_corpus_is_explained(
    session: Session, watcher: psycopg.Connection, analyse: Analyse, count: Callable[[object], None]
) -> None:
    oracle = LockOracle(session, watcher, analyse)
    tally = oracle.judge_all((str(each), each.text, each.runnable) for each in corpus())
    count(tally)
    assert [str(hole) for hole in tally.holes] == []
    assert tally.statements - tally.refused >= 500
    assert tally.opaque <= 10, tally.opaque_texts
    assert tally.over_reported <= tally.locked // 20, tally.over_reports


def _seeing(*accesses: tuple[ObjectName, Action]) -> Analyse:
    seen = Footprint("SELECT", Category.QUERY, accesses=tuple(Access(name, action, _WHOLE_ROW) for name, action in accesses))
    return lambda text: (seen,)


@pytest.mark.parametrize(
    ("text", "seen", "holes"),
    [
        ("SELECT * FROM customers, products", [("public", "customers", Action.SELECT)], ["public.products"]),
        ("SELECT * FROM customer_contacts", [("public", "customer_contacts", Action.SELECT)], ["public.customers"]),
        ("UPDATE customers SET phone = NULL", [("public", "customers", Action.SELECT)], ["public.customers"]),
        ("DELETE FROM payments", [("public", "payments", Action.DELETE)], []),
        ("SELECT * FROM orders", [("public", "orders", Action.SELECT)], []),
        ("SELECT * FROM orders_2025", [("public", "orders_2025", Action.SELECT)], []),
        ("SELECT * FROM pg_class", [], ["pg_catalog.pg_class"]),
        ("SELECT order_total(1)", [], ["public.order_items"]),
        ("DELETE FROM extra.notes", [("extra", "notes", Action.DELETE)], ["extra.notes_archive"]),
        (
            "INSERT INTO extra.wallets (owner) VALUES ('a@b')",
            [("extra", "wallets", Action.INSERT)],
            [],
        ),
    ],
)
def test_the_oracle_notices_what_a_footprint_hides(
    session: Session, watcher: psycopg.Connection, text: str, seen: list[tuple[str, str, Action]], holes: list[str]
) -> None:
    analyse = _seeing(*((relation(schema, name), action) for schema, name, action in seen))
    tally = Tally()
    LockOracle(session, watcher, analyse).judge("here", text, text, tally)
    assert tally.refused == 0
    assert [hole.relation for hole in tally.holes] == holes


def test_the_oracle_counts_what_is_reported_and_not_locked(session: Session, watcher: psycopg.Connection) -> None:
    analyse = _seeing((relation("public", "customers"), Action.SELECT), (relation("hr", "salaries"), Action.SELECT))
    tally = Tally()
    LockOracle(session, watcher, analyse).judge("here", "TABLE customers", "TABLE customers", tally)
    assert (tally.locked, tally.over_reported) == (1, 1)


def test_nothing_of_a_run_stays(session: Session, watcher: psycopg.Connection) -> None:
    before = watcher.execute("SELECT count(*) FROM extra.notes").fetchone()
    with session.attempt("DELETE FROM extra.notes") as ran:
        assert ran.error == ""
    assert watcher.execute("SELECT count(*) FROM extra.notes").fetchone() == before
