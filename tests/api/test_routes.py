"""What each noun does, who may do it, and what is written down."""

import base64
import time

import pytest

from gateway.api import LiveSession
from gateway.model.event import EventKind
from gateway.store.passwords import check_password
from tests.api.conftest import PASSWORD, Call, House, assert_problem


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class TestLogin:
    async def test_a_password_gives_a_token_that_ends(self, house: House, call: Call) -> None:
        made = await call(None, "POST", "/login", json={"user": "alice", "password": PASSWORD})
        assert made.status_code == 201
        assert 11 * 3600 < made.json()["expires_at"] - time.time() < 13 * 3600
        async with house.client(made.json()["token"]) as client:
            me = (await client.get("/api/v1/me")).json()
        assert me == {
            "name": "alice", "kind": "token", "roles": [{"role": "developer", "project": "shop", "expires_at": None}]
        }  # fmt: skip
        assert house.recorder.kinds == [EventKind.ADMIN_LOGIN]
        assert house.recorder.records[0][2]["client"] == "127.0.0.1"

    async def test_all_wrong_logins_look_the_same_and_are_recorded(self, house: House, call: Call) -> None:
        async with house.store.write() as connection:
            await connection.exec_driver_sql("UPDATE users SET disabled = 1 WHERE name = 'olga'")
        tries = [("alice", "wrong"), ("unknown", PASSWORD), ("olga", PASSWORD)]
        answers = [await call(None, "POST", "/login", json={"user": user, "password": word}) for user, word in tries]
        assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
        assert_problem(answers[0], 401, "wrong user name or password")
        assert house.recorder.kinds == [EventKind.ADMIN_LOGIN_REFUSED] * 3
        assert [user for user, _ in house.throttle.failures] == ["alice", "unknown", "olga"]

    async def test_too_many_wrong_logins_wait_even_with_the_right_password(self, house: House, call: Call) -> None:
        for _ in range(4):
            await call(None, "POST", "/login", json={"user": "alice", "password": "wrong"})
        answer = await call(None, "POST", "/login", json={"user": "alice", "password": PASSWORD})
        assert_problem(answer, 429, "wait")
        assert answer.headers["retry-after"]

    async def test_without_a_record_nobody_logs_in(self, house: House, call: Call) -> None:
        house.recorder.full = True
        assert_problem(await call(None, "POST", "/login", json={"user": "alice", "password": PASSWORD}), 503, "audit")
        async with house.store.read() as connection:
            assert (await connection.exec_driver_sql("SELECT count(*) FROM tokens")).scalar() == 0

    async def test_http_basic_is_a_login_each_time(self, house: House) -> None:
        async with house.client() as client:
            assert (await client.get("/api/v1/me", headers=basic("alice", PASSWORD))).json()["name"] == "alice"
            assert_problem(await client.get("/api/v1/me", headers=basic("alice", "wrong")), 401, "wrong user name")
            for header in ("Basic !", "Basic YWxpY2U=", "Basic " + "A" * 5000, "Digest x", "Bearer"):
                assert_problem(await client.get("/api/v1/me", headers={"Authorization": header}), 401)
        assert house.recorder.kinds == [EventKind.ADMIN_LOGIN, EventKind.ADMIN_LOGIN_REFUSED]


class TestTokens:
    async def test_own_tokens_are_shown_once_listed_and_revoked(self, house: House, call: Call) -> None:
        made = await call("alice", "POST", "/tokens", json={"name": "ci", "expires_in": 3600})
        assert made.status_code == 201
        listed = await call("alice", "GET", "/tokens")
        assert made.json()["token"] not in listed.text
        assert "ci" in [item["name"] for item in listed.json()["items"]]
        assert (await call("alice", "DELETE", "/tokens/alice/ci")).status_code == 204
        async with house.client(made.json()["token"]) as client:
            assert_problem(await client.get("/api/v1/me"), 401)
        assert_problem(await call("alice", "DELETE", "/tokens/alice/ci"), 404)

    async def test_tokens_of_others_or_for_ever_need_admin(self, call: Call) -> None:
        assert_problem(await call("alice", "POST", "/tokens", json={"name": "x", "user": "dana", "expires_in": 60}), 403)
        assert_problem(await call("alice", "POST", "/tokens", json={"name": "x"}), 403)
        assert_problem(await call("alice", "GET", "/tokens?user=dana"), 403)
        assert_problem(await call("alice", "DELETE", "/tokens/dana/x"), 403)
        assert (await call("dana", "POST", "/tokens", json={"name": "x", "user": "alice"})).status_code == 201


