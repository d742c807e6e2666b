"""`gateway policy backtest`: what a proposed bundle would have changed of what people did, on both engines."""

import contextlib
import json
import shutil
from collections.abc import Iterator

import psycopg
import pymysql
import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import Deployment
from tests.support.servers import MariaDbServer

RULES = """
p, developer, *, */shop/categories,        select, , deny
p, developer, *, */shop/public/categories, select, , deny
p, analyst,   *, */shop/orders,          select, , allow
p, analyst,   *, */shop/public/orders,   select, , allow
"""
MASKS = """
[[columns]]
path = "*/shop/customers/city"
masker = "null"

[[columns]]
path = "*/shop/public/customers/city"
masker = "null"
"""
LIMITS = """
[[rules]]
name = "few products"
roles = ["developer"]
objects = ["*/shop/products", "*/shop/public/products"]
max_rows = 3
"""
COMMAND = ["policy", "backtest", "--since", "7d", "--bundle"]
QUERIES = {
    "alice": ["SELECT COUNT(*) FROM categories", "SELECT city FROM customers", "SELECT id FROM products", "SELECT 1"],
    "ann": ["SELECT COUNT(*) FROM orders", "SELECT COUNT(*) FROM orders"],
}


@pytest.fixture(scope="module")
def gate(embedded_pg: PostgresServer, mariadb: MariaDbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """After a day's work, with its audit on disk."""
    with Deployment(tmp_path_factory.mktemp("past"), embedded_pg, mysql=mariadb) as running:
        for person, queries in QUERIES.items():
            with psycopg.connect(running.dsn(person), autocommit=True) as postgres, running.mysql_client(person) as mysql:
                for query in [*queries, "SELECT * FROM gateway.grants"]:
                    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                        postgres.execute(query)
                    with contextlib.suppress(pymysql.err.OperationalError), mysql.cursor() as cursor:
                        cursor.execute(query)
        running.stop()
        running.start()
        yield running


def test_the_same_bundle_changes_nothing(gate: Deployment) -> None:
    done = gate.gateway(*COMMAND, str(gate.bundle), "-c", str(gate.config), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["changes"] == []


def test_rules_masks_and_limits_on_both_engines(gate: Deployment) -> None:
    bundle = gate.home / "new"
    shutil.copytree(gate.bundle, bundle)
    for file, text in {"policy.csv": RULES, "masking.toml": MASKS, "query_rules.toml": LIMITS}.items():
        with (bundle / file).open("a") as out:
            out.write(text)
    command = [*COMMAND, str(bundle), "-c", str(gate.config)]
    done = gate.gateway(*command, "--format", "json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    found = {(item["user"], item["relation"], item["before"], item["after"]): item for item in told["changes"]}
    for place in ("pg1/shop/public", "my1/shop"):
        refused = found["alice", f"{place}/categories", "allow", "deny"]
        assert (refused["count"], refused["example"]) == (1, QUERIES["alice"][0])
        assert refused["rule"].startswith("policy.csv:")
        assert found["ann", f"{place}/orders", "deny", "allow"]["count"] == 2
        assert found["alice", f"{place}/customers", "allow", "allow with MaskColumns"]["rule"] == "masking.toml"
        limited = found["alice", f"{place}/products", "allow", "allow with RowLimit"]
        assert limited["rule"] == "query_rules.toml:few products"
    assert len(found) == 8, "nothing else changes"
    assert told["statements"] >= 12
    shown = gate.gateway(*command)
    assert shown.stdout.count("few products") == 2
    assert "10 statements would be decided otherwise" in shown.stderr
