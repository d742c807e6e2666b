"""A MySQL session's state: what the server told, what succeeded, what ends with a reset."""

import pytest

from gateway.model.footprint import Effect, EffectKind
from gateway.model.own import INSIDE, SCHEMA
from gateway.model.statement import Namespace
from gateway.verdict.mysql_state import CHARSET, SQL_MODE, UNKNOWN, MySqlState, keeps_state, meaningful_variable
from tests.analysis.mysql.support import footprint


def test_the_namespace_is_the_same_object_until_something_moves() -> None:
    state = MySqlState("shop", ((SQL_MODE, ""),))
    before = state.namespace
    assert state.namespace is before
    assert before == Namespace(search_path=("shop",), flags=((SQL_MODE, ""),))
    state.is_in("shop")
    state.has(SQL_MODE, "")
    assert state.namespace is before
    state.is_in("other")
    assert state.namespace.search_path == ("other",)
    assert state.version == 1


def test_before_use_there_is_no_database() -> None:
    assert MySqlState().namespace.search_path == ()


def test_temporary_tables_come_and_go() -> None:
    state = MySqlState("shop")
    state.apply(Effect(EffectKind.TEMP_CREATE, "scratch"))
    assert state.namespace.temporary == {"scratch"}
    assert state.version == 1
    state.apply(Effect(EffectKind.TEMP_CREATE, "scratch"))
    assert state.version == 1
    state.apply(Effect(EffectKind.TEMP_DROP, "scratch"))
    assert not state.namespace.temporary


def test_prepared_statements_and_variables() -> None:
    state = MySqlState("shop")
    state.apply(Effect(EffectKind.PREPARE, "S", "SELECT 1"))
    assert state.prepared("s") == "SELECT 1"
    state.apply(Effect(EffectKind.SET, "@mode", "ANSI"))
    assert dict(state.namespace.flags)["@mode"] == "ANSI"
    state.apply(Effect(EffectKind.SET, "@mode", UNKNOWN))
    assert "@mode" not in dict(state.namespace.flags)
    version = state.version
    state.apply(Effect(EffectKind.SET, "@other", UNKNOWN))
    assert state.version == version
    state.apply(Effect(EffectKind.DEALLOCATE, "s"))
    assert state.prepared("s") is None


def test_what_the_text_sets_is_stale_until_the_server_says_so() -> None:
    state = MySqlState("shop")
    state.apply(Effect(EffectKind.SET, "sql_mode", "ANSI_QUOTES"))
    assert state.stale
    assert state.flag(SQL_MODE) == "ANSI_QUOTES"
    state.apply(Effect(EffectKind.SET, "character_set_client", "latin1"))
    assert state.flag(CHARSET) == "latin1"


def test_a_fork_is_independent() -> None:
    state = MySqlState("shop")
    state.apply(Effect(EffectKind.DECLARE, "h", "t"))
    fork = state.fork()
    fork.apply(Effect(EffectKind.USE, value="other"))
    assert (state.database, fork.database) == ("shop", "other")
    assert fork.namespace.cursors == (("h", "t"),)


def test_a_reset_leaves_nothing_of_the_sessions_own() -> None:
    state = MySqlState("shop")
    for effect in (
        Effect(EffectKind.TEMP_CREATE, "scratch"),
        Effect(EffectKind.PREPARE, "s", "SELECT 1"),
        Effect(EffectKind.SET, "@a", "x"),
        Effect(EffectKind.DECLARE, "h", "t"),
    ):
        state.apply(effect)
    state.reset()
    assert state.namespace == Namespace(search_path=("shop",))
    assert state.stale


@pytest.mark.parametrize(
    ("name", "meaningful"),
    [("sql_mode", True), ("@@SESSION.sql_mode", True), ("names", True), ("autocommit", False), ("@sql_mode", False)],
)
def test_meaningful_variables(name: str, meaningful: bool) -> None:
    assert meaningful_variable(name) is meaningful


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("BEGIN", True),
        ("START TRANSACTION READ ONLY", True),
        ("COMMIT", True),
        ("ROLLBACK", True),
        ("SAVEPOINT a", True),
        ("ROLLBACK TO a", True),
        ("SET sql_mode = ''", False),
        ("USE shop", False),
        ("CREATE TEMPORARY TABLE t (a int)", False),
        ("SELECT 1", False),
    ],
)
def test_transactions_leave_the_state_alone(text: str, kept: bool) -> None:
    read = footprint(text)
    assert keeps_state(read) is kept
    state = MySqlState("shop")
    before = state.version
    for effect in read.effects:
        state.apply(effect)
    if kept:
        assert state.version == before


def test_inside_the_gateways_schema_until_a_database_is_used() -> None:
    state = MySqlState("shop")
    state.enter()
    assert state.namespace == Namespace(search_path=(SCHEMA,), flags=(INSIDE,))
    assert state.database == "shop", "the server stands where it stood"
    state.is_in("shop")  # what the server says when it is asked
    assert state.inside
    forked = state.fork()
    assert (forked.inside, forked.database, forked.namespace) == (True, "shop", state.namespace)
    forked.apply(Effect(EffectKind.USE, "shop"))
    assert forked.namespace == Namespace(search_path=("shop",))
    state.reset()
    assert state.namespace.search_path == ("shop",)


def test_a_statement_prepared_elsewhere_is_not_inside() -> None:
    """It keeps the database it was made in, and takes the flags of now."""
    state = MySqlState.of(Namespace(search_path=("shop",), flags=(INSIDE,)))
    assert not state.inside
    assert state.namespace == Namespace(search_path=("shop",))