class TestPeople:
    async def test_a_dba_adds_changes_and_removes_a_user(self, house: House, call: Call) -> None:
        body = {"name": "bob", "email": "bob@example.com", "password": "hunter2"}
        assert (await call("dana", "POST", "/users", json=body)).status_code == 201
        bob = await house.store.user("bob")
        assert bob is not None
        assert check_password("hunter2", bob.verifier)
        assert_problem(await call("dana", "POST", "/users", json=body), 409)
        changed = await call("dana", "PATCH", "/users/bob", json={"disabled": True})
        assert changed.json() == {"name": "bob", "email": "bob@example.com", "disabled": True, "has_password": True}
        assert (await call("dana", "DELETE", "/users/bob")).status_code == 204
        assert_problem(await call("dana", "GET", "/users/bob"), 404)
        assert [details["change"] for _, _, details in house.recorder.records] == ["user.add", "user.change", "user.remove"]
        assert "hunter2" not in str(house.recorder.records)

    async def test_without_a_record_nothing_changes(self, house: House, call: Call) -> None:
        await call("dana", "GET", "/me")
        before = await house.store.version()
        house.recorder.full = True
        assert_problem(await call("dana", "POST", "/users", json={"name": "bob"}), 503, "audit log unavailable")
        assert await house.store.user("bob") is None
        assert await house.store.version() == before

    async def test_a_refusal_is_recorded_with_its_reason(self, house: House, call: Call) -> None:
        answer = await call("alice", "POST", "/users", json={"name": "bob"})
        assert_problem(answer, 403, "admin on gateway/users/bob")
        ((kind, who, details),) = house.recorder.records
        assert (kind, who) == (EventKind.ADMIN_REFUSED, "alice")
        assert "gateway/users/bob" in str(details["error"])

    async def test_ones_own_password_needs_the_current_one(self, house: House, call: Call) -> None:
        path = "/users/alice/password"
        assert_problem(await call("alice", "PUT", path, json={"password": "new"}), 403, "current password")
        assert_problem(await call("alice", "PUT", path, json={"password": "new", "current": "wrong"}), 403)
        assert (await call("alice", "PUT", path, json={"password": "new", "current": PASSWORD})).status_code == 204
        assert_problem(await call("olga", "PUT", path, json={"password": "stolen"}), 403)
        alice = await house.store.user("alice")
        assert alice is not None
        assert check_password("new", alice.verifier)

    async def test_roles_are_given_in_projects_by_who_may(self, house: House, call: Call) -> None:
        role = {"subject": "nobody", "role": "analyst", "project": "shop"}
        assert_problem(await call("alice", "PUT", "/roles", json=role), 403)
        assert (await call("dana", "PUT", "/roles", json=role)).status_code == 200
        assert_problem(await call("dana", "PUT", "/roles", json=role | {"project": "none"}), 404, "no project")
        assert_problem(await call("dana", "PUT", "/roles", json=role | {"subject": "none"}), 404, "no user")
        assert (await call("nobody", "GET", "/roles")).json()["items"] == [role | {"kind": "user", "expires_at": None}]
        gone = await call("dana", "DELETE", "/roles?subject=nobody&role=analyst&project=shop")
        assert gone.status_code == 204
        principal = await house.store.principal("nobody")
        assert principal is not None
        assert principal.bindings == ()

    async def test_groups_hold_exactly_the_members_given(self, house: House, call: Call) -> None:
        assert (await call("dana", "PUT", "/groups/team", json={"members": ["alice", "olga"]})).status_code == 200
        answer = await call("dana", "PUT", "/groups/team", json={"members": ["olga", "nobody"]})
        assert answer.json() == {"name": "team", "members": ["nobody", "olga"]}
        assert_problem(await call("dana", "PUT", "/groups/team", json={"members": ["ghost"]}), 404)
        assert (await call("dana", "GET", "/groups")).json()["items"] == [answer.json()]
        assert (await call("dana", "DELETE", "/groups/team")).status_code == 204

    async def test_pages_follow_each_other_without_gap_or_repetition(self, house: House, call: Call) -> None:
        for number in range(7):
            await call("dana", "POST", "/users", json={"name": f"user{number}"})
        seen: list[str] = []
        cursor: str | None = None
        while True:
            suffix = f"&cursor={cursor}" if cursor else ""
            answer = (await call("dana", "GET", f"/users?limit=5{suffix}")).json()
            seen += [item["name"] for item in answer["items"]]
            cursor = answer["next"]
            if cursor is None:
                break
        assert seen == sorted(seen)
        assert len(seen) == len(set(seen)) == 12


