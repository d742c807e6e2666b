"""The key file and what is encrypted with it."""

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.errors import ConfigurationError
from gateway.store.secrets import SecretKey, SecretUnreadable


def test_a_new_file_is_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "master.key"
    made = SecretKey.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealed = made.encrypt(b"sesame", "here")
    assert SecretKey.load_or_create(path).decrypt(sealed, "here") == b"sesame"
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]


def test_of_several_processes_that_start_at_once_all_hold_the_same_key(tmp_path: Path) -> None:
    found: list[str] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        found.append(SecretKey.load_or_create(tmp_path / "master.key").current_id)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    SecretKey.load_or_create(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=r"chmod 600"):
        SecretKey.load_or_create(path)


@pytest.mark.parametrize(
    "content",
    ["", "hello\n", "root AAAA\nkey AAAA\n", f"key {'A' * 43}=\n", f"root {'A' * 43}=\n", f"root {'A' * 43}=\n" * 2, "\0" * 99],
)
def test_what_is_no_key_file_is_told_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=str(path)):
        SecretKey.load_or_create(path)
    assert path.read_text() == content


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        SecretKey.load_or_create(tmp_path)


def test_a_missing_file_is_not_made_by_load(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such key file"):
        SecretKey.load(tmp_path / "none")


def test_a_link_to_a_file_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "master.key").symlink_to(tmp_path / "elsewhere" / "key")
    with pytest.raises(ConfigurationError, match="no such key file"):
        SecretKey.load_or_create(tmp_path / "master.key")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(plain=st.binary(max_size=200), position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_changed_byte_is_noticed(tmp_path: Path, plain: bytes, position: int, flip: int) -> None:
    key = SecretKey.load_or_create(tmp_path / "master.key")
    sealed = bytearray(key.encrypt(plain, "place"))
    assert key.decrypt(bytes(sealed), "place") == plain
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(SecretUnreadable):
        key.decrypt(bytes(sealed), "place")
    with pytest.raises(SecretUnreadable):
        key.decrypt(bytes(sealed[: position % len(sealed)]), "place")


def test_a_secret_opens_only_where_it_belongs_and_with_its_key(tmp_path: Path) -> None:
    key, other = (SecretKey.load_or_create(tmp_path / name) for name in ("one", "two"))
    sealed = key.encrypt(b"sesame", "instances.password:pg1")
    with pytest.raises(SecretUnreadable, match="belongs elsewhere"):
        key.decrypt(sealed, "instances.password:pg2")
    with pytest.raises(SecretUnreadable, match=f"encrypted with key {key.current_id}"):
        other.decrypt(sealed, "instances.password:pg1")
    assert key.encrypt(b"sesame", "x") != key.encrypt(b"sesame", "x")


def test_rotation_keeps_old_secrets_readable_until_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    key = SecretKey.load_or_create(path)
    follower = SecretKey.load(path)
    root = key.derive("audit checkpoint signing")
    old = key.encrypt(b"sesame", "x")
    key.begin_rotation()
    new = key.encrypt(b"sesame", "x")
    assert SecretKey.load(path).decrypt(old, "x") == SecretKey.load(path).decrypt(new, "x") == b"sesame"
    assert follower.decrypt(new, "x") == b"sesame"
    key.finish_rotation()
    with pytest.raises(SecretUnreadable):
        SecretKey.load(path).decrypt(old, "x")
    assert SecretKey.load(path).derive("audit checkpoint signing") == root
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_process_that_did_not_rotate_seals_with_the_new_key(tmp_path: Path) -> None:
    key = SecretKey.load_or_create(tmp_path / "master.key")
    other = SecretKey.load(key.path)
    key.begin_rotation()
    key.finish_rotation()
    assert SecretKey.load(key.path).decrypt(other.encrypt(b"sesame", "x"), "x") == b"sesame"
    assert other.current_id == key.current_id


def test_derived_keys_differ_by_purpose_and_stay(tmp_path: Path) -> None:
    key = SecretKey.load_or_create(tmp_path / "master.key")
    assert key.derive("a") == SecretKey.load(key.path).derive("a")
    assert len({key.derive("a"), key.derive("b"), key.derive("ab")}) == 3
    assert len(key.derive("a", 64)) == 64


def test_no_repr_shows_a_key(tmp_path: Path) -> None:
    key = SecretKey.load_or_create(tmp_path / "master.key")
    shown = repr(key)
    for line in key.path.read_text().splitlines()[1:]:
        assert line.split()[1] not in shown
    assert key.current_id in shown


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "master.key"
    SecretKey.load_or_create(path)
    os.chown(path, 12345, 12345)
    with pytest.raises(ConfigurationError, match="another user"):
        SecretKey.load(path)
