"""Snapshots of real servers: what the schema files made is there, whole and linked; the probe hears of every change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from gateway.catalog import (
    CatalogSnapshot,
    CatalogUnreadable,
    QName,
    ReferentialAction,
    RelationInfo,
    RelationKind,
    TypeKind,
    probe_postgres,
    read_postgres,
)
from gateway.demo.postgres_server import PostgresServer
from tests.oracles.server import database


@pytest.fixture(params=["embedded_pg", "distro_pg"])
def dsn(request: pytest.FixtureRequest) -> str:
    server: PostgresServer = request.getfixturevalue(request.param)
    return database(server)


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[Any]:
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def snapshot(connection: Any) -> CatalogSnapshot:
    return await read_postgres(connection)


def relation(snapshot: CatalogSnapshot, schema: str, name: str) -> RelationInfo:
    found = snapshot.relation(schema, name)
    assert found is not None, f"{schema}.{name}"
    return found


async def test_columns_in_order_with_types_defaults_and_generation(snapshot: CatalogSnapshot) -> None:
    wallets = relation(snapshot, "extra", "wallets")
    assert [column.name for column in wallets.columns] == ["id", "owner", "balance", "feeling", "worth", "size", "cents"]
    assert [column.number for column in wallets.columns] == list(range(1, 8))
    assert wallets.columns[1].type_name == "extra.mail"
    assert wallets.columns[0].default == "nextval('extra.wallets_id_seq'::regclass)"
    cents = wallets.column("cents")
    assert cents is not None
    assert cents.generated
    assert "amount" in (cents.default or "")
    assert wallets.made_of(cents)
    customers = relation(snapshot, "public", "customers")
    country = customers.column("country")
    assert country is not None
    assert (country.type_name, country.not_null) == ("character(2)", True)
    assert customers.column("nothing") is None


async def test_dropped_columns_leave_a_gap(connection: Any) -> None:
    await connection.execute("CREATE TABLE extra.gap (a int, b int, c int); ALTER TABLE extra.gap DROP COLUMN b")
    try:
        gap = relation(await read_postgres(connection), "extra", "gap")
    finally:
        await connection.execute("DROP TABLE extra.gap")
    assert [(column.number, column.name) for column in gap.columns] == [(1, "a"), (3, "c")]


async def test_kinds_and_kin(snapshot: CatalogSnapshot) -> None:
    kinds = {
        ("public", "customers"): RelationKind.TABLE,
        ("public", "orders"): RelationKind.PARTITIONED_TABLE,
        ("public", "customer_overview"): RelationKind.VIEW,
        ("analytics", "daily_revenue"): RelationKind.MATERIALIZED_VIEW,
        ("extra", "remote_stock"): RelationKind.FOREIGN_TABLE,
        ("extra", "ticket_numbers"): RelationKind.SEQUENCE,
        ("public", "orders_customer"): RelationKind.INDEX,
        ("extra", "money_amount"): RelationKind.COMPOSITE,
    }
    assert {name: relation(snapshot, *name).kind for name in kinds} == kinds
    orders = relation(snapshot, "public", "orders")
    assert {child.name for child in orders.children} == {"orders_2024", "orders_2025", "orders_2026", "orders_later"}
    part = relation(snapshot, "public", "orders_2024")
    assert part.is_partition
    assert part.parents == (QName("public", "orders"),)
    assert relation(snapshot, "extra", "old_capitals").parents == (("extra", "capitals"),)
    assert relation(snapshot, "public", "orders_customer").table == ("public", "orders")
    assert relation(snapshot, "extra", "wallets_id_seq").owned_by == (("extra", "wallets"), "id")
    assert not any(name.schema == "pg_toast" for name in snapshot.relations)


async def test_views_rules_and_triggers(snapshot: CatalogSnapshot) -> None:
    view = relation(snapshot, "extra", "german_mails")
    assert view.is_view
    assert "extra.german_customers" in (view.definition or "")
    assert not view.has_rules
    assert "public.order_items" in (relation(snapshot, "analytics", "daily_revenue").definition or "")
    (rule,) = relation(snapshot, "extra", "notes").rules
    assert (rule.name, rule.event, rule.instead) == ("notes_keep", "DELETE", False)
    assert "INSERT INTO extra.notes_archive" in rule.definition
    (rule,) = relation(snapshot, "extra", "notes_view").rules
    assert (rule.event, rule.instead) == ("INSERT", True)
    (trigger,) = relation(snapshot, "extra", "wallets").triggers
    assert trigger.function == ("extra", "log_change")
    assert trigger.events == {"INSERT", "UPDATE", "DELETE"}
    assert trigger.enabled


async def test_foreign_keys_both_ways_with_their_actions(snapshot: CatalogSnapshot) -> None:
    memberships = relation(snapshot, "extra", "memberships")
    (key,) = memberships.foreign_keys
    assert (key.referenced, key.columns, key.referenced_columns) == (("extra", "accounts"), ("account_id",), ("id",))
    assert (key.on_delete, key.on_update) == (ReferentialAction.CASCADE, ReferentialAction.CASCADE)
    (back,) = memberships.referenced_by
    assert back.relation == ("extra", "membership_notes")
    assert back.columns == ("account_id", "person")
    pointing = {each.relation.name for each in relation(snapshot, "extra", "accounts").referenced_by}
    assert pointing == {"accounts", "memberships", "invoices", "secrets"}


async def test_row_security_with_its_policies(snapshot: CatalogSnapshot) -> None:
    secrets = relation(snapshot, "extra", "secrets")
    assert secrets.row_security
    assert not secrets.force_row_security
    (policy,) = secrets.policies
    assert (policy.name, policy.command, policy.check) == ("secrets_members", "ALL", None)
    assert "extra.memberships" in (policy.using or "")
    assert not relation(snapshot, "public", "customers").row_security


async def test_functions_types_operators_and_casts(snapshot: CatalogSnapshot) -> None:
    (headcount,) = snapshot.functions["public", "headcount"]  # type: ignore[index]
    assert headcount.security_definer
    assert headcount.language == "plpgsql"
    assert headcount.settings == ("search_path=hr",)
    assert headcount.argument_types == ("text",)
    assert not headcount.builtin
    assert len(snapshot.functions_named("lower", ("public",))) >= 2
    assert all(function.builtin for function in snapshot.functions_named("lower", ("public",)))
    mail = snapshot.type_named("mail", ("extra",))
    assert mail is not None
    assert mail.kind is TypeKind.DOMAIN
    assert mail.functions == (("extra", "looks_like_mail"),)
    base = snapshot.type_by_oid(mail.base)
    assert base is not None
    assert base.name == ("pg_catalog", "text")
    amount = snapshot.type_named("money_amount", ("extra",))
    assert amount is not None
    assert amount.relation == ("extra", "money_amount")
    (operator,) = snapshot.operators["==="]
    assert operator.function == ("extra", "amounts_equal")
    (cast,) = (cast for cast in snapshot.casts if cast.source == amount.oid)
    assert cast.function == ("extra", "to_cents")
    assert (cast.implicit, cast.assignment) == (False, True)
    assert relation(snapshot, "extra", "documents").write_functions == (("extra", "looks_like_mail"),)


async def test_the_server_itself(snapshot: CatalogSnapshot, connection: Any) -> None:
    assert snapshot.server_version == await connection.fetchval("SELECT current_setting('server_version_num')::int")
    assert snapshot.database == "oracle"
    assert snapshot.superuser
    assert snapshot.settings["standard_conforming_strings"] == "on"
    assert snapshot.settings["search_path"] == '"$user", public'
    assert snapshot.extensions["plpgsql"].schema == "pg_catalog"
    assert snapshot.schemas["hr"].usable
    pg_stats = relation(snapshot, "pg_catalog", "pg_stats")
    assert pg_stats.system
    assert "pg_statistic" in (pg_stats.definition or "")
    assert relation(snapshot, "information_schema", "columns").system
    missing = await connection.fetchval(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind <> 't' AND n.nspname <> 'pg_toast' AND c.relpersistence <> 't' AND c.oid <> ALL ($1::oid[])",
        [*snapshot.relations_by_oid, *snapshot.system.relations_by_oid],
    )
    assert missing == 0


async def test_databases_of_one_server_share_the_system_half(snapshot: CatalogSnapshot, connection: Any) -> None:
    assert (await read_postgres(connection)).system is snapshot.system


CHANGES = [
    "CREATE TABLE extra.probe_a (id int)",
    "ALTER TABLE extra.probe_a ADD COLUMN b text DEFAULT 'x'",
    "ALTER TABLE extra.probe_a RENAME COLUMN b TO c",
    "ALTER TABLE extra.probe_a ALTER COLUMN c SET NOT NULL",
    "ALTER TABLE extra.probe_a ALTER COLUMN c SET DEFAULT 'y'",
    "ALTER TABLE extra.probe_a ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p ON extra.probe_a USING (true)",
    "CREATE VIEW extra.probe_v AS SELECT id FROM extra.probe_a",
    "CREATE OR REPLACE VIEW extra.probe_v AS SELECT 1 AS id FROM public.customers",
    "CREATE FUNCTION extra.probe_f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION extra.probe_f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "CREATE RULE r AS ON DELETE TO extra.probe_a DO INSTEAD NOTHING",
    "DROP RULE r ON extra.probe_a",
    "CREATE TRIGGER t AFTER INSERT ON extra.probe_a FOR EACH ROW EXECUTE FUNCTION extra.log_change()",
    "ALTER TABLE extra.probe_a DISABLE TRIGGER t",
    "CREATE DOMAIN extra.probe_d AS int CHECK (VALUE > 0)",
    "ALTER DOMAIN extra.probe_d ADD CHECK (VALUE < 9)",
    "CREATE SCHEMA probe_schema",
    "GRANT USAGE ON SCHEMA probe_schema TO PUBLIC",
    "DROP SCHEMA probe_schema",
    "CREATE TABLE extra.probe_child () INHERITS (extra.probe_a)",
    "ALTER TABLE extra.probe_child NO INHERIT extra.probe_a",
    "DROP TABLE extra.probe_child",
    "ALTER TABLE extra.probe_a RENAME TO probe_b",
    "ALTER TABLE extra.probe_b RENAME TO probe_a",
    "CREATE ROLE probe_role",
    "DROP ROLE probe_role",
    "DROP VIEW extra.probe_v",
    "DROP TABLE extra.probe_a",
    "DROP FUNCTION extra.probe_f",
    "DROP DOMAIN extra.probe_d",
]


async def test_the_probe_hears_of_every_change(connection: Any) -> None:
    before = await probe_postgres(connection)
    assert before == (await read_postgres(connection)).digest
    for change in CHANGES:
        await connection.execute(change)
        after = await probe_postgres(connection)
        assert after != before, change
        before = after


async def test_the_probe_is_deaf_to_data_temporary_tables_and_vacuum(connection: Any) -> None:
    before = await probe_postgres(connection)
    await connection.execute("CREATE TEMP TABLE mine AS SELECT * FROM public.customers; CREATE TEMP VIEW v AS SELECT 1 AS one")
    await connection.execute("INSERT INTO extra.notes (body) VALUES ('more'); DELETE FROM extra.notes WHERE body = 'more'")
    await connection.execute("ANALYZE extra.notes")
    await connection.execute("VACUUM extra.notes")
    assert await probe_postgres(connection) == before
    assert ("pg_temp", "mine") not in (await read_postgres(connection)).relations


async def test_other_peoples_settings_do_not_change_the_texts(dsn: str, snapshot: CatalogSnapshot) -> None:
    odd = {"search_path": "extra, hr, public", "quote_all_identifiers": "on", "DateStyle": "German"}
    opened = await asyncpg.connect(dsn, server_settings=odd)
    try:
        seen = await read_postgres(opened)
        assert await opened.fetchval("SHOW search_path") == "extra, hr, public"
    finally:
        await opened.close()
    assert seen.settings["search_path"] == "extra, hr, public"
    assert relation(seen, "extra", "all_people").definition == relation(snapshot, "extra", "all_people").definition


async def test_a_schema_without_usage_is_known_as_such(dsn: str, connection: Any) -> None:
    await connection.execute("CREATE ROLE narrow LOGIN PASSWORD 'narrow-1'; GRANT USAGE ON SCHEMA extra TO narrow")
    opened = await asyncpg.connect(dsn, user="narrow", password="narrow-1")
    try:
        seen = await read_postgres(opened)
    finally:
        await opened.close()
        await connection.execute("DROP OWNED BY narrow; DROP ROLE narrow")
    assert (seen.account, seen.superuser) == ("narrow", False)
    assert not seen.schemas["hr"].usable
    assert seen.resolve("employees", ("hr",)) is None
    assert seen.resolve("notes", ("hr", "extra")) is seen.relation("extra", "notes")


async def test_a_locked_table_delays_readers_of_views_no_longer_than_the_lock_timeout(dsn: str, connection: Any) -> None:
    locker = await asyncpg.connect(dsn)
    transaction = locker.transaction()
    await transaction.start()
    try:
        await locker.execute("LOCK TABLE public.customers IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(10):
            with pytest.raises(CatalogUnreadable, match="lock"):
                await read_postgres(connection)
    finally:
        await transaction.rollback()
        await locker.close()
    assert (await read_postgres(connection)).relation("public", "customers") is not None


async def test_a_dead_connection_is_said_to_be_unreadable(dsn: str) -> None:
    opened = await asyncpg.connect(dsn)
    await opened.close()
    with pytest.raises(CatalogUnreadable):
        await probe_postgres(opened)
    with pytest.raises(CatalogUnreadable):
        await read_postgres(opened)


async def test_texts_are_printed_in_batches_that_hold_few_locks(
    connection: Any, snapshot: CatalogSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.catalog.postgres._BATCH", 1)
    again = await read_postgres(connection)
    assert {name: info.definition for name, info in again.relations.items()} == {
        name: info.definition for name, info in snapshot.relations.items()
    }
    assert await connection.fetchval("SELECT count(*) FROM pg_locks WHERE relation >= 16384 AND pid = pg_backend_pid()") == 0


async def test_a_catalog_that_changes_while_it_is_read_is_read_again(dsn: str, connection: Any) -> None:
    changer = await asyncpg.connect(dsn)
    stop = asyncio.Event()

    async def change() -> None:
        while not stop.is_set():
            await changer.execute("CREATE VIEW extra.fleeting AS SELECT 1 AS one; DROP VIEW extra.fleeting")

    task = asyncio.create_task(change())
    try:
        # Either an answer or a refusal that says why: three readings may all be disturbed.
        for _ in range(5):
            with suppress(CatalogUnreadable):
                assert (await read_postgres(connection)).relation("public", "customers") is not None
    finally:
        stop.set()
        await task
        await changer.close()
    assert (await read_postgres(connection)).digest == await probe_postgres(connection)
