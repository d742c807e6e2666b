"""The HTTP API under somebody who rules one project, `lab`, and wants what belongs to another, `shop`."""

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from gateway.demo.home import SERVER_USER
from tests.attacks.stage import Stage
from tests.support.deployment import eventually, password_of

MALLORY = "mallory"
LISTS = ["/issues", "/grants", "/users", "/roles", "/tokens", "/sessions", "/access-requests", "/audit"]
JSON = {"content-type": "application/json"}
_ALTER = "ALTER TABLE customers ADD COLUMN of_mallory_{} int"


@dataclass(slots=True)
class Api:
    """The API as several people see it."""

    stage: Stage
    client: httpx.Client
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, who: str, method: str, path: str, **options: Any) -> httpx.Response:
        if who not in self.tokens:
            login = {"user": who, "password": password_of(who)}
            answer = self.client.post("/api/v1/login", json=login)
            assert answer.status_code == 201, answer.text
            self.tokens[who] = answer.json()["token"]
        headers = {"authorization": f"Bearer {self.tokens[who]}"} | options.pop("headers", {})
        return self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    def status(self, who: str, method: str, path: str, **options: Any) -> int:
        return self.call(who, method, path, **options).status_code


@pytest.fixture(scope="module")
def api(stage: Stage) -> Iterator[Api]:
    client = httpx.Client(base_url=stage.gateway.url, trust_env=False, timeout=30)
    made = Api(stage, client)
    assert made.status("dora", "PUT", "/projects/lab") == 201
    with psycopg.connect(stage.gateway.server.dsn(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE lab OWNER {SERVER_USER}")
    assert made.status("dora", "PUT", "/databases/pg1/lab", json={"project": "lab"}) == 200
    assert made.status("dora", "POST", "/users", json={"name": MALLORY, "password": password_of(MALLORY)}) == 201
    for role in ("dba", "owner", "developer"):
        body = {"subject": MALLORY, "role": role, "project": "lab"}
        assert made.status("dora", "PUT", "/roles", json=body) == 200
    eventually("she is let into lab", 10, lambda: _connects(stage, "pg1/lab"))
    yield made
    assert made.status("dora", "DELETE", f"/users/{MALLORY}") == 204
    client.close()


def _connects(stage: Stage, database: str) -> bool:
    try:
        psycopg.connect(stage.gateway.dsn(MALLORY, database), connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def _issue(api: Api, name: str, user: str = "alice") -> int:
    state, message, _ = api.stage.play(_ALTER.format(name), user=user)[0]
    assert state == "42501", message
    return int(message.rsplit("#", 1)[1])


# --- what belongs to another project


def test_issues_of_another_project_do_not_exist(api: Api) -> None:
    number = _issue(api, "one")
    for method, path, body in [
        ("GET", f"/issues/{number}", None),
        ("GET", f"/issues/{number}/schema", None),
        ("POST", f"/issues/{number}/approve", {"version": 1}),
        ("POST", f"/issues/{number}/reject", {"comment": "x"}),
        ("POST", f"/issues/{number}/comments", {"comment": "x"}),
        ("POST", f"/issues/{number}/cancel", {}),
        ("POST", f"/issues/{number}/rollout", {}),
        ("POST", f"/issues/{number}/rollout", {"assume": "done"}),
    ]:
        answer = api.call(MALLORY, method, path, json=body) if body is not None else api.call(MALLORY, method, path)
        assert answer.status_code == 404, (method, path, answer.text)
    for query in ("", "?requester=alice", "?database=pg1/shop", "?limit=500", "?state=open"):
        answer = api.call(MALLORY, "GET", f"/issues{query}")
        assert [item["number"] for item in answer.json().get("items", [])] == []
    issue = api.call("alice", "GET", f"/issues/{number}").json()
    assert (issue["state"], len(issue["events"])) == ("open", 1)
    answer = api.call(MALLORY, "POST", "/issues", json={"database": "pg1/shop", "sql": _ALTER.format("two")})
    assert answer.status_code == 404


def test_access_requests_of_another_project_do_not_exist(api: Api) -> None:
    wanted = {"object": "pg1/shop/hr/employees", "actions": ["select"], "seconds": 3600, "reason": "why"}
    number = api.call("alice", "POST", "/access-requests", json=wanted).json()["number"]
    for method, path, body in [
        ("GET", f"/access-requests/{number}", None),
        ("POST", f"/access-requests/{number}/approve", {}),
        ("POST", f"/access-requests/{number}/reject", {"comment": "x"}),
        ("POST", f"/access-requests/{number}/cancel", {}),
    ]:
        assert api.status(MALLORY, method, path, **({} if body is None else {"json": body})) == 404
    assert api.call(MALLORY, "GET", "/access-requests").json()["items"] == []
    assert api.status("alice", "POST", f"/access-requests/{number}/approve", json={}) == 403
    for more in ({"actions": ["admin"]}, {"actions": ["approve"]}, {"actions": ["approve_own"]}, {"object": "*/shop"}):
        assert api.status("alice", "POST", "/access-requests", json=wanted | more) in (404, 409)
    assert api.status("alice", "POST", f"/access-requests/{number}/cancel", json={}) == 200


def test_sessions_of_another_project_are_neither_seen_nor_ended(api: Api) -> None:
    with psycopg.connect(api.stage.gateway.dsn("alice"), autocommit=True) as session:
        session.execute("SELECT 1")
        mine = api.call("alice", "GET", "/sessions?limit=500").json()["items"]
        assert mine
        assert {item["user"] for item in mine} == {"alice"}
        seen = api.call(MALLORY, "GET", "/sessions?limit=500").json()["items"]
        assert all(item["project"] == "lab" or item["user"] == MALLORY for item in seen)
        assert api.status(MALLORY, "DELETE", f"/sessions/{mine[0]['id']}") == 403
        session.execute("SELECT 1")


def test_the_audit_log_of_another_project_is_closed(api: Api) -> None:
    api.stage.settled()
    for query in (
        "",
        "?user=alice",
        "?instance=pg1",
        "?database=shop",
        "?instance=pg1&database=shop",
        "?relation=pg1/shop/**",
        "?instance=pg1&database=sh*",
        "?instance=&database=",
    ):
        assert api.status(MALLORY, "GET", f"/audit{query}") == 403, query
    records = api.call(MALLORY, "GET", "/audit?instance=pg1&database=lab&user=alice").json()["records"]
    assert records == []


def test_people_tokens_and_roles_are_not_hers_to_change(api: Api) -> None:
    grant = {"subject": MALLORY, "object": "**", "action": "*"}
    for method, path, body in [
        ("GET", "/users", None),
        ("GET", "/users/alice", None),
        ("PATCH", "/users/alice", {"disabled": True}),
        ("PUT", "/users/alice/password", {"password": "new"}),
        ("PUT", "/users/dora/password", {"password": "new", "current": password_of(MALLORY)}),
        ("DELETE", "/users/alice", None),
        ("POST", "/users", {"name": "eve", "password": "x"}),
        ("PUT", "/groups/owners", {"members": [MALLORY]}),
        ("DELETE", "/groups/owners", None),
        ("GET", "/tokens?user=alice", None),
        ("GET", "/tokens?user=*", None),
        ("POST", "/tokens", {"name": "t", "user": "dora", "expires_in": 60}),
        ("POST", "/tokens", {"name": "t"}),
        ("DELETE", "/tokens/alice/x", None),
        ("PUT", "/roles", {"subject": MALLORY, "role": "dba", "project": ""}),
        ("PUT", "/roles", {"subject": MALLORY, "role": "dba", "project": "*"}),
        ("PUT", "/roles", {"subject": MALLORY, "role": "dba", "project": "shop"}),
        ("PUT", "/roles", {"subject": MALLORY, "role": "dba"}),
        ("DELETE", "/roles?subject=alice&role=developer&project=shop", None),
        ("POST", "/grants", grant),
        ("POST", "/grants", grant | {"project": "*"}),
        ("POST", "/grants", grant | {"project": "shop"}),
        ("PUT", "/instances/pg1", {"engine": "postgres", "host": "evil", "port": 1, "environment": "prod", "username": "x"}),
        ("DELETE", "/instances/pg1", None),
        ("GET", "/instances", None),
        ("PUT", "/projects/mine", None),
        ("DELETE", "/projects/shop", None),
        ("PUT", "/environments/mine", None),
        ("PUT", "/databases/pg1/shop", {"project": "lab"}),
        ("PUT", "/databases/pg1/postgres", {"project": "lab"}),  # nobody registered it: it is not hers to take
        ("PUT", "/databases/pg1/lab", {"project": "shop"}),
        ("DELETE", "/databases/pg1/shop", None),
        ("POST", "/policies/explain", {"database": "pg1/lab", "user": "alice", "statement": "SELECT 1"}),
    ]:
        answer = api.call(MALLORY, method, path, **({} if body is None else {"json": body}))
        assert answer.status_code == 403, (method, path, body, answer.status_code, answer.text)
    assert api.status(MALLORY, "POST", "/policies/explain", json={"database": "pg1/shop", "statement": "SELECT 1"}) == 404
    names = {item["name"] for item in api.call(MALLORY, "GET", "/databases").json()["items"]}
    assert "shop" not in str(names)
    subjects = {(item["subject"], item["project"]) for item in api.call(MALLORY, "GET", "/roles").json()["items"]}
    assert subjects == {(MALLORY, "lab")}


def test_a_grant_in_her_own_project_reaches_no_further(api: Api) -> None:
    for path in ("pg1/shop/**", "**", "gateway/**"):
        body = {"subject": MALLORY, "object": path, "action": "*", "project": "lab"}
        assert api.status(MALLORY, "POST", "/grants", json=body) == 201
    assert not _connects(api.stage, "pg1/shop")
    assert not _connects(api.stage, "shop")
    assert api.status(MALLORY, "GET", "/users") == 403
    assert api.status(MALLORY, "GET", "/audit") == 403
    seen = api.call(MALLORY, "GET", "/grants?limit=500").json()["items"]
    assert {item["project"] for item in seen} == {"lab"}
    others = api.call("dora", "POST", "/grants", json={"subject": "bob", "object": "pg1/shop", "action": "connect"}).json()
    assert api.status(MALLORY, "DELETE", f"/grants/{others['id']}") == 403
    assert api.status("dora", "DELETE", f"/grants/{others['id']}") == 204
    for item in seen:
        assert api.status(MALLORY, "DELETE", f"/grants/{item['id']}") == 204


# --- what comes in


def _bodies(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            if "requestBody" in about:
                yield method.upper(), path.removeprefix("/api/v1")


def test_no_body_takes_a_field_it_does_not_know(api: Api) -> None:
    document = api.client.get("/openapi.json").json()
    found = list(_bodies(document))
    assert len(found) > 15
    for method, path in found:
        filled = path.format(**dict.fromkeys(("name", "user", "instance", "identifier", "number", "session_id"), "1"))
        bodies: list[Any] = [{"unheard_of": 1}, [], "text", None, {"granted_by": "dora", "requester": "dora", "id": 1}]
        for body in bodies:
            answer = api.call("dora", method, filled, json=body)
            assert answer.status_code in (404, 409, 422), (method, path, body, answer.status_code, answer.text)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=501", "limit=1e9", "cursor=%00", "cursor=a", "cursor=" + "A" * 2000, "limit=x"]
)
@pytest.mark.parametrize(
    "path", ["/issues", "/grants", "/users", "/roles", "/tokens", "/sessions", "/access-requests", "/audit"]
)
def test_pages_have_limits(api: Api, path: str, query: str) -> None:
    answer = api.call("dora", "GET", f"{path}?{query}")
    assert answer.status_code in (400, 422) or (query == "cursor=a" and answer.status_code == 200), answer.text
    assert answer.headers["content-type"] in ("application/problem+json", "application/json")


@pytest.mark.parametrize(
    "path",
    [
        "/users/..%2f..%2fetc%2fpasswd",
        "/users/%00",
        "/users/" + "a" * 5000,
        "/databases/pg1/..%2f..%2fshop",
        "/issues/999999999999999999999999",
        "/issues/-1",
        "/issues/1%20OR%201=1",
        "/sessions/..%2f",
        "/tokens/alice/..%2f..",
        "/users/%ff%fe",
        "/../../api/v1/users/alice/password",
    ],
)
def test_names_in_paths_are_names(api: Api, path: str) -> None:
    for method in ("GET", "DELETE"):
        assert api.status("alice", method, path) in (400, 403, 404, 405, 422)


def test_large_bodies_are_refused_before_they_are_held(api: Api) -> None:
    answer = api.call("alice", "POST", "/issues", content=b"x" * (17 * 1024 * 1024), headers=JSON)
    assert answer.status_code == 413

    def drops() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * 1024 * 1024

    try:
        answer = api.call("alice", "POST", "/issues", content=drops(), headers=JSON)
    except httpx.TransportError:
        pass  # the answer was there before all of the body, and the connection closed behind it
    else:
        assert answer.status_code == 413
    deep = b"[" * 100_000 + b"]" * 100_000
    answer = api.call("alice", "POST", "/issues", content=deep, headers=JSON)
    assert answer.status_code in (400, 422)
    assert api.status("alice", "GET", "/me") == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x" * 400, "Basic", "Basic " + base64.b64encode(b"alice:").decode(), "Negotiate a"],
)
def test_without_proof_there_is_nothing(api: Api, header: str) -> None:
    for path in ("/me", "/users", "/issues", "/audit"):
        answer = httpx.get(
            f"{api.stage.gateway.url}/api/v1{path}", headers={"authorization": header}, trust_env=False, timeout=30
        )
        assert answer.status_code in (401, 429)


# --- races: what may happen once


def _together(count: int, work: Any) -> list[Any]:
    results: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(index: int) -> None:
        barrier.wait(20)
        results[index] = work(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_an_approved_statement_passes_once_however_many_send_it(api: Api) -> None:
    number = _issue(api, "raced")
    approvals = _together(
        6, lambda _: api.status("dora", "POST", f"/issues/{number}/approve", json={"version": 1, "comment": "fine"})
    )
    assert sorted(approvals) == [200, 409, 409, 409, 409, 409]
    text = _ALTER.format("raced")
    sessions = [psycopg.connect(api.stage.gateway.dsn("alice"), autocommit=True) for _ in range(6)]

    def send(index: int) -> str:
        result = sessions[index].pgconn.exec_(text.encode())
        return (result.error_field(67) or b"").decode()

    states = _together(6, send)
    for session in sessions:
        session.close()
    assert states.count("") == 1, states
    assert set(states) <= {"", "42501", "58000"}
    with api.stage.direct() as direct:
        direct.execute("ALTER TABLE customers DROP COLUMN of_mallory_raced")


def test_an_approval_is_bound_to_text_person_database_and_search_path(api: Api) -> None:
    number = _issue(api, "bound")
    assert api.status("alice", "POST", f"/issues/{number}/approve", json={"version": 1}) == 403
    assert api.status("dora", "POST", f"/issues/{number}/approve", json={"version": 7}) == 409
    assert api.status("dora", "POST", f"/issues/{number}/approve", json={"version": 1}) == 200
    text = _ALTER.format("bound")
    for attack in (
        [text.replace("int", "text")],
        [text + ", DROP COLUMN name"],
        ["SET search_path = analytics, public", text],
        ["CREATE TEMP TABLE customers (id int)", text],
        ["CREATE TEMP TABLE customers (id int); " + text],
        [text + "; DROP TABLE customers"],
        ["BEGIN", "SET LOCAL search_path = hr, public", text],
    ):
        state, message, _ = api.stage.play(*attack)[-1]
        assert state in {"42501", "0A000"}, (attack, message)
    assert api.stage.play(text, user="olaf")[0][0] == "42501"
    steps = api.stage.play("BEGIN", text, "ROLLBACK", text, text)
    assert [state for state, _, _ in steps[:4]] == ["", "", "", ""]
    assert steps[4][0] == "42501"
    with api.stage.direct() as direct:
        direct.execute("ALTER TABLE customers DROP COLUMN of_mallory_bound")


def test_one_rollout_of_many_asked_for(api: Api) -> None:
    number = _issue(api, "rolled")
    assert api.status("dora", "POST", f"/issues/{number}/approve", json={"version": 1}) == 200
    answers = _together(6, lambda _: api.status("dora", "POST", f"/issues/{number}/rollout", json={}))
    assert set(answers) <= {200, 202, 409}, answers
    eventually("it is done", 20, lambda: api.call("dora", "GET", f"/issues/{number}").json()["state"] == "done")
    issue = api.call("dora", "GET", f"/issues/{number}").json()
    assert [task["attempts"] for task in issue["tasks"]] == [1]
    with api.stage.direct() as direct:
        direct.execute("ALTER TABLE customers DROP COLUMN of_mallory_rolled")
