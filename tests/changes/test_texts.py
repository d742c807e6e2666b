import pytest

from gateway.changes.texts import exact_text, for_the_log, statement_text, title_of
from gateway.model.footprint import Category, Footprint
from gateway.store.issues import NewTask


@pytest.mark.parametrize(
    "sent",
    ["ALTER TABLE t ADD c int", "ALTER TABLE t ADD c int;", "\n ALTER TABLE t ADD c int ;\t;\r\n", "ALTER TABLE t ADD c int;;"],
)
def test_what_clients_add_around_a_statement_is_no_difference(sent: str) -> None:
    assert exact_text(sent) == "ALTER TABLE t ADD c int"


@pytest.mark.parametrize("other", ["ALTER TABLE t ADD  c int", "alter table t add c int", "ALTER TABLE t ADD c int\u00a0"])
def test_everything_inside_is(other: str) -> None:
    assert exact_text(other) != "ALTER TABLE t ADD c int"


def test_a_footprint_cuts_its_statement_out() -> None:
    text = "ALTER TABLE a ADD x int; DROP TABLE b;"
    assert statement_text(text, Footprint("ALTER TABLE", Category.DDL, start=0, end=23)) == "ALTER TABLE a ADD x int"
    assert statement_text(text, Footprint("DROP TABLE", Category.DDL, start=24, end=37)) == "DROP TABLE b"
    assert statement_text("DROP TABLE b;", Footprint("DROP TABLE", Category.DDL)) == "DROP TABLE b"


def test_titles_are_one_short_line() -> None:
    assert title_of("CREATE TABLE t (\n  a int\n)", 2) == "CREATE TABLE t ( a int ) (+2)"
    assert len(title_of("x" * 500)) == 120


def test_the_log_gets_texts_without_passwords_and_within_bounds() -> None:
    statements = [NewTask(text, "X", True) for text in ("CREATE ROLE a PASSWORD 'hunter2'", "x" * 300_000, "y" * 10)]
    first, second, third = for_the_log(statements)
    assert first == "CREATE ROLE a PASSWORD '***'"
    assert len(second) == 200_001 - len(first)
    assert third == "…"
