"""The shipped bundle against what real clients ask: psql's \\d family, held to a real server's catalog."""

import asyncio
import os
import re
import subprocess
import time
from pathlib import Path

import asyncpg
import pytest

import gateway.demo
from gateway.analysis import analyse_postgres
from gateway.catalog import CatalogSnapshot
from gateway.catalog.postgres import read_postgres
from gateway.demo.postgres_server import PostgresServer, embedded_bin_dir
from gateway.model.decision import Outcome
from gateway.model.identity import ClientInfo, Engine, Principal, RoleBinding, Target
from gateway.model.statement import Namespace, Origin, Statement
from gateway.policy import PolicySnapshot, compile_policy, load_bundle

SHOP = Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")
CLIENT = ClientInfo("127.0.0.1", "psql")
DEVELOPER = Principal("alice", (RoleBinding("developer", "shop"),))
DBA = Principal("dora", (RoleBinding("dba"),))
# Not \dconfig: it asks current_setting() for names that only rows know, which could be anybody's.
COMMANDS = (
    *("\\d", "\\d orders", "\\d+ orders", "\\d customers", "\\d+ customer_contacts", "\\d+ orders_2026", "\\d customers_pkey"),
    *("\\dt", "\\dt+", "\\dt *.*", "\\di+", "\\dv+", "\\dm+", "\\ds+", "\\dn+", "\\df", "\\df+ order_total", "\\da", "\\dT+"),
    *(
        "\\dD",
        "\\do",
        "\\dO",
        "\\db",
        "\\dc",
        "\\dC",
        "\\dd",
        "\\ddp",
        "\\dE",
        "\\des",
        "\\det",
        "\\dFd",
        "\\dFp",
        "\\dFt",
        "\\dF",
    ),
    *("\\dg", "\\du+", "\\dl", "\\dL", "\\dp", "\\dP+", "\\drds", "\\dRp", "\\dx", "\\dX", "\\dy", "\\l+", "\\z orders"),
    *("\\sv customer_contacts", "\\sf order_total", "\\dA+", "\\dAc", "\\dAf", "\\dAo", "\\dAp"),
)


@pytest.fixture(scope="module")
def shop(embedded_pg: PostgresServer) -> str:
    """A DSN of the demo's shop on the embedded server."""
    script = (Path(gateway.demo.__file__).parent / "shop_postgres.sql").read_text()
    name = "shipped_policy"

    async def build() -> None:
        for database, text in (("postgres", f"CREATE DATABASE {name}"), (name, script)):
            connection = await asyncpg.connect(embedded_pg.dsn(database))
            await connection.execute(text)
            await connection.close()

    asyncio.run(build())
    return embedded_pg.dsn(name)


@pytest.fixture(scope="module")
def catalog(shop: str) -> CatalogSnapshot:
    async def read() -> CatalogSnapshot:
        connection = await asyncpg.connect(shop)
        try:
            return await read_postgres(connection)
        finally:
            await connection.close()

    return asyncio.run(read())


@pytest.fixture(scope="module")
def policy() -> PolicySnapshot:
    return compile_policy(load_bundle(Path(__file__).parents[2] / "policies"))


def psql() -> str:
    """The one of the server's own version: older ones ask for columns that are gone."""
    return str(embedded_bin_dir() / "psql")


def asked_by(command: str, dsn: str) -> list[str]:
    """The queries that psql sends for one of its commands."""
    done = subprocess.run(
        [psql(), "-XE", "-c", command, dsn],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PAGER": ""},
    )
    assert done.returncode == 0, done.stderr
    block = r"^(?:/\*+|\*+) QUERY \*+/?\n(.*?)\n(?:/\*+/|\*{10,})$"
    return re.findall(block, done.stdout, re.DOTALL | re.MULTILINE)


def refusals(policy: PolicySnapshot, catalog: CatalogSnapshot, who: Principal, text: str) -> list[str]:
    statement = Statement(Engine.POSTGRES, text, Namespace(), Origin.SIMPLE)
    decisions = [policy.decide(who, SHOP, CLIENT, footprint, time.time()) for footprint in analyse_postgres(statement, catalog)]
    assert decisions
    return [decision.reason.text for decision in decisions if decision.outcome is not Outcome.ALLOW]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_developer_may_ask_what_psql_asks(command: str, shop: str, catalog: CatalogSnapshot, policy: PolicySnapshot) -> None:
    queries = asked_by(command, shop)
    assert queries
    assert [refusal for text in queries for refusal in refusals(policy, catalog, DEVELOPER, text)] == []


LEAKS = (
    "SELECT * FROM pg_stats",
    "SELECT most_common_vals FROM pg_stats_ext",
    "SELECT stavalues1 FROM pg_statistic",
    "SELECT rolpassword FROM pg_authid",
    "SELECT passwd FROM pg_shadow",
    "SELECT query FROM pg_stat_activity",
    "SELECT umoptions FROM pg_user_mappings",
    "SELECT data FROM pg_largeobject",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_file_settings",
    "SELECT subconninfo FROM pg_subscription",
    "SELECT * FROM information_schema.user_mapping_options",
    "SELECT * FROM pg_stat_get_activity(NULL)",
    "SELECT client_addr FROM pg_stat_replication",
    "SELECT * FROM hr.employees",
    "SELECT headcount('IT')",
)


@pytest.mark.parametrize("text", LEAKS)
def test_what_tells_of_others_is_for_dbas_alone(text: str, catalog: CatalogSnapshot, policy: PolicySnapshot) -> None:
    assert len(refusals(policy, catalog, DEVELOPER, text)) == 1
    assert refusals(policy, catalog, DBA, text) == []
