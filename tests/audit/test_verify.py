"""Whatever is done to the files of a log, verification finds it."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.audit import Anchor, AuditLog, files
from gateway.audit.checkpoint import NO_CHECKPOINT, parse_checkpoint, signed
from gateway.audit.head import Head, HeadFile
from gateway.audit.verify import Report, verify
from tests.audit.logs import KEYS, OTHER_KEYS, append_statements, write_log


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("audit")
    asyncio.run(write_log(directory, 24, segment_bytes=6_000))
    asyncio.run(write_log(directory, 6, chain="host-1"))
    return directory


@pytest.fixture
def log(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "log"))


def first_broken(report: Report) -> tuple[str, int | None]:
    assert report.broken, "nothing was found"
    return report.broken[0].file, report.broken[0].seq


def test_an_untouched_log_is_proved(log: Path) -> None:
    report = verify(log, keys=KEYS)
    assert report.broken == ()
    assert [(chain.chain, chain.records, chain.unattested) for chain in report.chains] == [("host-0", 49, 0), ("host-1", 13, 0)]
    assert report.chains[0].segments > 3
    assert report.chains[0].checkpoints > 3
    assert verify(log, public_key=KEYS.public_key).broken == ()
    assert verify(log).broken == ()


def all_files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file() and path.stat().st_size)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_found(original: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(all_files(original)))
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    changed = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    try:
        path.write_bytes(content[:place] + bytes([changed]) + content[place + 1 :])
        assert verify(original, keys=KEYS).broken
    finally:
        path.write_bytes(content)
    assert verify(original, keys=KEYS).broken == ()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_of_any_file_is_found(original: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(all_files(original)))
    content = path.read_bytes()
    begin = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(begin + 1, len(content)))
    try:
        path.write_bytes(content[:begin] + content[end:])
        assert verify(original, keys=KEYS).broken
    finally:
        path.write_bytes(content)


Edit = Callable[[list[bytes]], list[bytes]]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_removed_repeated_or_moved_record_is_found(original: Path, data: st.DataObject) -> None:
    segment = data.draw(st.sampled_from(files.segments(original / "host-0")))
    content = segment.read_bytes()
    lines = content.splitlines(keepends=True)
    index = data.draw(st.integers(0, len(lines) - 1))
    removed = lines[:index] + lines[index + 1 :]
    target = data.draw(st.integers(0, len(removed)))
    edits = [removed, lines[: index + 1] + lines[index:], [*removed[:target], lines[index], *removed[target:]]]
    edited = data.draw(st.sampled_from(edits))
    if edited == lines:
        return
    try:
        segment.write_bytes(b"".join(edited))
        assert verify(original, keys=KEYS).broken
    finally:
        segment.write_bytes(content)


def test_the_first_broken_record_is_named(log: Path) -> None:
    segment = files.segments(log / "host-0")[1]
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"alice"', b'"mallo"')
    segment.write_bytes(b"".join(lines))
    broken = verify(log, keys=KEYS).broken
    assert len(broken) == 1
    assert (broken[0].chain, broken[0].file, broken[0].line) == ("host-0", segment.name, 3)
    assert broken[0].seq == files.first_seq(segment) + 2
    assert "changed" in broken[0].reason
    assert str(broken[0]) == f"host-0/{segment.name}, line 3, record {broken[0].seq}: {broken[0].reason}"


@pytest.mark.parametrize("which", [0, 1, -1])
def test_a_removed_segment_is_found(log: Path, which: int) -> None:
    segment = files.segments(log / "host-0")[which]
    segment.unlink()
    _, seq = first_broken(verify(log, keys=KEYS))
    assert seq == files.first_seq(segment)


def test_a_removed_end_is_found_even_where_everything_before_it_fits(log: Path) -> None:
    segment = files.segments(log / "host-0")[-1]
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    (log / "host-0" / files.CHECKPOINTS).write_bytes(
        b"".join((log / "host-0" / files.CHECKPOINTS).read_bytes().splitlines(keepends=True)[:-1])
    )
    assert "checkpoints were written" in verify(log, keys=KEYS).broken[0].reason


def test_a_removed_chain_is_found_by_its_siblings_and_by_anchors(log: Path) -> None:
    shutil.rmtree(log / "host-0")
    assert [(item.chain, item.reason) for item in verify(log, keys=KEYS).broken] == [("host-0", "the whole chain is missing")]
    shutil.rmtree(log / "host-1")
    anchor = Anchor("host-1", 13, "f" * 64, 0.0, "")
    assert [item.chain for item in verify(log, keys=KEYS, anchors=[anchor]).broken] == [files.PUBLIC_KEY, "host-1"] or [
        item.chain for item in verify(log, keys=KEYS, anchors=[anchor]).broken
    ] == ["host-1"]


def test_an_older_copy_of_the_whole_folder_is_found_by_the_anchor(tmp_path: Path) -> None:
    asyncio.run(write_log(tmp_path / "log", 3))
    shutil.copytree(tmp_path / "log", tmp_path / "old")
    asyncio.run(write_log(tmp_path / "log", 3))
    last = verify(tmp_path / "log", keys=KEYS).chains[0]
    anchor = Anchor("host-0", last.records, last.last_hash, 0.0, "")
    assert verify(tmp_path / "old", keys=KEYS).broken == ()
    assert "anchor has seen 14" in verify(tmp_path / "old", keys=KEYS, anchors=[anchor]).broken[0].reason
    assert verify(tmp_path / "log", keys=KEYS, anchors=[anchor]).broken == ()


def test_a_rewritten_log_is_found_although_its_chain_fits(tmp_path: Path) -> None:
    """An attacker who can write files but has no key makes a whole new chain."""
    asyncio.run(write_log(tmp_path / "log", 3))

    async def forge() -> None:
        shutil.rmtree(tmp_path / "log" / "host-0")
        log = await AuditLog.open(tmp_path / "log", "host-0", OTHER_KEYS)
        append_statements(log, 2)
        await log.close()

    asyncio.run(forge())
    assert verify(tmp_path / "log").broken == ()  # on its own word alone, the forgery is in order
    assert verify(tmp_path / "log", public_key=KEYS.public_key).broken
    assert [item.file or item.chain for item in verify(tmp_path / "log", keys=KEYS).broken] == [files.HEAD, files.PUBLIC_KEY]


def test_a_forged_checkpoint_is_found(log: Path) -> None:
    path = log / "host-1" / files.CHECKPOINTS
    lines = path.read_bytes().splitlines(keepends=True)
    checkpoint = parse_checkpoint(lines[0])
    assert checkpoint is not None
    assert checkpoint.prev == NO_CHECKPOINT
    path.write_bytes(b"".join([signed(checkpoint, OTHER_KEYS).line(), *lines[1:]]))
    broken = verify(log, keys=KEYS).broken[0]
    assert (broken.file, broken.line) == (files.CHECKPOINTS, 1)
    assert "signature" in broken.reason


def test_records_added_after_an_orderly_close_are_found(log: Path) -> None:
    from gateway.audit.chain import Chain
    from gateway.model.event import EventKind

    report = verify(log, keys=KEYS).chains[0]
    chain = Chain(report.records, report.last_hash.encode())
    group = chain.encode([(EventKind.ADMIN_CHANGE, b"", b'"change":"nothing to see"', 0.0)])
    with files.segments(log / "host-0")[-1].open("ab") as segment:
        segment.write(group.data)
    assert "goes on" in verify(log, keys=KEYS).broken[0].reason


def test_a_crash_may_leave_records_behind_the_head_and_a_torn_line(log: Path) -> None:
    """Not closed in order: what the head vouched for is proved, the rest is counted."""
    from gateway.audit.chain import Chain
    from gateway.model.event import EventKind

    report = verify(log, keys=KEYS).chains[0]
    segment = files.segments(log / "host-0")[-1]
    head = Head(report.records, report.last_hash, segment.name, segment.stat().st_size, report.checkpoints, closed=False)
    HeadFile(log / "host-0" / files.HEAD, KEYS, head).close()
    group = Chain(report.records, report.last_hash.encode()).encode([(EventKind.ADMIN_CHANGE, b"", b'"change":"x"', 0.0)])
    with segment.open("ab") as file:
        file.write(group.data + b'{"seq":51,"ti')
    after = verify(log, keys=KEYS)
    assert after.broken == ()
    assert (after.chains[0].unattested, after.chains[0].torn_bytes) == (1, 13)


async def test_a_log_verifies_while_it_is_written(tmp_path: Path) -> None:
    log = await AuditLog.open(tmp_path, "host-0", KEYS, segment_bytes=64 * 1024, checkpoint_seconds=0.02)
    stop = asyncio.Event()

    async def write() -> int:
        written = 0
        while not stop.is_set():
            await log.durable(append_statements(log, 20, start=written))
            written += 20
        return written

    writing = asyncio.create_task(write())
    looks = 0
    while looks < 15 or log.position < 400:  # records enough for a second segment
        report = await asyncio.to_thread(verify, tmp_path, keys=KEYS)
        assert report.broken == ()
        looks += 1
    stop.set()
    written = await writing
    await log.close()
    final = verify(tmp_path, keys=KEYS)
    assert final.broken == ()
    assert final.records == 2 * written
    assert final.chains[0].segments > 1
