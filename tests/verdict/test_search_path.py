import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from gateway.verdict.search_path import expand_user, split_search_path

LISTS = [
    ("", ()),
    ("  ", ()),
    ("public", ("public",)),
    ('"$user", public', ("$user", "public")),
    ("A, b ,C", ("a", "b", "c")),
    ('"A", "b""c", "d, e"', ("A", 'b"c', "d, e")),
    ('""', ("",)),
    ("ÄB", ("Äb",)),
    ("x" * 70, ("x" * 63,)),
    ("ä" * 40, ("ä" * 31,)),
    ("a b", None),
    ("a,", None),
    (",", None),
    ('"a', None),
    ('"a"b', None),
]


@pytest.mark.parametrize(("value", "names"), LISTS)
def test_a_list_is_read(value: str, names: tuple[str, ...] | None) -> None:
    assert split_search_path(value) == names


def test_the_user_and_empty_names() -> None:
    assert expand_user(("$user", "", "public"), "app") == ("app", "public")


def test_the_server_reads_it_the_same_way(embedded_pg: PostgresServer) -> None:
    with psycopg.connect(embedded_pg.dsn("postgres"), autocommit=True) as connection:
        for value, names in LISTS:
            for name in names or ():
                if name:
                    quoted = psycopg.sql.Identifier(name)
                    connection.execute(psycopg.sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(quoted))
            try:
                connection.execute("SELECT set_config('search_path', %s, false)", (value,))
            except psycopg.errors.InvalidParameterValue:
                assert names is None, value
            else:
                (found,) = connection.execute("SELECT current_schemas(false)::text[]").fetchone() or ((),)
                assert names is not None, value
                assert found == [name for name in names if name not in {"", "$user"}], value
        connection.execute("RESET search_path")
        for name in {name for _, names in LISTS for name in names or () if name not in {"", "public", "$user"}}:
            connection.execute(psycopg.sql.SQL("DROP SCHEMA {}").format(psycopg.sql.Identifier(name)))
