"""Errors, limits, health and the OpenAPI document: what holds for every route."""

import json
import re
from typing import Any

import httpx
import pytest

from gateway.api import ApiLimits
from gateway.model.errors import StoreUnavailable
from tests.api.conftest import Call, House, assert_problem

OPEN = {("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics"), ("post", "/api/v1/login")}


def operations(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(method, path) for path, item in document["paths"].items() for method in item]


def filled(path: str) -> str:
    return re.sub(r"\{(number|identifier)\}", "1", re.sub(r"\{(?!number|identifier)[^}]+\}", "x", path))


async def test_the_contracts_addresses_are_there(house: House) -> None:
    async with house.client() as client:
        document = (await client.get("/openapi.json")).json()
    for name in [
        "environments",
        "instances",
        "databases",
        "projects",
        "users",
        "roles",
        "grants",
        "policies",
        "issues",
        "audit",
        "sessions",
    ]:
        assert ("get", f"/api/v1/{name}") in operations(document)
    assert document["openapi"].startswith("3.")


async def test_every_operation_needs_a_token_but_the_open_ones(house: House) -> None:
    async with house.client() as client:
        document = (await client.get("/openapi.json")).json()
        closed = [operation for operation in operations(document) if operation not in OPEN]
        assert len(closed) > 35
        for method, path in closed:
            # 401 comes before anything is said about the request.
            assert_problem(await client.request(method, filled(path)), 401, "token")
            wrong = await client.request(method, filled(path), headers={"Authorization": "Bearer gwt_wrong"})
            assert_problem(wrong, 401, "does not count")


async def test_a_person_without_roles_changes_nothing(house: House) -> None:
    token = await house.token("nobody")
    before = await house.store.version()
    bodies: dict[str, Any] = {
        "/api/v1/users": {"name": "mallory"},
        "/api/v1/roles": {"subject": "nobody", "role": "dba"},
        "/api/v1/grants": {"subject": "nobody", "object": "pg1/**", "action": "select"},
        "/api/v1/tokens": {"name": "t", "user": "dana"},
        "/api/v1/users/x/password": {"password": "x"},
        "/api/v1/instances/x": {
            "engine": "postgres", "host": "h", "port": 1, "environment": "prod", "username": "u",
        },
        "/api/v1/databases/x/x": {"project": "shop"},
        "/api/v1/groups/x": {"members": ["nobody"]},
        "/api/v1/issues": {"database": "pg1/shop", "sql": "DROP TABLE t"},
        "/api/v1/issues/1/approve": {"version": 1},
        "/api/v1/issues/1/reject": {"comment": "no"},
        "/api/v1/issues/1/comment": {"comment": "no"},
        "/api/v1/access-requests": {"object": "pg1/none/t", "actions": ["select"], "seconds": 60, "reason": "x"},
        "/api/v1/access-requests/1/reject": {"comment": "no"},
        "/api/v1/policies/explain": {"database": "pg1/shop", "statement": "SELECT 1"},
    }  # fmt: skip
    async with house.client(token) as client:
        document = (await client.get("/openapi.json")).json()
        for method, path in operations(document):
            if (method, path) in OPEN or method == "get":
                continue
            body = bodies.get(filled(path), {})
            address = filled(path) + ("?subject=x&role=y" if path.endswith("/roles") and method == "delete" else "")
            response = await client.request(method, address, json=body)
            assert_problem(response, 404 if "/issues" in path or "/access" in path or "/explain" in path else 403)
    assert await house.store.version() == before


async def test_unknown_addresses_and_methods_are_problems(house: House) -> None:
    async with house.client(await house.token("dana")) as client:
        assert_problem(await client.get("/nope"), 404, "openapi.json")
        assert_problem(await client.get("/api/v1/users/"), 404)
        response = await client.post("/healthz")
        assert_problem(response, 405)
        assert response.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"name":1}', b'{"name":"x","nmae":1}', b'{"name":"a\\u0000b"}', b'{"name":"\\ud800"}',
     b"\xff", b"[" * 100_000, b'{"name":' + b"9" * 10_000 + b"}"],
)  # fmt: skip
async def test_a_body_that_is_wrong_is_a_problem_and_not_a_failure(house: House, content: bytes) -> None:
    async with house.client(await house.token("dana")) as client:
        response = await client.post("/api/v1/users", content=content, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422)
    assert_problem(response, response.status_code)


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "cursor=!", "cursor=%FF", "cursor=" + "a" * 2000])
async def test_a_page_that_cannot_be_is_a_problem(house: House, query: str) -> None:
    async with house.client(await house.token("dana")) as client:
        for name in ("users", "grants", "issues", "databases"):
            response = await client.get(f"/api/v1/{name}?{query}")
            assert response.status_code in (200, 422)
            if not query.startswith("cursor=%"):
                assert_problem(response, 422)


