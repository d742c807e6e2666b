"""The writer: order, durability, failure and recovery, crashes."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.audit import Anchor, AuditLog, disk, files
from gateway.audit.verify import verify
from gateway.model.errors import AuditUnavailable
from gateway.model.event import EventKind
from tests.audit.logs import KEYS, OTHER_KEYS, append_statements, body, session, write_log


def records(directory: Path, chain: str = "host-0") -> list[dict[str, Any]]:
    return [json.loads(line) for path in files.segments(directory / chain) for line in path.read_bytes().splitlines()]


async def test_positions_are_record_numbers_and_durable_means_on_disk(tmp_path: Path) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    who = session("s1", "alice")
    first = log.append(EventKind.SESSION_OPEN, who, b"")
    second = log.append(EventKind.STATEMENT, who, body("SELECT 1"))
    assert (first, second, log.durable_position) == (1, 2, 0)
    assert log.lag == 2
    await log.durable(second)
    assert log.durable_position == 2
    assert log.lag == 0
    written = records(tmp_path)
    assert [(record["seq"], record["kind"], record["user"]) for record in written] == [
        (1, "session.open", "alice"),
        (2, "statement", "alice"),
    ]
    assert written[1]["prev"] == written[0]["hash"]
    await log.close()


async def test_callbacks_come_in_order_and_only_when_durable(tmp_path: Path) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    told: list[int] = []

    def note(position: int, error: AuditUnavailable | None) -> None:
        assert error is None
        assert log.durable_position >= position
        told.append(position)

    positions = []
    for number in range(300):
        position = append_statements(log, 1, start=number)
        positions.append(position)
        log.call_when_durable(position, partial(note, position))
        if number % 7 == 0:
            await asyncio.sleep(0)
    await log.durable(positions[-1])
    assert told == positions
    assert log.commits < 300
    log.call_when_durable(positions[0], lambda error: told.append(-1))
    assert told[-1] == -1
    await log.close()


async def test_outcomes_do_not_start_a_commit_but_do_not_wait_long(tmp_path: Path) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    position = log.append(EventKind.STATEMENT_END, session("s1", "alice"), b'"statement_id":"x","rows":1')
    await asyncio.sleep(0.002)
    assert log.durable_position == 0
    async with asyncio.timeout(2):
        while log.durable_position < position:
            await asyncio.sleep(0.005)
    await log.close()


async def test_relaxed_lets_results_go_at_once_and_is_on_disk_soon(tmp_path: Path) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS, durability="relaxed")
    position = append_statements(log, 3)
    assert log.durable_position == position
    assert log.synced_position == 0
    async with asyncio.timeout(2):
        while log.synced_position < position:
            await asyncio.sleep(0.005)
    assert len(records(tmp_path)) == 6
    await log.close()


async def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    await write_log(tmp_path, 3)
    await write_log(tmp_path, 3)
    assert [record["seq"] for record in records(tmp_path)] == list(range(1, 15))
    assert verify(tmp_path, keys=KEYS).broken == ()
    assert len(files.chains(tmp_path)) == 1


async def test_segments_rotate_and_each_ends_with_a_checkpoint(tmp_path: Path) -> None:
    await write_log(tmp_path, 40, segment_bytes=5_000)
    segments = files.segments(tmp_path / "host-0")
    assert len(segments) > 5
    assert all(path.stat().st_size <= 5_000 for path in segments)
    report = verify(tmp_path, keys=KEYS)
    assert report.broken == ()
    assert report.chains[0].checkpoints >= len(segments)


async def test_two_writers_of_one_chain_are_impossible(tmp_path: Path) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    with pytest.raises(AuditUnavailable, match="another process writes the chain host-0"):
        await AuditLog.open(tmp_path, "host-0", KEYS)
    other = await AuditLog.open(tmp_path, "host-1", KEYS)
    await other.close()
    await log.close()
    again = await AuditLog.open(tmp_path, "host-0", KEYS)
    await again.close()


async def test_checkpoints_are_told_to_the_store(tmp_path: Path) -> None:
    anchors: list[Anchor] = []
    log = await AuditLog.open(tmp_path, "host-0", KEYS, checkpoint_seconds=0.02, on_anchor=anchors.append)
    position = append_statements(log, 2)
    async with asyncio.timeout(2):
        while not anchors:
            await asyncio.sleep(0.01)
    await log.close()
    assert (anchors[-1].chain, anchors[-1].seq) == ("host-0", position)
    assert len(anchors[-1].signature) == 128
    assert verify(tmp_path, keys=KEYS, anchors=anchors).broken == ()


async def test_checkpoints_come_under_constant_load_too(tmp_path: Path) -> None:
    anchors: list[Anchor] = []
    log = await AuditLog.open(tmp_path, "host-0", KEYS, checkpoint_seconds=0.02, on_anchor=anchors.append)

    async def session_of(user: str) -> None:
        number = 0
        while len(anchors) < 5:
            await log.durable(append_statements(log, 1, user=user, start=number))
            number += 1

    async with asyncio.timeout(10):
        await asyncio.gather(*(session_of(f"user{number}") for number in range(8)))
    await log.close()
    assert [anchor.seq for anchor in anchors] == sorted({anchor.seq for anchor in anchors})
    assert verify(tmp_path, keys=KEYS, anchors=anchors).broken == ()


class Full:
    """A disk with room for so many bytes more: what os.write does on ENOSPC, a short write and then the error."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.pwrite

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._write(descriptor, data[: self.room], offset)
        self.room -= written
        return written


