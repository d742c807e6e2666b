"""The store on SQLite, PostgreSQL and MariaDB: schema, transactions, versions, failures."""

import asyncio
import multiprocessing
import sqlite3
import stat
from collections.abc import Coroutine
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select, text, update

from gateway.model.errors import ConfigurationError, Conflict, StoreUnavailable
from gateway.model.identity import PrincipalKind, RoleBinding
from gateway.store import Anchor, RowUsage, SecretKey, Store, StoredBinding, StoredGrant, StoredInstance, directory, servers
from gateway.store import grants as grant_room
from gateway.store import tokens as token_room
from gateway.store.migrations import VERSION_TABLE
from gateway.store.schema import issues, metadata, users
from gateway.store.usage import usage_of


def _differences(connection: Connection) -> list[object]:
    options = {"version_table": VERSION_TABLE, "compare_type": True, "target_metadata": metadata}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_migrations_build_exactly_the_schema(store: Store) -> None:
    async with store.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_the_comparison_would_notice_a_difference(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("ALTER TABLE tokens ADD COLUMN extra INTEGER"))
    async with store.read() as connection:
        assert await connection.run_sync(_differences) != []


def test_migrations_and_schema_give_the_same_sqlite_tables(tmp_path: Path, key: SecretKey) -> None:
    async def migrate() -> None:
        await (await Store.open(f"sqlite:///{tmp_path}/migrated.db", key)).close()

    asyncio.run(migrate())
    engine = create_engine(f"sqlite:///{tmp_path}/created.db")
    metadata.create_all(engine)
    engine.dispose()
    migrated, created = (_tables(tmp_path / name) for name in ("migrated.db", "created.db"))
    del migrated[VERSION_TABLE]
    assert migrated == created


def _tables(path: Path) -> dict[str, set[str]]:
    """Each table's clauses and indexes, in no order; a table that was made anew has its name in quotes."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    found: dict[str, set[str]] = {}
    for name, statement in rows:
        found.setdefault(name, set()).update(line.strip().rstrip(",").replace('"', "") for line in statement.splitlines())
    return found


async def test_opening_again_keeps_everything(store: Store, store_url: str, key: SecretKey) -> None:
    async with store.change() as connection:
        await directory.add_user(connection, "alice")
    again = await Store.open(store_url, key)
    assert await again.user("alice") is not None
    assert await again.version() == await store.version()
    await again.close()


async def test_several_stores_open_an_empty_database_at_once(store_url: str, key: SecretKey) -> None:
    opened = await asyncio.gather(*(Store.open(store_url, key) for _ in range(4)))
    assert {await store.version() for store in opened} == {1}
    await asyncio.gather(*(store.close() for store in opened))


def _open_in_process(url: str, key_path: str, results: "multiprocessing.Queue[str]") -> None:
    async def main() -> None:
        store = await Store.open(url, SecretKey.load_or_create(Path(key_path)))
        async with store.change():
            results.put(f"ok {store.key.current_id}")
        await store.close()

    try:
        asyncio.run(main())
    except Exception as error:
        results.put(repr(error))


def test_several_processes_start_at_once(store_url: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = context.Queue()
    path = str(tmp_path / "shared.key")
    processes = [context.Process(target=_open_in_process, args=(store_url, path, results)) for _ in range(3)]
    for process in processes:
        process.start()
    answers = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(30)
    assert len(set(answers)) == 1
    assert answers[0].startswith("ok ")


async def test_a_schema_of_a_newer_gateway_is_refused(store: Store, store_url: str, key: SecretKey) -> None:
    async with store.write() as connection:
        await connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = 'v9999'"))
    with pytest.raises(ConfigurationError, match="newer gateway"):
        await Store.open(store_url, key)


async def test_without_migrate_an_empty_database_is_refused(store_url: str, key: SecretKey) -> None:
    with pytest.raises((ConfigurationError, StoreUnavailable), match=r"older than this gateway|no such file"):
        await Store.open(store_url, key, migrate=False)


async def test_an_unfinished_first_migration_is_taken_up_again(store: Store, store_url: str, key: SecretKey) -> None:
    """MySQL commits each table by itself: a start that was cut short leaves some of them."""
    async with store.write() as connection:
        await connection.execute(text("DROP TABLE audit_anchors"))
        await connection.execute(text("DROP TABLE tokens"))
        await connection.execute(text(f"DELETE FROM {VERSION_TABLE}"))
    again = await Store.open(store_url, key)
    async with again.read() as connection:
        assert await connection.run_sync(_differences) == []
    assert await again.version() == 1
    await again.close()


async def test_a_change_moves_the_version_and_a_write_does_not(store: Store) -> None:
    before = await store.version()
    async with store.write():
        pass
    assert await store.version() == before
    async with store.change() as connection:
        await directory.add_user(connection, "alice")
    assert await store.version() == before + 1


async def test_a_failed_change_leaves_nothing(store: Store) -> None:
    before = await store.version()

    async def fail() -> None:
        async with store.change() as connection:
            await directory.add_user(connection, "alice")
            raise RuntimeError("no record")

    with pytest.raises(RuntimeError, match="no record"):
        await fail()
    assert await store.user("alice") is None
    assert await store.version() == before


async def test_concurrent_changes_queue_and_all_count(store: Store) -> None:
    before = await store.version()

    async def add(number: int) -> None:
        async with store.change() as connection:
            await directory.add_user(connection, f"user{number}")

    await asyncio.gather(*(add(number) for number in range(20)))
    assert await store.version() == before + 20
    async with store.read() as connection:
        assert len(await directory.list_users(connection)) == 20


async def test_a_taken_name_is_a_conflict(store: Store) -> None:
    async with store.change() as connection:
        await directory.add_user(connection, "alice")
    with pytest.raises(Conflict):
        async with store.change() as connection:
            await directory.add_user(connection, "alice")


async def test_names_are_compared_exactly(store: Store) -> None:
    async with store.change() as connection:
        await directory.add_user(connection, "alice")
        await directory.add_user(connection, "Alice", email="other@example.com")
    assert (await store.user("Alice")).email == "other@example.com"  # type: ignore[union-attr]
    assert await store.user("ALICE") is None
    assert await store.user("alice ") is None
    assert await store.user("alíce") is None


async def test_times_keep_their_microseconds(store: Store) -> None:
    """MySQL's FLOAT would round a Unix time to minutes."""
    moment = 1_900_000_000.123456
    async with store.change() as connection:
        await directory.add_user(connection, "alice")
        await directory.put_binding(connection, StoredBinding("user", "alice", "dba", "", moment))
    principal = await store.principal("alice")
    assert principal is not None
    assert principal.bindings == (RoleBinding("dba", None, moment),)