class TestServers:
    async def test_people_see_what_they_may_connect_to(self, call: Call) -> None:
        async def databases(who: str) -> list[str]:
            return [item["name"] for item in (await call(who, "GET", "/databases")).json()["items"]]

        assert await databases("alice") == ["shop"]
        assert await databases("dana") == ["plant", "shop"]
        assert await databases("audra") == ["plant", "shop"]
        assert await databases("nobody") == []
        assert [item["name"] for item in (await call("alice", "GET", "/projects")).json()["items"]] == ["shop"]
        assert_problem(await call("alice", "GET", "/instances"), 403)

    async def test_an_instance_keeps_its_password_and_never_shows_it(self, house: House, call: Call) -> None:
        body = {"engine": "postgres", "host": "db2", "port": 5433, "environment": "prod", "username": "gateway"}
        changed = await call("dana", "PUT", "/instances/pg1", json=body)
        assert changed.json() | body == changed.json() | {"tls_mode": "prefer"} | body
        assert changed.json()["has_password"] is True
        assert (await house.store.server("pg1")).password == "server-sesame"
        assert (await call("dana", "PUT", "/instances/pg1", json=body | {"password": "new-sesame"})).status_code == 200
        assert (await house.store.server("pg1")).password == "new-sesame"
        assert "sesame" not in (await call("dana", "GET", "/instances")).text
        assert "sesame" not in str(house.recorder.records)
        assert_problem(await call("dana", "PUT", "/instances/pg1", json=body | {"environment": "none"}), 404)

    async def test_databases_move_between_projects_and_are_forgotten(self, house: House, call: Call) -> None:
        assert (await call("dana", "PUT", "/databases/pg1/odd/name", json={"project": "shop"})).status_code == 200
        assert (await call("dana", "PUT", "/databases/pg1/odd/name", json={"project": "factory"})).json()[
            "project"
        ] == "factory"
        assert (await call("dana", "DELETE", "/databases/pg1/odd/name")).status_code == 204
        assert_problem(await call("dana", "DELETE", "/databases/pg1/odd/name"), 404)
        assert_problem(await call("olga", "PUT", "/databases/pg1/plant", json={"project": "shop"}), 403)

    async def test_what_is_used_is_not_removed(self, call: Call) -> None:
        assert_problem(await call("dana", "DELETE", "/environments/prod"), 409, "pg1")
        assert_problem(await call("dana", "DELETE", "/projects/shop"), 409, "shop")
        assert (await call("dana", "PUT", "/environments/test")).status_code == 201
        assert (await call("dana", "DELETE", "/environments/test")).status_code == 204
        assert_problem(await call("dana", "PUT", "/environments/a,b"), 422, "a name holds none of")


