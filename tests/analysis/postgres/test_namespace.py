"""What the statements of one text do to the names behind them."""

from gateway.model.statement import Namespace
from tests.analysis.postgres.schema import accesses, analyse, one, outputs


def _last(text: str, namespace: Namespace | None = None) -> set[str]:
    return accesses(analyse(text, namespace)[-1])


def test_a_search_path_holds_for_what_follows() -> None:
    assert _last("SET search_path = hr; TABLE customers") == {"select hr.customers: output.id output.secret"}
    assert _last("SELECT set_config('search_path', 'hr, public', false); TABLE salaries") == {
        "select hr.salaries: output.amount output.employee_id"
    }


def test_a_path_that_may_be_undone_counts_beside_the_one_before() -> None:
    for end in ("ROLLBACK", "COMMIT", "ROLLBACK TO a", "RESET ALL", "DISCARD ALL"):
        found = _last(f"BEGIN; SET search_path = hr; {end}; SELECT 1 FROM customers")
        assert found == {"select hr.customers", "select public.customers"}
    assert _last("SET LOCAL search_path = hr; SELECT 1 FROM customers") == {"select hr.customers", "select public.customers"}


def test_default_is_what_the_account_gets_at_login() -> None:
    assert _last("SET search_path = hr; SET search_path = DEFAULT; SELECT 1 FROM customers") == {"select public.customers"}


def test_prepared_statements_and_cursors_are_known_to_the_rest_of_the_text() -> None:
    prepared, executed = analyse("PREPARE p AS SELECT email FROM customers; EXECUTE p")
    assert accesses(prepared) == accesses(executed) == {"select public.customers: output.email"}
    assert outputs(executed) == ["email==public.customers.email"]
    _, fetched, moved = analyse("DECLARE c CURSOR FOR SELECT card FROM customers; FETCH 1 FROM c; MOVE c")
    assert outputs(fetched) == ["card==public.customers.card"]
    assert outputs(moved) == []
    assert accesses(moved) == {"select public.customers: output.card"}


def test_what_the_session_prepared_before_is_known() -> None:
    namespace = Namespace(prepared=(("p", "DELETE FROM items RETURNING product"),), cursors=(("c", "TABLE hr.salaries"),))
    assert accesses(one("EXECUTE p", namespace)) == {"delete public.items", "select public.items: returning.product"}
    explained = accesses(one("EXPLAIN ANALYZE EXECUTE p", namespace))
    assert explained >= {"delete public.items", "explain public.items: returning.product"}
    assert accesses(one("CREATE TABLE z AS EXECUTE p", namespace)) >= {"ddl public.z", "delete public.items"}
    assert outputs(one("FETCH c", namespace)) == ["employee_id==hr.salaries.employee_id", "amount==hr.salaries.amount"]
    assert accesses(one("SELECT cursor_to_xml('c', 1, true, true, '')", namespace)) == {
        "select hr.salaries: output.amount output.employee_id"
    }


def test_a_prepared_statement_that_executes_itself_is_not_followed_for_ever() -> None:
    found = one("EXECUTE p", Namespace(prepared=(("p", "EXECUTE p"),)))
    assert found.opaque == "nested too deeply"


def test_own_temporary_relations_are_free_and_shadow() -> None:
    namespace = Namespace(temporary=frozenset({"scratch"}))
    assert accesses(one("SELECT a FROM scratch", namespace)) == set()
    assert accesses(one("DROP TABLE scratch", namespace)) == {"temp database"}
    first, *others = analyse("CREATE TEMP TABLE s (a int); INSERT INTO s VALUES (1); TABLE s; DROP TABLE s")
    assert accesses(first) == {"temp database"}
    assert [accesses(found) for found in others] == [set(), set(), {"temp database"}]


def test_a_temporary_name_that_is_also_a_permanent_one_counts_as_both() -> None:
    found = one("SELECT email FROM customers", Namespace(temporary=frozenset({"customers"})))
    assert accesses(found) == {"select public.customers: output.email"}
    assert outputs(found) == ["email=public.customers.email"]


def test_backslashes_are_not_read_where_strings_escape_by_them() -> None:
    namespace = Namespace(flags=(("standard_conforming_strings", "off"),))
    assert one(r"SELECT 'a\' FROM customers", namespace).opaque is not None
    assert one("SELECT 'a' FROM customers", namespace).opaque is None
