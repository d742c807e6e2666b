"""What changes while sessions live counts for their next statement, within a second, prepared statements included."""

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import Deployment, eventually

Connection = psycopg.Connection[Any]
WITHIN = 1.0  # seconds that a change may take to count; the machine's own slowness comes on top
SLACK = 1.5


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("changing"), embedded_pg) as running:
        yield running


@pytest.fixture
def alice(gate: Deployment) -> Iterator[Connection]:
    with psycopg.connect(gate.dsn("alice"), autocommit=True, prepare_threshold=1) as connection:
        yield connection


def passes(connection: Connection, query: str, *parameters: object) -> bool:
    try:
        connection.execute(query, parameters or None)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def turns(what: str, check: Callable[[], bool]) -> None:
    eventually(what, WITHIN + SLACK, check)


def edit(gate: Deployment, change: Callable[[str], str]) -> None:
    path = gate.bundle / "policy.csv"
    path.write_text(change(path.read_text()))


def test_an_edit_of_the_bundle_counts_for_prepared_statements(gate: Deployment, alice: Connection) -> None:
    query = "SELECT name FROM customers WHERE id = %s"
    for number in range(5):
        assert passes(alice, query, number + 1)
    alice.execute("PREPARE by_sql AS SELECT name FROM customers WHERE id = $1")
    alice.execute("BEGIN")
    alice.execute("DECLARE walk CURSOR WITH HOLD FOR SELECT name FROM customers")
    alice.execute("COMMIT")
    rule = "p, developer, *, */*/public/customers, select, user == 'alice', deny\n"
    edit(gate, lambda text: text + rule)
    turns("the denial counts", lambda: not passes(alice, query, 1))
    assert not passes(alice, "EXECUTE by_sql(1)")
    assert not passes(alice, "FETCH 1 FROM walk")
    assert passes(alice, "SELECT count(*) FROM products")
    edit(gate, lambda text: text.replace(rule, ""))
    turns("the denial is gone", lambda: passes(alice, query, 1))
    assert passes(alice, "EXECUTE by_sql(1)")


def test_a_bundle_with_a_mistake_is_not_taken(gate: Deployment, alice: Connection) -> None:
    edit(gate, lambda text: text + "p, developer, only three\n")
    eventually("it is said loudly, by line", 5, lambda: '"level": "error"' in gate.log and "policy.csv:" in gate.log)
    assert passes(alice, "SELECT count(*) FROM customers")
    assert not passes(alice, "SELECT * FROM hr.employees")
    edit(gate, lambda text: text.replace("p, developer, only three\n", ""))


def test_a_grant_for_a_time_ends_by_the_clock(gate: Deployment, alice: Connection) -> None:
    query = "SELECT count(*) FROM hr.employees WHERE id > %s"
    assert not passes(alice, query, 0)
    token = gate.json("dora", "token", "create", "granting", "--expires-in", "1h")["token"]
    grant = {"subject": "alice", "action": "select", "project": "shop", "object": "pg1/shop/hr/employees"}
    given = httpx.post(
        f"{gate.url}/api/v1/grants",
        json={**grant, "expires_at": time.time() + 5, "reason": "a case"},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert given.status_code == 201, given.text
    granted = time.monotonic()
    turns("the grant counts", lambda: passes(alice, query, 0))
    assert passes(alice, query, 0)
    eventually("the grant ends", 5 + WITHIN + SLACK, lambda: not passes(alice, query, 0))
    assert 3.5 < time.monotonic() - granted < 5 + WITHIN + SLACK


def test_a_role_given_and_taken_in_the_store(gate: Deployment, alice: Connection) -> None:
    assert not passes(alice, "UPDATE categories SET name = name")
    given = gate.gateway("user", "grant-role", "alice", "dba", "-c", str(gate.config))
    assert given.returncode == 0, given.stderr
    turns("the role counts", lambda: passes(alice, "UPDATE categories SET name = name"))
    assert gate.gateway("user", "revoke-role", "alice", "dba", "-c", str(gate.config)).returncode == 0
    turns("the role is gone", lambda: not passes(alice, "UPDATE categories SET name = name"))


def test_a_disabled_user_is_put_out(gate: Deployment) -> None:
    with psycopg.connect(gate.dsn("ann"), autocommit=True) as ann:
        ann.execute("SELECT 1")
        assert gate.gateway("user", "disable", "ann", "-c", str(gate.config)).returncode == 0

        def ended() -> bool:
            try:
                ann.execute("SELECT 1")
            except psycopg.OperationalError as error:
                return error.sqlstate == "57P01"
            return False

        turns("the session ends", ended)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(gate.dsn("ann"))
    assert gate.gateway("user", "enable", "ann", "-c", str(gate.config)).returncode == 0
    turns("ann may come again", lambda: _may_enter(gate, "ann"))


def _may_enter(gate: Deployment, user: str) -> bool:
    try:
        psycopg.connect(gate.dsn(user)).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_change_of_the_schema_counts_at_once(gate: Deployment, alice: Connection) -> None:
    """Made past the gateway: a table that the catalog does not know yet is looked for before it counts as missing."""
    with psycopg.connect(gate.direct(), autocommit=True) as straight:
        straight.execute("CREATE TABLE public.fresh AS SELECT 1 AS a")
        assert passes(alice, "SELECT a FROM fresh")
        straight.execute("DROP TABLE public.fresh")
        with pytest.raises(psycopg.errors.UndefinedTable):
            alice.execute("SELECT a FROM fresh")


def test_sighup_reloads(gate: Deployment, alice: Connection) -> None:
    before = gate.log.count("policy ")
    gate.signal(signal.SIGHUP)
    assert passes(alice, "SELECT count(*) FROM customers")
    assert gate.process is not None
    assert gate.process.poll() is None
    assert gate.log.count("policy ") >= before