class TestGrants:
    async def test_dbas_grant_and_owners_only_read_grants(self, house: House, call: Call) -> None:
        """An owner decides on what others ask for, but gives nobody, and so not themselves, anything unasked."""
        grant = {"subject": "nobody", "object": "pg1/shop/public/*", "action": "select", "project": "shop"}
        made = await call("dana", "POST", "/grants", json=grant | {"expires_at": time.time() + 60, "reason": "the move"})
        assert made.status_code == 201
        assert made.json()["granted_by"] == "dana"
        assert_problem(await call("olga", "POST", "/grants", json=grant), 403)
        assert_problem(await call("olga", "POST", "/grants", json=grant | {"project": "*"}), 403)
        assert_problem(await call("alice", "POST", "/grants", json=grant), 403)
        assert_problem(await call("dana", "POST", "/grants", json=grant | {"action": "fly"}), 422, "no action 'fly'")
        assert len(await house.store.active_grants()) == 1
        assert [item["id"] for item in (await call("nobody", "GET", "/grants")).json()["items"]] == [made.json()["id"]]
        assert [item["id"] for item in (await call("olga", "GET", "/grants")).json()["items"]] == [made.json()["id"]]
        assert_problem(await call("olga", "DELETE", f"/grants/{made.json()['id']}"), 403)
        assert (await call("dana", "DELETE", f"/grants/{made.json()['id']}")).status_code == 204
        assert await house.store.active_grants() == []
        assert_problem(await call("dana", "DELETE", f"/grants/{made.json()['id']}"), 404)

    @pytest.mark.parametrize("end", ["NaN", "Infinity", "-1", "1e300"])
    async def test_an_end_that_is_no_time_is_refused(self, call: Call, end: str) -> None:
        content = f'{{"subject": "a", "object": "b", "action": "select", "expires_at": {end}}}'
        answer = await call("dana", "POST", "/grants", content=content, headers={"content-type": "application/json"})
        assert_problem(answer, 422)


