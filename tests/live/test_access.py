"""Access for a time on both engines: asked for by command line, API and client; at once in live sessions, and gone from them.

One gateway stands in front of both servers. What ends by the clock was approved when the module began, and is looked at last.
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import Deployment, eventually, password_of
from tests.support.servers import MariaDbServer

SHORTEST = 60.0  # seconds: no access is given for less
ENGINES = ["postgres", "mysql"]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    code: str
    text: str


@dataclass(slots=True)
class Client:
    """A live session of a person, on either engine. `run` raises Refused for what the gateway refuses."""

    engine: str
    connection: Any

    def run(self, text: str, values: tuple[object, ...] = ()) -> Rows:
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(text, values or None)
                return list(cursor.fetchall()) if cursor.description else []
        except psycopg.Error as error:
            raise Refused(error.sqlstate or "", str(error)) from None
        except pymysql.MySQLError as error:
            raise Refused(str(error.args[0]), str(error.args[1])) from None

    def may(self, text: str) -> bool:
        try:
            self.run(text)
        except Refused as refused:
            if "gateway: permission denied" not in refused.text:
                raise
            return False
        return True


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("access"), embedded_pg, mysql=mariadb) as running:
        yield running


@pytest.fixture(scope="module")
def approved_at(gate: Deployment) -> float:
    """When dora approved ann's shortest access to the products of both engines."""
    for engine in ENGINES:
        number = asked(gate, "ann", path(engine, "products"), "--for", "60s")
        gate.json("dora", "access", "approve", str(number))
    return time.monotonic()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, approved_at: float) -> str:
    return str(request.param)


@pytest.fixture
def ann(gate: Deployment, engine: str) -> Iterator[Client]:
    """An analyst, who may read the schema analytics and nothing else."""
    with opened(gate, engine, "ann") as connection:
        yield Client(engine, connection)


def opened(gate: Deployment, engine: str, person: str) -> Any:
    if engine == "mysql":
        return gate.mysql_client(person, autocommit=True)
    return psycopg.connect(gate.dsn(person), autocommit=True)


def path(engine: str, table: str) -> str:
    return f"pg1/shop/public/{table}" if engine == "postgres" else f"my1/shop/{table}"


def asked(gate: Deployment, person: str, on: str, *more: str, actions: str = "select") -> int:
    """The number of a request that the person made on the command line."""
    wanted = ("--on", on, "--actions", actions, "--reason", "month's end", *(more or ("--for", "1h")))
    return int(gate.json(person, "access", "request", *wanted)["number"])


def soon(what: str, check: Callable[[], bool]) -> None:
    eventually(what, 2.5, check)


def long_query(table: str) -> str:
    """Works for minutes without a row."""
    return f"SELECT COUNT(*) FROM {', '.join(f'{table} {letter}' for letter in 'abcdef')} WHERE a.id + b.id + c.id + d.id < 0"


def ends(client: Client, text: str, after: Callable[[], object]) -> Refused:
    """How a statement in flight ends once `after` was done half a second into it."""
    timer = threading.Timer(0.5, after)
    timer.start()
    with pytest.raises(Refused) as caught:
        client.run(text)
    timer.join()
    return caught.value


# Asked for, decided, taken back


def test_from_the_command_line_to_the_live_session_and_back(gate: Deployment, engine: str, ann: Client) -> None:
    query = "SELECT COUNT(*) FROM orders"
    assert not ann.may(query)
    number = asked(gate, "ann", path(engine, "orders"))
    (waiting,) = [item for item in gate.json("dora", "access", "list", "--state", "open") if item["number"] == number]
    assert (waiting["requester"], waiting["actions"], waiting["seconds"]) == ("ann", ["select"], 3600)
    assert gate.gateway("access", "approve", str(number), user="ann").returncode != 0, "nobody approves their own"
    assert not ann.may(query)
    assert gate.gateway("access", "approve", str(number), user="dora").returncode == 0
    soon("the access counts", lambda: ann.may(query))
    assert not ann.may("SELECT COUNT(*) FROM payments"), "bound to the object"
    assert not ann.may("DELETE FROM orders"), "bound to the action"
    with opened(gate, engine, "amy") as connection:
        assert not Client(engine, connection).may(query), "bound to the person"
    assert gate.gateway("access", "revoke", str(number), user="dora").returncode == 0
    soon("the access is gone", lambda: not ann.may(query))
    assert gate.json("ann", "access", "show", str(number))["state"] == "revoked"