@pytest.mark.parametrize(
    "path", ["/users/a%00b", "/users/" + "x" * 300, "/issues/0", "/issues/99999999999999999999", "/grants/x"]
)
async def test_strange_names_in_addresses_are_problems(call: Call, path: str) -> None:
    response = await call("dana", "DELETE" if "grants" in path else "GET", path)
    assert_problem(response, 422)


async def test_a_mistake_names_the_field_and_never_shows_the_value(call: Call) -> None:
    response = await call("dana", "POST", "/users", json={"name": "x", "password": ["hunter2"], "extra": "hunter3"})
    assert_problem(response, 422, "body.password")
    assert {item["field"] for item in response.json()["errors"]} == {"body.password", "body.extra"}
    assert "hunter" not in response.text


async def test_a_body_beyond_the_limit_is_refused_announced_or_not(house: House) -> None:
    async def chunks() -> Any:
        for _ in range(100):
            yield b" " * 1000

    async with house.client(await house.token("dana"), limits=ApiLimits(body_bytes=2000)) as client:
        assert_problem(await client.post("/api/v1/users", content=b" " * 2001), 413, "2000 bytes")
        assert_problem(await client.post("/api/v1/users", content=chunks()), 413, "2000 bytes")
        fits = json.dumps({"name": "fits"}).encode().ljust(2000)
        response = await client.post("/api/v1/users", content=fits, headers={"content-type": "application/json"})
        assert response.status_code == 201


async def test_no_answer_is_kept_by_a_cache(house: House) -> None:
    async with house.client() as client:
        for path in ("/healthz", "/nope", "/api/v1/me"):
            assert (await client.get(path)).headers["cache-control"] == "no-store"


async def test_health_readiness_and_figures_need_no_token(house: House) -> None:
    async with house.client() as client:
        assert (await client.get("/healthz")).json()["status"] == "ok"
        assert (await client.get("/readyz")).json() == {"status": "ok", "checks": {"store": "ok"}}
        metrics = await client.get("/metrics")
        assert metrics.text == "gateway_sessions 3\n"
        assert metrics.headers["content-type"].startswith("text/plain")


async def test_not_ready_while_a_part_does_not_answer(house: House) -> None:
    async def broken() -> str | None:
        raise StoreUnavailable("postgresql://gateway@db.internal does not answer")

    async def full() -> str | None:
        return "cannot be written"

    async with house.client(probes={"backend": broken, "audit": full}) as client:
        response = await client.get("/readyz")
    assert response.status_code == 503
    expected = {"store": "ok", "backend": "does not answer", "audit": "cannot be written"}
    assert response.json() == {"status": "unavailable", "checks": expected}
    assert "db.internal" not in response.text


async def test_a_store_that_is_away_is_503_without_its_address(house: House, call: Call) -> None:
    await call("dana", "GET", "/me")
    async with house.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE tokens RENAME TO elsewhere")
    response = await call("dana", "GET", "/me")
    assert_problem(response, 503, "store does not answer")
    assert "tokens" not in response.text


async def test_a_defect_is_500_without_its_words(house: House) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise ZeroDivisionError("secret words")

    async with house.client(await house.token("dana"), permits=broken) as client:
        response = await client.get("/api/v1/users")
    assert_problem(response, 500)
    assert "secret words" not in response.text


async def test_parts_that_are_not_in_this_process_say_so(house: House) -> None:
    token = await house.token("dana")
    async with house.client(token, desk=None, search_audit=None, sessions=None, rollout=None) as client:
        for path in ("issues", "audit", "sessions"):
            assert_problem(await client.get(f"/api/v1/{path}"), 503, "this process")


async def test_no_get_shows_a_secret(house: House) -> None:
    token = await house.token("dana")
    async with house.client(token) as client:
        document = (await client.get("/openapi.json")).json()
        texts = []
        for method, path in operations(document):
            if method == "get":
                response: httpx.Response = await client.get(filled(path))
                assert response.status_code in (200, 404), path
                texts.append(response.text)
    for secret in (token, "server-sesame", "correct horse", "SCRAM-SHA-256$"):
        assert all(secret not in text for text in texts)