class TestIssues:
    async def test_from_the_script_to_the_approval_by_somebody_else(self, house: House, call: Call) -> None:
        script = {"database": "pg1/shop", "sql": "ALTER TABLE t ADD a int; ALTER TABLE t ADD b int"}
        made = await call("alice", "POST", "/issues", json=script)
        assert made.status_code == 201
        number = made.json()["number"]
        assert made.headers["location"].endswith(f"/issues/{number}")
        shown = (await call("olga", "GET", f"/issues/{number}")).json()
        assert [task["text"] for task in shown["tasks"]] == ["ALTER TABLE t ADD a int", "ALTER TABLE t ADD b int"]
        approval = {"version": shown["version"], "comment": "fine"}
        assert_problem(await call("alice", "POST", f"/issues/{number}/approve", json=approval), 403)
        stale = {"version": shown["version"] + 1}
        assert_problem(await call("olga", "POST", f"/issues/{number}/approve", json=stale), 409, "look again")
        approved = await call("olga", "POST", f"/issues/{number}/approve", json=approval)
        assert approved.json()["state"] == "approved"
        assert_problem(await call("olga", "POST", f"/issues/{number}/approve", json=approval), 409)
        assert (await call("olga", "POST", f"/issues/{number}/rollout")).status_code == 202
        assert (await call("olga", "POST", f"/issues/{number}/rollout", json={"assume": "done"})).status_code == 202
        assert_problem(await call("olga", "POST", f"/issues/{number}/rollout", json={"assume": "maybe"}), 422)
        assert EventKind.ISSUE_APPROVED in house.recorder.kinds
        assert EventKind.ADMIN_REFUSED in house.recorder.kinds

    async def test_the_automatic_review_is_shown_and_stops_no_approval(self, call: Call) -> None:
        columns = ", ".join(f"column_number_{number} int" for number in range(8))
        sql = f"DROP TABLE orders CASCADE; CREATE TABLE t (id int PRIMARY KEY, {columns})"
        number = (await call("alice", "POST", "/issues", json={"database": "pg1/shop", "sql": sql})).json()["number"]
        shown = (await call("olga", "GET", f"/issues/{number}")).json()
        found = [(finding["position"], finding["level"], finding["rule"]) for finding in shown["findings"]]
        assert found == [(1, "danger", "drops-data"), (1, "danger", "cascade")]
        assert all(finding["text"] and finding["advice"] for finding in shown["findings"])
        short, long = shown["tasks"]
        assert short["formatted"] is None
        assert "\n  column_number_7 INT\n" in long["formatted"]
        assert long["text"].endswith(f"{columns})")
        approved = await call("olga", "POST", f"/issues/{number}/approve", json={"version": shown["version"]})
        assert approved.json()["state"] == "approved"
        assert approved.json()["findings"] == shown["findings"]

    async def test_comment_reject_cancel_and_lists(self, call: Call) -> None:
        numbers = []
        for table in "abc":
            script = {"database": "pg1/shop", "sql": f"ALTER TABLE {table} ADD x int"}
            numbers.append((await call("alice", "POST", "/issues", json=script)).json()["number"])
        first, second, third = numbers
        assert_problem(await call("olga", "POST", f"/issues/{first}/reject", json={"comment": ""}), 422)
        assert (await call("olga", "POST", f"/issues/{first}/reject", json={"comment": "no"})).json()["state"] == "rejected"
        assert (await call("alice", "POST", f"/issues/{second}/cancel", json={})).json()["state"] == "cancelled"
        commented = await call("alice", "POST", f"/issues/{third}/comment", json={"comment": "please"})
        assert commented.json()["events"][-1]["comment"] == "please"
        listed = (await call("olga", "GET", "/issues?state=open&database=pg1/shop&requester=alice")).json()
        assert [item["number"] for item in listed["items"]] == [third]
        page = (await call("olga", "GET", "/issues?limit=2")).json()
        assert [item["number"] for item in page["items"]] == [third, second]
        rest = (await call("olga", "GET", f"/issues?limit=2&cursor={page['next']}")).json()
        assert [item["number"] for item in rest["items"]] == [first]

    async def test_missing_and_forbidden_look_the_same(self, call: Call) -> None:
        script = {"database": "pg1/shop", "sql": "ALTER TABLE t ADD x int"}
        number = (await call("alice", "POST", "/issues", json=script)).json()["number"]
        hidden = await call("nobody", "GET", f"/issues/{number}")
        missing = await call("nobody", "GET", "/issues/999")
        assert hidden.text.replace(str(number), "N") == missing.text.replace("999", "N")
        assert_problem(await call("nobody", "POST", "/issues", json=script), 404, "no database pg1/shop")
        assert_problem(await call("alice", "POST", "/issues", json=script | {"database": "pg1/plant"}), 404, "no database")

    async def test_a_script_that_needs_no_review_is_told_which_statement(self, call: Call) -> None:
        script = {"database": "pg1/shop", "sql": "ALTER TABLE t ADD x int; SELECT 1"}
        assert_problem(await call("alice", "POST", "/issues", json=script), 422, "statement 2 (SELECT 1)")


class TestAccessRequests:
    async def test_from_the_request_to_the_grant_by_somebody_else(self, house: House, call: Call) -> None:
        asked = {"object": "pg1/shop/hr/staff", "actions": ["select", "export"], "seconds": 3600, "reason": "the move"}
        made = await call("alice", "POST", "/access-requests", json=asked)
        assert made.status_code == 201
        path = f"/access-requests/{made.json()['number']}"
        assert_problem(await call("alice", "POST", f"{path}/approve", json={}), 403)
        assert_problem(await call("nobody", "GET", path), 404)
        approved = await call("olga", "POST", f"{path}/approve", json={"comment": "fine"})
        assert (approved.json()["state"], approved.json()["decided_by"]) == ("approved", "olga")
        assert sorted(grant.action for grant in await house.store.active_grants()) == ["export", "select"]
        assert_problem(await call("olga", "POST", f"{path}/reject", json={"comment": "no"}), 409)
        assert_problem(await call("nobody", "POST", f"{path}/revoke", json={}), 404)
        revoked = await call("olga", "POST", f"{path}/revoke", json={"comment": "done"})
        assert revoked.json()["state"] == "revoked"
        assert not await house.store.active_grants()
        assert_problem(await call("olga", "POST", f"{path}/revoke", json={}), 409, "no access that could be revoked")
        assert [item["number"] for item in (await call("olga", "GET", "/access-requests")).json()["items"]] == [
            made.json()["number"]
        ]
        assert_problem(
            await call("alice", "POST", "/access-requests", json=asked | {"actions": ["admin"]}), 409, "roles give it"
        )
        assert_problem(await call("alice", "POST", "/access-requests", json=asked | {"actions": ["fly"]}), 422)


