"""What SHOW, DESCRIBE and information_schema tell of the gateway's schema."""

from gateway.model.identity import Engine
from gateway.model.own import ARGUMENTS, CALLS, RELATIONS
from gateway.own.mysql_schema import VIEWS, described, shown_databases, shown_tables, view_rows
from gateway.own.query import read_query
from gateway.own.run import run


def test_views_have_a_value_for_each_column() -> None:
    for name, columns in VIEWS.items():
        rows = view_rows(name)
        assert rows
        assert {len(row) for row in rows} == {len(columns)}
    assert len(view_rows("columns")) == sum(map(len, RELATIONS.values()))
    assert len(view_rows("routines")) == len(CALLS)
    assert len(view_rows("parameters")) == sum(map(len, ARGUMENTS.values()))


def test_a_query_over_them() -> None:
    text = (
        "SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'gateway' AND"
        " TABLE_NAME LIKE 'LIMITS' AND ORDINAL_POSITION IN (3, 9) ORDER BY ORDINAL_POSITION"
    )
    assert run(read_query(Engine.MYSQL, text, views=True), {}) == [("max_rows", "bigint(20)"), ("require_where", "tinyint(1)")]


def test_shown_and_described() -> None:
    assert [row[0] for row in shown_tables(full=False, pattern="%s").told] == list(RELATIONS)
    assert shown_tables(full=True, pattern="GRANTS").told == (("grants", "SYSTEM VIEW"),)
    assert described("issues", pattern="created").told == (("created", "datetime(6)", "YES", "", None, ""),)
    assert len(described("masks", full=True).result) == 9
    assert shown_databases("shop") is None
