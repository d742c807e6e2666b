"""What passes looks as it does directly; what is refused says why; projects end where their databases do."""

import threading
from pathlib import Path
from typing import Any

import pymysql
import pytest

from gateway.model.identity import RoleBinding
from gateway.verdict import Judge, Verdict
from tests.live.mysql.talk import one, outcome, refusal
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import LiveGateway
from tests.support.servers import MariaDbServer


def test_results_are_as_on_a_direct_connection(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    direct: dict[str, Any] = {"host": mariadb.host, "port": mariadb.port, "user": mariadb.user, "password": mariadb.password}
    texts = [
        "SELECT * FROM allowed ORDER BY id",
        "SELECT 1, NULL, 'x', 1.5, CAST('2024-01-01' AS DATE)",
        "UPDATE allowed SET note = note WHERE id = 1",
        "SHOW TABLES",
        "SHOW CREATE TABLE allowed",
        "DESCRIBE allowed",
        "EXPLAIN SELECT * FROM allowed",
        "SELECT * FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'allowed'",
        "SELECT * FROM missing",
        "SELEC",
        "",
        "INSERT INTO allowed VALUES (1, 'again')",
    ]
    with gateway.connect(autocommit=True) as ours, pymysql.connect(database="shop", autocommit=True, **direct) as theirs:
        for text in texts:
            assert outcome(ours, text) == outcome(theirs, text), text


def test_a_refusal_names_action_path_and_rule_and_the_session_lives(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as connection:
        number, text = refusal(connection, "SELECT * FROM secret")
        assert number == 1142
        assert text.startswith("gateway: permission denied: select on my1/shop/secret")
        assert "policy version" in text
        assert one(connection, "SELECT note FROM allowed WHERE id = 1") == (("one",),)


def test_a_refusal_leaves_the_transaction_alone(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as connection:
        one(connection, "BEGIN")
        one(connection, "UPDATE allowed SET note = 'changed' WHERE id = 2")
        refusal(connection, "SELECT * FROM secret")
        assert one(connection, "SELECT note FROM allowed WHERE id = 2") == (("changed",),)
        one(connection, "ROLLBACK")
        assert one(connection, "SELECT note FROM allowed WHERE id = 2") == (("two",),)


def test_one_refused_of_several_statements_refuses_all(gateway: LiveGateway) -> None:
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with gateway.connect("bob", client_flag=flags, autocommit=True) as connection:
        refusal(connection, "UPDATE allowed SET note = 'x' WHERE id = 1; SELECT * FROM secret")
        assert one(connection, "SELECT note FROM allowed WHERE id = 1") == (("one",),)
        refusal(connection, "USE other; SELECT * FROM things")


def test_several_results(gateway: LiveGateway) -> None:
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with gateway.connect(client_flag=flags) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT 2; SET @a = 3; SELECT @a")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall())
        assert results == [((1,),), ((2,),), [], ((3,),)]
        cursor.execute("CALL twice()")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall())
        assert results[:2] == [((1,),), ((2,),)]


def test_each_statement_of_a_text_is_recorded(gateway: LiveGateway) -> None:
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with gateway.connect(client_flag=flags) as connection:
        one(connection, "SELECT 101; SELECT id FROM allowed")
    records = gateway.records()
    begun = {record["statement_id"]: record for record in records if record["kind"] == "statement"}
    texts = {begun[record["statement_id"]]["text"].strip(): record for record in records if record["kind"] == "statement.end"}
    assert texts["SELECT 101"]["rows"] == 1
    assert texts["SELECT id FROM allowed"]["rows"] == 3


def test_policy_counts_at_once(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path) as live, live.connect("bob") as connection:
        text = "SELECT count(*) FROM allowed"
        assert one(connection, text) == ((3,),)
        assert one(connection, text) == ((3,),)
        live.set_policy("p, user:bob, *, */*, connect, , allow\n")
        assert refusal(connection, text)[0] == 1142


def test_review_answers_with_the_issue(access: Access, tmp_path: Path) -> None:
    policy = "p, user:bob, *, */*, connect|propose, , allow\np, user:bob, *, */*/allowed, select, , allow\n"
    with LiveGateway(access, tmp_path, policy) as live, live.connect("bob") as connection:
        text = "ALTER TABLE allowed ADD COLUMN extra INT"
        number, message = refusal(connection, text)
        assert number == 1142
        assert message.startswith("gateway: ALTER TABLE on my1/shop needs an approved change issue: #1")
        assert "http://gateway.test/api/v1/issues/1" in message
        live.running.reviews.approved.add(text)
        one(connection, text)
        live.running.reviews.approved.add("ALTER TABLE allowed DROP COLUMN extra")
        one(connection, "ALTER TABLE allowed DROP COLUMN extra")
    assert live.running.reviews.outcomes == [(1, None), (0, None)]


def test_a_role_of_one_project_gives_nothing_in_anothers_database(access: Access, tmp_path: Path) -> None:
    policy = "p, reader, *, **, *, , allow\n"
    options: dict[str, Any] = {
        "databases": ("shop", "other"),
        "projects": {"shop": "a", "other": "b"},
        "bindings": {"bob": (RoleBinding("reader", "a"),)},
    }
    with LiveGateway(access, tmp_path, policy, **options) as live, live.connect("bob") as connection:
        assert one(connection, "SELECT count(*) FROM shop.allowed") == ((3,),)
        for text in (
            "SELECT * FROM other.things",
            "SELECT * FROM allowed a JOIN other.things t ON a.id = t.id",
            "INSERT INTO allowed SELECT id, '' FROM other.things",
            "SELECT (SELECT max(id) FROM other.things)",
            "USE other",
            "SELECT * FROM hidden.things",  # registered nowhere
            "SELECT * FROM mysql.user",
        ):
            number, message = refusal(connection, text)
            assert number == 1142, text
            assert "permission denied" in message, text
        with pytest.raises(pymysql.err.OperationalError):
            connection.select_db("other")


def test_use_moves_the_session(gateway: LiveGateway) -> None:
    with gateway.connect("alice", None) as connection:
        assert refusal(connection, "SELECT * FROM things")[0] in {1046, 1142}
        connection.select_db("other")
        assert one(connection, "SELECT * FROM things") == ((7,),)
        one(connection, "USE shop")
        assert len(one(connection, "SELECT * FROM allowed")) == 3
    ends = [record for record in gateway.records() if record.get("text") == "SELECT * FROM things"]
    assert ends[-1]["database"] == "other"


def test_long_texts_are_judged_beside_the_loop(gateway: LiveGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dump's INSERT takes its sender's time; the other sessions' statements are judged meanwhile."""
    threads: list[str] = []
    make = Judge.make

    def watched(judge: Judge, *arguments: Any) -> Verdict:
        threads.append(threading.current_thread().name)
        return make(judge, *arguments)

    monkeypatch.setattr(Judge, "make", watched)
    rows = ", ".join(f"({number}, 'row {number}')" for number in range(1000, 3000))
    with gateway.connect() as alice, gateway.connect(user="bob") as bob:
        one(alice, f"INSERT INTO allowed VALUES {rows}")
        assert one(alice, "SELECT count(*) FROM allowed WHERE id >= 1000") == ((2000,),)
        one(alice, "DELETE FROM allowed WHERE id >= 1000")
        number, message = refusal(bob, f"INSERT INTO secret VALUES {rows}")
        assert (number, "insert on my1/shop/secret" in message) == (1142, True)
    assert len(threads) == 2
    assert all(name.startswith("long texts") for name in threads)