async def test_long_and_strange_texts_come_back_as_they_were(store: Store) -> None:
    text_ = "SELECT '🐘 \\ % \u0000'".replace("\u0000", "") + "x" * 200_000
    async with store.write() as connection:
        await connection.execute(issues.insert().values(**_issue(text_)))
    async with store.read() as connection:
        assert (await connection.execute(select(issues.c.snapshot_diff))).scalar_one() == text_


def _issue(diff: str) -> dict[str, object]:
    texts = dict.fromkeys(
        ("title", "requester", "instance", "database_name", "project", "session", "search_path", "state"), "x"
    )
    return {**texts, "version": 1, "created_at": 1.0, "updated_at": 1.0, "snapshot_diff": diff}


async def test_principals_hold_their_own_and_their_groups_roles_until_they_end(store_url: str, key: SecretKey) -> None:
    now = 1000.0
    store = await Store.open(store_url, key, clock=lambda: now)
    async with store.change() as connection:
        await directory.add_user(connection, "alice")
        await directory.add_group(connection, "dbas")
        await directory.add_member(connection, "dbas", "alice")
        for binding in (
            StoredBinding("user", "alice", "developer", "shop", None),
            StoredBinding("user", "alice", "analyst", "shop", 999.0),
            StoredBinding("user", "alice", "dba", "", 2000.0),
            StoredBinding("group", "dbas", "dba", "", 3000.0),
            StoredBinding("group", "dbas", "auditor", "", None),
            StoredBinding("group", "others", "owner", "", None),
        ):
            await directory.put_binding(connection, binding)
    principal = await store.principal("alice")
    assert principal is not None
    assert principal.bindings == (
        RoleBinding("auditor", None, None),
        RoleBinding("dba", None, 3000.0),
        RoleBinding("developer", "shop", None),
    )
    now = 3000.0
    later = await store.principal("alice")
    assert later is not None
    assert [binding.role for binding in later.bindings] == ["auditor", "developer"]
    async with store.change() as connection:
        await directory.change_user(connection, "alice", disabled=True)
    assert await store.principal("alice") is None
    await store.close()


