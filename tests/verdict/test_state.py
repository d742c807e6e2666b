"""Each case is a session's history and the namespace it must leave. The last test holds random histories against a server."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo.postgres_server import PostgresServer
from gateway.model.footprint import Effect, EffectKind
from gateway.verdict import state as state_module
from gateway.verdict.state import SessionState, changes_meaning

IDLE, OPEN, FAILED = b"ITE"


def set_path(value: str, *, local: bool = False) -> Effect:
    return Effect(EffectKind.SET, "search_path", value, local)


BEGIN, COMMIT, ROLLBACK = (Effect(kind) for kind in (EffectKind.BEGIN, EffectKind.COMMIT, EffectKind.ROLLBACK))


def path_after(*effects: Effect, ready: int = IDLE) -> tuple[str, ...]:
    state = SessionState()
    for effect in effects:
        state.apply(effect)
    state.ready(ready)
    return state.namespace.search_path


def test_a_set_outside_a_transaction_stays() -> None:
    assert path_after(set_path("a, b")) == ("a", "b")


def test_default_and_reset_go_back_to_what_the_session_began_with() -> None:
    state = SessionState()
    state.learned(("x", "public"), "app", initial=True)
    state.apply(set_path("a"))
    state.ready(IDLE)
    state.apply(set_path(""))
    assert state.namespace.search_path == ("x", "public")
    state.apply(set_path("a"))
    state.apply(Effect(EffectKind.RESET_ALL))
    assert state.namespace.search_path == ("x", "public")


@pytest.mark.parametrize(
    ("effects", "path"),
    [
        ((BEGIN, set_path("a"), COMMIT), ("a",)),
        ((BEGIN, set_path("a"), ROLLBACK), ("public",)),
        ((BEGIN, set_path("a", local=True), COMMIT), ("public",)),
        ((BEGIN, set_path("a"), set_path("b", local=True), COMMIT), ("a",)),
        ((BEGIN, set_path("a", local=True), set_path("b"), COMMIT), ("b",)),
        ((set_path("a", local=True),), ("public",)),
        (
            (
                BEGIN,
                set_path("a"),
                Effect(EffectKind.SAVEPOINT, "s"),
                set_path("b"),
                Effect(EffectKind.ROLLBACK_TO, "s"),
                COMMIT,
            ),
            ("a",),
        ),
        (
            (
                BEGIN,
                Effect(EffectKind.SAVEPOINT, "s"),
                set_path("b"),
                Effect(EffectKind.RELEASE, "s"),
                Effect(EffectKind.ROLLBACK_TO, "s"),  # not there any more: the server fails, nothing changes
                COMMIT,
            ),
            ("b",),
        ),
    ],
)
def test_transactions(effects: tuple[Effect, ...], path: tuple[str, ...]) -> None:
    assert path_after(*effects) == path


def test_inside_a_transaction_the_local_value_holds() -> None:
    assert path_after(BEGIN, set_path("a", local=True), ready=OPEN) == ("a",)


def test_a_commit_that_rolled_back() -> None:
    state = SessionState()
    state.apply(BEGIN)
    state.apply(set_path("a"))
    state.error()
    state.ready(FAILED)
    state.apply(COMMIT, b"ROLLBACK")
    assert not state.committed
    state.ready(IDLE)
    assert state.namespace.search_path == ("public",)


def test_an_error_takes_back_an_implicit_transaction() -> None:
    state = SessionState()
    state.apply(set_path("a"))
    state.error()
    state.ready(IDLE)
    assert state.namespace.search_path == ("public",)
    assert not state.committed
    state.ready(IDLE)
    assert state.committed


def test_a_failed_commit_rolls_back() -> None:
    state = SessionState()
    state.apply(BEGIN)
    state.apply(set_path("a"))
    state.ready(OPEN)
    state.error()  # a deferred constraint
    state.ready(IDLE)
    assert state.namespace.search_path == ("public",)


def test_temporary_relations() -> None:
    state = SessionState()
    state.apply(Effect(EffectKind.TEMP_CREATE, "kept"))
    state.apply(BEGIN)
    state.apply(Effect(EffectKind.TEMP_CREATE, "fleeting", local=True))
    assert state.namespace.temporary == {"kept", "fleeting"}
    state.apply(COMMIT)
    assert state.namespace.temporary == {"kept"}
    state.apply(Effect(EffectKind.TEMP_DROP, "kept"))
    assert state.namespace.temporary == frozenset()


def test_prepared_statements_outlive_a_rollback_and_cursors_do_not() -> None:
    state = SessionState()
    state.apply(BEGIN)
    state.apply(Effect(EffectKind.PREPARE, "p", "SELECT 1"))
    state.apply(Effect(EffectKind.DECLARE, "c", "SELECT 2", local=True))
    assert state.cursor("c") == "SELECT 2"
    state.apply(ROLLBACK)
    state.ready(IDLE)
    assert state.namespace.prepared == (("p", "SELECT 1"),)
    assert state.namespace.cursors == ()
    state.apply(Effect(EffectKind.DEALLOCATE))
    assert state.prepared("p") is None


def test_a_held_cursor_outlives_its_transaction() -> None:
    state = SessionState()
    state.apply(BEGIN)
    state.apply(Effect(EffectKind.DECLARE, "c", "SELECT 2"))
    state.apply(COMMIT)
    state.ready(IDLE)
    assert state.cursor("c") == "SELECT 2"
    state.apply(Effect(EffectKind.CLOSE, "c"))
    assert state.cursor("c") is None


def test_discard_all_forgets_everything() -> None:
    state = SessionState()
    for effect in (
        set_path("a"),
        Effect(EffectKind.PREPARE, "p", "SELECT 1"),
        Effect(EffectKind.TEMP_CREATE, "t"),
        Effect(EffectKind.DISCARD_ALL),
    ):
        state.apply(effect)
    namespace = state.namespace
    assert (namespace.search_path, namespace.prepared, namespace.temporary) == (("public",), (), frozenset())
    assert state.stale


def test_the_version_moves_with_meaning_alone() -> None:
    state = SessionState()
    before = state.version
    state.apply(Effect(EffectKind.PREPARE, "p", "SELECT 1"))
    state.apply(Effect(EffectKind.SET, "application_name", "x"))
    assert state.version == before
    state.apply(set_path("a"))
    assert state.version > before


def test_a_fork_does_not_reach_back() -> None:
    state = SessionState()
    fork = state.fork()
    fork.apply(set_path("a"))
    fork.apply(Effect(EffectKind.PREPARE, "p", "SELECT 1"))
    assert state.namespace.search_path == ("public",)
    assert state.namespace.prepared == ()


def test_a_state_made_of_a_namespace_has_it() -> None:
    state = SessionState()
    state.apply(set_path("a"))
    state.apply(Effect(EffectKind.PREPARE, "p", "SELECT 1"))
    assert SessionState.of(state.namespace).namespace == state.namespace


def test_what_changes_meaning() -> None:
    assert changes_meaning(set_path("a"))
    assert changes_meaning(ROLLBACK)
    assert not changes_meaning(BEGIN)
    assert not changes_meaning(Effect(EffectKind.SET, "DateStyle", "ISO"))


STEPS = st.lists(
    st.sampled_from(
        [
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT s",
            "SAVEPOINT u",
            "RELEASE s",
            "ROLLBACK TO s",
            "ROLLBACK TO u",
            "SET search_path = a",
            "SET search_path = b, a",
            "SET LOCAL search_path = b",
            "RESET search_path",
            "SELECT 1/0",
        ]
    ),
    max_size=14,
)
EFFECTS = {
    "BEGIN": BEGIN,
    "COMMIT": COMMIT,
    "ROLLBACK": ROLLBACK,
    "SAVEPOINT s": Effect(EffectKind.SAVEPOINT, "s"),
    "SAVEPOINT u": Effect(EffectKind.SAVEPOINT, "u"),
    "RELEASE s": Effect(EffectKind.RELEASE, "s"),
    "ROLLBACK TO s": Effect(EffectKind.ROLLBACK_TO, "s"),
    "ROLLBACK TO u": Effect(EffectKind.ROLLBACK_TO, "u"),
    "SET search_path = a": set_path("a"),
    "SET search_path = b, a": set_path("b, a"),
    "SET LOCAL search_path = b": set_path("b", local=True),
    "RESET search_path": set_path(""),
}


def test_any_history_ends_as_at_the_server(embedded_pg: PostgresServer) -> None:
    with psycopg.connect(embedded_pg.dsn("postgres"), autocommit=True) as connection:

        @settings(max_examples=150, deadline=None)
        @given(STEPS)
        def follow(steps: list[str]) -> None:
            connection.execute("ROLLBACK")
            connection.execute("SET search_path = DEFAULT")
            state = SessionState(("postgres", "public"), "postgres")
            for step in steps:
                try:
                    tag = connection.execute(step.encode()).statusmessage or ""
                except psycopg.Error:
                    state.error()
                else:
                    if step in EFFECTS:
                        state.apply(EFFECTS[step], tag.encode())
                state.ready({0: IDLE, 2: OPEN, 3: FAILED}[int(connection.info.transaction_status)])
                if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
                    row = connection.execute("SHOW search_path").fetchone()
                    shown = str(row[0]).replace('"$user"', "postgres").replace(" ", "") if row else ""
                    assert ",".join(state.namespace.search_path) == shown, (step, steps)

        follow()


def test_what_sql_makes_in_a_session_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "MAX_OBJECTS", 2)
    monkeypatch.setattr(state_module, "MAX_SAVEPOINTS", 1)
    monkeypatch.setattr(state_module, "MAX_TEXT", 30)
    state = SessionState()
    making = [
        Effect(EffectKind.PREPARE, "p", "SELECT 1"),
        Effect(EffectKind.SAVEPOINT, "s"),
        Effect(EffectKind.DECLARE, "c", "x"),
    ]
    assert state.holds(making)
    assert not state.holds([*making, Effect(EffectKind.TEMP_CREATE, "t")])
    assert not state.holds([Effect(EffectKind.PREPARE, "p", "x" * 31)])
    for effect in (BEGIN, *making):
        state.apply(effect)
    assert not state.holds([Effect(EffectKind.TEMP_CREATE, "t")])
    assert not state.holds([Effect(EffectKind.SAVEPOINT, "another")])
    assert state.holds([COMMIT, Effect(EffectKind.DEALLOCATE, "p")])
    state.apply(Effect(EffectKind.RELEASE, "s"))
    state.apply(Effect(EffectKind.DEALLOCATE, "p"))
    assert state.holds([Effect(EffectKind.TEMP_CREATE, "t"), Effect(EffectKind.SAVEPOINT, "s")])
