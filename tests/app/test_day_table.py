"""One table in several processes: exact, outliving them, and made anew where it is none."""

import multiprocessing
import os
import signal
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import gateway.app.day_table as room
from gateway.app.day_table import DayTable, TableFull
from gateway.model.errors import ConfigurationError

PATHS = [("pg1/shop/public/orders", 10_000), ("pg1/shop/public/customers", 1 << 62)]
SPAWN = multiprocessing.get_context("spawn")


def reader(path: Path, say: Connection) -> None:
    """Read until nothing is left, in runs of uneven lengths."""
    taken, rows = 0, 7
    with closing(DayTable.open(path)) as table:
        say.send("ready")
        say.recv()
        while rows:
            if table.take("alice", PATHS, 20_000, rows):
                taken += rows
            else:
                rows //= 2
    say.send(taken)


def test_processes_at_the_same_time_share_what_is_left_exactly(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    pairs = [SPAWN.Pipe() for _ in range(4)]
    processes = [SPAWN.Process(target=reader, args=(path, theirs)) for _, theirs in pairs]
    for process in processes:
        process.start()
    for ours, _ in pairs:
        assert ours.recv() == "ready"
    for ours, _ in pairs:
        ours.send("go")
    taken = [ours.recv() for ours, _ in pairs]
    for process in processes:
        process.join()
    assert sum(taken) == 10_000
    with closing(DayTable.open(path)) as table:
        assert table.counted("alice", PATHS[0][0], 20_000) == (10_000, 0)
        assert table.counted("alice", PATHS[1][0], 20_000) == (10_000, 0)


def dying(path: Path) -> None:
    table = DayTable.open(path)
    table.take("alice", PATHS, 20_000, 41)
    with table._locked():
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_leaves_its_counts_and_not_its_lock(tmp_path: Path) -> None:
    process = SPAWN.Process(target=dying, args=(tmp_path / "rows",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with closing(DayTable.open(tmp_path / "rows")) as table:
        assert table.take("alice", PATHS, 20_000, 1)
        assert table.counted("alice", PATHS[0][0], 20_000) == (42, 0)


def test_persons_relations_and_days_are_apart(tmp_path: Path) -> None:
    others = (("alice", "b", 20_000), ("bob", "a", 20_000), ("alice", "a", 20_001))
    with closing(DayTable.open(tmp_path / "rows")) as table:
        table.take("alice", [("a", 9)], 20_000, 5)
        table.hear("alice", "a", 20_000, 3)
        table.hear("alice", "a", 20_000, 2)  # asked earlier
        assert table.counted("alice", "a", 20_000) == (5, 3)
        assert not table.take("alice", [("a", 9)], 20_000, 2)
        assert [table.counted(*whose) for whose in others] == [(0, 0)] * 3
        assert table.take("alice", [("a", 9)], 20_001, 9)


def test_a_full_table_says_so_and_yesterdays_room_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_SLOTS", 4)
    monkeypatch.setattr(room, "_SIZE", room._HEADER.size + 4 * room._SLOT)
    with closing(DayTable.open(tmp_path / "rows")) as table:
        for number in range(4):
            assert table.take(f"user{number}", [("a", 10)], 20_000, 1)
        with pytest.raises(TableFull, match="too many persons and relations"):
            table.take("another", [("a", 10)], 20_000, 1)
        table.hear("another", "a", 20_000, 0)
        assert table.take("user3", [("a", 10)], 20_000, 1)
        assert table.take("another", [("a", 10)], 20_001, 1)


@pytest.mark.parametrize("content", [b"", b"gwrows0\0", b"x" * room._SIZE, b"gwrows1\0" + bytes(100)])
def test_a_file_of_another_form_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content)
    with closing(DayTable.open(path)) as table:
        assert table.counted("alice", "a", 20_000) == (0, 0)
        assert table.take("alice", [("a", 1)], 20_000, 1)
        name = table.name
    with closing(DayTable.open(path)) as table:
        assert table.name == name
        assert table.counted("alice", "a", 20_000) == (1, 0)


def test_no_link_is_followed_and_no_room_is_said(tmp_path: Path) -> None:
    (tmp_path / "rows").symlink_to(tmp_path / "victim")
    with pytest.raises(ConfigurationError, match="rows of the day cannot be counted in"):
        DayTable.open(tmp_path / "rows")
    assert not (tmp_path / "victim").exists()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError):
        DayTable.open(tmp_path / "file" / "rows")