async def test_tokens_count_until_they_end_are_revoked_or_the_owner_is_disabled(store_url: str, key: SecretKey) -> None:
    now = 1000.0
    store = await Store.open(store_url, key, clock=lambda: now)
    async with store.change() as connection:
        await directory.add_user(connection, "alice")
        short = await token_room.create_token(connection, "alice", "short", now=now, expires_at=1500.0)
        long = await token_room.create_token(connection, "alice", "long", now=now)
    owner = await store.token_owner(short)
    assert owner is not None
    assert (owner.name, owner.kind) == ("alice", PrincipalKind.TOKEN)
    assert await store.token_owner(short[:-1]) is None
    assert await store.token_owner(short.upper()) is None
    assert await store.token_owner("x" * 1_000_000) is None
    now = 1500.0
    assert await store.token_owner(short) is None
    assert await store.token_owner(long) is not None
    async with store.change() as connection:
        await directory.change_user(connection, "alice", disabled=True)
    assert await store.token_owner(long) is None
    async with store.change() as connection:
        await directory.change_user(connection, "alice", disabled=False)
        await token_room.revoke_token(connection, "alice", "long", now)
    assert await store.token_owner(long) is None
    async with store.read() as connection:
        stored = str((await connection.execute(text("SELECT * FROM tokens"))).all())
    assert short not in stored
    assert long not in stored
    await store.close()


async def test_server_passwords_are_ciphertext_and_bound_to_their_row(store: Store) -> None:
    await _add_instances(store)
    assert (await store.server("pg1")).password == "pg1-secret"
    assert "secret" not in repr(await store.server("pg1"))
    async with store.write() as connection:
        rows = (await connection.execute(text("SELECT name, password FROM instances"))).all()
        assert all(b"secret" not in bytes(row.password) for row in rows)
        # Somebody who may write the store puts one server's password in another's place.
        sealed = {row.name: bytes(row.password) for row in rows}
        table = metadata.tables["instances"]
        await connection.execute(update(table).where(table.c.name == "pg2").values(password=sealed["pg1"]))
    with pytest.raises(Exception, match="changed, or belongs elsewhere"):
        await store.server("pg2")


async def test_rotation_encrypts_anew_and_other_processes_follow(store: Store, store_url: str, key: SecretKey) -> None:
    await _add_instances(store)
    other = await Store.open(store_url, SecretKey.load(key.path))
    derived = key.derive("audit")
    old = key.current_id
    assert await store.rotate_key() == 2
    assert key.current_id != old
    assert (await store.server("pg1")).password == "pg1-secret"
    assert (await other.server("pg2")).password == "pg2-secret"
    assert SecretKey.load(key.path).derive("audit") == derived
    lines = key.path.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["#", "root", "key"]
    await other.close()


async def _add_instances(store: Store) -> None:
    from gateway.model.identity import Engine

    async with store.change() as connection:
        await servers.add_environment(connection, "prod")
        for name in ("pg1", "pg2"):
            instance = StoredInstance(name, Engine.POSTGRES, "127.0.0.1", 5432, "prod", "gateway", has_password=False)
            await servers.put_instance(connection, instance)
            await servers.set_server_password(connection, store.key, name, f"{name}-secret")


async def test_grants_count_between_their_making_and_their_end(store: Store) -> None:
    async with store.change() as connection:
        grant = StoredGrant("alice", "shop", "pg1/shop/**", "select", granted_by="dana", created_at=10.0, expires_at=20.0)
        ending = await grant_room.add_grant(connection, grant)
        standing = await grant_room.add_grant(connection, StoredGrant("alice", "*", "pg1/**", "export", created_at=10.0))
    assert [grant.id for grant in await store.active_grants(19.9)] == [ending, standing]
    assert [grant.id for grant in await store.active_grants(20.0)] == [standing]
    async with store.change() as connection:
        await grant_room.revoke_grant(connection, standing, 30.0)
    assert await store.active_grants(31.0) == []
    with pytest.raises(ConfigurationError, match="no action 'fly'"):
        async with store.change() as connection:
            await grant_room.add_grant(connection, StoredGrant("alice", "*", "pg1/**", "fly"))