class TestPoliciesAuditAndSessions:
    async def test_the_policy_explains_itself(self, house: House, call: Call) -> None:
        assert (await call("dana", "GET", "/policies")).json()["problem"] == "line 3: no such action"
        assert (await call("alice", "GET", "/policies")).json()["problem"] == ""
        asked = {"database": "pg1/shop", "path": "pg1/shop/hr/salaries", "action": "select"}
        (decision,) = (await call("alice", "POST", "/policies/explain", json=asked)).json()["decisions"]
        assert decision["outcome"] == "deny"
        assert decision["rule"].startswith("policy.csv:")
        (other,) = (await call("dana", "POST", "/policies/explain", json=asked | {"user": "alice"})).json()["decisions"]
        assert other["rule"] == decision["rule"]
        assert_problem(await call("alice", "POST", "/policies/explain", json=asked | {"user": "dana"}), 403)
        assert_problem(await call("alice", "POST", "/policies/explain", json={"database": "pg1/shop"}), 422, "`statement`")
        statement = {"database": "pg1/shop", "statement": "DROP TABLE t"}
        answer = (await call("alice", "POST", "/policies/explain", json=statement)).json()["decisions"]
        assert [(item["outcome"], item["kind"]) for item in answer] == [("review", "ALTER TABLE")]

    async def test_auditors_search_and_others_do_not(self, house: House, call: Call) -> None:
        found = await call("audra", "GET", "/audit?user=alice&outcome=deny&kind=statement&since=1.5&issue=3&limit=10")
        assert found.json() == {"records": [{"seq": 1, "user": "alice"}], "next": "2"}
        (query,) = house.searched
        assert (query.user, query.outcome, query.kind, query.since, query.issue) == ("alice", "deny", "statement", 1.5, 3)
        assert_problem(await call("audra", "GET", "/audit?cursor=bad"), 422, "cursor")
        assert_problem(await call("audra", "GET", "/audit?kind=nonsense"), 422)
        for path in ("/audit", "/audit?instance=pg1&database=shop"):
            assert_problem(await call("alice", "GET", path), 403, "gateway/audit")
        assert len(house.searched) == 1

    async def test_sessions_are_seen_and_ended_by_who_may(self, house: House, call: Call) -> None:
        for number, user in enumerate(("alice", "alice", "dana")):
            session = LiveSession(f"s{number}", user, "pg1", "shop", "shop", "127.0.0.1", "psql", 1.0, 7)
            house.sessions.live.append(session)
        assert [item["id"] for item in (await call("alice", "GET", "/sessions")).json()["items"]] == ["s0", "s1"]
        assert len((await call("audra", "GET", "/sessions")).json()["items"]) == 3
        assert (await call("alice", "DELETE", "/sessions/s0")).status_code == 204
        assert_problem(await call("alice", "DELETE", "/sessions/s2"), 403)
        assert (await call("dana", "DELETE", "/sessions/s1")).status_code == 204
        assert_problem(await call("dana", "DELETE", "/sessions/s1"), 404)
        house.recorder.full = True
        assert_problem(await call("dana", "DELETE", "/sessions/s2"), 503)
        assert [session.id for session in house.sessions.live] == ["s2"]
