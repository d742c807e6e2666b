"""The chain's files, from the writer's side: one O_DSYNC write a group, rotation, head, checkpoints.

A write to a descriptor opened with O_DSYNC returns when the data is durable (POSIX: as if followed by fdatasync), in one system
call, so the thread gives the interpreter's lock away once a group. Where the file need not grow the file system has nothing to
write but the data: two to four times quicker. So a busy segment has newlines behind its last record, which records overwrite;
they are cut off when the segment is finished.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.audit import files
from gateway.audit.chain import Group
from gateway.audit.checkpoint import Checkpoint, signed
from gateway.audit.filler import Filler
from gateway.audit.head import Head, HeadFile
from gateway.audit.keys import AuditKeys
from gateway.audit.merkle import Tree
from gateway.audit.recovery import ChainState

BUSY_COMMITS = 64  # a chain that gets a few records needs no room ahead


@dataclass(slots=True)
class Disk:
    """Owns every open file of one chain. `write` either makes a group durable or raises and leaves the chain as it was."""

    folder: Path
    keys: AuditKeys
    segment_bytes: int
    state: ChainState
    on_checkpoint: Callable[[Checkpoint], None]
    fill: bool = False
    _filler: Filler | None = None
    _commits: int = 0
    _segment: int | None = None
    _name: bytes = b""  # of the segment's file
    _mend_due: bool = False
    _checkpoint_file: int | None = None
    _head: HeadFile = field(init=False)

    def __post_init__(self) -> None:
        if self.state.segment is not None:
            self._segment = _open_segment(self.state.segment)
            self._name = self.state.segment.name.encode()
        self._checkpoint_file = os.open(
            self.folder / files.CHECKPOINTS, os.O_WRONLY | os.O_CREAT | os.O_DSYNC | os.O_CLOEXEC, 0o600
        )
        files.sync_folder(self.folder)
        self._head = HeadFile(self.folder / files.HEAD, self.keys, self._stand(closed=False))

    def write(self, group: Group) -> None:
        """Make the group durable. Raises OSError; the same group may then be tried again. In the commit thread."""
        state = self.state
        if self._mend_due:
            self._drop_partial()
        if self._segment is None or (state.size and state.size + len(group.data) > self.segment_bytes):
            self._rotate(group.first)
        assert self._segment is not None
        if self._filler is not None:
            self._filler.make_room(state.size + len(group.data))
        self._mend_due = True
        _write_all(self._segment, group.data, state.size)
        self._mend_due = False

    def written(self, group: Group) -> None:
        """Note that the group is durable: chain, tree, head. On the loop, while the commit thread has nothing to do."""
        state = self.state
        state.seq, state.hash = group.last, group.head
        state.size += len(group.data)
        state.tree.add(group.hashes)
        self._head.advance(state.seq, state.hash, self._name, state.size, state.checkpoints)
        self._commits += 1
        if self.fill and self._commits > BUSY_COMMITS:
            self._fill_ahead()

    def checkpoint(self) -> None:
        """Sign where the chain stands, if it has moved. Raises OSError; it may be tried again."""
        state = self.state
        if state.tree.size == 0 or self._checkpoint_file is None:
            return
        unsigned = Checkpoint(
            chain=self.folder.name,
            first=state.seq - state.tree.size + 1,
            seq=state.seq,
            time=round(time.time(), 6),
            hash=state.hash.decode(),
            root=state.tree.root(),
            chains=tuple(path.name for path in files.chains(self.folder.parent)),
            prev=state.checkpoint_digest,
        )
        checkpoint = signed(unsigned, self.keys)
        line = checkpoint.line()
        os.ftruncate(self._checkpoint_file, state.checkpoint_bytes)  # what an earlier failure may have left
        _write_all(self._checkpoint_file, line, state.checkpoint_bytes)
        state.checkpoint_bytes += len(line)
        state.checkpoints += 1
        state.last_checkpoint = checkpoint
        state.tree = Tree()
        self._head.write(self._stand(closed=False))
        self.on_checkpoint(checkpoint)

    def close(self, *, orderly: bool) -> None:
        """Close the files; `orderly` says in the head that nothing comes after."""
        if orderly:
            self._cut_filling()
            self._head.write(self._stand(closed=True))
            self._head.write(self._stand(closed=True))
        self._head.close()
        for descriptor in (self._segment, self._checkpoint_file):
            if descriptor is not None:
                os.close(descriptor)
        self._segment = self._checkpoint_file = None

    def _rotate(self, first_seq: int) -> None:
        self.checkpoint()
        self._cut_filling()
        path = self.folder / files.segment_name(first_seq)
        descriptor = _open_segment(path, create=True)
        files.sync_folder(self.folder)
        if self._segment is not None:
            os.close(self._segment)
        self._segment, self._name = descriptor, path.name.encode()
        self.state.segment, self.state.size = path, 0

    def _drop_partial(self) -> None:
        """After a failed write: cut what it left. Whatever the page cache says, the cut is made durable before going on."""
        self._stop_filling()
        if self._segment is not None:
            os.ftruncate(self._segment, self.state.size)
            os.fsync(self._segment)
        self._mend_due = False

    def _fill_ahead(self) -> None:
        state = self.state
        if self._filler is None and state.segment is not None:
            self._filler = Filler(state.segment, state.size, self.segment_bytes)
        if self._filler is not None:
            self._filler.keep_ahead(state.size)

    def _cut_filling(self) -> None:
        """A finished segment ends with its last record."""
        if self._stop_filling() and self._segment is not None:
            os.ftruncate(self._segment, self.state.size)
            os.fsync(self._segment)

    def _stop_filling(self) -> bool:
        filler, self._filler = self._filler, None
        if filler is not None:
            filler.wait()
        return filler is not None

    def _stand(self, *, closed: bool) -> Head:
        state = self.state
        name = state.segment.name if state.segment else ""
        return Head(state.seq, state.hash.decode(), name, state.size, state.checkpoints, closed)


def _open_segment(path: Path, *, create: bool = False) -> int:
    flags = os.O_WRONLY | os.O_DSYNC | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    return os.open(path, flags, 0o600)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    written = os.pwrite(descriptor, data, offset)
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], offset + written)