def test_a_rejected_request_gives_nothing(gate: Deployment, engine: str, ann: Client) -> None:
    number = asked(gate, "ann", path(engine, "payments"))
    assert gate.gateway("access", "reject", str(number), "--comment", "use the view", user="olaf").returncode == 0
    shown = gate.json("ann", "access", "show", str(number))
    assert (shown["state"], shown["decided_by"], shown["comment"]) == ("rejected", "olaf", "use the view")
    assert not ann.may("SELECT COUNT(*) FROM payments")
    assert gate.gateway("access", "approve", str(number), user="dora").returncode != 0, "it is decided"


def test_asked_for_inside_the_client_and_by_the_api(gate: Deployment, engine: str, ann: Client) -> None:
    name = "public.categories" if engine == "postgres" else "shop.categories"
    ((number, state, on, actions, seconds, hint),) = ann.run(f"CALL gateway.request_access('select', '{name}', '4h', 'why')")
    assert (state, on, actions, seconds) == ("open", path(engine, "categories"), "select", 4 * 3600)
    assert hint.endswith(f"gateway access approve {number}")
    waits = f"SELECT state, title, mine, waits_for_me FROM gateway.issues WHERE kind = 'access' AND number = {number}"
    title = f"select on {on}: why"
    assert [tuple(row) for row in ann.run(waits)] == [("open", title, True, False)]
    with opened(gate, engine, "olaf") as connection:
        assert [tuple(row) for row in Client(engine, connection).run(waits)] == [("open", title, False, True)]
    with httpx.Client(base_url=f"{gate.url}/api/v1", trust_env=False) as api:
        login = api.post("/login", json={"user": "olaf", "password": password_of("olaf")})
        token = {"Authorization": f"Bearer {login.json()['token']}"}
        assert api.get(f"/access-requests/{number}", headers=token).json()["reason"] == "why"
        assert api.post(f"/access-requests/{number}/approve", headers=token, json={}).json()["state"] == "approved"
        soon("the access counts", lambda: ann.may("SELECT COUNT(*) FROM categories"))
        ((until,),) = ann.run(f"SELECT until FROM gateway.grants WHERE object = '{on}'")
        assert until is not None
        assert api.post(f"/access-requests/{number}/revoke", headers=token, json={}).json()["state"] == "revoked"
    soon("the access is gone", lambda: not ann.may("SELECT COUNT(*) FROM categories"))
    assert ann.run(f"SELECT until FROM gateway.grants WHERE object = '{on}'") == []


def test_a_masked_column_is_asked_for_as_its_refusal_says(gate: Deployment, engine: str, approved_at: float) -> None:
    query = "SELECT COUNT(*) FROM customers WHERE email = 'x'"
    with opened(gate, engine, "alice") as connection:
        alice = Client(engine, connection)
        with pytest.raises(Refused) as refused:
            alice.run(query)
        hint = re.search(r"--on (\S+) --actions (\w+) --for (\w+)", refused.value.text)
        assert hint is not None
        assert hint[1].endswith("customers/email")
        number = asked(gate, "alice", hint[1], "--for", "1h30m", actions=hint[2])
        assert gate.json("alice", "access", "show", str(number))["seconds"] == 5_400
        assert gate.gateway("access", "approve", str(number), user="dora").returncode == 0
        soon("the column may be compared", lambda: alice.may(query))
        assert not alice.may("SELECT COUNT(*) FROM customers WHERE phone = 'x'")
        with pytest.raises(Refused, match="no duration"):
            alice.run("CALL gateway.request_access('select', 'x', '²h', 'why')")
        ((again, *_),) = alice.run(f"CALL gateway.request_access('infer', '{hint[1]}', '1h30m', 'why')")
        assert gate.json("alice", "access", "show", str(again))["seconds"] == 5_400
        assert gate.gateway("access", "revoke", str(number), user="dora").returncode == 0


# Statements in flight