async def test_cancel_requests_reach_other_processes_once_and_are_pruned(store: Store) -> None:
    signals, last = await store.signals(), await store.last_cancel()
    await store.post_cancel("a" * 64)
    await store.post_cancel("b" * 64)
    assert await store.signals() == signals + 2
    seen = await store.cancels_after(last)
    assert [request.key_digest[0] for request in seen] == ["a", "b"]
    assert await store.cancels_after(seen[-1].id) == []
    assert await store.prune_cancels(float("1e12")) == 1
    await store.post_cancel("c" * 64)
    assert [request.key_digest[0] for request in await store.cancels_after(seen[-1].id)] == ["c"]


async def test_anchors_only_move_forward(store: Store) -> None:
    assert await store.put_anchor(Anchor("host-0", 5, "aa", 1.0, "s"))
    assert await store.put_anchor(Anchor("host-0", 9, "bb", 2.0, "s"))
    assert not await store.put_anchor(Anchor("host-0", 7, "cc", 3.0, "s"))
    assert [(anchor.seq, anchor.hash) for anchor in await store.anchors()] == [(9, "bb")]


async def test_usage_adds_up_over_gateways_and_is_told_as_often_as_one_likes(store: Store) -> None:
    a, b = "pg1/shop/public/a", "pg1/shop/public/b"

    def tell(turn: int) -> Coroutine[None, None, None]:
        entries = [RowUsage("alice", path, 20_000, turn + 1) for path in (b, a)]
        return store.tell_usage("ours" if turn % 2 else "theirs", entries if turn % 3 else entries[::-1])

    await asyncio.gather(*map(tell, range(10)))
    await tell(3)  # late
    assert await store.rows_elsewhere("alice", a, 20_000, "") == 10 + 9
    assert await store.rows_elsewhere("alice", a, 20_000, "ours") == 9
    assert await store.rows_elsewhere("alice", "pg1/shop/public/A", 20_000, "") == 0
    assert await store.rows_elsewhere("alice", a, 20_001, "") == 0
    async with store.read() as connection:
        assert await usage_of(connection, "alice", 20_000) == [RowUsage("alice", path, 20_000, 19) for path in (a, b)]
    assert await store.prune_usage(20_000) == 0
    assert await store.prune_usage(20_001) == 4


async def test_a_store_that_is_away_says_so_without_its_password(key: SecretKey) -> None:
    for scheme in ("postgresql", "mysql"):
        with pytest.raises(StoreUnavailable) as caught:
            await Store.open(f"{scheme}://gateway:sesame@127.0.0.1:1/gateway", key)
        assert "127.0.0.1:1/gateway does not answer" in str(caught.value)
        assert "sesame" not in str(caught.value)


async def test_a_wrong_password_of_the_store_is_told_without_it(backend_name: str, store_url: str, key: SecretKey) -> None:
    if backend_name == "sqlite":
        pytest.skip("SQLite has no login")
    scheme, _, rest = store_url.partition("://")
    login, _, place = rest.rpartition("@")
    with pytest.raises(StoreUnavailable) as caught:
        await Store.open(f"{scheme}://{login.split(':')[0]}:sesame@{place}", key)
    assert "sesame" not in str(caught.value)


async def test_the_sqlite_file_is_for_the_gateway_alone(tmp_path: Path, key: SecretKey) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/new/gateway.db", key)
    assert stat.S_IMODE((tmp_path / "new" / "gateway.db").stat().st_mode) == 0o600
    async with store.read() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert set(metadata.tables) <= set(names)
    await store.close()


async def test_a_folder_in_place_of_the_sqlite_file_is_told(tmp_path: Path, key: SecretKey) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        await Store.open(f"sqlite:///{tmp_path}", key)


async def test_a_read_begins_no_write(tmp_path: Path, key: SecretKey) -> None:
    """A reader that stays open stops no writer."""
    store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", key)
    async with store.read() as reading:
        await reading.execute(select(users.c.name))
        async with store.change() as connection:
            await directory.add_user(connection, "alice")
    assert await store.user("alice") is not None
    await store.close()