async def write_for_ever(log: AuditLog) -> None:
    while True:
        await log.durable(append_statements(log, 50))


def append_for_ever(log: AuditLog) -> None:
    while True:
        log.append(EventKind.STATEMENT, b"", b'"text":"%b"' % (b"x" * 1_000))


async def check_full_disk(log: AuditLog, directory: Path, make_room: Any) -> None:
    """The contract of a full disk: shared by the fake above and, for root, a real one."""
    with pytest.raises(AuditUnavailable, match="No space left"):
        await write_for_ever(log)
    assert str(log.failure).startswith("audit log unavailable")
    with pytest.raises(AuditUnavailable, match="audit log unavailable"):
        log.append(EventKind.STATEMENT, b"", b'"text":"SELECT 1"')
    told: list[AuditUnavailable | None] = []
    log.call_when_durable(log.position, told.append)
    assert isinstance(told[0], AuditUnavailable)
    late = log.append(EventKind.STATEMENT_END, b"", b'"statement_id":"what had begun","rows":0')
    make_room()
    async with asyncio.timeout(10):
        while log.failure is not None:
            await asyncio.sleep(0.02)
    await log.durable(log.append(EventKind.STATEMENT, b"", b'"text":"after"'))
    await log.close()
    report = verify(directory, keys=KEYS)
    assert report.broken == ()
    written = records(directory)
    assert [record["seq"] for record in written] == list(range(1, len(written) + 1))
    assert written[late - 1]["statement_id"] == "what had begun"
    notes = [record for record in written if record.get("change") == "audit.recovered"]
    assert len(notes) == 1
    assert notes[0]["refused"] >= 1


async def test_a_full_disk_refuses_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    full = Full(100_000)
    monkeypatch.setattr("gateway.audit.disk.os.pwrite", full.write)

    def make_room() -> None:
        full.room = 1 << 30

    await check_full_disk(log, tmp_path, make_room)


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounting a small tmpfs needs root on Linux")
async def test_a_really_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], check=False)
    if mount.returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        log = await AuditLog.open(tmp_path, "host-0", KEYS)

        def make_room() -> None:
            subprocess.run(["mount", "-o", "remount,size=4m", str(tmp_path)], check=True)

        await check_full_disk(log, tmp_path, make_room)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=False)


async def test_closing_while_failed_says_so_and_the_next_start_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    await log.durable(append_statements(log, 5))
    monkeypatch.setattr("gateway.audit.disk.os.pwrite", Full(300).write)
    with pytest.raises(AuditUnavailable):
        await log.durable(append_statements(log, 5))
    with pytest.raises(AuditUnavailable):
        await log.close()
    monkeypatch.undo()
    again = await AuditLog.open(tmp_path, "host-0", KEYS)
    await again.close()
    written = records(tmp_path)
    assert [record.get("change") for record in written[10:]] == ["audit.mended"]
    assert verify(tmp_path, keys=KEYS).broken == ()


async def test_a_folder_that_cannot_be_used_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditUnavailable, match="audit log unavailable"):
        await AuditLog.open(tmp_path / "file", "host-0", KEYS)