def test_revoking_ends_what_runs(gate: Deployment, engine: str, ann: Client) -> None:
    number = asked(gate, "ann", path(engine, "orders"))
    gate.json("dora", "access", "approve", str(number))
    soon("the access counts", lambda: ann.may("SELECT COUNT(*) FROM orders"))
    began = time.monotonic()
    refused = ends(ann, long_query("orders"), lambda: gate.gateway("access", "revoke", str(number), user="dora"))
    assert time.monotonic() - began < 15
    assert refused.code == {"postgres": "42501", "mysql": "1142"}[engine]
    assert "permission ended while the statement ran" in refused.text
    assert ann.run("SELECT 1") == [(1,)], "the session lives on"


def test_a_standing_grant_ends_what_runs_when_it_expires(gate: Deployment, engine: str, ann: Client) -> None:
    """As access for a time does: it is the same grant."""
    with httpx.Client(base_url=f"{gate.url}/api/v1", trust_env=False) as api:
        login = api.post("/login", json={"user": "dora", "password": password_of("dora")})
        token = {"Authorization": f"Bearer {login.json()['token']}"}
        body: dict[str, object] = {
            "subject": "user:ann",
            "project": "shop",
            "object": path(engine, "payments"),
            "action": "select",
        }
        body |= {"reason": "for a moment", "expires_at": time.time() + 6}
        assert api.post("/grants", headers=token, json=body).status_code == 201
    soon("the grant counts", lambda: ann.may("SELECT COUNT(*) FROM payments"))
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        ann.run(long_query("payments").replace(".id", ".order_id"))
    assert time.monotonic() - began < 12
    assert "permission ended while the statement ran" in caught.value.text
    assert not ann.may("SELECT COUNT(*) FROM payments")


# What is reported


def test_access_that_nobody_used_is_reported(gate: Deployment, engine: str, ann: Client) -> None:
    used, idle = (asked(gate, "ann", path(engine, table)) for table in ("customers", "order_items"))
    for number in (used, idle):
        gate.json("dora", "access", "approve", str(number))
    soon("the access counts", lambda: ann.may("SELECT COUNT(*) FROM customers"))

    def reported() -> set[str]:
        return {item["object"] for item in gate.json("dora", "access", "unused")}

    soon("what was used is not reported", lambda: path(engine, "customers") not in reported())
    assert path(engine, "order_items") in reported()
    for number in (used, idle):
        gate.json("dora", "access", "revoke", str(number))


# In the client


def test_the_relations_of_the_gateway(gate: Deployment, engine: str, ann: Client) -> None:
    assert not ann.may("SELECT * FROM payments")
    ((outcome, message, hint),) = ann.run("SELECT outcome, message, hint FROM gateway.denials ORDER BY time DESC LIMIT 1")
    on = path(engine, "payments")
    assert (outcome, message) == ("deny", f"permission denied: select on {on}")
    assert hint.startswith(f"ask for access: gateway access request --on {on} --actions select")
    assert ("statement", "text") in ann.run("SELECT `column`, type FROM gateway.columns".replace("`", quote(engine)))
    rules = ann.run("SELECT object FROM gateway.grants WHERE actions = %s ORDER BY object LIMIT %s", ("select|export", 1))
    assert rules == [("*/*/analytics/**",)]
    assert ann.run("SELECT COUNT(*) FROM gateway.limits")[0][0] >= 0
    assert ann.run("SELECT number FROM gateway.issues WHERE mine AND state <> 'unused'") == []
    explained = ann.run("CALL gateway.explain(%s)", ("SELECT * FROM payments",))
    assert explained[0][2] == "deny"


def quote(engine: str) -> str:
    return "`" if engine == "mysql" else '"'


FAULTS = [
    ("SELECT * FROM gateway.nothing", "42P01", "1146", "There are: grants, masks, limits, issues, denials, columns"),
    ("SELECT nothing FROM gateway.grants", "42703", "1054", "There are: object, actions"),
    ("CALL gateway.nothing()", "42883", "1305", "request_access"),
    ("CALL gateway.explain('SELECT 1', 'x')", "42883", "1318", "gateway.explain"),
    ("INSERT INTO gateway.grants VALUES (1)", "0A000", "1235", "read and called"),
    ("SELECT * FROM gateway.grants JOIN orders ON true", "0A000", "1235", "gateway"),
    ("CALL gateway.request_access('fly', 'orders', '4h', 'why')", "22023", "1210", "no such action"),
    ("CALL gateway.request_access('select', 'orders', 'long', 'why')", "22023", "1210", "no duration"),
]


