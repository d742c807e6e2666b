"""Finding where a chain stands when its writer starts: continue it, mend a torn end, or leave a damaged one as evidence.

A torn end is what a crash leaves: bytes behind the last whole record that the head never vouched for. They are cut off, and the
first new record says so. Anything else that does not fit (a record the head vouched for is missing or changed) is damage:
the chain is not written to any more, its next generation begins with a record that says why, and `verify` keeps naming it.
"""

import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from gateway.audit import files
from gateway.audit.chain import NO_HASH, record_fault
from gateway.audit.checkpoint import NO_CHECKPOINT, Checkpoint, parse_checkpoint
from gateway.audit.head import Head, read_head
from gateway.audit.keys import AuditKeys
from gateway.audit.merkle import Tree


@dataclass(slots=True)
class ChainState:
    """Where to go on. `notes` become `admin.change` records, in order."""

    folder: Path
    seq: int = 0
    hash: bytes = NO_HASH
    segment: Path | None = None
    size: int = 0
    checkpoints: int = 0
    checkpoint_bytes: int = 0
    last_checkpoint: Checkpoint | None = None
    tree: Tree = field(default_factory=Tree)
    notes: list[dict[str, object]] = field(default_factory=list)

    @property
    def checkpoint_digest(self) -> str:
        return self.last_checkpoint.digest() if self.last_checkpoint else NO_CHECKPOINT


class Damaged(Exception):
    """The chain on disk is not what its writer left."""


def read_state(folder: Path, keys: AuditKeys) -> ChainState:
    """The chain's state, its torn end mended. Raises Damaged, OSError."""
    state = ChainState(folder)
    segments = files.segments(folder)
    if not segments and not (folder / files.HEAD).exists() and not (folder / files.CHECKPOINTS).exists():
        return state
    head, fault = read_head(folder / files.HEAD, keys)
    if head is None:
        raise Damaged(fault)
    _read_checkpoints(state, head)
    _read_records(state, segments, head)
    return state


def _read_checkpoints(state: ChainState, head: Head) -> None:
    path = state.folder / files.CHECKPOINTS
    content = path.read_bytes() if path.exists() else b""
    whole, _, torn = content.rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    digest = NO_CHECKPOINT
    for line in lines:
        checkpoint = parse_checkpoint(line + b"\n")
        if checkpoint is None or checkpoint.prev != digest:
            raise Damaged(f"{files.CHECKPOINTS}: checkpoint {state.checkpoints + 1} was changed")
        digest = checkpoint.digest()
        state.last_checkpoint = checkpoint
        state.checkpoints += 1
    if state.checkpoints < head.checkpoints:
        raise Damaged(f"{files.CHECKPOINTS}: {head.checkpoints} checkpoints were written, {state.checkpoints} are there")
    state.checkpoint_bytes = len(content) - len(torn)
    if torn:
        _cut(path, state.checkpoint_bytes)


def _read_records(state: ChainState, segments: list[Path], head: Head) -> None:
    """Walk the records since the last checkpoint, which is where the Merkle tree has to begin again."""
    covered = state.last_checkpoint.seq if state.last_checkpoint else 0
    start = max((index for index, path in enumerate(segments) if files.first_seq(path) <= covered + 1), default=0)
    for number, path in enumerate(segments[start:], start):
        last_segment = number == len(segments) - 1
        _read_segment(state, path, covered, head, begin=number == start, last=last_segment)
    if state.seq < head.seq:
        raise Damaged(f"record {head.seq} was written, but the log ends with {state.seq}: its end was cut off")
    if head.closed and state.seq > head.seq:
        raise Damaged(f"the log was closed at record {head.seq}, but goes on to {state.seq}")
    if state.seq > head.seq:
        state.notes.append({"change": "audit.adopted", "first": head.seq + 1, "last": state.seq})


def _read_segment(state: ChainState, path: Path, covered: int, head: Head, *, begin: bool, last: bool) -> None:
    first = files.first_seq(path)
    if not begin and first != state.seq + 1 and not (last and path.stat().st_size == 0):
        raise Damaged(f"{path.name}: expected a segment that begins with record {state.seq + 1}: one was removed")
    seq, size = first - 1, 0
    prev = _hash_before(state, seq) if begin else state.hash
    with path.open("rb") as lines:
        for line in lines:
            if prev is None:
                prev = _claimed_prev(line)
            if line == b"\n" and last and not head.closed and not lines.read().strip(b"\n"):
                _cut(path, size)  # only the room that was made ahead of the records
                break
            digest, fault = record_fault(line[:-1], seq + 1, prev)
            if fault or not line.endswith(b"\n"):
                if seq + 1 <= head.seq or not last:
                    raise Damaged(f"{path.name}: record {seq + 1}: {fault or 'the line is incomplete'}")
                _mend(state, path, size)
                break
            seq, prev = seq + 1, digest
            size += len(line)
            if seq > covered:
                state.tree.add((digest,))
            elif seq == covered and state.last_checkpoint and digest.decode() != state.last_checkpoint.hash:
                raise Damaged(f"{path.name}: record {seq} is not the one that the checkpoint signed")
            if seq == head.seq and digest.decode() != head.hash:
                raise Damaged(f"{path.name}: record {seq} is not the one that was written")
    state.seq, state.segment, state.size = seq, path, size
    state.hash = prev or state.hash


def _hash_before(state: ChainState, seq: int) -> bytes | None:
    """The hash of record `seq`, after which reading begins; None where it stands in a segment that is not read again."""
    if seq == 0:
        return NO_HASH
    checkpoint = state.last_checkpoint
    if checkpoint is None or checkpoint.seq < seq:
        raise Damaged(f"a segment before record {seq + 1} was removed")
    return checkpoint.hash.encode() if checkpoint.seq == seq else None


def _claimed_prev(line: bytes) -> bytes:
    _, _, rest = line.rpartition(b',"prev":"')
    return rest[:64]


def _mend(state: ChainState, path: Path, size: int) -> None:
    """Cut the torn end off, keeping its length and digest for the record that will tell of it."""
    with path.open("rb") as content:
        content.seek(size)
        torn = content.read()
    state.notes.append(
        {
            "change": "audit.mended",
            "segment": path.name,
            "offset": size,
            "removed_bytes": len(torn),
            "removed_sha256": sha256(torn).hexdigest(),
        }
    )
    _cut(path, size)


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as content:
        content.truncate(size)
        os.fsync(content.fileno())