async def test_a_damaged_chain_is_left_as_evidence_and_the_next_generation_says_why(tmp_path: Path) -> None:
    await write_log(tmp_path, 4)
    segment = files.segments(tmp_path / "host-0")[0]
    content = segment.read_bytes()
    segment.write_bytes(content[:-40])
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    assert log.chain == "host-0~2"
    await log.durable(append_statements(log, 1))
    await log.close()
    assert segment.read_bytes() == content[:-40]
    note = records(tmp_path, "host-0~2")[0]
    assert (note["kind"], note["change"], note["chain"]) == ("admin.change", "audit.damaged", "host-0")
    report = verify(tmp_path, keys=KEYS)
    assert [item.chain for item in report.broken] == ["host-0"]
    again = await AuditLog.open(tmp_path, "host-0", KEYS)
    assert again.chain == "host-0~2"
    await again.close()


async def test_another_key_does_not_continue_a_chain(tmp_path: Path) -> None:
    await write_log(tmp_path, 2)
    log = await AuditLog.open(tmp_path, "host-0", OTHER_KEYS)
    assert log.chain == "host-0~2"
    await log.close()


async def test_an_unterminated_queue_is_refused_before_memory_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.audit.log.PENDING_BYTES", 100_000)
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    with pytest.raises(AuditUnavailable, match="too much"):
        append_for_ever(log)
    await log.close()
    assert len(records(tmp_path)) < 200


async def test_a_busy_segment_has_room_ahead_that_is_cut_off_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.audit.filler.FILL_BYTES", 100_000)
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    for number in range(disk.BUSY_COMMITS + 300):
        await log.durable(append_statements(log, 1, start=number))
    segment = files.segments(tmp_path / "host-0")[0]
    size = files.data_end(segment)
    assert segment.stat().st_size > size
    assert segment.read_bytes()[size:].strip(b"\n") == b""
    assert verify(tmp_path, keys=KEYS).broken == ()
    await log.close()
    assert segment.stat().st_size == files.data_end(segment)
    assert not segment.read_bytes().endswith(b"\n\n")
    assert verify(tmp_path, keys=KEYS).broken == ()
    with segment.open("ab") as file:
        file.write(b"\n")
    assert "newlines" in verify(tmp_path, keys=KEYS).broken[0].reason


WRITER = textwrap.dedent(
    """
    import asyncio, os, sys
    from pathlib import Path
    from gateway.audit import AuditLog
    from tests.audit.logs import KEYS, append_statements

    async def main():
        log = await AuditLog.open(Path(sys.argv[1]), "host-0", KEYS, segment_bytes=200_000, checkpoint_seconds=0.05)
        number = 0
        while True:
            position = append_statements(log, 5, start=number)
            number += 5
            await log.durable(position)
            os.write(1, b"%d\\n" % position)

    asyncio.run(main())
    """
)


def check_every_part_of_the_last_segment(directory: Path) -> None:
    """Also of a log that nobody closed, with room behind its last record: a changed byte is found wherever it is."""
    # A kill right after a rotation leaves a new segment without a byte: there is nothing in it that could be changed.
    segment, content = next(
        (part, part.read_bytes()) for part in reversed(files.segments(directory / "host-0")) if part.stat().st_size
    )
    end = files.data_end(segment)
    vouched = verify(directory, keys=KEYS).chains[0].unattested == 0
    for place in {0, end // 2, end - 1 if vouched else 0, (end + len(content)) // 2, len(content) - 1}:
        if place < end - 1 or end < place < len(content) or (place == end - 1 and vouched):
            changed = bytes([content[place] ^ 1])
            segment.write_bytes(content[:place] + changed + content[place + 1 :])
            assert verify(directory, keys=KEYS).broken, place
    segment.write_bytes(content)


@pytest.mark.parametrize("milliseconds", [30, 110, 230])
async def test_after_kill_9_everything_told_durable_is_there_and_the_chain_goes_on(tmp_path: Path, milliseconds: int) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    await asyncio.to_thread(writer.stdout.readline)
    await asyncio.sleep(milliseconds / 1000)
    writer.send_signal(signal.SIGKILL)
    told = (await asyncio.to_thread(writer.stdout.read)).split(b"\n")
    writer.wait()
    last_told = max((int(number) for number in told if number), default=10)

    report = verify(tmp_path, keys=KEYS)
    assert report.broken == ()
    assert report.records >= last_told
    check_every_part_of_the_last_segment(tmp_path)
    log = await AuditLog.open(tmp_path, "host-0", KEYS)
    assert log.position >= last_told
    await log.durable(append_statements(log, 1))
    await log.close()
    after = verify(tmp_path, keys=KEYS)
    assert after.broken == ()
    assert after.chains[0].unattested == 0
