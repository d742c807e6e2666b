"""The workspace file: every mistake names file, key and remedy; a good one is applied once and for all."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.model.errors import AuditUnavailable, ConfigurationError
from gateway.model.identity import Engine, RoleBinding, Target
from gateway.store import Store, StoredBinding, directory
from gateway.store.passwords import check_password
from gateway.store.workspace import Workspace, load_workspace
from gateway.store.workspace_apply import Change, apply_workspace

GOOD = """
[[environments]]
name = "prod"

[[instances]]
name = "pg1"
engine = "postgres"
host = "127.0.0.1"
environment = "prod"
username = "gateway"
password_env = "PG1_PASSWORD"
[instances.tls]
mode = "verify-full"
ca = "/etc/ca.pem"

[[projects]]
name = "shop"
databases = ["pg1/shop"]

[[users]]
name = "alice"
email = "alice@example.com"
password_env = "ALICE_PASSWORD"
roles = ["developer@shop"]

[[users]]
name = "dana"
password_file = "dana.password"

[[groups]]
name = "dbas"
members = ["dana"]
roles = ["dba"]

[[tokens]]
name = "ci"
user = "alice"

[[grants]]
subject = "alice"
object = "pg1/shop/public/*"
actions = ["select", "export"]
expires = 2999-01-01T00:00:00Z
reason = "the move"
"""
ENVIRON = {"PG1_PASSWORD": "pg1-secret", "ALICE_PASSWORD": "wonderland"}


def load(folder: Path, text: str = GOOD, environ: Mapping[str, str] = ENVIRON) -> Workspace:
    (folder / "dana.password").write_text("looking-glass\n")
    path = folder / "workspace.toml"
    path.write_text(text)
    return load_workspace([path], environ)


def effective(changes: list[Change]) -> list[str]:
    return [str(change) for change in changes if change.verb != "left alone"]


async def test_a_good_file_is_applied_once(store: Store, tmp_path: Path) -> None:
    before = await store.version()
    changes = await apply_workspace(store, load(tmp_path))
    assert len(effective(changes)) == 13
    assert await store.version() == before + 1
    assert await store.targets() == [Target(Engine.POSTGRES, "pg1", "shop", "prod", "shop")]
    server = await store.server("pg1")
    assert (server.password, server.port, server.tls.mode, server.tls.ca) == ("pg1-secret", 5432, "verify-full", "/etc/ca.pem")
    alice, dana = await store.user("alice"), await store.user("dana")
    assert alice is not None
    assert dana is not None
    assert check_password("wonderland", alice.verifier)
    assert check_password("looking-glass", dana.verifier)
    principal = await store.principal("dana")
    assert principal is not None
    assert principal.bindings == (RoleBinding("dba"),)
    assert sorted(grant.action for grant in await store.active_grants()) == ["export", "select"]
    (token,) = [change.secret for change in changes if change.secret]
    assert await store.token_owner(token) is not None

    assert await apply_workspace(store, load(tmp_path)) == []
    assert await store.version() == before + 1


async def test_a_dry_run_says_the_same_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    before = await store.version()
    planned = await apply_workspace(store, load(tmp_path), dry_run=True)
    assert await store.version() == before
    assert await store.targets() == []
    assert all(change.secret is None for change in planned)
    assert effective(planned) == effective(await apply_workspace(store, load(tmp_path)))


async def test_only_what_differs_is_changed(store: Store, tmp_path: Path) -> None:
    await apply_workspace(store, load(tmp_path))
    text = GOOD.replace('host = "127.0.0.1"', 'host = "db.example.com"').replace("alice@example.com", "a@example.com")
    changed = await apply_workspace(store, load(tmp_path, text, ENVIRON | {"ALICE_PASSWORD": "new"}))
    assert effective(changed) == ["changed: instance pg1 (host)", "changed: user alice (email, password)"]
    assert (await store.server("pg1")).password == "pg1-secret"


async def test_what_the_file_does_not_name_is_left_alone_unless_pruned(store: Store, tmp_path: Path) -> None:
    await apply_workspace(store, load(tmp_path))
    async with store.change() as connection:
        await directory.add_user(connection, "zoe")
        await directory.put_binding(connection, StoredBinding("user", "alice", "dba", "", None))
        await directory.put_binding(connection, StoredBinding("user", "alice", "analyst", "", 4e9))
    left = await apply_workspace(store, load(tmp_path))
    assert {str(change) for change in left} == {
        "left alone: user zoe (not in the file; --prune removes it)",
        "left alone: role dba of user alice (not in the file; --prune removes it)",
    }
    assert await store.user("zoe") is not None
    pruned = await apply_workspace(store, load(tmp_path), prune=True)
    assert effective(pruned) == ["removed: role dba of user alice", "removed: user zoe"]
    assert await store.user("zoe") is None
    principal = await store.principal("alice")
    assert principal is not None
    assert [binding.role for binding in principal.bindings] == ["analyst", "developer"]


async def test_pruning_spares_kinds_that_the_file_does_not_speak_of(store: Store, tmp_path: Path) -> None:
    await apply_workspace(store, load(tmp_path))
    pruned = await apply_workspace(store, load(tmp_path, '[[environments]]\nname = "prod"\n'), prune=True)
    assert pruned == []
    assert await store.user("alice") is not None


async def test_without_a_record_nothing_is_applied(store: Store, tmp_path: Path) -> None:
    async def no_disk(_changes: list[Change]) -> None:
        raise AuditUnavailable("no space left")

    before = await store.version()
    with pytest.raises(AuditUnavailable):
        await apply_workspace(store, load(tmp_path), record=no_disk)
    assert await store.version() == before
    assert await store.user("alice") is None


async def test_several_files_are_one_workspace(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[users]]\nname = "alice"\nroles = ["developer@shop"]\n')
    (tmp_path / "b.toml").write_text('[[projects]]\nname = "shop"\n')
    both = load_workspace([tmp_path / "a.toml", tmp_path / "b.toml"], {})
    assert len(effective(await apply_workspace(store, both))) == 3
    (tmp_path / "b.toml").write_text('[[users]]\nname = "alice"\n')
    with pytest.raises(ConfigurationError, match=r"b\.toml: user 'alice' is already in .*a\.toml"):
        load_workspace([tmp_path / "a.toml", tmp_path / "b.toml"], {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'password_env = "PG1_PASSWORD"',
            'password = "hunter2"',
            r'instances\[pg1\]: `password` in the file .* password_env = "',
        ),
        ('password_env = "ALICE_PASSWORD"', 'password = "hunter2"', r"users\[alice\]: `password` in the file"),
        ("PG1_PASSWORD", "NOT_SET", r"instance 'pg1': password_env: the environment variable NOT_SET is not set"),
        ("dana.password", "none", r"user 'dana': password_file: .*none: cannot be read"),
        ('engine = "postgres"', 'engine = "oracle"', r"instances\[pg1\]\.engine: Input should be 'postgres' or 'mysql'"),
        (
            'host = "127.0.0.1"',
            'hots = "x"\nhost = "y"',
            r"instances\[pg1\]\.hots: unknown key; known here: engine, environment",
        ),
        ('mode = "verify-full"', 'mode = "full"', r"instances\[pg1\]\.tls\.mode: Input should be 'disable'"),
        ('mode = "verify-full"', 'mod = "full"', r"instances\[pg1\]\.tls\.mod: unknown key; known here: ca, cert, key, mode"),
        ('databases = ["pg1/shop"]', 'databases = ["shop"]', r'projects\[shop\]\.databases\.0: write "instance/database"'),
        ('roles = ["developer@shop"]', 'roles = ["@shop"]', r'users\[alice\]\.roles\.0: role \'@shop\': write "role@project"'),
        ('name = "dbas"', 'name = "db as "', r"groups\[db as \]\.name: .* neither begins nor ends with a space"),
        ('"export"]', '"fly"]', r"grants\[1\]\.actions\.1: no such action; known: \*, connect"),
        ("2999-01-01T00:00:00Z", "2999-01-01T00:00:00", r"grants\[1\]\.expires: write the time zone too"),
        ("[[groups]]", "[[gruops]]", r"gruops: unknown key; known here: databases, environments"),
        ("[[groups]]", "[[groups", r"not valid TOML"),
        ('name = "alice"', 'name = "dana"', r"user 'dana' is already in"),
    ],
)
def test_a_mistake_names_file_key_and_remedy(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError, match=message) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert str(tmp_path / "workspace.toml") in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('environment = "prod"', 'environment = "pord"', r"instance 'pg1': environment: there is no 'pord'; .*one of: prod"),
        ('"pg1/shop"', '"pg2/shop"', r"project 'shop': databases: no instance 'pg2'; add it as \[\[instances\]\]"),
        ("developer@shop", "developer@shp", r"user 'alice': roles: developer@shp: there is no project 'shp'"),
        ('members = ["dana"]', 'members = ["dan"]', r"group 'dbas': members: there is no user 'dan'"),
        ('user = "alice"', 'user = "alic"', r"token 'alic:ci': user: there is no user 'alic'"),
    ],
)
async def test_a_name_that_leads_nowhere_is_told_and_nothing_is_written(
    store: Store, tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    before = await store.version()
    with pytest.raises(ConfigurationError, match=message) as caught:
        await apply_workspace(store, load(tmp_path, GOOD.replace(old, new, 1)))
    assert str(tmp_path / "workspace.toml") in str(caught.value)
    assert await store.version() == before
    assert await store.user("alice") is None


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    shown = repr(load(tmp_path))
    assert "pg1-secret" not in shown
    assert "wonderland" not in shown