@pytest.mark.parametrize(("text", "sqlstate", "number", "says"), FAULTS)
def test_faults_are_told_as_the_servers_tell_theirs(
    engine: str, ann: Client, text: str, sqlstate: str, number: str, says: str
) -> None:
    with pytest.raises(Refused) as caught:
        ann.run(text)
    assert caught.value.code == (sqlstate if engine == "postgres" else number)
    assert says in caught.value.text


def test_transactions_are_what_they_were(gate: Deployment, engine: str) -> None:
    """As owner of what it writes: an answer of the gateway's neither ends a transaction nor changes its outcome."""
    with opened(gate, engine, "wide") as connection:
        wide = Client(engine, connection)
        wide.run("BEGIN")
        wide.run("UPDATE products SET stock = stock + 1 WHERE id = 1")
        wide.run("SELECT * FROM gateway.grants")
        if engine == "mysql":
            assert connection.server_status & pymysql.constants.SERVER_STATUS.SERVER_STATUS_IN_TRANS
            with pytest.raises(Refused):
                wide.run("SELECT * FROM gateway.nothing")
            assert connection.server_status & pymysql.constants.SERVER_STATUS.SERVER_STATUS_IN_TRANS
        else:
            assert connection.info.transaction_status.name == "INTRANS"
            with pytest.raises(Refused):
                wide.run("SELECT * FROM gateway.nothing")
            assert connection.info.transaction_status.name == "INERROR"
        wide.run("ROLLBACK")


def test_every_such_statement_is_in_the_audit_and_none_reaches_the_server(
    gate: Deployment, engine: str, ann: Client, mariadb: MariaDbServer
) -> None:
    mark = f"seen on {engine} at {time.time()}"
    with server_log(mariadb) as seen:
        ann.run(f"SELECT COUNT(*) FROM gateway.denials WHERE statement = '{mark}'")
        ann.run(f"CALL gateway.explain('SELECT ''{mark}''')")
        with pytest.raises(Refused):
            ann.run(f"UPDATE gateway.grants SET object = '{mark}'")
        ann.run("SELECT 'the log works'")
        assert not any(mark in text for text in seen())
        assert engine == "postgres" or any("the log works" in text for text in seen())

    def recorded() -> list[tuple[str, str]]:
        records = [item for item in gate.records() if item["kind"] == "statement" and mark in item.get("text", "")]
        return [(item["relations"][0]["path"], item["decision"]["outcome"]) for item in records]

    wanted = [("gateway/denials", "allow"), ("gateway/explain", "allow"), ("gateway", "deny")]
    soon("they are recorded", lambda: recorded() == wanted)


@contextlib.contextmanager
def server_log(mariadb: MariaDbServer) -> Iterator[Callable[[], list[str]]]:
    """What MariaDB was asked meanwhile, by its own general log."""
    options: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    with pymysql.connect(**options, autocommit=True) as admin, admin.cursor() as cursor:
        cursor.execute("SET GLOBAL log_output = 'TABLE'")
        cursor.execute("TRUNCATE mysql.general_log")
        cursor.execute("SET GLOBAL general_log = ON")

        def seen() -> list[str]:
            cursor.execute("SELECT argument FROM mysql.general_log WHERE user_host NOT LIKE %s", (f"%{mariadb.user}%",))
            return [text.decode() if isinstance(text, bytes) else text for (text,) in cursor.fetchall()]

        try:
            yield seen
        finally:
            cursor.execute("SET GLOBAL general_log = OFF")


# By the clock: last


def test_the_shortest_access_ends_by_itself_with_what_runs(
    gate: Deployment, engine: str, ann: Client, approved_at: float
) -> None:
    query = "SELECT COUNT(*) FROM products"
    left = approved_at + SHORTEST - time.monotonic()
    if left > 3:  # the first engine: it is there, then it goes
        assert ann.may(query)
        time.sleep(max(left - 3, 0))
        with pytest.raises(Refused) as caught:
            ann.run(long_query("products"))
        assert "permission ended while the statement ran" in caught.value.text
    soon("it has ended", lambda: not ann.may(query))
    shown = [item for item in gate.json("dora", "access", "list") if item["object"] == path(engine, "products")]
    assert shown[0]["state"] == "approved"
    assert gate.gateway("access", "revoke", str(shown[0]["number"]), user="dora").returncode != 0, "nothing is left of it"
